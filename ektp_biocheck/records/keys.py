"""The station's and the centre's keys, as files.

::

    keys/station.key      Ed25519 private, mode 0600: signs records and audit checkpoints
    keys/station.pub      Ed25519 public, to be handed to the centre
    keys/retired/*.pub    public keys this station signed with before it was set up anew
    keys/centre-seal.pub  X25519 public of the centre: records are sealed for it
    keys/centre-sign.pub  Ed25519 public of the centre: its receipts are checked with it
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from ektp_biocheck.errors import InputError, UnreadableError

__all__ = [
    "Keys",
    "key_id",
    "load_keys",
    "load_opening_key",
    "load_sealing_key",
    "load_signing_key",
    "load_verifying_key",
    "make_centre_keys",
    "make_station_keys",
    "retired_keys",
    "save_private",
    "save_public",
    "trusted_keys",
]

Private = Ed25519PrivateKey | X25519PrivateKey
Public = Ed25519PublicKey | X25519PublicKey


@dataclass(frozen=True, slots=True)
class Keys:
    """What a station needs to seal: its own signing key and the centre's public ones.

    `retired` are public keys of its own that older records on its disk were signed with.
    `centre_signing` checks receipts and statements; a station may seal before it has that.
    """

    station_private: Ed25519PrivateKey
    centre_public: X25519PublicKey
    centre_signing: Ed25519PublicKey | None = None
    retired: tuple[Ed25519PublicKey, ...] = ()

    @property
    def trusted(self) -> tuple[Ed25519PublicKey, ...]:
        """Every key whose signature means: this station."""
        return (self.station_private.public_key(), *self.retired)


def key_id(public: Public) -> str:
    """Return a short name of a key: the first 16 hex digits of the SHA-256 of its raw bytes."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def save_private(key: Private, path: Path) -> None:
    """Write a private key as PKCS 8 PEM, mode 0600; `InputError` when the file exists."""
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),  # a station starts unattended; the disk's rights guard it
    )
    _write_new(path, pem, 0o600)


def save_public(key: Public, path: Path) -> None:
    """Write a public key as PEM; `InputError` when the file exists."""
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write_new(path, pem, 0o644)


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key that signs; see `load_keys` for what is raised."""
    key = _private(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(f"{path} does not sign (Ed25519): the key files are mixed up")
    return key


def load_opening_key(path: Path) -> X25519PrivateKey:
    """Read the centre's private key, which opens records; see `load_keys` for what is raised."""
    key = _private(path)
    if not isinstance(key, X25519PrivateKey):
        raise InputError(f"{path} opens no records (X25519): the key files are mixed up")
    return key


def load_verifying_key(path: Path) -> Ed25519PublicKey:
    """Read a public key that checks signatures; see `load_keys` for what is raised."""
    key = _public(path)
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(f"{path} checks no signatures (Ed25519): the key files are mixed up")
    return key


def load_sealing_key(path: Path) -> X25519PublicKey:
    """Read the public key that records are sealed for; see `load_keys` for what is raised."""
    key = _public(path)
    if not isinstance(key, X25519PublicKey):
        raise InputError(f"{path} seals no records (X25519): the key files are mixed up")
    return key


def make_station_keys(folder: Path) -> Ed25519PrivateKey:
    """Make the station's signing key in `folder` (``station.key`` and ``station.pub``).

    Parameters
    ----------
    folder : Path
        The station's folder of keys.

    Returns
    -------
    Ed25519PrivateKey
        The new key.

    Raises
    ------
    InputError
        When there is one already: records on the disk may be signed with it.
    """
    key = Ed25519PrivateKey.generate()
    save_private(key, folder / "station.key")
    save_public(key.public_key(), folder / "station.pub")
    return key


def make_centre_keys(folder: Path) -> tuple[Ed25519PrivateKey, X25519PrivateKey]:
    """Make a centre's keys in `folder`: ``centre-sign`` and ``centre-seal``, private and public.

    Parameters
    ----------
    folder : Path
        The centre's folder of keys. Stations get copies of the two ``.pub`` files.

    Returns
    -------
    tuple
        The key that signs receipts, and the one that opens records.

    Raises
    ------
    InputError
        When one of the files exists.
    """
    signing, opening = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    for name, key in (("centre-sign", signing), ("centre-seal", opening)):
        save_private(key, folder / f"{name}.key")
        save_public(key.public_key(), folder / f"{name}.pub")
    return signing, opening


def load_keys(folder: Path) -> Keys:
    """Read a station's keys.

    Parameters
    ----------
    folder : Path
        The station's folder of keys.

    Returns
    -------
    Keys
        All that are there; ``centre-sign.pub`` and ``retired/`` may be absent.

    Raises
    ------
    UnreadableError
        When a file is missing or cannot be read.
    InputError
        When one is damaged, mixed up with another, or readable by others.
    """
    signing = folder / "centre-sign.pub"
    return Keys(
        load_signing_key(folder / "station.key"),
        load_sealing_key(folder / "centre-seal.pub"),
        load_verifying_key(signing) if signing.exists() else None,
        retired_keys(folder),
    )


def trusted_keys(folder: Path) -> tuple[Ed25519PublicKey, ...]:
    """Return the public keys in a folder of keys whose signature means: this station.

    Parameters
    ----------
    folder : Path
        With ``station.pub``, and perhaps ``retired/``. No private key is needed.

    Returns
    -------
    tuple of Ed25519PublicKey
        Today's first.

    Raises
    ------
    UnreadableError, InputError
        When one cannot be read or is no such key.
    """
    return (load_verifying_key(folder / "station.pub"), *retired_keys(folder))


def retired_keys(folder: Path) -> tuple[Ed25519PublicKey, ...]:
    """Return the public keys in ``retired/``: older records are signed with them."""
    return tuple(map(load_verifying_key, sorted((folder / "retired").glob("*.pub"))))


def _private(path: Path) -> object:
    pem = _read(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(f"{path} can be read by others: run chmod 600 on it")
    try:
        return serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise InputError(f"{path} is no private key in PEM form: restore it") from error


def _public(path: Path) -> object:
    pem = _read(path)
    try:
        return serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise InputError(f"{path} is no public key in PEM form: fetch it again") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadableError(
            f"{path} is missing: make the station's keys, or copy the centre's public keys there"
        ) from error
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read: {error.strerror}") from error


def _write_new(path: Path, data: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise InputError(f"{path} exists and is never overwritten: move it away first") from error
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
