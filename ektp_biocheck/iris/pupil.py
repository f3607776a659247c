"""The pupil's edge, from a guess to a fraction of a pixel."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.iris.curves import Boundary, fit_harmonics, peaks, rise, unroll
from ektp_biocheck.opencv import cv2

__all__ = ["darker_core", "fit_pupil", "homogeneity"]

_ANGLES = 64
# The upper quarter of the rim often lies in the shadow of lid and lashes.
_TRUST = np.where(np.abs(np.arange(32) * 11.25 - 270) < 50, np.float32(0.35), np.float32(1)).astype(
    np.float32
)


@cache
def _circle_table(
    angle_count: int, radius_count: int, start: float, stop: float, shift: float, steps: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Flat sample indices of every displaced circle in a linear unrolling, and the circles."""
    angle = np.arange(angle_count) * (2 * np.pi / angle_count)
    grid = np.linspace(-shift, shift, steps)
    per_unit = (radius_count - 1) / (stop - start)
    r0 = np.linspace(start + 0.15, stop - 0.1, radius_count * 2 // 3)
    a, b, r = (v.ravel() for v in np.meshgrid(grid, grid, r0, indexing="ij"))
    keep = np.hypot(a, b) < 0.6 * r
    a, b, r = a[keep], b[keep], r[keep]
    along = a[:, None] * np.cos(angle) + b[:, None] * np.sin(angle)
    across = a[:, None] * np.sin(angle) - b[:, None] * np.cos(angle)
    radius = along + np.sqrt(np.maximum(r[:, None] ** 2 - across**2, 0))
    index = np.rint((radius - start) * per_unit).astype(np.int32)
    index = np.clip(index, 0, radius_count - 1) * angle_count + np.arange(angle_count)
    return index.astype(np.int32), np.stack([a, b, r], axis=1).astype(np.float32)


def _best_pupil_circle(
    picture: NDArray[np.float32],
    x: float,
    y: float,
    r: float,
    usable: NDArray[np.float32],
) -> tuple[float, float, float]:
    """Search displaced circles about a guess: centre and radius."""
    angles = np.arange(32, dtype=np.float32) * np.float32(2 * np.pi / 32)
    radii = np.linspace(0.3, 2.0, 40, dtype=np.float32) * np.float32(r)
    step = rise(unroll(picture, x, y, angles, radii)[0], 3)
    step *= unroll(usable, x, y, angles, radii)[0]
    level = 0.7 * float(np.median(step[8:28].max(axis=0)))
    clipped = np.clip(step, -0.3 * level, max(level, 1e-3))
    table, circles = _circle_table(32, 40, 0.3, 2.0, 0.40, 11)
    mean = np.take(clipped * _TRUST, table).sum(axis=1) / _TRUST.sum()
    best = int(np.argmax(mean))
    a, b, radius = (float(v) for v in circles[best])
    return x + a * r, y + b * r, radius * r


def fit_pupil(
    picture: NDArray[np.float32],
    x: float,
    y: float,
    r: float,
    usable: NDArray[np.float32],
) -> Boundary:
    """Fit the pupil's edge from a rough guess.

    Parameters
    ----------
    picture : (h, w) float32
        Grey, reflections removed.
    x, y, r : float
        Guess, in pixels.
    usable : (h, w) float32
        0 where a reflection was; edges there do not count.

    Returns
    -------
    Boundary
        The curve; its `fraction` counts only directions that no reflection hides.
    """
    x, y, r = _best_pupil_circle(picture, x, y, r, usable)
    angles = np.arange(_ANGLES, dtype=np.float32) * np.float32(2 * np.pi / _ANGLES)
    boundary = Boundary(x, y, r, 0.0, 0.0, 0.0, 0.0, 0.0)
    for width in (0.30, 0.20):
        radii = boundary.r * np.linspace(1 - width, 1 + width, 31, dtype=np.float32)
        rays, inside = unroll(picture, boundary.x, boundary.y, angles, radii)
        step = rise(rays, 5)
        rows, height = peaks(step)
        edge = radii[0] + rows * (radii[1] - radii[0])
        level = float(np.median(height))
        weight = (height > 0.35 * level) & inside[15] & (rows > 1.5) & (rows < 28.5)
        seen = unroll(usable, boundary.x, boundary.y, angles, radii[15:16])[0][0] > 0.5
        weight &= seen
        weights = np.where(weight, np.clip(height / max(level, 1e-3), 0, 1), 0).astype(np.float32)
        missing = 1.0 - float(weight.mean())
        solution, residual = fit_harmonics(angles, edge, weights, 0.5 + 60.0 * missing)
        on = weight & (np.abs(residual) < 0.08 * boundary.r)
        boundary = Boundary(
            boundary.x + float(np.clip(solution[1], -0.3 * r, 0.3 * r)),
            boundary.y + float(np.clip(solution[2], -0.3 * r, 0.3 * r)),
            float(np.clip(solution[0], 0.6 * r, 1.5 * r)),
            float(solution[3]),
            float(solution[4]),
            float(on.sum() / max(int(seen.sum()), 16)),
            float(np.median(height[on])) if on.any() else 0.0,
            float(np.sqrt(np.mean(residual[on] ** 2))) if on.any() else float(r),
        )
    return boundary


def homogeneity(clean: NDArray[np.float32], pupil: Boundary) -> tuple[float, float]:
    """1 for an evenly dark disc, towards 0 with a darker core; and the grey that parts them."""
    angles = np.arange(0, 6.28, 0.3, dtype=np.float32)
    radii = pupil.r * np.sqrt(np.linspace(0.01, 0.75, 10, dtype=np.float32))
    disc, _ = unroll(clean, pupil.x, pupil.y, angles, radii.astype(np.float32))
    low, middle = np.percentile(disc, (4, 50))
    step = (middle - low) / (0.5 * max(pupil.strength, 6.0))
    return float(np.clip(1.3 - step, 0.05, 1.0)), float(0.55 * low + 0.45 * middle)


def darker_core(
    clean: NDArray[np.float32], disc: Boundary, bar: float
) -> tuple[float, float, float] | None:
    """Find the darker disc inside a disc: an iris had been taken for a pupil."""
    top, left = max(int(disc.y - disc.r), 0), max(int(disc.x - disc.r), 0)
    crop = clean[top : int(disc.y + disc.r + 1), left : int(disc.x + disc.r + 1)]
    if crop.size == 0:
        return None
    yy, xx = np.ogrid[: crop.shape[0], : crop.shape[1]]
    near = np.hypot(xx + left - disc.x, yy + top - disc.y) < 0.85 * disc.r
    count, _, stats, centres = cv2.connectedComponentsWithStats(
        ((crop < bar) & near).astype(np.uint8)
    )
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    radius = float(np.sqrt(stats[largest, cv2.CC_STAT_AREA] / np.pi))
    if not 3.0 < radius < 0.75 * disc.r:
        return None
    x, y = centres[largest]
    return float(x) + left, float(y) + top, radius
