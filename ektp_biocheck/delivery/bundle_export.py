"""Exporting: everything that waits, copied to a disk, read back and signed."""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.bundle import Bundle, payload_in, read_bundle, write_bundle
from ektp_biocheck.delivery.messages import sign
from ektp_biocheck.delivery.reconcile import questions
from ektp_biocheck.delivery.sender import announcement
from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records import audit, clock, store
from ektp_biocheck.records.crash import point
from ektp_biocheck.records.database import writing
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.rows import RecordRow

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Exported", "export"]

_READ = 1 << 20
_MARGIN = 8 << 20
"""Bytes left free on the disk for the manifest and what the centre writes."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to.

    Attributes
    ----------
    copied, there : int
        Records copied now, and those that an earlier run had copied.
    damaged : tuple of str
        Records whose payload here is gone or damaged: they are not on the disk.
    left : int
        Records for which the disk has no space.
    size : int
        Bytes of records on the disk.
    """

    copied: int
    there: int
    damaged: tuple[str, ...]
    left: int
    size: int


def export(
    connection: sqlite3.Connection,
    folder: Path,
    target: Path,
    *,
    station: str,
    key: "Ed25519PrivateKey",
    centres: tuple[str, ...],
    now: datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
    told: Callable[[int], None] = lambda _: None,
) -> Exported:
    """Copy everything that waits to be sent to a disk; run it again to go on where it stopped.

    Each copy is read back from the disk and compared before it counts.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    folder : Path
        The station's folder.
    target : Path
        Folder on the disk: a new one, or one of an earlier export.
    station : str
        The station's name.
    key : Ed25519PrivateKey
        What it signs with.
    centres : tuple of str
        The centres whose statements are wanted back.
    now : datetime, optional
        The wall clock's time when left out.
    stop : callable
        Asked before each record whether to stop; nothing is signed then.
    told : callable
        Called with the bytes of each record that is safely there.

    Returns
    -------
    Exported
        What is on the disk now.

    Raises
    ------
    InputError
        When the folder holds another bundle.
    OSError
        When the disk cannot be written.
    KeyboardInterrupt
        When `stop` said so.
    """
    outbox.prepare(connection)
    _check_target(target, station)
    (target / "records").mkdir(parents=True, exist_ok=True)
    done: list[RecordRow] = []
    damaged: list[str] = []
    copied = left = 0
    for row in _to_export(connection):
        if stop():
            raise KeyboardInterrupt
        goal = payload_in(target, row.record_id)
        if _hash(goal) != row.sha256:
            if shutil.disk_usage(target).free < row.size + _MARGIN:
                left += 1
                continue
            if not _copy(StationFolder(folder).payload(row.record_id), goal, row.sha256):
                damaged.append(row.record_id)
                continue
            copied += 1
        done.append(row)
        told(row.size)
    _sign(connection, target, done, station, key, centres, clock.text(now or clock.now()))
    size = sum(row.size for row in done)
    return Exported(copied, len(done) - copied, tuple(damaged), left, size)


def _check_target(target: Path, station: str) -> None:
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file: name a folder on the disk")
    if (target / "return.json").exists():
        raise InputError(
            f"{target} came back from the centre: take it in with "
            "ektp-biocheck bundle receipts, and export into a new folder"
        )
    if (target / "bundle.json").exists():
        if read_bundle(target)[0].station != station:
            raise InputError(f"{target} is the bundle of another station: name a new folder")
    elif target.is_dir() and {entry.name for entry in target.iterdir()} - {"records"}:
        raise InputError(f"{target} is not empty: name a new folder on the disk")


def _to_export(connection: sqlite3.Connection) -> Iterator[RecordRow]:
    after = 0
    while page := store.records(connection, outbox.SENDABLE, after=after):
        yield from page
        after = page[-1].sequence


def _copy(source: Path, goal: Path, sha256: str) -> bool:
    """Copy a file and read the copy back; False when the source is not as it was sealed."""
    partial = goal.with_name(goal.name + ".tmp")
    digest = hashlib.sha256()
    try:
        with source.open("rb") as file, partial.open("wb") as copy:
            while piece := file.read(_READ):
                digest.update(piece)
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
            _forget(copy.fileno())
    except FileNotFoundError:
        if not source.parent.is_dir():
            raise UnreadableError(f"{source.parent} is missing: is the disk mounted?") from None
        return False
    if digest.hexdigest() != sha256:
        partial.unlink()
        return False
    point("bundle:copied")
    if _hash(partial) != sha256:
        raise OSError(f"{goal} was not written as it should be: the disk is bad, use another")
    partial.replace(goal)
    return True


def _forget(handle: int) -> None:
    """Drop what the system remembers of a file, so that reading it back asks the disk."""
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def _hash(path: Path) -> str | None:
    """Return the hash of a file; None when there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _sign(
    connection: sqlite3.Connection,
    target: Path,
    rows: list[RecordRow],
    station: str,
    key: "Ed25519PrivateKey",
    centres: tuple[str, ...],
    at: str,
) -> None:
    """Write the signed manifest last, and note at the station what travels."""
    head = audit.head(connection).hash
    bundle = Bundle(
        station=station,
        at=at,
        records=tuple(announcement(row, station, head) for row in rows),
        questions=tuple(questions(connection, also=outbox.SENDABLE)),
        statements_after={name: store.last_statement(connection, name) for name in centres},
    )
    name = write_bundle(target, sign(bundle, key))
    point("bundle:signed")
    with writing(connection):
        audit.append(connection, "bundle-exported", {"bundle": name, "records": len(rows)})
        for row in rows:
            outbox.note_exported(connection, row.record_id, name, at)
