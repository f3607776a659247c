"""The states of a record: one table, and `move` goes no other way."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ektp_biocheck.errors import InputError
from ektp_biocheck.records import audit, clock, store
from ektp_biocheck.records.database import writing
from ektp_biocheck.records.states import AUTOMATIC, TRANSITIONS, State, check_move
from tests.crash_kit import Kit, make_kit, receipt_of


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    made = make_kit(tmp_path / "station")
    yield made
    made.connection.close()


def test_every_state_can_be_reached_and_only_closed_is_an_end() -> None:
    reached = {State.OPEN}
    for _ in State:
        reached |= {to for state in reached for to in TRANSITIONS[state]}
    assert reached == set(State)
    assert [state for state in State if not TRANSITIONS[state]] == [State.CLOSED]


def test_the_documented_table_is_the_one_that_is_enforced() -> None:
    page = Path(__file__).resolve().parents[1] / "docs" / "records" / "states.md"
    lines = page.read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in lines if line.startswith("| ")]
    told = {row[1]: set(filter(None, row[4].split(", "))) for row in rows[1:]}
    assert told == {state: set(TRANSITIONS[state]) for state in State}


def test_a_payload_may_go_only_where_a_centre_has_it() -> None:
    """CLOSED is entered only from states in which the centre has spoken, or from SUPERSEDED."""
    into_closed = {state for state in State if State.CLOSED in TRANSITIONS[state]}
    assert not into_closed & {State.OPEN, State.SEALED, State.QUEUED, State.NOT_HELD}
    assert State.LOST not in TRANSITIONS[State.HELD]


@pytest.mark.parametrize("state", [State.CONFLICT_AT_CENTRE, State.QUARANTINED])
def test_only_a_person_sends_again_what_the_centre_disputes(state: State) -> None:
    for actor in AUTOMATIC:
        with pytest.raises(InputError, match="only a person"):
            check_move("r", state, State.QUEUED, actor)
    check_move("r", state, State.QUEUED, "op-7")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(list(State)), max_size=12))
def test_move_goes_only_where_the_table_leads_and_the_chain_tells_it(tmp_path_factory, ways):
    kit = make_kit(tmp_path_factory.mktemp("moves"))
    record_id = kit.seal().record_id
    for to in ways:
        now = kit.row(record_id).state
        rows = audit.head(kit.connection).seq
        if to is now:
            assert store.move(kit.connection, record_id, to, "x", actor="op-7").state is now
            assert audit.head(kit.connection).seq == rows
        elif to in TRANSITIONS[now]:
            assert store.move(kit.connection, record_id, to, "x", actor="op-7").state is to
            assert audit.head(kit.connection).seq == rows + 1
        else:
            with pytest.raises(InputError, match="leads to"):
                store.move(kit.connection, record_id, to, "x", actor="op-7")
            assert kit.row(record_id).state is now
    assert [one.code for one in kit.examine().problems] == []
    kit.connection.close()


def test_a_receipt_and_the_move_it_causes_are_one_commit(kit: Kit) -> None:
    record_id = kit.seal().record_id
    kit.moves(record_id, "SENT")

    def both() -> None:
        with writing(kit.connection):
            store.save_receipt(kit.connection, record_id, receipt_of(kit.row(record_id)))
            store.move(kit.connection, record_id, "OPEN", "no such way", actor="sender")

    with pytest.raises(InputError):
        both()
    assert store.receipts(kit.connection, record_id) == []
    assert kit.row(record_id).state is State.SENT


def test_a_full_story_adds_up(kit: Kit) -> None:
    for number in range(5):
        kit.seal(f"t{number}")
    kit.moves(store.records(kit.connection)[0].record_id, "SENT", "RECEIPTED", "HELD", "CLOSED")
    counts = store.counts(kit.connection)
    assert (counts[State.CLOSED], counts[State.QUEUED]) == (1, 4)
    assert sum(counts.values()) == 5


def test_a_deferred_approval_is_waited_for_and_given_by_another(kit: Kit) -> None:
    record_id = kit.seal(exceptions=[{"approval": "DEFERRED"}]).record_id
    assert kit.row(record_id).state is State.SEALED
    assert store.due(kit.connection, clock.now()) == []
    with pytest.raises(InputError, match="second officer"):
        store.approve(kit.connection, record_id, actor="op-7")
    assert store.approve(kit.connection, record_id, actor="op-8").state is State.QUEUED
    assert kit.row(record_id).flags == ()


def test_a_disputed_exception_is_sent_all_the_same(kit: Kit) -> None:
    record_id = kit.seal(exceptions=[{"approval": {"mode": "DEFERRED"}}]).record_id
    row = store.approve(kit.connection, record_id, actor="op-8", granted=False)
    assert (row.state, row.flags) == (State.QUEUED, ("EXCEPTION_DISPUTED",))


def test_an_overdue_approval_is_flagged_and_sent(kit: Kit) -> None:
    record_id = kit.seal(exceptions=[{"approval": None}]).record_id
    kit.seal("t2", exceptions=[{"approval": "ON_SITE"}])
    soon, late = (clock.now() + timedelta(hours=hours) for hours in (71, 73))
    assert len(store.due(kit.connection, soon)) == 1
    assert len(store.due(kit.connection, late)) == 2
    assert kit.row(record_id).flags == ("APPROVAL_OVERDUE",)
    assert kit.examine().whole


def test_the_exceptions_own_date_counts_and_the_latest_of_them(kit: Kit) -> None:
    due = [clock.text(clock.now() + timedelta(hours=hours)) for hours in (5, 9)]
    exceptions = [{"approval": "DEFERRED", "approval_due": moment} for moment in due]
    row = kit.row(kit.seal(exceptions=exceptions).record_id)
    assert row.approve_by == due[1]
