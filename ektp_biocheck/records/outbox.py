"""What is to be sent, when to try again, and what the centre said."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ektp_biocheck.errors import InputError
from ektp_biocheck.records import audit, clock
from ektp_biocheck.records.approval import release_overdue
from ektp_biocheck.records.canonical import canonical, digest
from ektp_biocheck.records.database import joined
from ektp_biocheck.records.rows import RecordRow, must_reconcile, record
from ektp_biocheck.records.states import State

__all__ = [
    "due",
    "last_statement",
    "next_attempt",
    "reconciled",
    "save_receipt",
    "save_statement",
    "set_priority",
]


def due(connection: sqlite3.Connection, now: datetime, limit: int = 50) -> list[RecordRow]:
    """Return what to send now: by priority, then in the order it was sealed.

    Records whose approval is overdue are queued first. Those that were QUARANTINED are overtaken.
    After a restore nothing is due until the centre was asked: see `reconciled`.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    now : datetime
        The wall clock. A clock that was set back makes a waiting record due at once, not in years.
    limit : int
        At most so many. Those that failed wait (`next_attempt`), so asking again goes on.

    Returns
    -------
    list of RecordRow
        In state QUEUED, or SENT and left without an answer.
    """
    if must_reconcile(connection):
        return []
    release_overdue(connection, now)
    moment = clock.text(now)
    ids = connection.execute(
        "SELECT r.record_id FROM record r JOIN outbox o USING (record_id) "
        "WHERE r.state IN (?, ?) "
        "AND (o.not_before IS NULL OR o.not_before <= ? OR o.waits_since > ?) "
        "ORDER BY o.priority, r.sequence LIMIT ?",
        (State.QUEUED, State.SENT, moment, moment, limit),
    ).fetchall()
    return [record(connection, record_id) for (record_id,) in ids]


def next_attempt(
    connection: sqlite3.Connection,
    record_id: str,
    *,
    wait_s: float,
    error: str | None = None,
    refused: bool = False,
    now: datetime | None = None,
) -> RecordRow:
    """Count an attempt and say when the next one may be; both survive a restart.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    record_id : str
        Which.
    wait_s : float
        Seconds from now.
    error : str, optional
        Why it failed, in a few words; no personal data.
    refused : bool
        Whether the centre refused it, which counts towards quarantine.
    now : datetime, optional
        The wall clock's time when left out.

    Returns
    -------
    RecordRow
        As it stands now.
    """
    begin = now or clock.now()
    with joined(connection):
        connection.execute(
            "UPDATE outbox SET attempts = attempts + 1, refusals = refusals + ?, "
            "waits_since = ?, not_before = ?, last_error = ? WHERE record_id = ?",
            (
                int(refused),
                clock.text(begin),
                clock.text(begin + timedelta(seconds=wait_s)),
                error,
                record_id,
            ),
        )
        return record(connection, record_id)


def set_priority(connection: sqlite3.Connection, record_id: str, priority: int) -> RecordRow:
    """Let a record go earlier (0) or later (9); `InputError` beyond."""
    if not 0 <= priority <= 9:
        raise InputError("a priority is 0 (first) to 9 (last)")
    with joined(connection):
        connection.execute(
            "UPDATE outbox SET priority = ? WHERE record_id = ?", (priority, record_id)
        )
        return record(connection, record_id)


def save_receipt(
    connection: sqlite3.Connection, record_id: str, receipt: Mapping[str, Any]
) -> bool:
    """Keep a receipt whose signature the caller has checked.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database. Share a commit with `move` by `database.writing`.
    record_id : str
        Which record.
    receipt : Mapping
        The whole receipt as JSON-safe fields, with its signature.

    Returns
    -------
    bool
        False when this very receipt is kept already.

    Raises
    ------
    InputError
        When it is about other bytes than the station sealed.
    """
    body = canonical(receipt)
    with joined(connection):
        row = record(connection, record_id)
        if receipt.get("sha256") != row.sha256 or receipt.get("record_id") != record_id:
            raise InputError(f"the receipt is not about record {record_id} as it was sealed")
        known = connection.execute(
            "SELECT 1 FROM receipt WHERE body_sha256 = ?", (digest(body),)
        ).fetchone()
        if known:
            return False
        audit.append(connection, "receipt", {"record_id": record_id, "sha256": digest(body)})
        connection.execute(
            "INSERT INTO receipt (record_id, body, body_sha256) VALUES (?, ?, ?)",
            (record_id, body.decode(), digest(body)),
        )
    return True


def save_statement(connection: sqlite3.Connection, statement: Mapping[str, Any]) -> bool:
    """Keep a statement whose signature the caller has checked.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database. Share a commit with `move` by `database.writing`.
    statement : Mapping
        The whole statement as JSON-safe fields: ``centre``, ``sequence``, ``record_id`` and others.
        It may be about a record that this database has forgotten in a restore.

    Returns
    -------
    bool
        False when this very statement is kept already.

    Raises
    ------
    InputError
        When the centre used its number before for another statement.
    """
    body = canonical(statement)
    centre, number = str(statement.get("centre", "")), int(statement["sequence"])
    with joined(connection):
        known = connection.execute(
            "SELECT body_sha256 FROM statement WHERE centre = ? AND sequence = ?", (centre, number)
        ).fetchone()
        if known and known[0] != digest(body):
            raise InputError(f"the centre sent two different statements with number {number}")
        if known:
            return False
        kept = {"record_id": statement["record_id"], "sha256": digest(body)}
        audit.append(connection, "statement", kept)
        connection.execute(
            "INSERT INTO statement (centre, sequence, record_id, body, body_sha256) "
            "VALUES (?, ?, ?, ?, ?)",
            (centre, number, statement["record_id"], body.decode(), digest(body)),
        )
    return True


def last_statement(connection: sqlite3.Connection, centre: str = "") -> int:
    """Return the number of the last statement of a centre that is kept here; 0 when none is."""
    (number,) = connection.execute(
        "SELECT coalesce(max(sequence), 0) FROM statement WHERE centre = ?", (centre,)
    ).fetchone()
    return int(number)


def reconciled(connection: sqlite3.Connection) -> None:
    """Enter that the centre was asked about every record: after a restore sending goes on."""
    with joined(connection):
        if must_reconcile(connection):
            audit.append(connection, "reconciled", {})
            connection.execute("UPDATE station SET must_reconcile = 0")
