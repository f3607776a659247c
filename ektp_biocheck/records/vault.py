"""Captures of people who are still in the chair: encrypted files that go when the record is sealed.

AES-256-GCM with the station's own key, a fresh nonce for each file. A file is bound to its
transaction and its hash, so that one cannot be put in the place of another. Names hold nothing
but the transaction's id and the hash of the image.
"""

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from ektp_biocheck.errors import InputError, InstallationError, UnreadableError
from ektp_biocheck.records.files import sync_folder

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["KEY_BYTES", "Vault", "station_key"]

KEY_BYTES = 32
_NONCE_BYTES = 12
_MAGIC = b"EKV1"
_TRANSACTION = re.compile(r"[0-9a-zA-Z-]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def station_key(path: Path) -> bytes:
    """Return the key in a file, made on first use.

    Parameters
    ----------
    path : Path
        A file of mode 0600; its folder is made when needed.

    Returns
    -------
    bytes
        32 random bytes.

    Raises
    ------
    InputError
        When the file holds no key or others may read it.
    OSError
        When it cannot be written or read.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _make_key(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(f"{path} can be read by others: set its mode to 0600 (chmod 600)")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise InputError(f"{path} holds no key of {KEY_BYTES} bytes: restore it from the backup")
    return key


def _make_key(path: Path) -> None:
    """Write a new key beside and link it into place: never half a key, never another's undone."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        if os.name == "posix":
            os.link(beside, path)
        else:
            beside.rename(path)  # refuses to replace on Windows
    except FileExistsError:
        pass
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


class Vault:
    """Encrypted captures of open transactions.

    Parameters
    ----------
    folder : Path
        Made when needed.
    key : bytes
        32 bytes, from `station_key`.

    Raises
    ------
    InputError
        When the key has another length.
    InstallationError
        When the extra ``station`` is not installed.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise InputError(f"the vault's key must have {KEY_BYTES} bytes, got {len(key)}")
        self._folder = folder
        self._cipher = _cipher(key)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, transaction: str, image: bytes) -> str:
        """Store an image; it is on the disk on return.

        Parameters
        ----------
        transaction : str
            Letters, digits and hyphens.
        image : bytes
            The bytes of the image file.

        Returns
        -------
        str
            Its SHA-256 in hexadecimal. An image that is there already is not written again.
        """
        folder = self._of(transaction)
        name = hashlib.sha256(image).hexdigest()
        path = folder / name
        if path.exists():
            return name
        if not folder.exists():
            folder.mkdir(mode=0o700)
            sync_folder(self._folder)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, image, _bound(transaction, name))
        beside = folder / f"{name}.new"
        with open(beside, "wb", opener=_private) as file:
            file.write(_MAGIC + nonce + sealed)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync_folder(folder)
        return name

    def get(self, transaction: str, sha256: str) -> bytes:
        """Return an image.

        Raises
        ------
        UnreadableError
            When it is not there, was damaged, or was encrypted with another key.
        """
        from cryptography.exceptions import InvalidTag

        if not _SHA256.fullmatch(sha256):
            raise InputError("a capture is named by its SHA-256 in lower-case hexadecimal")
        path = self._of(transaction) / sha256
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise UnreadableError(
                f"{path}: the capture is not there. It was removed when the record was sealed, "
                "or the folder was changed: restore it, or capture again."
            ) from None
        head = len(_MAGIC) + _NONCE_BYTES
        try:
            if not data.startswith(_MAGIC):
                raise InvalidTag
            return self._cipher.decrypt(
                data[len(_MAGIC) : head], data[head:], _bound(transaction, sha256)
            )
        except InvalidTag:
            raise UnreadableError(
                f"{path}: the capture is damaged or was encrypted with another key. "
                "Restore the file and the station's keys, or capture again."
            ) from None

    def names(self, transaction: str) -> tuple[str, ...]:
        """Return the hashes of what is stored for a transaction, sorted."""
        folder = self._of(transaction)
        if not folder.is_dir():
            return ()
        return tuple(sorted(p.name for p in folder.iterdir() if _SHA256.fullmatch(p.name)))

    def transactions(self) -> tuple[str, ...]:
        """Return the transactions that have something stored, sorted."""
        return tuple(sorted(p.name for p in self._folder.iterdir() if p.is_dir()))

    def remove(self, transaction: str) -> None:
        """Remove all captures of a transaction; nothing happens when there are none."""
        folder = self._of(transaction)
        if not folder.is_dir():
            return
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        folder.rmdir()
        sync_folder(self._folder)

    def _of(self, transaction: str) -> Path:
        if not _TRANSACTION.fullmatch(transaction):
            raise InputError("a transaction's id has letters, digits and hyphens only")
        return self._folder / transaction


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _bound(transaction: str, sha256: str) -> bytes:
    return f"{transaction}/{sha256}".encode()


def _cipher(key: bytes) -> "AESGCM":
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise InstallationError(
            "a station needs the package cryptography: pip install 'ektp-biocheck[station]'"
        ) from error
    return AESGCM(key)
