"""A centre in any order of events, power cuts included: no receipt without bytes, none twice."""

import contextlib
import os
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from centre_server import sealed
from centre_stores import CENTRE_KEY, PEER, STATION_KEY, register
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ektp_biocheck.delivery.centre import answers, stock, tables
from ektp_biocheck.delivery.centre.refused import Refused
from ektp_biocheck.delivery.centre.store import Store
from ektp_biocheck.delivery.centre.tables import open_database
from ektp_biocheck.delivery.messages import (
    Holding,
    InventoryItem,
    InventoryQuestion,
    verified,
)
from ektp_biocheck.records import crash

KEYS = {"centre": CENTRE_KEY.public_key()}
POINTS = (
    "centre:part-opened",
    "centre:written",
    "centre:synced",
    "centre:checked",
    "centre:renamed",
    "centre:announcing",
    "centre:announced",
    "centre:applying",
    "centre:applied",
)
"""Every labelled point that a record meets at the centre."""


class PowerCut(BaseException):
    """Not an Exception: nobody in the centre may catch it."""


class CentreMachine(RuleBasedStateMachine):
    records = Bundle("records")
    announced = Bundle("announced")

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = self.opened()
        register(self.store)
        self.known, self.receipted, self.lost, self.sequence = {}, {}, {}, 0

    def opened(self):
        path = Path(self.folder.name)
        engine = open_database(f"sqlite:///{path / 'centre.sqlite'}")
        return Store(path / "records", engine, name="centre", key=CENTRE_KEY)

    def teardown(self):
        crash.hook = None
        self.store.close()
        self.folder.cleanup()

    def done(self, record, state):
        """Take note of an answer as a station would."""
        if state.receipt is None:
            return
        receipt = verified(state.receipt, KEYS)
        assert (receipt.record_id, receipt.sha256) == (
            record.record_id,
            record.announcement.sha256,
        )
        self.receipted.setdefault(record.record_id, {})[receipt.sequence] = receipt

    @rule(target=records, size=st.integers(1, 400))
    def seal(self, size):
        self.sequence += 1
        record = sealed(STATION_KEY, sequence=self.sequence, size=size)
        self.known[record.record_id] = record
        return record

    @rule(target=announced, record=records)
    def announce(self, record):
        self.done(record, self.store.announce(PEER, record.announcement)[1])
        return record

    @rule(record=announced, cut=st.floats(0, 1), skip=st.sampled_from([0, 0, 0, 1, -1]))
    def upload(self, record, cut, skip):
        """Send up to a place, from where the centre is or from a wrong place."""
        state = self.store.state(PEER, record.record_id)
        self.done(record, state)
        begin = max(0, state.offset + skip)
        end = begin + round((len(record.data) - begin) * cut)
        piece = record.data[begin:end]
        if begin == state.offset or state.receipt is not None:
            self.done(record, self.store.upload(PEER, record.record_id, begin, piece))
            return
        with pytest.raises(Refused) as caught:
            self.store.upload(PEER, record.record_id, begin, piece)
        assert caught.value.code == "wrong_offset"
        assert caught.value.state.offset == state.offset

    @rule(record=announced, place=st.floats(0, 0.999))
    def upload_altered(self, record, place):
        state = self.store.state(PEER, record.record_id)
        self.done(record, state)
        if state.receipt is not None:
            return
        data = bytearray(record.data[state.offset :])
        data[int(place * len(data))] ^= 1
        with pytest.raises(Refused) as caught:
            self.store.upload(PEER, record.record_id, state.offset, bytes(data))
        assert caught.value.code == "wrong_hash"

    @rule(
        record=announced,
        label=st.sampled_from(POINTS),
        at=st.integers(1, 2),
        cut=st.sampled_from([0.5, 1, 1]),
    )
    def power_cut(self, record, label, at, cut):
        """Cut the power at a labelled point of an upload, and start again."""
        passed = 0

        def die(point):
            nonlocal passed
            passed += point == label
            if passed == at and point == label:
                raise PowerCut

        crash.hook = die
        try:
            state = self.store.announce(PEER, record.announcement)[1]
            end = round(len(record.data) * cut)
            if state.receipt is None and state.offset < end:
                piece = record.data[state.offset : end]
                state = self.store.upload(PEER, record.record_id, state.offset, piece)
            self.done(record, state)
        except PowerCut:
            pass
        finally:
            crash.hook = None
        self.store.close()
        self.store = self.opened()

    @rule()
    def restart(self):
        self.store.close()
        self.store = self.opened()

    @rule(record=consumes(announced), how=st.sampled_from(["gone", "shorter", "flipped"]))
    def lose_bytes(self, record, how):
        """Damage the centre's disk, and let it find out."""
        file = self.store.disk.stored(record.announcement.sha256)
        if not file.exists() or record.record_id not in self.receipted:
            return
        self.lost[record.record_id] = self.lost.get(record.record_id, 0) + 1
        if how == "gone":
            file.unlink()
        elif how == "shorter":
            os.truncate(file, 3)
        else:
            data = bytearray(file.read_bytes())
            data[-1] ^= 1
            file.write_bytes(data)
        assert stock.check(self.store).damaged == 1
        assert self.holding(record) is Holding.ABSENT
        self.done(record, self.store.announce(PEER, record.announcement)[1])
        self.done(record, self.store.upload(PEER, record.record_id, 0, record.data))

    def holding(self, record):
        item = InventoryItem(record_id=record.record_id, sha256=record.announcement.sha256)
        question = InventoryQuestion(nonce="0" * 64, items=(item,))
        return answers.inventory(self.store, PEER, question).answers[0].answer

    @invariant()
    def what_was_signed_for_is_held(self):
        for record_id in self.receipted:
            record = self.known[record_id]
            assert self.holding(record) is Holding.HELD
            file = self.store.disk.stored(record.announcement.sha256)
            assert file.read_bytes() == record.data

    @invariant()
    def what_the_table_calls_stored_is_on_the_disk(self):
        """Holds at once after a power cut, before any station asks."""
        for row in self.rows(sa.select(tables.record).where(tables.record.c.stored)):
            assert self.store.disk.intact(row.sha256)

    @invariant()
    def each_is_applied_once_and_once_more_for_each_loss(self):
        for row in self.rows(sa.select(tables.record).where(tables.record.c.stored)):
            assert row.applied == 1 + self.lost.get(row.record_id, 0)
        signed = self.rows(sa.select(tables.receipt.c.record_id, tables.receipt.c.sequence))
        assert sorted(row.sequence for row in signed) == list(range(1, len(signed) + 1))
        for record_id, receipts in self.receipted.items():
            assert receipts.keys() <= {row.sequence for row in signed if row.record_id == record_id}

    def rows(self, query):
        with self.store.engine.begin() as connection:
            return connection.execute(query).all()


HURRY = settings(
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_no_order_of_events_breaks_a_promise():
    run_state_machine_as_test(CentreMachine, settings=HURRY)


@pytest.mark.long
def test_no_order_of_10_000_events_breaks_a_promise():
    run_state_machine_as_test(
        CentreMachine, settings=settings(HURRY, max_examples=100, stateful_step_count=100)
    )


@pytest.fixture
def opened(tmp_path):
    """Return a function that opens the store anew, as a start after a power cut does."""
    stores = []

    def open_():
        for store in stores:
            store.close()
        engine = open_database(f"sqlite:///{tmp_path / 'centre.sqlite'}")
        stores.append(Store(tmp_path / "records", engine, name="centre", key=CENTRE_KEY))
        return stores[-1]

    yield open_
    crash.hook = None
    stores[-1].close()


@pytest.mark.parametrize("label", POINTS)
@pytest.mark.parametrize("at", [1, 2])
def test_after_a_power_cut_the_table_promises_nothing_that_is_not_there(opened, label, at):
    store, record, passed = opened(), sealed(STATION_KEY, size=3_000), []
    register(store)

    def die(point):
        passed.append(point)
        if passed.count(label) == at:
            raise PowerCut

    def send(store):
        state = store.announce(PEER, record.announcement)[1]
        while state.receipt is None:
            begin = state.offset
            state = store.upload(PEER, record.record_id, begin, record.data[begin : begin + 2_000])
        return state.receipt

    crash.hook = die
    with contextlib.suppress(PowerCut):
        send(store)
    crash.hook = None
    store = opened()
    with store.engine.begin() as connection:
        rows = connection.execute(sa.select(tables.record).where(tables.record.c.stored)).all()
    assert all(store.disk.intact(row.sha256) for row in rows)
    receipt = send(store)
    assert receipt.sequence == 1
    assert store.disk.stored(receipt.sha256).read_bytes() == record.data
    with store.engine.begin() as connection:
        row = connection.execute(sa.select(tables.record)).one()
        assert len(connection.execute(sa.select(tables.receipt)).all()) == 1
    assert (row.stored, row.applied) == (True, 1)


def test_every_labelled_point_is_met_by_a_record(opened):
    store, record, met = opened(), sealed(STATION_KEY), []
    register(store)
    crash.hook = met.append
    store.announce(PEER, record.announcement)
    store.upload(PEER, record.record_id, 0, record.data)
    assert set(met) == set(POINTS)
