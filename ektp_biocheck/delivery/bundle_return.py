"""A bundle back at the station: what the centre wrote onto the disk takes effect."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.alarms import Alarm
from ektp_biocheck.delivery.attempt import take_receipt
from ektp_biocheck.delivery.bundle import Bundle, BundleReturn, NotTaken, read_bundle, read_return
from ektp_biocheck.delivery.messages import MessageError, Receipt, is_signed_by, verified
from ektp_biocheck.delivery.reconcile import Reconciliation, take_inventory
from ektp_biocheck.delivery.statements import take_statement
from ektp_biocheck.errors import InputError
from ektp_biocheck.records import audit, clock, store
from ektp_biocheck.records.database import writing
from ektp_biocheck.records.states import State

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["Returned", "take_return"]

_ON_DISK = frozenset({"missing", "damaged"})


@dataclass(frozen=True, slots=True)
class Returned:
    """What a bundle that came back brought.

    Attributes
    ----------
    receipted : int
        Records that the centre signed for.
    not_taken : tuple of NotTaken
        Records that it did not store, and why; they go again by themselves where that can help.
    found : Reconciliation
        What the inventory and the statements came to.
    """

    receipted: int
    not_taken: tuple[NotTaken, ...]
    found: Reconciliation


def take_return(
    connection: sqlite3.Connection,
    folder: Path,
    *,
    station: str,
    own: "Iterable[Ed25519PublicKey]",
    keys: "Mapping[str, Ed25519PublicKey]",
    absent_after: timedelta,
    quarantine_after: int,
    now: datetime | None = None,
) -> Returned:
    """Take in at the station what the centre wrote onto a bundle; may be repeated.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    folder : Path
        The bundle, back from the centre.
    station : str
        The station's name.
    own : iterable of Ed25519PublicKey
        The station's own keys, today's and retired ones.
    keys : mapping of str to Ed25519PublicKey
        Whose word is believed, by centre.
    absent_after : timedelta
        See `reconcile.reconcile`.
    quarantine_after : int
        Refusals that set a record aside.
    now : datetime, optional
        The wall clock's time when left out.

    Returns
    -------
    Returned
        What came of it. All of it is in the database already.

    Raises
    ------
    UnreadableError, InputError
        When the folder is no bundle that came back, or not of this station, or not believed.
    """
    outbox.prepare(connection)
    moment, found = now or clock.now(), Reconciliation()
    bundle, answer, name = _believed(folder, station, own, keys)
    receipted = sum(_receipt(connection, one, keys, found) for one in answer.receipts)
    if outbox.read_note(connection, f"bundle {name}") is None:  # refusals count once
        for one in answer.not_taken:
            _not_taken(connection, one, found, moment, quarantine_after)
    asked = {question.nonce: question for question in bundle.questions}
    for inventory in answer.inventories:
        if inventory.nonce not in asked:
            raise MessageError("the inventory answers a question that is not in the bundle")
        found.asked += len(asked[inventory.nonce].items)
        take_inventory(
            connection, asked[inventory.nonce], inventory, found, station=station,
            centre=answer.centre, keys=keys, absent_after=absent_after, now=moment,
        )  # fmt: skip
    for statement in answer.statements:
        new, alarm = take_statement(connection, statement, answer.centre, keys)
        found.statements += new
        found.alarms += [alarm] if alarm else []
    with writing(connection):
        told = {"bundle": name, "centre": answer.centre, "receipts": receipted}
        audit.append(connection, "bundle-returned", told)
        outbox.write_note(connection, f"bundle {name}", {"at": clock.text(moment)})
    return Returned(receipted, answer.not_taken, found)


def _believed(
    folder: Path,
    station: str,
    own: "Iterable[Ed25519PublicKey]",
    keys: "Mapping[str, Ed25519PublicKey]",
) -> tuple[Bundle, BundleReturn, str]:
    bundle, name = read_bundle(folder)
    if bundle.station != station or not any(is_signed_by(bundle, key) for key in own):
        raise InputError(f"{folder} is no bundle that this station made")
    answer = read_return(folder)
    try:
        verified(answer, keys)
    except MessageError as error:
        raise InputError(f"{folder / 'return.json'} cannot be believed: {error}") from error
    if (answer.station, answer.bundle) != (station, name):
        raise InputError(f"{folder / 'return.json'} is the answer to another bundle")
    return bundle, answer, name


def _receipt(
    connection: sqlite3.Connection,
    receipt: Receipt,
    keys: "Mapping[str, Ed25519PublicKey]",
    found: Reconciliation,
) -> bool:
    row = store.find(connection, receipt.record_id)
    if row is None:
        found.alarms.append(Alarm("UNKNOWN_HERE", receipt.record_id, "the centre signed for it"))
        return False
    try:
        with writing(connection):
            take_receipt(connection, row, receipt, keys, actor="bundle")
            outbox.forget_exported(connection, row.record_id)
    except MessageError as error:
        found.alarms.append(Alarm("RECEIPT_NOT_BELIEVED", row.record_id, str(error)))
        return False
    return True


def _not_taken(
    connection: sqlite3.Connection,
    one: NotTaken,
    found: Reconciliation,
    now: datetime,
    quarantine_after: int,
) -> None:
    """Let a record that was not stored go again, or to a person."""
    row = store.find(connection, one.record_id)
    if row is None or row.state not in outbox.SENDABLE:
        return
    with writing(connection):
        outbox.forget_exported(connection, row.record_id)
        if one.code == "other_hash":
            why, conflict = "the centre holds another hash", State.CONFLICT_AT_CENTRE
            store.move(connection, row.record_id, conflict, why, actor="bundle")
            found.alarms.append(Alarm("OTHER_HASH", row.record_id, f"was {row.state}"))
        elif one.code not in _ON_DISK:
            why = f"not taken from the disk: {one.code}"
            after = store.next_attempt(
                connection, row.record_id, wait_s=0, error=why, refused=True, now=now
            )
            if after.refusals >= quarantine_after:
                aside = State.QUARANTINED
                store.move(connection, row.record_id, aside, why, actor="bundle")
