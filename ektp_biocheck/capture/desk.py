"""What a station keeps: its database, its vault, the people in the chair.

`Station` is the face of it; the work on one presentation stands in `intake`.
"""

import io
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.capture import facts as f
from ektp_biocheck.capture.crosscheck import Comparator, Glass
from ektp_biocheck.capture.decision import decide
from ektp_biocheck.capture.lock import FolderLock, unwritable
from ektp_biocheck.capture.outcomes import Decision
from ektp_biocheck.capture.scorers import Scorers
from ektp_biocheck.capture.transaction import Transaction, apply, transaction_of
from ektp_biocheck.capture.views import BestFrame
from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import Instance
from ektp_biocheck.records import events as store
from ektp_biocheck.records import space
from ektp_biocheck.records.database import connect, writing
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.vault import Vault, station_key

__all__ = ["Burst", "Desk", "decided", "png_of"]

T = TypeVar("T")


def png_of(pixels: NDArray[np.uint8], ppi: float | None) -> bytes:
    """Return a picture as a PNG file, with its resolution when it has one. Nothing is lost."""
    from PIL import Image

    buffer = io.BytesIO()
    resolution = {} if ppi is None else {"dpi": (ppi, ppi)}
    Image.fromarray(np.ascontiguousarray(pixels)).save(
        buffer, "PNG", compress_level=2, **resolution
    )
    return buffer.getvalue()


def _check_writable(folder: Path) -> None:
    probe = folder / f".{uuid.uuid4().hex}.tmp"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise unwritable(folder, error) from error


def decided(decision: Decision) -> f.Decided:
    """Return a decision as an event carries it."""
    return f.Decided(
        instance=f.attribute_of(decision.instance),
        action=str(decision.action),
        rule=decision.rule,
        outcome=str(decision.outcome),
        step=decision.step,
        defect=decision.defect,
        repeats_advice=decision.repeats_advice,
        present=None if decision.present is None else f.attribute_of(decision.present),
        other=None if decision.other is None else f.attribute_of(decision.other),
        chosen_attempt=decision.chosen_attempt,
        counted=decision.counted,
        settled=decision.settled,
        inputs=dict(decision.inputs),
    )


@dataclass(frozen=True, slots=True)
class Burst:
    """The best frame of a burst and its rank."""

    rank: tuple[int, int, int]
    frame: BestFrame


class Desk:
    """Database, vault and views of the open transactions of one station.

    Parameters
    ----------
    folder : Path
        Holds ``station.db``, ``open/`` and ``keys/``; made when needed.
    scorers : Scorers
    comparator : Comparator or None
    clock : callable or None
    """

    def __init__(
        self,
        folder: Path,
        scorers: Scorers,
        comparator: Comparator | None,
        clock: store.Clock | None,
    ) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        self.folder_lock = FolderLock(folder)
        try:
            self._open(folder, scorers, comparator, clock)
        except BaseException:
            self.folder_lock.release()
            raise

    def _open(
        self,
        folder: Path,
        scorers: Scorers,
        comparator: Comparator | None,
        clock: store.Clock | None,
    ) -> None:
        self.lock = threading.RLock()
        self.folder = folder
        self.scorers, self.comparator, self.clock = scorers, comparator, clock
        self.glass = Glass()
        _check_writable(folder)
        self.subject_key = station_key(folder / "keys" / "subject.key")
        self.vault = Vault(folder / "open", station_key(folder / "keys" / "vault.key"))
        self.connection = connect(folder / "station.db")
        try:
            with writing(self.connection):
                pass  # takes the write lock: a read-only file is found now, not with a person
        except sqlite3.OperationalError as error:
            self.connection.close()
            raise unwritable(folder, error) from error
        self.people: dict[str, Transaction] = {}
        self.open: dict[str, str] = {}  # transaction of each subject
        self.frames: dict[tuple[str, Instance], Burst] = {}
        self.captures: dict[tuple[str, Instance, int], Any] = {}
        for transaction in store.transactions(self.connection, finished=False):
            self.open[self.person(transaction).began.subject] = transaction
        self._sweep()

    def close(self) -> None:
        """Close the database; open transactions stay open."""
        self.connection.close()
        self.folder_lock.release()
        self.people.clear()
        self.frames.clear()
        self.captures.clear()

    def now(self) -> datetime:
        """Return the station's time, aware."""
        return datetime.now(UTC) if self.clock is None else self.clock()

    def append(self, transaction: str, facts: Sequence[f.Fact]) -> None:
        """Store facts, durable on return, and bring the view up to date.

        Raises
        ------
        OSError
            When the database cannot be written; nothing was stored then.
        """
        if not facts:
            return
        rows = [f.stored(fact) for fact in facts]
        stored = self._with_room(
            lambda: store.append(self.connection, transaction, rows, clock=self.clock)
        )
        for fact in facts:
            if isinstance(fact, f.Began):
                self.open[fact.subject] = transaction
        person = self.people.get(transaction)
        if person is not None:
            for event in stored:
                apply(person, event)

    def keep(self, transaction: str, data: bytes) -> str:
        """Put a capture into the vault and return its hash; see `append` for a full disk."""
        return self._with_room(lambda: self.vault.put(transaction, data))

    def _with_room(self, write: Callable[[], T]) -> T:
        """Write; on a full disk give the ballast up for the person in the chair, once."""
        try:
            return write()
        except (OSError, sqlite3.OperationalError) as error:
            if not space.is_full(error) and isinstance(error, OSError):
                raise
            if not (space.is_full(error) and space.release_ballast(StationFolder(self.folder))):
                raise unwritable(self.folder, error) from error
        try:
            return write()
        except sqlite3.OperationalError as error:
            raise unwritable(self.folder, error) from error

    def person(self, transaction: str) -> Transaction:
        """Return the view of a transaction, open or closed.

        Raises
        ------
        InputError
            When there is no such transaction.
        """
        person = self.people.get(transaction)
        if person is None:
            events = store.events_of(self.connection, transaction)
            if not events:
                raise InputError("there is no such transaction here")
            person = transaction_of(events)
            if not person.closed:
                self.people[transaction] = person
        return person

    def open_person(self, transaction: str) -> Transaction:
        """Return the view of an open transaction.

        Raises
        ------
        InputError
            When there is none, or it was finished or abandoned.
        """
        person = self.person(transaction)
        if person.closed:
            how = "finished" if person.finished is not None else "abandoned"
            raise InputError(f"this capture was {how}: begin a new one")
        return person

    def decide(self, transaction: str, instances: Iterable[Instance]) -> dict[Instance, Decision]:
        """Decide on instances as the events stand and store the decisions."""
        person = self.person(transaction)
        decisions = {
            instance: decision
            for instance in instances
            if (decision := decide(person, instance)) is not None
        }
        self.append(transaction, [decided(decision) for decision in decisions.values()])
        return decisions

    def forget(self, transaction: str) -> None:
        """Drop what is kept in memory of a transaction that was closed."""
        self.open = {who: what for who, what in self.open.items() if what != transaction}
        self.people.pop(transaction, None)
        self.frames = {k: v for k, v in self.frames.items() if k[0] != transaction}
        self.captures = {k: v for k, v in self.captures.items() if k[0] != transaction}

    def _sweep(self) -> None:
        """Remove captures that a crash left behind their record's seal or their person's no."""
        for transaction in self.vault.transactions():
            person = None
            if store.events_of(self.connection, transaction):
                person = self.person(transaction)
            if person is not None and (person.sealed or person.abandoned is not None):
                self.vault.remove(transaction)
