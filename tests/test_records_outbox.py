"""What is due, when to try again, and what the centre said."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ektp_biocheck.errors import InputError
from ektp_biocheck.records import clock, store
from ektp_biocheck.records.states import State
from tests.crash_kit import Kit, make_kit, receipt_of


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    made = make_kit(tmp_path / "station")
    yield made
    made.connection.close()


NOON = datetime(2016, 9, 17, 5, tzinfo=UTC)


def test_due_goes_by_priority_then_by_order_and_lets_others_overtake(kit: Kit) -> None:
    ids = [kit.seal(f"t{number}").record_id for number in range(4)]
    store.set_priority(kit.connection, ids[3], 0)
    assert [row.record_id for row in store.due(kit.connection, NOON)] == [ids[3], *ids[:3]]
    kit.moves(ids[0], "QUARANTINED")
    store.next_attempt(kit.connection, ids[1], wait_s=60, error="timeout", now=NOON)
    assert [row.record_id for row in store.due(kit.connection, NOON)] == [ids[3], ids[2]]
    assert len(store.due(kit.connection, NOON + timedelta(seconds=60))) == 3
    assert len(store.due(kit.connection, NOON, 1)) == 1


def test_waiting_survives_a_restart_and_counts(kit: Kit) -> None:
    record_id = kit.seal().record_id
    for refused in (False, True, True):
        store.next_attempt(
            kit.connection, record_id, wait_s=600, error="503", refused=refused, now=NOON
        )
    kit.reopen()
    row = kit.row(record_id)
    assert (row.attempts, row.refusals, row.last_error) == (3, 2, "503")
    assert store.due(kit.connection, NOON + timedelta(seconds=599)) == []
    assert len(store.due(kit.connection, NOON + timedelta(seconds=600))) == 1


def test_a_clock_set_back_ten_years_delays_nothing(kit: Kit, monkeypatch) -> None:
    record_id = kit.seal("t1").record_id
    awaiting = kit.seal("t2", exceptions=[{"approval": "DEFERRED"}]).record_id
    store.next_attempt(kit.connection, record_id, wait_s=900)
    assert store.due(kit.connection, clock.now()) == []
    back = clock.now() - timedelta(days=3653)
    monkeypatch.setattr(clock, "now", lambda: back)
    assert {row.record_id for row in store.due(kit.connection, back)} == {record_id, awaiting}
    later = kit.seal("t3")
    assert later.record_id > awaiting
    assert later.sequence == 3
    assert store.erase_due(kit.connection, kit.root, back, retention_days=0) == []
    suspects = kit.connection.execute("SELECT sum(clock_suspect) FROM audit").fetchone()
    assert suspects == (1,)  # the first row after the jump; from there on time runs forward
    assert kit.examine().whole


def test_pages_skip_nothing_when_records_leave_meanwhile(kit: Kit) -> None:
    ids = [kit.seal(f"t{number}").record_id for number in range(5)]
    seen, after = [], 0
    while page := store.records(kit.connection, State.QUEUED, after=after, limit=2):
        for row in page:
            seen.append(row.record_id)
            kit.moves(row.record_id, "SENT")
        after = page[-1].sequence
    assert seen == ids


def test_receipts_and_statements_are_kept_once(kit: Kit) -> None:
    record_id = kit.seal().record_id
    receipt = receipt_of(kit.row(record_id))
    assert store.save_receipt(kit.connection, record_id, receipt)
    assert not store.save_receipt(kit.connection, record_id, receipt)
    with pytest.raises(InputError, match="not about record"):
        store.save_receipt(kit.connection, record_id, receipt | {"sha256": "0" * 64})
    said = {"centre": "PUSAT", "sequence": 4, "record_id": record_id, "status": "ENROLL_FAILURE"}
    assert store.save_statement(kit.connection, said)
    assert not store.save_statement(kit.connection, said)
    with pytest.raises(InputError, match="two different"):
        store.save_statement(kit.connection, said | {"status": "PRINT_READY"})
    assert store.last_statement(kit.connection, "PUSAT") == 4
    assert store.last_statement(kit.connection, "KOTA") == 0
    assert kit.examine().whole


def test_the_named_instances_are_recorded_again(kit: Kit) -> None:
    record_id = kit.seal().record_id
    kit.moves(record_id, "SENT", "RECEIPTED", "HELD", "REFUSED_QUALITY")
    said = {"centre": "PUSAT", "sequence": 1, "record_id": record_id, "instances": ["face"]}
    store.save_statement(kit.connection, said)
    (asked,) = store.to_record_again(kit.connection)
    assert asked.instances == ("face",)
