"""What a centre must answer, whatever the wire; and the ways in which it may not.

::

    DeliveryError (BiocheckError)
    ├── CentreUnreachable (ConnectionError)   no answer, or none that is about the record
    ├── CentreBusy                            come back later: 429, or 503 with a time
    └── CentreRefused                         it does not want this record as it is
        └── CentreConflict                    it holds another record under this id

A `MessageError` is the fifth way: an answer that nobody agreed on. Only what is about the
record itself counts against it; a wrong certificate or a proxy in between does not.
"""

from typing import Protocol

from ektp_biocheck.delivery.messages import (
    Announcement,
    Inventory,
    InventoryQuestion,
    Statement,
    UploadState,
)
from ektp_biocheck.errors import BiocheckError

__all__ = [
    "CentreBusy",
    "CentreClient",
    "CentreConflict",
    "CentreRefused",
    "CentreUnreachable",
    "DeliveryError",
]


class DeliveryError(BiocheckError):
    """Base of what may go wrong between station and centre."""


class CentreUnreachable(DeliveryError, ConnectionError):
    """Nothing about the record was said: link down, server error, certificate refused."""


class CentreBusy(DeliveryError):
    """The centre asks to wait.

    Attributes
    ----------
    retry_after : float
        Seconds, already bounded; counted from the answer.
    """

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the centre asks to wait {retry_after:.0f} s")
        self.retry_after = retry_after


class CentreRefused(DeliveryError):
    """The centre does not take this record as it is.

    Attributes
    ----------
    status : int
        The HTTP status, or the one that an HTTP centre would give.
    reason : str
        The centre's words, shortened and without long numbers.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"refused by the centre ({status}): {reason or 'no reason given'}")
        self.status = status
        self.reason = reason


class CentreConflict(CentreRefused):
    """The centre holds other bytes under this record's id. A person has to look."""


class CentreClient(Protocol):
    """The centre as the sender and the reconciliation see it.

    Every call may raise `CentreUnreachable`, `CentreBusy`, `CentreRefused` or `MessageError`,
    and may have had its effect all the same: an answer can get lost. Each can be repeated
    without harm.
    """

    def announce(self, announcement: Announcement) -> UploadState:
        """Say what is coming; learn how much of it the centre has.

        Raises
        ------
        CentreConflict
            When it holds another hash under this id.
        """
        ...

    def upload(self, record_id: str, offset: int, piece: bytes) -> UploadState:
        """Hand over the bytes from `offset` on.

        The answer's offset may be another than expected, when another sender was faster or the
        centre lost a piece: go on from there.
        """
        ...

    def inventory(self, question: InventoryQuestion) -> Inventory:
        """Ask which records the centre holds. The signature is the caller's to verify."""
        ...

    def statements(self, after: int) -> list[Statement]:
        """Return the statements after a sequence number, oldest first, a page at a time.

        The signatures are the caller's to verify.
        """
        ...
