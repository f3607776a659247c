"""How many new records a station may announce in a day, and when the next day begins."""

from datetime import datetime, time, timedelta, timezone

import sqlalchemy as sa

from ektp_biocheck.delivery.centre.refused import Refused
from ektp_biocheck.delivery.centre.tables import record

__all__ = ["check", "day_of", "seconds_to_next_day"]


def day_of(moment: datetime, utc_offset_hours: float) -> str:
    """Return the centre's own date at a moment: a day is an office day, not one of UTC."""
    return moment.astimezone(_zone(utc_offset_hours)).date().isoformat()


def seconds_to_next_day(moment: datetime, utc_offset_hours: float) -> int:
    """Return the whole seconds, at least 1, after which it is the next day at the centre."""
    local = moment.astimezone(_zone(utc_offset_hours))
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
    return max(1, -int(-(midnight - local).total_seconds() // 1))


def check(
    connection: sa.Connection,
    station_id: str,
    allowed: int,
    moment: datetime,
    utc_offset_hours: float,
) -> None:
    """Make sure that a station may announce one more record today.

    The station's row must be locked by the caller, or two announcements at once could both be
    the last one allowed.

    Raises
    ------
    Refused
        When its quota is used up; ``retry_after`` leads into the next day.
    """
    used = connection.execute(
        sa.select(sa.func.count())
        .select_from(record)
        .where(
            record.c.station == station_id,
            record.c.day == day_of(moment, utc_offset_hours),
        )
    ).scalar_one()
    if used >= allowed:
        raise Refused("quota", retry_after=seconds_to_next_day(moment, utc_offset_hours))


def _zone(utc_offset_hours: float) -> timezone:
    return timezone(timedelta(hours=utc_offset_hours))
