"""The station's one SQLite file: opened safely, migrated, written by one connection.

SQLite 3.7.0 to 3.51.2 can lose committed transactions in WAL mode when two connections meet a
checkpoint (the "WAL-reset bug"; fixed in 3.51.3 and, back-ported, in 3.50.7 and 3.44.6). With
such a version the rollback journal is used, synchronised to the directory entry.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ektp_biocheck.errors import InputError

__all__ = ["MIGRATIONS", "connect", "journal_mode", "writing"]

_BUSY_MS = 5_000

MIGRATIONS: tuple[str, ...] = (
    # 1: what happened at the station, never changed and never deleted.
    """
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        transaction_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        data TEXT NOT NULL,
        at TEXT NOT NULL,
        clock_suspect INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX event_by_transaction ON event (transaction_id, seq);
    CREATE TRIGGER event_kept BEFORE DELETE ON event
        BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
    CREATE TRIGGER event_fixed BEFORE UPDATE ON event
        BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
    """,
)
"""Scripts that bring a file from one `user_version` to the next, oldest first."""


def journal_mode(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> tuple[str, str]:
    """Return the journal mode and the synchronous level that are safe with this SQLite.

    Parameters
    ----------
    version : tuple of int
        SQLite's version; the linked one when left out.

    Returns
    -------
    tuple of str
        ``("WAL", "FULL")`` or ``("DELETE", "EXTRA")``.
    """
    fixed = version >= (3, 51, 3) or any(
        (*branch, patch) <= version < (branch[0], branch[1] + 1, 0)
        for branch, patch in (((3, 50), 7), ((3, 44), 6))
    )
    return ("WAL", "FULL") if fixed else ("DELETE", "EXTRA")


def connect(path: Path) -> sqlite3.Connection:
    """Open the station's database, made and migrated when needed.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode: group statements with `writing`. May be used by any thread, one at a
        time.

    Raises
    ------
    InputError
        When the file is no database of this package or was written by a newer version.
    OSError
        When it cannot be opened.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.OperationalError as error:
        raise OSError(
            f"{path} cannot be opened ({error}): check the folder and its rights"
        ) from error
    try:
        mode, synchronous = journal_mode()
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        _migrate(connection, path)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise InputError(f"{path} is not a database of ektp-biocheck ({error})") from error
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Group statements into one commit; an exception undoes them all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    with writing(connection):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise InputError(
                f"{path} was written by a newer version of ektp-biocheck (schema {version}, "
                f"this one knows {len(MIGRATIONS)}): update this station"
            )
        for number in range(version, len(MIGRATIONS)):
            for statement in _statements(MIGRATIONS[number]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")


def _statements(script: str) -> Iterator[str]:
    """Split a script: `executescript` would commit by itself."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
