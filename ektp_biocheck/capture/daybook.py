"""What happened on a day, read from the database alone: no lock, no key, nothing is written."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import date as date_type
from pathlib import Path

from ektp_biocheck.capture.person import day_of
from ektp_biocheck.capture.transaction import transaction_of
from ektp_biocheck.capture.views import DayFacts, PersonDay
from ektp_biocheck.errors import InputError
from ektp_biocheck.records import events as store
from ektp_biocheck.records.reading import reading
from ektp_biocheck.records.rows import RecordRow, records
from ektp_biocheck.records.states import State

__all__ = ["DayBook", "day", "open_day_book"]


class DayBook:
    """The days of a station, beside the program that works there.

    Parameters
    ----------
    connection : sqlite3.Connection
    station, office : str
        For the heading.
    """

    def __init__(self, connection: sqlite3.Connection, station: str, office: str) -> None:
        self.connection, self.where = connection, (station, office)

    def day(self, date: str | None = None) -> DayFacts:
        """Return what happened on a day, as `Station.day` does; today when left out."""
        return day(self.connection, date, self.where, datetime.now(UTC))


@contextmanager
def open_day_book(folder: Path, station: str, office: str) -> Iterator[DayBook]:
    """Open the days of a station's folder for reading only.

    Parameters
    ----------
    folder : Path
        With ``station.db``.
    station, office : str
        For the heading.

    Raises
    ------
    UnreadableError
        When there is no database, or it is damaged.
    """
    with reading(folder / "station.db") as connection:
        yield DayBook(connection, station, office)


def day(
    connection: sqlite3.Connection, date: str | None, where: tuple[str, str], now: datetime
) -> DayFacts:
    """Return what happened on a day; people count with what was known at its end.

    Records that are lost are told as they stand now: on the day of the capture, and on the day
    on which the loss was found.

    Raises
    ------
    InputError
        When `date` is no date.
    """
    name, start, end = _bounds(date, now)
    lost = {row.transaction: row for row in _lost(connection)}
    lines = []
    for transaction in store.transactions_between(connection, start, end):
        line = _line(connection, transaction, start, end)
        found = lost.pop(transaction, None) is not None
        lines.append(_called_back(line) if found else line)
    back = [
        _called_back(replace(_line(connection, row.transaction, start, end), day=_local(row)))
        for row in lost.values()
        if start <= row.state_at < end
    ]
    return DayFacts(name, *where, tuple(lines), tuple(back))


def _line(connection: sqlite3.Connection, transaction: str, start: str, end: str) -> PersonDay:
    events = [event for event in store.events_of(connection, transaction) if event.at < end]
    person = transaction_of(events)
    before = [event for event in events if event.at < start]
    spent = 0.0
    if before:
        earlier = transaction_of(before)
        spent = earlier.seconds + earlier.closing_seconds
    seconds = person.seconds + person.closing_seconds - spent
    return day_of(person, seconds=max(0.0, seconds), open_at_night=not person.closed)


def _called_back(line: PersonDay) -> PersonDay:
    return replace(line, call_back=("RECORD_LOST", *line.call_back))


def _local(row: RecordRow) -> str:
    sealed = datetime.fromisoformat(row.sealed_at.replace("Z", "+00:00"))
    return sealed.astimezone().date().isoformat()


def _lost(connection: sqlite3.Connection) -> Iterator[RecordRow]:
    there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").fetchone()
    after = 0
    while there and (page := records(connection, State.LOST, after=after)):
        yield from page
        after = page[-1].sequence


def _bounds(date: str | None, now: datetime) -> tuple[str, str, str]:
    """Return a local date and its first and last moment in UTC, as events tell time."""
    try:
        one = now.astimezone().date() if date is None else date_type.fromisoformat(date)
    except (TypeError, ValueError):
        raise InputError("a day is a date such as 2026-11-21") from None
    ends = []
    for moment in (one, one + timedelta(days=1)):
        local = datetime(moment.year, moment.month, moment.day).astimezone()
        utc = local.astimezone(UTC).isoformat(timespec="milliseconds")
        ends.append(utc.replace("+00:00", "Z"))
    return one.isoformat(), ends[0], ends[1]
