"""The report's charts. Every colour has a second sign beside it: a line, a label, a place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ektp_biocheck.batch.report.svg import Scale, chart, line, path, rect, tag, text
from ektp_biocheck.batch.report.trend import Trend
from ektp_biocheck.batch.report.words import Words
from ektp_biocheck.batch.significance import binomial_limits
from ektp_biocheck.batch.statistics import Estimate

__all__ = [
    "Box",
    "below_curve",
    "boxes",
    "forest",
    "funnel",
    "histogram",
    "share_bar",
    "trend_chart",
]

BIN = 5  # score points
_CARD = 420, 190  # width and height of a chart that stands beside others
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 26, 32


def histogram(scores: Sequence[int], accept: int | None, words: Words, title: str) -> Markup:
    """Return how often each score occurs, with the acceptance threshold."""
    edges = np.arange(0, 100 + BIN, BIN)
    counts = np.histogram(scores, edges)[0]  # the last bin includes 100
    width, height = _CARD
    across = Scale(0, 100, _LEFT, width - _RIGHT)
    top = int(counts.max(initial=1))
    ticks = _ticks(top)
    up = Scale(0, max(top, ticks[-1]), height - _BOTTOM, _TOP)
    parts = [*_rows(ticks, up, width, words.integer), *_score_axis(across, height)]
    for low, count in zip(edges.tolist(), counts.tolist(), strict=False):
        high = 100 if low + BIN == 100 else low + BIN - 1
        told = words("bin", low=low, high=high, count=words.integer(count))
        kind = "bar below" if accept is not None and low < accept else "bar"
        x, y = across(low) + 0.5, up(count)
        parts.append(rect(x, y, across(BIN) - across(0) - 1, up(0) - y, kind, tag("title", told)))
    if accept is not None:
        parts += _threshold(across(accept), height, words("accept_at", score=accept), width)
    return chart(width, height, title, parts)


def below_curve(
    thresholds: Sequence[int],
    rates: Sequence[Estimate],
    accept: int | None,
    words: Words,
    title: str,
) -> Markup:
    """Return the share of captures to be retaken, for every threshold, with its interval."""
    width, height = _CARD
    across = Scale(0, 100, _LEFT, width - _RIGHT)
    up = Scale(0, 1, height - _BOTTOM, _TOP)
    parts = [
        *_rows([0, 0.25, 0.5, 0.75, 1], up, width, words.whole_percent),
        *_score_axis(across, height),
    ]
    known = [
        (across(t), up(r.value), up(r.low or 0.0), up(1.0 if r.high is None else r.high))
        for t, r in zip(thresholds, rates, strict=True)
        if r.value is not None
    ]
    if known:
        band = [(x, low) for x, _, low, _ in known] + [(x, high) for x, *_, high in known[::-1]]
        parts.append(path(band, "band", closed=True))
        parts.append(path([(x, y) for x, y, *_ in known], "curve"))
    if accept is not None and accept in thresholds:
        rate = rates[list(thresholds).index(accept)]
        label = words("share_at", score=accept, share=words.percent(rate.value))
        parts += _threshold(across(accept), height, label, width)
        if rate.value is not None:
            parts.append(tag("circle", cx=across(accept), cy=up(rate.value), r=4, class_="dot"))
    return chart(width, height, title, parts)


@dataclass(frozen=True, slots=True)
class Box:
    """One line of a box chart: its name, how many, and the five quantiles 5 25 50 75 95 %."""

    name: str
    n: int
    quantiles: tuple[float, float, float, float, float]
    few: bool
    accept: int | None


def boxes(rows: Sequence[Box], words: Words, title: str) -> Markup:
    """Return the spread of scores, a line for each position."""
    width, pitch, left, right = 960, 26, 190, 90
    height = _TOP + pitch * len(rows) + _BOTTOM
    across = Scale(0, 100, left, width - right)
    parts = []
    for tick in range(0, 101, 20):
        parts.append(line(across(tick), _TOP, across(tick), height - _BOTTOM, "grid"))
        parts.append(text(across(tick), height - _BOTTOM + 18, tick, "tick"))
    parts.append(text(width - 8, _TOP - 10, words("captures_head"), "tick", "end"))
    for place, row in enumerate(rows):
        y = _TOP + pitch * place + pitch / 2
        low, first, middle, third, high = map(across, row.quantiles)
        kind = "box few" if row.few else "box"
        told = words("box", low=row.quantiles[0], middle=row.quantiles[2], high=row.quantiles[4])
        parts += [
            text(left - 10, y + 4, row.name, "label", "end"),
            line(low, y, high, y, "whisker"),
            rect(first, y - 8, third - first, 16, kind, tag("title", told)),
            line(middle, y - 8, middle, y + 8, "median"),
            text(width - 8, y + 4, words.integer(row.n) + ("*" if row.few else ""), "tick", "end"),
        ]
        if row.accept is not None:
            x = across(row.accept)
            parts.append(line(x, y - pitch / 2, x, y + pitch / 2, "threshold"))
    return chart(width, height, title, parts, "wide")


def forest(rate: Estimate, overall: Estimate, most: float, title: str) -> Markup:
    """Return one rate with its interval on a scale from 0 to `most`, beside the overall rate."""
    width, height = 150, 20
    across = Scale(0, most or 1.0, 4, width - 4)
    parts = []
    if overall.value is not None:
        parts.append(line(across(overall.value), 0, across(overall.value), height, "overall"))
    if rate.value is not None and rate.low is not None and rate.high is not None:
        parts.append(line(across(rate.low), 10, across(min(rate.high, most)), 10, "interval"))
        parts.append(tag("circle", cx=across(rate.value), cy=10, r=4, class_="dot"))
    return chart(width, height, title, parts, "inline")


def share_bar(count: int, hard: int, most: int, title: str) -> Markup:
    """Return a bar of `count`, its `hard` part darker, on a scale up to `most`."""
    width, height = 150, 20
    across = Scale(0, most or 1, 0, width)
    parts = [rect(0, 5, across(count), 10, "bar"), rect(0, 5, across(hard), 10, "bar below")]
    return chart(width, height, title, parts, "inline")


def funnel(
    points: Sequence[tuple[str, int, float, int]], overall: float, words: Words, title: str
) -> Markup:
    """Return rates against numbers, with the limits of chance for each number.

    `points` are (name, number, rate, apart); only those apart are named.
    """
    width, height = 960, 320
    most = max(n for _, n, *_ in points) * 1.05
    across = Scale(0, most, _LEFT + 10, width - _RIGHT - 70)
    steps = sorted({max(5, round(most * k / 60)) for k in range(1, 61)})
    bands = {level: [binomial_limits(n, overall, level) for n in steps] for level in (0.95, 0.998)}
    top = max([rate for *_, rate, _ in points] + [bands[0.95][0][1] * 0.7]) * 1.15
    up = Scale(0, top, height - _BOTTOM, _TOP)
    ticks = [tick for tick in _ticks(top) if tick <= top]
    parts = [*_rows(ticks, up, width - 70, words.percent)]
    for level, kind in ((0.998, "limit"), (0.95, "limit inner")):
        for side in (0, 1):
            ends = [min(band[side], top) for band in bands[level]]
            points_of = [(across(n), up(end)) for n, end in zip(steps, ends, strict=True)]
            parts.append(path(points_of, kind))
            label = words.whole_percent(level) if level == 0.95 else words.percent(level)
            x, y = points_of[-1]
            parts.append(text(x + 6, y + 4, label, "tick", "start"))
    parts.append(line(across(0), up(overall), across(most), up(overall), "centre"))
    for name, n, rate, apart in points:
        told = f"{name}: {words.percent(rate)}, n = {words.integer(n)}"
        kind = "dot out" if apart else "dot"
        parts.append(tag("circle", tag("title", told), cx=across(n), cy=up(rate), r=5, class_=kind))
        if apart:
            parts.append(text(across(n), up(rate) - 10, name, "mark"))
    for tick in _ticks(most):
        if tick <= most:
            label = words.integer(int(tick))
            parts.append(text(across(tick), height - _BOTTOM + 18, label, "tick"))
    return chart(width, height, title, parts, "wide")


def trend_chart(trend: Trend, words: Words, title: str, *, rate: bool) -> Markup:
    """Return a control chart: a dot for each day, its centre and its limits."""
    width, height = 960, 230 if rate else 180
    days = trend.days
    tops = [v for day in days for v in (day.value, day.high) if v is not None]
    bottoms = [v for day in days for v in (day.value, day.low) if v is not None]
    top = max(tops) * 1.08 if rate else min(100.0, max(tops) + 3)
    low, high = (0.0, top or 0.01) if rate else (max(0.0, min(bottoms) - 3), top)
    up = Scale(low, high, height - _BOTTOM, _TOP)
    across = Scale(-0.5, len(days) - 0.5, _LEFT + 10, width - _RIGHT - 70)
    ticks = [tick for tick in _ticks(high, low) if tick <= high]
    parts = [*_rows(ticks, up, width - 70, words.percent if rate else words.integer)]
    half = (across(1) - across(0)) / 2
    limited = [(across(i), d.low, d.high) for i, d in enumerate(days) if d.low is not None]
    if limited:
        lows = [(x + s, up(lo)) for x, lo, _ in limited for s in (-half, half) if lo is not None]
        highs = [(x + s, up(hi)) for x, _, hi in limited for s in (-half, half) if hi is not None]
        parts.append(path(lows + highs[::-1], "band", closed=True))
        parts += [path(lows, "limit"), path(highs, "limit")]
        parts.append(text(highs[-1][0] + 6, highs[-1][1] + 4, words("limit"), "tick", "start"))
    if trend.centre is not None:
        y = up(trend.centre)
        parts.append(line(across(0) - half, y, across(len(days) - 1) + half, y, "centre"))
        parts.append(
            text(across(len(days) - 1) + half + 6, y + 4, words("centre"), "tick", "start")
        )
    parts.append(path([(across(i), up(day.value)) for i, day in enumerate(days)], "trace"))
    for place, day in enumerate(days):
        parts += _day(place, day.day, trend, across, up, words, rate=rate)
    step = max(1, -(-len(days) // 14))
    for place in range(0, len(days), step):
        label = words.day(days[place].day)
        parts.append(text(across(place), height - _BOTTOM + 18, label, "tick"))
    return chart(width, height, title, parts, "wide")


def _day(
    place: int, name: str, trend: Trend, across: Scale, up: Scale, words: Words, *, rate: bool
) -> list[Markup]:
    day = trend.days[place]
    figure = words.percent(day.value) if rate else words.decimal(day.value)
    told = words("day_told", day=words.day(name, year=True), n=words.integer(day.n), figure=figure)
    x, y = across(place), up(day.value)
    kind = "dot out" if day.outside else "dot run" if day.run else "dot"
    parts = [tag("circle", tag("title", told), cx=x, cy=y, r=6 if day.outside else 4, class_=kind)]
    if day.outside:
        below = day.low is not None and day.value < day.low
        parts.append(text(x, y + (20 if below else -12), f"{words.day(name)}: {figure}", "mark"))
    return parts


def _rows(ticks: Sequence[float], up: Scale, width: float, shown: object) -> list[Markup]:
    assert callable(shown)  # noqa: S101 - told the type checker
    parts = []
    for tick in ticks:
        parts.append(line(_LEFT, up(tick), width - _RIGHT, up(tick), "grid"))
        label = shown(int(tick) if float(tick).is_integer() and tick > 1 else tick)
        parts.append(text(_LEFT - 6, up(tick) + 4, label, "tick", "end"))
    return parts


def _score_axis(across: Scale, height: float) -> list[Markup]:
    return [text(across(s), height - _BOTTOM + 18, s, "tick") for s in range(0, 101, 20)]


def _threshold(x: float, height: float, label: object, width: float) -> list[Markup]:
    anchor = "start" if x < width / 2 else "end"
    return [
        line(x, _TOP - 8, x, height - _BOTTOM, "threshold"),
        text(x + (5 if anchor == "start" else -5), _TOP - 10, label, "mark", anchor),
    ]


def _ticks(high: float, low: float = 0.0) -> list[float]:
    """Return round steps from `low` to just above `high`, four or five of them."""
    rough = max((high - low) / 4, 1e-9)
    size = 10.0 ** np.floor(np.log10(rough))
    step = next(float(size * f) for f in (1, 2, 2.5, 5, 10) if size * f >= rough)
    if high > 1:
        step = max(1.0, round(step))
    first = int(np.ceil(low / step))
    return [round(step * k, 6) for k in range(first, int(np.ceil(high / step)) + 1)]
