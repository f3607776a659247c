"""From a capture to the eye in it: boundaries, lids, what covers the iris, and how sure that is."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.iris.boundaries import (
    Boundary,
    Ring,
    bright_ring,
    fit_limbus,
    fit_pupil,
    move_limbus,
    unroll,
)
from ektp_biocheck.iris.candidates import propose
from ektp_biocheck.iris.lids import HALF, RADIUS, Lid, Patch, cover, find_lids, iris_patch
from ektp_biocheck.opencv import cv2

__all__ = ["Eye", "segment"]

WORK = 320  # pixels on the long side of the working picture


@dataclass(frozen=True)
class Eye:
    """One segmented eye.

    `pupil` and `limbus` are in pixels of the capture; `patch` and `masks` in the scaled patch
    of `lids`. `homogeneity` says that the pupil holds no darker core (1 is sure), `votes` the
    two search scores behind the choice.
    """

    pupil: Boundary
    limbus: Boundary
    upper: Lid
    lower: Lid
    patch: Patch
    masks: dict[str, NDArray[np.bool_]]
    greys: tuple[float, float, float]
    homogeneity: float
    pupil_rise: float
    limbus_rise: float
    ring: Ring
    shape: tuple[int, int]

    @cached_property
    def area(self) -> int:
        """Pixels of the annulus in the patch."""
        return int(self.patch.annulus.sum())

    def mask(self, name: str = "visible") -> NDArray[np.bool_]:
        """Return one of `masks` in the pixels of the capture."""
        scale = self.limbus.r / RADIUS
        corner = [self.limbus.x - HALF * scale, self.limbus.y - HALF * scale]
        matrix = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]], np.float64)
        size = (self.shape[1], self.shape[0])
        grown = cv2.warpAffine(self.masks[name].astype(np.float32), matrix, size)
        return np.asarray(grown > 0.5)


@dataclass(frozen=True, slots=True)
class _Hypothesis:
    score: float
    pupil: Boundary
    limbus: Boundary
    homogeneity: float
    pupil_rise: float
    limbus_rise: float


def working_picture(
    pixels: NDArray[np.uint8],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8], float]:
    """Shrink a capture to the working size and take its reflections out.

    Returns
    -------
    raw, clean : (h, w) float32
        With and without reflections.
    reflection : (h, w) uint8
        1 where one was.
    factor : float
        Working pixels per pixel of the capture.
    """
    factor = WORK / max(pixels.shape)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    small = cv2.resize(pixels, size, interpolation=how)
    opened = cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((11, 11), np.uint8))
    hot = ((cv2.subtract(small, opened) > 40) & (small > 110)) | (small >= 250)
    reflection = cv2.dilate(hot.astype(np.uint8), np.ones((3, 3), np.uint8))
    clean = np.where(reflection > 0, opened, small).astype(np.float32)
    return small.astype(np.float32), cv2.GaussianBlur(clean, (0, 0), 0.8), reflection, factor


def _homogeneity(clean: NDArray[np.float32], pupil: Boundary) -> tuple[float, float]:
    """1 for an evenly dark disc, towards 0 with a darker core; and the grey that parts them."""
    angles = np.arange(0, 6.28, 0.3, dtype=np.float32)
    radii = pupil.r * np.sqrt(np.linspace(0.01, 0.75, 10, dtype=np.float32))
    disc, _ = unroll(clean, pupil.x, pupil.y, angles, radii.astype(np.float32))
    low, middle = np.percentile(disc, (4, 50))
    step = (middle - low) / (0.5 * max(pupil.strength, 6.0))
    return float(np.clip(1.3 - step, 0.05, 1.0)), float(0.55 * low + 0.45 * middle)


def _core(
    clean: NDArray[np.float32], disc: Boundary, bar: float
) -> tuple[float, float, float] | None:
    """The darker disc inside a disc: an iris had been taken for a pupil."""
    top, left = max(int(disc.y - disc.r), 0), max(int(disc.x - disc.r), 0)
    crop = clean[top : int(disc.y + disc.r + 1), left : int(disc.x + disc.r + 1)]
    if crop.size == 0:
        return None
    yy, xx = np.ogrid[: crop.shape[0], : crop.shape[1]]
    near = np.hypot(xx + left - disc.x, yy + top - disc.y) < 0.85 * disc.r
    count, _, stats, centres = cv2.connectedComponentsWithStats(((crop < bar) & near).astype(np.uint8))
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    radius = float(np.sqrt(stats[largest, cv2.CC_STAT_AREA] / np.pi))
    if not 3.0 < radius < 0.75 * disc.r:
        return None
    x, y = centres[largest]
    return float(x) + left, float(y) + top, radius


def _hypotheses(clean: NDArray[np.float32], reflection: NDArray[np.uint8]) -> list[_Hypothesis]:
    coarse = cv2.resize(clean, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    todo = [(2 * c.x + 0.5, 2 * c.y + 0.5, 2 * c.pupil) for c in propose(coarse, 4)]
    usable = (1 - reflection).astype(np.float32)
    found = []
    while todo and len(found) < 8:
        pupil, pupil_rise = fit_pupil(clean, *todo.pop(0), usable)
        homogeneity, bar = _homogeneity(clean, pupil)
        if homogeneity < 0.8:
            core = _core(clean, pupil, bar)
            if core is not None:
                todo.append(core)
        limbus = fit_limbus(clean, pupil, 0.5 * max(clean.shape))
        if limbus is None:
            continue
        score = pupil_rise / (abs(pupil_rise) + 15) * pupil.fraction**2
        score += 1.2 * limbus[1] / (abs(limbus[1]) + 10)
        found.append(
            _Hypothesis(homogeneity * score, pupil, limbus[0], homogeneity, pupil_rise, limbus[1])
        )
    return sorted(found, key=lambda h: -h.score)


def segment(pixels: NDArray[np.uint8]) -> Eye | None:
    """Find the eye in a near-infrared capture.

    Parameters
    ----------
    pixels : (H, W) uint8
        Grey.

    Returns
    -------
    Eye or None
        The best hypothesis, however doubtful; ``None`` when nothing round was found.
    """
    raw, clean, reflection, factor = working_picture(pixels)
    found = _hypotheses(clean, reflection)
    if not found:
        return None
    best = found[0]
    limbus = best.limbus
    ring = bright_ring(clean, limbus)
    if ring.fall > 0.28 or (ring.fall > 0.10 and ring.second > 0.5):
        beyond = ring.second_place if ring.second > 0.4 else ring.place + 0.05
        limbus = move_limbus(clean, limbus, best.pupil, beyond) or limbus
    patch = iris_patch(raw, reflection, best.pupil, limbus)
    upper, lower, greys = find_lids(patch)
    return Eye(
        best.pupil.scaled(1 / factor),
        limbus.scaled(1 / factor),
        upper,
        lower,
        patch,
        cover(patch, upper, lower, greys),
        greys,
        best.homogeneity,
        best.pupil_rise,
        best.limbus_rise,
        ring,
        (pixels.shape[0], pixels.shape[1]),
    )
