"""`send --watch`: what is asked when, and that an outage is followed by a question."""

import pytest
from fake_centre import FakeCentre, Line
from fake_station import Station

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.client import CentreUnreachable
from ektp_biocheck.delivery.reconcile import Reconciliation
from ektp_biocheck.delivery.watch import Watch
from ektp_biocheck.records import clock, store


class Turns:
    """Time that passes only while somebody sleeps."""

    def __init__(self, station, rounds):
        self.station, self.left, self.at = station, rounds, 0.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += seconds
        self.station.clock.forward(seconds=seconds)
        self.left -= 1

    def over(self):
        return self.left <= 0


@pytest.fixture
def station(tmp_path, monkeypatch):
    made = Station(tmp_path / "station")
    monkeypatch.setattr(clock, "now", made.clock)
    yield made
    made.connection.close()


def watch(station, line, turns, ask):
    sender = station.sender(line, line.centre.keys, stop=turns.over)
    return Watch(sender, ask, sleep=turns.sleep, timer=lambda: turns.at)


def answered(station, asked):
    def ask():
        asked.append(station.clock())
        now = {"at": clock.text(station.clock())}
        outbox.write_note(station.connection, "reconciled", now)
        store.reconciled(station.connection)
        return Reconciliation()

    return ask


def test_it_asks_once_a_day_and_sends_what_comes(station):
    asked, line = [], Line(FakeCentre())
    turns = Turns(station, rounds=2 * 86_400 // 15 + 10)
    watching = watch(station, line, turns, answered(station, asked))
    ids = station.seal(2)
    watching.run()
    assert set(line.centre.held) == set(ids)
    assert len(asked) == 3
    assert max(turns.slept) <= 15


def test_after_an_outage_it_asks_again(station):
    asked, line = [], Line(FakeCentre())
    line.down = True
    station.seal(6)
    turns = Turns(station, rounds=8)
    watching = watch(station, line, turns, answered(station, asked))
    watching.run()
    assert len(asked) == 1
    line.down = False
    station.clock.forward(minutes=20)
    turns.left = 2
    watching.run()
    assert len(line.centre.held) == 6
    assert len(asked) == 2


def test_a_centre_that_cannot_be_asked_is_not_asked_every_round(station):
    tried = []

    def ask():
        tried.append(1)
        raise CentreUnreachable("down")

    turns = Turns(station, rounds=240)  # an hour
    watch(station, Line(FakeCentre()), turns, ask).run()
    assert 2 <= len(tried) < 60


def test_after_a_restore_nothing_goes_before_the_answer(station):
    line = Line(FakeCentre())
    station.seal()
    station.connection.execute("UPDATE station SET must_reconcile = 1")

    def ask():
        raise CentreUnreachable("down")

    turns = Turns(station, rounds=3)
    watch(station, line, turns, ask).run()
    assert line.centre.held == {}
    turns.left = 2
    watch(station, line, turns, answered(station, [])).run()
    assert len(line.centre.held) == 1
