"""The region of interest of NFIQ 2.3: twice blurred, twice thresholded, one piece kept."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.opencv import cv2

__all__ = ["region_of_interest"]


@lru_cache
def _kernel(size: int) -> NDArray[np.float32]:
    """Return OpenCV's own 8-bit Gaussian of `size` taps, in 256ths, zero tails cut off.

    `cv2.GaussianBlur` filters 8-bit pictures with coarse fixed-point taps, and the region
    depends on them. Asked for with an impulse, they are exact whatever rounding rule is used.
    """
    impulse = np.zeros((size, 2 * size + 1), np.uint8)
    impulse[:, size] = 255
    answer = cv2.GaussianBlur(impulse, (size, size), 0)[size // 2]
    taps = answer[size - size // 2 : size + size // 2 + 1].astype(np.float32)
    used = np.flatnonzero(taps)
    return taps[used[0] : used[-1] + 1]


def _blur(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Equal `cv2.GaussianBlur(pixels, (size, size), 0)`, in less than half its time.

    Integers below 2²⁴ are exact in float32, and OpenCV's float filter is the faster one.
    """
    taps = _kernel(size)
    sums = cv2.sepFilter2D(pixels, cv2.CV_32F, taps, taps).astype(np.int32)
    rounded: NDArray[np.uint8] = ((sums + 32768) >> 16).astype(np.uint8)  # halves go up
    return rounded


def _fill_holes(dark: NDArray[np.uint8]) -> None:
    """Fill white holes inside the dark (nonzero) pieces, islands in them included."""
    contours, tree = cv2.findContours(dark, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    if tree is None:
        return
    for index in np.flatnonzero(tree[0, :, 3] >= 0):
        cv2.drawContours(dark, contours, int(index), 255, cv2.FILLED)


def region_of_interest(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Find the finger as NFIQ 2.3 does.

    Parameters
    ----------
    pixels : (H, W) uint8
        Cropped print at 500 ppi, ridges dark.

    Returns
    -------
    (H, W) bool
        True in the one dark piece with the largest bounding box; all False without any.

    References
    ----------
    NFIQ 2.3, ``ImgProcROI.cpp``.
    """
    dark = cv2.erode(pixels, np.ones((5, 5), np.uint8))
    for size in (41, 91):
        _, dark = cv2.threshold(_blur(dark, size), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    finger = cv2.bitwise_not(dark)
    _fill_holes(finger)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(finger, connectivity=4)
    if count < 2:
        return np.zeros(pixels.shape, bool)
    boxes = stats[1:, cv2.CC_STAT_WIDTH] * stats[1:, cv2.CC_STAT_HEIGHT]
    result: NDArray[np.bool_] = labels == 1 + int(boxes.argmax())
    return result
