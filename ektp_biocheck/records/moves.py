"""The one place where a record changes its state."""

import logging
import sqlite3

from ektp_biocheck.records import audit, crash
from ektp_biocheck.records.database import joined
from ektp_biocheck.records.rows import RecordRow, record
from ektp_biocheck.records.states import State, check_move

__all__ = ["DEFAULT_PRIORITY", "add_flag", "enter", "move"]

DEFAULT_PRIORITY = 5
"""Between 0 (first) and 9 (last)."""

_AGAIN_PRIORITY = 3  # a record that failed before has waited longest
_LOG = logging.getLogger("ektp_biocheck.records")


def move(
    connection: sqlite3.Connection, record_id: str, to: State | str, why: str, *, actor: str
) -> RecordRow:
    """Move a record to another state; its audit row is written in the same commit.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database. Inside `database.writing` the move is part of that commit, so that
        a receipt and the state that follows from it are stored together.
    record_id : str
        Which.
    to : State or str
        Where to. Moving to where it stands is no move and leaves no trace.
    why : str
        The reason, in a few words or a code; no personal data.
    actor : str
        Who: one of `states.AUTOMATIC`, or a person's code.

    Returns
    -------
    RecordRow
        As it stands now.

    Raises
    ------
    InputError
        When there is no such record, no such way, or only a person may take it.
    """
    target = State(to)
    with joined(connection):
        row = record(connection, record_id)
        if row.state is target:
            return row
        check_move(record_id, row.state, target, actor)
        enter(connection, row, target, why, actor)
        if target is State.CLOSED:
            _close_superseded(connection, row)
        crash.point("move:rows-written")
        moved = record(connection, record_id)
    crash.point("move:committed")
    if target is State.LOST:
        _LOG.critical("record %s is LOST (%s): it has to be recorded again", record_id, why)
    return moved


def enter(connection: sqlite3.Connection, row: RecordRow, to: State, why: str, actor: str) -> None:
    """Write a move that `check_move` allows, in the commit that is under way."""
    step = {"record_id": row.record_id, "from": row.state, "to": to, "why": why, "actor": actor}
    at = audit.append_at(connection, "moved", step)
    connection.execute(
        "UPDATE record SET state = ?, state_at = ?, state_why = ? WHERE record_id = ?",
        (to, at, why, row.record_id),
    )
    if to is State.QUEUED and row.state is not State.SENT:  # a new beginning, not a retry
        again = row.state is not State.SEALED
        connection.execute(
            "UPDATE outbox SET refusals = 0, waits_since = NULL, not_before = NULL, "
            "priority = min(priority, ?) WHERE record_id = ?",
            (_AGAIN_PRIORITY if again else DEFAULT_PRIORITY, row.record_id),
        )


def add_flag(connection: sqlite3.Connection, row: RecordRow, flag: str) -> None:
    """Mark a record for reviewers, in the commit that is under way."""
    if flag in row.flags:
        return
    audit.append(connection, "flagged", {"record_id": row.record_id, "flag": flag})
    connection.execute(
        "UPDATE record SET flags = trim(flags || ' ' || ?) WHERE record_id = ?",
        (flag, row.record_id),
    )


def _close_superseded(connection: sqlite3.Connection, row: RecordRow) -> None:
    """Close the record that this one replaced, so that its captures can be erased too."""
    older = row.supersedes
    while older is not None:
        rows = connection.execute(
            "SELECT record_id FROM record WHERE record_id = ? AND state = ?",
            (older, State.SUPERSEDED),
        ).fetchall()
        if not rows:
            return
        replaced = record(connection, older)
        why = f"its successor {row.record_id} is closed"
        enter(connection, replaced, State.CLOSED, why, "station")
        older = replaced.supersedes
