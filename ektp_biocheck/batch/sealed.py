"""The manifests of sealed records, as far as quality staff read them."""

from pathlib import Path

import msgspec

from ektp_biocheck.errors import BiocheckError, InputError, InstallationError, UnreadableError

__all__ = ["Attempt", "Excepted", "Instance", "Manifest", "Photo", "SeenDefect", "read_manifests"]

_LARGEST = 10_000_000  # bytes; a manifest has some thousand


class SeenDefect(msgspec.Struct):
    """A defect as a manifest tells it."""

    code: str
    hard: bool = False


class Attempt(msgspec.Struct):
    """One capture of a part: score and defects, or their codes."""

    score: float | None = None
    defects: list[SeenDefect | str] = []


class Instance(Attempt):
    """A finger, an eye or the face: the capture that was kept, and how often it was tried."""

    outcome: str = ""
    attempts: int | list[Attempt] = 0


class Excepted(msgspec.Struct):
    """A part that is excepted: why, approved by whom, and what speaks against it."""

    instance: str
    kind: str = ""
    permanence: str = ""
    reason: str = ""
    review_by: str | None = None
    approved_by: str | None = None
    approval: str | None = None
    approval_due: str | None = None
    contradicted_by: int | None = None


class Photo(msgspec.Struct):
    """An evidence photo: whether it shows one face and both hands, and what is wrong."""

    complete: bool | None = None
    defects: list[SeenDefect | str] = []


class Finished(msgspec.Struct):
    """When a record was finished, ISO 8601."""

    at: str | None = None


class Manifest(msgspec.Struct):
    """What is read of a record's manifest; all else in it is left alone."""

    record_id: str
    station: str
    operator: str
    instances: dict[str, Instance]
    exceptions: list[Excepted] = []
    evidence: list[Photo] = []
    finished: Finished = msgspec.field(default_factory=Finished)
    supersedes: str | None = None


def read_manifests(folder: Path) -> tuple[list[Manifest], list[tuple[str, str]]]:
    """Read every sealed record and every ``.json`` file below a folder.

    The manifest of a sealed record (``.sealed``) stands in its clear head, so that neither a key
    nor the captures are needed; the signature is the centre's to check.

    Returns
    -------
    tuple
        The manifests in the order of their paths, and (path, reason) of files that hold none.

    Raises
    ------
    InputError
        When there is no such file at all.
    """
    manifests, unreadable = [], []
    files = sorted(
        path for path in folder.rglob("*") if path.suffix in (".json", ".sealed") and path.is_file()
    )
    if not files:
        raise InputError(
            f"{folder}: no records here (files that end in .sealed, or manifests in .json)"
        )
    decoder = msgspec.json.Decoder(Manifest)
    for file in files:
        try:
            manifests.append(_read(file, decoder))
        except BiocheckError as error:
            unreadable.append((file.relative_to(folder).as_posix(), str(error)))
    return manifests, unreadable


def _read(file: Path, decoder: "msgspec.json.Decoder[Manifest]") -> Manifest:
    try:
        if file.suffix == ".sealed":
            return decoder.decode(_head_of(file.read_bytes()))
        if file.stat().st_size > _LARGEST:
            raise UnreadableError("too large for a manifest")
        return decoder.decode(file.read_bytes())
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableError(f"no manifest of a record: {error}") from error
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error


def _head_of(data: bytes) -> bytes:
    try:
        from ektp_biocheck.records.envelope import parse
    except ImportError as error:
        raise InstallationError(
            "sealed records need the station's extra: pip install 'ektp-biocheck[station]'"
        ) from error
    return msgspec.json.encode(parse(data).manifest)
