"""`thresholds`: what would another threshold bring about."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ektp_biocheck.cli.common import lang_option, plain_endings
from ektp_biocheck.cli.reading import filter_of, out_argument, policy_option, where_option, working

if TYPE_CHECKING:
    from rich.table import Table

    from ektp_biocheck.batch.needs import Limits
    from ektp_biocheck.batch.report.words import Words
    from ektp_biocheck.batch.statistics import Estimate
    from ektp_biocheck.batch.thresholds import Level, WhatIf
    from ektp_biocheck.lang import Lang

__all__ = ["thresholds"]

_BY = ("station", "device", "operator", "position", "age_band")


@click.command(short_help="What each acceptance threshold would bring about, by group.")
@out_argument
@click.option(
    "--by",
    type=click.Choice(_BY),
    multiple=True,
    default=("position", "station", "age_band"),
    show_default=True,
    help="Groups to tell apart; may be given several times.",
)
@click.option(
    "--step",
    type=click.IntRange(1, 50),
    default=5,
    show_default=True,
    help="Score points between thresholds.",
)
@where_option
@policy_option
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write every group and threshold into this file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@lang_option
def thresholds(
    out: Path,
    by: tuple[str, ...],
    step: int,
    where: str | None,
    policy: Path | None,
    table: Path | None,
    as_json: bool,
    lang: "Lang",
) -> None:
    """Say for the run in OUT who would be asked again, and who left over, at each threshold.

    \b
    ektp-biocheck thresholds results/
    ektp-biocheck thresholds results/ --where "modality == 'finger'" --by station --step 1
    ektp-biocheck thresholds results/ --csv thresholds.csv

    Retaken: the first capture of a finger, eye or face has no score, a hard defect, or a score
    below the threshold. Fallback: its best attempt stays below, but above the floor of the
    policy, and is kept. Exception: nothing usable. Where fewer attempts were made than the
    policy allows, both ends are given: if each further attempt had helped, and if none had.

    Exit code 0, or 2 for wrong usage.
    """  # noqa: D301 - click reads the backspace
    with plain_endings("The thresholds were not worked out."):
        from ektp_biocheck.batch.needs import limits_of
        from ektp_biocheck.batch.results import read_run
        from ektp_biocheck.batch.thresholds import what_if

        limits = limits_of(policy)
        run = read_run(out)
        chosen = filter_of(where, run)
        rows = run.rows if chosen is None else chosen.select(run.rows).rows
        levels = sorted({*range(0, 101, step), *limits.accept.values()})
        with working(lang):
            found = what_if(rows, limits, thresholds=levels, by=tuple(dict.fromkeys(by)))
        if table is not None:
            _write(table, found)
        if as_json:
            click.echo(json.dumps(_document(found, limits), indent=2, allow_nan=False))
        else:
            _show(found, limits, lang)


def _write(file: Path, found: "Sequence[WhatIf]") -> None:
    from ektp_biocheck.batch.table import atomic

    with atomic(file) as handle:
        writer = csv.writer(handle, lineterminator="\n")
        lines = list(_lines(found))
        writer.writerow(lines[0] if lines else ["modality"])
        writer.writerows(_safe(line.values()) for line in lines)


def _safe(cells: Iterable[Any]) -> list[Any]:
    """Keep group names from outside from being taken for formulas or breaking the line."""
    from ektp_biocheck.batch.report.view import printable

    texts = (printable(cell) if isinstance(cell, str) else cell for cell in cells)
    return [f"'{t}" if isinstance(t, str) and t[:1] in "=+-@" and t else t for t in texts]


def _lines(found: "Iterable[WhatIf]") -> Iterator[dict[str, Any]]:
    """Yield one line of the table per group and threshold."""
    for whole in found:
        about = _about(whole)
        quantiles = about.pop("quantiles")
        scores = about.pop("scores")
        about |= {"score_" + key: value for key, value in scores.items()}
        about |= {f"score_q{key}": value for key, value in quantiles.items()}
        for level in whole.levels:
            flat: dict[str, Any] = {}
            for key, value in _level(level).items():
                parts = value if isinstance(value, dict) else {"": value}
                flat |= {f"{key}_{part}".rstrip("_"): v for part, v in parts.items()}
            yield about | flat


def _document(found: "Iterable[WhatIf]", limits: "Limits") -> dict[str, Any]:
    groups = [_about(whole) | {"levels": [_level(x) for x in whole.levels]} for whole in found]
    policy = {"name": limits.name, "accept": dict(limits.accept), "floor": dict(limits.floor)}
    return {"policy": policy, "groups": groups}


def _about(whole: "WhatIf") -> dict[str, Any]:
    from ektp_biocheck.batch.thresholds import QUANTILES

    scores = dict(zip(("mean", "mean_low", "mean_high"), whole.scores[:3], strict=True))
    found = whole.quantiles or (None,) * len(QUANTILES)
    return {
        "modality": whole.modality,
        "by": whole.by,
        "group": whole.group,
        "fewer_than_30": whole.few,
        "instances": whole.n,
        "captures": whole.captures,
        "unscored": whole.unscored,
        "hard": whole.hard,
        "scores": {"least": whole.least, **scores, "most": whole.most},
        "quantiles": {f"{q:02}": v for q, v in zip(QUANTILES, found, strict=True)},
    }


def _level(level: "Level") -> dict[str, Any]:
    def interval(estimate: "Estimate | None") -> dict[str, float | None]:
        low = high = value = None
        if estimate is not None:
            value, low, high, _ = estimate
        return {"": value, "low": low, "high": high}

    return {
        "threshold": level.threshold,
        "retake": interval(level.retake),
        "fallback_least": level.fallback_least,
        "fallback_most": interval(level.fallback),
        "exception_least": level.exception_least,
        "exception_most": interval(level.exception),
        "fnmr": interval(level.fnmr),
    }


def _show(found: "Sequence[WhatIf]", limits: "Limits", lang: "Lang") -> None:
    from rich.console import Console

    from ektp_biocheck.batch.report.view import modality_name
    from ektp_biocheck.batch.report.words import Words
    from ektp_biocheck.lang import in_language

    words, console = Words(lang, {}), Console()
    if not found:
        click.echo(in_language(lang, "Tidak ada rekaman.", "There is no capture."))
    for whole in (whole for whole in found if not whole.by):
        accept = limits.accept.get(whole.modality)
        console.print(
            f"\n[bold]{modality_name(whole.modality, lang)}[/bold]  {_facts(whole, words)}"
        )
        console.print(_levels_table(whole, accept, words))
        if accept is None:
            continue
        groups = [g for g in found if g.by and g.modality == whole.modality]
        for by in dict.fromkeys(group.by for group in groups):
            inside = [group for group in groups if group.by == by]
            console.print(_groups_table(by, inside, accept, words))
    note = in_language(
        lang,
        "* kurang dari 30 rekaman. Kurung: selang kepercayaan 95% (FNMR: 90%). Cadangan dan "
        "pengecualian: dari bila tiap percobaan lagi berhasil sampai bila tidak ada yang berhasil. "
        "FNMR: pada FMR 1 %, antara dua rekaman yang diterima, menurut tabel terbitan versi "
        "penilai ini.",
        "* fewer than 30 captures. Brackets: 95% confidence interval (FNMR: 90%). Fallback and "
        "exception: from what if each further attempt had helped to what if none had. FNMR: at "
        "FMR 1%, between two accepted captures, from the table published for this version of the "
        "scorer.",
    )
    click.echo(note)


def _facts(whole: "WhatIf", words: "Words") -> str:
    from ektp_biocheck.lang import in_language

    q = dict(zip((1, 5, 10, 25, 50, 75, 90, 95, 99), whole.quantiles, strict=False))
    if not q:
        return in_language(words.lang, "tidak ada nilai", "no score")
    return in_language(
        words.lang,
        f"{words.integer(whole.captures)} rekaman, {words.integer(whole.unscored)} tanpa nilai; "
        f"nilai {whole.least} – {whole.most}, rata-rata {words.decimal(whole.scores.value)} "
        f"({words.span(whole.scores)}), 5% {q[5]:.0f}, tengah {q[50]:.0f}, 95% {q[95]:.0f}",
        f"{words.integer(whole.captures)} captures, {words.integer(whole.unscored)} without a "
        f"score; scores {whole.least} – {whole.most}, mean {words.decimal(whole.scores.value)} "
        f"({words.span(whole.scores)}), 5% {q[5]:.0f}, median {q[50]:.0f}, 95% {q[95]:.0f}",
    )


def _levels_table(whole: "WhatIf", accept: int | None, words: "Words") -> "Table":
    from ektp_biocheck.lang import in_language

    table = _table(in_language(words.lang, "Ambang", "Threshold"), words.lang, fnmr=True)
    for level in whole.levels:
        if level.threshold % 10 and level.threshold != accept:
            continue
        style = "bold" if level.threshold == accept else ""
        cells = [str(level.threshold), *_cells(level, words)]
        fnmr = level.fnmr
        told = (
            "–" if fnmr is None else f"{words.percent(fnmr.value)} ({words.span(fnmr, rate=True)})"
        )
        table.add_row(*cells, told, style=style)
    return table


def _groups_table(by: str, groups: "Sequence[WhatIf]", accept: int, words: "Words") -> "Table":
    from rich.text import Text

    from ektp_biocheck.batch.report.text import TEXTS
    from ektp_biocheck.batch.report.view import position_name, printable
    from ektp_biocheck.lang import in_language

    title = in_language(words.lang, *TEXTS[by])
    at = in_language(words.lang, f"pada ambang {accept}", f"at threshold {accept}")
    table = _table(f"{title}, {at}", words.lang, fnmr=False)
    for group in groups:
        level = next(level for level in group.levels if level.threshold == accept)
        name = group.group
        if by == "position":
            name = position_name(name, group.modality, words.lang)
        star = "*" if group.few else ""
        table.add_row(Text(printable(name)), *_cells(level, words), words.integer(group.n) + star)
    return table


def _table(first: str, lang: "Lang", *, fnmr: bool) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from ektp_biocheck.lang import in_language

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, overflow="fold", min_width=6)
    for title in (
        in_language(lang, "Diulang", "Retaken"),
        in_language(lang, "Cadangan", "Fallback"),
        in_language(lang, "Pengecualian", "Exception"),
        "FNMR" if fnmr else "n",
    ):
        table.add_column(title, justify="right", no_wrap=True)
    return table


def _cells(level: "Level", words: "Words") -> list[str]:
    from ektp_biocheck.batch.statistics import Estimate

    retake = f"{words.percent(level.retake.value)} ({words.span(level.retake, rate=True)})"
    ends = (
        words.percent(least)
        if least == most.value
        else words.span(Estimate(least, least, most.value, most.n), rate=True)
        for least, most in (
            (level.fallback_least, level.fallback),
            (level.exception_least, level.exception),
        )
    )
    return [retake, *ends]
