"""What has been scored already, kept on the disk while a run goes on.

Results are kept by content: hash of the file, scorer with its version, options. So starting
again resumes, a changed scorer scores again, and a file that only moved costs its hash.

One SQLite file, `OUT/journal.sqlite`, one writer at a time. A result is on the disk at the
latest `COMMIT_SECONDS` after it came; a run killed in between loses those seconds, nothing else.
"""

import hashlib
import sqlite3
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ektp_biocheck.batch.duplicates import Candidate
from ektp_biocheck.errors import InputError

__all__ = ["Journal", "Result", "Stored", "content_key", "packed", "unpacked"]

SCHEMA = 1
COMMIT_SECONDS = 2.0
_APPLICATION = 0x656B7470  # "ektp"

_TABLES = """
CREATE TABLE result (
    key BLOB PRIMARY KEY, status TEXT NOT NULL, modality TEXT NOT NULL, sha256 TEXT NOT NULL,
    document BLOB NOT NULL, signature BLOB
) WITHOUT ROWID, STRICT;
CREATE TABLE row (
    name BLOB PRIMARY KEY, facts BLOB NOT NULL, key BLOB, document BLOB
) WITHOUT ROWID, STRICT;
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in the bytes of a file, as it is kept.

    Parameters
    ----------
    key : bytes
        See `content_key`.
    status, modality, sha256 : str
        As in the row.
    document : bytes
        See `packed`.
    signature : bytes or None
        See `duplicates.signature`.
    """

    key: bytes
    status: str
    modality: str
    sha256: str
    document: bytes
    signature: bytes | None


@dataclass(frozen=True, slots=True)
class Stored:
    """One row of the run as the journal has it; `document` is what was found in the file."""

    name: str
    facts: Mapping[str, Any]
    document: dict[str, Any]


def content_key(sha256: str, algorithm: str, digest: str) -> bytes:
    """Return what a result is kept under: 16 bytes of file, scorer and options together."""
    text = f"{sha256}\n{algorithm}\n{digest}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def packed(document: Mapping[str, Any]) -> bytes:
    """Return a document as the journal holds it."""
    return zlib.compress(msgspec.msgpack.encode(document), 1)


def unpacked(blob: bytes) -> dict[str, Any]:
    """Return the document of `packed` bytes."""
    document: dict[str, Any] = msgspec.msgpack.decode(zlib.decompress(blob))
    return document


class Journal:
    """The journal of one out folder, locked against every other run while open.

    Parameters
    ----------
    file : Path
        Made when missing; its folder must exist.

    Raises
    ------
    InputError
        When another run has it open, or it is no journal of this version.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            self.base = sqlite3.connect(
                f"{file.resolve().as_uri()}", uri=True, isolation_level=None, timeout=0.5
            )
        except sqlite3.OperationalError as error:
            raise OSError(f"{file} cannot be opened ({error}): check the folder") from error
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self.base.close()
            raise self._unusable(error) from None
        except BaseException:
            self.base.close()
            raise
        self.changed = time.monotonic()

    def _prepare(self) -> None:
        # A rollback journal, not WAL: one connection only, and it works on network drives.
        self.base.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.base.execute("PRAGMA journal_mode = DELETE")
        self.base.execute("BEGIN EXCLUSIVE")
        (version,) = self.base.execute("PRAGMA user_version").fetchone()
        (application,) = self.base.execute("PRAGMA application_id").fetchone()
        if version == 0 and application == 0:
            for statement in _TABLES.split(";"):
                self.base.execute(statement)
            self.base.execute(f"PRAGMA application_id = {_APPLICATION}")
            self.base.execute(f"PRAGMA user_version = {SCHEMA}")
        elif application != _APPLICATION or version != SCHEMA:
            raise InputError(
                f"{self.file} is no journal that this version can continue: choose another "
                "--out, or move that file away to score everything anew"
            )

    def _unusable(self, error: sqlite3.DatabaseError) -> Exception:
        if "locked" in str(error):
            return InputError(
                f"another run is writing to {self.file.parent}: wait until it has ended, or "
                "choose another --out"
            )
        return InputError(
            f"{self.file} cannot be used ({error}): move that file away, and everything is "
            "scored anew"
        )

    def begin(self) -> bytes:
        """Forget the rows of the last run; return the keys of all results, one after another."""
        self.base.execute("DELETE FROM row")
        self.commit()
        return b"".join(key for (key,) in self.base.execute("SELECT key FROM result ORDER BY key"))

    def status(self, key: bytes | None) -> str:
        """Return the status of a kept result."""
        (status,) = self.base.execute("SELECT status FROM result WHERE key = ?", (key,)).fetchone()
        return str(status)

    def keep(self, result: Result) -> None:
        """Keep a result for all runs to come."""
        self.base.execute(
            "INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?)",
            (
                result.key,
                result.status,
                result.modality,
                result.sha256,
                result.document,
                result.signature,
            ),
        )

    def add_row(
        self, name: str, facts: Mapping[str, Any], *, key: bytes | None, document: bytes | None
    ) -> None:
        """Add an input to the run: its kept result by `key`, or its own `document`."""
        self.base.execute(
            "INSERT INTO row VALUES (?, ?, ?, ?)",
            (_stored_name(name), msgspec.msgpack.encode(facts), key, document),
        )
        if time.monotonic() - self.changed > COMMIT_SECONDS:
            self.commit()

    def rows(self) -> Iterator[Stored]:
        """Yield the rows of the run, sorted by name."""
        for name, facts, kept, own in self.base.execute(
            "SELECT row.name, facts, result.document, row.document FROM row "
            "LEFT JOIN result ON row.key = result.key ORDER BY row.name"
        ):
            yield Stored(_name(name), msgspec.msgpack.decode(facts), unpacked(kept or own))

    def count(self) -> int:
        """Return the number of rows."""
        (rows,) = self.base.execute("SELECT count(*) FROM row").fetchone()
        return int(rows)

    def candidates(self) -> Iterator[Candidate]:
        """Yield every row that shows something, as `find_duplicates` wants it."""
        for name, modality, sha256, signature in self.base.execute(
            "SELECT row.name, modality, sha256, signature FROM row "
            "JOIN result ON row.key = result.key "
            "WHERE status IN ('OK', 'FAILURE_TO_ASSESS') ORDER BY row.name"
        ):
            yield Candidate(_name(name), modality, sha256, signature)

    def take(self, other: Path) -> None:
        """Take in all results and rows of another journal; rows must not be there yet."""
        self.commit()
        self.base.execute("COMMIT")
        try:
            self.base.execute("ATTACH ? AS other", (f"{other.resolve().as_uri()}?mode=ro",))
            self.base.execute("BEGIN EXCLUSIVE")
            self.base.execute("INSERT OR IGNORE INTO result SELECT * FROM other.result")
            self.base.execute("INSERT INTO row SELECT * FROM other.row")
            self.base.execute("COMMIT")
            self.base.execute("DETACH other")
        except sqlite3.DatabaseError as error:
            raise InputError(f"{other} cannot be taken in ({error})") from None
        self.base.execute("BEGIN EXCLUSIVE")

    def commit(self) -> None:
        """Put everything on the disk."""
        self.base.execute("COMMIT")
        self.base.execute("BEGIN EXCLUSIVE")
        self.changed = time.monotonic()

    def close(self) -> None:
        """Put everything on the disk, as far as that goes, and let others at it."""
        with suppress(sqlite3.Error):  # said already: closing follows whatever ended the run
            self.base.execute("COMMIT")
        self.base.close()

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Turn what the database says about the disk into an OSError with a cure."""
        try:
            yield
        except sqlite3.Error as error:
            raise OSError(
                f"{self.file} cannot be written ({error}): free space there, or choose another "
                "--out. What was scored is kept: then run the same command again"
            ) from error


def _stored_name(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")  # sorts as the names themselves do


def _name(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogatepass")
