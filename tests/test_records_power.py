"""Power cuts, failing disks and full disks, each at every moment."""

import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ektp_biocheck.records import audit, clock, files, space, store
from ektp_biocheck.records.database import writing
from ektp_biocheck.records.rows import all_records
from tests.crash_disk import Database, Disk, fail_at, full_from, patched_os
from tests.crash_kit import (
    Kit,
    add_events,
    captures,
    check_invariant,
    make_kit,
    manifest,
    receipt_of,
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="patches POSIX calls")

WAL = ("WAL", "FULL")
DELETE = ("DELETE", "EXTRA")


def _serve(kit: Kit, name: str) -> str:
    """Seal a person and let an answer of the centre come in; return the hash on the receipt."""
    add_events(kit.connection, name)
    sealed = _seal(kit, name)
    kit.moves(sealed.record_id, "SENT")
    with writing(kit.connection):
        row = kit.row(sealed.record_id)
        store.save_receipt(kit.connection, sealed.record_id, receipt_of(row))
        kit.moves(sealed.record_id, "RECEIPTED")
    return sealed.sha256


def _seal(kit: Kit, name: str) -> store.SealedRecord:
    taken = captures(name, 1_000)
    made = manifest(_id_of(name), name, taken)
    return store.seal_record(kit.connection, kit.root, taken, made, kit.keys)


def _id_of(name: str) -> str:
    """A station that seals again after a failure does so under the same record id."""
    return f"01920000-0000-7000-8000-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _noted_day(root: Path, modes: tuple[str, str], persons: int) -> tuple[Disk, dict[int, str]]:
    """Let a station work on a noting disk; return its log and after which entry who had what."""
    kit = make_kit(root)  # makes the keys' folder and the tables
    kit.connection.close()
    disk = Disk(root)
    receipts: dict[int, str] = {}
    database = Database(disk, kit.place.database, modes)
    with patched_os(disk), closing(database):
        kit.connection = database
        for number in range(persons):
            sha256 = _serve(kit, f"person-{number}")
            receipts[len(disk.log)] = f"person-{number} {sha256}"
        audit.checkpoint(database, kit.keys.station_private)
    return disk, receipts


def _cut(disk: Disk, receipts: dict[int, str], to: Path, cuts: int, seed: int) -> tuple[int, int]:
    """Cut the power at random moments; return how many cuts broke the promise, and receipts."""
    rng = random.Random(seed)  # noqa: S311
    broken = promised = 0
    for number in range(cuts):
        at = rng.randrange(disk.prepared, len(disk.log) + 1)
        left = to / str(number)
        left.mkdir(parents=True)
        disk.after_cut(at, rng, left)
        known = dict(text.split() for entry, text in receipts.items() if entry <= at)
        promised += len(known)
        try:
            check_invariant(left, known)
        except Exception:  # noqa: BLE001 - a torn database may break anything
            broken += 1
        shutil.rmtree(left)
    return broken, promised


@pytest.mark.parametrize("modes", [WAL, DELETE])
def test_a_power_cut_loses_nothing_that_was_promised(tmp_path: Path, modes) -> None:
    disk, receipts = _noted_day(tmp_path / "station", modes, persons=3)
    broken, promised = _cut(disk, receipts, tmp_path / "cuts", cuts=25, seed=3)
    assert promised > 0
    assert broken == 0


@pytest.mark.parametrize("modes", [("WAL", "OFF"), ("DELETE", "OFF")])
def test_the_power_cut_bites_when_the_database_is_not_synced(tmp_path: Path, modes) -> None:
    disk, receipts = _noted_day(tmp_path / "station", modes, persons=3)
    broken, _ = _cut(disk, receipts, tmp_path / "cuts", cuts=15, seed=3)
    assert broken > 0


@pytest.mark.parametrize("forgotten", ["file", "folder"])
def test_the_power_cut_bites_when_the_payload_is_not_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgotten: str
) -> None:
    if forgotten == "folder":
        monkeypatch.setattr(files, "sync_folder", lambda _folder: None)
    else:
        monkeypatch.setattr(files, "_write_synced", lambda path, data: _unsynced(path, data))
    disk, receipts = _noted_day(tmp_path / "station", DELETE, persons=3)
    broken, _ = _cut(disk, receipts, tmp_path / "cuts", cuts=25, seed=3)
    assert broken > 0


def _unsynced(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(handle, data)
    os.close(handle)


@pytest.mark.long
@pytest.mark.parametrize("modes", [WAL, DELETE])
def test_hundreds_of_power_cuts(tmp_path: Path, modes, capsys) -> None:
    disk, receipts = _noted_day(tmp_path / "station", modes, persons=12)
    broken, promised = _cut(disk, receipts, tmp_path / "cuts", cuts=400, seed=4)
    with capsys.disabled():
        print(f"\n{'/'.join(modes)}: 400 power cuts, {promised} receipts, {broken} broken")
    assert broken == 0


class Bench:
    """Runs one step of a station's work with a disturbed disk, again and again."""

    def __init__(self, folder: Path, modes: tuple[str, str]) -> None:
        self.folder, self.modes = folder, modes
        kit = make_kit(folder / "template")
        _serve(kit, "earlier")
        space.keep_ballast(kit.place, 500)
        kit.connection.close()
        self.number = 0

    def run(self, watch_of: Callable[[Disk, Path], Any], work: Callable[[Kit], Any]) -> "Outcome":
        self.number += 1
        root = self.folder / str(self.number)
        shutil.copytree(self.folder / "template", root)
        kit = make_kit(root)
        kit.connection.close()
        disk = Disk(root)
        database = Database(disk, kit.place.database, self.modes)
        disk.steps = 0
        disk.watch = watch_of(disk, kit.place.ballast)
        kit.connection = database
        error: BaseException | None = None
        value = None
        with patched_os(disk):
            try:
                value = work(kit)
            except (OSError, sqlite3.Error) as failure:
                error = failure
            disk.watch = lambda _kind: None
            steps = disk.steps
            again = _serve_again(kit) if error else value  # the disk works again
            database.close()
        return Outcome(root, value, error, steps, again)


class Outcome:
    def __init__(self, root: Path, value: Any, error: Any, steps: int, again: Any) -> None:
        self.root, self.value, self.error = root, value, error
        self.steps, self.again = steps, again

    def check(self) -> None:
        check_invariant(self.root, {"now": self.again})
        with closing(make_kit(self.root).connection) as connection:
            sealed = [row.transaction for row in all_records(connection)]
        assert sorted(sealed) == ["earlier", "now"]
        shutil.rmtree(self.root)


def _serve_again(kit: Kit) -> str:
    """Do what the station does after an error: seal again, with the captures still at hand."""
    sealed = _seal(kit, "now")
    assert not kit.examine().problems
    return sealed.sha256


@pytest.mark.parametrize("modes", [WAL, DELETE])
def test_every_file_operation_may_fail_once(tmp_path: Path, modes) -> None:
    bench = Bench(tmp_path, modes)
    calm = bench.run(lambda _disk, _ballast: lambda _kind: None, lambda kit: _serve(kit, "now"))
    calm.check()
    failed = 0
    for number in range(1, calm.steps + 1):
        end = bench.run(lambda disk, _: fail_at(disk, number), lambda kit: _serve(kit, "now"))  # noqa: B023
        failed += end.error is not None
        end.check()
    assert calm.steps > 20
    assert failed > calm.steps // 2  # some failures are harmless: the last sync before closing


@pytest.mark.parametrize("modes", [WAL, DELETE])
def test_the_disk_may_fill_up_at_every_write(tmp_path: Path, modes) -> None:
    bench = Bench(tmp_path, modes)
    calm = bench.run(lambda _disk, _ballast: lambda _kind: None, _seal_now)
    released = 0
    for number in range(1, calm.steps + 1):
        end = bench.run(lambda disk, ballast: full_from(disk, number, ballast), _seal_now)  # noqa: B023
        assert end.error is None, f"write {number}: the ballast did not help: {end.error}"
        released += not (end.root / "ballast").exists()
        end.check()
    assert released > 3


def _seal_now(kit: Kit) -> str:
    return _seal(kit, "now").sha256


def test_without_ballast_a_full_disk_costs_an_error_and_nothing_else(tmp_path: Path) -> None:
    bench = Bench(tmp_path, DELETE)

    def full(disk: Disk, _ballast: Path) -> Callable[[str], None]:
        return full_from(disk, 1, disk.root)  # which never goes

    end = bench.run(full, _seal_now)
    assert space.is_full(end.error)
    end.check()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run([mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=False)  # noqa: S603
    if made.returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run([umount, folder], check=True)  # noqa: S603


def test_a_real_disk_fills_up(small_disk: Path) -> None:
    kit = make_kit(small_disk / "station")
    space.keep_ballast(kit.place, 400_000)
    receipts: dict[str, str] = {}

    def serve_until_full() -> None:
        for number in range(100):
            taken = captures(f"p{number}", 20_000)
            receipts[f"p{number}"] = kit.seal(f"p{number}", taken).sha256

    with pytest.raises((OSError, sqlite3.Error)) as failure:
        serve_until_full()
    assert space.is_full(failure.value)
    assert not kit.place.ballast.exists()  # the person in the chair had its room
    assert len(receipts) > 10
    (small_disk / "station" / "sealed").joinpath("x.sealed.tmp").write_bytes(b"")
    kit.connection.close()
    with closing(make_kit(small_disk / "station").connection) as connection:
        row = next(all_records(connection))
        receipts.pop(row.transaction)
        for state in ("SENT", "RECEIPTED", "HELD", "CLOSED"):
            store.move(connection, row.record_id, state, "test", actor="sender")
        gone = store.erase_due(connection, small_disk / "station", _late(), retention_days=0)
        assert gone == [row.record_id]
    check_invariant(small_disk / "station", receipts)


def _late() -> datetime:
    return clock.now() + timedelta(days=1)
