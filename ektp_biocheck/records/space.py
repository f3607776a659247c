"""Room on the disk: asked for before a person sits down, and kept for the one who sits.

A disk that fills up in the middle of a person must not cost that person an hour. So the station
keeps a ballast file of real bytes; when a write fails for want of space the ballast is released and
the person is finished. Before the next one sits down `check` says whether there is room.
"""

import errno
import os
import shutil
import sqlite3
from contextlib import suppress
from dataclasses import dataclass

from ektp_biocheck.records import crash
from ektp_biocheck.records.files import remove_durably, write_durably
from ektp_biocheck.records.folder import StationFolder

__all__ = ["BALLAST_BYTES", "Space", "check", "is_full", "keep_ballast", "release_ballast"]

BALLAST_BYTES = 32 << 20
"""Enough for one person: captures of every attempt, the sealed record, the database's journal."""

_RECORD_BYTES = 2 << 20  # assumed until this station has sealed some
_RECORDS_FREE = 50


@dataclass(frozen=True, slots=True)
class Space:
    """How much room there is: in bytes, and in records of this station's size.

    `enough` means at least fifty records beside the ballast. When it is not, tell the operator and
    send what waits; the person in the chair is finished all the same.
    """

    free: int
    record: int
    ballast: bool

    @property
    def needed(self) -> int:
        """Bytes that should be free before a person sits down."""
        return _RECORDS_FREE * self.record

    @property
    def records_left(self) -> int:
        """How many more records fit."""
        return self.free // self.record

    @property
    def enough(self) -> bool:
        """Whether a person may sit down without worry."""
        return self.ballast and self.free >= self.needed


def check(connection: sqlite3.Connection, place: StationFolder) -> Space:
    """Look how much room there is, and lay the ballast when it is missing and fits.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database: the size of its largest record of late is what one record takes.
    place : StationFolder
        Where the station keeps its files.

    Returns
    -------
    Space
        What is free, not counting the ballast.
    """
    (largest,) = connection.execute(
        "SELECT max(size) FROM (SELECT size FROM record ORDER BY sequence DESC LIMIT 100)"
    ).fetchone()
    record = largest or _RECORD_BYTES
    free = shutil.disk_usage(place.root).free
    if not place.ballast.exists() and free >= BALLAST_BYTES + _RECORDS_FREE * record:
        with suppress(OSError):  # somebody else took the room meanwhile: `ballast` tells
            keep_ballast(place)
            free = shutil.disk_usage(place.root).free
    return Space(free, record, place.ballast.exists())


def keep_ballast(place: StationFolder, size: int = BALLAST_BYTES) -> None:
    """Fill a file with random bytes, which no file system can store in less.

    Parameters
    ----------
    place : StationFolder
        Where the station keeps its files.
    size : int
        Bytes.

    Raises
    ------
    OSError
        When the disk is too full for it.
    """
    write_durably(place.ballast, os.urandom(size))


def release_ballast(place: StationFolder) -> bool:
    """Give the ballast's room back, for the person in the chair.

    Parameters
    ----------
    place : StationFolder
        Where the station keeps its files.

    Returns
    -------
    bool
        Whether there was any.
    """
    if not place.ballast.exists():
        return False
    remove_durably(place.ballast)
    crash.point("space:released")
    return True


def is_full(error: BaseException) -> bool:
    """Return whether an error means that the disk or the quota is full."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, sqlite3.OperationalError) and "is full" in str(error)
