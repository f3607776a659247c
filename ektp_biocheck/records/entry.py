"""The rows of a sealed file: how a record enters the station's database."""

import hashlib
import sqlite3
from datetime import timedelta
from typing import Any

from ektp_biocheck.records import audit, clock
from ektp_biocheck.records.approval import approve_by
from ektp_biocheck.records.canonical import canonical
from ektp_biocheck.records.moves import DEFAULT_PRIORITY, add_flag, enter
from ektp_biocheck.records.rows import RecordRow, record
from ektp_biocheck.records.seal import Envelope
from ektp_biocheck.records.states import State
from ektp_biocheck.records.supersede import supersede, unfounded_copies

__all__ = ["APPROVAL_HOURS", "events_digest", "insert", "next_sequence"]

APPROVAL_HOURS = 72.0
"""How long a deferred approval is waited for when the policy does not say."""


def insert(
    connection: sqlite3.Connection,
    envelope: Envelope,
    *,
    approval_hours: float = APPROVAL_HOURS,
    kind: str = "sealed",
) -> RecordRow:
    """Write the rows of a sealed file that is in its place, in the commit that is under way."""
    manifest = envelope.manifest
    until = approve_by(manifest, clock.now() + timedelta(hours=approval_hours))
    number = manifest.get("queue_number")
    sealed = {
        "record_id": envelope.record_id,
        "sequence": _sequence(connection, envelope.sequence),
        "transaction": manifest["transaction"],
        "sha256": envelope.sha256,
        "size": envelope.size,
        "manifest_sha256": envelope.manifest_sha256,
        "supersedes": manifest.get("supersedes"),
        "queue_number": None if number is None else str(number),
        "approve_by": until,
        "events": events_digest(connection, manifest["transaction"]),
    }
    at = audit.append_at(connection, kind, sealed)
    connection.execute(
        "INSERT INTO record (record_id, sequence, transaction_id, sha256, size, manifest_sha256, "
        "supersedes, queue_number, approve_by, manifest, sealed_at, state, state_at, state_why, "
        "flags) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
        (*list(sealed.values())[:9], canonical(manifest).decode(), at, State.SEALED, at, kind),
    )
    connection.execute(
        "INSERT INTO outbox VALUES (?, ?, 0, 0, NULL, NULL, NULL)",
        (envelope.record_id, DEFAULT_PRIORITY),
    )
    row = record(connection, envelope.record_id)
    if until is None:
        enter(connection, row, State.QUEUED, "nothing to approve", "station")
    if unfounded_copies(connection, manifest):
        add_flag(connection, row, "COPY_UNFOUNDED")
    supersede(connection, manifest.get("supersedes"), envelope.record_id)
    return record(connection, envelope.record_id)


def next_sequence(connection: sqlite3.Connection) -> int:
    """Return the number of the next record: greater than all before, even after a restore."""
    (sequence,) = connection.execute(
        "SELECT max(next_sequence, 1 + (SELECT coalesce(max(sequence), 0) FROM record)) "
        "FROM station"
    ).fetchone()
    return int(sequence)


def _sequence(connection: sqlite3.Connection, wanted: int) -> int:
    """Take the number that the file bears, or the next one when another record has it."""
    taken = connection.execute("SELECT 1 FROM record WHERE sequence = ?", (wanted,)).fetchone()
    following = next_sequence(connection)
    sequence = following if taken or wanted < 1 else wanted
    connection.execute("UPDATE station SET next_sequence = ?", (max(following, sequence + 1),))
    return sequence


def events_digest(
    connection: sqlite3.Connection, transaction: str, until: int | None = None
) -> dict[str, Any]:
    """Tie what happened while recording to the audit chain.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    transaction : str
        Whose events.
    until : int, optional
        The last event that counts; all so far when left out.

    Returns
    -------
    dict
        ``last``, the number of the last event (0 for none), and ``sha256`` over all of them.
    """
    rows = connection.execute(
        "SELECT seq, kind, data, at, clock_suspect FROM event "
        "WHERE transaction_id = ? AND (? IS NULL OR seq <= ?) ORDER BY seq",
        (transaction, until, until),
    ).fetchall()
    hasher = hashlib.sha256()
    for row in rows:
        hasher.update(canonical({"event": list(row)}))
    return {"last": rows[-1][0] if rows else 0, "sha256": hasher.hexdigest()}
