"""A compact minutiae comparator, for the question whether two prints are of one finger.

It serves inside one person's capture (was a finger presented twice?), not to identify. Every
pair of minutiae proposes the turn and shift that would lay one on the other; the proposals that
agree are refined together and judged by how many of the minutiae in the common area find a
partner. A vendor's matcher can stand in: see `Comparator`.

The voting is the generalised Hough transform as in Ratha et al., "A real-time matching system
for large fingerprint databases", IEEE PAMI 18 (1996), doi:10.1109/34.531800.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.minutiae import Minutiae

__all__ = ["Comparator", "Comparison", "align", "compare"]

TURN_STEP = float(np.deg2rad(8.0))
TURNS = (np.arange(-7, 8) * TURN_STEP).astype(
    np.float32
)  # fingers are laid on the glass more or less upright
SHIFT_STEP = 10.0  # px
SEEDS = 60  # cells with most votes, from which the proposals are drawn
LEAST_VOTES = 0.4  # of the most voted cell; fewer are not looked at
TRIES = 12  # proposals laid on once
KEPT = 4  # of them refined
REACHES = (20.0, 13.0, 11.0)  # px: partners are sought ever closer; skin stretches by a ridge
NEAR_ANGLE = float(np.deg2rad(25.0))
MOST = 200  # minutiae looked at; a print that has more has mostly false ones

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]


class Comparator(Protocol):
    """What a matcher must answer; higher is more alike.

    A matcher of another scale brings its own threshold as an attribute `threshold`; without
    one `across.THRESHOLD`, which belongs to `compare`, is taken.
    """

    def __call__(self, first: Minutiae, second: Minutiae, /) -> float:
        """Return a similarity."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best way found to lay one print on the other.

    Parameters
    ----------
    similarity : float
        0 and up: the number of partners times the shares of both prints' minutiae in the common
        area that found one, each partner weighted by how closely it lies. See
        `docs/fingerprint/comparison.md` for what to expect.
    turn : float
        Radians, clockwise as seen (x to the right, y down), of the first print.
    shift : (float, float)
        px right and down, added after the turn about the picture's origin.
    pairs : (K, 2) intp
        Rows of first and second that lie on each other.
    """

    similarity: float
    turn: float
    shift: tuple[float, float]
    pairs: Rows


_NOTHING = Comparison(0.0, 0.0, (0.0, 0.0), np.empty((0, 2), np.intp))


def _wrap(angle: Floats) -> Floats:
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi, dtype=np.float32)


def _turned(a: Floats, turn: Floats) -> tuple[Floats, Floats]:
    """Turn all points every way: their x and y, (T, N)."""
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    return cos * a[:, 0] - sin * a[:, 1], sin * a[:, 0] + cos * a[:, 1]


def _distinct(cells: tuple[Rows, Rows, Rows]) -> Rows:
    """Positions of the first `TRIES` cells that do not touch an earlier one."""
    place = np.stack(cells, axis=1)
    kept: list[int] = []
    for at in range(len(place)):
        if not kept or (np.abs(place[kept] - place[at]).max(axis=1) > 1).all():
            kept.append(at)
        if len(kept) == TRIES:
            break
    return np.array(kept, np.intp)


def _proposals(a: Floats, b: Floats, apart: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Most voted turns (T,) and shifts (T, 2); rows of a, b are x, y, angle, y down."""
    i, j = np.nonzero(np.abs(apart) < -TURNS[0] + 1.5 * TURN_STEP)
    lowest = np.ceil(apart[i, j] / TURN_STEP - 1.5).astype(np.intp) + len(TURNS) // 2
    step = lowest[:, None] + np.arange(3)  # a pair votes for the three turns nearest its own
    valid = (step >= 0) & (step < len(TURNS))
    i, j, step = np.repeat(i, 3)[valid.ravel()], np.repeat(j, 3)[valid.ravel()], step[valid]
    if not len(i):
        return np.empty(0, np.float32), np.empty((0, 2), np.float32)
    x, y = _turned(a, TURNS)
    dx, dy = b[j, 0] - x[step, i], b[j, 1] - y[step, i]
    left, top = dx.min(), dy.min()
    column = ((dx - left) / SHIFT_STEP).astype(np.intp)
    row = ((dy - top) / SHIFT_STEP).astype(np.intp)
    shape = len(TURNS), int(row.max()) + 2, int(column.max()) + 2  # a free edge: sums never wrap
    votes = np.bincount(
        np.ravel_multi_index((step, row, column), shape),
        weight[i, j],
        shape[0] * shape[1] * shape[2],
    )
    votes[:-1] += votes[1:]  # a proposal is the corner of four cells: what lies across
    votes[: -shape[2]] += votes[shape[2] :].copy()  # a border of one is not lost
    best = np.flatnonzero(votes >= LEAST_VOTES * votes.max())
    best = best[np.argsort(-votes[best], kind="stable")[:SEEDS]]
    turn, row, column = np.unravel_index(best, shape)
    kept = _distinct((turn, row, column))
    shift = np.stack([left + (column[kept] + 1) * SHIFT_STEP, top + (row[kept] + 1) * SHIFT_STEP])
    return TURNS[turn[kept]], shift.T.astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Laid:
    """First print laid on the second in T ways: its places (T, N), partners and how they agree."""

    x: Floats
    y: Floats
    partner: Rows  # (T, N) row of b, where `agree` is above 0
    agree: Floats  # (T, N) 0..1


def _lay(a: Floats, b: Floats, apart: Floats, turn: Floats, shift: Floats, reach: float) -> _Laid:
    """Find mutually nearest minutiae of like direction."""
    x, y = _turned(a, turn)
    x, y = x + shift[:, :1], y + shift[:, 1:]
    distance = np.hypot(x[:, :, None] - b[:, 0], y[:, :, None] - b[:, 1]) / np.float32(reach)
    angle = np.abs(_wrap(apart - turn[:, None, None])) / np.float32(NEAR_ANGLE)
    cost = distance + angle
    cost[(distance >= 1) | (angle >= 1)] = 2
    partner = cost.argmin(axis=2)
    least = np.take_along_axis(cost, partner[:, :, None], axis=2)[:, :, 0]
    back = np.take_along_axis(cost.argmin(axis=1), partner, axis=1)
    agree = np.where(back == np.arange(len(a)), 1 - least / 2, 0)
    return _Laid(x, y, partner, agree.astype(np.float32))


def _rigid(a: Floats, b: Floats, laid: _Laid) -> tuple[Floats, Floats]:
    """Least-squares turn and shift of the partners, for each way of laying."""
    paired = (laid.agree > 0).astype(np.float32)
    share = paired / np.maximum(paired.sum(axis=1, keepdims=True), 1)
    p, q = a[None, :, :2], b[laid.partner, :2]
    centre_p = np.einsum("tn,tnc->tc", share, np.broadcast_to(p, q.shape))
    centre_q = np.einsum("tn,tnc->tc", share, q)
    u, v = (p - centre_p[:, None]) * paired[:, :, None], q - centre_q[:, None]
    across = (u[:, :, 0] * v[:, :, 1] - u[:, :, 1] * v[:, :, 0]).sum(axis=1)
    turn = np.arctan2(across, (u * v).sum(axis=(1, 2)))
    cos, sin = np.cos(turn), np.sin(turn)
    back = np.stack(
        [cos * centre_p[:, 0] - sin * centre_p[:, 1], sin * centre_p[:, 0] + cos * centre_p[:, 1]]
    )
    return turn, centre_q - back.T


def _in_common(laid: _Laid, b: Floats) -> tuple[Floats, Floats]:
    """How many minutiae of each print lie in the other's box, a ridge's slack allowed, (T,)."""
    slack = REACHES[-1]
    low, high = b[:, :2].min(axis=0) - slack, b[:, :2].max(axis=0) + slack
    of_a = (laid.x >= low[0]) & (laid.x <= high[0]) & (laid.y >= low[1]) & (laid.y <= high[1])
    of_b = np.ones((len(laid.x), len(b)), bool)
    for moved, place in ((laid.x, b[:, 0]), (laid.y, b[:, 1])):
        of_b &= place >= moved.min(axis=1, keepdims=True) - slack
        of_b &= place <= moved.max(axis=1, keepdims=True) + slack
    return of_a.sum(axis=1), of_b.sum(axis=1)


def align(first: Minutiae, second: Minutiae) -> Comparison:
    """Lay `first` on `second` and say how well they agree.

    Parameters
    ----------
    first, second : Minutiae
        At 500 ppi. Of more than `MOST` the most reliable are looked at.

    Returns
    -------
    Comparison
        Similarity 0 when either has fewer than three minutiae or nothing fits. Exchanging the
        two changes the similarity only a little: the search starts from the first.
    """
    rows = [np.argsort(-m.reliability, kind="stable")[:MOST] for m in (first, second)]
    if min(len(r) for r in rows) < 3:
        return _NOTHING
    a, b = (
        np.stack([m.x[r], m.y[r], -m.angle[r]], axis=1).astype(np.float32)
        for m, r in zip((first, second), rows, strict=True)
    )
    apart = _wrap(b[None, :, 2] - a[:, None, 2])
    trust = [m.reliability[r].clip(0.01) for m, r in zip((first, second), rows, strict=True)]
    weight = np.sqrt(np.outer(*trust))
    turn, shift = _proposals(a, b, apart, weight)
    proposed = turn
    for reach in REACHES:
        laid = _lay(a, b, apart, turn, shift, reach)
        if reach == REACHES[0]:
            best = np.argsort(-laid.agree.sum(axis=1), kind="stable")[:KEPT]
            turn, shift, proposed = turn[best], shift[best], proposed[best]
            laid = _Laid(laid.x[best], laid.y[best], laid.partner[best], laid.agree[best])
        turn_fit, shift_fit = _rigid(a, b, laid)
        fits = (laid.agree > 0).sum(axis=1) >= 3
        fits &= np.abs(_wrap(turn_fit - proposed)) <= 2 * TURN_STEP  # else it ran away
        turn, shift = np.where(fits, turn_fit, turn), np.where(fits[:, None], shift_fit, shift)
    laid = _lay(a, b, apart, turn, shift, REACHES[-1])
    return _best(laid, b, turn, shift, (rows[0], rows[1]))


def _best(
    laid: _Laid, b: Floats, turn: Floats, shift: Floats, rows: tuple[Rows, Rows]
) -> Comparison:
    if not len(turn):
        return _NOTHING
    agreed, (of_a, of_b) = laid.agree.sum(axis=1, dtype=np.float64), _in_common(laid, b)
    similarity = agreed**3 / np.maximum(of_a * of_b, 1)
    similarity[(laid.agree > 0).sum(axis=1) < 3] = 0
    at = int(similarity.argmax())
    if similarity[at] == 0:
        return _NOTHING
    own = np.flatnonzero(laid.agree[at])
    pairs = np.stack([rows[0][own], rows[1][laid.partner[at, own]]], axis=1)
    shift_x, shift_y = (float(v) for v in shift[at])
    return Comparison(float(similarity[at]), float(turn[at]), (shift_x, shift_y), pairs)


def compare(first: Minutiae, second: Minutiae, /) -> float:
    """Similarity of two prints, 0 and up; the default `Comparator`."""
    return align(first, second).similarity
