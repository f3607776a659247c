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

__all__ = ["SAME_FINGER", "Comparator", "Comparison", "align", "compare"]

SAME_FINGER = (
    0.8  # similarity from which two prints show one finger; docs/fingerprint/comparison.md
)

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

Floats = NDArray[np.floating]
Places = NDArray[np.complexfloating]  # x + iy, px, y down: a turn is a product
Rows = NDArray[np.intp]


class Comparator(Protocol):
    """What a matcher must answer; higher is more alike.

    A vendor's may take something else than minutiae (pictures, templates), as long as the
    captures it is given are that; it brings its own threshold: see `across.find_duplicates`.
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


def _distinct(cells: tuple[Rows, ...]) -> Rows:
    """Positions of the first `TRIES` cells that do not touch an earlier one."""
    place = np.stack(cells, axis=1)
    kept: list[int] = []
    for at in range(len(place)):
        if not kept or (np.abs(place[kept] - place[at]).max(axis=1) > 1).all():
            kept.append(at)
        if len(kept) == TRIES:
            break
    return np.array(kept, np.intp)


def _proposals(a: Places, b: Places, apart: Floats, weight: Floats) -> tuple[Floats, Places]:
    """Most voted turns and shifts, (T,) each."""
    i, j = np.nonzero(np.abs(apart) < -TURNS[0] + 1.5 * TURN_STEP)
    lowest = np.ceil(apart[i, j] / TURN_STEP - 1.5).astype(np.intp) + len(TURNS) // 2
    step = lowest[:, None] + np.arange(3)  # a pair votes for the three turns nearest its own
    valid = (step >= 0) & (step < len(TURNS))
    i, j, step = np.repeat(i, 3)[valid.ravel()], np.repeat(j, 3)[valid.ravel()], step[valid]
    if not len(i):
        return np.empty(0, np.float32), np.empty(0, np.complex64)
    shift = b[j] - (np.exp(1j * TURNS)[:, None] * a)[step, i]
    left, top = shift.real.min(), shift.imag.min()
    column = ((shift.real - left) / SHIFT_STEP).astype(np.intp)
    row = ((shift.imag - top) / SHIFT_STEP).astype(np.intp)
    shape = len(TURNS), int(row.max()) + 2, int(column.max()) + 2  # a free edge: sums never wrap
    cell = np.ravel_multi_index((step, row, column), shape)
    votes = np.bincount(cell, weight[i, j], int(np.prod(shape)))
    votes[:-1] += votes[1:]  # a proposal is the corner of four cells: what lies across
    votes[: -shape[2]] += votes[shape[2] :].copy()  # a border of one is not lost
    best = np.flatnonzero(votes >= LEAST_VOTES * votes.max())
    best = best[np.argsort(-votes[best], kind="stable")[:SEEDS]]
    cells = np.unravel_index(best, shape)
    kept = _distinct(cells)
    turn, row, column = (axis[kept] for axis in cells)
    return TURNS[turn], left + 1j * top + SHIFT_STEP * (column + 1 + 1j * (row + 1))


@dataclass(frozen=True, slots=True)
class _Laid:
    """First print laid on the second in T ways: its places, partners and how they agree."""

    place: Places  # (T, N)
    partner: Rows  # (T, N) row of the second, where `agree` is above 0
    agree: Floats  # (T, N) 0..1


def _lay(a: Places, b: Places, apart: Floats, way: tuple[Floats, Places], reach: float) -> _Laid:
    """Find mutually nearest minutiae of like direction."""
    turn, shift = way
    place = (np.exp(1j * turn)[:, None] * a + shift[:, None]).astype(np.complex64)
    distance = np.abs(place[:, :, None] - b) / np.float32(reach)
    angle = np.abs(_wrap(apart - turn[:, None, None])) / np.float32(NEAR_ANGLE)
    cost = distance + angle
    cost[(distance >= 1) | (angle >= 1)] = 2
    partner = cost.argmin(axis=2)
    least = np.take_along_axis(cost, partner[:, :, None], axis=2)[:, :, 0]
    back = np.take_along_axis(cost.argmin(axis=1), partner, axis=1)
    return _Laid(place, partner, np.where(back == np.arange(len(a)), 1 - least / 2, 0))


def _rigid(a: Places, b: Places, laid: _Laid) -> tuple[Floats, Places]:
    """Least-squares turn and shift of the partners, for each way of laying."""
    paired = laid.agree > 0
    share = paired / np.maximum(paired.sum(axis=1, keepdims=True), 1)
    theirs = b[laid.partner]
    centre_a, centre_b = (share * a).sum(axis=1), (share * theirs).sum(axis=1)
    off_a, off_b = a - centre_a[:, None], theirs - centre_b[:, None]
    turn = np.angle((share * off_b * off_a.conj()).sum(axis=1)).astype(np.float32)
    return turn, centre_b - np.exp(1j * turn) * centre_a


def _refined(
    a: Places, b: Places, apart: Floats, way: tuple[Floats, Places]
) -> tuple[Floats, Places]:
    """Keep the ways that fit best and let their partners pull them into place."""
    proposed = way[0]
    for reach in REACHES:
        laid = _lay(a, b, apart, way, reach)
        if reach == REACHES[0]:
            best = np.argsort(-laid.agree.sum(axis=1), kind="stable")[:KEPT]
            way, proposed = (way[0][best], way[1][best]), proposed[best]
            laid = _Laid(laid.place[best], laid.partner[best], laid.agree[best])
        turn, shift = _rigid(a, b, laid)
        fits = (laid.agree > 0).sum(axis=1) >= 3
        fits &= np.abs(_wrap(turn - proposed)) <= 2 * TURN_STEP  # else it ran away
        way = np.where(fits, turn, way[0]), np.where(fits, shift, way[1])
    return way


def _in_common(place: Places, b: Places) -> tuple[Rows, Rows]:
    """How many minutiae of each print lie in the other's box, a ridge's slack allowed, (T,)."""
    slack = REACHES[-1]
    of_a, of_b = np.ones(place.shape, bool), np.ones((len(place), len(b)), bool)
    for ours, theirs in ((place.real, b.real), (place.imag, b.imag)):
        of_a &= (ours >= theirs.min() - slack) & (ours <= theirs.max() + slack)
        of_b &= theirs >= ours.min(axis=1, keepdims=True) - slack
        of_b &= theirs <= ours.max(axis=1, keepdims=True) + slack
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
    used = first.take(rows[0]), second.take(rows[1])
    a, b = ((m.x + 1j * m.y).astype(np.complex64) for m in used)
    apart = _wrap(used[0].angle[:, None] - used[1].angle)
    weight = np.sqrt(np.outer(*(m.reliability.clip(0.01) for m in used)))
    way = _proposals(a, b, apart, weight)
    if not len(way[0]):
        return _NOTHING
    turn, shift = _refined(a, b, apart, way)
    laid = _lay(a, b, apart, (turn, shift), REACHES[-1])
    of_a, of_b = _in_common(laid.place, b)
    similarity = laid.agree.sum(axis=1) ** 3 / np.maximum(of_a * of_b, 1)
    similarity[(laid.agree > 0).sum(axis=1) < 3] = 0
    at = int(similarity.argmax())
    if similarity[at] == 0:
        return _NOTHING
    own = np.flatnonzero(laid.agree[at])
    pairs = np.stack([rows[0][own], rows[1][laid.partner[at, own]]], axis=1)
    right_down = float(shift[at].real), float(shift[at].imag)
    return Comparison(float(similarity[at]), float(turn[at]), right_down, pairs)


def compare(first: Minutiae, second: Minutiae, /) -> float:
    """Similarity of two prints, 0 and up; the default `Comparator`."""
    return align(first, second).similarity
