"""Sending: one record after another, each until the centre has signed for it.

A record is announced with its hash, uploaded from where the centre has it, and becomes RECEIPTED
only when a trusted signature covers exactly its bytes. Whatever goes wrong on the way is written
down with the time of the next attempt in one commit, so that a crash, a second sender or a
repeated answer changes nothing but the time it takes.
"""

import logging
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from uuid import uuid4

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.attempt import Attempt, Sent
from ektp_biocheck.delivery.backoff import NightWindow
from ektp_biocheck.delivery.client import (
    CentreBusy,
    CentreClient,
    CentreConflict,
    CentreRefused,
    CentreUnreachable,
)
from ektp_biocheck.delivery.messages import Announcement, MessageError, Receipt, UploadState
from ektp_biocheck.delivery.settings import Limits
from ektp_biocheck.delivery.transfer import Damaged, Stopped, transfer
from ektp_biocheck.errors import UnreadableError
from ektp_biocheck.records import audit, clock, store
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.rows import RecordRow
from ektp_biocheck.records.states import State

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["Sender", "Telling", "announcement"]

_LOG = logging.getLogger(__name__)
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Telling:
    """Whom to tell how far it is; each may be left out.

    `piece` is called with the number of bytes that the centre has taken in, `record` with a
    record and how its attempt ended.
    """

    piece: Callable[[int], None] = lambda _: None
    record: Callable[[RecordRow, Sent], None] = lambda _row, _how: None


@dataclass(slots=True)
class Sender:
    """Sends what waits at one station.

    Attributes
    ----------
    connection : sqlite3.Connection
        The station's database.
    folder : Path
        The station's folder.
    client : CentreClient
        The centre.
    station : str
        The name in the station's certificate.
    keys : mapping of str to Ed25519PublicKey
        Whose receipts are believed, by centre.
    limits : Limits
        Size of a piece, refusals until quarantine.
    night : NightWindow or None
        The hours in which the line may be used; None: all.
    now : callable
        The wall clock.
    random : random.Random or None
        Where the jitter comes from; the system's when None.
    stop : callable
        Asked between two pieces whether to stop.
    telling : Telling
        Whom to tell how far it is.
    head_unknown : bool
        Set when the centre has seen an end of the audit chain that is not in it any more.
    """

    connection: sqlite3.Connection
    folder: Path
    client: CentreClient
    station: str
    keys: "Mapping[str, Ed25519PublicKey]"
    limits: Limits = field(default_factory=Limits)
    night: NightWindow | None = None
    now: Callable[[], datetime] = clock.now
    random: Random | None = None
    stop: Callable[[], bool] = lambda: False
    telling: Telling = field(default_factory=Telling)
    head_unknown: bool = False
    owner: str = field(default_factory=lambda: uuid4().hex)
    _head_checked: bool = False

    def __post_init__(self) -> None:
        outbox.prepare(self.connection)

    def waits(self) -> tuple[float, str]:
        """Return how many seconds nothing may be sent, and why; 0 and nothing when it may."""
        now = self.now().timestamp()
        breaker = outbox.breaker(self.connection)
        if breaker.waits(now):
            return breaker.waits(now), breaker.why
        night = self.night.waits(now) if self.night else 0.0
        return night, "outside the hours of sending" if night else ""

    def send_due(self) -> dict[Sent, int]:
        """Send until nothing is due, the centre asks to wait, or the user wants to stop.

        Returns
        -------
        dict of Sent to int
            How many attempts ended how.

        Raises
        ------
        UnreadableError
            When the folder of sealed records is not there: nothing is called lost for that.
        """
        self._check_folder()
        ended = dict.fromkeys(Sent, 0)
        while not self.stop() and not self.waits()[0]:
            rows = store.due(self.connection, self.now(), limit=_BATCH)
            got = [self._one(row) for row in rows]
            for how in filter(None, got):
                ended[how] += 1
            if all(how in (None, Sent.TAKEN) for how in got):
                break
        return ended

    def send_one(self, record_id: str) -> Sent:
        """Try one record once.

        Returns
        -------
        Sent
            How it ended; what follows from that is in the database already.
        """
        row = outbox.claim(self.connection, record_id, self.owner, self.now)
        if row is None:
            return Sent.TAKEN
        try:
            return self._attempt(row)
        except BaseException:  # also Ctrl-C: the next run need not wait for the lease to end
            with suppress(sqlite3.Error):
                outbox.release(self.connection, record_id, self.owner)
            raise

    def _one(self, row: RecordRow) -> Sent | None:
        if self.stop() or self.waits()[0]:
            return None
        try:
            how = self.send_one(row.record_id)
        except Stopped:
            return None
        self.telling.record(row, how)
        return how

    def _attempt(self, row: RecordRow) -> Sent:
        attempt = Attempt(self.connection, row, self.owner)
        aside = self.limits.quarantine_after
        try:
            return attempt.receipted(self._transfer(attempt), self.keys)
        except CentreBusy as busy:
            return attempt.busy(busy, self.now())
        except CentreConflict as conflict:
            return attempt.settled(State.CONFLICT_AT_CENTRE, str(conflict), Sent.CONFLICT)
        except (CentreRefused, MessageError) as error:
            return attempt.failed(str(error), self.now(), self.random, quarantine_after=aside)
        except CentreUnreachable as error:
            return attempt.failed(str(error), self.now(), self.random)
        except Damaged as error:
            self._check_folder()
            return attempt.settled(State.LOST, str(error), Sent.LOST)
        except OSError as error:  # the disk hesitates; whether it is lost the next look will show
            why = f"the sealed record cannot be read ({error.strerror or type(error).__name__})"
            return attempt.failed(why, self.now(), self.random, breaks=False)

    def _transfer(self, attempt: Attempt) -> Receipt:
        """Return the centre's receipt, not yet believed."""
        row = attempt.row

        def taken(count: int) -> None:
            outbox.renew(self.connection, row.record_id, self.owner, self.now())
            self.telling.piece(count)

        return transfer(
            self.client,
            announcement(row, self.station, audit.head(self.connection).hash),
            StationFolder(self.folder).payload(row.record_id),
            piece_bytes=self.limits.piece_kib << 10,
            answered=self._check_head,
            going=attempt.going,
            taken=taken,
            stop=self.stop,
        )

    def _check_folder(self) -> None:
        sealed = StationFolder(self.folder).sealed
        if not sealed.is_dir():
            raise UnreadableError(f"{sealed} is missing: is the disk mounted?")

    def _check_head(self, state: UploadState) -> None:
        """Alarm when the centre has seen an end of the audit chain that is not in it any more."""
        if self._head_checked or state.audit_head is None:
            return
        self._head_checked = True
        known = self.connection.execute(
            "SELECT 1 FROM audit WHERE hash = ?", (state.audit_head,)
        ).fetchone()
        if known is None:
            self.head_unknown = True
            _LOG.error("the centre has seen audit rows that are not here: restored, or cut off")
            audit.append(self.connection, "head-unknown", {"head": state.audit_head})


def announcement(row: RecordRow, station: str, audit_head: str) -> Announcement:
    """Return what is said of a record before it is sent."""
    return Announcement(
        record_id=row.record_id,
        sha256=row.sha256,
        size=row.size,
        station=station,
        sequence=row.sequence,
        priority=row.priority,
        audit_head=audit_head,
        supersedes=row.supersedes,
    )
