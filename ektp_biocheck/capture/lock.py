"""One program in a station's folder at a time.

Two that both took captures in would each begin its own record of the same person. The system
releases the lock with the process, however it ended: nothing has to be cleared after a crash.
"""

import os
import sys
from pathlib import Path

from ektp_biocheck.errors import InputError

__all__ = ["FolderLock", "unwritable"]

_NAME = "station.lock"


def unwritable(folder: Path, error: BaseException) -> OSError:
    """Return the error of a folder that cannot be written, with the cure."""
    return OSError(
        f"{folder} cannot be written ({error}): check that the disk is there, has room and is not "
        "read-only, and that this user may write in the folder"
    )


class FolderLock:
    """An exclusive lock on a folder, held until `release` or the end of the process.

    Parameters
    ----------
    folder : Path
        Exists. A file ``station.lock`` stays in it; it holds nothing.

    Raises
    ------
    InputError
        When another `Station` holds it, in this process or another.
    OSError
        When the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._handle: int | None = None
        try:
            handle = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise unwritable(folder, error) from error
        try:
            _lock(handle)
        except OSError as error:
            os.close(handle)
            raise InputError(
                f"another program works in this folder, {folder}: close it first"
            ) from error
        self._handle = handle

    def release(self) -> None:
        """Let the folder go; nothing happens the second time."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def __del__(self) -> None:
        self.release()


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
