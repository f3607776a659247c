"""What station and centre say to each other: the messages, their fields and their signatures.

A record on its way is one opaque file, the sealed record. `sha256` is always that of the whole
file, in lower-case hex. Times are UTC, ISO 8601. A signed message is signed with Ed25519 over
`canonical` of its kind and all its fields but the signature, so that a receipt can never be
passed off as a statement.

Fields are checked by `decode`, which takes in messages from outside, not when a message is
made; fields nobody agreed on are refused.
"""

import base64
import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import msgspec

from ektp_biocheck.errors import InputError
from ektp_biocheck.records.canonical import canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

__all__ = [
    "MAX_ANSWER",
    "MAX_ITEMS",
    "MAX_PIECE",
    "MAX_RECORD",
    "Announcement",
    "FinalStatus",
    "Holding",
    "Inventory",
    "InventoryAnswer",
    "InventoryItem",
    "InventoryQuestion",
    "MessageError",
    "Problem",
    "Receipt",
    "Statement",
    "UploadState",
    "canonical",
    "decode",
    "encode",
    "idempotency_key",
    "identity",
    "is_signed_by",
    "sign",
    "verified",
]

MAX_PIECE = 1 << 20
"""Bytes of one uploaded piece at most."""
MAX_RECORD = 64 << 20
"""Bytes of one sealed record at most."""
MAX_ANSWER = 1 << 20
"""Bytes of one answer at most; a sender that reads more has been lied to."""
MAX_ITEMS = 500
"""Records in one inventory question, and statements in one answer, at most."""

# `$` alone would let a trailing line feed through.
_END = r"$(?!\n)"
RecordId = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^[0-9a-f]{{8}}-[0-9a-f]{{4}}-7[0-9a-f]{{3}}-[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}{_END}"
    ),
]
"""A UUID of version 7 in lower case: safe as a file name."""
Sha256 = Annotated[str, msgspec.Meta(pattern=rf"^[0-9a-f]{{64}}{_END}")]
Name = Annotated[str, msgspec.Meta(pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}{_END}")]
"""A station or a centre, as its certificate names it: safe as a file name."""
Moment = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?(Z|\+00:00){_END}"
    ),
]
Signature = Annotated[str, msgspec.Meta(pattern=rf"^[A-Za-z0-9+/]{{86}}=={_END}")]
Instance = Annotated[str, msgspec.Meta(pattern=rf"^[A-Za-z]{{1,32}}{_END}")]
"""A finger, an eye or the face by its MOSIP attribute name."""
_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]


class MessageError(InputError):
    """A message that nobody agreed on: wrong JSON, wrong field, wrong signature."""


class Announcement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a station is about to send.

    `sequence` counts the station's sealed records. `priority` 0 goes first, 9 last.
    `audit_head` is the newest hash of the station's audit chain, so that a chain that was cut
    shows. `supersedes` names the record that this one replaces.
    """

    record_id: RecordId
    sha256: Sha256
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_RECORD)]
    station: Name
    sequence: _Count
    priority: Annotated[int, msgspec.Meta(ge=0, le=9)] = 5
    audit_head: Sha256 | None = None
    supersedes: RecordId | None = None


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signed word of a centre that it has stored these bytes.

    `sequence` is the signer's own count of what it stored. `via` holds the receipts of whoever
    it was forwarded to, nearest first, about the same bytes; empty at the end of the line.
    """

    record_id: RecordId
    sha256: Sha256
    size: _Count
    centre: Name
    sequence: _Count
    at: Moment
    via: Annotated[tuple["Receipt", ...], msgspec.Meta(max_length=4)] = ()
    signature: Signature = ""


class UploadState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a record has come at the centre: `offset` bytes are safely stored there.

    `receipt` is there once all are and their hash is right. `audit_head` is the newest head of
    the station's audit chain that the centre has been told.
    """

    offset: _Count
    receipt: Receipt | None = None
    audit_head: Sha256 | None = None


class FinalStatus(StrEnum):
    """What becomes of a record at the centre."""

    PRINT_READY = "PRINT_READY"
    ENROLL_FAILURE = "ENROLL_FAILURE"
    SEARCH_FAILURE = "SEARCH_FAILURE"
    DUPLICATE = "DUPLICATE"
    ADJUDICATE = "ADJUDICATE"
    REQUEST_VALIDATION = "REQUEST_VALIDATION"


class Holding(StrEnum):
    """What the centre says when asked whether it holds a record with a hash.

    ABSENT: announced, but not stored. UNKNOWN: never heard of.
    """

    HELD = "HELD"
    ABSENT = "ABSENT"
    OTHER_HASH = "OTHER_HASH"
    UNKNOWN = "UNKNOWN"


class InventoryItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record that a station asks about."""

    record_id: RecordId
    sha256: Sha256


class InventoryQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a station wants to know; `nonce` comes back in the answer, so that none is replayed."""

    nonce: Sha256
    items: Annotated[tuple[InventoryItem, ...], msgspec.Meta(max_length=MAX_ITEMS)]


class InventoryAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the centre says about one record; `status` once it has a final one."""

    record_id: RecordId
    answer: Holding
    status: FinalStatus | None = None


class Inventory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signed answers to one `InventoryQuestion` of one station."""

    centre: Name
    station: Name
    nonce: Sha256
    at: Moment
    answers: Annotated[tuple[InventoryAnswer, ...], msgspec.Meta(max_length=MAX_ITEMS)]
    signature: Signature = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signed word of a centre on what became of a record it holds.

    `sequence` counts the statements to one station, from 1, without gaps being promised.
    `instances` names what has to be recorded again, when that is the cure.
    """

    centre: Name
    sequence: _Count
    record_id: RecordId
    sha256: Sha256
    status: FinalStatus
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""
    instances: Annotated[tuple[Instance, ...], msgspec.Meta(max_length=32)] = ()
    at: Moment
    signature: Signature = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a refusal; other fields are ignored."""

    detail: str = ""


Signed = TypeVar("Signed", bound=msgspec.Struct)
_Named = TypeVar("_Named", bound="_FromCentre")
_M = TypeVar("_M")


class _FromCentre(Protocol):
    """A signed message that names its signer."""

    @property
    def centre(self) -> str: ...
    @property
    def signature(self) -> str: ...


def encode(message: object) -> bytes:
    """Return a message, or a list of messages, as JSON."""
    return msgspec.json.encode(message)


def decode(data: bytes, kind: type[_M]) -> _M:
    """Take in a message from outside.

    Parameters
    ----------
    data : bytes
        JSON.
    kind : type
        The message class, or a list of it.

    Raises
    ------
    MessageError
        When it is no such message; the text names the field, never its content.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        text = str(error)
        if "unknown field" in text:  # its name was chosen by whoever sent it
            text = "a field that was not agreed on"
        raise MessageError(f"not a message that was agreed on: {text}") from error


def idempotency_key(record_id: str, sha256: str) -> str:
    """Return the Idempotency-Key of a record: the same at every attempt."""
    return f"{record_id}:{sha256}"


def identity(announcement: Announcement) -> str:
    """Return a hash over what must be the same whenever a record is announced.

    The same key with another identity is another body (422). Left out is what may change between
    two attempts: `priority`, `audit_head`, and `sequence`, which a station that was restored from
    a backup may give anew.
    """
    fields = msgspec.to_builtins(announcement)
    del fields["priority"], fields["audit_head"], fields["sequence"]
    return hashlib.sha256(canonical(fields)).hexdigest()


def sign(message: Signed, key: "Ed25519PrivateKey") -> Signed:
    """Return the message with the signature of `key`."""
    signature = base64.b64encode(key.sign(_to_sign(message))).decode()
    return msgspec.structs.replace(message, signature=signature)


def is_signed_by(message: Any, key: "Ed25519PublicKey") -> bool:  # noqa: ANN401 - any signed one
    """Return whether exactly this message was signed with a key."""
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(base64.b64decode(message.signature, validate=True), _to_sign(message))
    except (InvalidSignature, ValueError):
        return False
    return True


def verified(message: _Named, keys: "Mapping[str, Ed25519PublicKey]") -> _Named:
    """Return the message if its signer is known and signed exactly this.

    Parameters
    ----------
    message : Receipt, Inventory or Statement
        As it came.
    keys : mapping of str to Ed25519PublicKey
        The public signing key of each centre that is trusted, by its name.

    Raises
    ------
    MessageError
        Unknown signer, wrong signature, or a receipt whose chain is about other bytes.
    """
    key = keys.get(message.centre)
    if key is None:
        raise MessageError(f"signed by {message.centre}, whose key is not configured here")
    if not is_signed_by(message, key):
        raise MessageError(f"the signature of {message.centre} is wrong")
    if isinstance(message, Receipt):
        for onward in message.via:
            verified(onward, keys)
            if (onward.record_id, onward.sha256) != (message.record_id, message.sha256):
                raise MessageError(f"{message.centre} chained a receipt for another record")
    return message


def _to_sign(message: msgspec.Struct) -> bytes:
    fields = msgspec.to_builtins(message)
    del fields["signature"]
    return canonical({"kind": type(message).__name__.lower(), **fields})
