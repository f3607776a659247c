"""Every entry below a folder, in one fixed order, with nothing left out."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Entry", "scan"]


_LINK = "this is a link to a folder and is not followed. Run the batch on that folder."


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing found below the scanned folder.

    Parameters
    ----------
    name : str
        Path relative to the folder, with ``/`` between the parts on every system.
    file : Path
        Where to open it.
    problem : str or None
        Why it cannot be opened as a file, with the cure.
    """

    name: str
    file: Path
    problem: str | None = None


def scan(folder: Path) -> list[Entry]:
    """List all that lies below `folder`, sorted by name.

    Every file is listed, hidden ones and text files included: a file that quietly never
    reached the table is how a lost capture goes unnoticed. Links to folders are not followed,
    as they may lead back up; they and folders that cannot be listed are entries with a problem.

    Parameters
    ----------
    folder : Path
        An existing folder.

    Returns
    -------
    list of Entry
        Sorted by `name`, code point by code point, whatever order the disk gives.
    """
    found: list[Entry] = []
    waiting = [("", folder)]
    while waiting:
        prefix, here = waiting.pop()
        try:
            children = list(os.scandir(here))
        except OSError as error:
            reason = f"this folder cannot be listed ({error.strerror}). Check its permissions."
            found.append(Entry(prefix.rstrip("/") or ".", here, reason))
            continue
        for child in children:
            name, path = prefix + child.name, Path(child.path)
            if child.is_dir(follow_symlinks=False) and not _is_junction(child):
                waiting.append((name + "/", path))
            else:
                found.append(Entry(name, path, _LINK if os.path.isdir(path) else None))  # noqa: PTH112
    return sorted(found, key=lambda entry: entry.name)


def _is_junction(child: os.DirEntry[str]) -> bool:
    """Tell whether this is a Windows link to a folder; Python 3.11 cannot ask directly."""
    tag = getattr(child.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return bool(tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1))
