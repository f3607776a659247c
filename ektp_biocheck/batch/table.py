"""`results.csv`, `results.jsonl`, `results.parquet`, `run.json`: whole or not at all.

The same files and options give the same bytes, whatever the workers, the order in which they
finish, and how often the run was interrupted.
"""

import csv
import hashlib
import io
import json
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import msgspec

__all__ = [
    "FIRST_COLUMNS",
    "Staged",
    "atomic",
    "csv_lines",
    "json_line",
    "sweep",
    "write_json",
]

FIRST_COLUMNS = (
    "path",
    "modality",
    "status",
    "score",
    "failure",
    "defects",
    "position",
    "ppi",
    "station",
    "device",
    "operator",
    "age_band",
    "captured_at",
    "person",
    "sha256",
    "algorithm",
    "duplicate_of",
    "hard_defects",
    "failure_code",
)
_PATHS = ("path", "duplicate_of")
# A spreadsheet takes a cell that starts with one of these for a formula.
_FORMULA = tuple("=+-@\t\r＝＋－＠")
# Control, direction and other invisible characters, bytes that are no text, line separators.
_ESCAPED = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def csv_lines(records: Iterable[Mapping[str, Any]], measures: Sequence[str]) -> Iterator[str]:
    r"""Yield the header and one line per record, each ending in a line feed.

    Parameters
    ----------
    records : iterable of mapping
        As in ``results.jsonl``, in the order of the table.
    measures : sequence of str
        The columns after `FIRST_COLUMNS`; a measure that is missing leaves its cell empty.

    Notes
    -----
    File names are data from outside. Commas and quotes are quoted as in RFC 4180. Characters
    that steer a terminal, turn the direction of writing or break the line are written as
    ``\n``, ``\u202e``, ``\udcff``, so that a row is a line; ``results.jsonl`` has the exact
    name. A name that a spreadsheet would run as a formula is written with ``./`` in front:
    harmless there, and still the path of the same file.
    """
    yield _line([*FIRST_COLUMNS, *measures])
    for record in records:
        defects = record.get("defects", ())
        found = record.get("measures", {})
        cells = {
            **{name: record.get(name) for name in FIRST_COLUMNS},
            "defects": ";".join(defect["code"] for defect in defects),
            "hard_defects": ";".join(defect["code"] for defect in defects if defect["hard"]),
        }
        texts = (_text(cell) if isinstance(cell, str) else cell for cell in cells.values())
        yield _line(
            [*texts, *(found[name]["value"] if name in found else None for name in measures)]
        )


def json_line(record: Mapping[str, Any]) -> bytes:
    """Return a record as one line of JSON; a path keeps bytes that are no text as escapes."""
    paths = {name: record[name] for name in _PATHS if isinstance(record.get(name), str)}
    if not any(_has_bytes(path) for path in paths.values()):
        return msgspec.json.encode(record) + b"\n"
    return json.dumps(record, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def write_json(file: Path, document: Mapping[str, Any]) -> None:
    """Write one JSON document; NaN and infinity are an error, never a figure."""
    with atomic(file) as handle:
        json.dump(document, handle, indent=2, allow_nan=False)
        handle.write("\n")


@contextmanager
def atomic(file: Path) -> Iterator[TextIO]:
    """Open a text file that takes its name only when it is complete and on the disk.

    Whatever stood at `file` stays until then, and stays for good when the block raises.
    """
    temporary = _temporary(file)
    try:
        with temporary.open("w", encoding="utf-8", newline="") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Remove what a killed run left half written; nobody else may be writing there."""
    for leftover in folder.glob(".*.tmp"):
        name = leftover.name.removesuffix(".tmp").lstrip(".").rpartition(".")[0]
        if name in Staged.NAMES:
            leftover.unlink(missing_ok=True)


class Staged:
    """The files of one run: all are complete on the disk before the first takes its name.

    Parameters
    ----------
    folder : Path
        Where they go.
    """

    NAMES = ("results.csv", "results.jsonl", "results.parquet", "run.json")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open: dict[str, BinaryIO] = {}
        self.hashes: dict[str, Any] = {}

    def __enter__(self) -> "Staged":
        return self

    def __exit__(self, *_: object) -> None:
        for name, handle in self.open.items():
            handle.close()
            _temporary(self.folder / name).unlink(missing_ok=True)

    def write(self, name: str, data: bytes) -> None:
        """Add to one of the files."""
        if name not in self.open:
            self.open[name] = _temporary(self.folder / name).open("wb")
            self.hashes[name] = hashlib.sha256()
        self.open[name].write(data)
        self.hashes[name].update(data)

    def adopt(self, name: str) -> Path:
        """Return where another writer puts one of the files; `digests` then reads it."""
        file = _temporary(self.folder / name)
        self.open[name] = file.open("ab")
        self.hashes[name] = None
        return file

    def digests(self) -> dict[str, str]:
        """Return the hashes of what was written so far."""
        for name, digest in self.hashes.items():
            if digest is None:
                with _temporary(self.folder / name).open("rb") as handle:
                    self.hashes[name] = hashlib.file_digest(handle, "sha256")
        return {name: digest.hexdigest() for name, digest in self.hashes.items()}

    def publish(self, summary: Mapping[str, Any]) -> None:
        """Write the summary, then give all files their names, the summary last."""
        text = json.dumps(summary, indent=2, allow_nan=False) + "\n"
        self.write("run.json", text.encode())
        for handle in self.open.values():
            handle.flush()
            os.fsync(handle.fileno())
            handle.close()
        for name in self.NAMES:
            file = self.folder / name
            if name in self.open:
                _temporary(file).replace(file)
            else:
                file.unlink(missing_ok=True)  # of an earlier run with other options
        self.open.clear()


def _temporary(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}.tmp")


def _line(cells: Sequence[object]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _has_bytes(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _text(text: str) -> str:
    if not text.isprintable():
        text = "".join(
            character.encode("unicode_escape").decode("ascii")
            if unicodedata.category(character) in _ESCAPED
            else character
            for character in text
        )
    return f"./{text}" if text.startswith(_FORMULA) else text
