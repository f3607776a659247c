"""Iris scorer: is it visible, and if not, why (measures of ISO/IEC 29794-6).

`assess` finds the eye first. Only with an eye found are the measures taken; without one the
result is a failure with a reason, never a low number.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.defects import found
from ektp_biocheck.errors import InputError
from ektp_biocheck.iris.absence import is_face, why_no_eye
from ektp_biocheck.iris.cause import CROWDED, crowded, likely_cause
from ektp_biocheck.iris.findings import eye_defects, is_visible_light
from ektp_biocheck.iris.measures import UNITS, measure_eye, measure_picture, missing
from ektp_biocheck.iris.overlay import overlay
from ektp_biocheck.iris.score import expected_fnmr, score
from ektp_biocheck.iris.segmentation import Eye, dark_iris, second_eye, segment
from ektp_biocheck.iris.side import Side, eye_side, swapped
from ektp_biocheck.quality import Assessment, Defect

__all__ = [
    "ALGORITHM",
    "MEASURES",
    "Eye",
    "Side",
    "assess",
    "expected_fnmr",
    "eye_side",
    "overlay",
    "segment",
    "swapped",
]

ALGORITHM = "ektp-biocheck/iris 1.0.0"
MEASURES: tuple[str, ...] = tuple(UNITS)
_SURE_ENOUGH = 0.5  # confidence from which there is an eye
_CERTAIN = 0.9  # confidence over which the rest of the picture is not asked
_NOTHING_SEEN = 10.0  # per cent of the annulus
_SMALL = 0.095  # iris radius over the picture's long side under which it may be a whole face


def assess(pixels: NDArray[np.uint8], *, level: Literal["full", "fast"] = "full") -> Assessment:
    """Assess a near-infrared capture of one eye.

    Parameters
    ----------
    pixels : (H, W) uint8
        Grey capture, 240 to 1280 pixels wide.
    level : {"full", "fast"}
        "fast" for a live preview: fewer candidates, and no measures that need the full
        resolution (they say so).

    Returns
    -------
    Assessment
        Score 0..100, measures, defects with their regions; `maps` is the `Eye` that `overlay`
        draws. Without a measurable iris: a failure with its reason, and the defects that say
        it. `measures` then holds only what needs no eye.

    Raises
    ------
    InputError
        When `pixels` is not a (H, W) uint8 array with at least one pixel, or `level` is neither.

    References
    ----------
    ISO/IEC 29794-6:2015, Biometric sample quality, part 6: iris image data.
    """
    _check(pixels, level)
    full = level == "full"
    if min(pixels.shape) < 48:
        return _failed(
            pixels,
            f"{pixels.shape[1]}×{pixels.shape[0]} pixels hold no eye",
            [found("IR_NO_EYE", 1.0, {"width": pixels.shape[1], "height": pixels.shape[0]})],
            None,
        )
    eye = segment(pixels, thorough=full)
    if eye is not None and dark_iris(pixels, eye):
        defect = found("IR_VISIBLE_LIGHT", 1.0, {"step": eye.pupil.strength})
        return _failed(pixels, "taken in visible light, not near infrared", [defect], eye)
    if eye is None or eye.confidence < _SURE_ENOUGH or _chance_eye(pixels, eye):
        return _failed(pixels, *why_no_eye(pixels, eye), eye)
    if eye.limbus.r < _SMALL * max(pixels.shape) and is_face(pixels):
        defect = found("IR_TWO_EYES", 1.0, {"iris_radius": eye.limbus.r})
        return _failed(pixels, "a face, not a single eye", [defect], eye)
    other = second_eye(pixels, eye) if full else None
    if other is not None:
        defect = found("IR_TWO_EYES", 1.0, {"confidence": other})
        return _failed(pixels, "more than one eye", [defect], eye)
    measures = measure_eye(pixels, eye, full=full)
    if is_visible_light(eye, measures):
        defect = found("IR_VISIBLE_LIGHT", 1.0, {"haze": measures["haze"].value or 0.0})
        return _failed(pixels, "taken in visible light, not near infrared", [defect], eye)
    if (measures["usable_iris_area"].value or 0.0) < _NOTHING_SEEN:
        causes = eye_defects(eye, measures) or [found("IR_NO_EYE", 1.0, {})]
        if not any(defect.hard for defect in causes):
            causes.append(found("IR_NO_EYE", 1.0, {"confidence": eye.confidence}))
        return _failed(pixels, "next to nothing of the iris is visible", causes, eye)
    value, points = score(measures)
    defects = tuple(eye_defects(eye, measures))
    if value == 0 and defects:
        return _failed(pixels, "nothing is left to compare", list(defects), eye)
    return Assessment("iris", ALGORITHM, value, None, measures, defects, points, eye)


def _check(pixels: NDArray[np.uint8], level: str) -> None:
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.dtype != np.uint8:
        shape = getattr(pixels, "shape", type(pixels).__name__)
        kind = getattr(pixels, "dtype", "")
        raise InputError(f"pixels must be (H, W) uint8 grey, got {shape} {kind}".rstrip())
    if pixels.size == 0:
        raise InputError(f"pixels are empty: {pixels.shape}")
    if level not in ("full", "fast"):
        raise InputError(f'level must be "full" or "fast", got {level!r}')


def _chance_eye(pixels: NDArray[np.uint8], eye: Eye) -> bool:
    """Whether something round was found, not surely, in a picture laid out like no eye."""
    if eye.confidence > _CERTAIN:
        return crowded(pixels) > CROWDED
    cause, probability = likely_cause(pixels)
    return cause == "none" and probability > 0.5


def _failed(
    pixels: NDArray[np.uint8], reason: str, defects: list[Defect], eye: Eye | None
) -> Assessment:
    measures = missing(reason) | measure_picture(pixels, full=True)
    return Assessment("iris", ALGORITHM, None, reason, measures, tuple(defects), {}, eye)
