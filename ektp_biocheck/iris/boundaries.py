"""Pupil and limbus to a fraction of a pixel, on pictures unrolled around the pupil.

Both follow J. Daugman's integro-differential idea ("How iris recognition works", IEEE TCSVT
14(1), 2004, doi:10.1109/TCSVT.2003.818350): the circle across which grey rises most. Edge
strengths are clipped at the circle's own level, so that one bright lash root or reflection
cannot outvote the rest of the rim; the winning circle is then refined with one sub-pixel
point per direction and a robust fit of a circle with a second harmonic (an ellipse).
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.opencv import cv2

__all__ = ["Boundary", "Ring", "bright_ring", "fit_limbus", "fit_pupil", "move_limbus", "unroll"]

_PUPIL_ANGLES = 64
_LIMBUS_ANGLES = np.radians(np.r_[-34:54:4, 126:214:4].astype(np.float32))
_LOWER_ANGLES = np.radians(np.r_[-34:214:4].astype(np.float32))
_RIGHT = slice(0, 22)
_LEFT = slice(22, 44)
# The upper quarter of the rim often lies in the shadow of lid and lashes.
_TRUST = np.where(
    np.abs(np.arange(32) * 11.25 - 270) < 50, np.float32(0.35), np.float32(1)
).astype(np.float32)
_SHARED_SHAPE = 0.8  # how much of the pupil's ellipse the limbus is expected to share
_RATIO_MIN, _RATIO_MAX = 0.16, 0.80


@dataclass(frozen=True, slots=True)
class Boundary:
    """A nearly circular boundary: radius(θ) = r + c·cos 2θ + s·sin 2θ about its centre.

    Angles run clockwise from the right, as rows run downwards. `fraction` is the share of the
    looked-at directions in which an edge lies on the curve, `strength` the median grey step
    across it there, both before anything is known about lids.
    """

    x: float
    y: float
    r: float
    c: float
    s: float
    fraction: float
    strength: float
    residual: float

    def radius(self, angle: NDArray[np.float32]) -> NDArray[np.float32]:
        """Radius in each direction (radians)."""
        curve = self.r + self.c * np.cos(2 * angle) + self.s * np.sin(2 * angle)
        return np.asarray(curve, np.float32)

    def scaled(self, factor: float) -> "Boundary":
        """Return the same curve in pixels of a picture `factor` times as large."""
        return replace(
            self,
            x=(self.x + 0.5) * factor - 0.5,
            y=(self.y + 0.5) * factor - 0.5,
            r=self.r * factor,
            c=self.c * factor,
            s=self.s * factor,
            residual=self.residual * factor,
        )

    @property
    def axis_ratio(self) -> float:
        """Short over long axis, 1 for a circle."""
        bulge = float(np.hypot(self.c, self.s))
        return (self.r - bulge) / (self.r + bulge)


def unroll(
    picture: NDArray[np.float32],
    x: float,
    y: float,
    angles: NDArray[np.float32],
    radii: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Sample a picture along rays; rows are radii, columns angles; and what lies inside it.

    `radii` is (rows,), or (rows, angles) where the rays differ.
    """
    reach = radii if radii.ndim == 2 else radii[:, None]
    px = (x + reach * np.cos(angles)).astype(np.float32)
    py = (y + reach * np.sin(angles)).astype(np.float32)
    rays = cv2.remap(picture, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    height, width = picture.shape
    return rays, (px >= 0) & (py >= 0) & (px <= width - 1) & (py <= height - 1)


def _rise(rays: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Grey outside minus inside at every radius, over `reach` samples on each side."""
    total = np.cumsum(np.pad(rays, ((reach + 1, reach), (0, 0)), mode="edge"), axis=0)
    rows = rays.shape[0]
    outside = total[2 * reach + 1 :] - total[reach + 1 : reach + 1 + rows]
    inside = total[reach : reach + rows] - total[:rows]
    return (outside - inside) / reach


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
) -> tuple[float, float, float, float]:
    """Search displaced circles about a guess: centre, radius, clipped mean rise."""
    angles = np.arange(32, dtype=np.float32) * np.float32(2 * np.pi / 32)
    radii = np.linspace(0.3, 2.0, 40, dtype=np.float32) * np.float32(r)
    rise = _rise(unroll(picture, x, y, angles, radii)[0], 3)
    rise *= unroll(usable, x, y, angles, radii)[0]
    level = 0.7 * float(np.median(rise[8:28].max(axis=0)))
    clipped = np.clip(rise, -0.3 * level, max(level, 1e-3))
    table, circles = _circle_table(32, 40, 0.3, 2.0, 0.40, 11)
    mean = np.take(clipped * _TRUST, table).sum(axis=1) / _TRUST.sum()
    best = int(np.argmax(mean))
    a, b, radius = (float(v) for v in circles[best])
    return x + a * r, y + b * r, radius * r, float(mean[best])


def _peaks(rise: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sub-sample row of the largest rise per column, and the rise there."""
    rows = np.clip(np.argmax(rise, axis=0), 1, rise.shape[0] - 2)
    at = np.arange(rise.shape[1])
    before, here, after = rise[rows - 1, at], rise[rows, at], rise[rows + 1, at]
    bend = before - 2 * here + after
    offset = np.where(bend < -1e-6, 0.5 * (before - after) / np.where(bend < -1e-6, bend, -1), 0)
    return (rows + np.clip(offset, -0.5, 0.5)).astype(np.float32), here


def _fit_harmonics(
    angle: NDArray[np.float32],
    radius: NDArray[np.float32],
    weight: NDArray[np.float32],
    stiffness: float,
    centring: tuple[float, float, float, float] = (1e-6, 1e-6, 0.0, 0.0),
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Robust r + a cos θ + b sin θ + c cos 2θ + s sin 2θ; the ellipse part is held back by
    `stiffness` (in weights), since an arc alone cannot tell an ellipse from a shifted circle.
    `centring` holds a and b (weights, then the values they are held to).
    """
    design = np.stack(
        [np.ones_like(angle), np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)],
        axis=1,
    ).astype(np.float64)
    hold_a, hold_b, at_a, at_b = centring
    ridge = np.array([1e-6, hold_a, hold_b, stiffness, stiffness])
    pull = ridge * np.array([0.0, at_a, at_b, 0.0, 0.0])
    # Begin without the upper sector; its points join if they lie on the curve of the others.
    robust = weight * np.where(np.sin(angle) < -0.6, 0.05, 1.0)
    solution = np.zeros(5)
    residual = np.zeros(len(angle))
    for _ in range(4):
        weighted = design * robust[:, None]
        solution = np.linalg.solve(design.T @ weighted + np.diag(ridge), weighted.T @ radius + pull)
        residual = radius - design @ solution
        spread = 1.5 * np.median(np.abs(residual[weight > 0])) + 0.1 if weight.any() else 1.0
        robust = weight / (1 + (residual / (1.5 * spread)) ** 2) ** 2
    return solution, residual


def fit_pupil(
    picture: NDArray[np.float32],
    x: float,
    y: float,
    r: float,
    usable: NDArray[np.float32],
) -> tuple[Boundary, float]:
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
    Boundary, float
        The curve, and the clipped mean grey rise over its whole rim (the search score).
    """
    x, y, r, score = _best_pupil_circle(picture, x, y, r, usable)
    angles = np.arange(_PUPIL_ANGLES, dtype=np.float32) * np.float32(2 * np.pi / _PUPIL_ANGLES)
    boundary = Boundary(x, y, r, 0.0, 0.0, 0.0, 0.0, 0.0)
    for width in (0.30, 0.20):
        radii = boundary.r * np.linspace(1 - width, 1 + width, 31, dtype=np.float32)
        rays, inside = unroll(picture, boundary.x, boundary.y, angles, radii)
        rise = _rise(rays, 5)
        rows, height = _peaks(rise)
        edge = radii[0] + rows * (radii[1] - radii[0])
        level = float(np.median(height))
        weight = (height > 0.35 * level) & inside[15] & (rows > 1.5) & (rows < 28.5)
        seen = unroll(usable, boundary.x, boundary.y, angles, radii[15:16])[0][0] > 0.5
        weight &= seen
        weights = np.where(weight, np.clip(height / max(level, 1e-3), 0, 1), 0).astype(np.float32)
        missing = 1.0 - float(weight.mean())
        solution, residual = _fit_harmonics(angles, edge, weights, 2.0 + 60.0 * missing)
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
    return boundary, score


@cache
def _limbus_shifts() -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Row shifts (in log-radius samples of 3 %) of every displaced circle, and the displacements."""
    a, b = (v.ravel() for v in np.meshgrid(
        np.linspace(-0.20, 0.20, 9), np.linspace(-0.16, 0.16, 5), indexing="ij"))
    along = a[:, None] * np.cos(_LIMBUS_ANGLES) + b[:, None] * np.sin(_LIMBUS_ANGLES)
    across = a[:, None] * np.sin(_LIMBUS_ANGLES) - b[:, None] * np.cos(_LIMBUS_ANGLES)
    factor = along + np.sqrt(1 - across**2)
    return (
        np.rint(np.log(factor) / np.log(1.03)).astype(np.int32),
        np.stack([a, b], axis=1).astype(np.float32),
    )


def _limbus_scores(
    rise: NDArray[np.float32], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], float]:
    """Score of every displacement (row) and radius (column), and the clip level used."""
    seen = np.where(inside, rise, 0)
    level = 0.7 * float(np.percentile(seen, 92)) + 0.3
    clipped = np.where(inside, np.clip(rise, -0.3 * level, level), 0).astype(np.float32)
    shifts, _ = _limbus_shifts()
    pad = 9
    padded = np.pad(clipped, ((pad, pad), (0, 0)), mode="edge")
    valid = np.pad(inside.astype(np.float32), ((pad, pad), (0, 0)), mode="edge")
    rows = np.arange(rise.shape[0])[None, :, None] + shifts[:, None, :] + pad
    columns = np.arange(rise.shape[1])
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
    picture: NDArray[np.float32], pupil: Boundary, limit: float
) -> tuple[Boundary, float] | None:
    """Find the outer edge of the iris around a pupil, from the sides where lids are away.

    Parameters
    ----------
    picture : (h, w) float32
        Grey, reflections removed.
    pupil : Boundary
        Pupil in the same pixels.
    limit : float
        Largest radius to consider, in pixels.

    Returns
    -------
    (Boundary, float) or None
        The curve and its search score in grey levels; ``None`` when no radius fits.
    """
    first, last = 1.22 * pupil.r, min(pupil.r / _RATIO_MIN, limit)
    count = int(np.log(max(last / first, 1e-6)) / np.log(1.03)) + 1
    if count < 8:
        return None
    radii = (first * 1.03 ** np.arange(count)).astype(np.float32)
    # Gaze and unequal pixel pitch squeeze both boundaries alike: unroll along the pupil's shape.
    c, s = (_SHARED_SHAPE * pupil.fraction * v / pupil.r for v in (pupil.c, pupil.s))
    shape = 1 + c * np.cos(2 * _LIMBUS_ANGLES) + s * np.sin(2 * _LIMBUS_ANGLES)
    rays, inside = unroll(picture, pupil.x, pupil.y, _LIMBUS_ANGLES, radii[:, None] * shape)
    rise = _rise(rays, 4)
    score, _ = _limbus_scores(rise, inside)
    ratio = pupil.r / radii
    prior = np.exp(-0.5 * (np.log(ratio / 0.40) / 0.55) ** 2)
    prior *= np.clip((radii / pupil.r - 1.2) / 0.2, 0, 1)
    # The limbus and the pupil nearly share a centre; a corner of the lids does not.
    prior = prior[None, :] * np.exp(-0.5 * (_limbus_shifts()[1] ** 2).sum(axis=1) / 0.10**2)[:, None]
    ranked = np.where(score > 0, score * prior, score)
    best, column = np.unravel_index(int(np.argmax(ranked)), ranked.shape)
    a, b = (float(v) * float(radii[column]) for v in _limbus_shifts()[1][best])
    r = float(radii[column])
    rough = Boundary(pupil.x + a, pupil.y + b, r, c * r, s * r, 0, 0, 0)
    return _refine_limbus(picture, rough, pupil), float(ranked[best, column])


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
    rise = _rise(rays, 6)
    rows, height = _peaks(rise)
    edge = (scale[0] + rows * (scale[1] - scale[0])) * centre
    sides = np.isin(angles, _LIMBUS_ANGLES)
    level = float(np.median(np.maximum(height[sides], 0)))
    weight = (height > 0.3 * level) & inside & (rows > 1.5) & (rows < 26.5)
    # Lashes and lids over the rim: what lies just inside must look like iris.
    inner = rays[:9].mean(axis=0)
    middle = np.median(inner[sides])
    spread = 1.5 * np.median(np.abs(inner[sides] - middle))
    weight &= np.abs(inner - middle) < 3 * spread + 4
    weights = np.where(weight, np.clip(height / max(level, 1e-3), 0, 1), 0)
    return edge.astype(np.float32), height, weights.astype(np.float32), inside


def _refine_limbus(
    picture: NDArray[np.float32], rough: Boundary, pupil: Boundary
) -> Boundary:
    """Sides first; then the lower rim too, where it continues the curve of the sides."""
    boundary = rough
    for width, angles, stiffness in (
        (0.14, _LIMBUS_ANGLES, 60.0),
        (0.10, _LOWER_ANGLES, 12.0),
        (0.08, _LOWER_ANGLES, 6.0),
    ):
        edge, height, weights, inside = _limbus_points(picture, boundary, width, angles)
        shape = boundary.radius(angles) - boundary.r
        centring = (1.5, 0.6, pupil.x - boundary.x, pupil.y - boundary.y)
        solution, residual = _fit_harmonics(angles, edge - shape, weights, stiffness, centring)
        sides = np.isin(angles, _LIMBUS_ANGLES)
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
    shape = limbus.radius(_LIMBUS_ANGLES)
    reach = _RING_RADII[:, None] * shape
    rays, inside = unroll(picture, limbus.x, limbus.y, _LIMBUS_ANGLES, reach)
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
