"""The sender's own notes in the station's database: who is at work on what, and when to go on.

Two senders on one database are harmless: a record is worked on under a lease, and whoever lost
the lease finds the record moved on when it comes to write. A lease ends by itself, also when
the clock is set back.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from ektp_biocheck.delivery.backoff import Breaker
from ektp_biocheck.records import clock
from ektp_biocheck.records.database import joined, writing
from ektp_biocheck.records.rows import RecordRow, find, records
from ektp_biocheck.records.states import State

__all__ = [
    "FOR_A_PERSON",
    "LEASE_SECONDS",
    "SENDABLE",
    "UNDER_WAY",
    "Waiting",
    "breaker",
    "claim",
    "exported",
    "forget_exported",
    "note_exported",
    "prepare",
    "read_note",
    "reasons",
    "release",
    "renew",
    "save_breaker",
    "waiting",
    "write_note",
]

LEASE_SECONDS = 300.0
"""Longer than one piece can take; renewed with every piece."""

SENDABLE = frozenset({State.QUEUED, State.SENT})
UNDER_WAY = (
    State.SEALED,
    State.QUEUED,
    State.SENT,
    State.RECEIPTED,
    State.NOT_HELD,
    State.CONFLICT_AT_CENTRE,
    State.REFUSED_QUALITY,
    State.REFUSED_TECHNICAL,
    State.QUARANTINED,
    State.LOST,
)
"""The states of records that the centre is not known to hold, or that wait for a person."""
FOR_A_PERSON = (
    State.QUARANTINED,
    State.CONFLICT_AT_CENTRE,
    State.REFUSED_QUALITY,
    State.LOST,
)
"""The states that no program leaves by itself."""

_TABLES = (
    "CREATE TABLE IF NOT EXISTS delivery_lease (record_id TEXT PRIMARY KEY REFERENCES record, "
    "owner TEXT NOT NULL, since TEXT NOT NULL, until TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS delivery_note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS delivery_export (record_id TEXT PRIMARY KEY REFERENCES record, "
    "bundle TEXT NOT NULL, at TEXT NOT NULL) STRICT",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that is not known to be held: since when it stands where it does, and why.

    `exported_at` tells since when a copy travels on a disk; `not_before` when it is tried next.
    """

    row: RecordRow
    exported_at: str | None


def prepare(connection: sqlite3.Connection) -> None:
    """Make the sender's tables where they are not there yet."""
    with joined(connection):
        for statement in _TABLES:
            connection.execute(statement)


def claim(
    connection: sqlite3.Connection, record_id: str, owner: str, clock_now: Callable[[], datetime]
) -> RecordRow | None:
    """Take a record to work on, for `LEASE_SECONDS`.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    record_id : str
        Which.
    owner : str
        Who takes it; another name for each sender.
    clock_now : callable
        The wall clock. It is read inside the commit: a time from before would make a lease that
        another sender took meanwhile look like one from the future, left by a clock set back.

    Returns
    -------
    RecordRow or None
        As it stands now; None when another sender has it or it does not wait any more.
    """
    with writing(connection):
        now = clock_now()
        row = find(connection, record_id)
        if row is None or row.state not in SENDABLE or _is_early(row, now):
            return None
        taken = connection.execute(
            "SELECT 1 FROM delivery_lease WHERE record_id = ? AND owner <> ? "
            "AND since <= ? AND until > ?",
            (record_id, owner, clock.text(now), clock.text(now)),
        ).fetchone()
        if taken:
            return None
        _lease(connection, record_id, owner, now)
    return row


def renew(connection: sqlite3.Connection, record_id: str, owner: str, now: datetime) -> None:
    """Keep a lease that is still one's own; one that was lost is not taken back."""
    connection.execute(
        "UPDATE delivery_lease SET since = ?, until = ? WHERE record_id = ? AND owner = ?",
        (*_span(now), record_id, owner),
    )


def release(connection: sqlite3.Connection, record_id: str, owner: str) -> None:
    """Give a record back, in the commit under way or in one of its own."""
    connection.execute(
        "DELETE FROM delivery_lease WHERE record_id = ? AND owner = ?", (record_id, owner)
    )


def breaker(connection: sqlite3.Connection) -> Breaker:
    """Return the breaker as it was left, perhaps by another process."""
    return Breaker(**(read_note(connection, "breaker") or {}))


def save_breaker(connection: sqlite3.Connection, state: Breaker) -> None:
    """Keep the breaker."""
    write_note(connection, "breaker", asdict(state))


def read_note(connection: sqlite3.Connection, name: str) -> Any:  # noqa: ANN401 - JSON
    """Return what was noted under a name; None when nothing was."""
    row = connection.execute("SELECT value FROM delivery_note WHERE name = ?", (name,)).fetchone()
    return json.loads(row[0]) if row else None


def write_note(connection: sqlite3.Connection, name: str, value: Any) -> None:  # noqa: ANN401 - JSON
    """Note something JSON-safe, in the commit under way or in one of its own."""
    connection.execute(
        "INSERT INTO delivery_note VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, json.dumps(value)),
    )


def note_exported(connection: sqlite3.Connection, record_id: str, bundle: str, at: str) -> None:
    """Note that a verified copy of a record is on a disk."""
    connection.execute(
        "INSERT INTO delivery_export VALUES (?, ?, ?) ON CONFLICT (record_id) "
        "DO UPDATE SET bundle = excluded.bundle, at = excluded.at",
        (record_id, bundle, at),
    )


def forget_exported(connection: sqlite3.Connection, record_id: str) -> None:
    """Note that a record came back from its journey, or has to go on another."""
    connection.execute("DELETE FROM delivery_export WHERE record_id = ?", (record_id,))


def exported(connection: sqlite3.Connection, record_id: str) -> str | None:
    """Return since when a copy of a record is on a disk; None when there is none."""
    row = connection.execute(
        "SELECT at FROM delivery_export WHERE record_id = ?", (record_id,)
    ).fetchone()
    return row[0] if row else None


def waiting(connection: sqlite3.Connection) -> Iterator[Waiting]:
    """Yield every record that is not known to be held, oldest first."""
    after = 0
    while page := records(connection, UNDER_WAY, after=after):
        for row in page:
            yield Waiting(row, exported(connection, row.record_id))
        after = page[-1].sequence


def reasons(
    connection: sqlite3.Connection, states: Iterable[State] = SENDABLE
) -> list[tuple[str, int]]:
    """Return why records in these states are not signed for, and how many each; most first.

    Of what waits it is the last failure, of what was set aside the reason for that.
    """
    wanted = sorted(states)
    return connection.execute(
        "SELECT CASE WHEN r.state IN ('QUEUED', 'SENT') THEN o.last_error ELSE r.state_why END "  # noqa: S608 - placeholders
        "AS why, count(*) AS n FROM record r JOIN outbox o USING (record_id) "
        f"WHERE r.state IN ({', '.join('?' * len(wanted))}) AND why IS NOT NULL "
        "GROUP BY why ORDER BY n DESC, why",
        wanted,
    ).fetchall()


def _is_early(row: RecordRow, now: datetime) -> bool:
    """Return whether it still has to wait: another sender may have tried it since."""
    if row.not_before is None or row.waits_since is None:
        return False
    return row.waits_since <= clock.text(now) < row.not_before


def _lease(connection: sqlite3.Connection, record_id: str, owner: str, now: datetime) -> None:
    connection.execute(
        "INSERT INTO delivery_lease VALUES (?, ?, ?, ?) ON CONFLICT (record_id) "
        "DO UPDATE SET owner = excluded.owner, since = excluded.since, until = excluded.until",
        (record_id, owner, *_span(now)),
    )


def _span(now: datetime) -> tuple[str, str]:
    return clock.text(now), clock.text(now + timedelta(seconds=LEASE_SECONDS))
