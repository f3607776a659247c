"""Where the head is in the picture: distances, size, crops and margins of ISO/IEC 29794-5."""

import math

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.face.geometry import OVAL
from ektp_biocheck.face.landmarks import Face

__all__ = ["framing_measures", "share_outside"]


def framing_measures(face: Face, shape: tuple[int, int], yaw: float) -> dict[str, float]:
    """Return the native framing measures of ISO/IEC 29794-5 by OFIQ's names.

    Parameters
    ----------
    face : Face
        In pixels of the picture.
    shape : tuple of int
        Height and width of the picture, pixels.
    yaw : float
        Degrees.

    Returns
    -------
    dict
        ``InterEyeDistance`` (px, corrected for yaw), ``HeadSize`` (eyes to chin over picture
        height), the two crops (in inter-eye distances) and the two margins (in lengths from
        eyes to chin).
    """
    height, width = shape
    (left, _), (right, _) = face.eyes
    eyes = float(face.eyes[:, 1].mean())
    turned = max(math.cos(math.radians(min(abs(yaw), 89.0))), 0.05)
    return {
        "InterEyeDistance": face.ied / turned,
        "HeadSize": face.length / height,
        "LeftwardCropOfTheFaceImage": float(right) / face.ied,
        "RightwardCropOfTheFaceImage": (width - float(left)) / face.ied,
        "MarginAboveOfTheFaceImage": eyes / face.length,
        "MarginBelowOfTheFaceImage": (height - eyes) / face.length,
    }


def share_outside(face: Face, shape: tuple[int, int]) -> float:
    """Return how much of the face's oval lies beyond the picture's edge, 0..1; lower is better."""
    height, width = shape
    oval = face.points[list(OVAL), :2]
    if (oval >= 0).all() and (oval <= [width, height]).all():
        return 0.0
    area = _area(oval)
    if area <= 0:
        return 1.0
    inside = oval
    for axis, side, limit in ((0, 1, 0), (0, -1, -width), (1, 1, 0), (1, -1, -height)):
        inside = _clipped(inside, side * inside[:, axis] - limit)
    return float(min(1.0, max(0.0, 1 - _area(inside) / area)))


def _area(polygon: NDArray[np.float64]) -> float:
    """Return a polygon's area (the shoelace formula)."""
    x, y = polygon.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _clipped(polygon: NDArray[np.float64], inside: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the part of a polygon where `inside`, linear along its edges, is not negative.

    OpenCV's own intersection of polygons fails when a corner lies on the other's edge.
    """
    after, inside_after = np.roll(polygon, -1, axis=0), np.roll(inside, -1)
    kept: list[NDArray[np.float64]] = []
    for here, there, one, two in zip(polygon, after, inside, inside_after, strict=True):
        if one >= 0:
            kept.append(here)
        if (one >= 0) != (two >= 0):
            kept.append(here + (there - here) * one / (one - two))
    return np.array(kept).reshape(-1, 2)
