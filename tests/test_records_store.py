"""Sealing, taking an older record's place, erasing, and the room for it on the disk."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records import audit, clock, crash, space, store
from ektp_biocheck.records.database import connect
from ektp_biocheck.records.states import State
from tests.crash_kit import NIK, Kit, captures, make_kit, manifest, receipt_of


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    made = make_kit(tmp_path / "station")
    yield made
    made.connection.close()


def test_a_sealed_record_is_queued_with_its_file_and_its_number(kit: Kit) -> None:
    first, second = kit.seal("t1"), kit.seal("t2")
    assert (first.sequence, second.sequence) == (1, 2)
    assert second.record_id > first.record_id
    assert kit.row(first.record_id).state is State.QUEUED
    assert kit.row(first.record_id).queue_number == "24"
    assert store.payload(kit.connection, kit.root, first.record_id) == first.path.read_bytes()


def test_looking_never_makes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "station.db"
    for left in (None, b""):
        if left is not None:
            path.write_bytes(left)
        with pytest.raises(InputError, match="nothing was recorded there yet"):
            connect(path, create=False)
        (tmp_path / "sealed").mkdir(exist_ok=True)
        (tmp_path / "sealed" / "x.sealed").touch()
        with pytest.raises(UnreadableError, match=r"restore BACKUP .* send takes the sealed"):
            connect(path, create=False)
        (tmp_path / "sealed" / "x.sealed").unlink()
        assert path.exists() == (left is not None)
    connect(path).close()
    connect(path, create=False).close()


def test_sealing_again_gives_the_same_record(kit: Kit) -> None:
    files = captures("t1")
    made = manifest(store.next_record_id(kit.connection), "t1", files)
    first = store.seal_record(kit.connection, kit.root, files, made, kit.keys)
    again = {**made, "record_id": store.next_record_id(kit.connection)}
    assert store.seal_record(kit.connection, kit.root, files, again, kit.keys) == first
    with pytest.raises(InputError, match="sealed already"):
        kit.seal("t1", captures("other"))
    assert len(list(kit.place.sealed.iterdir())) == 1


def test_captures_of_the_open_transaction_go_when_they_are_sealed(kit: Kit) -> None:
    class Vault:
        waiting = ("t1", "t2")

        def transactions(self) -> tuple[str, ...]:
            return self.waiting

        def remove(self, transaction: str) -> None:
            assert store.of_transaction(kit.connection, transaction)  # durable before
            self.waiting = tuple(name for name in self.waiting if name != transaction)

    vault, files = Vault(), captures("t1")
    made = manifest(store.next_record_id(kit.connection), "t1", files)
    store.seal_record(kit.connection, kit.root, files, made, kit.keys, vault=vault)
    assert vault.waiting == ("t2",)
    vault.waiting = ("t1", "t2")  # as if the power had gone before they were removed
    assert kit.sweep(vault=vault).captures == 1
    assert vault.waiting == ("t2",)


def test_nothing_readable_is_on_the_disk_after_sealing(kit: Kit) -> None:
    files = captures("t1")
    kit.seal("t1", files)
    kit.connection.close()
    content = b"".join(p.read_bytes() for p in kit.root.rglob("*") if p.is_file())
    names = "".join(str(path.relative_to(kit.root)) for path in kit.root.rglob("*"))
    assert len(content) > 4 * 3_000  # the captures are there, but encrypted
    for image in files.values():
        for start in range(0, len(image) - 12, 100):
            piece = image[start : start + 12]
            assert piece not in content
            assert piece.hex().encode() not in content
    assert NIK.encode() not in content
    assert NIK not in names
    kit.reopen()


def test_two_processes_seal_into_one_station(kit: Kit, tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from tests.crash_kit import make_kit
kit = make_kit(Path(sys.argv[1]))
for number in range(8):
    kit.seal(f"{sys.argv[2]}-{number}")
"""
    root = Path(__file__).resolve().parents[1]
    running = [
        subprocess.Popen([sys.executable, "-c", script, kit.root, name], cwd=root)  # noqa: S603
        for name in ("left", "right")
    ]
    assert [one.wait(60) for one in running] == [0, 0]
    rows = store.records(kit.connection)
    assert sorted(row.sequence for row in rows) == list(range(1, 17))
    assert kit.examine().whole
    assert not kit.sweep().adopted


def test_a_sweep_beside_a_running_station_harms_nothing(kit: Kit) -> None:
    """Another process sweeps while a file is there and its row is not yet: it adopts nothing."""
    script = """
import sys
from pathlib import Path
from tests.crash_kit import make_kit
kit = make_kit(Path(sys.argv[1]))
print("sweeping", flush=True)
found = kit.sweep()
print([*found.adopted, *found.lost, *found.strangers, found.temporary])
"""
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", script, kit.root]
    beside: list[subprocess.Popen[str]] = []

    def start(label: str) -> None:
        if label in ("write:written", "write:renamed"):
            one = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)  # noqa: S603
            assert one.stdout
            assert one.stdout.readline() == "sweeping\n"
            time.sleep(0.2)  # now it has met the file and waits for the lock
            beside.append(one)

    kit.seal("earlier")
    crash.hook = start
    try:
        record_id = kit.seal().record_id
    finally:
        crash.hook = None
    told = [one.communicate(timeout=60)[0].strip() for one in beside]
    assert told == ["[0]", "[0]"]
    assert kit.row(record_id).flags == ()


def test_a_re_record_takes_over_what_the_centre_holds(kit: Kit) -> None:
    old = kit.seal("t1")
    assert store.copyable_instances(kit.connection, old.record_id) == {}
    kit.moves(old.record_id, "SENT", "RECEIPTED", "HELD", "REFUSED_QUALITY")
    there = store.copyable_instances(kit.connection, old.record_id)
    files = {**captures("new"), **dict.fromkeys((), b"")}
    new = manifest(store.next_record_id(kit.connection), "t2", files)
    copied = ["rightIndex", "leftEye"]
    for name in copied:
        new["instances"][name]["sha256"] = there[name]
        del files[name]
    new |= {"copied_instances": copied, "supersedes": old.record_id}
    sealed = store.seal_record(kit.connection, kit.root, files, new, kit.keys)
    assert kit.row(old.record_id).state is State.SUPERSEDED
    assert kit.row(sealed.record_id).supersedes == old.record_id
    kit.moves(sealed.record_id, "SENT", "RECEIPTED", "HELD", "CLOSED")
    assert kit.row(old.record_id).state is State.CLOSED  # so that its captures can be erased
    assert kit.examine().whole


def test_a_copy_that_the_centre_does_not_hold_is_flagged_and_sealed_all_the_same(kit: Kit) -> None:
    old = kit.seal("t1")
    how = {"copied_instances": ["face"], "supersedes": old.record_id}
    flagged = [kit.seal("t2", **how), kit.seal("t3", copied_instances=["face"])]
    assert [kit.row(one.record_id).flags for one in flagged] == [("COPY_UNFOUNDED",)] * 2
    kit.moves(kit.seal("t4").record_id, "SENT", "RECEIPTED", "HELD")
    older = store.of_transaction(kit.connection, "t4")
    files = captures("t5")
    new = manifest(store.next_record_id(kit.connection), "t5", files, supersedes=older.record_id)
    new["instances"]["face"] = {"outcome": "ACQUIRED", "sha256": None}
    new["copied_instances"] = ["face"]
    good = store.seal_record(kit.connection, kit.root, files, new, kit.keys)
    assert kit.row(good.record_id).flags == ()


def test_superseding_never_stops_a_person(kit: Kit) -> None:
    old = kit.seal("t1")
    kit.moves(old.record_id, "SENT")  # under way: it goes on by itself
    new = kit.seal("t2", supersedes=old.record_id)
    assert kit.row(old.record_id).state is State.SENT
    assert kit.row(new.record_id).supersedes == old.record_id
    elsewhere = kit.seal("t3", supersedes="01920000-0000-7000-8000-00000000beef")
    assert kit.row(elsewhere.record_id).state is State.QUEUED


def test_captures_are_erased_only_when_closed_and_old_enough(kit: Kit) -> None:
    closed, held = kit.seal("t1"), kit.seal("t2")
    kit.moves(closed.record_id, "SENT", "RECEIPTED", "HELD", "CLOSED")
    kit.moves(held.record_id, "SENT", "RECEIPTED", "HELD")
    store.save_receipt(kit.connection, closed.record_id, receipt_of(kit.row(closed.record_id)))
    day = timedelta(days=1)
    now = clock.now()
    assert store.erase_due(kit.connection, kit.root, now + 29 * day, retention_days=30) == []
    gone = store.erase_due(kit.connection, kit.root, now + 31 * day, retention_days=30)
    assert gone == [closed.record_id]
    assert (closed.path.exists(), held.path.exists()) == (False, True)
    assert kit.row(closed.record_id).erased_at is not None
    assert len(store.receipts(kit.connection, closed.record_id)) == 1
    assert not kit.sweep().alarm
    assert kit.examine().whole


def test_rows_can_be_neither_deleted_nor_rewritten(kit: Kit) -> None:
    sealed = kit.seal()
    store.save_receipt(kit.connection, sealed.record_id, receipt_of(kit.row(sealed.record_id)))
    audit.checkpoint(kit.connection, kit.keys.station_private)
    for table in ("audit", "checkpoint", "record", "receipt"):
        with pytest.raises(Exception, match="never deleted"):
            kit.connection.execute(f"DELETE FROM {table}")  # noqa: S608
    for change in ("audit SET at = ''", "checkpoint SET at = ''", "record SET sha256 = ''"):
        with pytest.raises(Exception, match="never changed"):
            kit.connection.execute(f"UPDATE {change}")
    with pytest.raises(Exception, match="only appended"):
        kit.connection.execute("INSERT OR REPLACE INTO audit VALUES (1, '', 0, '', '', '')")


def test_room_is_asked_for_before_a_person_sits_down(kit: Kit, monkeypatch) -> None:
    usage = shutil.disk_usage(kit.root)
    plenty = space.check(kit.connection, kit.place)
    assert plenty.enough == (usage.free > space.BALLAST_BYTES + plenty.needed)
    kit.seal("t1", captures("t1", 10_000))
    largest = store.records(kit.connection)[0].size
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=49 * largest))
    scarce = space.check(kit.connection, kit.place)
    assert not scarce.enough
    assert (scarce.record, scarce.records_left, scarce.needed) == (largest, 49, 50 * largest)
    assert space.release_ballast(kit.place)
    assert not space.release_ballast(kit.place)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=60 * largest))
    assert not space.check(kit.connection, kit.place).enough  # room, but none for the ballast


def test_crash_points_cost_nothing_and_are_all_named() -> None:
    assert crash.hook is None
    sources = Path(store.__file__).parent.glob("*.py")
    used = {
        part.split('"')[1]
        for source in sources
        for part in source.read_text("utf-8").split("crash.point(")[1:]
    }
    assert used == set(crash.POINTS)
    assert all(a != b for a, b in pairwise(crash.POINTS))
