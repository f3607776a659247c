"""The wall clock, which is shown to people and never trusted for order.

A station's clock battery fails and a day begins in 2010; time is set by hand. So rows are ordered
by their numbers, and whoever waits for a time also looks whether the clock has run back since.
"""

from datetime import UTC, datetime

__all__ = ["now", "parse", "text"]


def now() -> datetime:
    """Return the wall clock's time, in UTC."""
    return datetime.now(UTC)


def text(moment: datetime) -> str:
    """Return ISO 8601 in UTC with milliseconds, such as ``2016-09-17T02:15:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(stamp: str) -> datetime:
    """Return the moment that `text` wrote."""
    return datetime.fromisoformat(stamp)
