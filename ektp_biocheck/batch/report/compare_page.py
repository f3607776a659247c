"""A comparison in words, for the terminal and as a page."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

import ektp_biocheck
from ektp_biocheck.batch.compare import Comparison, RateChange
from ektp_biocheck.batch.report.page import render
from ektp_biocheck.batch.report.text import TEXTS
from ektp_biocheck.batch.report.text_compare import COMPARE_TEXTS
from ektp_biocheck.batch.report.view import Cell, Head, Table, modality_name, shown, title_of
from ektp_biocheck.batch.report.words import Words
from ektp_biocheck.batch.statistics import Estimate
from ektp_biocheck.lang import Lang

__all__ = ["compare_page", "compare_tables", "compare_words", "sentences"]

MOST_CHANGES = 2000


def compare_words(lang: Lang) -> Words:
    """Return the words of a comparison."""
    return Words(lang, TEXTS | COMPARE_TEXTS)


def sentences(found: Comparison, words: Words) -> list[Markup]:
    """Say in a few sentences what differs, the answer first."""
    told = []
    person = found.rates[0]
    rates = {"a": words.percent(person.a.value), "b": words.percent(person.b.value)}
    if not found.differs:
        told.append(words("same"))
    if person.clear:
        key = "more" if (person.difference.value or 0.0) > 0 else "less"
        points = _signed(100 * (person.difference.value or 0.0), words)
        told.append(words(key, difference=points, **rates))
    else:
        told.append(words("as_many", **rates))
    moved = [
        f"{modality_name(score.modality, words.lang)} {_signed(score.difference.value, words)}"
        for score in found.scores
        if score.clear
    ]
    if moved:
        told.append(words("scores_differ", which=", ".join(moved)))
    counts = {"a": words.integer(found.only_a), "b": words.integer(found.only_b)}
    told.append(
        words("paired", n=words.integer(found.pairs), **counts)
        if found.paired
        else words("apart", **counts)
    )
    if found.algorithms_a != found.algorithms_b:
        only = [
            ", ".join(name for name in mine if name not in other) or "–"
            for mine, other in (
                (found.algorithms_a, found.algorithms_b),
                (found.algorithms_b, found.algorithms_a),
            )
        ]
        told.append(words("other_algorithm", a=shown(only[0]), b=shown(only[1])))
    return told


def compare_tables(found: Comparison, words: Words, most: int = MOST_CHANGES) -> list[Table]:
    """Return the tables of scores, rates and changed files."""
    tables = [_scores(found, words), _rates(found, words)]
    return [*tables, _changes(found, words, most)] if found.paired else tables


def compare_page(found: Comparison, names: tuple[Path, Path], *, lang: Lang) -> str:
    """Return a comparison as one HTML page, as safe and self-contained as the report."""
    words = compare_words(lang)
    answer, *more = sentences(found, words)
    a, b = (shown(str(name)) for name in names)
    return render(
        "tables.html",
        words,
        title=words("compare_title"),
        subtitle=words("both_named", a=a, b=b),
        answer=answer,
        more=more,
        tables=[table for table in compare_tables(found, words) if table.rows],
        pictures={},
        version=ektp_biocheck.__version__,
    )


def _scores(found: Comparison, words: Words) -> Table:
    keys = ["part", "was", "is", "difference", "effect", "p", "clear"]
    if found.paired:
        keys.insert(4, "up_down")
    rows = []
    for score in found.scores:
        moves = f"{words.integer(score.up or 0)} / {words.integer(score.down or 0)}"
        cells = [
            Cell(modality_name(score.modality, words.lang)),
            Cell(words.with_error(score.a)),
            Cell(words.with_error(score.b)),
            Cell(_difference(score.difference, words, 1, 2), str(score.difference.value)),
            *([Cell(moves)] if found.paired else []),
            Cell(words.decimal(score.effect, 2)),
            Cell(words.chance(score.corrected), str(score.corrected)),
            Cell(words("yes" if score.clear else "no")),
        ]
        rows.append(cells)
    return Table("scores", words("scores_title"), _heads(keys, words), rows)


def _rates(found: Comparison, words: Words) -> Table:
    keys = ["what", "was", "is", "difference", "p", "clear"]
    if found.paired:
        keys.insert(4, "gained_lost")
    rows = []
    # Of the same files most rates do not move at all; the first, who needs a person, always shows.
    moved = [r for r in found.rates[1:] if not found.paired or r.gained or r.lost]
    for rate in [*found.rates[:1], *moved]:
        moves = f"{words.integer(rate.gained or 0)} / {words.integer(rate.lost or 0)}"
        cells = [
            Cell(_name(rate, words)),
            Cell(_with_span(rate.a, words), str(rate.a.value)),
            Cell(_with_span(rate.b, words), str(rate.b.value)),
            Cell(_difference(rate.difference, words, 100, 2), str(rate.difference.value)),
            *([Cell(moves)] if found.paired else []),
            Cell(words.chance(rate.corrected), str(rate.corrected)),
            Cell(words("yes" if rate.clear else "no")),
        ]
        rows.append(cells)
    note = words("compare_how")
    return Table("rates", words("rates_title"), _heads(keys, words), rows, [note])


def _changes(found: Comparison, words: Words, most: int) -> Table:
    keys = ("file", "was", "is", "score", "gained", "lost")
    rows = []
    for change in found.changes[:most]:
        scores = " → ".join("–" if s is None else str(s) for s in (change.score_a, change.score_b))
        fall = change.worse[1]
        rows.append(
            [
                Cell(shown(change.path)),
                Cell(words(f"need_{change.need_a.name}"), str(int(change.need_a))),
                Cell(words(f"need_{change.need_b.name}"), str(int(change.need_b))),
                Cell(scores, str(-fall)),
                Cell(_titles(change.gained, words)),
                Cell(_titles(change.lost, words)),
            ]
        )
    notes = []
    if len(found.changes) > most:
        notes = [words("changed_cut", shown=most, all=words.integer(len(found.changes)))]
    heads = [Head(words(key), {"file": "path", "score": "number"}.get(key, "")) for key in keys]
    return Table("changes", words("changed_title"), heads, rows, notes)


def _heads(keys: Sequence[str], words: Words) -> list[Head]:
    return [Head(words(key), "" if key in ("part", "what", "clear") else "number") for key in keys]


def _name(rate: RateChange, words: Words) -> str:
    key = f"rate_{rate.what}"
    return str(words(key)) if key in words.texts else title_of(rate.what, words.lang)


def _titles(codes: Sequence[str], words: Words) -> str:
    return ", ".join(title_of(code, words.lang) for code in codes)


def _with_span(rate: Estimate, words: Words) -> str:
    return f"{words.percent(rate.value)} ({words.span(rate, rate=True)})"


def _signed(value: float | None, words: Words, places: int = 1) -> str:
    told = words.decimal(value, places)
    return f"+{told}" if value is not None and value > 0 else told


def _difference(change: Estimate, words: Words, scale: int, places: int) -> str:
    """Return a difference with its interval; rates in percentage points."""
    if change.value is None:
        return "–"
    told = _signed(scale * change.value, words, places)
    if change.low is None or change.high is None:
        return told
    low, high = (_signed(scale * end, words, places) for end in (change.low, change.high))
    return f"{told} ({low} … {high})"
