"""Figures with their intervals, each with its source; tests stand in `significance`.

Captures of one person resemble each other, so twenty captures of two persons tell less than
twenty of twenty. Where persons are known, `design_effect` says by how much, and intervals and
tests work with n divided by it (Kish 1965, "Survey Sampling", section 5.4).
"""

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Clusters",
    "Estimate",
    "bootstrap_mean",
    "design_effect",
    "mean_difference",
    "mean_estimate",
    "rate_difference",
    "rate_estimate",
]

LEVEL = 0.95
_REDRAWS = 2000


class Estimate(NamedTuple):
    """A figure with its interval of 95 % confidence, from `n` captures.

    `value`, `low` and `high` are ``None`` when `n` is too small for them.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


def rate_estimate(events: int, n: int, effect: float = 1.0) -> Estimate:
    """Estimate a rate, 0 to 1, with Wilson's interval.

    Parameters
    ----------
    events, n : int
        How many of how many.
    effect : float
        Design effect, 1 or more; the interval is that of ``n / effect``.

    Returns
    -------
    Estimate
        Without figures when `n` is 0.

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953
    """
    return Estimate(*_wilson(events, n, effect), n) if n else Estimate(None, None, None, 0)


def _wilson(events: int, n: int, effect: float) -> tuple[float, float, float]:
    rate, size, z = events / n, n / effect, _z()
    middle = (rate + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * math.sqrt(rate * (1 - rate) / size + (z / (2 * size)) ** 2)
    # At the ends of the scale rounding leaves a trace; the interval includes them exactly.
    low = 0.0 if events == 0 else middle - half
    high = 1.0 if events == n else middle + half
    return rate, low, high


def mean_estimate(values: ArrayLike, effect: float = 1.0) -> Estimate:
    """Estimate a mean with Student's interval; without one when there are fewer than two."""
    array = np.asarray(values, float)
    if array.size == 0:
        return Estimate(None, None, None, 0)
    mean, size = float(array.mean()), array.size / effect
    if array.size < 2 or size <= 1:
        return Estimate(mean, None, None, array.size)
    from scipy.special import stdtrit

    error = float(array.std(ddof=1)) / math.sqrt(size)
    half = float(stdtrit(size - 1, (1 + LEVEL) / 2)) * error
    return Estimate(mean, mean - half, mean + half, array.size)


def bootstrap_mean(sums: ArrayLike, counts: ArrayLike, *, seed: int = 1) -> Estimate:
    """Estimate a mean over captures by redrawing persons.

    Parameters
    ----------
    sums, counts : (P,) float
        Per person, the sum over its captures and their number.
    seed : int
        The same persons give the same interval.

    Returns
    -------
    Estimate
        Percentile interval of 2,000 redraws.

    References
    ----------
    Davison and Hinkley 1997, "Bootstrap Methods and their Application", section 3.8
    """
    total, number = np.asarray(sums, float), np.asarray(counts, float)
    n = int(number.sum())
    if n == 0:
        return Estimate(None, None, None, 0)
    value = float(total.sum() / n)
    if total.size < 2:
        return Estimate(value, None, None, n)
    generator = np.random.default_rng(seed)
    means = np.empty(_REDRAWS)
    for redraw in range(_REDRAWS):
        drawn = generator.integers(0, total.size, total.size)
        means[redraw] = total[drawn].sum() / number[drawn].sum()
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high), n)


class Clusters:
    """Which captures are of one person, and what they are compared by.

    Parameters
    ----------
    groups : sequence of N
        What the captures are compared by; deviations are taken from the mean of the group.
    persons : sequence of N
        Whose captures they are; ``None`` when unknown, then each counts as one person's.
    """

    def __init__(self, groups: Sequence[Hashable], persons: Sequence[Hashable | None]) -> None:
        self.group = _codes(groups)
        self.person = _codes(
            [
                (g, p if p is not None else ("capture", place))
                for place, (g, p) in enumerate(zip(self.group.tolist(), persons, strict=True))
            ]
        )

    def effect(self, values: ArrayLike) -> float:
        """Return the design effect for `values`; see `design_effect`."""
        array = np.asarray(values, float)
        if array.size == 0:
            return 1.0
        means = np.bincount(self.group, weights=array) / np.bincount(self.group)
        deviations = array - means[self.group]
        alone = float((deviations**2).sum())
        together = float((np.bincount(self.person, weights=deviations) ** 2).sum())
        return max(1.0, together / alone) if alone > 1e-12 else 1.0


def mean_difference(a: Estimate, b: Estimate) -> Estimate:
    """Estimate ``b - a`` of two separate means, from their intervals (Welch's, large samples)."""
    if a.value is None or b.value is None:
        return Estimate(None, None, None, min(a.n, b.n))
    value = b.value - a.value
    if a.high is None or b.high is None:
        return Estimate(value, None, None, min(a.n, b.n))
    half = math.hypot(a.high - a.value, b.high - b.value)
    return Estimate(value, value - half, value + half, min(a.n, b.n))


def design_effect(
    values: ArrayLike, groups: Sequence[Hashable], persons: Sequence[Hashable | None]
) -> float:
    """Return how much less captures tell because several are of one person; 1 or more.

    Parameters
    ----------
    values : (N,) float
        A score, or 1 and 0 for a flag.
    groups, persons : sequences of N
        See `Clusters`.

    Returns
    -------
    float
        The variance of the groups' means over persons, against that over captures, pooled.
        At least 1: that captures of one person differ more than chance is not relied upon.
    """
    return Clusters(groups, persons).effect(values)


def rate_difference(a: int, n: int, b: int, m: int, effect: float = 1.0) -> Estimate:
    """Estimate ``b/m - a/n`` of two separate samples, with Newcombe's interval (his method 10).

    References
    ----------
    Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I
    """
    if not (n and m):
        return Estimate(None, None, None, min(n, m))
    rate, low, high = _wilson(a, n, effect)
    other, other_low, other_high = _wilson(b, m, effect)
    value = other - rate
    least = value - math.hypot(other - other_low, high - rate)
    most = value + math.hypot(other_high - other, rate - low)
    return Estimate(value, least, most, min(n, m))


def _z() -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + LEVEL) / 2)


def _codes(keys: Sequence[Hashable]) -> NDArray[np.intp]:
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], np.intp)
