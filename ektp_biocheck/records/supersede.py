"""Records that replace others: what may be taken over, and what becomes of the older one."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from ektp_biocheck.records import audit
from ektp_biocheck.records.moves import enter
from ektp_biocheck.records.rows import find, manifest_of
from ektp_biocheck.records.states import TRANSITIONS, State

__all__ = ["copyable_instances", "supersede", "unfounded_copies"]

_AT_CENTRE = frozenset(
    {
        *(State.HELD, State.CLOSED, State.CONFLICT_AT_CENTRE),
        *(State.REFUSED_QUALITY, State.REFUSED_TECHNICAL),
    }
)


def copyable_instances(connection: sqlite3.Connection, record_id: str) -> dict[str, str]:
    """Return what a new record may take over from an older one instead of capturing it again.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    record_id : str
        The older record.

    Returns
    -------
    dict of str to str
        SHA-256 of captures by instance name. Empty when the centre does not hold that record or
        this station does not know it: then everything is to be captured.
    """
    row = find(connection, record_id)
    if row is None or row.state not in _AT_CENTRE:
        return {}
    instances = manifest_of(connection, record_id).get("instances", {})
    return {name: entry["sha256"] for name, entry in instances.items() if entry.get("sha256")}


def unfounded_copies(connection: sqlite3.Connection, manifest: Mapping[str, Any]) -> list[str]:
    """Return which copied instances the centre does not hold, as far as this station knows.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    manifest : Mapping
        Of a new record; ``copied_instances`` names what it does not carry itself, and
        ``supersedes`` the older record that should have it at the centre.

    Returns
    -------
    list of str
        Names that leave a hole in the record. It is sealed all the same and flagged: the person
        sits there now, and a second officer can see to it later.
    """
    older = manifest.get("supersedes")
    there = copyable_instances(connection, older) if older else {}
    instances = manifest.get("instances", {})
    return [
        name
        for name in manifest.get("copied_instances", ())
        if there.get(name) is None
        or instances.get(name, {}).get("sha256") not in (None, there[name])
    ]


def supersede(connection: sqlite3.Connection, older: str | None, newer: str) -> None:
    """Let a sealed record take an older one's place, in the commit that is under way.

    The link is kept in any case; the older record leaves its state only when the table of states
    lets it, and otherwise goes on by itself: a person must not be sent away over it.
    """
    if older is None:
        return
    row = find(connection, older)
    if row is None:
        return
    if State.SUPERSEDED in TRANSITIONS[row.state]:
        enter(connection, row, State.SUPERSEDED, f"replaced by {newer}", "station")
    else:
        kept = {"record_id": older, "newer": newer, "state": row.state}
        audit.append(connection, "superseded-in-vain", kept)
