"""What a centre answers for: its inventory, looked up on the disk, and its statements."""

import secrets

import pytest
from centre_server import client_in_process, in_process, sealed, send
from centre_stores import CENTRE_KEY, PEER, STATION_KEY, register

from ektp_biocheck.delivery.centre import answers
from ektp_biocheck.delivery.centre import stock as counting
from ektp_biocheck.delivery.centre.app import make_app
from ektp_biocheck.delivery.messages import (
    FinalStatus,
    Holding,
    InventoryItem,
    InventoryQuestion,
    verified,
)
from ektp_biocheck.errors import InputError
from ektp_biocheck.records.ids import new_record_id

pytest_plugins = ["centre_fixtures"]

KEYS = {"centre": CENTRE_KEY.public_key()}


def asked(client, *items):
    question = InventoryQuestion(
        nonce=secrets.token_hex(32),
        items=tuple(InventoryItem(record_id=one, sha256=sha256) for one, sha256 in items),
    )
    inventory = verified(client.inventory(question), KEYS)
    assert inventory.nonce == question.nonce
    assert [each.record_id for each in inventory.answers] == [item[0] for item in items]
    return inventory


def held(client, record):
    inventory = asked(client, (record.record_id, record.announcement.sha256))
    return inventory.answers[0].answer


def test_the_inventory_knows_held_absent_other_and_unknown(store):
    client = client_in_process(make_app(store))
    here, coming = sealed(STATION_KEY), sealed(STATION_KEY, sequence=2)
    send(client, here)
    client.announce(coming.announcement)
    inventory = asked(
        client,
        (here.record_id, here.announcement.sha256),
        (coming.record_id, coming.announcement.sha256),
        (here.record_id, "0" * 64),
        (new_record_id(), "0" * 64),
    )
    assert [each.answer.value for each in inventory.answers] == [
        "HELD",
        "ABSENT",
        "OTHER_HASH",
        "UNKNOWN",
    ]
    assert (inventory.centre, inventory.station) == ("centre", "kec-01")


def test_the_inventory_looks_at_the_disk_and_not_at_the_table(store):
    client, one = client_in_process(make_app(store)), sealed(STATION_KEY)
    file = store.disk.stored(send(client, one).sha256)
    whole = file.read_bytes()
    assert held(client, one) is Holding.HELD
    file.write_bytes(whole[:-1])
    assert held(client, one) is Holding.ABSENT
    file.write_bytes(whole)
    assert held(client, one) is Holding.HELD
    file.unlink()
    assert held(client, one) is Holding.ABSENT
    send(client, one)
    assert held(client, one) is Holding.HELD


def test_another_stations_records_are_unknown(store):
    register(store, "kec-02")
    app, one = make_app(store), sealed(STATION_KEY)
    send(client_in_process(app), one)
    assert held(client_in_process(app, "kec-02"), one) is Holding.UNKNOWN


def test_a_flipped_bit_is_found_by_reading_and_then_admitted(store):
    client = client_in_process(make_app(store))
    records = [sealed(STATION_KEY, sequence=number) for number in (1, 2, 3)]
    for each in records:
        send(client, each)
    assert counting.check(store) == counting.Checked(3, 0, 0)
    file = store.disk.stored(records[1].announcement.sha256)
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    assert held(client, records[1]) is Holding.HELD  # the cheap look cannot see it
    assert counting.check(store) == counting.Checked(2, 1, 0)
    assert held(client, records[1]) is Holding.ABSENT
    assert [path.read_bytes() for path in store.disk.damaged.iterdir()] == [bytes(data)]
    send(client, records[1])
    assert counting.check(store) == counting.Checked(3, 0, 0)


def test_the_stock_shows_numbers_that_never_came_and_numbers_that_came_twice(store):
    client = client_in_process(make_app(store))
    for number in (1, 2, 5, 5):
        send(client, sealed(STATION_KEY, sequence=number))
    client.announce(sealed(STATION_KEY, sequence=6).announcement)
    (stock,) = counting.summary(store)
    assert (stock.announced, stock.stored, stock.last_sequence) == (5, 4, 6)
    assert (stock.missing, stock.repeated) == (2, 1)


def test_statements_reach_the_station_they_are_about_in_order(store):
    register(store, "kec-02")
    app = make_app(store)
    mine, other = sealed(STATION_KEY), sealed(STATION_KEY, station="kec-02")
    send(client_in_process(app), mine)
    send(client_in_process(app, "kec-02"), other)
    answers.add_statement(
        store, mine.record_id, FinalStatus.ENROLL_FAILURE, reason="garis", instances=["rightIndex"]
    )
    answers.add_statement(store, other.record_id, FinalStatus.DUPLICATE)
    answers.add_statement(store, mine.record_id, FinalStatus.PRINT_READY)
    client = client_in_process(app)
    got = [verified(each, KEYS) for each in client.statements(0)]
    assert [(each.sequence, each.status.value) for each in got] == [
        (1, "ENROLL_FAILURE"),
        (3, "PRINT_READY"),
    ]
    assert (got[0].instances, got[0].reason) == (("rightIndex",), "garis")
    assert got[0].sha256 == mine.announcement.sha256
    assert [each.sequence for each in client.statements(1)] == [3]
    assert client.statements(3) == []
    inventory = asked(client, (mine.record_id, mine.announcement.sha256))
    assert inventory.answers[0].status is FinalStatus.PRINT_READY


def test_statements_come_a_page_at_a_time(quick, monkeypatch):
    monkeypatch.setattr(answers, "PAGE", 2)
    client, one = client_in_process(make_app(quick)), sealed(STATION_KEY)
    send(client, one)
    for _ in range(5):
        answers.add_statement(quick, one.record_id, FinalStatus.ADJUDICATE)
    after, pages = 0, []
    while page := client.statements(after):
        pages.append(len(page))
        after = page[-1].sequence
    assert pages == [2, 2, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "NIK 3313012345678901"},
        {"reason": "telepon 0812-3456-7890"},
        {"reason": "x" * 201},
        {"instances": ["right index"]},
        {"instances": ["x"] * 33},
    ],
)
def test_a_statement_that_no_station_would_take_is_not_made(quick, wrong):
    one = sealed(STATION_KEY)
    send(client_in_process(make_app(quick)), one)
    with pytest.raises(InputError):
        answers.add_statement(quick, one.record_id, FinalStatus.DUPLICATE, **wrong)
    assert answers.statements(quick, PEER, 0) == []


def test_there_is_no_statement_about_what_was_never_stored(store):
    one = sealed(STATION_KEY)
    client_in_process(make_app(store)).announce(one.announcement)
    for record_id in (one.record_id, new_record_id()):
        with pytest.raises(InputError, match="no record of this id is stored"):
            answers.add_statement(store, record_id, FinalStatus.PRINT_READY)


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "9" * 40, "%00", "١"])
def test_a_wrong_after_is_refused(quick, after):
    answer = in_process(make_app(quick)).get(f"/v1/statements?after={after}")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_after")
