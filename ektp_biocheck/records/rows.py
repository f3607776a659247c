"""Reading the station's records: rows by state, in the order they were sealed."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ektp_biocheck.errors import InputError
from ektp_biocheck.records.states import State

__all__ = [
    "RecordRow",
    "ToRecordAgain",
    "all_records",
    "counts",
    "find",
    "manifest_of",
    "must_reconcile",
    "of_transaction",
    "receipts",
    "record",
    "records",
    "statements",
    "to_record_again",
]

_COLUMNS = """
    r.record_id, r.sequence, r.transaction_id, r.sha256, r.size, r.manifest_sha256, r.supersedes,
    r.queue_number, r.sealed_at, r.approve_by, r.state, r.state_at, r.state_why, r.flags,
    r.erased_at, o.priority, o.attempts, o.refusals, o.waits_since, o.not_before, o.last_error
    FROM record r JOIN outbox o USING (record_id)
"""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A sealed record as the station knows it. Times are ISO 8601 in UTC.

    `state_at` and `state_why` say since when and why it stands where it does; `approve_by` until
    when an approval of its exceptions is awaited; `flags` what a reviewer should see, such as
    ``APPROVAL_OVERDUE``. The rest is about sending: `not_before` is when to try again, counted
    from `waits_since`; `attempts` counts all tries, `refusals` those the centre refused.
    """

    record_id: str
    sequence: int
    transaction: str
    sha256: str
    size: int
    manifest_sha256: str
    supersedes: str | None
    queue_number: str | None
    sealed_at: str
    approve_by: str | None
    state: State
    state_at: str
    state_why: str
    flags: tuple[str, ...]
    erased_at: str | None
    priority: int
    attempts: int
    refusals: int
    waits_since: str | None
    not_before: str | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class ToRecordAgain:
    """Whom to ask to come back: found by the office's own queue number and the record's id.

    `instances` are the only ones to record again; None means all of them. `receipted` tells that
    the centre once signed for it: ask the centre before the person.
    """

    record_id: str
    queue_number: str | None
    sealed_at: str
    state: State
    why: str
    instances: tuple[str, ...] | None
    receipted: bool


def record(connection: sqlite3.Connection, record_id: str) -> RecordRow:
    """Return one record; `InputError` when this station has none of that id."""
    row = find(connection, record_id)
    if row is None:
        raise InputError("this station has no record of that id")
    return row


def find(connection: sqlite3.Connection, record_id: str) -> RecordRow | None:
    """Return one record, or None when this station has none of that id."""
    rows = connection.execute(f"SELECT {_COLUMNS} WHERE record_id = ?", (record_id,))
    return _first(rows.fetchall())


def of_transaction(connection: sqlite3.Connection, transaction: str) -> RecordRow | None:
    """Return the record that a transaction was sealed as, or None while it is open."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} WHERE transaction_id = ?",
        (transaction,),
    )
    return _first(rows.fetchall())


def records(
    connection: sqlite3.Connection,
    state: State | Iterable[State] | None = None,
    *,
    after: int = 0,
    limit: int = 1_000,
) -> list[RecordRow]:
    """Return records in the order they were sealed, a page at a time.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    state : State or iterable of State, optional
        Only these; all when left out.
    after : int
        Only those with a greater sequence: give the last one's of the page before. So a page is
        never skipped when records leave the state meanwhile.
    limit : int
        At most so many.

    Returns
    -------
    list of RecordRow
        By sequence. Fewer than `limit` mean that there are no more.
    """
    states = [State(state)] if isinstance(state, str) else list(state or State)
    marks = ", ".join("?" * len(states))
    rows = connection.execute(
        f"SELECT {_COLUMNS} WHERE r.state IN ({marks}) AND r.sequence > ? "
        "ORDER BY r.sequence LIMIT ?",
        (*states, after, limit),
    )
    return [_row(one) for one in rows.fetchall()]


def all_records(connection: sqlite3.Connection) -> Iterator[RecordRow]:
    """Yield every record in the order they were sealed, a page in memory at a time."""
    after = 0
    while page := records(connection, after=after):
        yield from page
        after = page[-1].sequence


def counts(connection: sqlite3.Connection) -> dict[State, int]:
    """Return how many records stand in each state; they add up to all that were ever sealed."""
    found = dict(connection.execute("SELECT state, count(*) FROM record GROUP BY state").fetchall())
    return {state: found.get(state, 0) for state in State if state is not State.OPEN}


def manifest_of(connection: sqlite3.Connection, record_id: str) -> Mapping[str, Any]:
    """Return a record's manifest; `InputError` when this station has none of that id."""
    row = connection.execute(
        "SELECT manifest FROM record WHERE record_id = ?", (record_id,)
    ).fetchone()
    if row is None:
        raise InputError("this station has no record of that id")
    manifest: Mapping[str, Any] = json.loads(row[0])
    return manifest


def receipts(connection: sqlite3.Connection, record_id: str) -> list[Mapping[str, Any]]:
    """Return the receipts kept for a record, oldest first."""
    rows = connection.execute(
        "SELECT body FROM receipt WHERE record_id = ? ORDER BY number", (record_id,)
    )
    return [json.loads(body) for (body,) in rows]


def statements(connection: sqlite3.Connection, record_id: str) -> list[Mapping[str, Any]]:
    """Return what the centre said about a record, oldest first."""
    rows = connection.execute(
        "SELECT body FROM statement WHERE record_id = ? ORDER BY number", (record_id,)
    )
    return [json.loads(body) for (body,) in rows]


def must_reconcile(connection: sqlite3.Connection) -> bool:
    """Return whether this database came from a backup and the centre was not asked since."""
    (flag,) = connection.execute("SELECT must_reconcile FROM station").fetchone()
    return bool(flag)


def to_record_again(connection: sqlite3.Connection) -> list[ToRecordAgain]:
    """Return whom to ask to come back: lost records, and those refused for their quality."""
    asked: list[ToRecordAgain] = []
    after = 0
    while page := records(connection, (State.LOST, State.REFUSED_QUALITY), after=after):
        asked += [_asked(connection, row) for row in page]
        after = page[-1].sequence
    return asked


def _asked(connection: sqlite3.Connection, row: RecordRow) -> ToRecordAgain:
    said = statements(connection, row.record_id)
    named = tuple(said[-1].get("instances", ())) if said and row.state != State.LOST else ()
    return ToRecordAgain(
        row.record_id,
        row.queue_number,
        row.sealed_at,
        row.state,
        row.state_why,
        named or None,
        bool(receipts(connection, row.record_id)),
    )


def _first(rows: list[tuple[Any, ...]]) -> RecordRow | None:
    return _row(rows[0]) if rows else None


def _row(values: tuple[Any, ...]) -> RecordRow:
    row = list(values)
    row[10], row[13] = State(row[10]), tuple(row[13].split())
    return RecordRow(*row)
