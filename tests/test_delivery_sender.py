"""The sender against a line that fails in every way, and a centre that cannot be believed."""

import logging
from dataclasses import replace as changed
from datetime import time, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fake_centre import FAULTS, FakeCentre, Line, other_hash
from fake_station import NIK, START, Station
from msgspec.structs import replace

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.attempt import Sent
from ektp_biocheck.delivery.backoff import Breaker, NightWindow
from ektp_biocheck.delivery.messages import Receipt, UploadState, sign
from ektp_biocheck.delivery.sender import Telling
from ektp_biocheck.errors import UnreadableError
from ektp_biocheck.records import audit, store
from ektp_biocheck.records.states import State


@pytest.fixture
def station(tmp_path):
    made = Station(tmp_path / "station")
    yield made
    made.connection.close()


@pytest.fixture
def centre():
    return FakeCentre()


def run_until_quiet(station, sender, tries=400):
    """Send, and turn the clock whenever something waits, until nothing does."""
    for _ in range(tries):
        sender.send_due()
        if not any(state in outbox.SENDABLE for state in station.states()):
            return
        station.clock.forward(minutes=20)
    raise AssertionError(f"still waiting: {station.states()}")


def test_a_record_arrives_whole_and_is_signed_for(station, centre):
    (record_id,) = station.seal()
    assert station.sender(centre, centre.keys).send_due()[Sent.RECEIPTED] == 1
    assert station.state(record_id) is State.RECEIPTED
    assert centre.held[record_id] == station.place.payload(record_id).read_bytes()
    assert [name for name, _ in centre.calls].count("upload") == 4  # a kilobyte a piece
    (receipt,) = store.receipts(station.connection, record_id)
    assert receipt["sha256"] == store.record(station.connection, record_id).sha256
    assert station.intact(record_id)  # a receipt is no reason to erase anything


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "twice"])
def test_one_fault_at_every_call_costs_time_and_nothing_else(tmp_path, fault):
    for n in range(8):
        station, centre = Station(tmp_path / str(n)), FakeCentre()
        (record_id,) = station.seal()
        line = Line(centre, [None] * n + [fault])
        run_until_quiet(station, station.sender(line, centre.keys))
        assert station.state(record_id) is State.RECEIPTED
        assert centre.applied == {record_id: 1}
        station.connection.close()


def test_every_call_delivered_twice_applies_once(station, centre):
    ids = station.seal(3)
    run_until_quiet(station, station.sender(Line(centre, ["twice"] * 100), centre.keys))
    assert centre.applied == dict.fromkeys(ids, 1)


def test_w10_an_answer_that_got_lost_is_asked_for_again_with_the_same_key(station, centre):
    """The bytes arrived and nobody said so: the same key again brings the receipt, no copy."""
    (record_id,) = station.seal()
    line = Line(centre, [None] * 5 + ["answer lost"])
    sender = station.sender(line, centre.keys)
    sender.send_due()
    assert record_id in centre.held
    assert station.state(record_id) in (State.SENT, State.RECEIPTED)
    run_until_quiet(station, sender)
    assert station.state(record_id) is State.RECEIPTED
    assert centre.applied == {record_id: 1}


def test_w14_an_upload_goes_on_where_it_stopped(station, centre):
    """The line drops after every piece of a large record: no byte goes twice."""
    (record_id,) = station.seal(size=40_000)
    line = Line(centre, [None, None, "lost"] * 60)
    run_until_quiet(station, station.sender(line, centre.keys))
    pieces = [name for name, _ in centre.calls].count("upload")
    assert pieces == -(-store.record(station.connection, record_id).size // 1024)


def test_w14_the_wait_is_written_down_grows_and_survives_a_restart(station, centre):
    (record_id,) = station.seal()
    line = Line(centre, ["lost", "lost"])
    station.sender(line, centre.keys, random=Always(1.0)).send_due()
    row = store.record(station.connection, record_id)
    assert (row.attempts, row.not_before) == (1, "2026-01-05T08:00:04.000Z")
    other = station.open()
    again = station.sender(line, centre.keys, connection=other, random=Always(1.0))
    assert again.send_due()[Sent.LATER] == 0
    station.clock.forward(seconds=4)
    assert again.send_due()[Sent.LATER] == 1
    row = store.record(station.connection, record_id)
    assert (row.attempts, row.not_before) == (2, "2026-01-05T08:00:12.000Z")
    station.clock.forward(seconds=8)
    assert again.send_due()[Sent.RECEIPTED] == 1
    other.close()


def test_w14_retry_after_is_obeyed_for_the_whole_outbox(station, centre):
    station.seal(3)
    line = Line(centre, ["busy 600"])
    sender = station.sender(line, centre.keys)
    assert sender.send_due()[Sent.BUSY] == 1
    assert line.calls == 1
    assert sender.waits()[0] == pytest.approx(600, abs=1e-3)
    station.clock.forward(seconds=599)
    sender.send_due()
    assert line.calls == 1
    station.clock.forward(seconds=1)
    assert sender.send_due()[Sent.RECEIPTED] == 3


class Always:
    """A source of chance that always gives the same share of the range."""

    def __init__(self, share):
        self.share = share

    def uniform(self, low, high):
        return low + self.share * (high - low)


def test_a_dead_line_is_tried_five_times_and_then_once_a_wait(station, centre):
    station.seal(20)
    line = Line(centre)
    line.down = True
    sender = station.sender(line, centre.keys, random=Always(1.0))
    sender.send_due()
    assert line.calls == 5
    assert sender.waits() == (64, "the line is down")
    for _ in range(10):
        station.clock.forward(minutes=15)
        sender.send_due()
    assert line.calls == 15
    line.down = False
    station.clock.forward(minutes=15)
    assert sender.send_due()[Sent.RECEIPTED] == 20
    assert outbox.breaker(station.connection) == Breaker()


def test_the_worst_line_quarantines_nothing(station, centre):
    station.seal(3)
    line = Line(centre)
    line.down = True
    sender = station.sender(line, centre.keys)
    for _ in range(100):
        sender.send_due()
        station.clock.forward(minutes=15)
    assert set(station.states()) == {State.QUEUED}


def test_a_record_that_is_always_refused_is_set_aside_and_overtaken(station, centre):
    bad, *good = station.seal(4)

    class Picky(FakeCentre):
        def announce(self, announcement):
            if announcement.record_id == bad:
                return Line(centre, ["refused"]).announce(announcement)
            return centre.announce(announcement)

        def upload(self, *arguments):
            return centre.upload(*arguments)

    sender = station.sender(Picky(), centre.keys, random=Always(0.5))
    assert sender.send_due()[Sent.RECEIPTED] == 3
    run_until_quiet(station, sender)
    assert station.state(bad) is State.QUARANTINED
    assert all(station.state(record_id) is State.RECEIPTED for record_id in good)
    assert store.record(station.connection, bad).refusals == 5
    assert station.intact(bad)


def test_who_failed_before_goes_first_then_the_oldest(station, centre):
    first, second, third = station.seal(3)
    store.set_priority(station.connection, third, 1)
    station.sender(centre, centre.keys).send_due()
    assert list(centre.held) == [third, first, second]


def forged(receipt_of):
    stranger = Ed25519PrivateKey.generate()
    return lambda message: sign(message, stranger) if isinstance(message, receipt_of) else message


@pytest.mark.parametrize(
    "lie",
    [
        other_hash,
        forged(Receipt),
        lambda receipt: replace(receipt, size=receipt.size + 1),
        lambda receipt: replace(receipt, centre="stranger"),
        lambda receipt: replace(receipt, signature=""),
    ],
)
def test_a_receipt_that_lies_is_never_believed(station, centre, lie):
    (record_id,) = station.seal()
    centre.lie = lie
    run_until_quiet(station, station.sender(centre, centre.keys))
    assert station.state(record_id) is State.QUARANTINED
    assert store.receipts(station.connection, record_id) == []


def test_a_true_receipt_for_another_record_is_not_believed(station, centre):
    first, second = station.seal(2)
    sender = station.sender(centre, centre.keys)
    sender.send_one(first)
    receipt = centre.announce(centre.announced[first]).receipt
    centre.lie = lambda _: receipt
    run_until_quiet(station, sender)
    assert station.state(second) is State.QUARANTINED


def test_a_centre_that_takes_everything_and_signs_nothing(station):
    class Mute(FakeCentre):
        def _state(self, record_id):
            return UploadState(offset=min(super()._state(record_id).offset, 10**9))

    centre = Mute()
    (record_id,) = station.seal()
    run_until_quiet(station, station.sender(centre, centre.keys))
    assert station.state(record_id) is State.QUARANTINED


@pytest.mark.parametrize("offsets", [[0] * 1000, [0, 1024] * 500, [10**9]])
def test_a_centre_that_runs_in_circles_is_left(station, centre, offsets):
    (record_id,) = station.seal()
    answers = iter(offsets * 50)

    class Circles(FakeCentre):
        def upload(self, *_):
            return UploadState(offset=next(answers))

    circling = Circles()
    sender = station.sender(circling, circling.keys)
    assert sender.send_one(record_id) is Sent.LATER
    assert "no receipt" in store.record(station.connection, record_id).last_error


def test_another_record_under_this_id_is_for_a_person(station, centre):
    (record_id,) = station.seal()
    station.sender(centre, centre.keys).send_one(record_id)
    centre.announced[record_id] = replace(centre.announced[record_id], sha256="0" * 64)
    (other,) = station.seal()
    centre.announced[other] = replace(centre.announced[record_id], record_id=other)
    assert station.sender(centre, centre.keys).send_due()[Sent.CONFLICT] == 1
    assert station.state(other) is State.CONFLICT_AT_CENTRE


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_a_harmed_payload_is_lost_only_when_the_centre_does_not_hold_it(station, centre, harm):
    here, there = station.seal(2)
    station.sender(centre, centre.keys).send_one(there)
    with pytest.raises(ValueError, match="leads to"):
        store.move(station.connection, there, State.SENT, "as if no answer came", actor="sender")
    store.move(station.connection, there, State.QUEUED, "as if no answer came", actor="sender")
    for record_id in (here, there):
        if harm == "gone":
            station.place.payload(record_id).unlink()
        else:
            station.damage(record_id)
    ended = station.sender(centre, centre.keys).send_due()
    assert (ended[Sent.LOST], ended[Sent.RECEIPTED]) == (1, 1)
    assert station.state(here) is State.LOST
    assert station.state(there) is State.RECEIPTED
    assert [lost.queue_number for lost in store.to_record_again(station.connection)] == ["A001"]


def test_a_missing_disk_is_not_a_thousand_lost_records(station, centre):
    station.seal(3)
    station.place.sealed.rename(station.root / "elsewhere")
    with pytest.raises(UnreadableError, match="is the disk mounted"):
        station.sender(centre, centre.keys).send_due()
    assert centre.calls == []
    assert set(station.states()) == {State.QUEUED}


def test_a_disk_that_hesitates_loses_nothing(station, centre, monkeypatch):
    (record_id,) = station.seal()
    path = type(station.place.payload(record_id))

    def fail(*_, **__):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(path, "open", fail)
        assert station.sender(centre, centre.keys).send_one(record_id) is Sent.LATER
    assert "Input/output" in store.record(station.connection, record_id).last_error
    run_until_quiet(station, station.sender(centre, centre.keys))
    assert station.state(record_id) is State.RECEIPTED


def test_a_clock_set_back_ten_years_does_not_delay_anything(station, centre):
    ids = station.seal(8)
    line = Line(centre, ["lost"] * 8)
    sender = station.sender(line, centre.keys, random=Always(1.0))
    sender.send_due()
    assert sender.waits()[0] > 0
    station.clock.at = START - timedelta(days=3653)
    assert sender.waits()[0] == 0
    run_until_quiet(station, sender)
    assert centre.applied == dict.fromkeys(ids, 1)


def test_two_senders_on_one_outbox_are_harmless(station, centre):
    """The second sends while the first is between any two of its calls."""
    ids = station.seal(4)
    other = station.open()
    second = station.sender(centre, centre.keys, connection=other)
    line = Line(centre)
    line.before = lambda _: second.send_due()
    station.sender(line, centre.keys).send_due()
    assert centre.applied == dict.fromkeys(ids, 1)
    assert set(station.states()) == {State.RECEIPTED}
    assert all(len(store.receipts(station.connection, record_id)) == 1 for record_id in ids)
    other.close()


def test_a_sender_that_hung_finds_its_record_sent_by_another(station, centre):
    (record_id,) = station.seal()
    other = station.open()
    second = station.sender(centre, centre.keys, connection=other)
    line = Line(centre, [None, "answer lost"])
    went = []

    def hang(name):
        if name == "upload" and not went:
            went.append(name)
            station.clock.forward(seconds=outbox.LEASE_SECONDS + 1)
            assert second.send_one(record_id) is Sent.RECEIPTED

    line.before = hang
    assert station.sender(line, centre.keys).send_one(record_id) is Sent.LATER
    row = store.record(station.connection, record_id)
    assert (row.state, row.attempts) == (State.RECEIPTED, 0)
    assert centre.applied == {record_id: 1}
    other.close()


def test_a_sender_that_hung_does_not_disturb_the_one_that_took_over(station, centre):
    (record_id,) = station.seal()
    line = Line(centre, [None, "answer lost"])

    def hang(name):
        if name == "upload":
            station.clock.forward(seconds=outbox.LEASE_SECONDS + 1)
            claimed = outbox.claim(station.connection, record_id, "second", station.clock)
            assert claimed is not None

    line.before = hang
    assert station.sender(line, centre.keys).send_one(record_id) is Sent.LATER
    assert store.record(station.connection, record_id).attempts == 0
    assert station.sender(centre, centre.keys).send_one(record_id) is Sent.TAKEN


def test_a_lease_is_not_held_against_a_clock_that_was_set_back(station, centre):
    (record_id,) = station.seal()
    outbox.prepare(station.connection)
    assert outbox.claim(station.connection, record_id, "first", lambda: START) is not None
    assert outbox.claim(station.connection, record_id, "second", lambda: START) is None
    back = START - timedelta(days=3653)
    assert outbox.claim(station.connection, record_id, "second", lambda: back) is not None


def test_what_another_sender_has_just_tried_is_not_tried_again(station):
    (record_id,) = station.seal()
    outbox.prepare(station.connection)
    (row,) = store.due(station.connection, START)  # the list of a sender that was slow
    store.next_attempt(station.connection, record_id, wait_s=60, error="no line", now=START)
    assert outbox.claim(station.connection, row.record_id, "slow", lambda: START) is None
    later = START + timedelta(seconds=60)
    assert outbox.claim(station.connection, row.record_id, "slow", lambda: later) is not None


def test_a_lease_is_taken_at_the_time_of_the_commit_not_of_the_wait_for_it(station):
    """Waiting for the database a sender must not find a lease from its own future."""
    (record_id,) = station.seal()
    outbox.prepare(station.connection)

    def now():
        assert station.connection.in_transaction
        return START

    assert outbox.claim(station.connection, record_id, "first", now) is not None


def test_ctrl_c_leaves_a_record_that_goes_on_at_once(station, centre):
    (record_id,) = station.seal()
    line = Line(centre)

    def interrupt(name):
        if name == "upload" and line.calls == 3:
            raise KeyboardInterrupt

    line.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        station.sender(line, centre.keys).send_due()
    assert station.state(record_id) is State.SENT
    assert station.sender(centre, centre.keys).send_due()[Sent.RECEIPTED] == 1
    assert centre.applied == {record_id: 1}


def test_asked_to_stop_it_stops_between_two_pieces(station, centre):
    station.seal(2)
    line = Line(centre)
    sender = station.sender(line, centre.keys, stop=lambda: line.calls >= 3)
    assert sum(sender.send_due().values()) == 0
    assert line.calls == 3
    assert changed(sender, stop=lambda: False).send_due()[Sent.RECEIPTED] == 2


def test_nothing_is_sent_outside_the_hours(station, centre):
    station.seal()
    night = NightWindow(time(20), time(6), timedelta(hours=7))  # it is 15:00
    sender = station.sender(centre, centre.keys, night=night)
    assert sum(sender.send_due().values()) == 0
    assert sender.waits() == (5 * 3600, "outside the hours of sending")
    station.clock.forward(hours=5)
    assert sender.send_due()[Sent.RECEIPTED] == 1


def test_progress_is_told_in_bytes_and_records(station, centre):
    (record_id,) = station.seal()
    pieces, records = [], []
    telling = Telling(pieces.append, lambda row, how: records.append((row.record_id, how)))
    station.sender(centre, centre.keys, telling=telling).send_due()
    assert sum(pieces) == store.record(station.connection, record_id).size
    assert records == [(record_id, Sent.RECEIPTED)]


def test_an_audit_chain_that_was_cut_off_shows_at_the_centre(station, centre):
    station.seal(2)
    sender = station.sender(centre, centre.keys)
    sender.send_due()
    assert not sender.head_unknown
    (record_id,) = station.seal()
    centre.lie = lambda message: message
    real = centre._state
    centre._state = lambda record_id: replace(real(record_id), audit_head="e" * 64)
    again = station.sender(centre, centre.keys)
    again.send_due()
    assert again.head_unknown
    assert station.state(record_id) is State.RECEIPTED
    rows = station.connection.execute("SELECT data FROM audit WHERE kind = 'head-unknown'")
    assert len(rows.fetchall()) == 1


def test_logs_and_errors_hold_no_personal_data(station, centre, caplog):
    caplog.set_level(logging.DEBUG)
    (record_id,) = station.seal(note=NIK)
    faults = ["lost", "refused", "truncated", "answer lost", "busy 1", "server error"]
    run_until_quiet(station, station.sender(Line(centre, faults), centre.keys))
    assert record_id in caplog.text
    assert NIK not in caplog.text
    assert "A001" not in caplog.text


def test_the_audit_chain_is_whole_after_all_that(station, centre):
    station.seal(5)
    run_until_quiet(station, station.sender(Line(centre, list(FAULTS) * 3), centre.keys))
    assert audit.verify(station.connection, station.key.public_key()).whole
