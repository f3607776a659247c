"""From a capture to the eye in it: boundaries, lids, what covers the iris, and how sure that is."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.iris.curves import Boundary, unroll
from ektp_biocheck.iris.lids import HALF, RADIUS, Lid, Patch, cover, find_lids, iris_patch
from ektp_biocheck.iris.limbus import Ring, bright_ring, move_limbus
from ektp_biocheck.iris.pupil import fit_pupil
from ektp_biocheck.iris.search import find, find_clouded
from ektp_biocheck.opencv import cv2

__all__ = ["Eye", "segment"]

_DOUBT = 0.9  # confidence under which more is looked at
WORK = 320  # pixels on the long side of the working picture


@dataclass(frozen=True)
class Eye:
    """One segmented eye.

    `pupil` and `limbus` are in pixels of the capture; `patch` and `masks` in the scaled patch
    of `lids`. `homogeneity` says that the pupil holds no darker core (1 is sure), `clouded` that
    a step of grey goes the wrong way (see `search`), `confidence` how likely both boundaries
    are right.
    """

    pupil: Boundary
    limbus: Boundary
    upper: Lid
    lower: Lid
    patch: Patch
    masks: dict[str, NDArray[np.bool_]]
    greys: tuple[float, float, float]
    homogeneity: float
    clouded: bool
    confidence: float
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


def dark_iris(pixels: NDArray[np.uint8], eye: Eye) -> bool:
    """Whether what was taken for a pupil is a dark iris with the pupil faintly inside it.

    Melanin absorbs visible light and lets near infrared pass: in visible light a brown iris is
    nearly as black as its pupil, beside a sclera far brighter than both. Light eyes cannot be
    told this way.
    """
    if eye.clouded or eye.pupil.strength < 45:
        return False
    _, clean, reflection, factor = working_picture(pixels)
    disc = eye.pupil.scaled(factor)
    angles = np.arange(0, 6.28, 0.3, dtype=np.float32)
    core, _ = unroll(clean, disc.x, disc.y, angles, disc.r * np.array([0.1, 0.2], np.float32))
    rim, _ = unroll(clean, disc.x, disc.y, angles, disc.r * np.array([0.75, 0.8], np.float32))
    if float(np.median(rim) - np.median(core)) < 5:
        return False
    usable = (1 - reflection).astype(np.float32)
    inner = fit_pupil(clean, disc.x, disc.y, 0.45 * disc.r, usable)
    return inner.fraction > 0.8 and inner.r < 0.8 * disc.r and inner.strength > 5


def second_eye(pixels: NDArray[np.uint8], eye: Eye) -> float | None:
    """Look for another eye beside the one found; its confidence, or ``None``.

    Only asked where the first is small enough to leave room for a second of its size.
    """
    width = eye.shape[1]
    if 5 * eye.limbus.r > width:
        return None
    blank = pixels.copy()
    left = max(int(eye.limbus.x - 1.6 * eye.limbus.r), 0)
    right = min(int(eye.limbus.x + 1.6 * eye.limbus.r), width)
    halves = [blank[:, :left], blank[:, right:]]
    for half in halves:
        if half.shape[1] < 2.2 * eye.limbus.r:
            continue
        _, clean, reflection, factor = working_picture(half)
        for other in find(clean, reflection):
            alike = abs(np.log(other.limbus.r / factor / eye.limbus.r)) < 0.25
            level = abs(other.limbus.y / factor - eye.limbus.y) < 1.5 * eye.limbus.r
            if other.confidence > 0.9 and alike and level:
                return other.confidence
    return None


def segment(pixels: NDArray[np.uint8], *, thorough: bool = True) -> Eye | None:
    """Find the eye in a near-infrared capture.

    Parameters
    ----------
    pixels : (H, W) uint8
        Grey.
    thorough : bool
        Look at more candidates, and for eyes behind a cloudy cornea or lens.

    Returns
    -------
    Eye or None
        The best hypothesis, however doubtful; ``None`` when nothing round was found.
    """
    raw, clean, reflection, factor = working_picture(pixels)
    found = find(clean, reflection, 4 if thorough else 2, quick=not thorough)
    if thorough and (not found or found[0].confidence < _DOUBT):
        found = find(clean, reflection, 12, careful=True)
    if thorough and (not found or found[0].confidence < _DOUBT):
        found = sorted(
            found + find_clouded(clean, reflection), key=lambda h: h.confidence, reverse=True
        )
    if not found:
        return None
    best = found[0]
    limbus = best.limbus
    ring = bright_ring(clean, limbus)
    if ring.fall > 0.28 or (ring.fall > 0.10 and ring.second > 0.5):
        beyond = ring.second_place if ring.second > 0.4 else ring.place + 0.05
        limbus = move_limbus(clean, limbus, best.pupil, beyond) or limbus
    patch = iris_patch(raw, reflection, best.pupil, limbus)
    upper, lower, greys = find_lids(patch, quick=not thorough)
    return Eye(
        best.pupil.scaled(1 / factor),
        limbus.scaled(1 / factor),
        upper,
        lower,
        patch,
        cover(patch, upper, lower, greys),
        greys,
        best.homogeneity,
        best.clouded,
        best.confidence,
        ring,
        (pixels.shape[0], pixels.shape[1]),
    )
