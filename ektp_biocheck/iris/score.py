"""One figure from the measures: how likely is a comparison with this capture to fail.

Additive and monotone: each measure is mapped to 0 (as good as it gets) .. 1 (as bad as it
gets) between two fixed ends and taken times its weight; the sum is a rise of the log-odds that
a genuine comparison fails. The weights of `FITTED` come from ``benchmarks/fit_iris.py score``.
`POLICY` holds faults too rare in the development captures to fit; they begin where those
captures end, and their weights are set, not fitted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ektp_biocheck.quality import Measure

__all__ = ["EXPECTED_FNMR", "FITTED", "POLICY", "WORST", "Term", "expected_fnmr", "risk", "score"]


@dataclass(frozen=True, slots=True)
class Term:
    """A measure's part in the score: nothing at `good`, `weight` in log-odds at `bad`."""

    good: float
    bad: float
    weight: float

    def __call__(self, value: float | None) -> float:
        """Return the rise of the log-odds; a missing measure costs a third of the weight."""
        if value is None:
            return self.weight / 3
        return self.weight * float(np.clip((value - self.good) / (self.bad - self.good), 0, 1))


FITTED = {
    "pupil_edge_seen": Term(100, 60, 0.65),
    "limbus_edge_seen": Term(95, 45, 0.54),
    "limbus_misfit": Term(1.2, 3.2, 0.63),
    "room_below_pupil": Term(0.55, 0.15, 0.64),
    "upper_clutter": Term(-0.1, 1.2, 0.60),
    "eye_opening": Term(0.90, 0.50, 0.50),
    "iris_pupil_concentricity": Term(97, 90, 0.17),
    "haze": Term(23, 45, 0.29),
}
POLICY = {
    "usable_iris_area": Term(50, 20, 2.0),
    "haze": Term(45, 90, 2.0),
    "reflection_cover": Term(8, 25, 1.0),
    "outside_cover": Term(2, 30, 2.0),
    "edge_width": Term(6, 14, 1.5),
    "motion_blur": Term(6, 14, 1.5),
    "iris_radius": Term(45, 20, 2.0),
    "limbal_ring": Term(0.5, 1.5, 0.5),
}
WORST = 3.6  # log-odds at which the score reaches 0

EXPECTED_FNMR = (
    (25, 0.436),
    (45, 0.154),
    (55, 0.086),
    (65, 0.039),
    (75, 0.0055),
    (85, 0.0040),
    (95, 0.0005),
)
"""False non-match rate by score, cross-validated (``benchmarks/fit_iris.py score``)."""


def risk(measures: Mapping[str, Measure]) -> dict[str, float]:
    """Return the rise of the log-odds of failure by measure, largest first."""
    total: dict[str, float] = {}
    for terms in (FITTED, POLICY):
        for name, term in terms.items():
            # what only the full level measures is not held against the fast one
            known = name in FITTED or measures[name].value is not None
            rise = term(measures[name].value) if known else 0.0
            total[name] = total.get(name, 0.0) + rise
    return dict(sorted(total.items(), key=lambda item: -item[1]))


def score(measures: Mapping[str, Measure]) -> tuple[int, dict[str, float]]:
    """Score an eye.

    Parameters
    ----------
    measures : Mapping of str to Measure
        All measures of `measures.measure_eye`.

    Returns
    -------
    int
        0 to 100, higher is better.
    dict of str to float
        What each measure takes from 100, in points (negative), largest first.
    """
    points = {name: -100.0 * rise / WORST for name, rise in risk(measures).items()}
    return int(np.clip(round(100.0 + sum(points.values())), 0, 100)), points


def expected_fnmr(value: int) -> float:
    """Tell the false non-match rate to expect at a score, at a false match rate of 1 %.

    From cross-validated scores of the development captures: the rate among comparisons whose
    worse capture has about this score. It holds for those cameras and comparators; elsewhere
    it tells which of two scores is the riskier, not how often a comparison will fail.
    """
    at, rate = zip(*EXPECTED_FNMR, strict=True)
    return float(np.exp(np.interp(value, at, np.log(rate))))
