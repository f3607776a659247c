"""Lids, lashes and reflections over the iris, on a patch scaled to the iris itself.

Everything here works in iris radii: the patch shows 1.5 radii to each side of the limbus
centre at 48 pixels a radius, whatever the size of the capture. A lid is the parabola that
best parts what looks like this eye's own iris from what does not; counting starts at the
pupil and is sticky, because beyond the first lashes skin may well be as grey as the iris.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.iris.curves import Boundary
from ektp_biocheck.opencv import cv2

__all__ = ["HALF", "RADIUS", "Lid", "Patch", "cover", "find_lids", "iris_patch"]

RADIUS = 48  # pixels per iris radius in the patch
HALF = 72  # the patch spans ±1.5 radii
_SIZE = 2 * HALF + 1


@dataclass(frozen=True, slots=True)
class Lid:
    """A lid edge v = height + tilt·u + bend·u², in iris radii about the limbus centre, v down.

    `step` is how much less iris-like it is beyond the edge than before it, 0..1: a confidence.
    """

    height: float
    tilt: float
    bend: float
    step: float

    def at(self, u: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return v for each u."""
        return np.asarray(self.height + self.tilt * u + self.bend * u * u, np.float32)


@dataclass(frozen=True, slots=True)
class Patch:
    """The eye resampled about the limbus centre: grey, and what each pixel could be.

    All arrays are (145, 145). `d_limbus` and `d_pupil` are distances from the two centres as
    shares of the radius in that direction; `frame` is False outside the capture.
    """

    grey: NDArray[np.float32]
    d_limbus: NDArray[np.float32]
    d_pupil: NDArray[np.float32]
    frame: NDArray[np.bool_]
    reflection: NDArray[np.bool_]

    @property
    def annulus(self) -> NDArray[np.bool_]:
        """Everything between the boundaries, seen or not."""
        return (self.d_limbus <= 1) & (self.d_pupil >= 1)


@cache
def _grid() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    axis = (np.arange(_SIZE, dtype=np.float32) - HALF) / RADIUS
    u, v = np.meshgrid(axis, axis)
    return u, v


def _share(
    boundary: Boundary, x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float32]:
    dx, dy = x - np.float32(boundary.x), y - np.float32(boundary.y)
    square = dx * dx + dy * dy + np.float32(1e-6)
    # cos 2θ and sin 2θ without the arctangent
    cos2, sin2 = (dx * dx - dy * dy) / square, 2 * dx * dy / square
    curve = boundary.r + boundary.c * cos2 + boundary.s * sin2
    return np.asarray(np.sqrt(square) / curve, np.float32)


def iris_patch(
    picture: NDArray[np.float32],
    reflection: NDArray[np.uint8],
    pupil: Boundary,
    limbus: Boundary,
) -> Patch:
    """Resample the eye about its limbus.

    Parameters
    ----------
    picture : (h, w) float32
        Grey, reflections still in.
    reflection : (h, w) uint8
        1 where a reflection was found.
    pupil, limbus : Boundary
        In pixels of `picture`.
    """
    u, v = _grid()
    scale = limbus.r / RADIUS
    x0, y0 = limbus.x - HALF * scale, limbus.y - HALF * scale
    matrix = np.array([[scale, 0, x0], [0, scale, y0]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    source = cv2.GaussianBlur(picture, (0, 0), 0.5 * scale) if scale > 1.6 else picture
    size = (_SIZE, _SIZE)
    grey = cv2.warpAffine(source, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    bright = cv2.warpAffine(
        reflection.astype(np.float32), matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    x, y = limbus.x + limbus.r * u, limbus.y + limbus.r * v
    height, width = picture.shape
    frame = (x >= -0.5) & (y >= -0.5) & (x <= width - 0.5) & (y <= height - 0.5)
    return Patch(grey, _share(limbus, x, y), _share(pupil, x, y), frame, bright > 0.3)


def _iris_greys(patch: Patch) -> tuple[float, float, float]:
    """Median and robust spread of this iris where lids rarely reach, and the pupil's grey."""
    u, v = _grid()
    low = (v > -0.35 * np.abs(u)) & (v < 0.9 * np.abs(u) + 0.15)
    safe = low & patch.frame & ~patch.reflection & (patch.d_pupil > 1.15) & (patch.d_limbus < 0.93)
    inner = (patch.d_pupil < 0.8) & (v > -0.1) & patch.frame & ~patch.reflection
    greys = patch.grey[safe]
    if greys.size < 50:
        greys = patch.grey[(patch.d_limbus < 1) & patch.frame]
    if greys.size == 0:
        return 0.0, 1.0, 0.0
    middle = float(np.median(greys))
    spread = 1.4826 * float(np.median(np.abs(greys - middle)))
    core = float(np.median(patch.grey[inner])) if inner.any() else middle
    return middle, max(spread, 2.0 + 0.03 * middle), core


def _strangeness(patch: Patch, greys: tuple[float, float, float]) -> NDArray[np.float32]:
    """About -1 where a pixel fits this iris or pupil, up to +1 where it does not, 0 outside."""
    middle, spread, core = greys
    odd = np.clip(np.abs(patch.grey - middle) / (3.2 * spread), 0, 2) - 1
    pupil = patch.d_pupil < 1.08
    bar = max(0.5 * (core + middle), core + 12) + spread
    inside = np.where(patch.grey > max(bar, middle + 2.5 * spread), 1.0, -0.6)
    odd = np.where(pupil, inside, odd)
    odd[cv2.dilate(patch.reflection.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0] = 0
    odd[(patch.d_limbus > 1) | ~patch.frame] = 0
    return cv2.blur(odd.astype(np.float32), (7, 3))


@cache
def _parabolas(side: int, pitch: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Patch rows of every lid curve at every third column, and the curves (height, tilt, bend).

    Of heights and tilts every `pitch`-th is taken.
    """
    heights = np.arange(-1.10, 0.95, 0.05)[::pitch] * (1 if side < 0 else -1)
    tilts, bends = (
        np.linspace(-0.4, 0.4, 9)[::pitch],
        -side * np.array([-0.05, 0.1, 0.22, 0.36, 0.5]),
    )
    h, t, b = (g.ravel() for g in np.meshgrid(heights, tilts, bends, indexing="ij"))
    u = _columns() / RADIUS
    rows = (h[:, None] + t[:, None] * u + b[:, None] * u * u) * RADIUS + HALF
    index = np.clip(np.rint(rows), 0, _SIZE - 1).astype(np.int32)
    return index, np.stack([h, t, b], axis=1).astype(np.float32)


def _columns() -> NDArray[np.int32]:
    return np.arange(-45, 46, 3, dtype=np.int32)


def _gains(odd: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Sum what each row would gain as the lid's edge, per column: sticky strangeness."""
    columns = odd[:, _columns() + HALF]
    if side > 0:
        columns = columns[::-1]
    # rows from the middle of the eye outwards; once strange, beyond stays strange
    outwards = columns[: HALF + (24 if side < 0 else 6)][::-1]
    inside = outwards != 0
    sticky = np.maximum.accumulate(np.where(inside, outwards, -1.0), axis=0)
    gain = np.where(inside, np.maximum(outwards, np.minimum(sticky, 0.6)), 0)
    total = np.cumsum(gain[::-1], axis=0)  # from outside in
    full = np.concatenate([total, np.repeat(total[-1:], _SIZE - len(total), axis=0)])
    return full if side < 0 else full[::-1]


def _find_lid(patch: Patch, odd: NDArray[np.float32], side: int, pitch: int) -> Lid:
    gains = _gains(odd, side)
    edge = np.abs(cv2.Sobel(patch.grey, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8))
    edge = edge[:, _columns() + HALF]
    edge = np.minimum(edge / (float(np.percentile(edge, 90)) + 1.0), 1.0)
    within = (patch.d_limbus < 1.02)[:, _columns() + HALF]
    index, curves = _parabolas(side, pitch)
    at = np.arange(len(_columns()))
    value = gains[index, at].sum(axis=1) + 4.0 * (edge * within)[index, at].sum(axis=1)
    best = int(np.argmax(value))
    height, tilt, bend = (float(v) for v in curves[best])
    u, v = _grid()
    beyond = (v - (height + tilt * u + bend * u * u)) * side
    disc = (patch.d_limbus < 1) & patch.frame
    past, before = odd[disc & (beyond > 0)], odd[disc & (beyond < 0) & (beyond > -0.4)]
    step = float(past.mean() - before.mean()) if past.size > 20 and before.size else 0.0
    return Lid(height, tilt, bend, float(np.clip(step, 0, 1)))


def find_lids(patch: Patch, *, quick: bool = False) -> tuple[Lid, Lid, tuple[float, float, float]]:
    """Find the upper and lower lid edges; `quick` tries a quarter of the curves.

    Returns
    -------
    Lid, Lid, (iris, spread, pupil)
        Both lids, and the greys they were judged against: median of the iris, its robust
        spread, median of the pupil.
    """
    greys = _iris_greys(patch)
    odd = _strangeness(patch, greys)
    pitch = 2 if quick else 1
    upper = _find_lid(patch, odd, -1, pitch)
    u, v = _grid()
    below = np.where(v < upper.at(u) + 0.15, 0, odd).astype(np.float32)
    return upper, _find_lid(patch, below, 1, pitch), greys


def _hanging(dark: NDArray[np.bool_], patch: Patch, upper: Lid) -> NDArray[np.bool_]:
    """Keep the dark that hangs from the upper lid or the limbus; crypts stand alone."""
    u, v = _grid()
    root = (v < upper.at(u) + 0.08) | ((patch.d_limbus > 0.96) & (v < 0.3))
    count, labels = cv2.connectedComponents((dark | root).astype(np.uint8))
    rooted = np.zeros(count, bool)
    rooted[np.unique(labels[root & dark])] = True
    rooted[0] = False
    return dark & rooted[labels]


def cover(
    patch: Patch, upper: Lid, lower: Lid, greys: tuple[float, float, float]
) -> dict[str, NDArray[np.bool_]]:
    """Say what lies over each pixel of the annulus.

    Returns
    -------
    dict of (145, 145) bool
        ``upper``, ``lower``, ``lashes``, ``reflections``, ``outside`` (the picture's edge)
        and ``visible``; disjoint, together the annulus.
    """
    u, v = _grid()
    middle, spread, core = greys
    left = patch.annulus
    masks = {"outside": left & ~patch.frame}
    left = left & patch.frame
    step = middle - core
    dark = (patch.grey < middle - max(2.6 * spread, 0.3 * step)) & (patch.d_pupil > 1.12)
    lid = left & (v < upper.at(u))
    # A lid is skin and seldom darker than the iris; what is dark there hangs from it.
    # Low lashes widen the spread itself, so here it is bounded by the step to the pupil.
    bar = middle - max(min(2.6 * spread, 0.6 * step), 0.3 * step)
    fringe = lid & (patch.grey < bar) & (patch.d_pupil > 1.12)
    masks["upper"] = lid & ~fringe
    left &= ~lid
    masks["lower"] = left & (v > lower.at(u))
    left &= ~masks["lower"]
    masks["reflections"] = left & patch.reflection
    left &= ~masks["reflections"]
    hanging = _hanging(left & dark & (v < 0.55), patch, upper)
    masks["lashes"] = hanging | fringe
    masks["visible"] = left & ~hanging
    return masks
