"""The read side of a run: what `report`, `thresholds` and `compare` start from.

    run = read_run(Path("results"))
    [row.path for row in run.rows if row.score is not None and row.score < 40]

A run is read from ``results.jsonl``, whose paths are exact, and ``run.json``, which says how many
rows there must be and the hash of the table they belong to.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ektp_biocheck.errors import InputError

__all__ = ["Row", "Run", "read_documents", "read_run", "read_summary"]

SCHEMA = 1
"""Version of the three files; a reader refuses a newer one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One input of a run.

    Parameters
    ----------
    path : str
        Relative to the scanned folder, with ``/`` between the parts, exactly as on the disk.
    modality : str
        ``"finger"``, ``"iris"``, ``"face"``, or ``"unknown"`` when nobody said and it could not
        be told by looking.
    status : str
        ``OK``, ``FAILURE_TO_ASSESS``, ``UNREADABLE``, ``TIMEOUT`` or ``CRASHED``.
    score : int or None
        0..100, higher is better; ``None`` exactly when `failure` is set.
    failure : str or None
        Why no score exists, in English.
    defects, hard : tuple of str
        Defect codes, worst first; those of them that are never acceptable.
    position : str or None
        ``"right_index"``, ``"left_eye"``…
    ppi : int or None
        Pixels per inch that the capture was scored at.
    station, device, operator, age_band, captured_at, person : str or None
        From the manifest; `captured_at` is ISO 8601.
    sha256, algorithm : str or None
        Of the file's bytes; scorer and version. ``None`` when the file could not be read.
    duplicate_of : str or None
        Path of the first row that holds the same capture.
    measures : Mapping[str, float | None]
        Every measure of the row's modality; ``None`` when it could not be measured.
    severities : Mapping[str, float]
        Severity 0..1 of each defect.
    failure_code : str or None
        Short name of `failure` for files that could not be opened.
    """

    path: str
    modality: str
    status: str
    score: int | None
    failure: str | None
    defects: tuple[str, ...]
    hard: tuple[str, ...]
    position: str | None
    ppi: int | None
    station: str | None
    device: str | None
    operator: str | None
    age_band: str | None
    captured_at: str | None
    person: str | None
    sha256: str | None
    algorithm: str | None
    duplicate_of: str | None
    measures: Mapping[str, float | None]
    severities: Mapping[str, float]
    failure_code: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The rows of a run in the order of its table, and its ``run.json``."""

    folder: Path
    rows: tuple[Row, ...]
    summary: Mapping[str, Any]


class _Measure(msgspec.Struct):
    value: float | None = None


class _Defect(msgspec.Struct):
    code: str
    severity: float
    hard: bool


class _Line(msgspec.Struct):
    path: str
    modality: str
    status: str
    score: int | None = None
    failure: str | None = None
    failure_code: str | None = None
    defects: tuple[_Defect, ...] = ()
    position: str | None = None
    ppi: int | None = None
    station: str | None = None
    device: str | None = None
    operator: str | None = None
    age_band: str | None = None
    captured_at: str | None = None
    person: str | None = None
    sha256: str | None = None
    algorithm: str | None = None
    duplicate_of: str | None = None
    measures: dict[str, _Measure] = {}


def read_run(out: Path) -> Run:
    """Read the results of a `batch`.

    Parameters
    ----------
    out : Path
        The folder given to ``--out``.

    Returns
    -------
    Run
        One row per input.

    Raises
    ------
    InputError
        When `out` holds no finished run, or its files do not belong together.
    """
    summary = read_summary(out)
    file = out / "results.jsonl"
    rows = []
    digest = hashlib.sha256()
    decoder = msgspec.json.Decoder(_Line)
    for number, line in _lines(file):
        digest.update(line)
        try:
            rows.append(_row(_decoded(decoder, line)))
        except (msgspec.MsgspecError, ValueError) as error:
            raise InputError(f"{file}, line {number}: {error}. {_AGAIN}") from None
    _check(file, summary, len(rows), digest.hexdigest())
    return Run(out, tuple(rows), summary)


def read_documents(out: Path) -> Iterator[dict[str, Any]]:
    """Yield each line of ``results.jsonl`` as it stands: defects and measures in full.

    Raises
    ------
    InputError
        When `out` holds no such file or a line is not JSON.
    """
    file = out / "results.jsonl"
    for number, line in _lines(file):
        try:
            yield json.loads(line)
        except ValueError as error:
            raise InputError(f"{file}, line {number}: {error}. {_AGAIN}") from None


def read_summary(out: Path) -> dict[str, Any]:
    """Read ``run.json`` of a finished run.

    Raises
    ------
    InputError
        When `out` holds none, or one written by a newer version.
    """
    file = out / "run.json"
    try:
        summary = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            f"{out} holds no finished run (no run.json): give the folder that "
            "`ektp-biocheck batch` wrote with --out, or run it again to finish it"
        ) from None
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"{file} cannot be read ({error}). {_AGAIN}") from None
    schema = summary.get("schema")
    if not isinstance(schema, int) or not 1 <= schema <= SCHEMA:
        raise InputError(
            f"{file} was not written by this version (schema {schema}, known is {SCHEMA}): run "
            "the batch again, or update ektp-biocheck"
        )
    return summary


_AGAIN = "Run `ektp-biocheck batch` again with the same --out: only what is missing is redone."


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with file.open("rb") as handle:
            yield from enumerate(handle, 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}). {_AGAIN}") from None


def _row(line: _Line) -> Row:
    return Row(
        path=line.path,
        modality=line.modality,
        status=line.status,
        score=line.score,
        failure=line.failure,
        failure_code=line.failure_code,
        defects=tuple(defect.code for defect in line.defects),
        hard=tuple(defect.code for defect in line.defects if defect.hard),
        position=line.position,
        ppi=line.ppi,
        station=line.station,
        device=line.device,
        operator=line.operator,
        age_band=line.age_band,
        captured_at=line.captured_at,
        person=line.person,
        sha256=line.sha256,
        algorithm=line.algorithm,
        duplicate_of=line.duplicate_of,
        measures={name: measure.value for name, measure in line.measures.items()},
        severities={defect.code: defect.severity for defect in line.defects},
    )


def _decoded(decoder: msgspec.json.Decoder[_Line], line: bytes) -> _Line:
    if b"\\udc" in line:  # bytes of a file name that are no text; msgspec takes none
        return msgspec.convert(json.loads(line), _Line)
    return decoder.decode(line)


def _check(file: Path, summary: Mapping[str, Any], rows: int, digest: str) -> None:
    if rows != summary["files"]:
        raise InputError(f"{file} has {rows} rows, run.json says {summary['files']}. {_AGAIN}")
    known = summary["sha256"]["results.jsonl"]
    if digest != known:
        raise InputError(f"{file} is not the one that run.json was written with. {_AGAIN}")
