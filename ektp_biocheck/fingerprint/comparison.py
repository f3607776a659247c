"""A compact minutiae comparator, for the question whether two prints are of one finger.

It serves inside one person's capture (was a finger presented twice?), not to identify. Every pair of minutiae proposes the turn and shift that would lay one on the
other; the proposals that agree are tried, refined, and scored by how many of the minutiae in
the common area find a partner. A vendor's matcher can stand in: see `Comparator`.

The voting is the generalised Hough transform as in Ratha et al., "A real-time matching system
for large fingerprint databases", IEEE PAMI 18 (1996), doi:10.1109/34.531800.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.minutiae import Minutiae

__all__ = ["Comparator", "Comparison", "align", "compare"]

TURN_STEP = np.deg2rad(8.0)
TURN_LIMIT = np.deg2rad(56.0)  # fingers are laid on the glass more or less upright
SHIFT_STEP = 10.0  # px
TRIES = 12  # best proposals that are refined
NEAR_PX = 13.0  # skin stretches: half a ridge period more or less over a print
NEAR_ANGLE = np.deg2rad(25.0)

Floats = NDArray[np.float64]


class Comparator(Protocol):
    """What a matcher must answer; higher is more alike."""

    def __call__(self, first: Minutiae, second: Minutiae) -> float:
        """Return a similarity."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best way found to lay one print on the other.

    Parameters
    ----------
    similarity : float
        0 and up; see `docs/fingerprint/comparison.md` for what to expect.
    turn : float
        Radians, counter-clockwise in picture coordinates (x right, y down), first to second.
    shift : (float, float)
        px, added after the turn.
    pairs : (K, 2) int
        Rows of first and second that lie on each other.
    """

    similarity: float
    turn: float
    shift: tuple[float, float]
    pairs: NDArray[np.intp]


def _wrap(angle: Floats) -> Floats:
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi, dtype=np.float64)


def _proposals(a: Floats, b: Floats, weight: Floats) -> list[tuple[float, float, float]]:
    """Most voted (turn, shift x, shift y); rows are x, y, angle in picture coordinates."""
    apart = _wrap(b[None, :, 2] - a[:, None, 2])
    found = []
    for turn in np.arange(-TURN_LIMIT, TURN_LIMIT + 1e-9, TURN_STEP):
        i, j = np.nonzero(np.abs(_wrap(apart - turn)) < 1.5 * TURN_STEP)
        if len(i) < 2:
            continue
        cos, sin = np.cos(turn), np.sin(turn)
        dx = b[j, 0] - (cos * a[i, 0] - sin * a[i, 1])
        dy = b[j, 1] - (sin * a[i, 0] + cos * a[i, 1])
        column = ((dx - dx.min()) / SHIFT_STEP).astype(np.intp) + 1
        row = ((dy - dy.min()) / SHIFT_STEP).astype(np.intp) + 1
        votes = np.zeros((row.max() + 2, column.max() + 2))
        np.add.at(votes, (row, column), weight[i, j])
        near = votes.copy()
        near[1:] += votes[:-1]
        near[:-1] += votes[1:]
        total = near.copy()
        total[:, 1:] += near[:, :-1]
        total[:, :-1] += near[:, 1:]
        for at in np.argpartition(total.ravel(), -2)[-2:]:
            y, x = divmod(int(at), total.shape[1])
            centre = dx.min() + (x - 0.5) * SHIFT_STEP, dy.min() + (y - 0.5) * SHIFT_STEP
            found.append((total[y, x], (float(turn), float(centre[0]), float(centre[1]))))
    found.sort(key=lambda item: -item[0])
    return [proposal for _, proposal in found[:TRIES]]


def _moved(a: Floats, turn: float, x: float, y: float) -> Floats:
    cos, sin = np.cos(turn), np.sin(turn)
    return np.stack(
        [cos * a[:, 0] - sin * a[:, 1] + x, sin * a[:, 0] + cos * a[:, 1] + y, a[:, 2] + turn],
        axis=1,
    )


def _partners(a: Floats, b: Floats, near: float) -> tuple[NDArray[np.intp], Floats]:
    """Mutually nearest minutiae of like direction, and how well each pair agrees (0..1)."""
    distance = np.hypot(a[:, None, 0] - b[None, :, 0], a[:, None, 1] - b[None, :, 1])
    angle = np.abs(_wrap(a[:, None, 2] - b[None, :, 2]))
    cost = distance / near + angle / NEAR_ANGLE
    cost[(distance > near) | (angle > NEAR_ANGLE)] = np.inf
    best = cost.argmin(axis=1)
    rows = np.arange(len(a))
    mutual = (cost.argmin(axis=0)[best] == rows) & np.isfinite(cost[rows, best])
    pairs = np.stack([rows[mutual], best[mutual]], axis=1)
    return pairs, 1 - cost[pairs[:, 0], pairs[:, 1]] / 2


def _rigid(a: Floats, b: Floats) -> tuple[float, float, float]:
    """Least-squares turn and shift of paired points."""
    ca, cb = a.mean(axis=0), b.mean(axis=0)
    u, v = a - ca, b - cb
    turn = float(np.arctan2((u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum(), (u * v).sum()))
    cos, sin = np.cos(turn), np.sin(turn)
    return (
        turn,
        float(cb[0] - cos * ca[0] + sin * ca[1]),
        float(cb[1] - sin * ca[0] - cos * ca[1]),
    )


def _in_reach(points: Floats, others: Floats) -> NDArray[np.bool_]:
    """Points inside the box of the others, a ridge's slack allowed: the common area."""
    low, high = others[:, :2].min(axis=0) - NEAR_PX, others[:, :2].max(axis=0) + NEAR_PX
    return np.asarray(((points[:, :2] >= low) & (points[:, :2] <= high)).all(axis=1))


def _try(
    a: Floats, b: Floats, weights: tuple[Floats, Floats], proposal: tuple[float, float, float]
) -> Comparison:
    for near in (1.6 * NEAR_PX, NEAR_PX, NEAR_PX):
        pairs, agree = _partners(_moved(a, *proposal), b, near)
        if len(pairs) < 3:
            return Comparison(0.0, proposal[0], proposal[1:], pairs)
        turn, x, y = _rigid(a[pairs[:, 0], :2], b[pairs[:, 1], :2])
        if abs(_wrap(np.array(turn - proposal[0]))) > 2 * TURN_STEP:
            break
        proposal = (turn, x, y)
    moved = _moved(a, *proposal)
    pairs, agree = _partners(moved, b, NEAR_PX)
    wa, wb = weights
    common = wa[_in_reach(moved, b)].sum() * wb[_in_reach(b, moved)].sum()
    matched = float((agree * np.sqrt(wa[pairs[:, 0]] * wb[pairs[:, 1]])).sum())
    similarity = matched**2 / np.sqrt(max(float(common), 1e-9)) if len(pairs) > 2 else 0.0
    return Comparison(similarity, proposal[0], proposal[1:], pairs)


def align(first: Minutiae, second: Minutiae) -> Comparison:
    """Lay `first` on `second` and say how well they agree.

    Returns
    -------
    Comparison
        Similarity 0 when either has fewer than three minutiae or nothing fits.
    """
    nothing = Comparison(0.0, 0.0, (0.0, 0.0), np.empty((0, 2), np.intp))
    if len(first) < 3 or len(second) < 3:
        return nothing
    a, b = (np.stack([m.x, m.y, -m.angle], axis=1).astype(np.float64) for m in (first, second))
    weights = first.reliability.astype(np.float64), second.reliability.astype(np.float64)
    proposals = _proposals(a, b, np.sqrt(np.outer(*weights)))
    tried = [_try(a, b, weights, proposal) for proposal in proposals]
    return max(tried, key=lambda found: found.similarity, default=nothing)


def compare(first: Minutiae, second: Minutiae) -> float:
    """Similarity of two prints, the default `Comparator`."""
    return align(first, second).similarity
