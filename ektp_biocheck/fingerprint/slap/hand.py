"""Which fingers are these: the hand and the positions, from where the pads lie.

Every way to name the pads is weighed by how well they then lie, lean and measure like a hand's,
whatever its turn, spread and size. The heights of the fingertips are those of Chatzioğlu, Pınar &
Govsa, "Biometric analysis hand parameters in young adults", Anat Cell Biol 57 (2024),
doi:10.5115/acb.23.310: with the fingers together the index ends 10.7 (standard deviation 4.1) mm
below the middle finger, the ring finger 10.8 (1.4), the little finger 25.6 (2.7) below the ring
finger. On a small glass long fingers are bent and the hand is spread, so the little finger is
taken to lie less low and all are given more room. Distances, widths and leans are round figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.positions import SLAPS, FingerPosition, slap_fingers

__all__ = ["HandReading", "Pad", "read_hand"]

F = FingerPosition
Floats = NDArray[np.float64]

# From the middle finger: mm right, mm down with its deviation, lean (degrees counter-clockwise)
# with its deviation, width over the index finger's. Right hand, seen from above.
_RIGHT = {
    F.RIGHT_INDEX: (-19.0, 10.7, 4.5, 6.0, 7.0, 1.0),
    F.RIGHT_MIDDLE: (0.0, 0.0, 4.0, 2.0, 7.0, 1.03),
    F.RIGHT_RING: (19.0, 9.0, 4.5, -3.0, 7.0, 0.98),
    F.RIGHT_LITTLE: (38.0, 28.0, 8.0, -9.0, 8.0, 0.84),
}
_LEFT = {
    F(finger + 5): (-x, y, dy, -lean, dlean, width)
    for finger, (x, y, dy, lean, dlean, width) in _RIGHT.items()
}
_THUMBS = {
    F.LEFT_THUMB: (-15.0, 0.0, 5.0, -8.0, 12.0, 1.25),
    F.RIGHT_THUMB: (15.0, 0.0, 5.0, 8.0, 12.0, 1.25),
}
_LAYOUTS = {F.RIGHT_FOUR: _RIGHT, F.LEFT_FOUR: _LEFT, F.BOTH_THUMBS: _THUMBS}
_OTHER_HAND = {F.RIGHT_FOUR: F.LEFT_FOUR, F.LEFT_FOUR: F.RIGHT_FOUR}

SIDEWAYS = 3.0  # mm; deviation of a pad from its place once turn and spread are right
INDEX_WIDTH = 14.5  # mm of contact, adult
SIZE_SPREAD = 0.18  # deviation of a person's size, as a logarithm: children are smaller
WIDTH_SPREAD = 0.12  # deviation of one width, as a logarithm: pressure
TURN_SPREAD = 25.0  # degrees a hand is laid askew
CENTRE_SPREAD = 12.0  # mm a hand lies off the middle of the glass
TURNS = np.arange(-50.0, 50.1, 2.0)
SPREADS = np.arange(0.75, 1.41, 0.05)
MISSING, EXTRA = 0.05, 0.01  # how likely before anything is seen
MISSING_UNASKED = 0.3  # nobody said what to expect: two fingers may be all that was wanted
TAIL = 4.0  # degrees of freedom
CERTAIN = 0.9
CONTRADICTED = 0.95  # both hands taken as likely beforehand: geometry alone speaks


@dataclass(frozen=True, slots=True)
class Pad:
    """One finger's contact: middle (mm right and down), lean (° counter-clockwise), width (mm)."""

    x: float
    y: float
    lean: float
    width: float


@dataclass(frozen=True, slots=True)
class HandReading:
    """What the pads are.

    Parameters
    ----------
    kind : FingerPosition
        ``RIGHT_FOUR``, ``LEFT_FOUR``, ``BOTH_THUMBS``, or ``UNKNOWN`` when geometry cannot tell.
    certainty : float
        Of the kind, 0..1, as far as geometry tells. Near 0.5 the other hand fits as well as the
        expected one.
    positions : tuple of FingerPosition
        One for each pad as given; ``UNKNOWN`` where it cannot be told, and for extra fingers.
    turn : float
        Degrees counter-clockwise by which the hand is turned.
    """

    kind: FingerPosition
    certainty: float
    positions: tuple[FingerPosition, ...]
    turn: float


@dataclass(frozen=True, slots=True)
class _Naming:
    """One way to name the pads, how likely it is (not normalised) and at which turn."""

    kind: FingerPosition
    names: tuple[FingerPosition, ...]
    weight: float
    turn: float


def _figures(pads: Sequence[Pad]) -> Floats:
    return np.array([(p.x, p.y, p.lean, p.width) for p in pads])


def _forgiving(deviations: Floats) -> Floats:
    """Sum of squares that grow slowly when large (Student's t), so that one pad can be odd."""
    return np.asarray((TAIL * np.log1p(deviations**2 / TAIL)).sum(axis=-1))


def _log_fit(pads: Floats, layout: Floats, centre: float, glass: bool) -> tuple[float, float]:
    """Log likelihood of pads in the places of a layout, and the likeliest turn."""
    turn, spread = np.meshgrid(np.deg2rad(TURNS), SPREADS, indexing="ij")
    c, s = np.cos(turn)[..., None], np.sin(turn)[..., None]
    # Undo the turn: a hand turned counter-clockwise has its right side up (y is down).
    right, down = c * pads[:, 0] - s * pads[:, 1], s * pads[:, 0] + c * pads[:, 1]
    size = np.log(pads[:, 3] / (INDEX_WIDTH * layout[:, 5]))
    scale = float(np.exp(size.mean()))
    off_x = right - scale * spread[..., None] * layout[:, 0]
    off_y = down - scale * layout[:, 1]
    certain = 1 / layout[:, 2] ** 2
    middle_y = (off_y * certain).sum(axis=-1, keepdims=True) / certain.sum()
    middle_x = off_x.mean(axis=-1, keepdims=True)
    misfit = _forgiving((off_x - middle_x) / SIDEWAYS)
    misfit += _forgiving((off_y - middle_y) / layout[:, 2])
    misfit += _forgiving((pads[:, 2] - layout[:, 3] - np.rad2deg(turn)[..., None]) / layout[:, 4])
    misfit += _forgiving((size - size.mean()) / WIDTH_SPREAD)
    misfit += (size.mean() / SIZE_SPREAD) ** 2 + (np.rad2deg(turn) / TURN_SPREAD) ** 2
    if glass:  # the middle of the whole hand lies near the middle of the glass
        off_centre = middle_x[..., 0] + scale * spread * centre
        misfit += (off_centre / CENTRE_SPREAD) ** 2
    best = misfit.min()
    likelihood = np.exp(-(misfit - best) / 2)
    at = float((likelihood * np.rad2deg(turn)).sum() / likelihood.sum())
    # Heights with more room explain everything a little and nothing well.
    return float(np.log(likelihood.mean()) - best / 2 + np.log(certain).sum() / 2), at


def _prior(kind: FingerPosition, expected: FingerPosition | None) -> float:
    if expected is None:
        return 1 / len(SLAPS)
    return float(kind in (expected, _OTHER_HAND.get(expected)))


def _namings(pads: Sequence[Pad], expected: FingerPosition | None, glass: bool) -> list[_Naming]:
    figures = _figures(pads)
    found = []
    for kind, layout in _LAYOUTS.items():
        prior = _prior(kind, expected)
        if prior == 0:
            continue
        fingers = slap_fingers(kind)
        places = np.array([layout[finger] for finger in fingers])
        used = min(len(pads), len(fingers))
        missing = MISSING_UNASKED if expected is None else MISSING
        prior *= missing ** (len(fingers) - used) * EXTRA ** (len(pads) - used)
        for chosen in combinations(range(len(pads)), used):
            for named in combinations(range(len(fingers)), used):
                fit, turn = _log_fit(
                    figures[list(chosen)], places[list(named)], places[:, 0].mean(), glass
                )
                names = [F.UNKNOWN] * len(pads)
                for pad, finger in zip(chosen, named, strict=True):
                    names[pad] = fingers[finger]
                found.append(_Naming(kind, tuple(names), fit + np.log(prior), turn))
    top = max(naming.weight for naming in found)
    return [_Naming(n.kind, n.names, float(np.exp(n.weight - top)), n.turn) for n in found]


def read_hand(
    pads: Sequence[Pad], expected: FingerPosition | None = None, *, glass: bool = True
) -> HandReading:
    """Tell hand and fingers from the places of the pads.

    Parameters
    ----------
    pads : sequence of Pad
        One to eight, from left to right; origin in the middle of the glass.
    expected : FingerPosition, optional
        The slap that was asked for. Without it the kind is told only when it is certain.
    glass : bool
        The picture shows the whole glass, so that a hand lies near its middle.

    Returns
    -------
    HandReading
        `kind` is the expected one unless geometry speaks clearly for the other hand; positions
        are those of the kind.
    """
    namings = _namings(pads, expected, glass)
    total = sum(naming.weight for naming in namings)
    share = {kind: sum(n.weight for n in namings if n.kind == kind) / total for kind in _LAYOUTS}
    likeliest = max(share, key=lambda kind: share[kind])
    likely_turn = max(namings, key=lambda n: n.weight).turn
    needed = CERTAIN if expected is None else CONTRADICTED
    kind = likeliest if share[likeliest] >= needed else (expected or F.UNKNOWN)
    if kind == F.UNKNOWN:
        unknown = (F.UNKNOWN,) * len(pads)
        return HandReading(kind, share[likeliest], unknown, likely_turn)
    own = [naming for naming in namings if naming.kind == kind]
    mass = sum(naming.weight for naming in own)
    positions = []
    for pad in range(len(pads)):
        weights: dict[FingerPosition, float] = {}
        for naming in own:
            name = naming.names[pad]
            weights[name] = weights.get(name, 0.0) + naming.weight / mass
        name = max(weights, key=lambda finger: weights[finger])
        positions.append(name if weights[name] >= CERTAIN else F.UNKNOWN)
    turn = max(own, key=lambda n: n.weight).turn
    return HandReading(kind, share[kind], tuple(positions), turn)
