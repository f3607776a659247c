"""Reading the bytes of a file, with an answer for everything that is no ordinary file."""

import stat
from pathlib import Path

from ektp_biocheck.errors import UnreadableError

__all__ = ["printable", "read_bytes"]

# 100 megapixels of 16-bit RGB, uncompressed, fit in.
MAX_FILE_BYTES = 800_000_000


def printable(path: Path) -> str:
    """Return a path that can be shown anywhere: no line breaks, escapes or stray bytes."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def read_bytes(path: Path, name: str) -> bytes:
    """Return what is in a file; raise UnreadableError, calling it `name`, when that cannot be."""
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise UnreadableError(f"{name}: this is a folder. Give a file in it.")
        if not stat.S_ISREG(found.st_mode):  # reading a pipe or a device could wait for ever
            raise UnreadableError(f"{name}: this is a device or a pipe. Give an ordinary file.")
        if found.st_size > MAX_FILE_BYTES:
            raise UnreadableError(
                f"{name}: {found.st_size:,} bytes are too many for a capture (limit "
                f"{MAX_FILE_BYTES:,}). Check that this is the right file."
            )
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES)
    except UnreadableError:
        raise
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{name}: {_reason_and_cure(error, path)}") from None


def _reason_and_cure(error: OSError | ValueError, path: Path) -> str:
    if isinstance(error, FileNotFoundError):
        if path.is_symlink():
            return "this link leads to a file that is not there. Restore that file."
        return "there is no such file. Check the name."
    if isinstance(error, PermissionError):
        return "you may not read this file. Ask its owner for read permission."
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return f"the file cannot be read ({reason}). Check the disk, the network and the name."
    return "no file can have this name. Check the name."  # a NUL character in it
