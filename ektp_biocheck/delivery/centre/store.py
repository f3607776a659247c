"""How records come in: announced, put together piece by piece, checked, stored, receipted.

The order is what makes a crash harmless: the pieces are on the disk before their offset is
acknowledged; the whole is checked and lies in the stock before the one transaction that says so
and signs the receipt. A crash in between leaves bytes without a row, and `_progress` finishes
what they allow when the station asks again.
"""

import errno
import hashlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from ektp_biocheck.delivery.centre import ledger, quota, stations, tables
from ektp_biocheck.delivery.centre.acceptance import Limits, SealCheck, check_seal
from ektp_biocheck.delivery.centre.disk import Disk
from ektp_biocheck.delivery.centre.refused import Refused
from ektp_biocheck.delivery.centre.stations import Peer, Station
from ektp_biocheck.delivery.messages import Announcement, Receipt, UploadState
from ektp_biocheck.records import crash

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["Store"]

log = logging.getLogger("ektp_biocheck.centre")

_T = TypeVar("_T")

_LOCKS = 64
_AT_ONCE = 4
"""Whole records held in memory at the same time, at most."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_RETRY_FULL = 600


class Store:
    """The records of one centre. Safe to use from several threads of one process.

    Parameters
    ----------
    folder : Path
        Where the bytes lie.
    engine : Engine
        From `tables.open_database`; closed by `close`.
    name : str
        The centre's name, in every signed message.
    key : Ed25519PrivateKey
        What it signs with.
    limits : Limits
        What it takes.
    forwarding : bool
        Note every stored record as still to be passed on.
    seal_check : SealCheck
        How the station's signature is checked.
    now : callable
        The clock.

    Raises
    ------
    InputError
        When the folder is not the one that the database knows.
    """

    def __init__(
        self,
        folder: Path,
        engine: sa.Engine,
        *,
        name: str,
        key: "Ed25519PrivateKey",
        limits: Limits | None = None,
        forwarding: bool = False,
        seal_check: SealCheck = check_seal,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        with engine.begin() as connection:
            known = tables.stock_mark(connection)
            self.disk = Disk(folder, known)
            if known is None:
                tables.keep_stock_mark(connection, self.disk.mark)
        self.engine = engine
        self.name = name
        self.key = key
        self.limits = limits or Limits()
        self.forwarding = forwarding
        self.now = now
        self.woken = threading.Event()
        """Set when a record was stored: the forwarder has something to do."""
        self._seal_check = seal_check
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        self._in_memory = threading.BoundedSemaphore(_AT_ONCE)

    def close(self) -> None:
        """Close the database."""
        self.engine.dispose()

    def moment(self) -> str:
        """Return the time as messages carry it."""
        return self.now().astimezone(UTC).isoformat(timespec="milliseconds")

    def announce(
        self, peer: Peer, announcement: Announcement, *, limited: bool = True
    ) -> tuple[bool, UploadState]:
        """Take note of what is coming.

        Parameters
        ----------
        peer : Peer
            Who says so.
        announcement : Announcement
            About what.
        limited : bool
            Apply the quota; not to what came by car.

        Returns
        -------
        created : bool
            Whether it is new.
        state : UploadState
            How far it is.

        Raises
        ------
        Refused
            Not for this peer to send, too large, another hash or body known, over quota.
        """
        record_id = announcement.record_id
        with self._alone(record_id):
            with self.engine.begin() as connection:
                station = ledger.sender(connection, peer, announcement.station)
                row = ledger.find(connection, record_id)
                created = row is None and self._insert(
                    connection, peer, station, announcement, limited=limited
                )
                row = _present(row or ledger.find(connection, record_id))
                ledger.same(row, announcement)
                ledger.remember(connection, peer, announcement)
                crash.point("centre:announcing")
            crash.point("centre:announced")
            return created, self._progress(record_id)

    def state(self, peer: Peer, record_id: str) -> UploadState:
        """Return how far a record is.

        Raises
        ------
        Refused
            When this peer never announced it.
        """
        with self._alone(record_id):
            self._known(peer, record_id)
            return self._progress(record_id)

    def upload(self, peer: Peer, record_id: str, offset: int, piece: bytes) -> UploadState:
        """Take in a piece; with the last one the record is checked and stored.

        Raises
        ------
        Refused
            Not announced, another offset expected, too long, or not what was announced: then
            all its pieces are forgotten.
        """
        with self._alone(record_id):
            row, station = self._known(peer, record_id)
            state = self._progress(record_id)
            if state.receipt is not None:
                return state
            if offset != state.offset:
                raise Refused("wrong_offset", state=state)
            end = offset + len(piece)
            if end > row.size:
                raise Refused("too_large")
            with _disk_may_be_full():
                self.disk.append(record_id, piece)
            if end < row.size:
                return ledger.state_of(station, end)
            return ledger.state_of(station, end, self._settle(row, station))

    def accept(self, peer: Peer, announcement: Announcement, data: bytes) -> Receipt:
        """Take in a whole record that came by another way than the line.

        Raises
        ------
        Refused
            As for `announce` and `upload`, but for the quota.
        """
        _, state = self.announce(peer, announcement, limited=False)
        if state.receipt is not None:
            return state.receipt
        row, station = self._known(peer, announcement.record_id)
        self._check(row, station, data)
        with _disk_may_be_full():
            self.disk.put(data, row.sha256)
        return self._apply(row.record_id)

    def reopen(self, record_id: str) -> None:
        """Admit that the bytes of a stored record are gone or damaged: they can be sent again."""
        self.attached()
        with self.engine.begin() as connection:
            row = _present(ledger.find(connection, record_id))
            if self.disk.intact(row.sha256):  # someone was faster, and it was sent again
                return
            ledger.lost(connection, record_id)
            self.disk.set_aside(row.sha256)
        log.error("lost record=%s: its bytes are not here any more as they were", record_id)

    def attached(self) -> None:
        """Make sure that the stock is there at all, before anything is called absent.

        Raises
        ------
        Refused
            When its disk is not.
        """
        if not self.disk.attached():
            raise Refused("unavailable", retry_after=_RETRY_FULL)

    @contextmanager
    def _alone(self, record_id: str) -> Iterator[None]:
        """Let one thread at a time work on a record."""
        with self._locks[hash(record_id) % _LOCKS]:
            yield

    def _insert(
        self,
        connection: sa.Connection,
        peer: Peer,
        station: Station,
        announcement: Announcement,
        *,
        limited: bool,
    ) -> bool:
        if announcement.size > self.limits.max_record:
            raise Refused("too_large")
        now, hours = self.now(), self.limits.utc_offset_hours
        day = quota.day_of(now, hours)
        if limited:
            allowed = self.limits.quota if station.quota is None else station.quota
            quota.check(connection, station.id, allowed, now, hours)
        return ledger.insert(connection, peer, announcement, day=day, at=self.moment())

    def _known(self, peer: Peer, record_id: str) -> tuple[sa.Row[Any], Station]:
        with self.engine.begin() as connection:
            stations.admitted(connection, peer)
            row = ledger.find(connection, record_id)
            if row is None or peer.name not in (row.station, row.peer):
                raise Refused("unknown_record")
            station = stations.find(connection, row.station)
        return row, _present(station)

    def _progress(self, record_id: str) -> UploadState:
        """Return how far a record is, having finished what a crash left unfinished."""
        with self.engine.begin() as connection:
            row = _present(ledger.find(connection, record_id))
            station = _present(stations.find(connection, row.station))
            here = self.disk.holds(row.sha256, row.size)
            if row.stored and here:
                receipt = ledger.newest_receipt(connection, record_id)
                return ledger.state_of(station, row.size, receipt)
        if row.stored:
            self.reopen(record_id)
        elif here:  # a crash between the stock and the row
            if self.disk.intact(row.sha256):
                return ledger.state_of(station, row.size, self._apply(record_id))
            self.disk.set_aside(row.sha256)
        arrived = self.disk.arrived(record_id)
        if arrived >= row.size:  # a crash between the last piece and the stock
            try:
                return ledger.state_of(station, row.size, self._settle(row, station))
            except Refused:
                arrived = 0
        return ledger.state_of(station, arrived)

    def _settle(self, row: sa.Row[Any], station: Station) -> Receipt:
        """Store what arrived if it is what was announced; forget it otherwise."""
        with self._in_memory:
            try:
                self._check(row, station, self.disk.part(row.record_id).read_bytes())
            except Refused:
                self.disk.drop(row.record_id)
                raise
        self.disk.settle(row.record_id, row.sha256)
        return self._apply(row.record_id)

    def _check(self, row: sa.Row[Any], station: Station, data: bytes) -> None:
        if len(data) != row.size or hashlib.sha256(data).hexdigest() != row.sha256:
            raise Refused("wrong_hash")
        try:
            self._seal_check(data, station, row.record_id)
        except (ValueError, RecursionError) as error:
            raise Refused("wrong_seal") from error

    def _apply(self, record_id: str) -> Receipt:
        with self.engine.begin() as connection:
            receipt = ledger.apply(
                connection,
                record_id,
                centre=self.name,
                key=self.key,
                at=self.moment(),
                forwarding=self.forwarding,
            )
            crash.point("centre:applying")
        crash.point("centre:applied")
        self.woken.set()
        log.info("stored record=%s receipt=%d", record_id, receipt.sequence)
        return receipt


def _present(value: _T | None) -> _T:
    """Return what a transaction before has found: rows are never deleted."""
    if value is None:
        raise LookupError("a row of the centre's database is gone")
    return value


@contextmanager
def _disk_may_be_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Refused("disk_full", retry_after=_RETRY_FULL) from error
        raise
