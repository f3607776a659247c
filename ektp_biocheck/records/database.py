"""The station's one SQLite file: opened safely, migrated, written by one connection.

SQLite 3.7.0 to 3.51.2 can lose committed transactions in WAL mode when two connections meet a
checkpoint (the "WAL-reset bug"; fixed in 3.51.3 and, back-ported, in 3.50.7 and 3.44.6). With
such a version the rollback journal is used, synchronised to the directory entry.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records.folder import StationFolder

__all__ = [
    "MIGRATIONS",
    "check_present",
    "connect",
    "joined",
    "journal_mode",
    "prepare",
    "writing",
]

_BUSY_MS = 5_000
_CURE = "bring it back with ektp-biocheck restore BACKUP STATION --replace"

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
    # 2: sealed records, what is to be sent, what the centre said, and the audit chain.
    """
    CREATE TABLE station (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        next_sequence INTEGER NOT NULL,
        must_reconcile INTEGER NOT NULL
    ) STRICT;
    INSERT INTO station VALUES (1, 1, 0);

    CREATE TABLE record (
        record_id TEXT PRIMARY KEY,
        sequence INTEGER NOT NULL UNIQUE,
        transaction_id TEXT NOT NULL UNIQUE,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        manifest TEXT NOT NULL,
        manifest_sha256 TEXT NOT NULL,
        supersedes TEXT,
        queue_number TEXT,
        sealed_at TEXT NOT NULL,
        approve_by TEXT,
        state TEXT NOT NULL,
        state_at TEXT NOT NULL,
        state_why TEXT NOT NULL,
        flags TEXT NOT NULL,
        erased_at TEXT
    ) STRICT;
    CREATE INDEX record_by_state ON record (state, sequence);
    CREATE TRIGGER record_kept BEFORE DELETE ON record
        BEGIN SELECT RAISE(ABORT, 'records are never deleted'); END;
    CREATE TRIGGER record_fixed BEFORE UPDATE OF record_id, sequence, transaction_id, sha256, size,
        manifest, manifest_sha256, supersedes, queue_number, sealed_at ON record
        BEGIN SELECT RAISE(ABORT, 'what was sealed is never changed'); END;

    CREATE TABLE outbox (
        record_id TEXT PRIMARY KEY REFERENCES record,
        priority INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        refusals INTEGER NOT NULL,
        waits_since TEXT,
        not_before TEXT,
        last_error TEXT
    ) STRICT;

    CREATE TABLE receipt (
        number INTEGER PRIMARY KEY,
        record_id TEXT NOT NULL REFERENCES record,
        body TEXT NOT NULL,
        body_sha256 TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE INDEX receipt_by_record ON receipt (record_id, number);
    CREATE TRIGGER receipt_kept BEFORE DELETE ON receipt
        BEGIN SELECT RAISE(ABORT, 'receipts are never deleted'); END;
    CREATE TRIGGER receipt_fixed BEFORE UPDATE ON receipt
        BEGIN SELECT RAISE(ABORT, 'receipts are never changed'); END;

    CREATE TABLE statement (
        number INTEGER PRIMARY KEY,
        centre TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        record_id TEXT NOT NULL,
        body TEXT NOT NULL,
        body_sha256 TEXT NOT NULL,
        UNIQUE (centre, sequence)
    ) STRICT;
    CREATE INDEX statement_by_record ON statement (record_id, number);
    CREATE TRIGGER statement_kept BEFORE DELETE ON statement
        BEGIN SELECT RAISE(ABORT, 'statements are never deleted'); END;
    CREATE TRIGGER statement_fixed BEFORE UPDATE ON statement
        BEGIN SELECT RAISE(ABORT, 'statements are never changed'); END;

    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        clock_suspect INTEGER NOT NULL,
        kind TEXT NOT NULL,
        data TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
        WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)
        BEGIN SELECT RAISE(ABORT, 'audit rows are only appended'); END;
    CREATE TRIGGER audit_kept BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
    CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;

    CREATE TABLE checkpoint (
        seq INTEGER PRIMARY KEY,
        head TEXT NOT NULL,
        at TEXT NOT NULL,
        key_id TEXT NOT NULL,
        signature TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER checkpoint_kept BEFORE DELETE ON checkpoint
        BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END;
    CREATE TRIGGER checkpoint_fixed BEFORE UPDATE ON checkpoint
        BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
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


def check_present(path: Path) -> None:
    """Refuse a folder whose database is gone, before anything makes an empty one in its place.

    Parameters
    ----------
    path : Path
        The database of a station.

    Raises
    ------
    UnreadableError
        When it is missing or empty, but sealed records lie beside it: it was lost.
    InputError
        When it is missing or empty, and there are no sealed records either.
    """
    if path.exists() and (not path.is_file() or path.stat().st_size):
        return
    state = "is empty" if path.exists() else "is missing"
    sealed = StationFolder(path.parent).sealed
    if any(sealed.glob("*.sealed")):
        raise UnreadableError(
            f"{path} {state}, but sealed records lie in {sealed}: {_CURE}; without a backup, "
            "ektp-biocheck send takes the sealed records in again"
        )
    raise InputError(
        f"{path} {state}: {path.parent} is no station's folder, or nothing was recorded there yet"
    )


def connect(path: Path, *, create: bool = True) -> sqlite3.Connection:
    """Open the station's database, made and migrated when needed.

    Parameters
    ----------
    path : Path
        The file; its folder must exist.
    create : bool
        Whether it may be made. What only looks at a station says False: an empty database in
        place of a lost one would hide that records are missing.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode: group statements with `writing`. May be used by any thread, one at a
        time.

    Raises
    ------
    UnreadableError
        When the file is no database or damaged; without `create` also as for `check_present`.
    InputError
        When it was written by a newer version; without `create` also as for `check_present`.
    OSError
        When it cannot be opened.
    """
    if not create:
        check_present(path)
    name = f"{path.resolve().as_uri()}?mode={'rwc' if create else 'rw'}"
    try:
        connection = sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.OperationalError as error:
        raise OSError(
            f"{path} cannot be opened ({error}): check the folder and its rights"
        ) from error
    try:
        prepare(connection, path)
    except sqlite3.OperationalError as error:
        connection.close()
        raise OSError(f"{path} cannot be used now ({error}): try again") from error
    except sqlite3.DatabaseError as error:
        connection.close()
        raise UnreadableError(
            f"{path} is not a database of ektp-biocheck, or is damaged ({error}): {_CURE}"
        ) from error
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(
    connection: sqlite3.Connection, path: Path, modes: tuple[str, str] | None = None
) -> None:
    """Set what makes commits durable and bring the tables up to date.

    Parameters
    ----------
    connection : sqlite3.Connection
        Freshly opened.
    path : Path
        Its file, for messages.
    modes : tuple of str, optional
        Journal mode and synchronous level; those of `journal_mode` when left out.

    Raises
    ------
    InputError
        When the file was written by a newer version.
    """
    mode, synchronous = modes or journal_mode()
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    _migrate(connection, path)


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Group statements into one commit; an exception undoes them all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has already rolled it back
            connection.execute("ROLLBACK")
        raise


@contextmanager
def joined(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Write as part of the commit that is under way, or in a commit of its own.

    So that several steps, each whole by itself, can share one commit inside `writing`. An
    exception must then leave that `writing` block, or half of a step would be committed.
    """
    if connection.in_transaction:
        yield connection
    else:
        with writing(connection):
            yield connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS):
        return  # without waiting for a writer
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
