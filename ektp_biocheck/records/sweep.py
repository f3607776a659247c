"""Setting right, at start-up, what a crash or a bad disk left behind.

A file without a row is a record whose commit was cut off: adopted when this station's signature
verifies, put aside otherwise. A row without its file is LOST, with an alarm, unless the centre has
it. Everything here can be repeated after a crash in the middle.
"""

import hashlib
import logging
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records import audit, crash
from ektp_biocheck.records.canonical import digest
from ektp_biocheck.records.database import writing
from ektp_biocheck.records.entry import insert
from ektp_biocheck.records.files import TEMPORARY, remove_durably, sync_folder
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.keys import Keys, key_id
from ektp_biocheck.records.moves import add_flag, move
from ektp_biocheck.records.payload import enter_erased
from ektp_biocheck.records.rows import RecordRow, find, of_transaction, record, records
from ektp_biocheck.records.seal import MAX_BYTES, Envelope, SealError, parse, verify
from ektp_biocheck.records.sealing import OpenCaptures
from ektp_biocheck.records.states import MAY_MISS_PAYLOAD, State

__all__ = ["Sweep", "sweep"]

_LOG = logging.getLogger("ektp_biocheck.records")
_SUFFIX = ".sealed"


@dataclass(slots=True)
class Sweep:
    """What was found and set right, as record ids or file hashes.

    `adopted`: files that had no row. `strangers`: files put into quarantine. `lost`: records
    whose payload is gone (the alarm). `found`: lost ones whose payload is back. `missing`: records
    without payload that the centre has. `temporary`: how many unfinished files were removed.
    `captures`: how many sealed transactions still had captures waiting.
    """

    adopted: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    temporary: int = 0
    captures: int = 0

    @property
    def alarm(self) -> bool:
        """Whether a person has to look: something is lost, missing or strange."""
        return bool(self.lost or self.missing or self.strangers)


def sweep(
    connection: sqlite3.Connection,
    folder: Path,
    keys: Keys | Iterable[Ed25519PublicKey],
    *,
    vault: OpenCaptures | None = None,
    deep: bool = False,
) -> Sweep:
    """Compare the sealed files with the rows and set right what can be.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    folder : Path
        The station's folder.
    keys : Keys or iterable of Ed25519PublicKey
        Whose signature means: this station.
    vault : OpenCaptures, optional
        Captures of open transactions: those of sealed ones are removed.
    deep : bool
        Read every file and compare its hash. Without it only names and sizes are compared, which
        takes seconds for ten thousand records instead of minutes.

    Returns
    -------
    Sweep
        What was found.

    Raises
    ------
    InputError
        When there are records but no folder of sealed files: the disk is not mounted.
    UnreadableError
        When the database is damaged.
    OSError
        When a file cannot be read or moved.
    """
    place = StationFolder(folder)
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise UnreadableError(f"{place.database} is damaged: restore the backup")
    found = Sweep()
    trusted = keys.trusted if isinstance(keys, Keys) else tuple(keys)
    sizes = _sizes(connection, place, found)
    _look_at_rows(connection, place, sizes, found, deep=deep)
    for name, size in sizes.items():  # what is left belongs to no row
        _look_at_stranger(connection, place, name, size, trusted, found)
    if vault is not None:
        _remove_captures(connection, vault, found)
    return found


def _sizes(connection: sqlite3.Connection, place: StationFolder, found: Sweep) -> dict[str, int]:
    """Return the size of each file in the folder, without what was never finished."""
    if not place.sealed.is_dir():
        (rows,) = connection.execute(
            "SELECT count(*) FROM record WHERE erased_at IS NULL"
        ).fetchone()
        if rows:
            raise InputError(
                f"{place.sealed} is missing, but {rows} sealed records should be there: is the "
                "disk mounted? If it is lost, restore the backup"
            )
        place.make()
    sizes: dict[str, int] = {}
    with os.scandir(place.sealed) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                sizes[entry.name] = entry.stat().st_size
    _remove_temporary(connection, place, sizes, found)
    return sizes


def _remove_temporary(
    connection: sqlite3.Connection, place: StationFolder, sizes: dict[str, int], found: Sweep
) -> None:
    """Remove what was never finished. Whoever writes one holds the lock, so it is not under way."""
    unfinished = [place.sealed / name for name in sizes if name.endswith(TEMPORARY)]
    ballast = place.ballast.with_name(place.ballast.name + TEMPORARY)
    if ballast.exists():
        unfinished.append(ballast)
    for path in unfinished:
        with writing(connection):
            left_behind = path.exists()
            remove_durably(path)
        crash.point("sweep:temporary-removed")
        sizes.pop(path.name, None)
        found.temporary += left_behind


def _look_at_rows(
    connection: sqlite3.Connection,
    place: StationFolder,
    sizes: dict[str, int],
    found: Sweep,
    *,
    deep: bool,
) -> None:
    """Take the files that belong to rows out of `sizes`, and tell which rows have none."""
    after = 0
    while page := records(connection, after=after):
        for row in page:
            size = sizes.pop(f"{row.record_id}{_SUFFIX}", None)
            if row.erased_at is not None:
                if size is not None:  # back from a backup: its time is over
                    remove_durably(place.payload(row.record_id))
                continue
            if size is not None and (size != row.size or (deep and not _intact(place, row))):
                _put_aside(connection, place, f"{row.record_id}{_SUFFIX}", "damaged", found)
                size = None
            if size is None and not place.payload(row.record_id).exists():
                _tell_missing(connection, row, found)
            elif row.state is State.LOST and size is not None and _intact(place, row):
                move(connection, row.record_id, State.QUEUED, "payload is back", actor="sweep")
                found.found.append(row.record_id)
        after = page[-1].sequence


def _intact(place: StationFolder, row: RecordRow) -> bool:
    return digest(place.payload(row.record_id).read_bytes()) == row.sha256


def _tell_missing(connection: sqlite3.Connection, row: RecordRow, found: Sweep) -> None:
    if row.state not in MAY_MISS_PAYLOAD:
        move(connection, row.record_id, State.LOST, "payload is gone", actor="sweep")
        crash.point("sweep:lost")
        found.lost.append(row.record_id)
    elif row.state is State.CLOSED:  # erasing it was cut off, or nobody needs it any more
        enter_erased(connection, row.record_id, "file was gone")
    elif row.state in (State.HELD, State.CONFLICT_AT_CENTRE):  # the centre may yet ask for it
        if "PAYLOAD_MISSING" not in row.flags:
            _LOG.error("record %s (%s) has no payload here", row.record_id, row.state)
            with writing(connection):
                add_flag(connection, row, "PAYLOAD_MISSING")
        found.missing.append(row.record_id)


def _look_at_stranger(
    connection: sqlite3.Connection,
    place: StationFolder,
    name: str,
    size: int,
    trusted: Iterable[Ed25519PublicKey],
    found: Sweep,
) -> None:
    """Adopt a file without a row when it is ours, and put it aside otherwise."""
    try:
        if size > MAX_BYTES:
            raise SealError("too large to be a record")
        envelope = _ours((place.sealed / name).read_bytes(), name, trusted)
        with writing(connection):
            if find(connection, envelope.record_id):
                return  # another process has just sealed it
            _refuse_second(connection, envelope)
            sync_folder(place.sealed)
            insert(connection, envelope, kind="adopted")
            add_flag(connection, record(connection, envelope.record_id), "ADOPTED")
    except InputError as error:
        _put_aside(connection, place, name, str(error), found)
        return
    crash.point("sweep:adopted")
    found.adopted.append(envelope.record_id)


def _ours(data: bytes, name: str, trusted: Iterable[Ed25519PublicKey]) -> Envelope:
    signer = {key_id(key): key for key in trusted}.get(parse(data).station_key)
    if signer is None:
        raise SealError("sealed by another station")
    envelope = verify(data, signer)
    if name != f"{envelope.record_id}{_SUFFIX}":
        raise SealError("named after another record")
    transaction = envelope.manifest.get("transaction")
    if not isinstance(transaction, str):
        raise SealError("its manifest names no transaction")
    return envelope


def _refuse_second(connection: sqlite3.Connection, envelope: Envelope) -> None:
    row = of_transaction(connection, envelope.manifest["transaction"])
    if row is not None:
        raise SealError(f"its transaction was sealed as record {row.record_id}")


def _put_aside(
    connection: sqlite3.Connection, place: StationFolder, name: str, why: str, found: Sweep
) -> None:
    """Move a file out of the way: nothing that might be a person's capture is ever deleted."""
    path = place.sealed / name
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    audit.append(connection, "stranger", {"sha256": sha256, "why": why})
    crash.point("sweep:told-of-stranger")
    place.quarantine.mkdir(mode=0o700, exist_ok=True)
    path.replace(place.quarantine / f"{sha256[:32]}.bad")
    sync_folder(place.quarantine)
    sync_folder(place.sealed)
    crash.point("sweep:stranger-moved")
    _LOG.error("a file with SHA-256 %s was put into quarantine: %s", sha256[:16], why)
    found.strangers.append(sha256)


def _remove_captures(connection: sqlite3.Connection, vault: OpenCaptures, found: Sweep) -> None:
    for transaction in vault.transactions():
        if of_transaction(connection, transaction) is not None:
            vault.remove(transaction)
            found.captures += 1
