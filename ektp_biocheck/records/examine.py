"""Is everything at a station as it was written? The audit chain, held against all the rest.

The chain by itself proves that its rows are whole. Here it is also compared with what it is about:
each record's row and state, the events it was made of, receipts and statements, and the signed
envelopes of the sealed files. So a single changed bit shows, wherever it is.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ektp_biocheck.records import audit
from ektp_biocheck.records.audit import Head, Problem, Verdict
from ektp_biocheck.records.canonical import digest
from ektp_biocheck.records.entry import events_digest
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.keys import key_id
from ektp_biocheck.records.rows import RecordRow, all_records
from ektp_biocheck.records.seal import Envelope, SealError, parse, verify
from ektp_biocheck.records.states import State

__all__ = ["examine"]

_MORE_FIELDS = ("manifest_sha256", "supersedes", "queue_number", "approve_by")


@dataclass(slots=True)
class _Told:
    """What the chain says of one record: how it was sealed, and how it stands."""

    seq: int
    how: str
    sealed: Mapping[str, Any]
    sealed_at: str
    state: str
    state_at: str
    why: str
    flags: tuple[str, ...] = ()
    erased_at: str | None = None


def examine(
    connection: sqlite3.Connection,
    place: StationFolder,
    trusted: Iterable[Ed25519PublicKey],
    *,
    seen: Iterable[Head | str] = (),
    step: Callable[[int, int], object] = lambda _done, _total: None,
) -> Verdict:
    """Check the chain, the database and every sealed file against each other.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database, or a copy.
    place : StationFolder
        Where the sealed files are.
    trusted : iterable of Ed25519PublicKey
        The keys whose signature means this station.
    seen : iterable of Head or str
        Heads of the chain that the centre has been told.
    step : callable
        Told how many records are done, and of how many.

    Returns
    -------
    Verdict
        Beside the codes of `audit.verify`: ``DATABASE_DAMAGED``, ``RECORD_UNKNOWN``,
        ``RECORD_ALTERED``, ``RECORD_MISSING``, ``STATE_DIFFERS``, ``EVENTS_ALTERED``,
        ``RECEIPT_ALTERED``, ``STATEMENT_ALTERED``, ``PAYLOAD_MISSING``, ``PAYLOAD_DAMAGED``; and
        the notes ``RESTORED`` and ``SEALED_BEFORE_RESTORE``.

    Raises
    ------
    sqlite3.DatabaseError
        When rows cannot be read at all.
    """
    keys = {key_id(key): key for key in trusted}
    problems = [
        Problem("DATABASE_DAMAGED", None, str(line)[:200])
        for (line,) in connection.execute("PRAGMA integrity_check").fetchall()
        if line != "ok"
    ]
    told = _told(connection)
    restored = {seq: data for seq, _, _, data in audit.data_of(connection, "restored")}
    notes = [Problem("RESTORED", seq, str(data.get("made_at"))) for seq, data in restored.items()]
    heads: list[Head | str] = list(seen)
    lost = []
    (total,) = connection.execute("SELECT count(*) FROM record").fetchone()
    for done, row in enumerate(all_records(connection), 1):
        one = told.pop(row.record_id, None)
        lost += [row.record_id] * (row.state is State.LOST)
        problems += _row_problems(connection, row, one)
        envelope, problem = _envelope(place, row, keys)
        problems += [problem] if problem else []
        if envelope is not None and envelope.audit_head:
            known = Head(envelope.audit_seq, envelope.audit_head)
            if one and one.how == "adopted" and min(restored, default=one.seq) < one.seq:
                notes += _before_restore(connection, known, row)
            else:
                heads.append(known)
        step(done, total)
    problems += [Problem("RECORD_MISSING", one.seq, record_id) for record_id, one in told.items()]
    for kind in ("receipt", "statement"):
        problems += _word_problems(connection, kind)
    chain = audit.verify(connection, keys.values(), seen=heads)
    found = sorted((*chain.problems, *problems), key=audit.place_of)
    return Verdict(chain.head, chain.checkpoints, tuple(found), tuple(notes), tuple(lost))


def _before_restore(connection: sqlite3.Connection, known: Head, row: RecordRow) -> list[Problem]:
    """Tell of a head that went with the old disk: the record was sealed after the backup."""
    kept = connection.execute("SELECT hash FROM audit WHERE seq = ?", (known.seq,)).fetchone()
    if kept == (known.hash,):
        return []
    return [Problem("SEALED_BEFORE_RESTORE", known.seq, row.record_id)]


def _told(connection: sqlite3.Connection) -> dict[str, _Told]:
    told: dict[str, _Told] = {}
    kinds = ("sealed", "adopted", "moved", "flagged", "erased")
    for seq, at, kind, data in audit.data_of(connection, *kinds):
        record_id = str(data.get("record_id"))
        if kind in ("sealed", "adopted"):
            told[record_id] = _Told(seq, kind, data, at, "SEALED", at, kind)
            continue
        one = told.get(record_id)
        if one is None:
            continue
        if kind == "moved":
            one.state, one.state_at, one.why = str(data.get("to")), at, str(data.get("why"))
        elif kind == "flagged":
            one.flags += (str(data.get("flag")),)
        else:
            one.erased_at = at
    return told


def _row_problems(
    connection: sqlite3.Connection, row: RecordRow, told: _Told | None
) -> Iterator[Problem]:
    name = row.record_id
    if told is None:
        yield Problem("RECORD_UNKNOWN", None, name)
        return
    (manifest,) = connection.execute(
        "SELECT manifest FROM record WHERE record_id = ?", (row.record_id,)
    ).fetchone()
    wrong = [
        field
        for field in ("sequence", "transaction", "sha256", "size", *_MORE_FIELDS)
        if told.sealed.get(field) != getattr(row, field)
    ]
    if digest(manifest.encode()) != row.manifest_sha256:
        wrong.append("manifest")
    if told.sealed_at != row.sealed_at:
        wrong.append("sealed_at")
    if wrong:
        yield Problem("RECORD_ALTERED", told.seq, f"{name}: {', '.join(wrong)}")
    kept = (row.state, row.state_at, row.state_why, row.flags, row.erased_at)
    if kept != (told.state, told.state_at, told.why, told.flags, told.erased_at):
        yield Problem("STATE_DIFFERS", told.seq, f"{name}: {row.state}, {told.state}")
    events = told.sealed.get("events", {})
    if events != events_digest(connection, row.transaction, events.get("last")):
        yield Problem("EVENTS_ALTERED", told.seq, name)


def _envelope(
    place: StationFolder, row: RecordRow, keys: Mapping[str, Ed25519PublicKey]
) -> tuple[Envelope | None, Problem | None]:
    """Read a record's file, where there should be one."""
    name = row.record_id
    if row.erased_at is not None or row.state in (State.LOST, State.SUPERSEDED):
        return None, None
    try:
        data = place.payload(row.record_id).read_bytes()
        envelope = verify(data, keys[parse(data).station_key])
    except FileNotFoundError:
        return None, Problem("PAYLOAD_MISSING", None, name)
    except (OSError, KeyError, SealError):
        return None, Problem("PAYLOAD_DAMAGED", None, name)
    if envelope.sha256 != row.sha256:
        return None, Problem("PAYLOAD_DAMAGED", None, name)
    return envelope, None


def _word_problems(connection: sqlite3.Connection, kind: str) -> Iterator[Problem]:
    """Compare the centre's words that are kept with those that the chain says came in."""
    chain = {
        (str(data.get("record_id")), str(data.get("sha256"))): seq
        for seq, _, _, data in audit.data_of(connection, kind)
    }
    kept = set()
    columns = "centre || ':' || sequence" if kind == "statement" else "''"
    rows = f"SELECT record_id, body, body_sha256, {columns} FROM {kind}"  # noqa: S608
    for record_id, body, sha256, number in connection.execute(rows):
        kept.add((record_id, digest(body.encode())))
        if digest(body.encode()) != sha256 or (number and number != _number(body)):
            yield Problem(f"{kind.upper()}_ALTERED", None, f"{record_id}: {sha256[:16]}")
    for record_id, sha256 in sorted(kept - set(chain)):
        yield Problem(f"{kind.upper()}_ALTERED", None, f"{record_id}: {sha256[:16]}")
    for record_id, sha256 in sorted(set(chain) - kept):
        at = chain[record_id, sha256]
        yield Problem(f"{kind.upper()}_ALTERED", at, f"{record_id}: {sha256[:16]}")


def _number(body: str) -> str:
    with suppress(ValueError, AttributeError):
        fields = json.loads(body)
        return f"{fields.get('centre', '')}:{fields.get('sequence')}"
    return ""
