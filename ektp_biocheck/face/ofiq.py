"""From raw values to 0..100, as OFIQ 1.0.3 maps them for ISO/IEC 29794-5.

The numbers say how a value compares with the standard's scale, not whether a photo is good:
OFIQ gives 58 to closed eyes and 100 to a black-and-white "natural colour". Nothing here gates;
the defects look at raw values (see `ektp_biocheck.face.defects`).

References
----------
ISO/IEC 29794-5:2025; BSI-OFIQ/OFIQ-Project 1.0.3, component configuration and mappings.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

__all__ = ["MAPPINGS", "NEEDS_A_NETWORK", "mapped"]


def _bounded(value: float) -> int:
    """Round half away from zero, as C++ does, and keep within 0..100."""
    return int(min(100, max(0, math.floor(value + 0.5))))


def _sigmoid(x: float, middle: float, width: float) -> float:
    exponent = (middle - x) / width
    return 0.0 if exponent > 700 else 1 / (1 + math.exp(exponent))


def _curve(
    scale: float, start: float, slope: float, middle: float, width: float
) -> Callable[[float], int]:
    return lambda raw: _bounded(scale * (start + slope * _sigmoid(raw, middle, width)))


def _head_size(raw: float) -> int:
    return _bounded(200 * (1 - _sigmoid(abs(raw - 0.45), 0.0, 0.05)))


def _luminance_mean(raw: float) -> int:
    return _bounded(100 * _sigmoid(raw, 0.2, 0.05) * (1 - _sigmoid(raw, 0.8, 0.05)))


def _luminance_variance(raw: float) -> int:
    return _bounded(100 * math.sin(math.pi * 60 * raw / (60 * raw + 1)))


def _angle(raw: float) -> int:
    return _bounded(100 * max(0.0, math.cos(math.radians(raw))) ** 2)


MAPPINGS: Mapping[str, Callable[[float], int]] = MappingProxyType(
    {
        "BackgroundUniformity": _curve(190, 1, -1, 10, 100),
        "IlluminationUniformity": lambda raw: _bounded(100 * raw**0.3),
        "LuminanceMean": _luminance_mean,
        "LuminanceVariance": _luminance_variance,
        "UnderExposurePrevention": _curve(120, 0.832, -1, 0.92, 0.05),
        "OverExposurePrevention": lambda raw: _bounded(1 / (raw + 0.01)),
        "DynamicRange": lambda raw: _bounded(12.5 * raw),
        "NaturalColour": _curve(200, 1, -1, 0, 10),
        "SingleFacePresent": lambda raw: _bounded(100 * (1 - raw)),
        "EyesOpen": _curve(100, 0, 1, 0.02, 0.01),
        "MouthClosed": _curve(100, 1, -1, 0.2, 0.06),
        "InterEyeDistance": _curve(100, 0, 1, 70, 20),
        "HeadSize": _head_size,
        "LeftwardCropOfTheFaceImage": _curve(100, 0, 1, 0.9, 0.1),
        "RightwardCropOfTheFaceImage": _curve(100, 0, 1, 0.9, 0.1),
        "MarginAboveOfTheFaceImage": _curve(100, 0, 1, 1.4, 0.1),
        "MarginBelowOfTheFaceImage": _curve(100, 0, 1, 1.8, 0.1),
        "HeadPoseYaw": _angle,
        "HeadPosePitch": _angle,
        "HeadPoseRoll": _angle,
    }
)
"""OFIQ's component names and their mappings from raw value to 0..100."""

NEEDS_A_NETWORK: Mapping[str, str] = MappingProxyType(
    {
        "UnifiedQualityScore": "a face recognition network",
        "Sharpness": "OFIQ's random forest; see sharpness",
        "CompressionArtifacts": "a compression network; see blockiness",
        "EyesVisible": "a face occlusion network; see eye_cover",
        "MouthOcclusionPrevention": "a face occlusion network; see lower_face_cover",
        "FaceOcclusionPrevention": "a face occlusion network; see lower_face_cover and eye_cover",
        "ExpressionNeutrality": "two expression networks; see smile and raised_brows",
        "NoHeadCoverings": "a face parsing network; see forehead_cover",
    }
)
"""The components of ISO/IEC 29794-5 that are not measured here, and what OFIQ needs for them."""


def mapped(component: str, raw: float) -> int:
    """Return OFIQ's 0..100 for a raw value; higher is better.

    Parameters
    ----------
    component : str
        A key of `MAPPINGS`.
    raw : float
        The component's native value.

    Returns
    -------
    int
        0..100.

    Raises
    ------
    KeyError
        For a component without a mapping here.
    """
    return MAPPINGS[component](raw)
