"""The audit chain: what was done to records, in rows that cannot be changed unnoticed.

Each row's hash covers the hash before it, so a changed or missing row shows from there on. That
the end was cut off shows against what somebody else keeps or a key has signed: the daily
checkpoints, the envelopes of sealed records, and the heads that the centre has seen. Rows are
ordered by number; the clock's time is a note, marked when it ran back. Rows hold record ids, hashes
and codes, never a person's name, number or picture.
"""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ektp_biocheck.errors import InputError
from ektp_biocheck.records import clock
from ektp_biocheck.records.canonical import canonical
from ektp_biocheck.records.database import joined
from ektp_biocheck.records.keys import key_id

__all__ = [
    "Head",
    "Problem",
    "Verdict",
    "append",
    "checkpoint",
    "checkpoint_if_due",
    "head",
    "verify",
]

_GENESIS = "0" * 64
_CHECKPOINT_AS = b"ektp-biocheck audit checkpoint 1\0"


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a chain: its number (0 when empty) and its hash. Written ``number:hash``."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Return the head that `str` wrote; `InputError` when it is none."""
        seq, _, row_hash = text.partition(":")
        if not (seq.isdecimal() and len(row_hash) == 64 and set(row_hash) <= set(_HEX)):
            raise InputError("a head is written NUMBER:HASH, such as 42:9f86d081… (64 hex digits)")
        return cls(int(seq), row_hash)


_HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where: `seq` is a row's number, or None when it is not about one row.

    `about` adds facts in no language: numbers, hashes, record ids.

    `code` is one of ``ROW_ALTERED``, ``ROW_MISSING``, ``CHECKPOINT_FORGED``,
    ``CHECKPOINT_FOREIGN``, ``CUT_OFF``, ``HEAD_UNKNOWN``, and those of `records.examine`.
    """

    code: str
    seq: int | None
    about: str


def place_of(problem: Problem) -> tuple[bool, int]:
    """Return what problems are sorted by: along the chain, those without a place last."""
    return problem.seq is None, problem.seq or 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found: how far the chain reaches, and every problem, first one first.

    `notes` are no problems but should be known: that the station was restored from a backup, and
    which records remember rows of the chain that went with the old disk. `lost` are the ids of
    records that are LOST: truly told in the chain, but their captures are gone.
    """

    head: Head
    checkpoints: int
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def append(connection: sqlite3.Connection, kind: str, data: Mapping[str, Any]) -> Head:
    """Add a row to the chain, in the commit under way or in one of its own.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    kind : str
        What happened, such as ``"sealed"`` or ``"moved"``.
    data : Mapping
        About what and why. JSON-safe; no personal data.

    Returns
    -------
    Head
        The new end of the chain.

    Raises
    ------
    InputError
        When `data` has no JSON form.
    """
    text = canonical(data).decode()
    with joined(connection):
        last = connection.execute(
            "SELECT seq, hash, at FROM audit ORDER BY seq DESC LIMIT 1"
        ).fetchone() or (0, _GENESIS, "")
        at = clock.text(clock.now())
        row = (last[0] + 1, at, int(at < last[2]), kind, text)
        row_hash = _row_hash(last[1], row)
        connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", (*row, row_hash))
    return Head(row[0], row_hash)


def append_at(connection: sqlite3.Connection, kind: str, data: Mapping[str, Any]) -> str:
    """Add a row as `append` does, in the commit under way, and return its time."""
    seq = append(connection, kind, data).seq
    (at,) = connection.execute("SELECT at FROM audit WHERE seq = ?", (seq,)).fetchone()
    return str(at)


def head(connection: sqlite3.Connection) -> Head:
    """Return the end of the chain: what the centre is told with every record."""
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(*row) if row else Head(0, _GENESIS)


def checkpoint(connection: sqlite3.Connection, station_private: Ed25519PrivateKey) -> Head:
    """Sign the end of the chain.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    station_private : Ed25519PrivateKey
        The station's key.

    Returns
    -------
    Head
        What was signed.
    """
    with joined(connection):
        now = head(connection)
        at, key = clock.text(clock.now()), key_id(station_private.public_key())
        signature = station_private.sign(_checkpoint(now, at, key))
        connection.execute(
            "INSERT INTO checkpoint VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (now.seq, now.hash, at, key, base64.b64encode(signature).decode()),
        )
    return now


def checkpoint_if_due(connection: sqlite3.Connection, station_private: Ed25519PrivateKey) -> bool:
    """Sign the end of the chain when none of this day (UTC) is signed and rows were added since.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    station_private : Ed25519PrivateKey
        The station's key.

    Returns
    -------
    bool
        Whether a checkpoint was written. A clock that runs back only adds checkpoints.
    """
    last = connection.execute("SELECT seq, at FROM checkpoint ORDER BY seq DESC LIMIT 1").fetchone()
    today = clock.text(clock.now())[:10]
    if last and (last[1][:10] == today or last[0] == head(connection).seq):
        return False
    checkpoint(connection, station_private)
    return True


def verify(
    connection: sqlite3.Connection,
    station_public: Ed25519PublicKey | Iterable[Ed25519PublicKey],
    *,
    seen: Iterable[Head | str] = (),
) -> Verdict:
    """Recompute the whole chain and hold it against the signed checkpoints and known heads.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database, or a copy.
    station_public : Ed25519PublicKey or iterable of them
        The keys whose signature means this station, today's and retired ones.
    seen : iterable of Head or str
        Heads that others know, such as the centre's and those of envelopes; a hash alone will do.

    Returns
    -------
    Verdict
        Every problem: which row was altered, where rows are missing, where the end was cut off.

    Raises
    ------
    sqlite3.DatabaseError
        When the file is so damaged that rows cannot be read.
    """
    keys = [station_public] if isinstance(station_public, Ed25519PublicKey) else station_public
    trusted = {key_id(key): key for key in keys}
    problems: list[Problem] = []
    hashes = {0: _GENESIS}
    before, expected = _GENESIS, 1
    for *row, row_hash in connection.execute("SELECT * FROM audit ORDER BY seq"):
        if row[0] != expected:
            problems.append(Problem("ROW_MISSING", expected, f"{expected}-{row[0] - 1}"))
        elif _row_hash(before, tuple(row)) != row_hash:
            problems.append(Problem("ROW_ALTERED", row[0], row_hash[:16]))
        hashes[row[0]] = before = row_hash
        expected = row[0] + 1
    end = Head(expected - 1, before)
    count = 0
    for known, problem in _checkpoints(connection, trusted):
        count += 1
        problems += [problem] if problem else _held_against(known, hashes, end)
    for told in seen:
        problems += _held_against(told, hashes, end)
    return Verdict(end, count, tuple(sorted(problems, key=place_of)))


def _held_against(known: Head | str, hashes: Mapping[int, str], end: Head) -> list[Problem]:
    """Return what is wrong when somebody else knows this head of the chain."""
    if isinstance(known, str):
        missing = known not in hashes.values()
        return [Problem("HEAD_UNKNOWN", None, known[:16])] * missing
    if known.seq > end.seq:
        return [Problem("CUT_OFF", end.seq, f"{known.seq} > {end.seq}")]
    if hashes.get(known.seq) != known.hash:
        return [Problem("HEAD_UNKNOWN", known.seq, known.hash[:16])]
    return []


def _checkpoints(
    connection: sqlite3.Connection, trusted: Mapping[str, Ed25519PublicKey]
) -> Iterator[tuple[Head, Problem | None]]:
    rows = connection.execute(
        "SELECT seq, head, at, key_id, signature FROM checkpoint ORDER BY seq"
    )
    for seq, head_hash, at, key, signature in rows:
        known = Head(seq, head_hash)
        if key not in trusted:
            yield known, Problem("CHECKPOINT_FOREIGN", seq, f"{key[:16]}")
            continue
        try:
            trusted[key].verify(base64.b64decode(signature), _checkpoint(known, at, key))
        except (InvalidSignature, ValueError):
            yield known, Problem("CHECKPOINT_FORGED", seq, key)
            continue
        yield known, None


def _checkpoint(known: Head, at: str, key: str) -> bytes:
    return _CHECKPOINT_AS + canonical(
        {"seq": known.seq, "head": known.hash, "at": at, "key_id": key}
    )


def _row_hash(before: str, row: tuple[Any, ...]) -> str:
    """Return SHA-256(hash before ‖ canonical JSON of the row)."""
    seq, at, suspect, kind, text = row
    fields = {"seq": seq, "at": at, "clock_suspect": suspect, "kind": kind, "data": text}
    return hashlib.sha256(bytes.fromhex(before) + canonical(fields)).hexdigest()


def data_of(
    connection: sqlite3.Connection, *kinds: str
) -> Iterator[tuple[int, str, str, Mapping[str, Any]]]:
    """Yield number, time, kind and data of the rows of some kinds, in order.

    Rows that are no JSON table any more are left out: `verify` tells of them.
    """
    marks = ", ".join("?" * len(kinds))
    rows = connection.execute(
        f"SELECT seq, at, kind, data FROM audit WHERE kind IN ({marks}) ORDER BY seq",  # noqa: S608
        kinds,
    )
    for seq, at, kind, text in rows:
        with suppress(ValueError):
            data = json.loads(text)
            if isinstance(data, dict):
                yield seq, at, kind, data
