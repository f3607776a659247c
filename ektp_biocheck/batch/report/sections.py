"""The sections between the captures and the method: defects, scores, groups, days, devices."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ektp_biocheck import defects
from ektp_biocheck.batch.report import charts
from ektp_biocheck.batch.report.findings import place_of
from ektp_biocheck.batch.report.groups import FEWEST, Group, Grouping
from ektp_biocheck.batch.report.streaks import Streak
from ektp_biocheck.batch.report.trend import ENOUGH_DAYS, Trend
from ektp_biocheck.batch.report.view import (
    Cell,
    Head,
    Table,
    View,
    modality_name,
    position_name,
    shown,
    title_of,
)
from ektp_biocheck.batch.statistics import Estimate, rate_estimate
from ektp_biocheck.batch.thresholds import WhatIf
from ektp_biocheck.positions import SINGLE_FINGERS, SLAPS

__all__ = [
    "Card",
    "defects_table",
    "group_table",
    "position_boxes",
    "score_card",
    "streaks_table",
    "trend_card",
]

_MOST_GROUPS = 30
_POSITIONS = [finger.name.lower() for finger in (*SINGLE_FINGERS, *SLAPS)]
_POSITIONS += ["right_eye", "left_eye"]


@dataclass(frozen=True, slots=True)
class Card:
    """A chart or two with a title, a line of facts, and the figures behind them."""

    title: object
    pictures: Sequence[Markup]
    facts: object = ""
    table: Table | None = None


def defects_table(view: View, effects: dict[str, float]) -> Table:
    """Return every defect that occurs, the most frequent first."""
    words, lang = view.words, view.lang
    counts, hard, kinds = Counter[str](), Counter[str](), Counter(r.modality for r in view.rows)
    of: dict[str, str] = {}
    for row in view.rows:
        counts.update(set(row.defects))
        hard.update(set(row.hard))
        of |= dict.fromkeys(row.defects, row.modality)
    heads = [
        Head(words("defect")),
        Head(words("captures_head"), "number"),
        Head(words("of_these_hard"), "chart", False),
        Head(words("share"), "number"),
        Head(words("cured_by")),
        Head(words("advice"), "", False),
    ]
    most = max(counts.values(), default=0)
    rows = []
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        info = defects.CATALOGUE.get(code)
        share = rate_estimate(count, kinds[of[code]], effects.get(of[code], 1.0))
        told = words("defect_bar", count=words.integer(count), hard=words.integer(hard[code]))
        rows.append(
            [
                Cell(
                    Markup("{} <code>{}</code>").format(title_of(code, lang), code),
                    title_of(code, lang),
                ),
                Cell(words.integer(count), str(count)),
                Cell(charts.share_bar(count, hard[code], most, told)),
                Cell(_with_span(view, share), str(share.value)),
                Cell(words(f"by_{info.cured_by}") if info else "–"),
                Cell(defects.advice(code, lang) if info else "–"),
            ]
        )
    return Table("defects", words("defects_title"), heads, rows)


def score_card(view: View, what_if: WhatIf) -> Card:
    """Return the distribution of one modality's scores, and what each threshold would cost."""
    words, modality = view.words, what_if.modality
    name = modality_name(modality, view.lang)
    scores = [r.score for r in view.rows if r.modality == modality and r.score is not None]
    accept = view.limits.accept.get(modality)
    thresholds = [level.threshold for level in what_if.levels]
    rates = [level.retake for level in what_if.levels]
    pictures = [
        charts.histogram(scores, accept, words, words("histogram", modality=name)),
        charts.below_curve(thresholds, rates, accept, words, words("curve", modality=name)),
    ]
    facts = ""
    if scores:
        low, high = np.percentile(scores, [5, 95])
        facts = words(
            "score_facts",
            n=words.integer(len(scores)),
            mean=words.decimal(what_if.scores.value),
            span=words.span(what_if.scores),
            low=words.integer(round(low)),
            high=words.integer(round(high)),
            without=words.integer(what_if.unscored),
        )
    heads = [
        Head(words("threshold"), "number", False),
        Head(words("to_retake"), "number", False),
        Head(words("interval"), "", False),
    ]
    tens = [level for level in what_if.levels if level.threshold % 10 == 0]
    rows = [
        [
            Cell(level.threshold),
            Cell(words.percent(level.retake.value)),
            Cell(words.span(level.retake, rate=True)),
        ]
        for level in tens
    ]
    table = Table(f"levels-{modality}", words("curve", modality=name), heads, rows)
    return Card(name[:1].upper() + name[1:], pictures, facts, table)


def position_boxes(view: View) -> Markup | None:
    """Return the spread of scores by finger and eye; ``None`` when no position is told."""
    scores: dict[tuple[str, str], list[int]] = {}
    for row in view.rows:
        if row.position and row.score is not None:
            scores.setdefault((row.modality, row.position), []).append(row.score)
    if not scores:
        return None
    place = {name: at for at, name in enumerate(_POSITIONS)}
    lines = []
    for modality, position in sorted(scores, key=lambda k: (place.get(k[1], 99), k)):
        inside = scores[modality, position]
        a, b, c, d, e = np.percentile(inside, [5, 25, 50, 75, 95]).round().astype(int).tolist()
        lines.append(
            charts.Box(
                position_name(position, modality, view.lang),
                len(inside),
                (a, b, c, d, e),
                len(inside) < FEWEST,
                view.limits.accept.get(modality),
            )
        )
    return charts.boxes(lines, view.words, view.words("fingers_title"))


def group_table(view: View, grouping: Grouping) -> Table:
    """Return the groups of one kind, the highest rate first."""
    words, key = view.words, grouping.key
    modalities = [
        modality
        for modality in view.modalities()
        if any(modality in group.means for group in grouping.ranked)
    ]
    heads = [
        Head(words(key), "name"),
        Head(words("captures_head"), "number"),
        Head(words("need_rate"), "number"),
        Head(words("interval"), "chart", False),
        Head(words("against")),
        *(
            Head(words("mean_of", modality=modality_name(modality, view.lang)), "number")
            for modality in modalities
        ),
        Head(words("mainly")),
    ]
    ranked = grouping.ranked[:_MOST_GROUPS]
    most = max((g.rate.high or 0.0 for g in ranked), default=0.0)
    rows = [_group_row(view, group, grouping.overall, most, modalities, key) for group in ranked]
    # Captions that a device's operators share with other keys have a suffix of their own.
    title = {"device": "by_device_head", "operator": "by_operator_head"}.get(key, f"by_{key}")
    return Table(f"by-{key}", words(title), heads, rows, _group_notes(view, grouping))


def _group_row(
    view: View,
    group: Group,
    overall: Estimate,
    most: float,
    modalities: Sequence[str],
    key: str,
) -> list[Cell]:
    words = view.words
    name: object = shown(group.name)
    order = None
    if key == "position":
        name, order = position_name(group.name, "", view.lang), f"{_order(group.name):02}"
    told = words(
        "forest",
        name=group.name if key != "position" else name,
        share=words.percent(group.rate.value),
        span=words.span(group.rate, rate=True),
    )
    against = {1: "above", 0: "alike", -1: "below"}[group.apart]
    verdict = Markup('<span class="{}">{}</span>').format(against, words(against))
    means = []
    for modality in modalities:
        mean = group.means.get(modality)
        if mean is None or mean.value is None:
            means.append(Cell("–", ""))
            continue
        means.append(Cell(words.with_error(mean), str(mean.value)))
    defect = title_of(group.common, view.lang) if group.common else "–"
    return [
        Cell(name, order),
        Cell(words.integer(group.n), str(group.n)),
        Cell(_with_span(view, group.rate), str(group.rate.value)),
        Cell(charts.forest(group.rate, overall, most, told)),
        Cell(verdict, str(-group.apart)),
        *means,
        Cell(defect),
    ]


def _with_span(view: View, rate: Estimate) -> Markup:
    figure = Markup('{} <span class="span">({})</span>')
    return figure.format(view.words.percent(rate.value), view.words.span(rate, rate=True))


def _order(position: str) -> int:
    return _POSITIONS.index(position) if position in _POSITIONS else 99


def _group_notes(view: View, grouping: Grouping) -> list[object]:
    words, key = view.words, grouping.key
    notes: list[object] = []
    if key == "operator":
        notes.append(words("operator_caution"))
    if len(grouping.ranked) > _MOST_GROUPS:
        n = words.integer(len(grouping.ranked))
        notes.append(words("groups_cut", shown=_MOST_GROUPS, all=n))
    if grouping.small and key == "operator":
        notes.append(words("few_hidden", n=words.integer(len(grouping.small)), least=FEWEST))
    elif grouping.small:
        names = Markup(", ").join(
            Markup("{} ({})").format(
                position_name(group.name, "", view.lang)
                if key == "position"
                else shown(group.name),
                group.n,
            )
            for group in grouping.small[:_MOST_GROUPS]
        )
        names += " …" if len(grouping.small) > _MOST_GROUPS else ""
        notes.append(words("few_title", least=FEWEST, names=names))
    if grouping.unknown:
        notes.append(words("group_unknown", n=words.integer(grouping.unknown)))
    return notes


def trend_card(view: View, trend: Trend, title: Markup, *, rate: bool) -> Card:
    """Return a control chart with the figures behind it."""
    words = view.words
    facts: list[Markup] = []
    if trend.centre is None:
        facts.append(words("trend_none", days=ENOUGH_DAYS))
    elif rate and trend.spread > 1.05:
        facts.append(words("trend_spread", spread=words.decimal(trend.spread)))
    if trend.unknown:
        facts.append(words("trend_unknown", n=words.integer(trend.unknown)))
    heads = [
        Head(words("day"), "", False),
        Head(words("captures_head"), "number", False),
        Head(words("need_rate" if rate else "score"), "number", False),
        Head(words("limits"), "", False),
        Head(words("beyond"), "", False),
    ]
    rows = []
    for day in trend.days:
        limits = Estimate(day.value, day.low, day.high, day.n)
        sign = words("sign_out") if day.outside else words("sign_run") if day.run else ""
        rows.append(
            [
                Cell(words.day(day.day, year=True)),
                Cell(words.integer(day.n)),
                Cell(words.percent(day.value) if rate else words.decimal(day.value)),
                Cell(words.span(limits, rate=rate)),
                Cell(sign),
            ]
        )
    table = Table("", title, heads, rows)
    chart = charts.trend_chart(trend, words, title, rate=rate)
    return Card(title, [chart], Markup(" ").join(facts), table)


def streaks_table(view: View, streaks: Sequence[Streak]) -> Table:
    """Return the devices at which a fault stays while the persons change."""
    words = view.words
    keys = ("device", "defect", "in_a_row", "from_to", "affected", "elsewhere", "chance")
    numbers = ("in_a_row", "affected", "elsewhere", "chance")
    heads = [Head(words(key), "number" if key in numbers else "") for key in keys]
    heads.append(Head(words("runs_test"), "number"))
    rows = []
    for streak in streaks[:_MOST_GROUPS]:
        people = {
            "affected": words.integer(streak.affected),
            "persons": words.integer(streak.persons),
        }
        when = [time[:16].replace("T", " ") for time in (streak.begins, streak.ends)]
        rows.append(
            [
                Cell(place_of(streak)),
                Cell(title_of(streak.code, view.lang)),
                Cell(words.integer(streak.longest), str(streak.longest)),
                Cell(shown(" – ".join(when))),
                Cell(words("of_persons", **people), str(streak.affected)),
                Cell(words.percent(streak.elsewhere), str(streak.elsewhere or 0.0)),
                Cell(words.chance(streak.chance), str(streak.chance)),
                Cell(words.chance(streak.in_order), str(streak.in_order)),
            ]
        )
    return Table("streaks", words("streaks_title"), heads, rows, [words("streaks_how")])
