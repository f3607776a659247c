"""The background: how plain it is and which colour it has, judged apart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.face.geometry import Portrait, luminance
from ektp_biocheck.opencv import cv2

__all__ = ["Background", "background_uniformity", "measure_background"]

_NOT_PERSON = 0.1
_CROP = (62, 0, 554, 406)  # x0, y0, x1, y1 in OFIQ's aligned frame
_SIZE = (354, 292)
_LEAST = 0.02


@dataclass(frozen=True, slots=True)
class Background:
    """What lies behind the person.

    Parameters
    ----------
    share : float
        Of the picture, 0..1.
    spread : float
        90th percentile of the distance in CIELAB from a smooth slope of colour; below about 6
        for a plain wall. Lower is plainer.
    hue, saturation, value : float
        Of its median colour: degrees, 0..1, 0..1.
    """

    share: float
    spread: float
    hue: float
    saturation: float
    value: float


def background_uniformity(portrait: Portrait, person: NDArray[np.float32]) -> float | None:
    """Return ISO/IEC 29794-5's native background uniformity; lower is plainer.

    OFIQ's mean Scharr gradient of the luminance around the aligned head. A person mask stands
    for OFIQ's face parsing.

    Parameters
    ----------
    portrait : Portrait
    person : (h, w) float32
        0..1 over the whole picture.

    Returns
    -------
    float or None
        ``None`` when no background shows around the head.
    """
    x0, y0, x1, y1 = _CROP
    scale = np.diag([_SIZE[0] / (x1 - x0), _SIZE[1] / (y1 - y0)])
    matrix = scale @ (portrait.matrix - np.array([[0, 0, x0], [0, 0, y0]]))
    light = luminance(portrait.picture.crop(matrix, _SIZE))
    height, width = portrait.picture.shape
    from_mask = matrix.copy()
    from_mask[:, 0] *= width / person.shape[1]
    from_mask[:, 1] *= height / person.shape[0]
    there = cv2.warpAffine(person, from_mask, _SIZE, borderValue=1.0)
    mask = cv2.erode((there < _NOT_PERSON).astype(np.uint8), np.ones((4, 4), np.uint8))
    if not mask.any():
        return None
    slopes = [cv2.Sobel(light, cv2.CV_32F, *axis, ksize=-1) for axis in ((1, 0), (0, 1))]
    # OpenCV's sums differ in their last bits with the memory's alignment: keep what repeats.
    return round(float(cv2.magnitude(*slopes)[mask > 0].mean(dtype=np.float64)), 4)


def measure_background(small: NDArray[np.uint8], person: NDArray[np.float32]) -> Background | None:
    """Measure plainness and colour of what is not the person.

    Parameters
    ----------
    small : (h, w, 3) uint8
        A small RGB copy of the picture.
    person : (h, w) float32
        Its person mask, 0..1.

    Returns
    -------
    Background or None
        ``None`` when less than 2 % of the picture is background.
    """
    if person.shape != small.shape[:2]:
        person = cv2.resize(person, small.shape[1::-1])
    mask = cv2.erode((person < _NOT_PERSON).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    share = float(mask.mean())
    if share < _LEAST:
        return None
    mask[1::2] = mask[:, 1::2] = False  # a quarter of the pixels tells the same
    pixels = small[mask]
    lab = cv2.cvtColor(pixels[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    y, x = np.nonzero(mask)
    plane = np.column_stack([np.ones(x.size), x - x.mean(), y - y.mean()]).astype(np.float32)
    solved = np.linalg.solve(plane.T @ plane + 1e-3 * np.eye(3, dtype=np.float32), plane.T @ lab)
    off = np.linalg.norm(lab - plane @ solved, axis=1)
    colour = np.median(pixels, axis=0).astype(np.float32)[None, None] / 255
    hue, saturation, value = cv2.cvtColor(colour, cv2.COLOR_RGB2HSV)[0, 0]
    return Background(
        share=share,
        spread=float(np.percentile(off, 90)),
        hue=float(hue),
        saturation=float(saturation),
        value=float(value),
    )
