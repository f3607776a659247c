"""A second copy of a station's records, made while it works, and brought up to date in place.

::

    backup/backup.json          signed by the station; names the database by its hash
    backup/station-<hash>.db    a snapshot of the database
    backup/sealed/*.sealed      every sealed record that it names and that is not erased yet
    backup/keys/*.pub           public keys only; a station set up anew makes a new private one

Sealed files never change, so a later backup into the same folder copies only what is new, and
``backup.json`` is replaced last: a crash leaves the backup of before. What the retention time has
erased at the station goes from the backup too. Captures of a person in the chair are not in it.
"""

import base64
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records import audit, clock
from ektp_biocheck.records.audit import Head
from ektp_biocheck.records.canonical import canonical, digest
from ektp_biocheck.records.database import writing
from ektp_biocheck.records.files import TEMPORARY, remove_durably, sync_folder, write_durably
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.keys import Keys, key_id, save_public
from ektp_biocheck.records.payload import payload
from ektp_biocheck.records.reading import reading
from ektp_biocheck.records.rows import RecordRow, all_records, find

__all__ = ["Backup", "Label", "back_up", "check_backup", "read_label"]

_LABEL = "backup.json"
_SCHEMA = "ektp-biocheck/backup 1"
_SIGNED_AS = b"ektp-biocheck backup 1\0"

Step = Callable[[int, int], object]


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup says of itself, signed: which database, made when, up to which audit row."""

    schema: str
    made_at: str
    database: str
    database_sha256: str
    records: int
    audit_seq: int
    audit_head: str
    key_id: str
    signature: str = ""

    @property
    def head(self) -> Head:
        """The end of the audit chain in it."""
        return Head(self.audit_seq, self.audit_head)


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds now: how many records, how many files were copied, what is amiss.

    `damaged` are records whose file at the station is missing or not as it was sealed.
    """

    label: Label
    records: int
    copied: int
    damaged: tuple[str, ...]


def back_up(
    connection: sqlite3.Connection,
    place: StationFolder,
    keys: Keys,
    to: Path,
    *,
    deep: bool = False,
    step: Step = lambda _done, _total: None,
) -> Backup:
    """Make a backup, or bring one up to date, while the station works.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    place : StationFolder
        The station's folder.
    keys : Keys
        The station's keys; its private one signs the label.
    to : Path
        The backup's folder, best on another disk; made when needed.
    deep : bool
        Read and compare the files that are in the backup already, too.
    step : callable
        Told how many files are done, and of how many.

    Returns
    -------
    Backup
        What it holds. Every new file was read back and compared, and the snapshot's tables and
        audit chain were checked.

    Raises
    ------
    InputError
        When the folder lies in the station's own, holds something else, or is another station's.
    UnreadableError
        When the station's database is damaged, or has lost what the backup or its own sealed
        files still know.
    OSError
        When the station cannot be written to: it notes each backup in its chain. Or when something
        else cannot be read or written, such as on a full disk. The backup of before is still valid
        then.
    """
    _check_apart(place, to)
    _check_target(to, keys, connection)
    _check_station(connection, place)
    target = StationFolder(to).make()
    name, database_sha256, head = _snapshot(connection, to, keys.trusted)
    with reading(to / name) as snapshot:
        rows = list(all_records(snapshot))
    kept = [row for row in rows if row.erased_at is None]
    copied, damaged = 0, []
    for done, row in enumerate(kept, 1):
        try:
            copied += _copy(connection, place, target, row, deep=deep)
        except UnreadableError:
            live = find(connection, row.record_id)
            if live is None or live.erased_at is None:
                damaged.append(row.record_id)
        step(done, len(kept))
    _copy_keys(keys, target.keys)
    label = Label(
        *(_SCHEMA, clock.text(clock.now()), name, database_sha256, len(rows)),
        *(head.seq, head.hash, key_id(keys.station_private.public_key())),
    )
    label = _signed(label, keys.station_private)
    write_durably(to / _LABEL, canonical(msgspec.to_builtins(label)))
    _prune(target, name, {row.record_id for row in rows if row.erased_at is not None})
    audit.append(connection, "backup", {"database_sha256": database_sha256})
    return Backup(label, len(rows), copied, tuple(damaged))


def read_label(folder: Path, trusted: Iterable[Ed25519PublicKey]) -> Label:
    """Read and check what a backup says of itself, and that its database is the one it names.

    Parameters
    ----------
    folder : Path
        The backup.
    trusted : iterable of Ed25519PublicKey
        Whose signature to believe.

    Returns
    -------
    Label
        Believed.

    Raises
    ------
    InputError
        When it is no backup, or another station's.
    UnreadableError
        When it is damaged.
    """
    check_backup(folder)
    path = folder / _LABEL
    try:
        label = msgspec.json.decode(path.read_bytes(), type=Label)
        key = {key_id(one): one for one in trusted}[label.key_id]
        key.verify(base64.b64decode(label.signature), _to_sign(label))
        database = (folder / Path(label.database).name).read_bytes()
    except OSError as error:
        raise UnreadableError(f"{error.filename} cannot be read: use another backup") from error
    except KeyError as error:
        raise InputError(
            f"{folder} is the backup of another station, or its key changed"
        ) from error
    except (msgspec.MsgspecError, InvalidSignature, ValueError) as error:
        raise UnreadableError(f"{path} is damaged: use another backup") from error
    if digest(database) != label.database_sha256:
        raise UnreadableError(f"{folder / label.database} is damaged: use another backup")
    return label


def check_backup(folder: Path) -> None:
    """Refuse, with `InputError`, a folder that is no backup at all."""
    if not (folder / _LABEL).exists():
        raise InputError(
            f"{folder} is no backup: {_LABEL} is missing; give the folder that "
            "ektp-biocheck backup wrote to"
        )


def _check_apart(place: StationFolder, to: Path) -> None:
    if to.resolve().is_relative_to(place.root.resolve()):
        raise InputError(
            f"{to} lies in the station's own folder and would be lost with it: give a folder on "
            "another disk"
        )


def _check_target(to: Path, keys: Keys, connection: sqlite3.Connection) -> None:
    if not to.exists() or not any(to.iterdir()):
        return
    if (to / _LABEL).exists():
        label = read_label(to, keys.trusted)
        if not _continues(connection, label.head):
            raise UnreadableError(
                f"{to} holds a backup up to audit row {label.audit_seq}, which the station's "
                "database does not have: the database was lost or put back. Bring it back with "
                f"ektp-biocheck restore {to} STATION --replace, or back up into an empty folder"
            )
    elif any(not _of_a_backup(path) for path in to.iterdir()):
        raise InputError(f"{to} holds something else than a backup: give an empty folder")


def _continues(connection: sqlite3.Connection, before: Head) -> bool:
    """Return whether the station's chain has the row that a backup ends with."""
    row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (before.seq,)).fetchone()
    return before.seq == 0 or row == (before.hash,)


def _check_station(connection: sqlite3.Connection, place: StationFolder) -> None:
    """Refuse a station that cannot be written to, or that has sealed files without their rows."""
    try:
        with writing(connection):  # nobody is in the middle of sealing while this is held
            connection.execute("UPDATE station SET next_sequence = next_sequence")
            names = {path.stem for path in place.sealed.glob("*.sealed")}
            known = {row_id for (row_id,) in connection.execute("SELECT record_id FROM record")}
    except sqlite3.OperationalError as error:
        raise OSError(
            f"{place.database} cannot be written to ({error}), but each backup is noted in it: "
            "check the disk and the folder's rights"
        ) from error
    if strange := names - known:
        raise UnreadableError(
            f"{len(strange)} sealed files in {place.sealed} are not in {place.database.name}: "
            "start the station or run ektp-biocheck send, which take them in, or bring the "
            "database back with ektp-biocheck restore"
        )


def _of_a_backup(path: Path) -> bool:
    """Return whether a backup that was cut off may have left this."""
    return path.name in ("sealed", "keys") or path.suffix in (".db", TEMPORARY)


def _snapshot(
    connection: sqlite3.Connection, to: Path, trusted: Iterable[Ed25519PublicKey]
) -> tuple[str, str, Head]:
    """Copy the database as it is at one moment, check the copy and name it by its hash."""
    temporary = to / f"station.db{TEMPORARY}"
    temporary.unlink(missing_ok=True)
    with closing(sqlite3.connect(temporary)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, whatever the station uses
        damage = [line for (line,) in copy.execute("PRAGMA integrity_check") if line != "ok"]
        verdict = audit.verify(copy, trusted)
    if damage or not verdict.whole:
        temporary.unlink()
        raise UnreadableError(
            "the station's database is damaged: run ektp-biocheck audit verify, keep the backup "
            "of before and do not overwrite it"
        )
    data = temporary.read_bytes()
    name = f"station-{digest(data)[:16]}.db"
    write_durably(to / name, data)  # synced; SQLite's own file need not be
    temporary.unlink()
    return name, digest(data), verdict.head


def _copy(
    connection: sqlite3.Connection,
    place: StationFolder,
    target: StationFolder,
    row: RecordRow,
    *,
    deep: bool,
) -> int:
    """Copy one sealed file unless it is there; return how many were copied."""
    path = target.payload(row.record_id)
    same = path.exists() and path.stat().st_size == row.size
    if same and (not deep or digest(path.read_bytes()) == row.sha256):
        return 0
    write_durably(path, payload(connection, place.root, row.record_id))
    if digest(path.read_bytes()) != row.sha256:
        raise OSError(f"{path} was not written as it was sent: this disk is not to be trusted")
    return 1


def _copy_keys(keys: Keys, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for public in keys.trusted:
        path = folder / f"{key_id(public)}.pub"
        if not path.exists():
            save_public(public, path)


def _signed(label: Label, key: Ed25519PrivateKey) -> Label:
    signature = base64.b64encode(key.sign(_to_sign(label))).decode()
    return msgspec.structs.replace(label, signature=signature)


def _to_sign(label: Label) -> bytes:
    fields = msgspec.to_builtins(label)
    del fields["signature"]
    return _SIGNED_AS + canonical(fields)


def _prune(target: StationFolder, name: str, erased: set[str]) -> None:
    """Remove older snapshots, and captures whose time is over."""
    for path in target.root.glob("station-*.db"):
        if path.name != name:
            remove_durably(path)
    for record_id in erased:
        path = target.payload(record_id)
        if path.exists():
            remove_durably(path)
    sync_folder(target.root)
