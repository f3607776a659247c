"""Station × line × centre, driven by chance: nothing lost, nothing applied twice.

After every step each record is intact here, or closed by the centre, and every copy that the
centre applied more than once it had lost before. The clock jumps ten years, processes die in the
middle of a call, the line drops, repeats and truncates, and the centre forgets what it signed.
"""

import random
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from fake_centre import FAULTS, FakeCentre, Line, other_hash
from fake_station import START, STATION, Station
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ektp_biocheck.delivery.client import DeliveryError
from ektp_biocheck.delivery.messages import FinalStatus, MessageError
from ektp_biocheck.delivery.reconcile import reconcile
from ektp_biocheck.records import audit, clock, crash, store
from ektp_biocheck.records.states import State
from ektp_biocheck.records.sweep import sweep

FAULT = st.none() | st.sampled_from(FAULTS)
PICK = st.integers(0, 10**6)
LABELS = (
    "send:announced",
    "send:going",
    "send:piece-taken",
    "send:receipt-came",
    "move:rows-written",
    "move:committed",
    "seal:file-stored",
    "seal:rows-written",
    "seal:committed",
)
steps = {"run": 0}


class PowerCut(BaseException):
    """The process dies here."""


class Delivery(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = Path(mkdtemp())
        self.station = Station(self.folder / "station")
        self.centre = FakeCentre()
        self.now = clock.now
        clock.now = self.station.clock
        self.sealed = set()
        self.backup = self.folder / "backup.sqlite"

    def teardown(self):
        clock.now = self.now
        crash.hook = None
        self.station.connection.close()
        shutil.rmtree(self.folder)

    @rule(count=st.integers(1, 3))
    def seal(self, count):
        self.sealed |= set(self.station.seal(count, size=1_500))

    @rule(faults=st.lists(FAULT, max_size=12))
    def send(self, faults):
        line = Line(self.centre, faults)
        self.station.sender(line, self.centre.keys).send_due()

    @rule(faults=st.lists(FAULT, max_size=8), other=st.lists(FAULT, max_size=8))
    def two_senders(self, faults, other):
        connection = self.station.open()
        second_line = Line(self.centre, other)
        second = self.station.sender(second_line, self.centre.keys, connection=connection)
        line = Line(self.centre, faults)
        line.before = lambda _: second.send_due()
        self.station.sender(line, self.centre.keys).send_due()
        connection.close()

    @rule(faults=st.lists(FAULT, max_size=4))
    def ask(self, faults):
        self._reconcile(Line(self.centre, faults))

    @rule(label=st.sampled_from(LABELS), nth=st.integers(1, 4), what=st.sampled_from("sra"))
    def die(self, label, nth, what):
        """Kill the process at a named point, then start anew."""
        left = [nth]

        def cut(at):
            left[0] -= at == label
            if not left[0]:
                raise PowerCut

        crash.hook = cut
        try:
            if what == "s":
                self.sealed |= set(self.station.seal(size=1_500))
            elif what == "r":
                self.station.sender(self.centre, self.centre.keys).send_due()
            else:
                self._reconcile(self.centre)
        except PowerCut:
            pass
        finally:
            crash.hook = None
        self._start_anew()

    @rule(hours=st.sampled_from([0.1, 1, 25, 24 * 3653, -1, -24 * 3653]))
    def turn_the_clock(self, hours):
        at = self.station.clock.at + timedelta(hours=hours)
        if abs(at - START) < timedelta(days=8000):
            self.station.clock.at = at

    @rule(pick=PICK)
    def centre_loses(self, pick):
        held = sorted(self.centre.held)
        if held and held[pick % len(held)] not in self._closed_at_the_centre():
            self.centre.lose(held[pick % len(held)])

    @rule(pick=PICK, status=st.sampled_from(list(FinalStatus)))
    def centre_judges(self, pick, status):
        held = sorted(self.centre.held)
        if held:
            self.centre.state_of(held[pick % len(held)], status, ["leftThumb"])

    @rule()
    def centre_lies_for_a_while(self):
        self.centre.lie = other_hash
        self.station.sender(self.centre, self.centre.keys).send_due()
        self.centre.lie = lambda message: message

    @rule(pick=PICK)
    def centre_is_silent(self, pick):
        if self.centre.announced:
            known = sorted(self.centre.announced)
            self.centre.silent_about ^= {known[pick % len(known)]}

    @rule()
    def a_person_releases(self):
        for state in (State.QUARANTINED, State.CONFLICT_AT_CENTRE):
            for row in store.records(self.station.connection, state):
                store.move(self.station.connection, row.record_id, State.QUEUED, "x", actor="op-7")

    @rule(days=st.sampled_from([0, 30]))
    def erase(self, days):
        store.erase_due(
            self.station.connection, self.station.root, self.station.clock(), retention_days=days
        )

    @rule()
    def back_up(self):
        with closing(sqlite3.connect(self.backup)) as copy:
            self.station.connection.backup(copy)

    @rule()
    def restore(self):
        """The database was lost; the sealed files are still there, perhaps newer than it."""
        if not self.backup.exists():
            return
        self.station.connection.close()
        database = self.station.place.database
        for path in database.parent.glob(f"{database.name}*"):
            path.unlink()
        shutil.copy(self.backup, self.station.place.database)
        self._start_anew(must_reconcile=True)

    def _reconcile(self, client):
        try:
            reconcile(
                self.station.connection, client, station=STATION, centre="pusat",
                keys=self.centre.keys, absent_after=timedelta(hours=24), now=self.station.clock(),
            )  # fmt: skip
        except (DeliveryError, MessageError):
            return

    def _start_anew(self, must_reconcile=False):
        self.station.connection.close()
        self.station.connection = self.station.open()
        if must_reconcile:
            self.station.connection.execute("UPDATE station SET must_reconcile = 1")
        sweep(self.station.connection, self.station.root, self.station.keys)
        self.sealed |= {row.record_id for row in store.records(self.station.connection)}

    def _closed_at_the_centre(self):
        return {one.record_id for one in self.centre.said if one.status == "PRINT_READY"}

    @invariant()
    def nothing_is_lost(self):
        steps["run"] += 1
        rows = {row.record_id: row for row in store.records(self.station.connection)}
        closed = self._closed_at_the_centre()
        self.sealed -= closed - set(rows)  # erased, then forgotten in a restore: it is done with
        assert self.sealed <= set(rows)
        for record_id, row in rows.items():
            assert record_id in closed or (
                self.station.intact(record_id) and row.state is not State.LOST
            ), row

    @invariant()
    def nothing_is_applied_twice(self):
        for record_id, times in self.centre.applied.items():
            assert times <= 1 + self.centre.lost[record_id]
            assert record_id in self.centre.announced

    @invariant()
    def a_state_is_never_better_than_what_was_signed(self):
        closed = self._closed_at_the_centre()
        for row in store.records(self.station.connection):
            if row.state is State.RECEIPTED:
                assert store.receipts(self.station.connection, row.record_id)
            if row.state in (State.RECEIPTED, State.HELD):
                assert self.centre.applied[row.record_id]
            if row.state is State.CLOSED:
                assert row.record_id in closed

    @invariant()
    def the_audit_chain_is_whole(self):
        if steps["run"] % 20 == 0:
            assert audit.verify(self.station.connection, self.station.key.public_key()).whole


CALM = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def test_no_order_of_failures_loses_or_repeats_anything():
    run_state_machine_as_test(
        Delivery, settings=settings(CALM, max_examples=40, stateful_step_count=30)
    )


@pytest.mark.long
def test_ten_thousand_steps_lose_and_repeat_nothing():
    steps["run"] = 0
    while steps["run"] < 10_000:
        run_state_machine_as_test(
            Delivery, settings=settings(CALM, max_examples=60, stateful_step_count=50)
        )
    print(f"{steps['run']} steps")


@pytest.mark.parametrize("seed", range(2))
def test_after_the_storm_everything_arrives(tmp_path, seed, monkeypatch):
    """Faults at random for two days; then a good line, and all is held."""
    chance = random.Random(seed)  # noqa: S311
    station, centre = Station(tmp_path / "station"), FakeCentre()
    monkeypatch.setattr(clock, "now", station.clock)

    def ask():
        reconcile(
            station.connection, centre, station=STATION, centre="pusat", keys=centre.keys,
            absent_after=timedelta(hours=24), now=station.clock(),
        )  # fmt: skip

    ids = []
    weights = [8] + [1] * (len(FAULTS) - 1)  # without "refused", which is for a person
    choices = [None, *(fault for fault in FAULTS if fault != "refused")]
    for _ in range(48):
        station.clock.forward(hours=1)
        ids += station.seal(chance.randrange(2), size=1_500)
        line = Line(centre, chance.choices(choices, weights, k=12))
        station.sender(line, centre.keys).send_due()
        if chance.random() < 0.1 and centre.held:
            centre.lose(chance.choice(sorted(centre.held)))
    for _ in range(3):
        station.clock.forward(hours=25)
        for row in store.records(station.connection, State.QUARANTINED):
            store.move(station.connection, row.record_id, State.QUEUED, "looked", actor="op-7")
        station.sender(centre, centre.keys).send_due()
        ask()
    assert set(station.states()) == {State.HELD}
    assert set(centre.held) == set(ids)
    assert all(centre.applied[one] == 1 + centre.lost[one] for one in ids)
    station.connection.close()
