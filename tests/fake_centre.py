"""A centre in memory, and a line to it on which everything may go wrong."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from ektp_biocheck.delivery.client import (
    CentreBusy,
    CentreConflict,
    CentreRefused,
    CentreUnreachable,
)
from ektp_biocheck.delivery.messages import (
    Announcement,
    FinalStatus,
    Holding,
    Inventory,
    InventoryAnswer,
    InventoryQuestion,
    MessageError,
    Receipt,
    Statement,
    UploadState,
    identity,
    sign,
)

AT = "2026-01-05T08:00:00.000Z"
FAULTS = ("lost", "answer lost", "twice", "truncated", "busy", "server error", "refused")


class FakeCentre:
    """An honest centre: idempotent, applies each record once, signs what it says.

    `lose` makes it forget what it has acknowledged; `lie` changes what it says next.
    """

    def __init__(self, name: str = "pusat", station: str = "kec-01") -> None:
        self.name, self.station = name, station
        self.key = Ed25519PrivateKey.generate()
        self.keys = {name: self.key.public_key()}
        self.announced: dict[str, Announcement] = {}
        self.partial: dict[str, bytes] = {}
        self.held: dict[str, bytes] = {}
        self.applied: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.said: list[Statement] = []
        self.silent_about: set[str] = set()
        self.lie: Callable[[Any], Any] = lambda message: message
        self.calls: list[tuple[str, str]] = []

    def announce(self, announcement: Announcement) -> UploadState:
        record_id = announcement.record_id
        self.calls.append(("announce", record_id))
        known = self.announced.setdefault(record_id, announcement)
        if known.sha256 != announcement.sha256:
            raise CentreConflict(409, "another hash is held under this id")
        if identity(known) != identity(announcement):
            raise CentreRefused(422, "the same key with another body")
        return self._state(record_id)

    def upload(self, record_id: str, offset: int, piece: bytes) -> UploadState:
        self.calls.append(("upload", record_id))
        if record_id not in self.announced:
            raise CentreRefused(400, "never announced")
        if record_id in self.held or offset != len(self.partial.get(record_id, b"")):
            return self._state(record_id)
        data = self.partial.get(record_id, b"") + piece
        announcement = self.announced[record_id]
        if len(data) < announcement.size:
            self.partial[record_id] = data
        else:
            self.partial.pop(record_id, None)
            if hashlib.sha256(data).hexdigest() != announcement.sha256:
                raise CentreRefused(422, "the hash differs")
            self.held[record_id] = data
            self.applied[record_id] += 1
        return self._state(record_id)

    def inventory(self, question: InventoryQuestion) -> Inventory:
        self.calls.append(("inventory", str(len(question.items))))
        answers = tuple(
            InventoryAnswer(record_id=item.record_id, answer=self._holding(item))
            for item in question.items
            if item.record_id not in self.silent_about
        )
        return self.lie(
            sign(
                Inventory(
                    centre=self.name,
                    station=self.station,
                    nonce=question.nonce,
                    at=AT,
                    answers=answers,
                ),
                self.key,
            )
        )

    def statements(self, after: int) -> list[Statement]:
        self.calls.append(("statements", str(after)))
        return [self.lie(said) for said in self.said if said.sequence > after][:3]

    def lose(self, record_id: str) -> None:
        """Forget the bytes after acknowledging them: a disk died at the centre."""
        if self.held.pop(record_id, None) is not None:
            self.lost[record_id] += 1

    def state_of(
        self, record_id: str, status: FinalStatus, instances: Iterable[str] = (), reason: str = ""
    ) -> Statement:
        """Make a statement on a record that is held."""
        statement = sign(
            Statement(
                centre=self.name,
                sequence=len(self.said) + 1,
                record_id=record_id,
                sha256=self.announced[record_id].sha256,
                status=status,
                reason=reason,
                instances=tuple(instances),
                at=AT,
            ),
            self.key,
        )
        self.said.append(statement)
        return statement

    def _holding(self, item: Any) -> Holding:
        known = self.announced.get(item.record_id)
        if known is None:
            return Holding.UNKNOWN
        if known.sha256 != item.sha256:
            return Holding.OTHER_HASH
        return Holding.HELD if item.record_id in self.held else Holding.ABSENT

    def _state(self, record_id: str) -> UploadState:
        head = self.announced[record_id].audit_head
        if record_id not in self.held:
            return UploadState(offset=len(self.partial.get(record_id, b"")), audit_head=head)
        data = self.held[record_id]
        receipt = Receipt(
            record_id=record_id,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            centre=self.name,
            sequence=list(self.held).index(record_id) + 1,
            at=AT,
        )
        receipt = self.lie(sign(receipt, self.key))
        return UploadState(offset=len(data), receipt=receipt, audit_head=head)


class Line:
    """A `CentreClient` that spoils the calls it is told to, in order, then works.

    Parameters
    ----------
    centre : FakeCentre
        At the other end.
    faults : iterable of str or None
        One for each call: one of `FAULTS`, "busy 600", "down", or None.
    """

    def __init__(self, centre: Any, faults: Iterable[str | None] = ()) -> None:
        self.centre = centre
        self.faults = iter(faults)
        self.down = False
        self.calls = 0
        self.before: Callable[[str], None] = lambda name: None

    def announce(self, announcement: Announcement) -> UploadState:
        return self._call("announce", announcement)

    def upload(self, record_id: str, offset: int, piece: bytes) -> UploadState:
        return self._call("upload", record_id, offset, piece)

    def inventory(self, question: InventoryQuestion) -> Inventory:
        return self._call("inventory", question)

    def statements(self, after: int) -> list[Statement]:
        return self._call("statements", after)

    def _call(self, name: str, *arguments: Any) -> Any:
        self.calls += 1
        self.before(name)
        fault = next(self.faults, None)
        if self.down or fault == "lost":
            raise CentreUnreachable("the line is down")
        if fault == "server error":
            raise CentreUnreachable("the centre answered 502")
        if fault == "refused":
            raise CentreRefused(422, "no reason that makes sense")
        if fault is not None and fault.startswith("busy"):
            raise CentreBusy(float(fault[5:] or 30))
        answer = getattr(self.centre, name)(*arguments)
        if fault == "twice":
            answer = getattr(self.centre, name)(*arguments)
        if fault == "answer lost":
            raise CentreUnreachable("the answer got lost")
        if fault == "truncated":
            raise MessageError("not a message that was agreed on: truncated")
        return answer


def other_hash(message: Any) -> Any:
    """Lie: a receipt over another hash, signed with the right key by nobody."""
    if isinstance(message, Receipt):
        return replace(message, sha256="0" * 64)
    return message
