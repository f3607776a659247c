"""The daily sheet ("selisih"): what was sealed each day, and where all of it is.

Two books are held against each other. What was sealed is counted in the audit chain, which
nobody can shorten unnoticed; where it is, in the table of records. Where the two do not agree the
difference is not zero, and somebody has to look.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ektp_biocheck.records import clock
from ektp_biocheck.records.states import State

__all__ = ["Day", "daily_sheet", "total"]

_COLUMN = {
    State.SEALED: "in_flight",
    State.QUEUED: "in_flight",
    State.SENT: "in_flight",
    State.RECEIPTED: "in_flight",  # signed for is not yet held
    State.NOT_HELD: "in_flight",
    State.REFUSED_TECHNICAL: "in_flight",
    State.HELD: "held",
    State.CLOSED: "held",
    State.REFUSED_QUALITY: "refused",
    State.CONFLICT_AT_CENTRE: "refused",
    State.QUARANTINED: "refused",
    State.SUPERSEDED: "refused",  # replaced by a newer record because it was
    State.LOST: "lost",
}


@dataclass(slots=True)
class Day:
    """One line of the sheet.

    Attributes
    ----------
    day : str
        The office's date, ISO 8601.
    sealed : int
        Records sealed on it, by the audit chain.
    held, in_flight, refused, lost : int
        Where the records of that day stand, by the table of records.
    closed : int
        How many of the held ones are done with: the card can be printed.
    clock_suspect : bool
        Whether the clock had run back when one of them was sealed: the date may be wrong.
    """

    day: str
    sealed: int = 0
    held: int = 0
    in_flight: int = 0
    refused: int = 0
    lost: int = 0
    closed: int = 0
    clock_suspect: bool = False

    @property
    def difference(self) -> int:
        """What is missing: 0 when sealed = held + in flight + refused + lost."""
        return self.sealed - (self.held + self.in_flight + self.refused + self.lost)


def daily_sheet(connection: sqlite3.Connection, utc_offset: timedelta) -> list[Day]:
    """Return the sheet, oldest day first.

    Parameters
    ----------
    connection : sqlite3.Connection
        The station's database.
    utc_offset : timedelta
        The office's distance from UTC: when its day begins.

    Returns
    -------
    list of Day
        A record without an audit row, or an audit row without a record, makes a difference.
    """
    days: dict[str, Day] = {}
    day_of: dict[str, str] = {}
    for record_id, at, suspect in _sealed(connection):
        if record_id in day_of:  # adopted after its row was taken out: sealed once all the same
            continue
        day = day_of[record_id] = _day(at, utc_offset)
        line = days.setdefault(day, Day(day))
        line.sealed += 1
        line.clock_suspect |= bool(suspect)
    for record_id, state, at in connection.execute(
        "SELECT record_id, state, sealed_at FROM record"
    ):
        day = day_of.get(record_id) or _day(at, utc_offset)
        line = days.setdefault(day, Day(day))
        column = _COLUMN[State(state)]
        setattr(line, column, getattr(line, column) + 1)
        line.closed += state == State.CLOSED
    return [days[day] for day in sorted(days)]


def total(days: Sequence[Day]) -> Day:
    """Return the sum of all lines."""
    return Day(
        "",
        sum(day.sealed for day in days),
        sum(day.held for day in days),
        sum(day.in_flight for day in days),
        sum(day.refused for day in days),
        sum(day.lost for day in days),
        sum(day.closed for day in days),
        any(day.clock_suspect for day in days),
    )


def _sealed(connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
    rows = connection.execute(
        "SELECT data, at, clock_suspect FROM audit WHERE kind IN ('sealed', 'adopted') ORDER BY seq"
    )
    return [(json.loads(data)["record_id"], at, suspect) for data, at, suspect in rows]


def _day(at: str, utc_offset: timedelta) -> str:
    return (clock.parse(at) + utc_offset).date().isoformat()
