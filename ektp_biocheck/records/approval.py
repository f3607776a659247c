"""Second officers: a record whose exceptions wait for one is durable, and waits to be sent.

It waits at most as long as the policy says; then it goes to the centre all the same, flagged. The
person has long gone home with a receipt either way.
"""

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ektp_biocheck.errors import InputError
from ektp_biocheck.records import audit, clock
from ektp_biocheck.records.database import joined
from ektp_biocheck.records.moves import add_flag, move
from ektp_biocheck.records.rows import RecordRow, manifest_of, record, records
from ektp_biocheck.records.states import State

__all__ = ["approve", "approve_by", "awaits_approval", "release_overdue"]

_SET_BACK = timedelta(hours=1)  # smaller steps are the clock being put right


def awaits_approval(manifest: Mapping[str, Any]) -> bool:
    """Return whether an exception in a manifest has not been approved yet."""
    return bool(_deferred(manifest))


def approve_by(manifest: Mapping[str, Any], otherwise: datetime) -> str | None:
    """Return until when approvals are awaited, or None when none is.

    Parameters
    ----------
    manifest : Mapping
        Its ``exceptions`` may say it in ``approval_due``; the latest counts.
    otherwise : datetime
        The end of the policy's hours, for those that do not.

    Returns
    -------
    str or None
        ISO 8601 in UTC.
    """
    deferred = _deferred(manifest)
    if not deferred:
        return None
    return max(_due(exception) or clock.text(otherwise) for exception in deferred)


def _due(exception: Mapping[str, Any]) -> str | None:
    try:
        return clock.text(clock.parse(exception["approval_due"]))
    except (KeyError, TypeError, ValueError):
        return None


def _deferred(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    exceptions = manifest.get("exceptions", ())
    if isinstance(exceptions, Mapping):
        exceptions = exceptions.values()
    return [one for one in exceptions if _mode(one) in (None, "DEFERRED")]


def _mode(exception: Mapping[str, Any]) -> object:
    approval = exception.get("approval")
    return approval.get("mode") if isinstance(approval, Mapping) else approval


def approve(
    connection: sqlite3.Connection, record_id: str, *, actor: str, granted: bool = True
) -> RecordRow:
    """Enter the second officer's word on a record's exceptions, and queue it.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    record_id : str
        Which; in state SEALED, or already sent because the time was up.
    actor : str
        The second officer, who must not be the one that recorded.
    granted : bool
        False when the officer does not agree. The record is sent all the same, flagged
        ``EXCEPTION_DISPUTED``: a person is never sent away by it.

    Returns
    -------
    RecordRow
        As it stands now.

    Raises
    ------
    InputError
        When the officer is the operator, or there is no such record.
    """
    with joined(connection):
        row = record(connection, record_id)
        if actor == manifest_of(connection, record_id).get("operator"):
            raise InputError("the operator who recorded cannot approve: ask a second officer")
        word = {"record_id": record_id, "granted": granted, "actor": actor}
        audit.append(connection, "approval", word)
        if not granted:
            add_flag(connection, row, "EXCEPTION_DISPUTED")
        if row.state is not State.SEALED:
            return record(connection, record_id)
        why = "exceptions approved" if granted else "exceptions disputed"
        return move(connection, record_id, State.QUEUED, why, actor=actor)


def release_overdue(connection: sqlite3.Connection, now: datetime) -> list[str]:
    """Queue the records that nobody approved in time, flagged ``APPROVAL_OVERDUE``.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    now : datetime
        The wall clock. When it stands more than an hour before the moment of sealing it has been
        set back, and waiting for it could take years: such a record is released too.

    Returns
    -------
    list of str
        Their ids.
    """
    released: list[str] = []
    after = 0
    while page := records(connection, State.SEALED, after=after):
        for row in page:
            if _overdue(row, now):
                with joined(connection):
                    add_flag(connection, row, "APPROVAL_OVERDUE")
                    move(connection, row.record_id, State.QUEUED, "time is up", actor="station")
                released.append(row.record_id)
        after = page[-1].sequence
    return released


def _overdue(row: RecordRow, now: datetime) -> bool:
    if row.approve_by is None:
        return True  # nothing to wait for: left behind by an older version
    set_back = now < clock.parse(row.sealed_at) - _SET_BACK
    return set_back or now >= clock.parse(row.approve_by)
