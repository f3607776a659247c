"""Sharpness and compression, our own measures: OFIQ's need a trained forest and a network."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.face.geometry import Portrait
from ektp_biocheck.opencv import cv2

__all__ = ["blockiness", "flat_share", "sharpness"]

_IED = 84.0
_BLOCK = 8


def sharpness(portrait: Portrait) -> float | None:
    """Measure how much fine detail the face holds beside coarser detail. Higher is sharper.

    The face is brought to 84 pixels between the eyes. The detail that a Gaussian of 1 pixel
    removes is divided by the detail between Gaussians of 1 and 2 pixels: a ratio of two
    contrasts of the same face, so neither light nor skin tone counts. About 0.8 to 1.3 for a
    sharp face, below 0.6 after a blur of 2 % of the inter-eye distance. A photo with few
    pixels between the eyes lacks the detail and reads low, as it should.

    Returns
    -------
    float or None
        ``None`` when the face shows no contrast at all.
    """
    scale = _IED / portrait.face.ied
    x, y, width, height = portrait.face.box
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    matrix = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]])
    fine = _grey(portrait.picture.crop(matrix, size, cv2.BORDER_REPLICATE)).astype(np.float32)
    middle = cv2.GaussianBlur(fine, (0, 0), 1.0)
    coarse = cv2.GaussianBlur(fine, (0, 0), 2.0)
    outline = portrait.face.points[:468, :2] * scale + matrix[:, 2]
    face = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(face, cv2.convexHull(outline.round().astype(np.int32)), 1)
    contrast = float(cv2.meanStdDev(middle - coarse, mask=face)[1].item())
    if contrast < 0.3:
        return None
    return float(cv2.meanStdDev(fine - middle, mask=face)[1].item()) / contrast


def flat_share(portrait: Portrait) -> float:
    """Return the share of the face's pixels that equal their upper and left neighbour, 0..1.

    A camera's noise keeps it below 0.4 on a photo; a drawing reaches 0.9.
    """
    grey = _face_pixels(portrait)
    if min(grey.shape) < 2:
        return 0.0
    same = (grey[1:, 1:] == grey[1:, :-1]) & (grey[1:, 1:] == grey[:-1, 1:])
    return float(same.mean())


def blockiness(portrait: Portrait) -> float:
    """Measure how strongly an 8×8 grid shows on the face. Lower is better.

    Steps between neighbouring pixels are averaged for each of the eight positions of the
    grid; the result is how far the largest exceeds the median of the others, as a share.
    Around 0.05 by chance, above 0.5 after JPEG at quality 20. A photo that was enlarged or
    reduced after compression hides its grid and is not found.
    """
    grey = _face_pixels(portrait).astype(np.int16)
    if min(grey.shape) < 4 * _BLOCK:
        return 0.0
    return min(_grid(np.diff(grey, axis=1)), _grid(np.diff(grey, axis=0).T))


def _face_pixels(portrait: Portrait) -> NDArray[np.uint8]:
    """Return the grey rectangle around the face, pixel for pixel."""
    x, y, width, height = portrait.face.box
    x0, y0 = max(0, int(x)), max(0, int(y))
    part = portrait.picture.level(0)[y0 : max(0, int(y + height)), x0 : max(0, int(x + width))]
    return _grey(part) if part.size else np.zeros((0, 0), np.uint8)


def _grid(steps: NDArray[np.int16]) -> float:
    """Excess of one column phase modulo 8 over the others."""
    size = np.minimum(np.abs(steps), 24).mean(0)
    phases = np.array([size[phase::_BLOCK].mean() for phase in range(_BLOCK)])
    best = int(phases.argmax())
    rest = float(np.median(np.delete(phases, best)))
    return float(phases[best] / max(rest, 0.25) - 1)


def _grey(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
