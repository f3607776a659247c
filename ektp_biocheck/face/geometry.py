"""The face in the frame that ISO/IEC 29794-5's reference implementation measures in.

OFIQ turns and scales every face so that the eyes lie 113 pixels apart at fixed places of a
616×616 picture. All measures of light and skin work on one window of that frame, cut once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.face.landmarks import Face
from ektp_biocheck.face.pyramid import Pyramid
from ektp_biocheck.opencv import cv2

__all__ = ["ALIGNED_IED", "BROWS", "LIPS", "OVAL", "Portrait", "align"]

ALIGNED_IED = 113.0
"""Distance of the eyes in the aligned frame, pixels."""

_SIZE = 616
_WINDOW = (108, 120, 508, 540)  # x0, y0, x1, y1 of the window that holds any upright face
_TARGETS = np.array([(251, 272), (364, 272), (308, 336), (262, 402), (355, 402)], np.float64)

OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""Landmarks around the face from hairline to chin."""
LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
"""Landmarks around the lips."""
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
"""Landmarks along the upper edge of both brows, image-left to image-right."""
_JAW = OVAL[7:30]


def align(face: Face) -> NDArray[np.float64]:
    """Return the (2, 3) similarity that maps picture pixels to the 616×616 frame."""
    sources = np.vstack([face.eyes, face.points[[1, 61, 291], :2]])
    matrix, _ = cv2.estimateAffinePartial2D(sources, _TARGETS, method=cv2.LMEDS)
    if matrix is None:  # points on one line, as on a profile: two eyes still fix a similarity
        matrix, _ = cv2.estimateAffinePartial2D(sources[:2], _TARGETS[:2])
    return np.asarray(matrix, np.float64)


@dataclass(frozen=True)
class Portrait:
    """One face of one picture, with the crops its measures share.

    Parameters
    ----------
    picture : Pyramid
        RGB.
    face : Face
        In pixels of `picture`.
    """

    picture: Pyramid
    face: Face

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """(2, 3): picture to the 616×616 frame."""
        return align(self.face)

    @cached_property
    def window(self) -> NDArray[np.uint8]:
        """(420, 400, 3): the part of the aligned frame around the face."""
        x0, y0, x1, y1 = _WINDOW
        shifted = self.matrix - np.array([[0, 0, x0], [0, 0, y0]])
        return self.picture.crop(shifted, (x1 - x0, y1 - y0))

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """(478, 2): the landmarks in the window."""
        aligned = self.face.points[:, :2] @ self.matrix[:, :2].T + self.matrix[:, 2]
        return aligned - _WINDOW[:2]

    @cached_property
    def in_picture(self) -> NDArray[np.uint8]:
        """(420, 400): 1 where the window shows the picture and not what lies beyond its edge."""
        height, width = self.picture.shape
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        there = corners @ self.matrix[:, :2].T + self.matrix[:, 2] - _WINDOW[:2]
        mask = np.zeros(self.window.shape[:2], np.uint8)
        cv2.fillPoly(mask, [there.round().astype(np.int32)], 1)
        return mask

    @cached_property
    def region(self) -> NDArray[np.bool_]:
        """(420, 400): OFIQ's landmarked region, jaw to brows, as far as it is in the picture."""
        return self.fill(np.concatenate([_JAW, BROWS]), hull=True) & (self.in_picture > 0)

    @cached_property
    def luminance(self) -> NDArray[np.uint8]:
        """(420, 400): OFIQ's luminance, which is linear light: mid-grey 128 is about 55."""
        return luminance(self.window)

    def fill(
        self, indices: NDArray[np.int_] | Sequence[int], hull: bool = False
    ) -> NDArray[np.bool_]:
        """Return the window's mask of the polygon (or convex hull) through landmarks."""
        outline = self.points[np.asarray(indices)].round().astype(np.int32)
        mask = np.zeros(self.window.shape[:2], np.uint8)
        cv2.fillPoly(mask, [cv2.convexHull(outline) if hull else outline], 1)
        return mask > 0


def _linear_table() -> NDArray[np.float32]:
    share = np.arange(256) / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    return (255 * linear).astype(np.float32)


_LINEAR = _linear_table()
_WEIGHTS = np.array([[0.2126, 0.7152, 0.0722]], np.float32)


def luminance(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return OFIQ's luminance of an RGB picture, (H, W) uint8, in linear light."""
    weighted = cv2.transform(cv2.LUT(rgb, _LINEAR), _WEIGHTS)
    return np.asarray((weighted + np.float32(0.5)).astype(np.uint8))
