"""`results.csv` and `run.json`: whole or not at all, and the same bytes for the same files."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from ektp_biocheck.batch.outcome import Outcome

__all__ = ["FIRST_COLUMNS", "atomic", "csv_lines", "write_json"]

FIRST_COLUMNS = ("path", "modality", "status", "score", "failure", "defects")
# A spreadsheet takes a cell that starts with one of these for a formula.
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def csv_lines(outcomes: Iterable[Outcome], measures: Sequence[str]) -> Iterator[str]:
    r"""Yield the header and one line per outcome, each ending in a line feed.

    Parameters
    ----------
    outcomes : iterable of Outcome
        In the order of the table.
    measures : sequence of str
        The columns after `FIRST_COLUMNS`; a measure that is missing leaves its cell empty.

    Notes
    -----
    File names are data from outside. Commas, quotes and line breaks are quoted as in
    RFC 4180. A name that a spreadsheet would run as a formula is written with ``./`` in front:
    harmless there, and still the path of the same file. Bytes that are not UTF-8 are written
    as ``\udcXX``, as Python and JSON write them.
    """
    yield _line([*FIRST_COLUMNS, *measures])
    for outcome in outcomes:
        found = {} if outcome.assessment is None else outcome.assessment.measures
        values = [found[name].value if name in found else None for name in measures]
        yield _line(
            [
                _text(outcome.path),
                outcome.modality,
                outcome.status,
                outcome.score,
                _text(outcome.failure or ""),
                ";".join(outcome.codes),
                *values,
            ]
        )


def write_json(file: Path, document: dict[str, Any]) -> None:
    """Write one JSON document; NaN and infinity are an error, never a figure."""
    with atomic(file) as handle:
        json.dump(document, handle, indent=2, allow_nan=False)
        handle.write("\n")


@contextmanager
def atomic(file: Path) -> Iterator[TextIO]:
    """Open a text file that takes its name only when it is complete and on the disk.

    Whatever stood at `file` stays until then, and stays for good when the block raises.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _line(cells: Sequence[object]) -> str:
    buffer = io.StringIO(newline="")
    # With "\n" as terminator Python 3.11 leaves a carriage return unquoted.
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().removesuffix("\r\n") + "\n"


def _text(text: str) -> str:
    text = f"./{text}" if text.startswith(_FORMULA) else text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
