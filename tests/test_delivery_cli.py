"""`send`, `reconcile`, `outbox`, `bundle` as a person meets them."""

import hashlib
import json
import os
import re
from contextlib import closing
from dataclasses import replace

import pytest
from centre_server import make_centre
from click.testing import CliRunner
from fake_centre import FakeCentre, Line
from fake_station import NIK

from ektp_biocheck.cli import main
from ektp_biocheck.cli.delivery_texts import next_try, row_state, state_text, why_text
from ektp_biocheck.delivery.bundle import payload_in
from ektp_biocheck.delivery.centre import answers
from ektp_biocheck.delivery.centre.refused import REASONS
from ektp_biocheck.delivery.client import CentreRefused
from ektp_biocheck.delivery.messages import FinalStatus
from ektp_biocheck.records import store
from ektp_biocheck.records.database import connect
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.keys import load_keys
from ektp_biocheck.records.states import State


@pytest.fixture
def home(tmp_path):
    return make_centre(tmp_path / "centre")


@pytest.fixture
def station(home):
    return home.folder / "stations" / "kec-01"


@pytest.fixture
def centre(monkeypatch, home):
    """A fake centre in place of the network, with the real one's name and key."""
    from ektp_biocheck.records.keys import load_signing_key

    fake = FakeCentre("centre")
    fake.key = load_signing_key(home.keys / "centre-sign.key")
    fake.keys = {"centre": fake.key.public_key()}
    line = Line(fake)
    line.__class__ = type("Open", (Line,), {"__enter__": lambda s: s, "__exit__": lambda *_: None})
    monkeypatch.setattr("ektp_biocheck.delivery.http.HttpCentre", lambda *_: line)
    fake.line = line
    return fake


def run(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def seal(station, count=1):
    keys, ids = load_keys(station / "keys"), []
    with closing(connect(StationFolder(station).make().database)) as connection:
        for number in range(count):
            image, record_id = os.urandom(500), store.next_record_id(connection)
            manifest = {
                "record_id": record_id,
                "transaction": f"t-{record_id}",
                "station": "kec-01",
                "operator": "op-1",
                "queue_number": f"A{number + 1:03}",
                "instances": {"rightIndex": {"sha256": hashlib.sha256(image).hexdigest()}},
                "note": NIK,
            }
            files = {"rightIndex": image}
            store.seal_record(connection, station, files, manifest, keys)
            ids.append(record_id)
    return ids


def remove_database(station):
    database = StationFolder(station).database
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()


def states(station):
    with closing(connect(StationFolder(station).database)) as connection:
        return [row.state for row in store.records(connection)]


def test_a_day_at_the_office(station, centre):
    ids = seal(station, 3)
    shown = run("outbox", station)
    assert shown.exit_code == 1
    assert "3 records not known to be held" in shown.output
    assert "A002" in shown.output
    sent = run("send", station)
    assert (sent.exit_code, "3 records signed for, 0 waiting." in sent.output) == (0, True)
    asked = run("reconcile", station)
    assert asked.exit_code == 0
    assert "3 records asked about: 3 HELD" in asked.output
    assert run("outbox", station).output == "0 records not known to be held by the centre.\n"
    assert run("outbox", station).exit_code == 0
    assert set(centre.held) == set(ids)


def test_the_same_in_indonesian(station, centre):
    seal(station)
    assert "menunggu dikirim" in run("outbox", station, "--lang", "id").output
    assert "1 rekaman mendapat tanda terima" in run("send", station, "--lang", "id").output
    told = run("reconcile", station, "--lang", "id").output
    assert "1 rekaman ditanyakan: 1 HELD" in told
    assert "Selisih" in told


def test_a_dead_line_says_what_waits_since_when_and_why(station, centre):
    seal(station, 6)
    centre.line.down = True
    sent = run("send", station)
    assert sent.exit_code == 1
    assert "0 records signed for, 6 waiting." in sent.output
    shown = run("outbox", station, "--limit", 2)
    assert "the line is down" in shown.output
    assert "… and 4 more (--limit)" in shown.output
    assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d", shown.output)
    asked = run("reconcile", station)
    assert (asked.exit_code, "could not be asked: the line is down" in asked.output) == (2, True)
    centre.line.down = False
    assert (
        "1 record signed for, 5 waiting.\n5: the line is down\n"
        in run("send", station, "--now").output
    )


def test_what_needs_a_person_is_named_with_the_cure_and_the_queue_number(station, centre):
    one, two = seal(station, 2)
    run("send", station)
    centre.state_of(one, FinalStatus.DUPLICATE)
    centre.silent_about.add(two)
    asked = run("reconcile", station, "--lang", "id")
    assert asked.exit_code == 1
    assert "CONFLICT (1): Data sudah ada di pusat" in asked.output
    assert "UNMENTIONED (1): Pusat tidak menjawab" in asked.output
    assert two in asked.output
    released = run("outbox", station, "--release", one, "--by", "op-7")
    assert (released.exit_code, released.output) == (0, "It will be sent again.\n")
    assert State.QUEUED in states(station)


def test_whom_to_ask_back(station, centre):
    (record_id,) = seal(station)
    StationFolder(station).payload(record_id).unlink()
    run("send", station)
    shown = run("outbox", station, "--record-again")
    assert shown.exit_code == 1
    assert "A001" in shown.output
    assert "everything" in shown.output
    fields = json.loads(run("outbox", station, "--record-again", "--json").output)
    assert (fields["queue_number"], fields["state"]) == ("A001", "LOST")
    assert run("send", station).exit_code == 1


def test_the_daily_sheet(station, centre):
    seal(station, 2)
    run("send", station)
    run("reconcile", station)
    seal(station)
    shown = run("outbox", station, "--daily")
    assert shown.exit_code == 0
    assert re.search(r"Total +3 +2 +1 +0 +0 +0", shown.output)
    (day,) = map(json.loads, run("outbox", station, "--daily", "--json").output.splitlines())
    assert (day["sealed"], day["held"], day["in_flight"], day["difference"]) == (3, 2, 1, 0)


def test_json_for_other_programs(station, centre):
    (record_id,) = seal(station)
    (waiting,) = map(json.loads, run("outbox", station, "--json").output.splitlines())
    assert (waiting["record_id"], waiting["state"]) == (record_id, "QUEUED")
    run("send", station)
    asked = json.loads(run("reconcile", station, "--json").output)
    assert (asked["answers"], asked["alarms"], asked["days"][0]["sealed"]) == ({"HELD": 1}, [], 1)


def test_outside_the_hours_is_no_failure(station, centre):
    seal(station)
    toml = station / "delivery.toml"
    closed = '\n[window]\nstart = "{0}"\nend = "{1}"\n'
    from datetime import UTC, datetime, timedelta

    now = datetime.now(UTC) + timedelta(hours=7)
    hours = [(now + timedelta(hours=span)).strftime("%H:%M") for span in (2, 3)]
    toml.write_text(toml.read_text() + closed.format(*hours))
    sent = run("send", station)
    assert sent.exit_code == 0
    assert "outside the hours of sending" in sent.output
    assert "1 record signed for" in run("send", station, "--now").output


def test_after_a_restore_it_asks_before_it_sends(station, centre):
    seal(station)
    with closing(connect(StationFolder(station).database)) as connection:
        connection.execute("UPDATE station SET must_reconcile = 1")
    sent = run("send", station)
    assert sent.exit_code == 0
    assert "1 record asked about: 1 UNKNOWN" in sent.output
    assert "1 record signed for" in sent.output


def test_an_orphan_of_a_crash_is_sent_too(station, centre):
    seal(station)
    remove_database(station)
    assert "1 record signed for" in run("send", station).output


def test_there_and_back_by_car(station, home, tmp_path):
    ids = seal(station, 2)
    disk = tmp_path / "usb"
    out = run("bundle", "export", station, disk)
    assert (out.exit_code, "2 records" in out.output) == (0, True)
    assert "on a disk since" in run("outbox", station).output
    there = run("bundle", "import", home.folder, disk)
    assert (there.exit_code, "2 records of kec-01 are stored" in there.output) == (0, True)
    with home.opened() as opened:
        answers.add_statement(opened, ids[0], FinalStatus.PRINT_READY)
    assert run("bundle", "import", home.folder, disk, "--lang", "id").exit_code == 0
    back = run("bundle", "receipts", station, disk)
    assert back.exit_code == 0
    assert "2 receipts, 2 seen to be held, 1 new statement." in back.output
    assert states(station) == [State.CLOSED, State.HELD]


def test_mistakes_are_named_and_end_with_the_right_code(station, tmp_path):
    seal(station)
    empty = tmp_path / "empty"
    empty.mkdir()
    cases = [
        (2, "does not exist", ["send", tmp_path / "nix"]),
        (2, r"delivery\.toml is missing", ["send", empty]),
        (2, "--release needs --by", ["outbox", station, "--release", "x"]),
        (2, "no record of that id", ["outbox", station, "--release", "x", "--by", "op-7"]),
        (2, "sender is a program", ["outbox", station, "--release", "x", "--by", "sender"]),
        (2, "give one of", ["outbox", station, "--daily", "--record-again"]),
        (3, r"bundle\.json cannot be read", ["bundle", "receipts", station, empty]),
        (3, r"bundle\.json cannot be read", ["bundle", "import", tmp_path / "centre", empty]),
    ]
    for code, says, arguments in cases:
        shown = run(*arguments)
        assert (shown.exit_code, bool(re.search(says, shown.output))) == (code, True), shown.output
    (station / "delivery.toml").write_text("station = 3\n")
    shown = run("outbox", station)
    assert (shown.exit_code, "line 1" in shown.output) == (2, True)


def test_a_database_that_is_none_is_named(station):
    StationFolder(station).make().database.write_bytes(b"x" * 5_000)
    shown = run("outbox", station)
    assert shown.exit_code == 3
    assert "is not a database" in shown.output


@pytest.mark.parametrize("command", [["outbox"], ["reconcile"], ["send", "--watch"]])
def test_a_lost_database_is_named_and_no_empty_one_takes_its_place(station, centre, command):
    seal(station)
    remove_database(station)
    shown = run(command[0], station, *command[1:])
    assert shown.exit_code == 3
    assert "is missing, but sealed records lie in" in shown.output
    assert not StationFolder(station).database.exists()


def test_a_refused_record_says_why_and_what_to_do_in_both_languages(station, centre):
    seal(station)

    def refuse(_):
        raise CentreRefused(422, REASONS["wrong_seal"].detail)

    centre.line.before = refuse
    sent = run("send", station)
    assert sent.exit_code == 1
    assert "1: refused by the centre (422): this is not a sealed record" in sent.output
    assert "name or key differs from what the centre knows" in sent.output
    shown = run("outbox", station, "--lang", "id").output
    assert "bukan rekaman tersegel stasiun ini" in shown
    assert "Nama atau kunci stasiun berbeda" in shown
    asked = run("reconcile", station, "--lang", "id")
    assert (asked.exit_code, "pusat tidak dapat ditanya: ditolak pusat" in asked.output) == (
        2,
        True,
    )


def test_a_record_that_is_under_way_and_was_refused_is_not_called_unanswered(station):
    seal(station)
    with closing(connect(StationFolder(station).database)) as connection:
        (row,) = store.records(connection)
        store.move(connection, row.record_id, State.SENT, "bytes are going", actor="sender")
        (row,) = store.records(connection)
    assert "not answered yet" in row_state(row, "en")
    assert "sent again" in row_state(replace(row, last_error="the line broke"), "en")
    assert "refused" in row_state(replace(row, last_error="no", refusals=1), "en")


def test_what_the_centre_does_not_hold_ends_reconcile_with_1(station, centre):
    (record_id,) = seal(station)
    run("send", station)
    centre.held.pop(record_id)
    asked = run("reconcile", station)
    assert (asked.exit_code, "0 HELD" in asked.output) == (1, False)


def test_a_lost_record_shows_in_every_exit_code(station, centre, tmp_path):
    first, _ = seal(station, 2)
    StationFolder(station).payload(first).unlink()
    shown = run("bundle", "export", station, tmp_path / "usb")
    assert (shown.exit_code, "1 record (" in shown.output) == (1, True)
    run("send", station)
    assert run("reconcile", station).exit_code == 1
    assert run("outbox", station, "--daily").exit_code == 1


def test_a_damaged_disk_is_told_in_words(station, home, tmp_path):
    first, second = seal(station, 2)
    run("bundle", "export", station, tmp_path / "usb")
    payload_in(tmp_path / "usb", first).write_bytes(b"x")
    payload_in(tmp_path / "usb", second).unlink()
    shown = run("bundle", "import", home.folder, tmp_path / "usb", "--lang", "id")
    assert shown.exit_code == 1
    assert f"{first}  damaged: salinan di cakram rusak" in shown.output
    assert f"{second}  missing: tidak ada di cakram" in shown.output


def test_ctrl_c_says_that_nothing_is_lost(station, centre):
    seal(station)

    def interrupt(_):
        raise KeyboardInterrupt

    centre.line.before = interrupt
    shown = run("send", station)
    assert shown.exit_code == 130
    assert "Nothing is lost" in shown.output
    centre.line.before = lambda _: None
    assert run("send", station).exit_code == 0


def test_nothing_that_is_printed_names_a_person(station, centre):
    seal(station, 2)
    centre.line.faults = iter(["refused", "lost", "truncated"])
    for arguments in (["send"], ["outbox"], ["outbox", "--json"], ["reconcile", "--json"]):
        assert NIK not in run(arguments[0], station, *arguments[1:]).output


@pytest.mark.parametrize("command", ["send", "reconcile", "outbox", "bundle"])
def test_the_help_teaches_with_examples(command):
    shown = run(command, "--help").output
    assert f"ektp-biocheck {command}" in shown


@pytest.mark.parametrize("state", set(State) - {State.OPEN})
def test_every_state_has_words_in_both_languages(state):
    assert state_text(state, "id") != state_text(state, "en")


def test_reasons_of_the_sender_are_translated_and_others_kept():
    assert why_text("the centre asks to wait 60 s", "id") == "pusat minta menunggu 60 detik"
    assert why_text("the centre asks to wait 60 s", "en") == "the centre asks to wait 60 s"
    refused = "the centre refused this station's certificate (it has expired)"
    assert why_text(refused, "id") == "pusat menolak sertifikat stasiun ini (masa berlakunya habis)"
    says = "the centre answered 403; the certificate is not that of the announcing station"
    assert why_text(says, "id") == "pusat menjawab 403; sertifikat ini bukan milik stasiun pengirim"
    assert (
        why_text("was HELD; the centre says ABSENT", "id") == "semula HELD; pusat menyatakan ABSENT"
    )
    assert why_text("something new", "id") == "something new"
    assert next_try(59, "x", "en") == "Next try in 59 s: x"
    assert next_try(900, "x", "id") == "Dicoba lagi dalam 15 menit: x"
    assert next_try(86_400, "x", "en") == "Next try in 24.0 h: x"
