"""The sealed files themselves: read with their hash checked, erased only when nobody needs them."""

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

from ektp_biocheck.errors import UnreadableError
from ektp_biocheck.records import audit, clock, crash
from ektp_biocheck.records.canonical import digest
from ektp_biocheck.records.database import joined
from ektp_biocheck.records.files import remove_durably
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.rows import record, records
from ektp_biocheck.records.states import State

__all__ = ["enter_erased", "erase_due", "payload"]


def payload(connection: sqlite3.Connection, folder: Path, record_id: str) -> bytes:
    """Return the bytes of a sealed record, after comparing their hash.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    folder : Path
        The station's folder.
    record_id : str
        Which.

    Returns
    -------
    bytes
        The file as it was sealed.

    Raises
    ------
    InputError
        When this station has no such record.
    UnreadableError
        When the file is missing, cannot be read, or is not the one that was sealed. The record's
        state does not change: `sweep` with ``deep=True`` looks closer and decides.
    """
    row = record(connection, record_id)
    path = StationFolder(folder).payload(record_id)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(
            f"{path} cannot be read ({error.strerror}): restore it from the backup"
        ) from error
    if digest(data) != row.sha256:
        raise UnreadableError(f"{path} is not as it was sealed: restore it from the backup")
    return data


def erase_due(
    connection: sqlite3.Connection, folder: Path, now: datetime, *, retention_days: float
) -> list[str]:
    """Erase the captures of records that were closed long enough ago; rows and receipts stay.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    folder : Path
        The station's folder.
    now : datetime
        The wall clock. One that was set back erases nothing.
    retention_days : float
        Days since the centre said that the card can be printed.

    Returns
    -------
    list of str
        The records whose file is gone now.

    Raises
    ------
    OSError
        When a file cannot be removed; its row then does not say that it was.
    """
    place = StationFolder(folder)
    erased: list[str] = []
    after = 0
    while page := records(connection, State.CLOSED, after=after):
        for row in page:
            kept_until = clock.parse(row.state_at) + timedelta(days=retention_days)
            if row.erased_at is None and now >= kept_until:
                remove_durably(place.payload(row.record_id))
                crash.point("erase:file-removed")
                enter_erased(connection, row.record_id, "retention time is over")
                crash.point("erase:committed")
                erased.append(row.record_id)
        after = page[-1].sequence
    return erased


def enter_erased(connection: sqlite3.Connection, record_id: str, why: str) -> None:
    """Enter that the file of a closed record is gone."""
    with joined(connection):
        at = audit.append_at(connection, "erased", {"record_id": record_id, "why": why})
        connection.execute("UPDATE record SET erased_at = ? WHERE record_id = ?", (at, record_id))
