"""A station's folder: one program at a time, writable, its own code; and what begins a person."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from people import RIGHT_RING
from stations import NIK, Clock, Pictures, station

from ektp_biocheck.capture import Station, StationConfig
from ektp_biocheck.capture.daysheet import make_sheet
from ektp_biocheck.capture.nik import NikDoubtError
from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.records import store
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.space import keep_ballast

ODD = "3313059907550001"  # no day has the number 99 - 40


@pytest.fixture
def desk(tmp_path):
    with station(tmp_path / "station", Pictures(), clock=Clock()) as opened:
        yield opened


def test_one_program_at_a_time_works_in_a_folder(desk, tmp_path):
    with pytest.raises(InputError, match="another program works in this folder"):
        station(tmp_path / "station", Pictures())
    code = (
        "import sys; from pathlib import Path; from ektp_biocheck.capture import *\n"
        "try: Station(StationConfig('S', 'K', Path(sys.argv[1])))\n"
        "except ValueError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "station")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert "close it first" in told.stdout
    desk.close()
    station(tmp_path / "station", Pictures()).close()


def test_a_station_that_does_not_open_lets_the_folder_go(tmp_path):
    (tmp_path / "station.db").write_bytes(b"no database" * 100)
    for _ in range(2):
        with pytest.raises(UnreadableError, match="not a database"):
            Station(StationConfig("S", "K", tmp_path))


def test_a_code_that_is_not_the_folders_is_refused(desk, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "delivery.toml").write_text('station = "kec-01"\n')
    with pytest.raises(InputError, match=r"KEC-01.*kec-01"):
        Station(StationConfig("KEC-01", "Ngargoyoso", folder))
    Station(StationConfig("kec-01", "Ngargoyoso", folder)).close()
    (tmp_path / "station" / "delivery.toml").write_text('station = "kec-09"\n')
    with pytest.raises(InputError, match=r"kec-01.*kec-09"):
        desk.start_day()


def test_a_folder_that_cannot_be_written_is_said_at_the_opening(tmp_path, monkeypatch):
    def read_only(*_):
        raise OSError(30, "Read-only file system")

    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot be written"):
        Station(StationConfig("S", "K", tmp_path / "file" / "below"))
    with monkeypatch.context() as broken:
        broken.setattr(Path, "write_bytes", read_only)
        with pytest.raises(OSError, match="not read-only"):
            Station(StationConfig("S", "K", tmp_path / "data"))


def test_a_database_that_cannot_be_written_is_an_error_in_words(desk):
    desk._desk.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(OSError, match="cannot be written"):
        desk.begin(NIK, operator="op")


def test_on_a_full_disk_the_ballast_is_given_up_for_the_person(desk, monkeypatch):
    place = StationFolder(desk.config.folder)
    append, left = store_events().append, [1]

    def full_once(*args, **more):
        if left[0]:
            left[0] -= 1
            raise sqlite3.OperationalError("database or disk is full")
        return append(*args, **more)

    monkeypatch.setattr(store_events(), "append", full_once)
    with pytest.raises(OSError, match="has room"):
        desk.begin(NIK, operator="op")
    keep_ballast(place, 1000)
    left[0] = 1
    assert desk.begin(NIK, operator="op")
    assert not place.ballast.exists()
    keep_ballast(place, 1000)
    left[0] = 2  # still full without the ballast
    with pytest.raises(OSError, match="has room"):
        desk.begin(NIK, operator="op")


def store_events():
    from ektp_biocheck.records import events

    return events


@pytest.mark.parametrize(
    "text",
    [
        "3313 0741 0145 0001",
        "3313-0741-0145-0001",
        "３３１３０７４１０１４５０００１",
        "a3313b0741c01450001",
    ],
)
@pytest.mark.parametrize("field", ["operator", "queue_number", "village"])
def test_a_nik_in_another_field_is_refused_however_it_is_written(desk, field, text):
    with pytest.raises(InputError) as told:
        desk.begin(NIK, **{"operator": "op", field: text})
    assert text not in str(told.value)
    assert desk.open_transactions() == ()


@pytest.mark.parametrize("number", ["x" * 17, "<b>24", "24\n25", ""])
def test_a_queue_number_is_short_and_plain(desk, number):
    with pytest.raises(InputError, match="queue number"):
        desk.begin(NIK, operator="op", queue_number=number)


def test_a_uuid_is_no_nik(desk):
    earlier = "01953313-0741-7145-8001-331307410145"
    assert desk.begin(NIK, operator="op", supersedes=earlier)


@pytest.mark.parametrize("typed", ["331307 410145 0001", "33.13.07.410145-0001", f" {NIK}\t"])
def test_a_nik_may_be_typed_with_spaces_dots_and_dashes(desk, typed):
    assert desk.begin(typed, operator="op") == desk.begin(NIK, operator="op")


def test_an_unusual_nik_stops_nobody_whose_card_says_so(desk):
    with pytest.raises(NikDoubtError, match="date of birth"):
        desk.begin(ODD, operator="op", age_years=71)
    with pytest.raises(InputError, match="sixteen"):
        desk.begin(ODD[:-1], operator="op", nik_confirmed=True)
    person = desk.begin(ODD, operator="op", age_years=71, nik_confirmed=True)
    done = desk.finish(person, operator="op")
    assert done.manifest["nik_doubts"] == ["NIK_BIRTH"]
    assert "AGE_CONTRADICTS_NIK" not in {reason.code for reason in done.verdict.reasons}
    usual = desk.begin(NIK, operator="op", nik_confirmed=True)
    assert desk.finish(usual, operator="op").manifest["nik_doubts"] == []


@pytest.mark.parametrize("ppi", ["500", True, [500]])
def test_a_resolution_that_is_no_number_is_wrong_usage(desk, ppi):
    person, picture = desk.begin(NIK, operator="op"), np.zeros((8, 8), np.uint8)
    with pytest.raises(InputError, match="ppi"):
        desk.present(person, RIGHT_RING, picture, ppi=ppi, device="d", operator="o")
    with pytest.raises(InputError, match="ppi"):
        desk.preview(person, RIGHT_RING, picture, ppi=ppi)


def test_an_unknown_transaction_is_not_repeated(desk):
    with pytest.raises(InputError, match="no such transaction") as told:
        desk.review("passwd")
    assert "passwd" not in str(told.value)


def test_a_lost_record_calls_its_person_back(desk):
    person = desk.begin(NIK, operator="op", queue_number="24")
    desk.finish(person, operator="op")
    desk._desk.connection.execute(
        "INSERT INTO record VALUES ('r', 1, ?, '', 1, '{}', '', NULL, '24', "
        "'2026-11-21T02:00:00.000Z', NULL, 'LOST', '2026-11-25T02:00:00.000Z', '', '[]', NULL)",
        (person,),
    )
    desk._desk.connection.execute("INSERT INTO outbox VALUES ('r', 1, 0, 0, NULL, NULL, NULL)")
    assert store.of_transaction(desk._desk.connection, person).state == "LOST"
    (line,) = make_sheet(desk.day("2026-11-21"), lang="en").call_back
    assert line.number == "24"
    assert line.why.startswith("record lost, record again; ")
    later = make_sheet(desk.day("2026-11-25"), lang="en")
    assert "21 November 2026)" in later.call_back[0].why
    assert sum(later.served.values()) == 0
    assert make_sheet(desk.day("2026-11-26"), lang="en").call_back == ()


def test_two_persons_with_one_queue_number_are_both_listed(desk):
    for nik in (NIK, "3313074101450002"):
        desk.finish(desk.begin(nik, operator="op", queue_number="24"), operator="op")
    sheet = make_sheet(desk.day("2026-11-21"), lang="en")
    assert sheet.numbers == "24, 24"
    assert [line.number for line in sheet.call_back] == ["24", "24"]
