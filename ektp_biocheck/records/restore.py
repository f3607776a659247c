"""Bringing a station back from its backup, so that nothing is applied twice.

The backup is of yesterday. Since then records were sealed, sent, and perhaps closed. So numbers
jump ahead of all that may have been given out, sealed files that are newer than the backup are
adopted again, and nothing is sent until the centre was asked what it holds.
"""

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ektp_biocheck.errors import InputError
from ektp_biocheck.records import audit
from ektp_biocheck.records.backup import Label, check_backup, read_label
from ektp_biocheck.records.canonical import digest
from ektp_biocheck.records.database import connect, writing
from ektp_biocheck.records.files import remove_durably, sync_folder, write_durably
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.keys import key_id, load_verifying_key, save_public, trusted_keys
from ektp_biocheck.records.reading import reading
from ektp_biocheck.records.rows import RecordRow, all_records
from ektp_biocheck.records.sweep import Sweep, sweep

__all__ = ["Restored", "restore", "restore_payloads"]

_BLOCK = 1 << 20
"""Numbers jump by a random count of these: far more than a station gives out in a lifetime."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: `copied` sealed files, and what `sweep` found beside them.

    `damaged` are records whose file is neither at the station nor intact in the backup.
    `checked_key` is False when the station's folder had no key to check the backup's signature
    against, so that it was believed on its own word.
    """

    label: Label
    copied: int
    damaged: tuple[str, ...]
    sweep: Sweep
    checked_key: bool


def restore(
    backup: Path,
    place: StationFolder,
    *,
    replace: bool = False,
    step: Callable[[int, int], object] = lambda _done, _total: None,
) -> Restored:
    """Bring a station back from its backup.

    Sealed files that are at the station and newer than the backup are kept and adopted. The
    station's private key is not in a backup: where it is gone, make a new one afterwards and give
    its public half to the centre.

    Parameters
    ----------
    backup : Path
        The backup's folder.
    place : StationFolder
        The station's folder; may be empty or new.
    replace : bool
        Whether a database that is there may be moved away (into ``replaced/``; it is never
        deleted).
    step : callable
        Told how many files are done, and of how many.

    Returns
    -------
    Restored
        What came back. Nothing is due until `store.reconciled` was called.

    Raises
    ------
    InputError
        When there is no backup, it is another station's, or there is a database already.
    UnreadableError
        When the backup is damaged.
    OSError
        When something cannot be written. It may be repeated.
    """
    check_backup(backup)
    if place.database.exists() and place.database.stat().st_size and not replace:
        raise InputError(
            f"{place.database} exists: say --replace to move it away and go back to the backup"
        )
    trusted, checked = _trusted(backup, place)
    label = read_label(backup, trusted)
    place.make()
    copied, damaged = _copy_files(backup, label, place, step)
    _keep_keys(trusted, place)
    fresh = place.root / "station.db.restoring"
    remove_durably(fresh)
    write_durably(fresh, (backup / label.database).read_bytes())
    with closing(connect(fresh)) as connection:
        _jump_ahead(connection, label)
        connection.execute("PRAGMA journal_mode = DELETE")  # one file, to be renamed
    _move_away(place)
    fresh.replace(place.database)
    sync_folder(place.root)
    with closing(connect(place.database)) as connection:
        found = sweep(connection, place.root, trusted)
    return Restored(label, copied, damaged, found, checked)


def restore_payloads(
    backup: Path, place: StationFolder, connection: sqlite3.Connection
) -> tuple[list[str], Sweep]:
    """Fetch from the backup only the sealed files that a working station has lost.

    Parameters
    ----------
    backup : Path
        The backup's folder.
    place : StationFolder
        The station's folder.
    connection : sqlite3.Connection
        The station's database, which stays as it is.

    Returns
    -------
    tuple
        The records whose file came back, and what `sweep` then found: lost records are queued.

    Raises
    ------
    InputError, UnreadableError, OSError
        As for `restore`.
    """
    check_backup(backup)
    trusted, _ = _trusted(backup, place)
    read_label(backup, trusted)
    back = [
        row.record_id
        for row in all_records(connection)
        if row.erased_at is None and _copy_file(backup, place, row)
    ]
    return back, sweep(connection, place.root, trusted)


def _trusted(backup: Path, place: StationFolder) -> tuple[tuple[Ed25519PublicKey, ...], bool]:
    """Return the keys to believe: the station's own where it has any, else the backup's."""
    if (place.keys / "station.pub").exists():
        return trusted_keys(place.keys), True
    retired = sorted((place.keys / "retired").glob("*.pub"))
    found = retired or sorted(StationFolder(backup).keys.glob("*.pub"))
    return tuple(map(load_verifying_key, found)), bool(retired)


def _copy_files(
    backup: Path, label: Label, place: StationFolder, step: Callable[[int, int], object]
) -> tuple[int, tuple[str, ...]]:
    with reading(backup / label.database) as snapshot:
        rows = [row for row in all_records(snapshot) if row.erased_at is None]
    copied, damaged = 0, []
    for done, row in enumerate(rows, 1):
        if _copy_file(backup, place, row):
            copied += 1
        elif not place.payload(row.record_id).exists():
            damaged.append(row.record_id)
        step(done, len(rows))
    return copied, tuple(damaged)


def _copy_file(backup: Path, place: StationFolder, row: RecordRow) -> bool:
    """Fetch one sealed file when the station's is not intact and the backup's is."""
    path = place.payload(row.record_id)
    source = StationFolder(backup).payload(row.record_id)
    if path.exists() and digest(path.read_bytes()) == row.sha256:
        return False
    if not source.exists() or digest(data := source.read_bytes()) != row.sha256:
        return False
    if path.exists():
        place.quarantine.mkdir(mode=0o700, exist_ok=True)
        path.replace(place.quarantine / f"{digest(path.read_bytes())[:32]}.bad")
    write_durably(path, data)
    return True


def _keep_keys(trusted: tuple[Ed25519PublicKey, ...], place: StationFolder) -> None:
    """Remember the keys that old records are signed with; a new one will be made beside them."""
    if (place.keys / "station.pub").exists():
        return
    for public in trusted:
        path = place.keys / "retired" / f"{key_id(public)}.pub"
        if not path.exists():
            save_public(public, path)


def _jump_ahead(connection: sqlite3.Connection, label: Label) -> None:
    """Leave room for every number that may have been given out since the backup."""
    with writing(connection):
        (sequence,) = connection.execute("SELECT next_sequence FROM station").fetchone()
        (event,) = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()
        audit.append(connection, "restored", {"made_at": label.made_at, "head": str(label.head)})
        connection.execute(
            "UPDATE station SET next_sequence = ?, must_reconcile = 1", (_beyond(sequence),)
        )
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'event'")
        connection.execute("INSERT INTO sqlite_sequence VALUES ('event', ?)", (_beyond(event),))


def _beyond(number: int) -> int:
    """Return a number that no run after any restore of this backup has reached."""
    return (number // _BLOCK + 1 + secrets.randbelow(_BLOCK)) * _BLOCK


def _move_away(place: StationFolder) -> None:
    if not place.database.exists():
        return
    number = 1
    while (folder := place.root / "replaced" / str(number)).exists():
        number += 1
    folder.mkdir(parents=True, mode=0o700)
    for suffix in ("-wal", "-shm", "-journal", ""):  # the database last: with it goes the name
        path = place.database.with_name(place.database.name + suffix)
        if path.exists():
            path.replace(folder / path.name)
    sync_folder(folder)
    sync_folder(place.root)
