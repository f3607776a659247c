"""Files that must be there after a power cut: written, named and removed durably."""

import os
from contextlib import suppress
from pathlib import Path

from ektp_biocheck.records import crash

__all__ = ["TEMPORARY", "remove_durably", "sync_folder", "write_durably"]

TEMPORARY = ".tmp"
"""Ending of files that are not finished; whoever finds one after a crash removes it."""


def write_durably(path: Path, data: bytes) -> None:
    """Write a file so that after a power cut it is there whole, or not at all.

    Parameters
    ----------
    path : Path
        Its final name. A file of that name is replaced.
    data : bytes
        Its content.

    Raises
    ------
    OSError
        When a step fails. The file of that name is then the old one, or whole and new.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        _write_synced(temporary, data)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):  # the first failure is the one to tell
            temporary.unlink()
        raise
    crash.point("write:renamed")
    sync_folder(path.parent)
    crash.point("write:folder-synced")


def _write_synced(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o600)
    try:
        crash.point("write:created")
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        crash.point("write:written")
        os.fsync(handle)
    finally:
        os.close(handle)
    crash.point("write:synced")


def remove_durably(path: Path) -> None:
    """Remove a file, so that it stays removed; nothing happens when it is gone already."""
    with suppress(FileNotFoundError):
        path.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Windows has no such call and needs none on NTFS."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_BINARY = getattr(os, "O_BINARY", 0)
