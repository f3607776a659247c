"""An office passes on what it holds: station to city office to centre, receipts chained.

What is still to be passed on stands in the table `forward`, written in the transaction that
stored the record; so does the outcome of every attempt. The office keeps the bytes.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ektp_biocheck.delivery.backoff import Breaker, full_jitter
from ektp_biocheck.delivery.centre import ledger, tables
from ektp_biocheck.delivery.centre.store import Store
from ektp_biocheck.delivery.centre.upstream import Upstream
from ektp_biocheck.delivery.client import (
    CentreBusy,
    CentreClient,
    CentreConflict,
    CentreRefused,
    CentreUnreachable,
)
from ektp_biocheck.delivery.messages import MAX_PIECE, MessageError, Receipt, verified
from ektp_biocheck.delivery.transfer import Damaged, Stopped, transfer
from ektp_biocheck.errors import BiocheckError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ektp_biocheck.delivery.settings import Settings

__all__ = ["Forwarder", "forwarding"]

log = logging.getLogger("ektp_biocheck.centre")

_PAGE = 50
_IDLE_SECONDS = 5.0
_FAREWELL = 15.0
_ASK_SECONDS = 300.0
_RECONCILE_SECONDS = 12 * 3600.0
_OUTAGE = 5
"""Failures in a row that count as one."""
_GIVE_UP = 5
"""Refusals of one record after which a person has to look."""


class Forwarder:
    """Sends what a store holds to the centre behind it.

    Parameters
    ----------
    store : Store
        Of this office, opened with ``forwarding``.
    client : CentreClient
        The centre behind.
    keys : mapping of str to Ed25519PublicKey
        Whose receipts are believed.
    station : str
        This office's name at the centre.
    """

    def __init__(
        self,
        store: Store,
        client: CentreClient,
        keys: "Mapping[str, Ed25519PublicKey]",
        station: str,
    ) -> None:
        self.store = store
        self.client = client
        self.keys = keys
        self.upstream = Upstream(store, client, keys, station)
        self.stop = threading.Event()
        self.breaker = Breaker()
        self.asked = self.reconciled = 0.0

    def run(self) -> None:
        """Work until `stop` is set; mistakes are logged and waited out."""
        while not self.stop.is_set():
            try:
                busy = self.work()
            except Exception as error:  # noqa: BLE001 - a thread that ends silently forwards nothing
                log.error("forwarding broken by %s", type(error).__name__)
                self._pause(self.breaker.failed(self._now(), type(error).__name__))
                busy = False
            if not busy:
                self.store.woken.wait(_IDLE_SECONDS)
                self.store.woken.clear()

    def work(self) -> bool:
        """Send what is due, ask what became of it; return whether more is due at once."""
        now = self._now()
        if self.breaker.waits(now):
            return False
        due = self._due(now)
        try:
            for record_id in due:
                if self.stop.is_set():
                    return False
                self._send(record_id)
                self._answered()
            if now - self.asked > _ASK_SECONDS or now < self.asked:
                self.upstream.take_statements()
                self.asked = now
                self._answered()
            if now - self.reconciled > _RECONCILE_SECONDS or now < self.reconciled:
                self.upstream.reconcile()
                self.reconciled = now
        except Stopped:
            return False
        except CentreBusy as error:
            self._pause(self.breaker.paused(now, error.retry_after, str(error)))
        except (CentreUnreachable, CentreRefused, MessageError) as error:
            self._pause(self.breaker.failed(now, str(error)))
        return len(due) == _PAGE and not self.breaker.waits(self._now())

    def _send(self, record_id: str) -> None:
        """Send one record; what is about the record itself is written down, the rest is raised."""
        try:
            receipt = self._sent(record_id)
        except CentreConflict as error:
            self._note(record_id, "CONFLICT", error)
        except (CentreRefused, MessageError) as error:
            self._refused(record_id, error)
        except Damaged:
            self.store.reopen(record_id)  # its station will find it absent and send it again
        else:
            with self.store.engine.begin() as connection:
                _update(connection, record_id, state="RECEIPTED", attempts=0, refusals=0, why=None)
                ledger.write_receipt(
                    connection,
                    record_id,
                    centre=self.store.name,
                    key=self.store.key,
                    at=self.store.moment(),
                    via=(receipt,),
                )
            log.info("forwarded record=%s to=%s", record_id, receipt.centre)

    def _sent(self, record_id: str) -> Receipt:
        with self.store.engine.begin() as connection:
            announcement = ledger.announcement_of(connection, record_id)
            _update(connection, record_id, attempts=tables.forward.c.attempts + 1)
        receipt = transfer(
            self.client,
            announcement,
            self.store.disk.stored(announcement.sha256),
            piece_bytes=MAX_PIECE,
            answered=_ignore,
            going=_ignore,
            taken=_ignore,
            stop=self.stop.is_set,
        )
        expected = (record_id, announcement.sha256, announcement.size)
        if (receipt.record_id, receipt.sha256, receipt.size) != expected:
            raise MessageError("the receipt is for another record")
        return verified(receipt, self.keys)

    def _due(self, now: float) -> list[str]:
        forward, record = tables.forward, tables.record
        query = (
            sa.select(forward.c.record_id)
            .join(record, record.c.record_id == forward.c.record_id)
            .where(forward.c.state == "WAITING", record.c.stored, forward.c.next_at <= now)
            .order_by(forward.c.priority, forward.c.record_id)
            .limit(_PAGE)
        )
        with self.store.engine.begin() as connection:
            return list(connection.execute(query).scalars())

    def _refused(self, record_id: str, error: BiocheckError) -> None:
        with self.store.engine.begin() as connection:
            query = sa.select(tables.forward.c.refusals).where(
                tables.forward.c.record_id == record_id
            )
            refusals = connection.execute(query).scalar_one() + 1
            _update(
                connection,
                record_id,
                state="REFUSED" if refusals >= _GIVE_UP else "WAITING",
                refusals=refusals,
                next_at=self._now() + full_jitter(refusals),
                why=str(error)[:200],
            )
        log.warning("not forwarded record=%s refusals=%d", record_id, refusals)

    def _note(self, record_id: str, state: str, error: BiocheckError) -> None:
        with self.store.engine.begin() as connection:
            _update(connection, record_id, state=state, why=str(error)[:200])
        log.error("not forwarded record=%s state=%s", record_id, state)

    def _answered(self) -> None:
        """Close the breaker; after an outage the stocks are compared anew."""
        if self.breaker.failures >= _OUTAGE:
            self.reconciled = 0.0
        self.breaker = Breaker()

    def _pause(self, breaker: Breaker) -> None:
        self.breaker = breaker
        log.warning(
            "forwarding waits %.0f s, failures=%d", breaker.waits(self._now()), breaker.failures
        )

    def _now(self) -> float:
        return self.store.now().timestamp()


def forwarding(
    store: Store, settings: "Settings"
) -> Callable[[], "contextlib.AbstractContextManager[None]"]:
    """Return a context in which a thread forwards what the store holds.

    Parameters
    ----------
    store : Store
        Of this office.
    settings : Settings
        How the centre behind is reached.
    """
    from ektp_biocheck.delivery.http import HttpCentre
    from ektp_biocheck.delivery.settings import signing_keys

    keys = signing_keys(settings.centre)
    client = HttpCentre(settings.centre, settings.limits)

    @contextmanager
    def running() -> Iterator[None]:
        forwarder = Forwarder(store, client, keys, settings.station)
        forwarder.upstream.take_up()
        thread = threading.Thread(target=forwarder.run, name="forwarder", daemon=True)
        thread.start()
        try:
            yield
        finally:
            forwarder.stop.set()
            store.woken.set()
            thread.join(_FAREWELL)  # a request that hangs longer is begun anew another day
            client.close()

    return running


def _ignore(*_: object) -> None:
    """Take no interest in what a transfer tells on its way."""


def _update(connection: sa.Connection, record_id: str, **values: Any) -> None:  # noqa: ANN401 - columns
    connection.execute(
        tables.forward.update().where(tables.forward.c.record_id == record_id).values(**values)
    )
