"""Events are appended, in order, durably, and never touched again."""

import math
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from ektp_biocheck.errors import InputError
from ektp_biocheck.records.database import connect
from ektp_biocheck.records.events import (
    append,
    events_of,
    transactions,
    transactions_between,
    transactions_with,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def connection(tmp_path):
    opened = connect(tmp_path / "station.db")
    yield opened
    opened.close()


def at(moment):
    return lambda: moment


def test_what_was_appended_comes_back_in_order(connection):
    first = append(connection, "a", [("began", {"n": 1}), ("attempted", {"n": 2})])
    append(connection, "b", [("began", {})])
    append(connection, "a", [("finished", {"läuft": [1.5, None, True]})])
    stored = events_of(connection, "a")
    assert [e.kind for e in stored] == ["began", "attempted", "finished"]
    assert stored[:2] == first
    assert [e.seq for e in stored] == sorted(e.seq for e in stored)
    assert stored[2].data == {"läuft": [1.5, None, True]}
    assert events_of(connection, "nobody") == []


def test_it_is_there_for_another_connection(connection, tmp_path):
    append(connection, "a", [("began", {})])
    other = connect(tmp_path / "station.db")
    assert len(events_of(other, "a")) == 1
    other.close()


def test_all_or_nothing(connection):
    with pytest.raises(InputError, match="JSON"):
        append(connection, "a", [("began", {}), ("attempted", {"score": math.nan})])
    with pytest.raises(InputError, match="JSON"):
        append(connection, "a", [("began", {"picture": b"\xff"})])
    with pytest.raises(InputError):
        append(connection, "", [("began", {})])
    with pytest.raises(InputError):
        append(connection, "a", [("", {})])
    assert transactions(connection) == []


def test_a_clock_that_ran_back_is_told(connection):
    append(connection, "a", [("began", {})], clock=at(NOON))
    (back,) = append(connection, "a", [("x", {})], clock=at(NOON - timedelta(days=3650)))
    (later,) = append(connection, "a", [("y", {})], clock=at(NOON - timedelta(days=3649)))
    assert [e.clock_suspect for e in events_of(connection, "a")] == [False, True, False]
    assert back.seq < later.seq
    assert back.at == "2016-11-23T12:00:00.000Z"


def test_other_time_zones_become_utc(connection):
    from datetime import timezone

    jakarta = datetime(2026, 11, 21, 19, 0, tzinfo=timezone(timedelta(hours=7)))
    (event,) = append(connection, "a", [("began", {})], clock=at(jakarta))
    assert event.at == "2026-11-21T12:00:00.000Z"


def test_open_and_closed_transactions(connection):
    for name in ("a", "b", "c"):
        append(connection, name, [("began", {})])
    append(connection, "c", [("abandoned", {})])
    append(connection, "a", [("finished", {})])
    assert transactions(connection) == ["a", "b", "c"]
    assert transactions(connection, finished=False) == ["b"]
    assert transactions(connection, finished=True) == ["a", "c"]
    assert transactions_with(connection, "finished", "sealed") == ["a"]
    append(connection, "a", [("sealed", {})])
    assert transactions_with(connection, "finished", "sealed") == []


def test_transactions_of_a_day(connection):
    append(connection, "a", [("began", {})], clock=at(NOON))
    append(connection, "b", [("began", {})], clock=at(NOON + timedelta(days=1)))
    append(connection, "a", [("x", {})], clock=at(NOON + timedelta(days=1)))
    day = "2026-11-22T00:00:00.000Z", "2026-11-23T00:00:00.000Z"
    assert transactions_between(connection, *day) == ["b", "a"]


def test_events_are_never_changed(connection):
    append(connection, "a", [("began", {})])
    for statement in ("UPDATE event SET at = ''", "DELETE FROM event"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
