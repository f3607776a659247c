"""The limbus: where the iris ends, and whether a bright ring pretends that it ends sooner."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.iris.curves import Boundary, fit_harmonics, peaks, rise, unroll
from ektp_biocheck.opencv import cv2

__all__ = ["Ring", "bright_ring", "fit_limbus", "move_limbus"]

_SIDES = np.radians(np.r_[-34:54:4, 126:214:4].astype(np.float32))
_ALL = np.radians(np.r_[-34:214:4].astype(np.float32))
_BESIDE = np.isin(_ALL, _SIDES)
_RIGHT = slice(0, 22)
_LEFT = slice(22, 44)
_SHARED_SHAPE = 0.8  # how much of the pupil's ellipse the limbus is expected to share
_RATIO_MIN, _RATIO_MAX = 0.16, 0.80


@cache
def _limbus_shifts(pitch: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Row shifts (log-radius samples of 3 %) of every displaced circle, and displacements."""
    a, b = (
        v.ravel()
        for v in np.meshgrid(
            np.linspace(-0.20, 0.20, 9)[::pitch],
            np.linspace(-0.16, 0.16, 5)[::pitch],
            indexing="ij",
        )
    )
    along = a[:, None] * np.cos(_SIDES) + b[:, None] * np.sin(_SIDES)
    across = a[:, None] * np.sin(_SIDES) - b[:, None] * np.cos(_SIDES)
    factor = along + np.sqrt(1 - across**2)
    return (
        np.rint(np.log(factor) / np.log(1.03)).astype(np.int32),
        np.stack([a, b], axis=1).astype(np.float32),
    )


def _limbus_scores(
    step: NDArray[np.float32], inside: NDArray[np.bool_], pitch: int
) -> tuple[NDArray[np.float32], float]:
    """Score of every displacement (row) and radius (column), and the clip level used."""
    seen = np.where(inside, step, 0)
    level = 0.7 * float(np.percentile(seen, 92)) + 0.3
    clipped = np.where(inside, np.clip(step, -0.3 * level, level), 0).astype(np.float32)
    shifts, _ = _limbus_shifts(pitch)
    pad = 9
    padded = np.pad(clipped, ((pad, pad), (0, 0)), mode="edge")
    valid = np.pad(inside.astype(np.float32), ((pad, pad), (0, 0)), mode="edge")
    rows = np.arange(step.shape[0])[None, :, None] + shifts[:, None, :] + pad
    columns = np.arange(step.shape[1])
    values, counts = padded[rows, columns], valid[rows, columns]
    sides = []
    for side in (_RIGHT, _LEFT):
        seen_here = counts[..., side].sum(axis=-1)
        mean = values[..., side].sum(axis=-1) / np.maximum(seen_here, 6)
        sides.append(np.where(seen_here >= 6, mean, np.nan))
    right, left = sides
    both = np.minimum(right, left) + 0.35 * (right + left)
    one = np.where(np.isnan(right), left, right) * 1.1
    score = np.where(np.isnan(both), one, both)
    return np.nan_to_num(score, nan=-1.0).astype(np.float32), level


def fit_limbus(
    picture: NDArray[np.float32], pupil: Boundary, limit: float, *, quick: bool = False
) -> Boundary | None:
    """Find the outer edge of the iris around a pupil, from the sides where lids are away.

    Parameters
    ----------
    picture : (h, w) float32
        Grey, reflections removed.
    pupil : Boundary
        Pupil in the same pixels.
    limit : float
        Largest radius to consider, in pixels.
    quick : bool
        Try a third of the displacements first.

    Returns
    -------
    Boundary or None
        ``None`` when no radius fits.
    """
    first, last = 1.22 * pupil.r, min(pupil.r / _RATIO_MIN, limit)
    count = int(np.log(max(last / first, 1e-6)) / np.log(1.03)) + 1
    if count < 8:
        return None
    radii = (first * 1.03 ** np.arange(count)).astype(np.float32)
    # Gaze and unequal pixel pitch squeeze both boundaries alike: unroll along the pupil's shape.
    c, s = (_SHARED_SHAPE * pupil.fraction * v / pupil.r for v in (pupil.c, pupil.s))
    shape = 1 + c * np.cos(2 * _SIDES) + s * np.sin(2 * _SIDES)
    rays, inside = unroll(picture, pupil.x, pupil.y, _SIDES, radii[:, None] * shape)
    step = rise(rays, 4)
    pitch = 2 if quick else 1
    score, _ = _limbus_scores(step, inside, pitch)
    away = _limbus_shifts(pitch)[1]
    ratio = pupil.r / radii
    prior = np.exp(-0.5 * (np.log(ratio / 0.40) / 0.55) ** 2)
    prior *= np.clip((radii / pupil.r - 1.2) / 0.2, 0, 1)
    # The limbus and the pupil nearly share a centre; a corner of the lids does not.
    prior = prior[None, :] * np.exp(-0.5 * (away**2).sum(axis=1) / 0.10**2)[:, None]
    ranked = np.where(score > 0, score * prior, score)
    best, column = np.unravel_index(int(np.argmax(ranked)), ranked.shape)
    a, b = (float(v) * float(radii[column]) for v in away[best])
    r = float(radii[column])
    rough = Boundary(pupil.x + a, pupil.y + b, r, c * r, s * r, 0, 0, 0)
    return _refine_limbus(picture, rough, pupil)


def _limbus_points(
    picture: NDArray[np.float32], guess: Boundary, width: float, angles: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Edge radius, grey rise and weight per direction, and which directions are in the picture."""
    centre = guess.radius(angles)
    scale = np.linspace(1 - width, 1 + width, 29, dtype=np.float32)
    px = (guess.x + scale[:, None] * centre * np.cos(angles)).astype(np.float32)
    py = (guess.y + scale[:, None] * centre * np.sin(angles)).astype(np.float32)
    rays = cv2.remap(picture, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (px[14] >= 0) & (py[14] >= 0)
    inside &= (px[14] <= picture.shape[1] - 1) & (py[14] <= picture.shape[0] - 1)
    step = rise(rays, 6)
    rows, height = peaks(step)
    edge = (scale[0] + rows * (scale[1] - scale[0])) * centre
    sides = _BESIDE if angles is _ALL else np.ones(len(angles), bool)
    level = float(np.median(np.maximum(height[sides], 0)))
    weight = (height > 0.3 * level) & inside & (rows > 1.5) & (rows < 26.5)
    # Lashes and lids over the rim: what lies just inside must look like iris.
    inner = rays[:9].mean(axis=0)
    middle = np.median(inner[sides])
    spread = 1.5 * np.median(np.abs(inner[sides] - middle))
    weight &= np.abs(inner - middle) < 3 * spread + 4
    weights = np.where(weight, np.clip(height / max(level, 1e-3), 0, 1), 0)
    return edge.astype(np.float32), height, weights.astype(np.float32), inside


def _refine_limbus(picture: NDArray[np.float32], rough: Boundary, pupil: Boundary) -> Boundary:
    """Sides first; then the lower rim too, where it continues the curve of the sides."""
    boundary = rough
    for width, angles, stiffness in (
        (0.14, _SIDES, 60.0),
        (0.10, _ALL, 12.0),
        (0.08, _ALL, 6.0),
    ):
        edge, height, weights, inside = _limbus_points(picture, boundary, width, angles)
        shape = boundary.radius(angles) - boundary.r
        centring = (1.5, 0.6, pupil.x - boundary.x, pupil.y - boundary.y)
        solution, residual = fit_harmonics(angles, edge - shape, weights, stiffness, centring)
        sides = _BESIDE if angles is _ALL else np.ones(len(angles), bool)
        on = (weights > 0) & (np.abs(residual) < 0.05 * boundary.r)
        r = boundary.r
        boundary = Boundary(
            boundary.x + float(np.clip(solution[1], -0.12 * r, 0.12 * r)),
            boundary.y + float(np.clip(solution[2], -0.12 * r, 0.12 * r)),
            float(np.clip(solution[0], 0.85 * r, 1.15 * r)),
            float(np.clip(boundary.c + solution[3], -0.12 * r, 0.12 * r)),
            float(np.clip(boundary.s + solution[4], -0.12 * r, 0.12 * r)),
            float((on & sides).sum() / max((inside & sides).sum(), 1)),
            float(np.median(height[on & sides])) if (on & sides).any() else 0.0,
            float(np.sqrt(np.mean(residual[on] ** 2))) if on.any() else r,
        )
    return boundary


_RING_RADII = (1.015 ** np.arange(-16, 33)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Ring:
    """What the grey does just outside a limbus, as shares of the rise at the limbus itself.

    `fall` is the deepest fall within the next fifth of a radius, `second` the largest rise
    after it; both count only where the two sides of the eye agree. `place` is where the fall
    is, `second_place` where the rise, in limbus radii.
    """

    fall: float
    place: float
    second: float
    second_place: float


def bright_ring(picture: NDArray[np.float32], limbus: Boundary) -> Ring:
    """Look outside the limbus for the far edge of a bright ring (arcus senilis).

    An iris ends in one rise of grey and the sclera darkens slowly from there. With a ring
    there is a rise, a fall and often a second rise, and the first is easily taken for the
    limbus.
    """
    shape = limbus.radius(_SIDES)
    reach = _RING_RADII[:, None] * shape
    rays, inside = unroll(picture, limbus.x, limbus.y, _SIDES, reach)
    profiles = [
        np.median(rays[:, side], axis=1)
        for side in (_RIGHT, _LEFT)
        if inside[:30, side].mean() > 0.9
    ]
    if not profiles:
        return Ring(0.0, 1.0, 0.0, 1.0)
    steps = np.stack([profile[4:] - profile[:-4] for profile in profiles])
    at = _RING_RADII[2:-2]
    rises, falls = steps.min(axis=0), -steps.max(axis=0)
    base = max(float(rises[(at > 0.93) & (at < 1.07)].max()), 2.0)
    beyond = np.where((at > 1.0) & (at < 1.19), falls, -np.inf)
    deepest = int(np.argmax(beyond))
    after = np.where((at > at[deepest]) & (at < 1.36), rises, -np.inf)
    second = int(np.argmax(after))
    return Ring(
        float(beyond[deepest]) / base,
        float(at[deepest]),
        float(after[second]) / base,
        float(at[second]),
    )


def move_limbus(
    picture: NDArray[np.float32], limbus: Boundary, pupil: Boundary, factor: float
) -> Boundary | None:
    """Fit the limbus again from a start `factor` times as large; ``None`` without an edge there."""
    rough = replace(limbus, r=limbus.r * factor, c=limbus.c * factor, s=limbus.s * factor)
    fitted = _refine_limbus(picture, rough, pupil)
    found = fitted.fraction > 0.5 and fitted.strength > 0.35 * limbus.strength
    return fitted if found and abs(fitted.r / rough.r - 1) < 0.08 else None
