"""A picture in halving sizes, so that every crop is cheap and free of aliasing."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.opencv import cv2

__all__ = ["Pyramid"]


class Pyramid:
    """A picture and its halves, made when first asked for.

    Halving by whole pixels is the fastest resize that does not alias; every crop starts from
    the smallest level that is at least as fine as the crop.
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self._levels = [pixels]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the picture."""
        return self._levels[0].shape[0], self._levels[0].shape[1]

    def level(self, index: int) -> NDArray[np.uint8]:
        """Return the picture halved `index` times."""
        while len(self._levels) <= index:
            last = self._levels[-1]
            half = (max(1, last.shape[1] // 2), max(1, last.shape[0] // 2))
            even = last[: 2 * half[1], : 2 * half[0]]
            self._levels.append(
                np.asarray(cv2.resize(even, half, interpolation=cv2.INTER_AREA), np.uint8)
            )
        return self._levels[index]

    def crop(
        self, matrix: NDArray[np.float64], size: tuple[int, int], border: int = cv2.BORDER_CONSTANT
    ) -> NDArray[np.uint8]:
        """Return the (width, height) crop that `matrix` (2, 3) maps the picture to."""
        scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
        steps = max(0, int(np.floor(np.log2(1 / max(scale, 1e-6)) + 1e-9)))
        height, width = self.shape
        steps = min(steps, int(np.log2(max(min(height, width), 1))))
        factor = 2.0**steps
        fitted = matrix.copy()
        fitted[:, 2] += matrix[:, :2] @ np.full(2, (factor - 1) / 2)
        fitted[:, :2] *= factor
        crop = cv2.warpAffine(
            self.level(steps), fitted, size, flags=cv2.INTER_LINEAR, borderMode=border
        )
        return np.asarray(crop, np.uint8)

    def within(self, longest: int) -> tuple[NDArray[np.uint8], float]:
        """Return a copy no longer than `longest` and its scale (at most 1)."""
        side = max(self.shape)
        scale = min(1.0, longest / side)
        level = self.level(max(0, int(np.floor(np.log2(1 / scale) + 1e-9))))
        size = (max(1, round(self.shape[1] * scale)), max(1, round(self.shape[0] * scale)))
        if level.shape[1::-1] == size:
            return level, scale
        return np.asarray(cv2.resize(level, size, interpolation=cv2.INTER_LINEAR)), scale
