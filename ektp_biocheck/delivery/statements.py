"""What the centre says became of a record, and what follows from it.

=====================  =====================================================================
PRINT_READY            CLOSED: the only way out of the station's care
DUPLICATE, ADJUDICATE, CONFLICT_AT_CENTRE: a person has to look, nothing is sent again
REQUEST_VALIDATION
SEARCH_FAILURE         REFUSED_TECHNICAL, and sent again without the citizen
ENROLL_FAILURE         REFUSED_QUALITY: the first time sent again, then only what is named is
                       recorded again
=====================  =====================================================================

A statement and its effect are one commit, so reading all of them again, as after a restore,
changes nothing.
"""

import logging
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from ektp_biocheck.delivery.alarms import Alarm
from ektp_biocheck.delivery.client import CentreClient
from ektp_biocheck.delivery.messages import FinalStatus, MessageError, Statement, verified
from ektp_biocheck.errors import InputError
from ektp_biocheck.records import store
from ektp_biocheck.records.database import writing
from ektp_biocheck.records.rows import RecordRow
from ektp_biocheck.records.states import TRANSITIONS, State

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["fetch_statements", "take_statement"]

_LOG = logging.getLogger(__name__)

_TARGET = {
    FinalStatus.PRINT_READY: State.CLOSED,
    FinalStatus.DUPLICATE: State.CONFLICT_AT_CENTRE,
    FinalStatus.ADJUDICATE: State.CONFLICT_AT_CENTRE,
    FinalStatus.REQUEST_VALIDATION: State.CONFLICT_AT_CENTRE,
    FinalStatus.SEARCH_FAILURE: State.REFUSED_TECHNICAL,
    FinalStatus.ENROLL_FAILURE: State.REFUSED_QUALITY,
}


def fetch_statements(
    connection: sqlite3.Connection,
    client: CentreClient,
    centre: str,
    keys: "Mapping[str, Ed25519PublicKey]",
    *,
    after: int | None = None,
) -> tuple[int, list[Alarm]]:
    """Ask for what the centre has said since, and let it take effect.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    client : CentreClient
        The centre.
    centre : str
        Its name.
    keys : mapping of str to Ed25519PublicKey
        Whose word is believed.
    after : int, optional
        Ask from this number on; from the last one that is kept here when left out.

    Returns
    -------
    new : int
        How many statements were new.
    alarms : list of Alarm
        What a person should see.

    Raises
    ------
    DeliveryError, MessageError
        See `CentreClient`. What was taken in before stays.
    """
    last = store.last_statement(connection, centre) if after is None else after
    new, alarms = 0, []
    while page := client.statements(last):
        for statement in page:
            if statement.sequence <= last:
                raise MessageError("the statements are not in their order")
            last = statement.sequence
            taken, alarm = take_statement(connection, statement, centre, keys)
            new += taken
            alarms += [alarm] if alarm else []
    return new, alarms


def take_statement(
    connection: sqlite3.Connection,
    statement: Statement,
    centre: str,
    keys: "Mapping[str, Ed25519PublicKey]",
) -> tuple[bool, Alarm | None]:
    """Keep one statement and let it take effect, in one commit.

    Returns
    -------
    new : bool
        Whether it was not known yet.
    alarm : Alarm or None
        What a person should see: it cannot be believed, or does not fit what is known here.
    """
    record_id = statement.record_id
    try:
        if statement.centre != centre:
            raise MessageError(f"signed by {statement.centre} instead of {centre}")
        verified(statement, keys)
        with writing(connection):
            if not store.save_statement(connection, msgspec.to_builtins(statement)):
                return False, None
            return True, _effect(connection, store.find(connection, record_id), statement)
    except InputError as error:
        _LOG.error("statement %d on record %s: %s", statement.sequence, record_id, error)
        return False, Alarm("STATEMENT_NOT_BELIEVED", record_id, str(error))


def _effect(
    connection: sqlite3.Connection, row: RecordRow | None, statement: Statement
) -> Alarm | None:
    if row is None:
        return Alarm("UNKNOWN_HERE", statement.record_id, f"the centre says {statement.status}")
    if statement.sha256 != row.sha256:
        if State.CONFLICT_AT_CENTRE in TRANSITIONS[row.state]:
            why, conflict = "statement about another hash", State.CONFLICT_AT_CENTRE
            store.move(connection, row.record_id, conflict, why, actor="reconcile")
        return Alarm("OTHER_HASH", row.record_id, f"{statement.status} is about other bytes")
    target = _TARGET[statement.status]
    if not _walk(connection, row, target, _why(statement)):
        if row.state is State.SUPERSEDED:
            return None  # its successor counts
        return Alarm("TOO_LATE", row.record_id, f"{statement.status}, but it is {row.state}")
    again = target is State.REFUSED_TECHNICAL or (
        target is State.REFUSED_QUALITY and _failures(connection, row.record_id) == 1
    )
    if again:
        why = f"sent again after {statement.status}"
        store.move(connection, row.record_id, State.QUEUED, why, actor="reconcile")
        return None
    if target is State.CONFLICT_AT_CENTRE:
        return Alarm("CONFLICT", row.record_id, _why(statement))
    if target is State.REFUSED_QUALITY:
        named = ", ".join(statement.instances) or "everything"
        return Alarm("RECORD_AGAIN", row.record_id, f"{_why(statement)}; record again: {named}")
    return None


def _walk(connection: sqlite3.Connection, row: RecordRow, target: State, why: str) -> bool:
    """Bring a record to where the centre says it is; whoever judges a record holds it."""
    if row.state is target:
        return True
    if target not in TRANSITIONS[row.state]:
        if State.HELD not in TRANSITIONS[row.state]:
            return False
        held = "the centre has judged it"
        store.move(connection, row.record_id, State.HELD, held, actor="reconcile")
    store.move(connection, row.record_id, target, why, actor="reconcile")
    return True


def _why(statement: Statement) -> str:
    return f"{statement.status}: {statement.reason}" if statement.reason else str(statement.status)


def _failures(connection: sqlite3.Connection, record_id: str) -> int:
    said = store.statements(connection, record_id)
    return sum(one["status"] == FinalStatus.ENROLL_FAILURE for one in said)
