"""When to try again: full jitter, Retry-After, a breaker over all records, the night window.

Everything here is a pure function of the time it is given. Waits outlive a restart, so they are
written down as wall-clock times; and because a station's clock may be set back by years, each
wait keeps the time at which it began: before that, the clock has run back and the wait is over.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime
from random import Random, SystemRandom

__all__ = ["CAP_SECONDS", "LONGEST_WAIT", "Breaker", "NightWindow", "full_jitter", "retry_after"]

CAP_SECONDS = 15 * 60.0
"""The longest that a failure alone makes the sender wait."""
LONGEST_WAIT = 24 * 3600.0
"""The longest that a centre can make it wait: a daily quota, not a year."""
_BASE_SECONDS = 2.0
_TRIP = 5


def full_jitter(attempts: int, random: Random | None = None) -> float:
    """Return how many seconds to wait after so many failures: anything from 0 to a growing cap.

    Parameters
    ----------
    attempts : int
        Failures in a row, from 1.
    random : random.Random, optional
        Where the jitter comes from; the system's when left out.

    Returns
    -------
    float
        0 to ``min(900, 2 * 2**attempts)`` seconds, evenly spread, so that stations which lost
        the same link do not come back in step.

    References
    ----------
    .. [1] M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    ceiling = min(CAP_SECONDS, _BASE_SECONDS * 2 ** min(attempts, 16))
    return (random or SystemRandom()).uniform(0, ceiling)


def retry_after(value: str | None, *, date: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, bounded; None when it says nothing.

    Parameters
    ----------
    value : str or None
        The header: seconds or an HTTP date.
    date : str or None
        The answer's Date header. An HTTP date is measured against it, so that the centre's wait
        is right even where the station's clock is not.
    now : float
        Unix time, for when there is no Date header.

    Returns
    -------
    float or None
        0 to `LONGEST_WAIT`.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        seconds = float(value[:12])
    else:
        until = _http_date(value)
        if until is None:
            return None
        seconds = until - (_http_date(date) or now)
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _http_date(value: str | None) -> float | None:
    try:
        moment = parsedate_to_datetime(value or "")
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


@dataclass(frozen=True, slots=True)
class Breaker:
    """Keeps the sender from hammering a centre that does not answer.

    After five failures in a row, over all records, it lets one attempt through per wait. One
    success closes it.

    Attributes
    ----------
    failures : int
        In a row.
    since, until : float
        Unix time: nothing is sent in between.
    why : str
        What went wrong last, for the one who asks what the sender waits for.
    asked : bool
        The centre asked for this wait; a person may cut short any other.
    """

    failures: int = 0
    since: float = 0.0
    until: float = 0.0
    why: str = ""
    asked: bool = False

    def failed(self, now: float, why: str, random: Random | None = None) -> "Breaker":
        """Return the breaker after one more failure."""
        failures = min(self.failures + 1, 1_000)
        wait = full_jitter(failures, random) if failures >= _TRIP else 0.0
        return Breaker(failures, now, now + wait, why)

    def paused(self, now: float, seconds: float, why: str) -> "Breaker":
        """Return the breaker after the centre asked to wait."""
        return Breaker(self.failures, now, now + min(seconds, LONGEST_WAIT), why, asked=True)

    def waits(self, now: float) -> float:
        """Return the seconds until something may be sent: 0 when it may."""
        return self.until - now if self.since <= now < self.until else 0.0


@dataclass(frozen=True, slots=True)
class NightWindow:
    """The hours in which the sender may use the line, such as 20:00 to 06:00.

    Attributes
    ----------
    start, end : datetime.time
        By the office's clock; the end may lie on the next day. Equal: all day.
    utc_offset : timedelta
        Of the office: +7, +8 or +9 hours in Indonesia, which has no summer time.
    """

    start: time
    end: time
    utc_offset: timedelta

    def waits(self, now: float) -> float:
        """Return the seconds until the window opens: 0 while it is open."""
        moment = datetime.fromtimestamp(now, timezone(self.utc_offset))
        clock = moment.time()
        if self.start <= self.end:
            is_open = self.start == self.end or self.start <= clock < self.end
        else:
            is_open = clock >= self.start or clock < self.end
        if is_open:
            return 0.0
        opens = datetime.combine(moment.date(), self.start, moment.tzinfo)
        return (opens - moment).total_seconds() % 86_400
