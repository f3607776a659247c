"""Where the head is in the picture: distances, size, crops and margins of ISO/IEC 29794-5."""

import math

import numpy as np

from ektp_biocheck.face.geometry import OVAL
from ektp_biocheck.face.landmarks import Face
from ektp_biocheck.opencv import cv2

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
    oval = cv2.convexHull(face.points[list(OVAL), :2].astype(np.float32))
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)[:, None]
    area = float(cv2.contourArea(oval))
    if area <= 0:
        return 1.0
    inside, _ = cv2.intersectConvexConvex(oval, frame)
    return float(min(1.0, max(0.0, 1 - inside / area)))
