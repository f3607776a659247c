"""The car: records on a disk to the centre, receipts on the same disk back."""

import json
import os
import shutil
from datetime import timedelta

import pytest
from centre_server import make_centre
from fake_centre import FakeCentre
from fake_station import NIK, STATION, Station

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.bundle import payload_in, read_bundle, read_return
from ektp_biocheck.delivery.bundle_centre import take_bundle
from ektp_biocheck.delivery.bundle_export import export
from ektp_biocheck.delivery.bundle_return import take_return
from ektp_biocheck.delivery.centre import answers, stations
from ektp_biocheck.delivery.messages import FinalStatus
from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records import clock, crash, store
from ektp_biocheck.records.states import State


@pytest.fixture
def station(tmp_path, monkeypatch):
    made = Station(tmp_path / "station")
    monkeypatch.setattr(clock, "now", made.clock)
    yield made
    made.connection.close()


@pytest.fixture
def centre(tmp_path, station):
    """A real centre's store that knows the station's key."""
    home = make_centre(tmp_path / "centre", stations=())
    with home.opened() as opened:
        register(opened, station)
        yield opened


def register(centre, station):
    with centre.engine.begin() as connection:
        stations.add(connection, stations.Station(STATION))
        stations.add_key(connection, STATION, station.key.public_key().public_bytes_raw())


@pytest.fixture
def disk(tmp_path):
    return tmp_path / "disk"


def copy(station, disk, **how):
    given = {"station": STATION, "key": station.key, "centres": ("centre",)} | how
    return export(station.connection, station.root, disk, **given)


def back(station, centre, disk, **how):
    given = {
        "station": STATION,
        "own": [station.key.public_key()],
        "keys": {"centre": centre.key.public_key()},
        "absent_after": timedelta(hours=24),
        "quarantine_after": 5,
    } | how
    return take_return(station.connection, disk, **given)


def test_there_and_back_everything_is_held(station, centre, disk):
    ids = station.seal(3)
    done = copy(station, disk)
    assert (done.copied, done.there, done.damaged, done.left) == (3, 0, (), 0)
    assert set(station.states()) == {State.QUEUED}  # the disk may be lost on the way
    answer = take_bundle(centre, disk)
    assert ([one.record_id for one in answer.receipts], answer.not_taken) == (ids, ())
    done = back(station, centre, disk)
    assert (done.receipted, done.found.answers, done.found.alarms) == (3, {"HELD": 3}, [])
    assert set(station.states()) == {State.HELD}
    assert all(station.intact(record_id) for record_id in ids)


def test_statements_travel_too_and_close(station, centre, disk):
    (record_id,) = station.seal()
    copy(station, disk)
    take_bundle(centre, disk)
    answers.add_statement(centre, record_id, FinalStatus.PRINT_READY)
    take_bundle(centre, disk)  # taken in again: stored once, answered anew
    assert back(station, centre, disk).found.statements == 1
    assert station.state(record_id) is State.CLOSED
    again = back(station, centre, disk)
    assert (again.found.statements, again.found.alarms) == (0, [])


def test_the_line_and_the_car_at_once_apply_once(station, disk, centre):
    """The line came back while the car was on its way."""
    (record_id,) = station.seal()
    copy(station, disk)
    fake = FakeCentre()
    station.sender(fake, fake.keys).send_due()
    take_bundle(centre, disk)
    assert back(station, centre, disk).receipted == 1
    assert station.state(record_id) is State.HELD
    assert len(store.receipts(station.connection, record_id)) == 2


def test_an_interrupted_copy_goes_on_where_it_stopped(station, disk, centre):
    station.seal(5)
    asked = iter([False, False, True])
    with pytest.raises(KeyboardInterrupt):
        copy(station, disk, stop=lambda: next(asked))
    assert not (disk / "bundle.json").exists()
    with pytest.raises(UnreadableError, match="is this the folder of a bundle"):
        take_bundle(centre, disk)
    done = copy(station, disk)
    assert (done.copied, done.there) == (3, 2)
    assert len(take_bundle(centre, disk).receipts) == 5


@pytest.mark.parametrize("label", ["bundle:copied", "bundle:signed"])
def test_a_crash_at_any_step_of_the_export_is_gone_on_from(station, disk, centre, label):
    class PowerCut(BaseException):
        pass

    def cut(at):
        if at == label:
            raise PowerCut

    station.seal(2)
    crash.hook = cut
    try:
        with pytest.raises(PowerCut):
            copy(station, disk)
    finally:
        crash.hook = None
    copy(station, disk)
    assert len(take_bundle(centre, disk).receipts) == 2


def test_a_copy_that_was_harmed_is_copied_again_or_reported(station, disk, centre):
    one, two, three = station.seal(3)
    copy(station, disk)
    with payload_in(disk, one).open("r+b") as file:
        file.seek(100)
        file.write(b"\0\0\0\0")
    payload_in(disk, two).unlink()
    answer = take_bundle(centre, disk)
    assert [(bad.record_id, bad.code) for bad in answer.not_taken] == [
        (one, "damaged"),
        (two, "missing"),
    ]
    done = back(station, centre, disk)
    assert (done.receipted, len(done.not_taken)) == (1, 2)
    assert [station.state(record_id) for record_id in (one, two, three)] == [
        State.QUEUED,
        State.QUEUED,
        State.HELD,
    ]
    assert store.record(station.connection, one).refusals == 0
    assert copy(station, disk.with_name("second")).copied == 2


def test_a_harmed_payload_at_the_station_is_told_and_not_copied(station, disk):
    one, two, three = station.seal(3)
    station.damage(one)
    station.place.payload(two).unlink()
    done = copy(station, disk)
    assert (done.copied, set(done.damaged)) == (1, {one, two})
    assert [said.record_id for said in read_bundle(disk)[0].records] == [three]


def test_a_full_disk_takes_what_fits(station, disk, monkeypatch):
    station.seal(3)
    free = iter([10**9, 10**9, 10])
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(
        "ektp_biocheck.delivery.bundle_export.shutil.disk_usage",
        lambda _: usage._replace(free=next(free)),
    )
    done = copy(station, disk)
    assert (done.copied, done.left) == (2, 1)


def test_a_disk_that_does_not_keep_what_is_written_is_found_out(station, disk, monkeypatch):
    station.seal()
    monkeypatch.setattr("ektp_biocheck.delivery.bundle_export._hash", lambda _: "0" * 64)
    with pytest.raises(OSError, match="the disk is bad"):
        copy(station, disk)
    assert not list(disk.glob("records/*.sealed"))


def test_a_bundle_that_somebody_changed_is_refused(station, disk, centre):
    station.seal(2)
    copy(station, disk)
    path = disk / "bundle.json"
    fields = json.loads(path.read_bytes())
    fields["records"].pop()
    path.write_text(json.dumps(fields))
    with pytest.raises(InputError, match="not signed by station kec-01"):
        take_bundle(centre, disk)


def test_a_bundle_of_an_unknown_station_is_refused(station, disk, tmp_path):
    station.seal()
    copy(station, disk)
    with (
        make_centre(tmp_path / "other", stations=()).opened() as other,
        pytest.raises(InputError, match="kec-01, which is not registered"),
    ):
        take_bundle(other, disk)


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b"\xff", b'{"station": "../.."}'])
def test_nonsense_instead_of_a_manifest_is_refused_by_name(disk, centre, text):
    disk.mkdir()
    (disk / "bundle.json").write_bytes(text)
    with pytest.raises(InputError, match=r"bundle\.json: not a message"):
        take_bundle(centre, disk)


def test_links_on_a_foreign_disk_are_not_followed(station, disk, centre, tmp_path):
    (record_id,) = station.seal()
    copy(station, disk)
    path = payload_in(disk, record_id)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert [bad.code for bad in take_bundle(centre, disk).not_taken] == ["missing"]
    path.unlink()
    os.mkfifo(path)
    assert [bad.code for bad in take_bundle(centre, disk).not_taken] == ["missing"]


def test_an_answer_that_cannot_be_believed_changes_nothing(station, disk, centre):
    (record_id,) = station.seal()
    copy(station, disk)
    take_bundle(centre, disk)
    stranger = {"centre": Station(disk.with_name("stranger")).key.public_key()}
    with pytest.raises(InputError, match="cannot be believed"):
        back(station, centre, disk, keys=stranger)
    copy(station, disk.with_name("second"))
    shutil.copy(disk / "return.json", disk.with_name("second"))
    with pytest.raises(InputError, match="answer to another bundle"):
        back(station, centre, disk.with_name("second"))
    with pytest.raises(InputError, match="no bundle that this station made"):
        back(station, centre, disk, own=[])
    assert station.state(record_id) is State.QUEUED


def test_a_refusal_on_the_disk_counts_once_however_often_it_is_taken_in(station, disk, centre):
    (record_id,) = station.seal()
    copy(station, disk)
    centre._seal_check = refuse
    take_bundle(centre, disk)
    assert [bad.code for bad in read_return(disk).not_taken] == ["wrong_seal"]
    for _ in range(3):
        back(station, centre, disk)
    row = store.record(station.connection, record_id)
    assert (row.refusals, row.state) == (1, State.QUEUED)
    assert "wrong_seal" in row.last_error


def refuse(*_):
    raise InputError("no")


def test_a_folder_with_something_else_in_it_is_not_touched(station, disk):
    station.seal()
    disk.mkdir()
    (disk / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match="is not empty"):
        copy(station, disk)
    with pytest.raises(InputError, match="is a file"):
        copy(station, disk / "holiday.jpg")


def test_a_bundle_that_came_back_is_not_exported_into(station, disk, centre):
    station.seal()
    copy(station, disk)
    take_bundle(centre, disk)
    with pytest.raises(InputError, match="came back from the centre"):
        copy(station, disk)


def test_what_travels_is_seen_in_the_outbox(station, disk, centre):
    station.seal(2)
    copy(station, disk)
    assert {one.exported_at for one in outbox.waiting(station.connection)} == {
        "2026-01-05T08:00:00.000Z"
    }
    take_bundle(centre, disk)
    back(station, centre, disk)
    assert list(outbox.waiting(station.connection)) == []


def test_nothing_on_the_disk_names_or_shows_a_person(station, disk, centre):
    (record_id,) = station.seal(note=NIK, size=5_000)
    copy(station, disk)
    take_bundle(centre, disk)
    for path in disk.rglob("*"):
        if path.is_file() and path.suffix == ".json":
            assert NIK.encode() not in path.read_bytes()
            assert b"A001" not in path.read_bytes()
        if path.is_file():
            assert station.images[record_id][100:200] not in path.read_bytes()
