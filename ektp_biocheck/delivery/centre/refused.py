"""What the centre refuses, and how it says so: a code, an HTTP status, one plain sentence.

The sentences are fixed: nothing that a request said is repeated in an answer or in a log.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ektp_biocheck.errors import BiocheckError

if TYPE_CHECKING:
    from ektp_biocheck.delivery.messages import UploadState

__all__ = ["REASONS", "Reason", "Refused"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One way to be refused: the HTTP status and what to do about it."""

    status: int
    detail: str


REASONS = {
    "no_certificate": Reason(403, "a station's own certificate is needed"),
    "unknown_station": Reason(403, "no station of this name is registered, or it is blocked"),
    "other_certificate": Reason(403, "the certificate is not the one registered for this station"),
    "not_yours": Reason(403, "the certificate is not that of the announcing station"),
    "malformed": Reason(422, "the body is not the message that was agreed on"),
    "bad_id": Reason(422, "the record id is not a UUID of version 7 in lower case"),
    "bad_offset": Reason(400, "send the header Upload-Offset with a number of bytes"),
    "bad_after": Reason(422, "after is the number of a statement"),
    "no_key": Reason(400, "send the header Idempotency-Key: <record id>:<sha256>"),
    "other_body": Reason(422, "this key was used with another body, or fits another record"),
    "other_hash": Reason(409, "another record is known under this id: a person has to look"),
    "unknown_record": Reason(404, "no record with this id was announced by this station"),
    "not_found": Reason(404, "no such address: see /openapi.json"),
    "not_allowed": Reason(405, "this address is not for this method: see /openapi.json"),
    "too_large": Reason(413, "more bytes than are allowed, or than were announced"),
    "wrong_offset": Reason(409, "go on from the offset in this answer"),
    "wrong_hash": Reason(422, "the bytes do not have the announced hash: send them again"),
    "wrong_seal": Reason(422, "this is not a sealed record of this station under this id"),
    "quota": Reason(429, "today's quota of this station is used up: go on tomorrow"),
    "disk_full": Reason(503, "the centre's disk is full: it has to be looked after there"),
    "unavailable": Reason(503, "the centre's database does not answer: it has to be looked after"),
    "too_slow": Reason(408, "the body did not arrive in time: what came was kept"),
    "broken": Reason(500, "the centre made a mistake: its log says which"),
}
"""Every refusal by its code."""


class Refused(BiocheckError):
    """The centre does not do what was asked.

    Attributes
    ----------
    code : str
        One of `REASONS`.
    retry_after : int or None
        Seconds after which it may be asked again.
    state : UploadState or None
        How far the record is, where that is the answer.
    """

    def __init__(
        self, code: str, *, retry_after: int | None = None, state: "UploadState | None" = None
    ) -> None:
        super().__init__(REASONS[code].detail)
        self.code = code
        self.retry_after = retry_after
        self.state = state
