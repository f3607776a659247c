"""Why there is no iris to measure: blank, glare, a cloudy cornea, closed lids, a face, nothing."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.defects import found
from ektp_biocheck.iris.cause import likely_cause
from ektp_biocheck.iris.segmentation import Eye, segment
from ektp_biocheck.opencv import cv2
from ektp_biocheck.quality import Defect

__all__ = ["is_face", "why_no_eye"]

_SOME_IRIS = 0.25  # confidence over which a doubtful eye shows between the lids
_GLARE = 0.006  # share of the picture under a white spot that glints of the lamps stay below


def why_no_eye(pixels: NDArray[np.uint8], doubtful: Eye | None) -> tuple[str, list[Defect]]:
    """Tell why a capture holds no measurable iris.

    Parameters
    ----------
    pixels : (H, W) uint8
        The capture.
    doubtful : Eye or None
        The best hypothesis, which was not good enough.

    Returns
    -------
    str, list of Defect
        The reason in English, for `Assessment.failure`, and the defects that say it.
    """
    spread = float(pixels.std())
    if spread < 3:
        return "the picture is blank", [found("IR_NO_EYE", 1.0, {"grey_spread": spread})]
    confidence = 0.0 if doubtful is None else doubtful.confidence
    evidence = {"confidence": confidence}
    glare = glare_share(pixels)
    if glare > _GLARE:
        shine = found("IR_SPECULAR", 1.0, {"white_share": 100 * glare, **evidence})
        return "a reflection hides the eye", [shine]
    if is_face(pixels):
        return "a face, not a single eye", [found("IR_TWO_EYES", 1.0, evidence)]
    far = too_far(pixels)
    if far is not None:
        return "the eye is too far away", [found("IR_TOO_SMALL", 1.0, {"iris_radius": far})]
    cause, probability = likely_cause(pixels)
    evidence |= {"probability": probability}
    if cause == "clouded":
        return (
            "iris and pupil do not stand out: cloudy cornea or lens",
            [found("IR_CLOUDY_CORNEA", 1.0, evidence)],
        )
    if cause == "lid":
        lid = found("IR_LID_OCCLUSION", 1.0, evidence)
        if confidence > _SOME_IRIS:
            return "too little of the iris shows between the lids", [lid]
        return "the eye is closed or nearly so", [found("IR_EYE_CLOSED", 1.0, evidence), lid]
    return "no eye found", [found("IR_NO_EYE", 1.0, evidence)]


def too_far(pixels: NDArray[np.uint8]) -> float | None:
    """Radius of a small iris near the middle of the picture, in pixels, or ``None``."""
    height, width = pixels.shape
    if min(height, width) < 200:
        return None
    crop = np.ascontiguousarray(pixels[height // 4 : -(height // 4), width // 4 : -(width // 4)])
    eye = segment(crop, thorough=False)
    if eye is None or eye.confidence < 0.9 or eye.limbus.r > 0.09 * max(pixels.shape):
        return None
    return eye.limbus.r


def glare_share(pixels: NDArray[np.uint8]) -> float:
    """Share of the picture under its largest compact white spot; skin may be white at its edges."""
    small = cv2.resize(pixels, (160, 120), interpolation=cv2.INTER_AREA)
    white = (small >= 250).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(white)
    best = 0.0
    for x, y, w, h, area in stats[1:count].tolist():
        inside = x > 0 and y > 0 and x + w < 160 and y + h < 120
        if inside and area > 0.55 * w * h:
            best = max(best, area / white.size)
    return best


@cache
def _cascade() -> cv2.CascadeClassifier:
    folder = Path(cv2.data.haarcascades)
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_default.xml"))


def is_face(pixels: NDArray[np.uint8]) -> bool:
    """Whether a frontal face fills a good part of the picture (OpenCV's Viola-Jones cascade)."""
    factor = 160 / min(pixels.shape)
    if factor > 4 or max(pixels.shape) * factor > 640:
        return False
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    faces = _cascade().detectMultiScale(small, 1.15, 4, minSize=(56, 56))
    return len(faces) > 0
