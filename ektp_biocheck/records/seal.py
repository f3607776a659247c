"""Sealing: only the centre can open a person's record, and nobody can change it unnoticed.

The captures are encrypted with a fresh AES-256-GCM key, with the manifest and the record's id as
associated data, and that key is wrapped for the centre's X25519 key by HPKE (RFC 9180, base mode,
HKDF-SHA256). The station keeps neither key, so it cannot read back what it sealed. The form of the
file stands in `envelope`.
"""

import base64
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from ektp_biocheck.errors import InputError
from ektp_biocheck.records.canonical import canonical, digest
from ektp_biocheck.records.envelope import (
    MAX_BYTES,
    SCHEMA,
    Envelope,
    Header,
    SealError,
    assemble,
    checked,
    envelope_of,
    parse,
    verify,
)
from ektp_biocheck.records.ids import check_record_id
from ektp_biocheck.records.keys import key_id

__all__ = [
    "MAX_BYTES",
    "Envelope",
    "SealError",
    "open_sealed",
    "parse",
    "seal",
    "seal_with_envelope",
    "verify",
]

_WRAPPED_AS = b"ektp-biocheck record key 1\0"


def seal(
    files: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    *,
    centre_public: X25519PublicKey,
    station_private: Ed25519PrivateKey,
    record_id: str,
    sequence: int = 0,
    audit_seq: int = 0,
    audit_head: str = "",
) -> bytes:
    """Encrypt a person's captures for the centre and sign the whole.

    Parameters
    ----------
    files : Mapping of str to bytes
        Image files by instance name, such as ``rightIndex``.
    manifest : Mapping
        JSON-safe; at least ``station``. Where it names instances with a ``sha256``, the files must
        have exactly these hashes.
    centre_public : X25519PublicKey
        Whom it is for.
    station_private : Ed25519PrivateKey
        Who seals it.
    record_id : str
        Its name, a UUIDv7.
    sequence : int
        Its number at this station.
    audit_seq : int
        Number of the last audit row before it.
    audit_head : str
        Hash of that row.

    Returns
    -------
    bytes
        The file. Sealing the same captures twice gives different bytes: the key is fresh.

    Raises
    ------
    InputError
        When the manifest has no JSON form or does not fit the files, or the whole is too large.
    """
    data, _ = seal_with_envelope(
        files,
        manifest,
        centre_public=centre_public,
        station_private=station_private,
        record_id=record_id,
        sequence=sequence,
        audit_seq=audit_seq,
        audit_head=audit_head,
    )
    return data


def seal_with_envelope(
    files: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    *,
    centre_public: X25519PublicKey,
    station_private: Ed25519PrivateKey,
    record_id: str,
    sequence: int,
    audit_seq: int,
    audit_head: str,
) -> tuple[bytes, Envelope]:
    """Seal as `seal` does; also return what `parse` would read, without reading it."""
    station = manifest.get("station")
    if not isinstance(station, str) or not station:
        raise InputError('the manifest must name its station: set "station"')
    if manifest.get("record_id", record_id) != check_record_id(record_id):
        raise InputError("the manifest belongs to another record id")
    _check_files(files, manifest)
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    plain = msgspec.msgpack.encode(dict(files))
    ciphertext = AESGCM(key).encrypt(nonce, plain, _associated(record_id, station, manifest))
    header = Header(
        schema=SCHEMA,
        record_id=record_id,
        station=station,
        sequence=sequence,
        manifest=dict(manifest),
        audit_seq=audit_seq,
        audit_head=audit_head,
        centre_key=key_id(centre_public),
        station_key=key_id(station_private.public_key()),
        wrapped_key=_text(_suite().encrypt(key, centre_public, _wrapping(record_id))),
        nonce=_text(nonce),
        ciphertext_sha256=digest(ciphertext),
        ciphertext_size=len(ciphertext),
    )
    data = assemble(header, ciphertext, station_private)
    return data, envelope_of(header, data)


def open_sealed(
    data: bytes, centre_private: X25519PrivateKey, station_public: Ed25519PublicKey
) -> tuple[Mapping[str, Any], Mapping[str, bytes]]:
    """Decrypt a sealed record: the centre's side.

    Parameters
    ----------
    data : bytes
        The whole file.
    centre_private : X25519PrivateKey
        The key it was sealed for.
    station_public : Ed25519PublicKey
        The station that must have sealed it.

    Returns
    -------
    tuple of Mapping
        The manifest, and the image files by instance name.

    Raises
    ------
    SealError
        When it does not verify, is for another key, or its files are not those of the manifest.
    """
    header, ciphertext = checked(data, station_public)
    if header.centre_key != key_id(centre_private.public_key()):
        raise SealError("the record is sealed for another centre's key")
    try:
        key = _suite().decrypt(
            _bytes(header.wrapped_key), centre_private, _wrapping(header.record_id)
        )
        associated = _associated(header.record_id, header.station, header.manifest)
        plain = AESGCM(key).decrypt(_bytes(header.nonce), ciphertext, associated)
        files = msgspec.msgpack.decode(plain, type=dict[str, bytes])
        _check_files(files, header.manifest)
    except (InvalidTag, ValueError, msgspec.MsgspecError) as error:
        raise SealError(
            f"the sealed record cannot be opened: {error or 'it does not fit the key'}"
        ) from error
    return header.manifest, files


def _check_files(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    """Hold the manifest's hashes against the files; copied instances lie at the centre already."""
    instances, copied = manifest.get("instances", {}), manifest.get("copied_instances", ())
    if not isinstance(instances, Mapping) or not isinstance(copied, list | tuple):
        raise InputError("the manifest's instances must be a table and copied_instances a list")
    evidence = {
        one["file"]: one
        for one in manifest.get("evidence", ())
        if isinstance(one, Mapping) and isinstance(one.get("file"), str)
    }
    for name, entry in {**instances, **evidence}.items():
        expected = entry.get("sha256") if isinstance(entry, Mapping) else None
        if expected is None or name in copied:
            continue
        if name not in files:
            raise InputError(f"the manifest names a capture of {name}, but there is no such file")
        if digest(files[name]) != expected:
            raise InputError(f"the file of {name} is not the one that the manifest names")


def _associated(record_id: str, station: str, manifest: Mapping[str, Any]) -> bytes:
    """Return what the ciphertext is tied to: it fits no other record and no other manifest."""
    return canonical({"record_id": record_id, "station": station, "manifest": manifest})


def _wrapping(record_id: str) -> bytes:
    return _WRAPPED_AS + record_id.encode()


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
