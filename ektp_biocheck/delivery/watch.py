"""Keeping at it: send what comes, ask the centre daily and after every outage."""

import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.backoff import full_jitter
from ektp_biocheck.delivery.client import DeliveryError
from ektp_biocheck.delivery.messages import MessageError
from ektp_biocheck.delivery.reconcile import Reconciliation, is_due
from ektp_biocheck.delivery.sender import Sender

__all__ = ["Watch"]

_LOG = logging.getLogger(__name__)
_LOOK_EVERY = 15.0
_OUTAGE = 5


@dataclass(slots=True)
class Watch:
    """Sends for as long as it is let.

    Attributes
    ----------
    sender : Sender
        What sends.
    ask : callable
        Asks the centre about everything: `reconcile` with all it needs.
    told : callable
        Called with what the centre said, each time it was asked.
    sleep : callable
        Waits so many seconds.
    timer : callable
        Seconds of a clock that nobody sets.
    """

    sender: Sender
    ask: Callable[[], Reconciliation]
    told: Callable[[Reconciliation], None] = lambda _: None
    sleep: Callable[[float], None] = time.sleep
    timer: Callable[[], float] = time.monotonic
    _failed: int = 0
    _not_before: float = 0.0
    _outage: bool = False

    def run(self) -> None:
        """Go round until the sender is told to stop."""
        while not self.sender.stop():
            try:
                self.round()
            except sqlite3.OperationalError as error:  # another process holds it for long
                _LOG.warning("the database is busy (%s)", error)
            self.sleep(min(self.sender.waits()[0] or _LOOK_EVERY, _LOOK_EVERY))

    def round(self) -> None:
        """Ask when it is time to, then send what is due."""
        connection = self.sender.connection
        if self.timer() >= self._not_before and is_due(connection, self.sender.now()):
            self._ask()
        self._outage |= outbox.breaker(connection).failures >= _OUTAGE
        self.sender.send_due()
        if self._outage and outbox.breaker(connection).failures == 0:
            self._outage = False
            self._ask()

    def _ask(self) -> None:
        """Ask; when nobody answers, wait longer each time."""
        try:
            self.told(self.ask())
        except (DeliveryError, MessageError) as error:
            self._failed += 1
            self._not_before = self.timer() + full_jitter(self._failed, self.sender.random)
            _LOG.warning("the centre could not be asked: %s", error)
        else:
            self._failed = 0
