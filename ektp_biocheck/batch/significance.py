"""Is it more than chance? Tests and corrections, each with its source."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

__all__ = [
    "benjamini_hochberg",
    "binomial_limits",
    "binomial_tails",
    "fewer_runs",
    "fisher",
    "holm",
    "longest_run_chance",
    "mann_whitney",
    "sign_test",
    "wilcoxon",
]


def fisher(a: float, n: float, b: float, m: float) -> float:
    """Return Fisher's exact two-sided p that `a` of `n` and `b` of `m` share one rate.

    Counts may be divided by a design effect; they are rounded to the nearest whole ones.
    """
    from scipy.stats import fisher_exact

    first, second = round(n), round(m)
    hits, others = min(round(a), first), min(round(b), second)
    return float(fisher_exact([[hits, first - hits], [others, second - others]])[1])


def binomial_limits(n: int, rate: float, level: float) -> tuple[float, float]:
    """Return the shares between which `level` of the draws of `n` at `rate` lie (funnel plot).

    References
    ----------
    Spiegelhalter 2005, doi:10.1002/sim.1970
    """
    from scipy.stats import binom

    tail = (1 - level) / 2
    return float(binom.ppf(tail, n, rate)) / n, float(binom.ppf(1 - tail, n, rate)) / n


def binomial_tails(events: int, n: int, rate: float) -> tuple[float, float]:
    """Return the chances of at most and of at least `events` of `n` at `rate`."""
    from scipy.special import bdtr, bdtrc

    at_least = 1.0 if events == 0 else float(bdtrc(events - 1, n, rate))
    return float(bdtr(events, n, rate)), at_least


def sign_test(ups: int, downs: int) -> float:
    """Return the exact two-sided p that ups and downs are equally likely.

    On persons (or files) whose flag changed between two runs this is McNemar's exact test.
    """
    n = ups + downs
    if n == 0:
        return 1.0
    return min(1.0, 2 * binomial_tails(min(ups, downs), n, 0.5)[0])


def wilcoxon(differences: ArrayLike) -> float:
    """Return the two-sided p of the signed-rank test that differences centre on zero."""
    from scipy.stats import wilcoxon as test

    array = np.asarray(differences, float)
    array = array[array != 0]
    return float(test(array).pvalue) if array.size else 1.0


def mann_whitney(first: ArrayLike, second: ArrayLike) -> tuple[float, float]:
    """Return the chance that one of `second` is higher than one of `first`, and its p.

    The chance counts ties as half: 0.5 is no difference, 1 all higher.
    """
    from scipy.stats import mannwhitneyu

    a, b = np.asarray(first, float), np.asarray(second, float)
    if not (a.size and b.size):
        return 0.5, 1.0
    result = mannwhitneyu(b, a)
    p = float(result.pvalue)
    return float(result.statistic) / (a.size * b.size), 1.0 if math.isnan(p) else p


def holm(chances: Sequence[float]) -> list[float]:
    """Return p values corrected so that one false finding among all stays below the level.

    References
    ----------
    Holm 1979, https://www.jstor.org/stable/4615733
    """
    order = np.argsort(np.asarray(chances, float), kind="stable")
    corrected, highest = [0.0] * len(chances), 0.0
    for place, index in enumerate(order.tolist()):
        highest = max(highest, min(1.0, chances[index] * (len(chances) - place)))
        corrected[index] = highest
    return corrected


def benjamini_hochberg(chances: Sequence[float]) -> list[float]:
    """Return p values corrected so that few of the findings (the level's share) are false.

    References
    ----------
    Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x
    """
    order = np.argsort(np.asarray(chances, float), kind="stable")[::-1]
    corrected, lowest, m = [0.0] * len(chances), 1.0, len(chances)
    for place, index in enumerate(order.tolist()):
        lowest = min(lowest, chances[index] * m / (m - place))
        corrected[index] = lowest
    return corrected


def longest_run_chance(n: int, length: int, rate: float) -> float:
    """Return the chance of `length` or more hits in a row somewhere in `n` trials at `rate`."""
    if length <= 0:
        return 1.0
    if n < length or rate <= 0:
        return 0.0
    # none[i]: chance that the first i trials hold no such run; a run that ends at i for the
    # first time is `length` hits after a miss, or the very first trials.
    none = [1.0] * (n + 1)
    chance = 0.0  # summed by itself: one minus none[n] would lose what is small
    for i in range(length, n + 1):
        ending = rate**length
        if i > length:
            ending *= (1 - rate) * none[i - length - 1]
        none[i] = max(0.0, none[i - 1] - ending)
        chance += ending
    return min(1.0, chance)


def fewer_runs(flags: Sequence[bool]) -> float:
    """Return the chance of as few runs as in `flags` if their order were random.

    A small chance says that the flagged ones follow each other.

    References
    ----------
    Wald and Wolfowitz 1940, doi:10.1214/aoms/1177731909
    """
    hits = sum(map(bool, flags))
    misses = len(flags) - hits
    if not hits or not misses:
        return 1.0
    seen = 1 + sum(bool(a) != bool(b) for a, b in pairwise(flags))
    orders = math.comb(len(flags), hits)
    as_few = 0
    for runs in range(2, seen + 1):
        half, odd = divmod(runs, 2)
        one = math.comb(hits - 1, half - 1) * math.comb(misses - 1, half - 1 + odd)
        other = math.comb(hits - 1, half - 1 + odd) * math.comb(misses - 1, half - 1)
        as_few += one + other
    return as_few / orders
