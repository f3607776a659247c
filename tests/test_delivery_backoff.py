"""When to try again: jitter, Retry-After, the breaker, the night window."""

from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.delivery.backoff import (
    CAP_SECONDS,
    LONGEST_WAIT,
    Breaker,
    NightWindow,
    full_jitter,
    retry_after,
)

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC).timestamp()


def chance(seed):
    return Random(seed)  # noqa: S311


TEN_YEARS = 10 * 365.25 * 86_400


@given(st.integers(1, 10**9), st.integers())
def test_the_wait_is_never_longer_than_a_quarter_of_an_hour(attempts, seed):
    assert 0 <= full_jitter(attempts, chance(seed)) <= CAP_SECONDS


def test_the_wait_grows_and_is_spread_over_its_whole_range():
    random = chance(1)
    means = [sum(full_jitter(n, random) for _ in range(400)) / 400 for n in range(1, 12)]
    expected = [min(900, 2 * 2**n) / 2 for n in range(1, 12)]
    assert means == pytest.approx(expected, rel=0.15)
    waits = [full_jitter(9, random) for _ in range(400)]
    assert min(waits) < 20
    assert max(waits) > 880


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Mon, 05 Jan 2026 08:02:00 GMT", 120),
        ("Mon, 05 Jan 2026 07:00:00 GMT", 0),
        ("99999999999999999999", LONGEST_WAIT),
        ("Fri, 01 Jan 2100 00:00:00 GMT", LONGEST_WAIT),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("Mon, 99 Jan 2026 08:02:00 GMT", None),
    ],
)
def test_retry_after_as_seconds_and_as_date_is_bounded(value, seconds):
    assert retry_after(value, date=None, now=NOW) == seconds


def test_a_retry_date_is_measured_by_the_centres_own_clock():
    value, date = "Mon, 05 Jan 2026 08:02:00 GMT", "Mon, 05 Jan 2026 08:00:00 GMT"
    assert retry_after(value, date=date, now=NOW - TEN_YEARS) == 120


@given(st.text(max_size=40))
def test_no_header_breaks_retry_after(value):
    seconds = retry_after(value, date=value, now=NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


def test_the_breaker_opens_at_the_fifth_failure_and_closes_at_a_success():
    breaker = Breaker()
    for _ in range(4):
        breaker = breaker.failed(NOW, "down", chance(3))
        assert breaker.waits(NOW) == 0
    breaker = breaker.failed(NOW, "down", chance(3))
    assert 0 < breaker.waits(NOW) <= 64
    assert breaker.waits(NOW + 64) == 0
    assert Breaker().waits(NOW) == 0


def test_a_clock_set_back_ten_years_does_not_stop_the_sender():
    paused = Breaker().paused(NOW, 3600, "busy")
    assert paused.waits(NOW) == 3600
    assert paused.waits(NOW - 1) == 0
    assert paused.waits(NOW - TEN_YEARS) == 0
    assert paused.waits(NOW + TEN_YEARS) == 0
    assert Breaker().paused(NOW, 1e12, "busy").waits(NOW) == LONGEST_WAIT


def test_the_night_window_goes_by_the_offices_clock():
    night = NightWindow(time(20), time(6), timedelta(hours=7))  # 13:00 to 23:00 UTC
    assert night.waits(NOW) == 5 * 3600
    assert night.waits(NOW + 5 * 3600) == 0
    assert night.waits(NOW + 15 * 3600 - 1) == 0
    assert night.waits(NOW + 15 * 3600) == 14 * 3600
    day = NightWindow(time(9), time(16), timedelta(hours=7))
    assert day.waits(NOW) == 0
    assert day.waits(NOW + 3600) == 17 * 3600
    assert NightWindow(time(3), time(3), timedelta(hours=7)).waits(NOW) == 0


MINUTES = st.integers(0, 1439).map(lambda minutes: time(*divmod(minutes, 60)))


@given(MINUTES, MINUTES, st.integers(-12, 14), st.integers(0, 4 * 10**9))
def test_the_window_opens_when_it_says_and_not_before(start, end, offset, now):
    window = NightWindow(start, end, timedelta(hours=offset))
    wait = window.waits(now)
    assert 0 <= wait < 86_400
    assert window.waits(now + wait) == 0
    assert wait == 0 or window.waits(now + wait - 1) == 1
