"""A day sheet as plain text and as a page to print."""

from collections.abc import Iterable, Sequence
from textwrap import fill

from ektp_biocheck.capture.daysheet import Sheet, figure
from ektp_biocheck.capture.daysheet_words import WORDS
from ektp_biocheck.capture.outcomes import VerdictState
from ektp_biocheck.capture.printed import page
from ektp_biocheck.lang import in_language

__all__ = ["sheet_html", "sheet_text"]

_STATES = (
    (VerdictState.READY, "ready"),
    (VerdictState.READY_WITH_EXCEPTIONS, "exceptions"),
    (VerdictState.BELOW_POLICY, "below"),
)


def sheet_html(sheet: Sheet) -> str:
    """Return the sheet as one printable page that needs nothing else."""
    return page(
        "daysheet",
        sheet=sheet,
        words=_words(sheet),
        states=[(name, sheet.served[state]) for state, name in _STATES],
        total=sum(sheet.served.values()),
        minutes=_minutes(sheet),
        carried=_carried(sheet),
        villages=list(_village_rows(sheet)),
    )


def sheet_text(sheet: Sheet, width: int = 80) -> str:
    """Return the sheet as plain text, `width` characters to a line."""
    words = _words(sheet)
    total = sum(sheet.served.values())
    lines = [f"{words['title'].upper()}: {sheet.day}", f"{words['office']}: {sheet.office}"]
    lines += [f"{words['station']}: {sheet.station}", words["no_names"], ""]
    lines.append(f"{words['served'].upper()}: {total} {words['persons']}")
    lines += [f"  {sheet.served[state]:4} {words[name]}" for state, name in _STATES]
    lines.append(_hanging(words["numbers"], sheet.numbers or words["nobody"], width))
    lines += [f"{words['minutes']}: {text}" for text in [_minutes(sheet)] if text]
    lines += ["", words["carried"].upper()]
    lines += [_hanging("  " + name, text, width) for name, text in _carried(sheet)]
    if sheet.given_up:
        lines += ["", words["given_up"].upper()]
        lines += [f"  {number}: {why}" for number, why in sheet.given_up]
    if sheet.villages:
        head = [words["village"], words["served"], words["quota"], words["left"]]
        lines += ["", words["villages"].upper(), *_table(head, list(_village_rows(sheet)))]
    if sheet.forecast:
        lines += ["", words["forecast"].upper()]
        lines += [
            fill(text, width, initial_indent="  ", subsequent_indent="  ")
            for text in sheet.forecast
        ]
    if sheet.steps:
        lines += ["", words["steps"].upper()]
        lines += [f"  {count:4} {text}" for text, count in sheet.steps]
    lines += ["", words["call_back"].upper()]
    lines += _call_back_lines(sheet, width) or [f"  {words['nobody']}"]
    return "\n".join(lines) + "\n"


def _call_back_lines(sheet: Sheet, width: int) -> list[str]:
    words = _words(sheet)
    lines = []
    for one in sheet.call_back:
        head = one.number + (f" ({one.village})" if one.village else "")
        when = f"; {words['when'].lower()} {one.when}" if one.when else ""
        lines.append(_hanging("  " + head, one.why + when, width))
    return lines


def _words(sheet: Sheet) -> dict[str, str]:
    return {name: in_language(sheet.lang, *pair) for name, pair in WORDS.items()}


def _minutes(sheet: Sheet) -> str:
    if sheet.minutes is None:
        return ""
    words = _words(sheet)
    middle, average, longest = (figure(value, sheet.lang) for value in sheet.minutes)
    return (
        f"{words['median']} {middle}; {words['mean']} {average}; "
        f"{words['longest']} {longest} ({words['number']} {sheet.longest})"
    )


def _carried(sheet: Sheet) -> list[tuple[str, str]]:
    words = _words(sheet)
    begun = ", ".join(sheet.carried_begun) or words["nobody"]
    rows = [(words["begun"], begun)]
    if sheet.waiting:
        text = f"{sheet.carried_waiting} ({sheet.waiting} {words['persons']})"
        rows.append((words["waiting"], text))
    return rows


def _village_rows(sheet: Sheet) -> Iterable[list[str]]:
    for one in sheet.villages:
        quota, left = ("-" if n is None else str(n) for n in (one.quota, one.left))
        yield [one.name, str(one.served), quota, left]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with the first column to the left and the others to the right."""
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [head, *rows]
    ]


def _hanging(name: str, text: str, width: int) -> str:
    indent = " " * (len(name) - len(name.lstrip()))
    return fill(
        f"{name.lstrip()}: {text}", width, initial_indent=indent, subsequent_indent=indent + "  "
    )
