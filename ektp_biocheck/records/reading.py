"""Looking into a database without changing a byte of it."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ektp_biocheck.errors import UnreadableError

__all__ = ["reading"]


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a station's database for reading only, even one that a crash left in mid-write.

    Parameters
    ----------
    path : Path
        The database. Its journal is rolled back in a copy, never in place.

    Yields
    ------
    sqlite3.Connection
        Writing with it fails.

    Raises
    ------
    UnreadableError
        When it is missing, or no database at all.
    """
    if not path.is_file():
        raise UnreadableError(f"{path} is missing: give the folder of a station")
    try:
        connection = _open(path)
    except sqlite3.OperationalError:  # unfinished: only a writer may roll it back
        with tempfile.TemporaryDirectory() as folder:
            with closing(_open_copy(path, Path(folder))) as copy:
                yield copy
            return
    except sqlite3.DatabaseError as error:
        raise UnreadableError(
            f"{path} is no database, or badly damaged ({error}): bring it back with "
            "ektp-biocheck restore BACKUP STATION --replace"
        ) from error
    with closing(connection):
        yield connection


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _open_copy(path: Path, folder: Path) -> sqlite3.Connection:
    for suffix in ("", "-journal", "-wal"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            shutil.copyfile(part, folder / part.name)
    connection = sqlite3.connect(folder / path.name)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        connection.close()
        raise UnreadableError(f"{path} cannot be read: {error}") from error
    return connection
