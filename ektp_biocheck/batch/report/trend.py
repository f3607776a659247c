"""Day by day: what is chance and what is a change, by control charts."""

import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ektp_biocheck.batch.fields import day_of
from ektp_biocheck.batch.needs import Need
from ektp_biocheck.batch.results import Row

__all__ = ["ENOUGH_DAYS", "Day", "Trend", "rate_trend", "score_trend"]

FEWEST = 30  # captures of a day; days with fewer are shown but set no limits
ENOUGH_DAYS = 5  # that set limits; with fewer there are none
RUN = 8  # days on one side of the centre: 1 in 128 by chance
_PER_RANGE = 0.954  # median moving range of a standard normal variable


@dataclass(frozen=True, slots=True)
class Day:
    """One day: its figure, its limits (``None`` without), and whether it is beyond chance."""

    day: str
    n: int
    value: float
    low: float | None = None
    high: float | None = None
    outside: bool = False
    run: bool = False


@dataclass(frozen=True, slots=True)
class Trend:
    """Days in order, their centre, and how many captures carry no day.

    `spread` is how much more the days differ than captures drawn by chance would (1: as much).
    """

    days: tuple[Day, ...]
    centre: float | None
    spread: float
    unknown: int


def rate_trend(rows: Sequence[Row], needs: Sequence[Need]) -> Trend:
    """Return the share of captures that need a person, by day, with limits.

    Notes
    -----
    A p-chart with Laney's widening: limits are ``centre ± 3 · spread · sqrt(p(1-p)/n)``, where
    the spread is estimated from day to day (median moving range, so that one bad day does not
    hide itself) and never taken below 1.

    References
    ----------
    Laney 2002, "Improved control charts for attributes", doi:10.1081/QEN-120006555
    """
    by_day: dict[str, list[bool]] = defaultdict(list)
    unknown = 0
    for row, need in zip(rows, needs, strict=True):
        day = day_of(row.captured_at)
        if day is None:
            unknown += 1
        else:
            by_day[day].append(need.person)
    days = [Day(day, len(f), sum(f) / len(f)) for day, f in sorted(by_day.items())]
    steady = [day for day in days if day.n >= FEWEST]
    if len(steady) < ENOUGH_DAYS:
        return Trend(tuple(days), None, 1.0, unknown)
    centre = sum(day.value * day.n for day in steady) / sum(day.n for day in steady)
    if centre in (0.0, 1.0):
        return Trend(tuple(days), centre, 1.0, unknown)
    errors = {day.day: math.sqrt(centre * (1 - centre) / day.n) for day in days}
    spread = max(1.0, _moving([(day.value - centre) / errors[day.day] for day in steady]))
    limited = [
        replace(
            day,
            low=max(0.0, centre - 3 * spread * errors[day.day]),
            high=min(1.0, centre + 3 * spread * errors[day.day]),
        )
        for day in days
    ]
    return Trend(_marked(limited, centre), centre, spread, unknown)


def score_trend(rows: Sequence[Row], modality: str) -> Trend:
    """Return the mean score of one modality by day, with the limits of an individuals chart.

    References
    ----------
    Shewhart 1931; Montgomery, "Introduction to Statistical Quality Control", section 6.4
    """
    by_day: dict[str, list[int]] = defaultdict(list)
    unknown = 0
    for row in rows:
        if row.modality != modality or row.score is None:
            continue
        day = day_of(row.captured_at)
        if day is None:
            unknown += 1
        else:
            by_day[day].append(row.score)
    days = [Day(day, len(s), statistics.fmean(s)) for day, s in sorted(by_day.items())]
    steady = [day for day in days if day.n >= FEWEST]
    if len(steady) < ENOUGH_DAYS:
        return Trend(tuple(days), None, 1.0, unknown)
    centre = statistics.fmean(day.value for day in steady)
    error = _moving([day.value for day in steady])
    limited = [
        replace(day, low=max(0.0, centre - 3 * error), high=min(100.0, centre + 3 * error))
        if day.n >= FEWEST
        else day
        for day in days
    ]
    return Trend(_marked(limited, centre), centre, error, unknown)


def _moving(values: Sequence[float]) -> float:
    steps = [abs(b - a) for a, b in pairwise(values)]
    return statistics.median(steps) / _PER_RANGE


def _marked(days: Sequence[Day], centre: float) -> tuple[Day, ...]:
    """Mark days beyond their limits and days in a row on one side of the centre."""
    sides = [0 if d.n < FEWEST else (d.value > centre) - (d.value < centre) for d in days]
    marked = []
    for place, day in enumerate(days):
        first = place
        while first > 0 and sides[first - 1] == sides[place] != 0:
            first -= 1
        last = place
        while last + 1 < len(days) and sides[last + 1] == sides[place] != 0:
            last += 1
        known = day.low is not None and day.high is not None and day.n >= FEWEST
        outside = known and not (day.low or 0.0) <= day.value <= (day.high or 0.0)
        marked.append(replace(day, outside=outside, run=last - first + 1 >= RUN))
    return tuple(marked)
