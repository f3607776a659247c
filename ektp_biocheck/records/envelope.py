r"""The form of a sealed record: what anyone may read of it, and how every byte is checked.

::

    "EKTPSR1\n" | length of header, 4 bytes | header | Ed25519 signature, 64 bytes | ciphertext

The header is canonical JSON in clear: who sealed it and when in the station's order, the manifest
(hashes, scores, outcomes; nothing that names a person), the head of the audit chain, and the
SHA-256 of the ciphertext. So the signature over the header covers every byte of the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ektp_biocheck.errors import InputError
from ektp_biocheck.records.canonical import canonical, digest
from ektp_biocheck.records.ids import check_record_id
from ektp_biocheck.records.keys import key_id

__all__ = [
    "MAX_BYTES",
    "SCHEMA",
    "Envelope",
    "Header",
    "SealError",
    "assemble",
    "checked",
    "envelope_of",
    "parse",
    "verify",
]

MAX_BYTES = 64 << 20
"""No person's record is larger; anything that claims to be is refused unread."""

SCHEMA = "ektp-biocheck/sealed-record 1"
"""What a header says that it is."""

_MAGIC = b"EKTPSR1\n"
_MAX_HEADER = 1 << 20
_SIGNED_AS = b"ektp-biocheck sealed record 1\0"
_SIGNATURE_BYTES = 64
_DAMAGED = "the sealed record is damaged: restore it from the backup, or record the person again"


class SealError(InputError):
    """A sealed record that is damaged, forged, or for somebody else."""


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The clear part as it stands in the file. Keys and nonce are in base 64."""

    schema: str
    record_id: str
    station: str
    sequence: int
    manifest: dict[str, Any]
    audit_seq: int
    audit_head: str
    centre_key: str
    station_key: str
    wrapped_key: str
    nonce: str
    ciphertext_sha256: str
    ciphertext_size: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """What anyone may read of a sealed record.

    `sequence` counts the records of one station; `audit_seq` and `audit_head` are the number and
    hash of the last row of the station's audit chain when it was sealed. `sha256` and `size` are
    those of the whole file. `station_key` and `centre_key` tell which keys signed and can open.
    """

    record_id: str
    station: str
    sequence: int
    manifest: Mapping[str, Any]
    manifest_sha256: str
    audit_seq: int
    audit_head: str
    centre_key: str
    station_key: str
    sha256: str
    size: int


def parse(data: bytes) -> Envelope:
    """Read the clear part of a sealed record without believing it: see `verify`.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    Envelope
        What it says of itself; only its form and its hashes are checked.

    Raises
    ------
    SealError
        When it has not the form of a sealed record or its content was changed.
    """
    header, _, _ = _split(data)
    return envelope_of(header, data)


def verify(data: bytes, station_public: Ed25519PublicKey) -> Envelope:
    """Check every byte of a sealed record against the station's signature.

    Parameters
    ----------
    data : bytes
        The whole file.
    station_public : Ed25519PublicKey
        The station that must have sealed it.

    Returns
    -------
    Envelope
        Its clear part, now to be believed.

    Raises
    ------
    SealError
        When it is damaged, was changed, or was sealed by another station.
    """
    header, _ = checked(data, station_public)
    return envelope_of(header, data)


def assemble(header: Header, ciphertext: bytes, station_private: Ed25519PrivateKey) -> bytes:
    """Sign a header and put the file together; `InputError` when it is too large."""
    raw = canonical(msgspec.to_builtins(header))
    if len(raw) > _MAX_HEADER or len(raw) + len(ciphertext) + 76 > MAX_BYTES:
        raise InputError(f"the record is larger than {MAX_BYTES >> 20} MiB: check the captures")
    signature = station_private.sign(_SIGNED_AS + raw)
    return b"".join((_MAGIC, len(raw).to_bytes(4, "big"), raw, signature, ciphertext))


def checked(data: bytes, station_public: Ed25519PublicKey) -> tuple[Header, bytes]:
    """Return header and ciphertext once every byte is checked; raises as `verify` does."""
    header, signature, ciphertext = _split(data)
    if header.station_key != key_id(station_public):
        raise SealError("the record was sealed by another station's key")
    length = int.from_bytes(data[8:12], "big")
    try:
        station_public.verify(signature, _SIGNED_AS + data[12 : 12 + length])
    except InvalidSignature as error:
        raise SealError(f"the station's signature does not fit: {_DAMAGED}") from error
    return header, ciphertext


def _split(data: bytes) -> tuple[Header, bytes, bytes]:
    """Return header, signature and ciphertext of a file whose form and hash are right."""
    if len(data) > MAX_BYTES:
        raise SealError(f"a sealed record has at most {MAX_BYTES >> 20} MiB")
    if data[:8] != _MAGIC:
        raise SealError("this is no sealed record of ektp-biocheck")
    length = int.from_bytes(data[8:12], "big")
    start = 12 + length + _SIGNATURE_BYTES
    if length > _MAX_HEADER or len(data) < start:
        raise SealError(_DAMAGED)
    raw, signature, ciphertext = data[12 : 12 + length], data[start - 64 : start], data[start:]
    try:
        header = msgspec.json.decode(raw, type=Header)
        same = canonical(msgspec.to_builtins(header)) == raw
        check_record_id(header.record_id)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise SealError(_DAMAGED) from error
    if header.schema != SCHEMA:
        raise SealError("sealed by another version of ektp-biocheck: update this side")
    whole = len(ciphertext) == header.ciphertext_size
    if not (same and whole and digest(ciphertext) == header.ciphertext_sha256):
        raise SealError(_DAMAGED)
    return header, signature, ciphertext


def envelope_of(header: Header, data: bytes) -> Envelope:
    """Return what anyone may read of a file whose header this is."""
    return Envelope(
        header.record_id,
        header.station,
        header.sequence,
        header.manifest,
        digest(canonical(header.manifest)),
        header.audit_seq,
        header.audit_head,
        header.centre_key,
        header.station_key,
        digest(data),
        len(data),
    )
