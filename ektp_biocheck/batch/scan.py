"""Every entry below a folder, in one fixed order, with nothing left out.

A folder is a path, or an address that fsspec knows (``s3://bucket/day``, ``sftp://host/day``,
``zip://::day.zip``). Inputs are only ever opened for reading.
"""

import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.request import url2pathname

from ektp_biocheck.errors import InputError, InstallationError, UnreadableError
from ektp_biocheck.formats.files import MAX_FILE_BYTES, read_bytes

__all__ = ["Entry", "is_remote", "on_this_machine", "read_entry", "scan"]


_LINK = "this is a link to a folder and is not followed. Run the batch on that folder."


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing found below the scanned folder.

    Parameters
    ----------
    name : str
        Path relative to the folder, with ``/`` between the parts on every system.
    root : str
        The folder, or its address.
    problem : str or None
        Why it cannot be opened as a file, with the cure.
    """

    name: str
    root: str
    problem: str | None = None

    @property
    def file(self) -> Path:
        """Where to open it, when it lies in a folder of this machine."""
        return Path(self.root, self.name)


def is_remote(folder: str | Path) -> bool:
    """Tell an address for fsspec from a path."""
    return "://" in str(folder)


def on_this_machine(folder: str | Path) -> str | Path:
    """Return the path of a ``file://`` address, and anything else as it is."""
    for scheme in ("file://", "local://"):
        if str(folder).startswith(scheme):
            return Path(url2pathname(str(folder).removeprefix(scheme)))
    return folder


def scan(folder: str | Path) -> list[Entry]:
    """List all that lies below `folder`, sorted by name.

    Every file is listed, hidden ones and text files included: a file that quietly never
    reached the table is how a lost capture goes unnoticed. Links to folders are not followed,
    as they may lead back up; they and folders that cannot be listed are entries with a problem.

    Parameters
    ----------
    folder : Path or str
        An existing folder, or an address that fsspec knows.

    Returns
    -------
    list of Entry
        Sorted by `name`, code point by code point, whatever order the disk gives.

    Raises
    ------
    InputError
        When an address cannot be reached or holds nothing.
    InstallationError
        When the extra ``remote`` is needed and not installed.
    """
    found = _scan_remote(str(folder)) if is_remote(folder) else _scan_disk(Path(folder))
    return sorted(found, key=lambda entry: entry.name)


def read_entry(entry: Entry) -> bytes:
    """Return the bytes of an entry.

    Raises
    ------
    UnreadableError
        When it cannot be read; the text does not repeat the path.
    InstallationError
        When the extra ``remote`` is needed and not installed.
    """
    if not is_remote(entry.root):
        name = "\0"  # stands for the path, which is written beside the reason already
        try:
            return read_bytes(entry.file, name)
        except UnreadableError as error:
            raise UnreadableError(str(error).removeprefix(f"{name}: ")) from None
    files, base = _file_system(entry.root)
    where = f"{base}/{entry.name}" if base else entry.name
    try:
        with files.open(where, "rb") as handle:
            data: bytes = handle.read(MAX_FILE_BYTES + 1)
    except Exception as error:  # noqa: BLE001 - each file system raises errors of its own
        raise UnreadableError(
            f"the file cannot be read ({_short(error)}). Check the address, the network and "
            "the rights."
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableError(
            f"over {MAX_FILE_BYTES:,} bytes are too many for a capture. Check that this is the "
            "right file."
        )
    return data


def _scan_disk(folder: Path) -> list[Entry]:
    found: list[Entry] = []
    root = str(folder)
    waiting = [("", root)]
    while waiting:
        prefix, here = waiting.pop()
        try:
            with os.scandir(here) as listing:
                children = list(listing)
        except OSError as error:
            reason = f"this folder cannot be listed ({error.strerror}). Check its permissions."
            found.append(Entry(prefix.rstrip("/") or ".", root, reason))
            continue
        for child in children:
            name = prefix + child.name
            if child.is_dir(follow_symlinks=False) and not _is_junction(child):
                waiting.append((name + "/", child.path))
            else:
                found.append(Entry(name, root, _LINK if os.path.isdir(child.path) else None))  # noqa: PTH112
    return found


def _scan_remote(address: str) -> list[Entry]:
    files, base = _file_system(address)
    try:
        if base and not files.isdir(base):
            raise InputError(f"{address} is no folder. Check the address.")
        listed: list[str] = files.find(base)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise InputError(
            f"{address} cannot be listed ({_short(error)}). Check the address, the network and "
            "the rights; how to give rights stands in docs/batch/scale-out.md"
        ) from None
    start = len(base) + 1 if base else 0
    return [Entry(path[start:], address) for path in listed]


@lru_cache(maxsize=8)
def _file_system(address: str) -> tuple[Any, str]:
    """Return the file system of an address and the path of the folder in it, without a slash."""
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]
    except ImportError:
        raise InstallationError(
            f"{address} needs the extra `remote`: pip install 'ektp-biocheck[remote]'"
        ) from None
    try:
        files, base = url_to_fs(address)
    except ImportError as error:  # s3 needs s3fs, sftp needs paramiko…
        raise InstallationError(f"{address} needs another package: {error}") from None
    except Exception as error:  # noqa: BLE001 - as above
        raise InputError(
            f"{address} cannot be opened ({_short(error)}). Check the address."
        ) from None
    return files, str(base).rstrip("/")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _is_junction(child: os.DirEntry[str]) -> bool:
    """Tell whether this is a Windows link to a folder; Python 3.11 cannot ask directly."""
    tag = getattr(child.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return bool(tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1))
