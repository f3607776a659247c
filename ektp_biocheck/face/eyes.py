"""Light on the eyes: glare and red eye, our own measures."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.face.geometry import Portrait
from ektp_biocheck.opencv import cv2

__all__ = ["eye_glare", "red_eye"]

_SOCKETS = (
    (226, 113, 225, 224, 223, 222, 221, 189, 244, 233, 232, 231, 230, 229, 228, 31),
    (446, 342, 445, 444, 443, 442, 441, 413, 464, 453, 452, 451, 450, 449, 448, 261),
)
_IRISES = ((468, 469, 471), (473, 474, 476))


def eye_glare(portrait: Portrait) -> float:
    """Return the share of the worse eye's socket that is burnt out, 0..1. Lower is better.

    A pixel counts when all its channels are 240 or more and the person's cheeks are clearly
    darker, so that neither fair skin nor an overexposed face counts as glare. The small
    catchlight of a lamp stays below 0.03.
    """
    limit = np.array(portrait.window.shape[1::-1]) - 1
    cheeks = portrait.points[[50, 280]].astype(int).clip(0, limit)
    skin = int(np.median(portrait.window[cheeks[:, 1], cheeks[:, 0]]))
    if skin > 215:
        return 0.0
    return max(_burnt(portrait, socket) for socket in _SOCKETS)


def _burnt(portrait: Portrait, socket: tuple[int, ...]) -> float:
    outline = portrait.points[list(socket)].round().astype(np.int32)
    part, mask = _cut(portrait.window, outline)
    if part.size == 0 or not mask.any():
        return 0.0
    return float((part[mask].min(1) >= 240).mean())


def red_eye(portrait: Portrait) -> float:
    """Return how much of the worse pupil glows red, 0..1. Lower is better.

    The share of the inner iris whose red is at least 90 and twice both other channels. Brown
    eyes and warm light stay at 0; a black-and-white photo always does.
    """
    worst = 0.0
    for centre, one, two in _IRISES:
        middle = portrait.points[centre]
        radius = 0.3 * float(np.hypot(*(portrait.points[one] - portrait.points[two])))
        angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        circle = middle + radius * np.stack([np.cos(angles), np.sin(angles)], 1)
        part, mask = _cut(portrait.window, circle.round().astype(np.int32))
        if part.size and mask.any():
            red, green, blue = part[mask].astype(np.int16).T
            worst = max(worst, float(((red >= 90) & (red >= 2 * np.maximum(green, blue))).mean()))
    return worst


def _cut(
    window: NDArray[np.uint8], outline: NDArray[np.int32]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    x, y, width, height = cv2.boundingRect(outline)
    x0, y0 = max(x, 0), max(y, 0)
    part = window[y0 : max(y + height, 0), x0 : max(x + width, 0)]
    mask = np.zeros(part.shape[:2], np.uint8)
    if mask.size:
        cv2.fillPoly(mask, [outline - [x0, y0]], 1)
    return part, mask > 0
