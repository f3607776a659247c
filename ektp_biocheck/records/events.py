"""What happened at the station: an append-only list, one durable commit for each step.

Order is by sequence number, never by time: a clock may run back. ::

    append(connection, "0195…", [("attempt", {"number": 1})])
    events_of(connection, "0195…")
"""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from ektp_biocheck.errors import InputError
from ektp_biocheck.records.database import writing

__all__ = [
    "CLOSING",
    "Clock",
    "StoredEvent",
    "append",
    "events_of",
    "transactions",
    "transactions_between",
    "transactions_with",
]

Clock = Callable[[], datetime]

CLOSING: Final = ("finished", "abandoned")
"""Kinds of event after which a transaction takes no more captures."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event as it stands in the database.

    Parameters
    ----------
    seq : int
        Grows by one or more with every event of the station; never used again.
    transaction : str
        Whom it belongs to.
    kind : str
        What happened, such as ``"attempt"``.
    data : Mapping
        JSON-safe; codes and figures, no image, no name, no NIK.
    at : str
        UTC, ISO 8601 with milliseconds, by the station's clock.
    clock_suspect : bool
        The clock stood before the event that was stored last.
    """

    seq: int
    transaction: str
    kind: str
    data: Mapping[str, Any]
    at: str
    clock_suspect: bool


def append(
    connection: sqlite3.Connection,
    transaction: str,
    events: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    clock: Clock | None = None,
) -> list[StoredEvent]:
    """Store events in one commit: all of them are durable on return, or none is there.

    Parameters
    ----------
    connection : sqlite3.Connection
        From `database.connect`.
    transaction : str
        Not empty.
    events : sequence of (str, Mapping)
        Kind and JSON-safe data of each, in order.
    clock : callable, optional
        Gives an aware `datetime`; the system's clock when left out.

    Returns
    -------
    list of StoredEvent
        As stored, in the same order.

    Raises
    ------
    InputError
        When the transaction or a kind is empty, or data is not JSON-safe (NaN is not).
    sqlite3.Error
        When the database cannot be written, such as on a full disk; nothing was stored then.
    """
    if not transaction or not all(kind for kind, _ in events):
        raise InputError("an event needs a transaction and a kind")
    rows = [(kind, _json(kind, data)) for kind, data in events]
    now = (clock() if clock is not None else datetime.now(UTC)).astimezone(UTC)
    at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    stored = []
    with writing(connection):
        last = connection.execute("SELECT at FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        suspect = last is not None and at < last[0]
        for kind, text in rows:
            row = connection.execute(
                "INSERT INTO event (transaction_id, kind, data, at, clock_suspect) "
                "VALUES (?, ?, ?, ?, ?) RETURNING seq",
                (transaction, kind, text, at, int(suspect)),
            ).fetchone()
            stored.append(StoredEvent(row[0], transaction, kind, json.loads(text), at, suspect))
    return stored


def events_of(connection: sqlite3.Connection, transaction: str) -> list[StoredEvent]:
    """Return all events of a transaction, in order; an empty list when there are none."""
    rows = connection.execute(
        "SELECT seq, transaction_id, kind, data, at, clock_suspect FROM event "
        "WHERE transaction_id = ? ORDER BY seq",
        (transaction,),
    )
    return [StoredEvent(r[0], r[1], r[2], json.loads(r[3]), r[4], bool(r[5])) for r in rows]


def transactions(connection: sqlite3.Connection, *, finished: bool | None = None) -> list[str]:
    """Return the transactions in the order they began.

    Parameters
    ----------
    connection : sqlite3.Connection
    finished : bool, optional
        Only those that were finished or abandoned (`CLOSING`), or only those that were not.

    Returns
    -------
    list of str
    """
    rows = connection.execute(
        "SELECT transaction_id, max(kind IN (?, ?)) FROM event "
        "GROUP BY transaction_id ORDER BY min(seq)",
        CLOSING,
    )
    return [name for name, closed in rows if finished is None or bool(closed) == finished]


def transactions_between(connection: sqlite3.Connection, start: str, end: str) -> list[str]:
    """Return the transactions with an event from `start` up to, not including, `end`.

    Parameters
    ----------
    connection : sqlite3.Connection
    start, end : str
        UTC, in the form of `StoredEvent.at`.

    Returns
    -------
    list of str
        In the order they began.
    """
    rows = connection.execute(
        "SELECT transaction_id FROM event WHERE at >= ? AND at < ? "
        "GROUP BY transaction_id ORDER BY min(seq)",
        (start, end),
    )
    return [name for (name,) in rows]


def transactions_with(connection: sqlite3.Connection, kind: str, without: str) -> list[str]:
    """Return the transactions that have an event of one kind and none of another, in order."""
    rows = connection.execute(
        "SELECT transaction_id FROM event WHERE kind IN (?, ?) GROUP BY transaction_id "
        "HAVING max(kind = ?) = 1 AND max(kind = ?) = 0 ORDER BY min(seq)",
        (kind, without, kind, without),
    )
    return [name for (name,) in rows]


def _json(kind: str, data: Mapping[str, Any]) -> str:
    try:
        return json.dumps(
            dict(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
    except (TypeError, ValueError) as error:
        raise InputError(f"the data of a {kind!r} event are not JSON-safe: {error}") from error
