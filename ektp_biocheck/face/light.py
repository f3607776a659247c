"""Light on the face: the exposure, luminance and colour measures of ISO/IEC 29794-5.

All follow OFIQ 1.0.3's definitions in linear light. Most of them move with the skin as much
as with the lamp, so only lost detail (shares of pixels at the ends of the scale) and the
difference between the two sides of one face are used to find defects.
"""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.face.geometry import ALIGNED_IED, Portrait, luminance
from ektp_biocheck.opencv import cv2

__all__ = ["grey_photo", "light_measures", "lost_detail"]

_TO_XYZ = np.array(
    [[0.43605, 0.38508, 0.14309], [0.22249, 0.71689, 0.06062], [0.01393, 0.09710, 0.71419]]
)
_WHITE = np.array([0.964221, 1.0, 0.825211])  # D50


def light_measures(portrait: Portrait) -> dict[str, float]:
    """Return the native light measures of ISO/IEC 29794-5 by OFIQ's names.

    Parameters
    ----------
    portrait : Portrait

    Returns
    -------
    dict
        ``UnderExposurePrevention`` (share of face pixels ≤ 25, lower is better),
        ``OverExposurePrevention`` (share ≥ 247, lower is better), ``LuminanceMean`` (0..1),
        ``LuminanceVariance``, ``DynamicRange`` (bits, higher is better),
        ``IlluminationUniformity`` (0..1, higher is better) and ``NaturalColour`` (distance
        from the natural range in CIELAB, lower is better). Empty when no pixel of the face
        lies in the picture.
    """
    values = portrait.luminance[portrait.region]
    if values.size == 0:
        return {}
    share = np.bincount(values, minlength=256) / values.size
    level = np.arange(256) / 255
    mean = float(share @ level)
    used = share[share > 0]
    result = {
        "UnderExposurePrevention": float(share[:26].sum()),
        "OverExposurePrevention": float(share[247:].sum()),
        "LuminanceMean": mean,
        "LuminanceVariance": float(share @ (level - mean) ** 2),
        "DynamicRange": float(-(used * np.log2(used)).sum()),
    }
    cheeks = _cheeks(portrait)
    if cheeks is not None:
        left, right = (
            np.bincount(luminance(c).ravel(), minlength=256) / (c.size / 3) for c in cheeks
        )
        result["IlluminationUniformity"] = float(np.minimum(left, right).sum())
        result["NaturalColour"] = _distance_from_natural(
            np.concatenate([c.reshape(-1, 3) for c in cheeks]).mean(0)
        )
    return result


def lost_detail(portrait: Portrait) -> dict[str, float]:
    """Return how much of the face has no detail left, on the camera's own scale.

    Returns
    -------
    dict
        ``lost_in_dark``: share of face pixels with every channel ≤ 12 of 255;
        ``lost_in_light``: share with a channel ≥ 253 and all ≥ 235; lower is better.
        ``brightest``: 95th percentile of the brightest channel, 0..255. Neither dark nor fair
        skin reaches the gates on these by itself.
    """
    region = portrait.region.view(np.uint8)
    size = int(cv2.countNonZero(region))
    if size == 0:
        return {"lost_in_dark": 0.0, "lost_in_light": 0.0, "brightest": 255.0}
    red, green, blue = cv2.split(portrait.window)
    high, low = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    counts = np.bincount(high[portrait.region], minlength=256)
    burnt = cv2.countNonZero(
        cv2.inRange(high, 253, 255) & cv2.inRange(low, 235, 255) & (255 * region)
    )
    return {
        "lost_in_dark": float(counts[:13].sum() / size),
        "lost_in_light": burnt / size,
        "brightest": float(np.searchsorted(counts.cumsum(), 0.95 * size)),
    }


def _cheeks(portrait: Portrait) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """OFIQ's two squares below the eyes, None when either leaves the window."""
    points = portrait.points
    left, right = points[[33, 133]].mean(0), points[[362, 263]].mean(0)
    mouth = points[[61, 291]].mean(0)
    eyes = (left + right) / 2
    side = int(0.3 * ALIGNED_IED)
    top = int(eyes[1] + int(0.5 * np.hypot(*(mouth - eyes))))
    squares = []
    for x in (int(left[0]), int(right[0]) - side):
        if x < 0 or top < 0:
            return None
        part = np.s_[top : top + side, x : x + side]
        square = portrait.window[part]
        if square.shape[:2] != (side, side) or not portrait.in_picture[part].all():
            return None
        squares.append(square)
    return squares[0], squares[1]


def _distance_from_natural(rgb: NDArray[np.float64]) -> float:
    if np.ptp(rgb) == 0:
        return 0.0  # OFIQ's rule for black-and-white photos
    share = rgb / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    ratio = (_TO_XYZ @ linear) / _WHITE
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    a, b = 500 * (f[0] - f[1]), 200 * (f[1] - f[2])
    if a < 0 or b < 0:
        return 100.0
    return float(np.hypot(max(0, 5 - a, a - 25), max(0, 5 - b, b - 35)))


def grey_photo(portrait: Portrait) -> bool:
    """Tell whether the photo holds no colour to judge by."""
    sample = portrait.window[::10, ::10].reshape(-1, 3).astype(np.int16)
    red, green, blue = sample.T
    return float(np.mean(np.abs(red - green) + np.abs(green - blue))) < 4.0
