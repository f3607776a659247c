"""How an attempt to send ends, written down in one commit each.

An end is written only where it still applies: another sender may have been faster.
"""

import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING

import msgspec

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.backoff import Breaker, full_jitter
from ektp_biocheck.delivery.client import CentreBusy
from ektp_biocheck.delivery.messages import MessageError, Receipt, verified
from ektp_biocheck.records import store
from ektp_biocheck.records.database import writing
from ektp_biocheck.records.rows import RecordRow
from ektp_biocheck.records.states import State

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["Attempt", "Sent", "take_receipt"]

_LOG = logging.getLogger(__name__)
_LONGEST_WHY = 200


class Sent(StrEnum):
    """How one attempt ended."""

    RECEIPTED = "RECEIPTED"  # signed for
    LATER = "LATER"  # to be tried again, when is written down
    BUSY = "BUSY"  # the centre asked to wait
    QUARANTINED = "QUARANTINED"  # refused too often: others overtake it
    CONFLICT = "CONFLICT"  # the centre holds something else: a person has to look
    LOST = "LOST"  # damaged here and not held there: record again
    TAKEN = "TAKEN"  # another sender has it, or had


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one record, under a lease of `owner`."""

    connection: sqlite3.Connection
    row: RecordRow
    owner: str

    def receipted(self, receipt: Receipt, keys: "Mapping[str, Ed25519PublicKey]") -> Sent:
        """End with a receipt, if it can be believed.

        Raises
        ------
        MessageError
            When it is not signed by whom it should be, or is about other bytes.
        """
        with writing(self.connection):
            take_receipt(self.connection, self.row, receipt, keys, actor="sender")
            self._release()
            if outbox.breaker(self.connection) != Breaker():
                outbox.save_breaker(self.connection, Breaker())
        return Sent.RECEIPTED

    def failed(
        self,
        why: str,
        now: datetime,
        random: Random | None,
        *,
        quarantine_after: int | None = None,
        breaks: bool = True,
    ) -> Sent:
        """End without a receipt: wait, or set the record aside after too many refusals.

        Parameters
        ----------
        why : str
            In a few words; no personal data.
        now : datetime
            The wall clock.
        random : random.Random or None
            Where the jitter comes from.
        quarantine_after : int, optional
            The centre refused it: set aside at so many refusals. None: it was not the record.
        breaks : bool
            Whether it says something about the line or the centre.
        """
        why, how = why[:_LONGEST_WHY], Sent.LATER
        with writing(self.connection):
            if self._still_mine():
                after = store.next_attempt(
                    self.connection,
                    self.row.record_id,
                    wait_s=full_jitter(self.row.attempts + 1, random),
                    error=why,
                    refused=quarantine_after is not None,
                    now=now,
                )
                if quarantine_after is not None and after.refusals >= quarantine_after:
                    self._move(State.QUARANTINED, why)
                    how = Sent.QUARANTINED
            self._release()
            if breaks:
                before = outbox.breaker(self.connection)
                outbox.save_breaker(self.connection, before.failed(now.timestamp(), why, random))
        _LOG.warning("record %s: %s", self.row.record_id, why)
        return how

    def busy(self, busy: CentreBusy, now: datetime) -> Sent:
        """End because the centre asks to wait: nothing at all is sent for so long."""
        with writing(self.connection):
            self._release()
            before = outbox.breaker(self.connection)
            paused = before.paused(now.timestamp(), busy.retry_after, str(busy))
            outbox.save_breaker(self.connection, paused)
        _LOG.info("%s", busy)
        return Sent.BUSY

    def settled(self, to: State, why: str, how: Sent) -> Sent:
        """End in a state that the sender cannot cure."""
        with writing(self.connection):
            if self._still_mine():
                self._move(to, why[:_LONGEST_WHY])
            self._release()
        _LOG.error("record %s: %s", self.row.record_id, why)
        return how

    def going(self) -> None:
        """Write down that bytes are about to go: from here on the centre may have them."""
        with writing(self.connection):
            if store.record(self.connection, self.row.record_id).state is State.QUEUED:
                self._move(State.SENT, "bytes are going")

    def _move(self, to: State, why: str) -> None:
        store.move(self.connection, self.row.record_id, to, why, actor="sender")

    def _release(self) -> None:
        outbox.release(self.connection, self.row.record_id, self.owner)

    def _still_mine(self) -> bool:
        """Return whether the record still waits, and is not in the hands of another sender."""
        state = store.record(self.connection, self.row.record_id).state
        other = self.connection.execute(
            "SELECT 1 FROM delivery_lease WHERE record_id = ? AND owner <> ?",
            (self.row.record_id, self.owner),
        ).fetchone()
        return state in outbox.SENDABLE and other is None


def take_receipt(
    connection: sqlite3.Connection,
    row: RecordRow,
    receipt: Receipt,
    keys: "Mapping[str, Ed25519PublicKey]",
    *,
    actor: str,
) -> bool:
    """Believe a receipt and keep it, in the commit that is under way.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    row : RecordRow
        The record it should be about.
    receipt : Receipt
        As it came.
    keys : mapping of str to Ed25519PublicKey
        Whose word is believed, by centre.
    actor : str
        Who took it in: ``sender`` or ``bundle``.

    Returns
    -------
    bool
        Whether the record is RECEIPTED by it; False when it was further already.

    Raises
    ------
    MessageError
        When it is not signed by whom it should be, or is about other bytes.
    """
    verified(receipt, keys)
    about = (receipt.record_id, receipt.sha256, receipt.size)
    if about != (row.record_id, row.sha256, row.size):
        raise MessageError("the receipt is about other bytes than were sealed here")
    store.save_receipt(connection, row.record_id, msgspec.to_builtins(receipt))
    if store.record(connection, row.record_id).state not in outbox.SENDABLE:
        return False
    why = f"signed for by {receipt.centre}"
    store.move(connection, row.record_id, State.RECEIPTED, why, actor=actor)
    return True
