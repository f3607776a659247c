"""The table of captures, those that need a person first, and the table of duplicates."""

from collections.abc import Sequence

from markupsafe import Markup

from ektp_biocheck import defects
from ektp_biocheck.batch.needs import Limits, Need, need_of
from ektp_biocheck.batch.reasons import REASONS, reason_text
from ektp_biocheck.batch.report.view import Cell, Head, Table, View, position_name, shown, title_of
from ektp_biocheck.batch.results import Row
from ektp_biocheck.lang import Lang

__all__ = ["MOST_ROWS", "captures_table", "shown_rows", "twins", "twins_table", "urgent_first"]

MOST_ROWS = 2000
"""Rows of the page; a browser sorts them within a second, the table file has them all."""

_MOST_TWINS = 200


def urgent_first(view: View) -> list[int]:
    """Return the places of the rows in the order of the page.

    Without a score first, then hard defects, then below the threshold, each lowest score first.
    """
    rows, needs = view.rows, view.needs
    return sorted(range(len(rows)), key=lambda i: _urgency(rows[i], needs[i]))


def shown_rows(rows: Sequence[Row], limits: Limits) -> list[Row]:
    """Return the rows that the page shows, in its order."""
    return sorted(rows, key=lambda row: _urgency(row, need_of(row, limits)))[:MOST_ROWS]


def _urgency(row: Row, need: Need) -> tuple[int, int, str]:
    return need, -1 if row.score is None else row.score, row.path


def captures_table(view: View) -> Table:
    """Return the table of captures, cut at `MOST_ROWS`."""
    words = view.words
    order = urgent_first(view)[:MOST_ROWS]
    told = [key for key in ("station", "device") if any(getattr(row, key) for row in view.rows)]
    timed = any(row.captured_at for row in view.rows)
    heads = [
        *([Head(words("picture"), "", False)] if view.pictures else []),
        Head(words("file"), "path"),
        Head(words("part"), "part"),
        Head(words("state")),
        Head(words("score"), "number"),
        Head(words("why"), "why"),
        *(Head(words(key), "name") for key in told),
        *([Head(words("captured"), "when")] if timed else []),
    ]
    rows = [_capture(view, view.rows[i], view.needs[i], told, timed=timed) for i in order]
    notes = []
    if len(order) < len(view.rows):
        notes.append(
            words(
                "captures_cut",
                shown=words.integer(len(order)),
                all=words.integer(len(view.rows)),
            )
        )
    return Table("captures", words("captures_title"), heads, rows, notes)


def _capture(view: View, row: Row, need: Need, told: Sequence[str], *, timed: bool) -> list[Cell]:
    place = Markup('<span class="tag {}">{}</span>').format(need.name, _state(view, row, need))
    cells = [
        Cell(shown(row.path)),
        Cell(position_name(row.position, row.modality, view.lang)),
        Cell(place, str(int(need))),
        Cell("–" if row.score is None else row.score, "" if row.score is None else str(row.score)),
        Cell(_reason(view, row, need)),
        *(Cell(shown(getattr(row, key) or "")) for key in told),
    ]
    if timed:
        cells.append(Cell(shown((row.captured_at or "")[:16].replace("T", " "))))
    if view.pictures:
        source = view.pictures.get(row.path)
        picture = Markup('<img src="{}" alt="" loading="lazy">').format(source) if source else ""
        cells.insert(0, Cell(picture))
    return cells


def _state(view: View, row: Row, need: Need) -> Markup:
    key = f"status_{row.status}" if need is Need.NO_SCORE else f"need_{need.name}"
    return view.words(key if key in view.words.texts else "need_NO_SCORE")


def _reason(view: View, row: Row, need: Need) -> Markup:
    """Say what is wrong and what to do: never a refusal without a reason."""
    lang, words = view.lang, view.words
    parts = [title_of(code, lang) for code in row.defects]
    if need is Need.BELOW or (need is Need.HARD and _below(view, row)):
        parts.append(words("below_accept", accept=view.limits.accept[row.modality]))
    advice = [defects.advice(code, lang) for code in row.defects[:1] if code in defects.CATALOGUE]
    if row.failure and not (lang == "id" and row.failure_code is None and parts):
        parts.insert(0, failure_told(row, lang))
    if row.duplicate_of:
        parts.append(words("twin_of", path=shown(row.duplicate_of)))
    if not parts:
        return words("fine")
    text = Markup("; ").join(parts)
    return text + Markup(' <span class="advice">{}</span>').format(advice[0]) if advice else text


def failure_told(row: Row, lang: Lang) -> Markup:
    """Say why a capture has no score.

    The reason of a row is English and names particulars; in Indonesian its kind is told, and
    what has no kind is marked as English, for those who hear the page.
    """
    if lang == "id" and row.failure_code in REASONS:
        return shown(reason_text(row.failure_code, lang))
    return Markup('<span lang="en">{}</span>').format(shown(row.failure or ""))


def _below(view: View, row: Row) -> bool:
    return row.score is not None and row.score < view.limits.accept.get(row.modality, 0)


def twins(rows: Sequence[Row]) -> list[tuple[Row, Row | None]]:
    """Return each row that repeats another, with that other; another person's first."""
    by_path = {row.path: row for row in rows}
    found = [(row, by_path.get(row.duplicate_of)) for row in rows if row.duplicate_of]
    return sorted(found, key=lambda pair: (_order(*pair), pair[0].path))


def other_person(row: Row, first: Row | None) -> bool | None:
    """Tell whether two captures are of different persons; ``None`` when nobody says."""
    if first is None or not row.person or not first.person:
        return None
    return row.person != first.person


def _order(row: Row, first: Row | None) -> int:
    return {True: 0, None: 1, False: 2}[other_person(row, first)]


def twins_table(view: View) -> Table:
    """Return the table of captures that occur twice."""
    words, found = view.words, twins(view.rows)
    kinds = {"file": "path", "twin_first": "path"}
    heads = [
        Head(words(key), kinds.get(key, "")) for key in ("file", "part", "twin_first", "twin_whose")
    ]
    whose = {True: "twin_other", None: "twin_unknown", False: "twin_same"}
    rows = [
        [
            Cell(shown(row.path)),
            Cell(position_name(row.position, row.modality, view.lang)),
            Cell(shown(row.duplicate_of or "")),
            Cell(words(whose[other_person(row, first)]), str(_order(row, first))),
        ]
        for row, first in found[:_MOST_TWINS]
    ]
    notes = []
    if len(found) > _MOST_TWINS:
        notes = [words("twins_cut", shown=_MOST_TWINS, all=words.integer(len(found)))]
    return Table("twins", words("twins_title"), heads, rows, notes)
