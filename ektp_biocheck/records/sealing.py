"""Sealing a person's record: from captures in memory to a file and its rows, durably.

The order is what makes it safe: encrypt, write a temporary file, sync it, give it its name, sync
the folder, then one commit of record, outbox and audit rows. A crash before the commit leaves a
file without a row, which `sweep` adopts; after it, everything is there. Only when `seal_record`
returns may the person be given a receipt.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ektp_biocheck.errors import InputError
from ektp_biocheck.records import audit, crash, space
from ektp_biocheck.records.database import writing
from ektp_biocheck.records.entry import APPROVAL_HOURS, insert, next_sequence
from ektp_biocheck.records.files import write_durably
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.ids import check_record_id, new_record_id
from ektp_biocheck.records.keys import Keys
from ektp_biocheck.records.rows import RecordRow, manifest_of, of_transaction
from ektp_biocheck.records.seal import seal_with_envelope

__all__ = ["OpenCaptures", "SealedRecord", "next_record_id", "seal_record"]


class OpenCaptures(Protocol):
    """The encrypted captures of persons still in the chair, such as `vault.Vault`."""

    def transactions(self) -> tuple[str, ...]: ...  # noqa: D102
    def remove(self, transaction: str) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """A record that is durable: the person may have a receipt.

    `sha256` and `size` are those of the file at `path`.
    """

    record_id: str
    sequence: int
    sha256: str
    size: int
    path: Path
    manifest_sha256: str


def next_record_id(connection: sqlite3.Connection) -> str:
    """Return an id for the next record, greater than every one sealed so far."""
    (last,) = connection.execute("SELECT max(record_id) FROM record").fetchone()
    return new_record_id(last)


def seal_record(
    connection: sqlite3.Connection,
    folder: Path,
    files: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    keys: Keys,
    *,
    supersedes: str | None = None,
    vault: OpenCaptures | None = None,
    approval_hours: float = APPROVAL_HOURS,
) -> SealedRecord:
    """Seal a person's captures; on return they survive a power cut.

    May be repeated after any failure: a transaction is sealed once, and asking again returns the
    record it was sealed as. When the disk is full the ballast is released and it is tried once
    more.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    folder : Path
        The station's folder.
    files : Mapping of str to bytes
        Image files by instance name.
    manifest : Mapping
        With ``record_id``, ``transaction`` and ``station``; ``queue_number`` where the office has
        one; ``exceptions`` with their approvals; ``copied_instances``, names of instances whose
        capture the centre holds in the superseded record (flagged ``COPY_UNFOUNDED`` when it
        does not).
    keys : Keys
        The station's keys.
    supersedes : str, optional
        The record that this one replaces; that of the manifest when left out.
    vault : OpenCaptures, optional
        Where this transaction's captures wait; they are removed once they are sealed.
    approval_hours : float
        How long a record whose exceptions wait for approval stays SEALED, in hours, when they
        do not say it themselves (``approval_due``).

    Returns
    -------
    SealedRecord
        What was sealed.

    Raises
    ------
    InputError
        When the manifest does not fit the files, or the transaction was sealed with others.
    OSError, sqlite3.Error
        When it could not be made durable. Nothing was lost: the captures are where they were.
    """
    place = StationFolder(folder).make()
    if supersedes is not None and manifest.get("supersedes") not in (None, supersedes):
        raise InputError("the manifest names another record that it supersedes")
    if supersedes is not None:  # signed with the rest, so that it survives with the file alone
        manifest = {**manifest, "supersedes": supersedes}
    try:
        row = _seal_once(connection, place, files, manifest, keys, approval_hours)
    except (OSError, sqlite3.Error) as error:
        if not (space.is_full(error) and space.release_ballast(place)):
            raise
        row = _seal_once(connection, place, files, manifest, keys, approval_hours)
    crash.point("seal:committed")
    if vault is not None:
        vault.remove(row.transaction)
        crash.point("seal:captures-removed")
    return SealedRecord(
        row.record_id,
        row.sequence,
        row.sha256,
        row.size,
        place.payload(row.record_id),
        row.manifest_sha256,
    )


def _seal_once(
    connection: sqlite3.Connection,
    place: StationFolder,
    files: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    keys: Keys,
    approval_hours: float,
) -> RecordRow:
    transaction, record_id = _named(manifest)
    with writing(connection):  # from here on no other writer can take the same sequence
        crash.point("seal:begun")
        before = of_transaction(connection, transaction)
        if before is not None:
            return _sealed_before(connection, before, manifest)
        end = audit.head(connection)
        data, envelope = seal_with_envelope(
            files,
            manifest,
            centre_public=keys.centre_public,
            station_private=keys.station_private,
            record_id=record_id,
            sequence=next_sequence(connection),
            audit_seq=end.seq,
            audit_head=end.hash,
        )
        crash.point("seal:encrypted")
        write_durably(place.payload(record_id), data)
        crash.point("seal:file-stored")
        row = insert(connection, envelope, approval_hours=approval_hours)
        crash.point("seal:rows-written")
    return row


def _named(manifest: Mapping[str, Any]) -> tuple[str, str]:
    transaction = manifest.get("transaction")
    if not isinstance(transaction, str) or not transaction:
        raise InputError('the manifest must name its transaction: set "transaction"')
    return transaction, check_record_id(manifest.get("record_id", ""))


def _sealed_before(
    connection: sqlite3.Connection, row: RecordRow, manifest: Mapping[str, Any]
) -> RecordRow:
    """Answer a repeated call. Its own commit makes sure that the first one is on the disk."""
    if _captures(manifest_of(connection, row.record_id)) != _captures(manifest):
        raise InputError(
            f"this transaction is sealed already as record {row.record_id}, with other captures: "
            "begin a new one that supersedes it"
        )
    audit.append(connection, "sealed-again", {"record_id": row.record_id})
    return row


def _captures(manifest: Mapping[str, Any]) -> dict[str, str | None]:
    instances = manifest.get("instances", {})
    return {name: entry.get("sha256") for name, entry in instances.items()}
