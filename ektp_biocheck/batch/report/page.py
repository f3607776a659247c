"""One HTML page of a run: nothing is fetched, nothing from outside is taken for markup."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

import ektp_biocheck
from ektp_biocheck.batch.fields import day_of
from ektp_biocheck.batch.needs import Limits, need_of
from ektp_biocheck.batch.report import sections
from ektp_biocheck.batch.report.captures import captures_table, twins_table
from ektp_biocheck.batch.report.findings import answer, findings, tiles
from ektp_biocheck.batch.report.groups import FEWEST, GROUPINGS, Grouping, group_by
from ektp_biocheck.batch.report.streaks import find_streaks, orderable
from ektp_biocheck.batch.report.text import TEXTS
from ektp_biocheck.batch.report.trend import rate_trend, score_trend
from ektp_biocheck.batch.report.view import View, modality_name, shown
from ektp_biocheck.batch.report.words import Words
from ektp_biocheck.batch.results import Run
from ektp_biocheck.batch.statistics import design_effect
from ektp_biocheck.batch.thresholds import what_if
from ektp_biocheck.batch.where import Filter
from ektp_biocheck.lang import Lang

if TYPE_CHECKING:
    import jinja2

__all__ = ["build_page", "render"]


def build_page(
    run: Run,
    *,
    lang: Lang,
    limits: Limits,
    where: Filter | None = None,
    pictures: Mapping[str, str] | None = None,
) -> str:
    """Return the report of a run as one HTML page.

    Parameters
    ----------
    run : Run
        As `read_run` gives it.
    lang : {"id", "en"}
        Language of the page.
    limits : Limits
        Thresholds; without them low scores are not counted as in need of a person.
    where : Filter, optional
        Which captures the page is about.
    pictures : Mapping[str, str], optional
        ``data:`` addresses of small pictures, by path.

    Returns
    -------
    str
        HTML that needs no network and whose policy (CSP) forbids it any.
    """
    words = Words(lang, TEXTS)
    notices = []
    rows = run.rows
    if where is not None:
        selection = where.select(run.rows)
        rows = tuple(selection.rows)
        gaps = {"kept": words.integer(len(rows)), "all": words.integer(len(run.rows))}
        notices.append(words("filtered", text=shown(where.text), **gaps))
        if selection.undecided:
            notices.append(words("undecided", n=words.integer(selection.undecided)))
    view = View(rows, [need_of(row, limits) for row in rows], limits, words, pictures or {})
    notices += _notices(view)
    return render("page.html", words, title=words("title"), notices=notices, **_content(view, run))


def render(template: str, words: Words, **content: Any) -> str:  # noqa: ANN401
    """Fill a template of this package; style and script go in with their hashes in the CSP."""
    style, script = _text("style.css"), _text("table.js")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        _environment()
        .get_template(template)
        .render(
            t=words,
            lang=words.lang,
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=policy,
            **content,
        )
    )


def _notices(view: View) -> list[Markup]:
    words, limits = view.words, view.limits
    notices = []
    if limits.accept:
        bars = ", ".join(
            f"{modality_name(m, view.lang)} {limits.accept[m]}"
            for m in view.modalities()
            if m in limits.accept
        )
        notices.append(words("with_policy", name=shown(limits.name), bars=bars))
    else:
        notices.append(words("no_policy"))
    used = {(row.modality, row.algorithm) for row in view.rows if row.algorithm}
    for modality, algorithm in sorted((m, str(a)) for m, a in used):
        if not limits.meant_for(modality, algorithm):
            name = modality_name(modality, view.lang)
            notices.append(words("other_scorer", modality=name, algorithm=shown(algorithm)))
    if view.pictures:
        notices.append(words("pictures_warning"))
    return notices


def _content(view: View, run: Run) -> dict[str, Any]:
    groupings = {key: group_by(view.rows, view.needs, key) for key in GROUPINGS}
    days = rate_trend(view.rows, view.needs)
    streaks = find_streaks(view.rows)
    stations = groupings["station"]
    levels = {whole.modality: whole for whole in what_if(view.rows, view.limits)}
    started = day_of(str(run.summary.get("started", "")))
    words = view.words
    return {
        "subtitle": words(
            "run_of",
            files=words.integer(len(run.rows)),
            day=words.day(started, year=True) if started else "–",
        ),
        "answer": answer(view, stations),
        "tiles": tiles(view),
        "findings": findings(view, stations, days, streaks),
        "captures": captures_table(view),
        "defects": sections.defects_table(view, _effects(view)),
        "scores": [sections.score_card(view, levels[m]) for m in view.modalities()],
        "boxes": sections.position_boxes(view),
        "groups": [
            (key, sections.group_table(view, groupings[key]) if told(groupings[key]) else None)
            for key in GROUPINGS
        ],
        "trends": _trends(view, days),
        "streaks": sections.streaks_table(view, streaks),
        "streaks_possible": orderable(view.rows) > 0,
        "twins": twins_table(view),
        "effect": words.decimal(stations.effect),
        "least": FEWEST,
        "version": ektp_biocheck.__version__,
        "algorithms": ", ".join(sorted({str(r.algorithm) for r in view.rows if r.algorithm})),
    }


def told(grouping: Grouping) -> bool:
    """Tell whether the captures say anything about this kind of group."""
    return bool(grouping.ranked or grouping.small)


def _trends(view: View, days: Any) -> list[sections.Card]:  # noqa: ANN401
    if not days.days:
        return []
    words = view.words
    cards = [sections.trend_card(view, days, words("trend_rate"), rate=True)]
    for modality in view.modalities():
        trend = score_trend(view.rows, modality)
        if len(trend.days) > 1:
            name = modality_name(modality, view.lang)
            title = words("trend_score", modality=name)
            cards.append(sections.trend_card(view, trend, title, rate=False))
    return cards


def _effects(view: View) -> dict[str, float]:
    """Return by modality how much captures of one person share their defects."""
    effects = {}
    for modality in view.modalities():
        inside = [row for row in view.rows if row.modality == modality]
        flags = [float(bool(row.defects)) for row in inside]
        effects[modality] = design_effect(flags, [0] * len(inside), [r.person for r in inside])
    return effects


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@cache
def _text(name: str) -> str:
    text = files("ektp_biocheck.batch.report").joinpath(name).read_text("utf-8")
    return text.replace("\r\n", "\n")  # browsers hash with plain line feeds


@cache
def _environment() -> "jinja2.Environment":
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
