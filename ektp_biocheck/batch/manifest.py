"""What the office knows about its captures: a CSV file, one line per capture, read strictly.

::

    path,modality,position,ppi,station,device,operator,age_band,captured_at,person
    3313/0001.png,finger,right_index,500,3313-02,FS88H,op-17,18-59,2026-11-03T09:15,7d1f

Only ``path`` is needed. A mistake ends the reading with its line and column: a manifest that
is half understood would put captures under the wrong station.
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any, get_args

from ektp_biocheck.batch.naming import position_name
from ektp_biocheck.errors import InputError
from ektp_biocheck.formats.resolution import MAX_PPI, MIN_PPI
from ektp_biocheck.positions import parse_eye, parse_finger
from ektp_biocheck.samples import Modality

__all__ = ["COLUMNS", "Facts", "Manifest", "read_manifest"]

COLUMNS = (
    "path",
    "modality",
    "position",
    "ppi",
    "station",
    "device",
    "operator",
    "age_band",
    "captured_at",
    "person",
)
_AGE_BAND = re.compile(r"\d{1,3}-\d{1,3}|\d{1,3}\+")
_NIK = re.compile(r"(?<!\d)(?:\d[ .\-/_]?){15}\d(?!\d)")  # also with separators
_LONGEST_TEXT = 80


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one capture; ``None`` where nothing is.

    Parameters
    ----------
    modality, position : str or None
        ``"finger"``, ``"iris"``, ``"face"``; ``"right_index"``, ``"left_eye"``…
    ppi : float or None
        Pixels per inch of a file that does not say.
    station, device, operator, person : str or None
        References of the office; `person` is never a NIK.
    age_band : str or None
        ``"18-59"`` or ``"60+"``.
    captured_at : str or None
        ISO 8601.
    """

    modality: Modality | None = None
    position: str | None = None
    ppi: float | None = None
    station: str | None = None
    device: str | None = None
    operator: str | None = None
    age_band: str | None = None
    captured_at: str | None = None
    person: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what is known."""
        known = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Manifest:
    """The facts by path, and the hash of the file they come from."""

    facts: Mapping[str, Facts]
    sha256: str


def read_manifest(file: Path) -> Manifest:
    """Read a manifest.

    Parameters
    ----------
    file : Path
        CSV in UTF-8, separated by commas or, as spreadsheets set to Indonesian write it, by
        semicolons. Column names may stand in any order.

    Returns
    -------
    Manifest

    Raises
    ------
    InputError
        On the first mistake, with line and column.
    """
    try:
        data = file.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{file}: the manifest cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"{file}, line {line}: this is not UTF-8. Save it as “CSV UTF-8”."
        ) from None
    facts: dict[str, Facts] = {}
    line_of: dict[str, int] = {}
    for line, cells in _rows(file, text):
        path = _path(file, line, cells.pop("path"))
        if path in facts:
            raise InputError(
                f"{file}, line {line}, column path: the file of line {line_of[path]} again"
            )
        facts[path], line_of[path] = _facts(file, line, cells), line
    return Manifest(facts, hashlib.sha256(data).hexdigest())


def _rows(file: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and cells of each line that is not empty."""
    first = text.partition("\n")[0]
    separator = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(file, header)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise InputError(
                    f"{file}, line {reader.line_num}: {len(cells)} cells where the header has "
                    f"{len(header)}. Quote cells that hold the separator {separator!r}."
                )
            named = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            yield reader.line_num, named
    except csv.Error as error:
        raise InputError(f"{file}, line {reader.line_num}: {error}") from None


def _check_header(file: Path, header: list[str]) -> None:
    for place, name in enumerate(header, 1):
        if name not in COLUMNS:
            near = get_close_matches(name, COLUMNS, n=1)
            cure = f"did you mean {near[0]}?" if near else "leave it out"
            raise InputError(
                f"{file}, line 1, column {place}: no column {name[:40]!r}: {cure} "
                f"(known: {', '.join(COLUMNS)})"
            )
        if name in header[: place - 1]:
            raise InputError(f"{file}, line 1, column {place}: {name} stands there twice")
    if "path" not in header:
        raise InputError(f"{file}, line 1: the column path is missing")


def _path(file: Path, line: int, text: str) -> str:
    path = PurePosixPath(text.replace("\\", "/")).as_posix()
    parts = path.split("/")
    if not text or path == "." or path.startswith("/") or ".." in parts or ":" in parts[0][1:2]:
        raise InputError(
            f"{file}, line {line}, column path: give the path relative to the scanned folder, "
            "such as 3313/0001.png"
        )
    return path


def _facts(file: Path, line: int, cells: dict[str, str]) -> Facts:
    found: dict[str, Any] = {}
    for name, read in _READ.items():
        text = cells.get(name, "")
        if not text:
            continue
        try:
            found[name] = read(text, found.get("modality"))
        except ValueError as error:
            raise InputError(f"{file}, line {line}, column {name}: {error}") from None
    if "position" in found and "modality" not in found:
        found["modality"] = "iris" if found["position"].endswith("_eye") else "finger"
    return Facts(**found)


def _modality(text: str, _: str | None) -> str:
    if text.lower() not in get_args(Modality):
        raise InputError(f"{_shown(text)} is no modality: use {', '.join(get_args(Modality))}")
    return text.lower()


def _position(text: str, modality: str | None) -> str | None:
    if modality == "face":
        raise InputError("a face has no position: leave the cell empty")
    if modality == "finger":
        return position_name(parse_finger(text))
    if modality == "iris":
        return position_name(parse_eye(text))
    if text.isdecimal():
        raise InputError("a number needs the modality beside it: 2 is a finger and an eye")
    try:
        return position_name(parse_finger(text))
    except InputError as error:
        try:
            return position_name(parse_eye(text))
        except InputError:
            raise error from None


def _ppi(text: str, _: str | None) -> float:
    try:
        ppi = float(text.replace(",", "."))
    except ValueError:
        raise InputError(f"{_shown(text)} is no number") from None
    if not MIN_PPI <= ppi <= MAX_PPI:
        raise InputError(f"pixels per inch are {MIN_PPI} to {MAX_PPI}, not {_shown(text)}")
    return ppi


def _age_band(text: str, _: str | None) -> str:
    band = text.replace(" ", "").replace("–", "-")
    low, _dash, high = band.rstrip("+").partition("-")
    if not _AGE_BAND.fullmatch(band) or (high and int(low) > int(high)):
        raise InputError(f"{_shown(text)} is no age band: write 18-59 or 60+, never a birth date")
    return band


def _captured_at(text: str, _: str | None) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{_shown(text)} is no time: write 2026-11-03 or 2026-11-03T09:15"
        ) from None
    return moment.date().isoformat() if len(text) == 10 else moment.isoformat()


def _text(text: str, _: str | None) -> str:
    if _NIK.search(text):
        raise InputError(
            "this looks like a NIK (16 digits), which results must not hold: give a reference "
            "that leads to nobody, such as a keyed hash of it"
        )
    if not text.isprintable() or len(text) > _LONGEST_TEXT:
        raise InputError(f"give at most {_LONGEST_TEXT} plain characters")
    return text


def _shown(text: str) -> str:
    """Quote what was written, but no long number, which could identify a person."""
    return repr(re.sub(r"\d{6,}", "…", text)[:24])


_READ: dict[str, Callable[[str, str | None], Any]] = {
    "modality": _modality,
    "position": _position,
    "ppi": _ppi,
    "station": _text,
    "device": _text,
    "operator": _text,
    "age_band": _age_band,
    "captured_at": _captured_at,
    "person": _text,
}
