"""The answer first: how many captures need a person, where, and what to do about it."""

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ektp_biocheck import defects
from ektp_biocheck.batch.fields import day_of
from ektp_biocheck.batch.needs import Need
from ektp_biocheck.batch.report.captures import failure_told, other_person, twins
from ektp_biocheck.batch.report.groups import Group, Grouping, defect_in_excess
from ektp_biocheck.batch.report.streaks import Streak
from ektp_biocheck.batch.report.trend import Trend
from ektp_biocheck.batch.report.view import View, modality_name, shown, title_of
from ektp_biocheck.batch.statistics import Estimate

__all__ = ["Finding", "Tile", "answer", "findings", "tiles"]

_MOST = 6


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure that stands large."""

    figure: str
    label: Markup
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to do, and why."""

    text: Markup
    advice: str = ""


def answer(view: View, stations: Grouping) -> list[Markup]:
    """Return the answer in one or two sentences."""
    words, n = view.words, len(view.rows)
    events = sum(need.person for need in view.needs)
    if n == 0:
        return [words("nothing")]
    if events == 0:
        return [words("all_fine", n=words.integer(n))]
    share = words.percent(events / n)
    told = [words("answer", events=words.integer(events), n=words.integer(n), share=share)]
    worst = worst_station(stations)
    if worst is not None:
        told.append(
            words(
                "most_at",
                station=shown(worst.name),
                events=words.integer(worst.events),
                n=words.integer(worst.n),
                why=_mostly(view, worst.defect),
            )
        )
    elif len(stations.ranked) > 1:
        told.append(words("none_apart"))
    return told


def worst_station(stations: Grouping) -> Group | None:
    """Return the station with most captures in excess among those clearly above the others."""
    above = [group for group in stations.ranked if group.apart > 0]
    return max(above, key=lambda group: group.excess, default=None)


def tiles(view: View) -> list[Tile]:
    """Return the figures that stand large."""
    words, needs = view.words, Counter(view.needs)
    events = sum(need.person for need in view.needs)
    found = [Tile(words.integer(events), words("tile_person"), "bad" if events else "good")]
    for need, key in (
        (Need.NO_SCORE, "tile_no_score"),
        (Need.HARD, "tile_hard"),
        (Need.BELOW, "tile_below"),
    ):
        if need is not Need.BELOW or view.limits.accept:
            found.append(Tile(words.integer(needs[need]), words(key)))
    for modality in view.modalities():
        scores = [r.score for r in view.rows if r.modality == modality and r.score is not None]
        if scores:
            middle = words.integer(round(statistics.median(scores)))
            name = modality_name(modality, view.lang)
            found.append(Tile(middle, words("tile_median", modality=name)))
    return found


def findings(
    view: View, stations: Grouping, days: Trend, streaks: Sequence[Streak]
) -> list[Finding]:
    """Return what to do first, what touches most people before the rest."""
    words = view.words
    found = [_streak(view, streak) for streak in streaks[:3]]
    covered = {streak.station for streak in streaks[:3]}
    for group in stations.ranked:
        if group.apart > 0 and group.name not in covered:
            text = words(
                "first_station",
                station=shown(group.name),
                share=words.percent(group.rate.value),
                elsewhere=words.percent(group.against),
                why=_mostly(view, group.defect),
            )
            found.append(Finding(text, _advice(view, group.defect)))
    causes = _causes(view)
    for day in days.days:
        if day.outside and day.high is not None and day.value > day.high:
            text = words(
                "first_day",
                day=words.day(day.day, year=True),
                share=words.percent(day.value),
                limits=words.span(Estimate(day.value, day.low, day.high, day.n), rate=True),
                why=_mostly(view, causes.get(day.day)),
            )
            found.append(Finding(text, _advice(view, causes.get(day.day))))
    return found[: _MOST - 2] + _files(view)


def _files(view: View) -> list[Finding]:
    """Return what is wrong with files rather than captures."""
    words, found = view.words, []
    reasons = Counter(
        failure_told(row, view.lang) for row in view.rows if row.status == "UNREADABLE"
    )
    if reasons:
        reason = reasons.most_common(1)[0][0]
        n = words.integer(reasons.total())
        found.append(Finding(words("first_unread", n=n, reason=reason)))
    strangers = sum(other_person(row, first) is True for row, first in twins(view.rows))
    if strangers:
        found.append(Finding(words("first_twins", n=words.integer(strangers))))
    return found


def _streak(view: View, streak: Streak) -> Finding:
    words = view.words
    begins, ends = streak.begins[:10], streak.ends[:10]
    when = words.day(begins) if begins == ends else f"{words.day(begins)} – {words.day(ends)}"
    text = words(
        "first_streak",
        device=place_of(streak),
        defect=title_of(streak.code, view.lang),
        n=words.integer(streak.longest),
        when=when,
    )
    return Finding(text, _advice(view, streak.code))


def place_of(streak: Streak) -> Markup:
    """Return where a streak happened, in as few words as tell it."""
    if not streak.device or not streak.station or streak.station in streak.device:
        return shown(streak.device or streak.station)
    return shown(f"{streak.station} · {streak.device}")


def _causes(view: View) -> dict[str, str]:
    """Return the defect most in excess of each day."""
    timed = [
        (row, need, day)
        for row, need in zip(view.rows, view.needs, strict=True)
        if (day := day_of(row.captured_at))
    ]
    if not timed:
        return {}
    rows, needs, names = zip(*timed, strict=True)
    return defect_in_excess(rows, needs, names)


def _mostly(view: View, code: str | None) -> Markup:
    return Markup("") if code is None else view.words("mostly", defect=title_of(code, view.lang))


def _advice(view: View, code: str | None) -> str:
    return defects.advice(code, view.lang) if code in defects.CATALOGUE and code else ""
