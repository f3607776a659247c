"""Reconciliation: the centre's inventory against what the station believes.

Sent is not held. The station asks about each record by its id and hash, and the centre signs the
answer. HELD counts; what is absent too long after its receipt is sent again without the citizen;
another hash is for a person; and a record that the centre does not mention is an alarm, never
silence.
"""

import logging
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.alarms import Alarm
from ektp_biocheck.delivery.client import CentreClient
from ektp_biocheck.delivery.messages import (
    MAX_ITEMS,
    FinalStatus,
    Holding,
    Inventory,
    InventoryItem,
    InventoryQuestion,
    MessageError,
    verified,
)
from ektp_biocheck.delivery.statements import fetch_statements
from ektp_biocheck.records import audit, clock, store
from ektp_biocheck.records.database import writing
from ektp_biocheck.records.rows import RecordRow
from ektp_biocheck.records.states import TRANSITIONS, State

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["Reconciliation", "asked_about", "is_due", "questions", "reconcile", "take_inventory"]

_LOG = logging.getLogger(__name__)
_EVERY = timedelta(hours=24)
_NOTE = "reconciled"

_ASKED = (State.SENT, State.RECEIPTED, State.HELD, State.NOT_HELD, State.QUARANTINED, State.LOST)
_RESTORED = (State.SEALED, State.QUEUED)
_CONFIRMED = frozenset({State.SENT, State.RECEIPTED, State.NOT_HELD, State.QUARANTINED, State.LOST})


@dataclass(slots=True)
class Reconciliation:
    """What came of it.

    Attributes
    ----------
    asked : int
        Records asked about.
    answers : Counter of str
        How often the centre gave each answer; UNMENTIONED where it gave none.
    statements : int
        How many statements were new.
    alarms : list of Alarm
        What a person has to see.
    """

    asked: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    statements: int = 0
    alarms: list[Alarm] = field(default_factory=list)


def reconcile(
    connection: sqlite3.Connection,
    client: CentreClient,
    *,
    station: str,
    centre: str,
    keys: "Mapping[str, Ed25519PublicKey]",
    absent_after: timedelta,
    now: datetime | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> Reconciliation:
    """Ask the centre about every record that it should hold, and what became of them.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    client : CentreClient
        The centre.
    station, centre : str
        The names of both sides.
    keys : mapping of str to Ed25519PublicKey
        Whose word is believed, by centre.
    absent_after : timedelta
        How long after its receipt a record may be absent before it is sent again.
    now : datetime, optional
        The wall clock's time when left out.
    told : callable
        Called with the number of records after each page.

    Returns
    -------
    Reconciliation
        What was found. All of it is in the database already.

    Raises
    ------
    DeliveryError, MessageError
        When the centre cannot be asked or its answer not be believed. What was taken in before
        stays, and nothing counts as reconciled.
    """
    outbox.prepare(connection)
    moment, found = now or clock.now(), Reconciliation()
    named: dict[str, FinalStatus] = {}
    for question in questions(connection):
        answer = client.inventory(question)
        found.asked += len(question.items)
        named |= take_inventory(
            connection, question, answer, found, station=station, centre=centre, keys=keys,
            absent_after=absent_after, now=moment,
        )  # fmt: skip
        told(len(question.items))
    found.statements, alarms = fetch_statements(connection, client, centre, keys)
    found.alarms += alarms
    if _unstated(connection, named):  # this station has missed some: ask for all of them
        new, alarms = fetch_statements(connection, client, centre, keys, after=0)
        found.statements += new
        found.alarms += alarms
    found.alarms += [
        Alarm("STATEMENT_MISSING", record_id, f"the centre says {status}")
        for record_id, status in _unstated(connection, named).items()
    ]
    found.alarms += _lost(connection)
    _conclude(connection, found, moment)
    return found


def is_due(connection: sqlite3.Connection, now: datetime) -> bool:
    """Return whether the last reconciliation is a day ago, or was before a restore or an outage.

    A clock that has run back since makes it due.
    """
    if store.must_reconcile(connection):
        return True
    last = outbox.read_note(connection, _NOTE)
    if last is None:
        return True
    return not timedelta(0) <= now - clock.parse(last["at"]) < _EVERY


def asked_about(connection: sqlite3.Connection) -> tuple[State, ...]:
    """Return the states whose records are asked about: after a restore those not sent too."""
    return (*_ASKED, *_RESTORED) if store.must_reconcile(connection) else _ASKED


def questions(
    connection: sqlite3.Connection, *, also: Iterable[State] = ()
) -> Iterator[InventoryQuestion]:
    """Yield questions until every record that the centre should hold was asked about once.

    Records change their state while their page is worked on; the pages go by sequence, so none
    is skipped for that. `also` names more states to ask about.
    """
    states, after = {*asked_about(connection), *also}, 0
    while page := store.records(connection, states, after=after, limit=MAX_ITEMS):
        items = tuple(InventoryItem(record_id=row.record_id, sha256=row.sha256) for row in page)
        yield InventoryQuestion(nonce=secrets.token_hex(32), items=items)
        after = page[-1].sequence


def take_inventory(
    connection: sqlite3.Connection,
    question: InventoryQuestion,
    answer: Inventory,
    found: Reconciliation,
    *,
    station: str,
    centre: str,
    keys: "Mapping[str, Ed25519PublicKey]",
    absent_after: timedelta,
    now: datetime,
) -> dict[str, FinalStatus]:
    """Let one signed answer take effect, and add to what was found.

    Returns
    -------
    dict of str to FinalStatus
        The final statuses that it names, by record.

    Raises
    ------
    MessageError
        When it is not signed by the centre, or is no answer to this question of this station.
    """
    verified(answer, keys)
    if (answer.centre, answer.station, answer.nonce) != (centre, station, question.nonce):
        raise MessageError("the inventory answers another question")
    items = {item.record_id: item.sha256 for item in question.items}
    said: dict[str, Holding] = {}
    for one in answer.answers:
        if one.record_id not in items:
            found.alarms.append(Alarm("NOT_ASKED", one.record_id, f"the centre says {one.answer}"))
        elif said.setdefault(one.record_id, one.answer) is not one.answer:
            found.alarms.append(Alarm("CONTRADICTED", one.record_id, "two answers"))
            del items[one.record_id]
    for record_id, sha256 in items.items():
        row = store.record(connection, record_id)
        if record_id not in said:
            found.answers["UNMENTIONED"] += 1
            found.alarms.append(Alarm("UNMENTIONED", record_id, f"{row.state} here"))
        elif row.sha256 == sha256:
            found.answers[said[record_id]] += 1
            alarm = _effect(connection, row, said[record_id], absent_after, now)
            found.alarms += [alarm] if alarm else []
    return {
        one.record_id: one.status
        for one in answer.answers
        if one.status is not None and one.record_id in items
    }


def _effect(
    connection: sqlite3.Connection,
    row: RecordRow,
    answer: Holding,
    absent_after: timedelta,
    now: datetime,
) -> Alarm | None:
    """Move one record as the answer asks for, in one commit."""

    def move(to: State, why: str) -> None:
        store.move(connection, row.record_id, to, why, actor="reconcile")

    if answer is Holding.HELD:
        judged = bool(store.statements(connection, row.record_id))
        if row.state in _CONFIRMED or (row.state in _RESTORED and not judged):
            move(State.HELD, "listed by the centre")
        return None
    if answer is Holding.OTHER_HASH:
        if State.CONFLICT_AT_CENTRE in TRANSITIONS[row.state]:
            move(State.CONFLICT_AT_CENTRE, "the centre holds another hash")
        return Alarm("OTHER_HASH", row.record_id, f"was {row.state}")
    if row.state is State.NOT_HELD or _absent_too_long(row, absent_after, now):
        with writing(connection):
            move(State.NOT_HELD, f"the centre says {answer}")
            move(State.QUEUED, "not held: sent again")
        return Alarm("NOT_HELD", row.record_id, f"was {row.state}; the centre says {answer}")
    return None


def _absent_too_long(row: RecordRow, absent_after: timedelta, now: datetime) -> bool:
    """Return whether a record that was signed for should be there by now.

    A clock that was set back makes it so at once: sending again does no harm, waiting years does.
    """
    if row.state not in (State.RECEIPTED, State.HELD):
        return False
    return not timedelta(0) <= now - clock.parse(row.state_at) < absent_after


def _unstated(
    connection: sqlite3.Connection, named: Mapping[str, FinalStatus]
) -> dict[str, FinalStatus]:
    """Return the statuses that the centre names and has not signed for."""
    return {
        record_id: status
        for record_id, status in named.items()
        if status not in {one["status"] for one in store.statements(connection, record_id)}
    }


def _lost(connection: sqlite3.Connection) -> Sequence[Alarm]:
    return [
        Alarm("LOST", one.record_id, one.why)
        for one in store.to_record_again(connection)
        if one.state is State.LOST
    ]


def _conclude(connection: sqlite3.Connection, found: Reconciliation, now: datetime) -> None:
    """Write down that, and with what result, the centre was asked about everything."""
    codes = Counter(alarm.code for alarm in found.alarms)
    result = {"asked": found.asked, "answers": dict(found.answers), "alarms": dict(codes)}
    with writing(connection):
        audit.append(connection, "reconciliation", result)
        outbox.write_note(connection, _NOTE, {"at": clock.text(now), **result})
        store.reconciled(connection)
    for alarm in found.alarms:
        _LOG.warning("record %s: %s (%s)", alarm.record_id, alarm.code, alarm.about)
