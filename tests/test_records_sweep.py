"""The start-up sweep: adopt, put aside, raise the alarm, harm nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records import crash, store
from ektp_biocheck.records.states import State
from tests.crash_kit import NIK, Kit, make_kit, signing_key


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    made = make_kit(tmp_path / "station")
    yield made
    made.connection.close()


def test_a_file_without_a_row_is_adopted_with_its_number(kit: Kit) -> None:
    def stop(label: str) -> None:
        if label == "seal:rows-written":
            raise KeyboardInterrupt

    kit.seal("t1")
    crash.hook = stop
    with pytest.raises(KeyboardInterrupt):
        kit.seal("t2")
    crash.hook = None
    found = kit.sweep()
    row = kit.row(found.adopted[0])
    assert (row.transaction, row.sequence, row.state) == ("t2", 2, State.QUEUED)
    assert row.flags == ("ADOPTED",)
    assert not found.alarm
    assert kit.seal("t3").sequence == 3
    assert kit.examine().whole


def test_strangers_are_put_aside_and_never_deleted(kit: Kit, tmp_path: Path) -> None:
    other = make_kit(tmp_path / "other")
    other.keys = type(kit.keys)(signing_key("other"), kit.keys.centre_public)
    theirs = other.seal("theirs")
    ours = kit.seal("t1")
    shutil.copy(theirs.path, kit.place.sealed)
    (kit.place.sealed / "Budi 3404012506820003.png").write_bytes(b"somebody's picture")
    shutil.copy(ours.path, kit.place.payload(store.next_record_id(kit.connection)))  # wrong name
    found = kit.sweep()
    assert len(found.strangers) == len(list(kit.place.quarantine.iterdir())) == 3
    assert [path.name for path in kit.place.sealed.iterdir()] == [ours.path.name]
    kit.connection.close()
    assert NIK.encode() not in kit.place.database.read_bytes()
    kit.reopen()
    other.connection.close()


def test_a_lost_payload_raises_the_alarm_and_comes_back(kit: Kit, caplog) -> None:
    sealed = kit.seal()
    data = sealed.path.read_bytes()
    sealed.path.unlink()
    assert kit.sweep().lost == [sealed.record_id]
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    (asked,) = store.to_record_again(kit.connection)
    assert (asked.queue_number, asked.record_id) == ("24", sealed.record_id)
    assert asked.instances is None
    with pytest.raises(UnreadableError, match="restore it from the backup"):
        store.payload(kit.connection, kit.root, sealed.record_id)
    sealed.path.write_bytes(data)
    assert kit.sweep().found == [sealed.record_id]
    assert kit.row(sealed.record_id).state is State.QUEUED


def test_a_flipped_bit_in_a_payload_is_found(kit: Kit) -> None:
    sealed = kit.seal()
    data = bytearray(sealed.path.read_bytes())
    data[len(data) // 2] ^= 1
    sealed.path.write_bytes(data)
    assert [one.code for one in kit.examine().problems] == ["PAYLOAD_DAMAGED"]
    with pytest.raises(UnreadableError, match="not as it was sealed"):
        store.payload(kit.connection, kit.root, sealed.record_id)
    assert not kit.sweep().alarm  # names and sizes only
    assert kit.sweep(deep=True).lost == [sealed.record_id]
    assert len(list(kit.place.quarantine.iterdir())) == 1


def test_a_payload_missing_here_is_not_lost_when_the_centre_holds_it(kit: Kit) -> None:
    sealed = kit.seal()
    kit.moves(sealed.record_id, "SENT", "RECEIPTED", "HELD")
    sealed.path.unlink()
    found = kit.sweep()
    assert (found.lost, found.missing) == ([], [sealed.record_id])
    assert kit.row(sealed.record_id).flags == ("PAYLOAD_MISSING",)
    kit.moves(sealed.record_id, "NOT_HELD")  # the centre lost it too
    assert kit.sweep().lost == [sealed.record_id]


def test_an_unmounted_disk_is_not_taken_for_lost_records(kit: Kit) -> None:
    sealed = kit.seal()
    kit.place.sealed.rename(kit.root / "elsewhere")
    with pytest.raises(InputError, match="mounted"):
        kit.sweep()
    (kit.root / "elsewhere").rename(kit.place.sealed)
    assert kit.row(sealed.record_id).state is State.QUEUED
