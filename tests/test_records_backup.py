"""Backup and restore: a copy that is true, and a return after which nothing is applied twice."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from ektp_biocheck.cli import main
from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records import audit, backup, clock, crash, keys, seal, store
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.restore import restore, restore_payloads
from ektp_biocheck.records.states import State
from tests.crash_kit import Kit, add_events, captures, make_kit, signing_key


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    made = make_kit(tmp_path / "station")
    _keys_to_disk(made)
    add_events(made.connection, "t1")
    made.seal("t1")
    made.seal("t2")
    yield made
    made.connection.close()


def _keys_to_disk(kit: Kit) -> None:
    keys.save_private(kit.keys.station_private, kit.place.keys / "station.key")
    keys.save_public(kit.keys.station_private.public_key(), kit.place.keys / "station.pub")
    keys.save_public(kit.keys.centre_public, kit.place.keys / "centre-seal.pub")


def _back_up(kit: Kit, to: Path, **how) -> backup.Backup:
    return backup.back_up(kit.connection, kit.place, kit.keys, to, **how)


class Centre:
    """Applies each record once, and says what it holds."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.applied: list[str] = []

    def take(self, kit: Kit, row: store.RecordRow) -> None:
        data = store.payload(kit.connection, kit.root, row.record_id)
        envelope = seal.verify(data, kit.keys.station_private.public_key())
        assert envelope.sha256 == row.sha256
        if self.held.setdefault(row.record_id, row.sha256) != row.sha256:
            raise AssertionError("one id, two contents")
        if row.record_id not in self.applied:
            self.applied.append(row.record_id)
        store.move(kit.connection, row.record_id, "SENT", "test", actor="sender")

    def reconcile(self, kit: Kit) -> None:
        for row in store.records(kit.connection):
            if self.held.get(row.record_id) == row.sha256 and row.state != State.HELD:
                store.move(kit.connection, row.record_id, "HELD", "inventory", actor="reconcile")
        store.reconciled(kit.connection)


def test_restored_from_yesterdays_backup_nothing_is_applied_twice(kit: Kit, tmp_path: Path) -> None:
    centre = Centre()
    centre.take(kit, store.due(kit.connection, clock.now())[0])
    _back_up(kit, tmp_path / "usb")
    kit.seal("t3")  # today: sealed and sent after the backup
    kit.seal("t4")
    for row in store.due(kit.connection, clock.now()):
        if row.state is State.QUEUED:
            centre.take(kit, row)
    events_before = kit.connection.execute("SELECT max(seq) FROM event").fetchone()[0]
    sequences = {row.sequence for row in store.records(kit.connection)}
    kit.connection.close()
    kit.place.database.unlink()  # the disk fails; the sealed files survive in part
    kit.place.payload(centre.applied[0]).unlink()
    back = restore(tmp_path / "usb", kit.place)
    kit.reopen()
    assert (back.copied, back.damaged, back.checked_key) == (1, (), True)
    assert len(back.sweep.adopted) == 2
    assert {row.sequence for row in store.records(kit.connection)} == sequences
    assert store.due(kit.connection, clock.now()) == []  # first the centre is asked
    assert store.must_reconcile(kit.connection)
    centre.reconcile(kit)
    assert store.due(kit.connection, clock.now()) == []  # it has them all
    new = kit.seal("t5")
    assert new.sequence > max(sequences) + 1_000
    assert new.record_id > max(centre.applied)
    add_events(kit.connection, "t6")
    assert kit.connection.execute("SELECT max(seq) FROM event").fetchone()[0] > events_before
    centre.take(kit, kit.row(new.record_id))
    assert len(centre.applied) == len(set(centre.applied)) == 5
    verdict = kit.examine()
    assert verdict.whole
    notes = [one.code for one in verdict.notes]
    assert notes == ["RESTORED", "SEALED_BEFORE_RESTORE", "SEALED_BEFORE_RESTORE"]


def test_the_same_backup_twice_never_repeats_a_number(kit: Kit, tmp_path: Path) -> None:
    _back_up(kit, tmp_path / "usb")
    numbers = []
    for name in ("first", "second"):
        place = StationFolder(tmp_path / name)
        shutil.copytree(kit.place.keys, place.keys)
        restore(tmp_path / "usb", place)
        one = make_kit(place.root)
        numbers.append(one.seal(name).sequence)
        one.connection.close()
    assert numbers[0] != numbers[1]


def test_a_restore_shows_in_the_chain_as_what_it_is(kit: Kit, tmp_path: Path) -> None:
    made = _back_up(kit, tmp_path / "usb")
    kit.seal("t3")
    seen = audit.head(kit.connection)
    kit.connection.close()
    restore(tmp_path / "usb", kit.place, replace=True)
    assert (kit.root / "replaced" / "1" / "station.db").exists()
    kit.reopen()
    (row,) = audit.data_of(kit.connection, "restored")
    assert row[3]["head"] == str(made.label.head)
    verdict = kit.examine([seen])
    assert [one.code for one in verdict.notes] == ["RESTORED", "SEALED_BEFORE_RESTORE"]
    assert [one.code for one in verdict.problems] == ["HEAD_UNKNOWN"]  # the centre knows more


def test_a_second_backup_copies_only_what_is_new(kit: Kit, tmp_path: Path) -> None:
    to = tmp_path / "usb"
    assert _back_up(kit, to).copied == 2
    kit.seal("t3")
    done = []
    again = _back_up(kit, to, step=lambda n, total: done.append((n, total)))
    assert (again.records, again.copied) == (3, 1)
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert len(list(to.glob("*.db"))) == 1
    sealed = next((to / "sealed").iterdir())
    sealed.write_bytes(b"\0" * sealed.stat().st_size)
    assert _back_up(kit, to).copied == 0
    assert _back_up(kit, to, deep=True).copied == 1


def test_what_retention_erased_goes_from_the_backup_too(kit: Kit, tmp_path: Path) -> None:
    to = tmp_path / "usb"
    _back_up(kit, to)
    record_id = store.records(kit.connection)[0].record_id
    for state in ("SENT", "HELD", "CLOSED"):
        store.move(kit.connection, record_id, state, "test", actor="sender")
    store.erase_due(kit.connection, kit.root, clock.now() + timedelta(1), retention_days=0)
    _back_up(kit, to)
    assert not StationFolder(to).payload(record_id).exists()


def test_no_private_key_and_nothing_readable_is_in_a_backup(kit: Kit, tmp_path: Path) -> None:
    _back_up(kit, tmp_path / "usb")
    content = b"".join(p.read_bytes() for p in (tmp_path / "usb").rglob("*") if p.is_file())
    assert b"PRIVATE" not in content
    assert kit.keys.station_private.private_bytes_raw() not in content
    for image in captures("t1").values():
        assert image[:12] not in content


def test_a_backup_cut_off_anywhere_leaves_the_one_before(kit: Kit, tmp_path: Path) -> None:
    to, trusted = tmp_path / "usb", kit.keys.trusted
    before = _back_up(kit, to).label
    kit.seal("t3")
    points = []
    crash.hook = points.append
    _back_up(kit, tmp_path / "other")
    for number in range(1, len(points)):
        passed = []

        def stop(label: str, passed=passed, number=number) -> None:
            passed.append(label)
            if len(passed) == number:
                raise KeyboardInterrupt

        crash.hook = stop
        with suppress(KeyboardInterrupt):
            _back_up(kit, to)
        crash.hook = None
        label = backup.read_label(to, trusted)
        place = StationFolder(tmp_path / f"back-{number}")
        shutil.copytree(kit.place.keys, place.keys)
        back = restore(to, place)
        assert back.damaged == ()
        assert label.records in (2, 3)
    assert number > 10
    assert before.records == 2
    assert _back_up(kit, to).records == 3


def test_a_backup_of_damaged_things_says_so(kit: Kit, tmp_path: Path) -> None:
    to = tmp_path / "usb"
    sealed = kit.place.payload(store.records(kit.connection)[1].record_id)
    sealed.write_bytes(b"x" * sealed.stat().st_size)
    assert _back_up(kit, to).damaged == (sealed.stem,)
    kit.connection.execute("DROP TRIGGER audit_fixed")
    kit.connection.execute("UPDATE audit SET kind = 'x' WHERE seq = 2")
    with pytest.raises(UnreadableError, match="audit verify"):
        _back_up(kit, to)
    assert backup.read_label(to, kit.keys.trusted).records == 2


def test_a_damaged_or_foreign_backup_is_refused(kit: Kit, tmp_path: Path) -> None:
    to, empty = tmp_path / "usb", StationFolder(tmp_path / "empty")
    _back_up(kit, to)
    with pytest.raises(InputError, match="exists: say --replace"):
        restore(to, kit.place)
    with pytest.raises(InputError, match="no backup"):
        restore(tmp_path / "nowhere", StationFolder(tmp_path / "empty"))
    keys.save_public(signing_key("other").public_key(), empty.keys / "station.pub")
    with pytest.raises(InputError, match="another station"):
        restore(to, empty)
    with pytest.raises(InputError, match="another station"):
        backup.back_up(
            kit.connection, kit.place, keys.Keys(signing_key("x"), kit.keys.centre_public), to
        )
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "holiday.jpg").write_bytes(b"")
    with pytest.raises(InputError, match="something else"):
        _back_up(kit, tmp_path / "full")
    label = (to / "backup.json").read_bytes()
    (to / "backup.json").write_bytes(label.replace(b'"records":2', b'"records":3'))
    with pytest.raises(UnreadableError, match="damaged"):
        backup.read_label(to, kit.keys.trusted)
    (to / "backup.json").write_bytes(label)
    database = next(to.glob("*.db"))
    database.write_bytes(database.read_bytes()[:-1] + b"x")
    with pytest.raises(UnreadableError, match="damaged"):
        backup.read_label(to, kit.keys.trusted)


def test_a_station_set_up_anew_goes_on_with_a_new_key(kit: Kit, tmp_path: Path) -> None:
    _back_up(kit, tmp_path / "usb")
    place = StationFolder(tmp_path / "new kit")
    back = restore(tmp_path / "usb", place)
    assert not back.checked_key
    keys.make_station_keys(place.keys)
    keys.save_public(kit.keys.centre_public, place.keys / "centre-seal.pub")
    loaded = keys.load_keys(place.keys)
    assert [keys.key_id(key) for key in loaded.retired] == [
        keys.key_id(kit.keys.station_private.public_key())
    ]
    one = make_kit(place.root)
    one.keys = loaded
    one.seal("t3")
    assert not one.sweep(deep=True).alarm
    assert one.examine().whole
    _back_up(one, tmp_path / "new usb")
    one.connection.close()


def test_a_lost_file_comes_back_from_the_backup(kit: Kit, tmp_path: Path) -> None:
    _back_up(kit, tmp_path / "usb")
    lost, damaged = (kit.place.payload(row.record_id) for row in store.records(kit.connection))
    lost.unlink()
    damaged.write_bytes(b"bad")
    assert len(kit.sweep().lost) == 2
    back, found = restore_payloads(tmp_path / "usb", kit.place, kit.connection)
    assert sorted(back) == sorted(found.found) == sorted([lost.stem, damaged.stem])
    assert kit.examine().whole
    assert store.counts(kit.connection)[State.QUEUED] == 2


def test_a_station_that_lost_its_database_does_not_spoil_the_backup(
    kit: Kit, tmp_path: Path
) -> None:
    to = tmp_path / "usb"
    _back_up(kit, to)
    before = _content(to)
    kit.connection.close()
    kit.place.database.unlink()
    kit.reopen()  # an empty one in its place
    with pytest.raises(UnreadableError, match=r"audit row .* restore"):
        _back_up(kit, to)
    assert _content(to) == before
    with pytest.raises(UnreadableError, match=r"2 sealed files .* are not in station\.db"):
        _back_up(kit, tmp_path / "usb 2")
    kit.sweep()  # adopts both: a chain of its own, longer in time, but no continuation
    for name in ("t3", "t4", "t5", "t6"):
        kit.seal(name)
    assert audit.head(kit.connection).seq > backup.read_label(to, kit.keys.trusted).audit_seq
    with pytest.raises(UnreadableError, match="audit row"):
        _back_up(kit, to)
    assert _content(to) == before
    assert _back_up(kit, tmp_path / "usb 2").records == 6


def test_an_older_station_does_not_replace_a_newer_backup(kit: Kit, tmp_path: Path) -> None:
    _back_up(kit, tmp_path / "old")
    kit.seal("t3")
    _back_up(kit, tmp_path / "new")
    kit.connection.close()
    restore(tmp_path / "old", kit.place, replace=True)
    kit.reopen()
    with pytest.raises(UnreadableError, match="lost or put back"):
        _back_up(kit, tmp_path / "new")
    assert _back_up(kit, tmp_path / "old").records == 3  # a continuation of this one


def test_a_station_that_cannot_be_written_to_leaves_the_backup(kit: Kit, tmp_path: Path) -> None:
    to = tmp_path / "usb"
    _back_up(kit, to)
    kit.seal("t3")
    before = _content(to)
    kit.connection.execute("PRAGMA query_only = ON")  # what a read-only disk answers
    with pytest.raises(OSError, match=r"cannot be written to .*readonly"):
        _back_up(kit, to)
    assert _content(to) == before
    assert not (tmp_path / "usb 2").exists()


@pytest.mark.parametrize("name", [".", "backup", "sealed"])
def test_a_backup_within_the_station_is_refused(kit: Kit, name: str) -> None:
    before = _content(kit.root)
    with pytest.raises(InputError, match="another disk"):
        _back_up(kit, kit.root / name)
    assert _content(kit.root) == before


def _content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- the commands --------------------------------------------------------------------------------


def _run(*args: object):
    return CliRunner().invoke(main, [str(arg) for arg in args])


def test_the_commands_make_the_round(kit: Kit, tmp_path: Path) -> None:
    kit.connection.close()
    told = _run("backup", kit.root, tmp_path / "usb")
    assert (told.exit_code, told.output) == (0, "Backup complete: 2 records, 2 new files copied.\n")
    told = _run("restore", tmp_path / "usb", tmp_path / "new", "--lang", "id")
    assert told.exit_code == 0
    assert "2 berkas disalin" in told.output
    assert "Kunci stasiun tidak ada" in told.output
    assert "ektp-biocheck reconcile" in told.output
    told = _run("restore", tmp_path / "usb", kit.root)
    assert (told.exit_code, "--replace" in told.output) == (2, True)
    assert _run("restore", tmp_path / "usb", kit.root, "--replace").exit_code == 0
    assert _run("audit", "verify", kit.root).exit_code == 0
    kit.reopen()


def test_the_commands_name_what_is_lost(kit: Kit, tmp_path: Path) -> None:
    record_id = store.records(kit.connection)[0].record_id
    kit.connection.close()
    assert _run("backup", kit.root, tmp_path / "usb").exit_code == 0
    kit.place.payload(record_id).unlink()
    told = _run("restore", tmp_path / "usb", kit.root, "--payloads-only")
    assert (told.exit_code, told.output.split(" ")[0]) == (0, "1")
    kit.place.payload(record_id).unlink()
    told = _run("backup", kit.root, tmp_path / "usb 2", "--lang", "id")
    assert told.exit_code == 1
    assert f"hilang atau rusak:\n  {record_id}" in told.output
    told = _run("restore", tmp_path / "usb 2", tmp_path / "new")
    assert (told.exit_code, record_id in told.output) == (1, True)
    kit.reopen()


def test_the_commands_end_plainly(kit: Kit, tmp_path: Path) -> None:
    assert _run("backup", tmp_path, tmp_path / "usb").exit_code == 2
    told = _run("restore", kit.root, tmp_path / "new")
    assert (told.exit_code, "is no backup: backup.json" in told.output) == (2, True)
    told = _run("restore", kit.root, kit.root, "--payloads-only")
    assert (told.exit_code, "is no backup" in told.output) == (2, True)
    _run("backup", kit.root, tmp_path / "usb")
    (tmp_path / "usb" / "backup.json").write_bytes(b"{}")
    told = _run("restore", tmp_path / "usb", tmp_path / "new")
    assert (told.exit_code, "use another backup" in told.output) == (3, True)
    (tmp_path / "usb" / "backup.json").unlink()
    (tmp_path / "usb" / "backup.json").mkdir()
    assert _run("restore", tmp_path / "usb", tmp_path / "new").exit_code == 3
    for command in ("backup", "restore"):
        assert "Exit codes" in _run(command, "--help").output


@pytest.mark.parametrize("left", [None, b"", b"no database at all" * 300])
def test_a_lost_database_is_told_and_never_made_anew(
    kit: Kit, tmp_path: Path, left: bytes | None
) -> None:
    assert _run("backup", kit.root, tmp_path / "usb").exit_code == 0
    kit.connection.close()
    kit.place.database.unlink()
    if left is not None:
        kit.place.database.write_bytes(left)
    before = _content(tmp_path)
    for command in (
        ("backup", kit.root, tmp_path / "usb"),
        ("backup", kit.root, tmp_path / "other"),
        ("audit", "verify", kit.root),
        ("restore", tmp_path / "usb", kit.root, "--payloads-only"),
    ):
        told = _run(*command)
        assert (told.exit_code, "ektp-biocheck restore" in told.output) == (3, True), told.output
        assert "station.db" in told.output
    assert _content(tmp_path) == before
    more = ["--replace"] if left else []
    assert _run("restore", tmp_path / "usb", kit.root, *more).exit_code == 0
    assert _run("backup", kit.root, tmp_path / "usb").exit_code == 0
    kit.reopen()


def test_a_failing_database_ends_in_one_line(kit: Kit, tmp_path: Path, monkeypatch) -> None:
    for error, code in ((sqlite3.OperationalError, 2), (sqlite3.DatabaseError, 3)):

        def fail(*_args, error=error, **_how):
            raise error("disk I/O error")

        monkeypatch.setattr(backup, "back_up", fail)
        told = _run("backup", kit.root, tmp_path / "usb")
        assert (told.exit_code, told.output.count("\n")) == (code, 1)
        assert "disk I/O error" in told.output


def test_a_station_makes_its_keys_with_one_command(tmp_path: Path) -> None:
    keys.make_centre_keys(tmp_path / "centre")
    told = _run("keys", tmp_path / "station", "--centre", tmp_path / "centre")
    loaded = keys.load_keys(tmp_path / "station" / "keys")
    assert (told.exit_code, keys.key_id(loaded.trusted[0]) in told.output) == (0, True)
    again = _run("keys", tmp_path / "station", "--lang", "id")
    assert keys.key_id(loaded.trusted[0]) in again.output  # kept
    keys.make_centre_keys(tmp_path / "other")
    told = _run("keys", tmp_path / "station", "--centre", tmp_path / "other")
    assert (told.exit_code, "another key" in told.output) == (2, True)
    told = _run("keys", tmp_path / "new")
    assert (told.exit_code, "--centre FOLDER" in told.output) == (0, True)  # its own key is made
    assert _run("keys", tmp_path / "new", "--centre", tmp_path / "station").exit_code == 2
