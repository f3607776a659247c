"""The bundle: sealed records on a disk, for when a car is the only line.

::

    bundle.json               what is on it, signed by the station
    records/<id>.sealed       the sealed records, as they would go over the line
    return.json               written at the centre: receipts, inventory, statements, signed

The disk may be lost or copied: nothing on it can be read without the centre's key. A record on
it stays QUEUED at the station; should the line come back first, both ways end in the same
receipt.
"""

import hashlib
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from ektp_biocheck.delivery.messages import (
    Announcement,
    Inventory,
    InventoryQuestion,
    MessageError,
    Moment,
    Name,
    Receipt,
    RecordId,
    Sha256,
    Signature,
    Statement,
    decode,
    encode,
)
from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records.files import write_durably

__all__ = [
    "Bundle",
    "BundleReturn",
    "NotTaken",
    "payload_in",
    "read_bundle",
    "read_return",
    "write_bundle",
    "write_return",
]

_MAX_FILE = 256 << 20
_M = TypeVar("_M")


class Bundle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a station put on a disk, and what it wants to know."""

    station: Name
    at: Moment
    records: tuple[Announcement, ...]
    questions: tuple[InventoryQuestion, ...]
    statements_after: dict[Name, Annotated[int, msgspec.Meta(ge=0)]]
    signature: Signature = ""


class NotTaken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record of a bundle that was not stored; `code` says why.

    ``missing`` and ``damaged`` are about the copy on the disk; all others are the centre's.
    """

    record_id: RecordId
    code: Annotated[str, msgspec.Meta(max_length=32)]


class BundleReturn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the centre sends back with the disk; `bundle` is the hash of ``bundle.json``."""

    centre: Name
    station: Name
    bundle: Sha256
    at: Moment
    receipts: tuple[Receipt, ...]
    not_taken: tuple[NotTaken, ...]
    inventories: tuple[Inventory, ...]
    statements: tuple[Statement, ...]
    signature: Signature = ""


def payload_in(folder: Path, record_id: str) -> Path:
    """Return where a record lies in a bundle."""
    return folder / "records" / f"{record_id}.sealed"


def read_bundle(folder: Path) -> tuple[Bundle, str]:
    """Return what a bundle says of itself, not yet believed, and the hash of the file.

    Raises
    ------
    UnreadableError
        When there is none, or it cannot be read.
    InputError
        When it is not one of this package.
    """
    return _read(folder / "bundle.json", Bundle)


def read_return(folder: Path) -> BundleReturn:
    """Return what the centre wrote onto a bundle, not yet believed; errors as `read_bundle`."""
    return _read(folder / "return.json", BundleReturn)[0]


def write_bundle(folder: Path, bundle: Bundle) -> str:
    """Write a signed manifest onto a disk and return the hash of the file."""
    data = encode(bundle)
    write_durably(folder / "bundle.json", data)
    return hashlib.sha256(data).hexdigest()


def write_return(folder: Path, answer: BundleReturn) -> None:
    """Write the centre's answer onto a bundle."""
    write_durably(folder / "return.json", encode(answer))


def _read(path: Path, kind: type[_M]) -> tuple[_M, str]:
    try:
        if path.stat().st_size > _MAX_FILE:
            raise InputError(f"{path} is larger than any bundle")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(
            f"{path} cannot be read ({error.strerror}): is this the folder of a bundle?"
        ) from error
    try:
        return decode(data, kind), hashlib.sha256(data).hexdigest()
    except MessageError as error:
        raise InputError(f"{path}: {error}") from error
