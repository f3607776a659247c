"""Reconciliation: what follows from the centre's inventory and its statements."""

import re
import shutil
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fake_centre import FakeCentre, Line
from fake_station import START, STATION, Station
from msgspec.structs import replace

from ektp_biocheck.delivery import alarms
from ektp_biocheck.delivery.client import CentreUnreachable
from ektp_biocheck.delivery.daily import daily_sheet, total
from ektp_biocheck.delivery.messages import FinalStatus, Inventory, MessageError, Statement, sign
from ektp_biocheck.delivery.reconcile import is_due, reconcile
from ektp_biocheck.records import audit, clock, store
from ektp_biocheck.records.states import State
from ektp_biocheck.records.sweep import sweep

DAY = timedelta(hours=24)


@pytest.fixture
def station(tmp_path, monkeypatch):
    made = Station(tmp_path / "station")
    monkeypatch.setattr(clock, "now", made.clock)
    yield made
    made.connection.close()


@pytest.fixture
def centre():
    return FakeCentre()


def ask(station, centre, client=None, **changes):
    given = {"station": STATION, "centre": "pusat", "keys": centre.keys, "absent_after": DAY}
    given |= {"now": station.clock()} | changes
    return reconcile(station.connection, client or centre, **given)


def sent(station, centre, count=1, **fields):
    ids = station.seal(count, **fields)
    station.sender(centre, centre.keys).send_due()
    assert all(station.state(record_id) is State.RECEIPTED for record_id in ids)
    return ids


def codes(found):
    return [alarm.code for alarm in found.alarms]


def test_a_receipt_becomes_held_only_when_the_centre_lists_it(station, centre):
    (record_id,) = sent(station, centre)
    found = ask(station, centre)
    assert (found.asked, dict(found.answers), found.alarms) == (1, {"HELD": 1}, [])
    assert station.state(record_id) is State.HELD


def test_w11_a_record_that_the_centre_never_mentions_raises_an_alarm(station, centre):
    """MOSIP updates only the ids that the server returns; the others stay PUSHED for ever."""
    quiet, told = sent(station, centre, 2)
    centre.silent_about.add(quiet)
    for _ in range(3):  # every time, not only the first
        found = ask(station, centre)
        assert [(alarm.code, alarm.record_id) for alarm in found.alarms] == [("UNMENTIONED", quiet)]
        assert found.answers["UNMENTIONED"] == 1
        station.clock.forward(days=1)
    assert station.state(quiet) is State.RECEIPTED
    assert station.state(told) is State.HELD


def test_w11_every_record_that_should_be_there_is_asked_about(station, centre):
    """The Android client sends an empty list of ids."""
    ids = sent(station, centre, 7)
    asked = []
    honest = centre.inventory
    centre.inventory = lambda question: (
        asked.extend(item.record_id for item in question.items) or honest(question)
    )
    ask(station, centre)
    assert asked == ids


def test_w12_nothing_is_erased_before_the_card_can_be_printed(station, centre):
    """MOSIP deletes a day after PROCESSED, before later stages can say REREGISTER."""
    (record_id,) = sent(station, centre)
    ask(station, centre)
    for _ in range(10):
        station.clock.forward(days=30)
        store.erase_due(station.connection, station.root, station.clock(), retention_days=0)
        assert station.intact(record_id)
    centre.state_of(record_id, FinalStatus.PRINT_READY)
    ask(station, centre)
    assert station.state(record_id) is State.CLOSED
    assert station.intact(record_id)  # retention is still to come
    station.clock.forward(days=31)
    store.erase_due(station.connection, station.root, station.clock(), retention_days=30)
    assert not station.place.payload(record_id).exists()
    assert store.receipts(station.connection, record_id)


def test_w13_no_page_skips_records_that_change_while_it_is_worked_on(station, centre, monkeypatch):
    """MOSIP pages over rows that leave the result set while they are updated."""
    monkeypatch.setattr("ektp_biocheck.delivery.reconcile.MAX_ITEMS", 3)
    ids = sent(station, centre, 20)
    found = ask(station, centre)
    assert found.asked == 20
    assert [station.state(record_id) for record_id in ids] == [State.HELD] * 20


def test_absent_for_a_day_is_sent_again_without_the_citizen(station, centre):
    (record_id,) = sent(station, centre)
    centre.lose(record_id)
    assert ask(station, centre).alarms == []  # it may be on its way into the stock
    assert station.state(record_id) is State.RECEIPTED
    station.clock.forward(hours=24)
    assert codes(ask(station, centre)) == ["NOT_HELD"]
    assert station.state(record_id) is State.QUEUED
    station.sender(centre, centre.keys).send_due()
    assert ask(station, centre).answers == {"HELD": 1}
    assert station.state(record_id) is State.HELD
    assert centre.applied[record_id] == centre.lost[record_id] + 1


def test_lost_after_it_was_held_is_noticed_too(station, centre):
    (record_id,) = sent(station, centre)
    ask(station, centre)
    centre.lose(record_id)
    station.clock.forward(days=2)
    assert codes(ask(station, centre)) == ["NOT_HELD"]
    assert station.state(record_id) is State.QUEUED


def test_a_centre_that_has_forgotten_everything_gets_everything_again(station, centre):
    ids = sent(station, centre, 3)
    blank = FakeCentre()
    blank.key, blank.keys = centre.key, centre.keys
    station.clock.forward(days=1)
    found = ask(station, blank)
    assert found.answers == {"UNKNOWN": 3}
    station.sender(blank, blank.keys).send_due()
    assert set(blank.held) == set(ids)


def test_absence_does_not_wait_for_a_clock_that_was_set_back(station, centre):
    (record_id,) = sent(station, centre)
    centre.lose(record_id)
    station.clock.at = START - timedelta(days=3653)
    assert codes(ask(station, centre)) == ["NOT_HELD"]
    assert station.state(record_id) is State.QUEUED


def test_other_bytes_at_the_centre_are_for_a_person_and_never_sent_again(station, centre):
    (record_id,) = sent(station, centre)
    centre.announced[record_id] = replace(centre.announced[record_id], sha256="0" * 64)
    assert codes(ask(station, centre)) == ["OTHER_HASH"]
    assert station.state(record_id) is State.CONFLICT_AT_CENTRE
    station.clock.forward(days=9)
    assert sum(station.sender(centre, centre.keys).send_due().values()) == 0
    with pytest.raises(ValueError, match="only a person"):
        store.move(station.connection, record_id, State.QUEUED, "x", actor="reconcile")


def test_a_lost_record_comes_back_when_the_centre_has_it_and_is_alarmed_until_then(station, centre):
    there, gone = sent(station, centre, 2)
    for record_id in (there, gone):
        store.move(station.connection, record_id, State.LOST, "payload is gone", actor="sweep")
    centre.lose(gone)
    found = ask(station, centre)
    assert station.state(there) is State.HELD
    assert [(alarm.code, alarm.record_id) for alarm in found.alarms] == [("LOST", gone)]
    (again,) = store.to_record_again(station.connection)
    assert (again.record_id, again.queue_number, again.instances) == (gone, "A002", None)


def signed_by_another(message):
    stranger = Ed25519PrivateKey.generate()
    return sign(message, stranger) if isinstance(message, Inventory) else message


@pytest.mark.parametrize(
    "changes", [{"nonce": "0" * 64}, {"station": "kec-02"}, {"centre": "other"}, None]
)
def test_an_inventory_that_is_not_for_this_question_changes_nothing(station, centre, changes):
    (record_id,) = sent(station, centre)

    def lie(message):
        if changes is None:
            return signed_by_another(message)
        return sign(replace(message, **changes), centre.key)

    centre.lie = lie
    with pytest.raises(MessageError):
        ask(station, centre, keys=centre.keys | {"other": centre.key.public_key()})
    assert station.state(record_id) is State.RECEIPTED
    assert is_due(station.connection, station.clock())


def test_contradictions_and_strangers_in_an_answer_are_alarms(station, centre):
    one, two = sent(station, centre, 2)

    def lie(message):
        if not isinstance(message, Inventory):
            return message
        first, second = message.answers
        absent = replace(first, answer="ABSENT")
        stranger = replace(first, record_id=one[:-1] + ("0" if one[-1] != "0" else "1"))
        return sign(replace(message, answers=(first, absent, stranger, second)), centre.key)

    centre.lie = lie
    assert sorted(codes(ask(station, centre))) == ["CONTRADICTED", "NOT_ASKED"]
    assert station.state(one) is State.RECEIPTED
    assert station.state(two) is State.HELD


def test_an_outage_in_the_middle_keeps_what_was_learnt_and_stays_due(station, centre, monkeypatch):
    monkeypatch.setattr("ektp_biocheck.delivery.reconcile.MAX_ITEMS", 2)
    ids = sent(station, centre, 4)
    with pytest.raises(CentreUnreachable):
        ask(station, centre, client=Line(centre, [None, "lost"]))
    assert [station.state(record_id) for record_id in ids] == [State.HELD] * 2 + [
        State.RECEIPTED
    ] * 2
    assert is_due(station.connection, station.clock())
    ask(station, centre)
    assert not is_due(station.connection, station.clock())
    station.clock.forward(hours=24)
    assert is_due(station.connection, station.clock())
    station.clock.at = START - timedelta(days=3653)
    assert is_due(station.connection, station.clock())


@pytest.mark.parametrize(
    ("status", "state", "alarm"),
    [
        (FinalStatus.PRINT_READY, State.CLOSED, []),
        (FinalStatus.DUPLICATE, State.CONFLICT_AT_CENTRE, ["CONFLICT"]),
        (FinalStatus.ADJUDICATE, State.CONFLICT_AT_CENTRE, ["CONFLICT"]),
        (FinalStatus.REQUEST_VALIDATION, State.CONFLICT_AT_CENTRE, ["CONFLICT"]),
        (FinalStatus.SEARCH_FAILURE, State.QUEUED, []),
        (FinalStatus.ENROLL_FAILURE, State.QUEUED, []),
    ],
)
def test_each_final_status_leads_where_the_table_says(station, centre, status, state, alarm):
    (record_id,) = sent(station, centre)
    centre.state_of(record_id, status)
    assert codes(ask(station, centre)) == alarm
    assert station.state(record_id) is state
    assert ask(station, centre).statements == 0  # taken in once
    assert station.state(record_id) is state


def test_refused_for_its_quality_twice_only_what_is_named_is_recorded_again(station, centre):
    (record_id,) = sent(station, centre)
    centre.state_of(record_id, FinalStatus.ENROLL_FAILURE, ["leftThumb"], "unreadable")
    ask(station, centre)
    assert station.state(record_id) is State.QUEUED
    station.sender(centre, centre.keys).send_due()
    centre.state_of(record_id, FinalStatus.ENROLL_FAILURE, ["leftThumb"], "unreadable")
    assert codes(ask(station, centre)) == ["RECORD_AGAIN"]
    assert station.state(record_id) is State.REFUSED_QUALITY
    (again,) = store.to_record_again(station.connection)
    assert (again.queue_number, again.instances) == ("A001", ("leftThumb",))
    station.clock.forward(days=9)
    assert sum(station.sender(centre, centre.keys).send_due().values()) == 0


def test_a_conflict_that_was_resolved_there_closes_here(station, centre):
    (record_id,) = sent(station, centre)
    centre.state_of(record_id, FinalStatus.ADJUDICATE)
    ask(station, centre)
    centre.state_of(record_id, FinalStatus.PRINT_READY)
    ask(station, centre)
    assert station.state(record_id) is State.CLOSED


def test_a_statement_about_other_bytes_closes_nothing(station, centre):
    (record_id,) = sent(station, centre)
    said = centre.state_of(record_id, FinalStatus.PRINT_READY)
    centre.said[0] = sign(replace(said, sha256="0" * 64), centre.key)
    assert codes(ask(station, centre)) == ["OTHER_HASH"]
    assert station.state(record_id) is State.CONFLICT_AT_CENTRE


def test_a_forged_statement_closes_nothing_and_does_not_hide_the_next(station, centre):
    one, two = sent(station, centre, 2)
    said = centre.state_of(one, FinalStatus.PRINT_READY)
    centre.said[0] = sign(said, Ed25519PrivateKey.generate())
    centre.state_of(two, FinalStatus.PRINT_READY)
    assert codes(ask(station, centre)) == ["STATEMENT_NOT_BELIEVED"]
    assert [station.state(one), station.state(two)] == [State.HELD, State.CLOSED]


def test_a_centre_that_contradicts_a_closed_record_is_an_alarm(station, centre):
    (record_id,) = sent(station, centre)
    for status in (FinalStatus.PRINT_READY, FinalStatus.ENROLL_FAILURE):
        centre.state_of(record_id, status)
    assert codes(ask(station, centre)) == ["TOO_LATE"]
    assert station.state(record_id) is State.CLOSED


def test_statements_that_run_in_circles_end(station, centre):
    (record_id,) = sent(station, centre)
    centre.state_of(record_id, FinalStatus.ADJUDICATE)
    centre.statements = lambda _: centre.said
    with pytest.raises(MessageError, match="order"):
        ask(station, centre)
    assert station.state(record_id) is State.CONFLICT_AT_CENTRE


def test_a_status_without_a_statement_is_asked_for_from_the_beginning(station, centre):
    """The station had read past it: a gap that a plain cursor would never see."""
    one, two = sent(station, centre, 2)
    first = centre.state_of(one, FinalStatus.PRINT_READY)
    centre.said.clear()
    centre.said.append(replace(first, sequence=1))
    later = sign(replace(first, sequence=2, record_id=two,
                         sha256=centre.announced[two].sha256), centre.key)  # fmt: skip
    centre.said[:] = [later]
    ask(station, centre)
    centre.said[:] = [first, later]
    honest = centre.inventory

    def telling(question):
        answer = honest(question)
        status = {one: FinalStatus.PRINT_READY}
        answers = tuple(replace(a, status=status.get(a.record_id)) for a in answer.answers)
        return sign(replace(answer, answers=answers), centre.key)

    centre.inventory = telling
    assert ask(station, centre).alarms == []
    assert station.state(one) is State.CLOSED
    centre.said.clear()
    (three,) = sent(station, centre)

    def duplicate(question):
        answer = honest(question)
        answers = tuple(replace(a, status=FinalStatus.DUPLICATE) for a in answer.answers)
        return sign(replace(answer, answers=answers), centre.key)

    centre.inventory = duplicate
    assert codes(ask(station, centre)) == ["STATEMENT_MISSING"]
    assert station.state(three) is State.HELD


def restored(station, tmp_path, backup):
    """Put yesterday's backup in place of the station: database and sealed files."""
    station.connection.close()
    shutil.rmtree(station.root)
    shutil.copytree(backup, station.root)
    again = object.__new__(Station)
    again.__dict__ |= station.__dict__
    again.connection = again.open()
    again.connection.execute("UPDATE station SET must_reconcile = 1")
    return again


def test_yesterdays_backup_applies_nothing_twice(station, centre, tmp_path):
    old = station.seal(3)
    station.sender(centre, centre.keys).send_one(old[0])
    shutil.copytree(station.root, tmp_path / "backup")
    station.clock.forward(days=1)
    new = sent(station, centre, 2)
    ask(station, centre)
    centre.state_of(old[1], FinalStatus.PRINT_READY)
    centre.state_of(new[0], FinalStatus.PRINT_READY)
    ask(station, centre)

    again = restored(station, tmp_path, tmp_path / "backup")
    sender = again.sender(centre, centre.keys)
    assert sum(sender.send_due().values()) == 0  # first ask, then send
    assert is_due(again.connection, again.clock())
    found = ask(again, centre)
    assert codes(found) == ["UNKNOWN_HERE"]  # the record of the day that was lost
    assert found.alarms[0].record_id == new[0]
    assert [again.state(record_id) for record_id in old] == [State.HELD, State.CLOSED, State.HELD]
    assert not store.must_reconcile(again.connection)
    sender.send_due()
    assert centre.applied == dict.fromkeys(old + new, 1)
    again.connection.close()


def test_w9_a_payload_whose_row_was_lost_in_a_crash_is_adopted_and_sent(station, centre):
    """The file is there, the commit was cut off: MOSIP leaves an orphan nobody sends."""
    from ektp_biocheck.records import crash

    class PowerCut(BaseException):
        pass

    def cut(label):
        if label == "seal:rows-written":
            raise PowerCut

    try:
        crash.hook = cut
        with pytest.raises(PowerCut):
            station.seal()
    finally:
        crash.hook = None
    assert station.states() == []
    (record_id,) = sweep(station.connection, station.root, station.keys).adopted
    station.sender(centre, centre.keys).send_due()
    ask(station, centre)
    assert station.state(record_id) is State.HELD
    assert centre.applied == {record_id: 1}


def test_the_daily_sheet_adds_up_by_the_offices_days(station, centre):
    ids = sent(station, centre, 4)  # 15:00 at the office
    ask(station, centre)
    centre.state_of(ids[0], FinalStatus.PRINT_READY)
    centre.state_of(ids[1], FinalStatus.DUPLICATE)
    ask(station, centre)
    station.clock.forward(hours=10)  # one in the morning there, the same day in UTC
    (lost, _) = station.seal(2)
    store.move(station.connection, lost, State.LOST, "payload is gone", actor="sweep")
    first, second = daily_sheet(station.connection, timedelta(hours=7))
    assert (first.day, second.day) == ("2026-01-05", "2026-01-06")
    assert (first.sealed, first.held, first.refused, first.closed) == (4, 3, 1, 1)
    assert (second.sealed, second.in_flight, second.lost) == (2, 1, 1)
    assert (first.difference, second.difference, total([first, second]).sealed) == (0, 0, 6)


def test_the_daily_sheet_shows_a_record_that_somebody_took_out(station, centre):
    (record_id,) = sent(station, centre)
    station.seal()
    station.connection.execute("PRAGMA foreign_keys = OFF")
    for trigger in ("record_kept", "receipt_kept"):
        station.connection.execute(f"DROP TRIGGER {trigger}")
    for table in ("outbox", "record"):
        station.connection.execute(f"DELETE FROM {table} WHERE record_id = ?", (record_id,))  # noqa: S608
    (day,) = daily_sheet(station.connection, timedelta(hours=7))
    assert (day.sealed, day.difference) == (2, 1)
    assert sweep(station.connection, station.root, station.keys).adopted == [record_id]
    (day,) = daily_sheet(station.connection, timedelta(hours=7))
    assert (day.sealed, day.difference) == (2, 0)


def test_every_state_has_its_place_on_the_sheet():
    from ektp_biocheck.delivery.daily import _COLUMN

    assert set(_COLUMN) == set(State) - {State.OPEN}


def test_every_alarm_says_what_to_do_in_both_languages():
    from pathlib import Path

    folder = Path(alarms.__file__).parent
    raised = set()
    for source in folder.glob("*.py"):
        raised |= set(re.findall(r'Alarm\(\s*"([A-Z_]+)"', source.read_text()))
    assert len(raised) >= 12
    for code in raised:
        indonesian, english = alarms.advice(code, "id"), alarms.advice(code, "en")
        assert indonesian != english


def test_statements_of_the_chain_are_in_the_audit(station, centre):
    (record_id,) = sent(station, centre)
    centre.state_of(record_id, FinalStatus.PRINT_READY)
    ask(station, centre)
    assert audit.verify(station.connection, station.key.public_key()).whole
    (kept,) = store.statements(station.connection, record_id)
    assert kept["status"] == FinalStatus.PRINT_READY
    assert Statement is not None
