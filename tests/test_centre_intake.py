"""How a centre takes records in: once, whole, from whom they are, whatever goes wrong."""

import contextlib
import errno
import hashlib
import logging
import os
import sqlite3
import threading
from datetime import timedelta

import centre_server
import msgspec
import pytest
import sqlalchemy as sa
from centre_server import announce, client_in_process, in_process, put, sealed, send
from centre_stores import CENTRE_KEY, PEER, STATION_KEY, register
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ektp_biocheck.delivery.centre import answers, disk, stations, tables
from ektp_biocheck.delivery.centre.acceptance import Limits
from ektp_biocheck.delivery.centre.app import make_app
from ektp_biocheck.delivery.centre.refused import Refused
from ektp_biocheck.delivery.centre.stations import Peer
from ektp_biocheck.delivery.messages import (
    MAX_PIECE,
    Receipt,
    UploadState,
    decode,
    encode,
    verified,
)
from ektp_biocheck.errors import InputError
from ektp_biocheck.records.ids import new_record_id

pytest_plugins = ["centre_fixtures"]

KEYS = {"centre": CENTRE_KEY.public_key()}


def record(sequence=1, **how):
    return sealed(STATION_KEY, sequence=sequence, **how)


def applied(store, record_id):
    query = sa.select(tables.record.c.applied).where(tables.record.c.record_id == record_id)
    with store.engine.begin() as connection:
        return connection.execute(query).scalar_one()


def receipts(store):
    with store.engine.begin() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(tables.receipt)).scalar()


def state_of(answer):
    return decode(answer.content, UploadState)


def test_a_record_is_stored_byte_for_byte_and_signed_for(store):
    one = record(size=3_000)
    receipt = send(client_in_process(make_app(store)), one, piece=1_000)
    assert verified(receipt, KEYS) == receipt
    assert (receipt.record_id, receipt.sha256) == (one.record_id, one.announcement.sha256)
    assert (receipt.size, receipt.centre, receipt.sequence) == (len(one.data), "centre", 1)
    assert store.disk.stored(receipt.sha256).read_bytes() == one.data
    assert not list(store.disk.incoming.iterdir())


def test_everything_may_be_said_twice(store):
    one, http = record(), in_process(make_app(store))
    assert announce(http, one).status_code == 201
    assert announce(http, one).status_code == 200
    first = put(http, one.record_id, one.data)
    again = put(http, one.record_id, one.data)  # the first answer was lost
    asked = http.get(f"/v1/records/{one.record_id}")
    announced = announce(http, one)
    for answer in (again, asked, announced):
        assert (answer.status_code, answer.content) == (200, first.content)
    assert applied(store, one.record_id) == 1
    assert receipts(store) == 1


def test_an_upload_goes_on_where_it_stopped_after_a_restart(url, open_store):
    one = record(size=5_000)
    before = open_store(url)
    register(before)
    before.announce(PEER, one.announcement)
    before.upload(PEER, one.record_id, 0, one.data[:2_000])
    before.close()
    after = open_store(url)
    created, state = after.announce(PEER, one.announcement)
    assert (created, state.offset) == (False, 2_000)
    assert after.upload(PEER, one.record_id, 2_000, one.data[2_000:]).receipt is not None


@pytest.mark.parametrize("left_out", ["part renamed, row not written", "part whole, not renamed"])
def test_a_crash_near_the_end_is_finished_when_the_station_asks(store, left_out):
    one = record()
    store.announce(PEER, one.announcement)
    store.disk.append(one.record_id, one.data)
    if "row" in left_out:
        store.disk.settle(one.record_id, one.announcement.sha256)
    state = store.state(PEER, one.record_id)
    assert (state.offset, applied(store, one.record_id)) == (len(one.data), 1)
    assert state.receipt is not None


def test_damage_found_after_a_crash_only_costs_another_upload(store):
    one, two = record(), record(2)
    for each in (one, two):
        store.announce(PEER, each.announcement)
        store.disk.append(each.record_id, each.data[:-1] + bytes([each.data[-1] ^ 1]))
    store.disk.settle(two.record_id, two.announcement.sha256)
    for each in (one, two):
        assert store.state(PEER, each.record_id) == UploadState(offset=0)
        assert send(client_in_process(make_app(store)), each).record_id == each.record_id


def test_one_id_belongs_to_one_record_for_ever(store):
    one, http = record(), in_process(make_app(store))
    announce(http, one)
    other = sealed(STATION_KEY, record_id=one.record_id)
    conflict = announce(http, other)
    assert (conflict.status_code, conflict.json()["code"]) == (409, "other_hash")
    put(http, one.record_id, one.data)
    assert announce(http, other).status_code == 409


@pytest.mark.parametrize("field", ["size", "supersedes"])
def test_the_same_key_with_another_body_is_refused(store, field):
    one, http = record(), in_process(make_app(store))
    announce(http, one)
    value = new_record_id() if field == "supersedes" else getattr(one.announcement, field) + 1
    changed = msgspec.structs.replace(one.announcement, **{field: value})
    answer = announce(http, centre_server.Sealed(changed, one.data))
    assert (answer.status_code, answer.json()["code"]) == (422, "other_body")


def test_priority_sequence_and_audit_head_may_change_between_attempts(quick):
    one, http = record(), in_process(make_app(quick))
    announce(http, one)
    changed = msgspec.structs.replace(
        one.announcement, priority=0, sequence=9, audit_head="ab" * 32
    )
    answer = announce(http, centre_server.Sealed(changed, one.data))
    assert (answer.status_code, state_of(answer).audit_head) == (200, "ab" * 32)


def test_the_key_is_needed_and_must_fit(quick):
    one, http = record(), in_process(make_app(quick))
    address, body = f"/v1/records/{one.record_id}", encode(one.announcement)
    assert http.post(address, content=body).json()["code"] == "no_key"
    wrong = {"idempotency-key": f"{one.record_id}:{'0' * 64}"}
    assert http.post(address, content=body, headers=wrong).json()["code"] == "other_body"
    other = new_record_id()
    fits = {"idempotency-key": f"{other}:{one.announcement.sha256}"}
    for headers in (one.headers, fits):
        answer = http.post(f"/v1/records/{other}", content=body, headers=headers)
        assert answer.json()["code"] == "other_body"


def test_a_wrong_offset_says_where_to_go_on(quick):
    one, http = record(), in_process(make_app(quick))
    announce(http, one)
    put(http, one.record_id, one.data[:100])
    for offset in (0, 50, 101, 10**11):
        answer = put(http, one.record_id, one.data[:7], offset)
        assert (answer.status_code, state_of(answer)) == (409, UploadState(offset=100))


def test_altered_bytes_are_refused_and_the_upload_begins_anew(quick):
    one, http = record(), in_process(make_app(quick))
    announce(http, one)
    answer = put(http, one.record_id, one.data[:-1] + bytes([one.data[-1] ^ 1]))
    assert (answer.status_code, answer.json()["code"]) == (422, "wrong_hash")
    assert state_of(http.get(f"/v1/records/{one.record_id}")) == UploadState(offset=0)
    assert state_of(put(http, one.record_id, one.data)).receipt is not None


def test_altered_bytes_with_a_hash_that_fits_lack_the_stations_signature(quick):
    one, http = record(), in_process(make_app(quick))
    for place in (3, 20, 400, len(one.data) - 1):
        data = bytearray(one.data)
        data[place] ^= 1
        forged = as_if(one, bytes(data), new_record_id())
        announce(http, forged)
        answer = put(http, forged.record_id, forged.data)
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_seal")
    assert not list(quick.disk.files())


def as_if(one, data, record_id):
    """Return other bytes as if they were a record, with the hash that they have."""
    changed = msgspec.structs.replace(
        one.announcement,
        record_id=record_id,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    return centre_server.Sealed(changed, data)


@pytest.mark.parametrize("whose", ["another record's", "another station's", "an unknown key's"])
def test_a_replayed_record_is_refused(quick, whose):
    other_key = Ed25519PrivateKey.generate()
    register(quick, "kec-02", public_keys=(other_key.public_key().public_bytes_raw(),))
    replayed = {
        "another record's": record(),
        "another station's": sealed(other_key, station="kec-02"),
        "an unknown key's": sealed(Ed25519PrivateKey.generate()),
    }[whose]
    record_id = replayed.record_id if "key" in whose else new_record_id()
    forged = as_if(record(), replayed.data, record_id)
    http = in_process(make_app(quick))
    announce(http, forged)
    assert put(http, record_id, forged.data).json()["code"] == "wrong_seal"


def test_a_station_set_up_anew_still_delivers_what_its_old_key_sealed(store):
    new_key = Ed25519PrivateKey.generate()
    client = client_in_process(make_app(store))
    with pytest.raises(Exception, match="not a sealed record of this station"):
        send(client, sealed(new_key))
    with store.engine.begin() as connection:
        stations.add_key(connection, "kec-01", new_key.public_key().public_bytes_raw())
    assert send(client, sealed(new_key)).sequence == 1
    assert send(client, record()).sequence == 2


def test_only_the_station_itself_may_send_its_records(quick):
    register(quick, "kec-02")
    app, one = make_app(quick), record()
    for peer, code in (
        ("kec-02", "not_yours"),
        ("kec-99", "unknown_station"),
        (None, "no_certificate"),
    ):
        answer = announce(in_process(app, peer), one)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    announce(in_process(app), one)
    for request in (put(in_process(app, "kec-02"), one.record_id, one.data),):
        assert (request.status_code, request.json()["code"]) == (404, "unknown_record")
    assert in_process(app, "kec-02").get(f"/v1/records/{one.record_id}").status_code == 404


def test_a_blocked_station_and_a_replaced_certificate_are_turned_away(store):
    app, one = make_app(store), record()
    announce(in_process(app), one)
    with store.engine.begin() as connection:
        stations.change(connection, "kec-01", certificate="11" * 32)
    old, new = in_process(app, certificate="00" * 32), in_process(app, certificate="11" * 32)
    assert announce(old, one).json()["code"] == "other_certificate"
    assert announce(new, one).status_code == 200
    with store.engine.begin() as connection:
        stations.change(connection, "kec-01", blocked=True)
    assert put(new, one.record_id, one.data).json()["code"] == "unknown_station"


def test_the_quota_counts_new_records_of_an_office_day(store, clock):
    with store.engine.begin() as connection:
        stations.change(connection, "kec-01", quota=2)
    http = in_process(make_app(store))
    first, second, third = record(1), record(2), record(3)
    assert [announce(http, each).status_code for each in (first, second)] == [201, 201]
    over = announce(http, third)
    assert (over.status_code, over.headers["retry-after"]) == (429, str(14 * 3600))  # midnight +07
    assert announce(http, first).status_code == 200  # known: not counted again
    assert state_of(put(http, first.record_id, first.data)).receipt is not None
    clock.at += timedelta(seconds=int(over.headers["retry-after"]))
    assert announce(http, third).status_code == 201


def test_too_much_is_refused_however_it_comes(quick, open_store):
    small = open_store(limits=Limits(max_record=4_000))
    one, http = record(size=3_000), in_process(make_app(small))
    large = announce(http, record(size=5_000))
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    huge = msgspec.structs.replace(one.announcement, size=10**15)
    assert announce(http, centre_server.Sealed(huge, b"")).status_code == 413
    announce(http, one)
    assert put(http, one.record_id, one.data + b"!").status_code == 413
    assert put(http, one.record_id, bytes(MAX_PIECE + 1)).status_code == 413
    assert put(http, one.record_id, bytes(12 << 20)).status_code == 413
    assert state_of(put(http, one.record_id, one.data)).receipt is not None


def test_a_full_disk_keeps_what_is_there_and_says_when_to_come_back(quick, monkeypatch):
    one, http = record(size=5_000), in_process(make_app(quick))
    announce(http, one)
    put(http, one.record_id, one.data[:1_000])
    real = os.write

    def full(descriptor, data):
        if len(data) > 500:
            return real(descriptor, data[:500])
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(disk.os, "write", full)
    answer = put(http, one.record_id, one.data[1_000:2_000], 1_000)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "600")
    monkeypatch.undo()
    assert state_of(http.get(f"/v1/records/{one.record_id}")).offset == 1_000
    assert state_of(put(http, one.record_id, one.data[1_000:], 1_000)).receipt is not None


def test_a_database_that_does_not_answer_is_told_and_nothing_is_lost(
    tmp_path, open_store, monkeypatch
):
    monkeypatch.setattr(tables, "_BUSY_SECONDS", 0.05)
    store = open_store()
    register(store)
    one, http = record(), in_process(make_app(store))
    with contextlib.closing(sqlite3.connect(tmp_path / "centre.sqlite")) as other:
        other.execute("BEGIN EXCLUSIVE")
        answer = announce(http, one)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert answer.json()["code"] == "unavailable"
    assert announce(http, one).status_code == 201


def test_an_error_of_the_database_does_not_repeat_what_was_to_be_stored(store):
    nik = "3313012345678901"
    with pytest.raises(sa.exc.DBAPIError) as caught, store.engine.begin() as connection:
        connection.execute(sa.text("SELECT * FROM nowhere WHERE x = :nik"), {"nik": nik})
    assert nik not in str(caught.value)


def test_a_database_of_a_newer_version_is_left_alone(url, open_store):
    store = open_store(url)
    with store.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO schema_version VALUES (99)"))
    store.close()
    with pytest.raises(InputError, match="newer version"):
        open_store(url)


def test_lost_bytes_are_admitted_and_taken_in_again(store, caplog):
    one, client = record(), client_in_process(make_app(store))
    first = send(client, one)
    store.disk.stored(first.sha256).unlink()
    second = send(client, one)
    assert (first.sequence, second.sequence, applied(store, one.record_id)) == (1, 2, 2)
    assert f"lost record={one.record_id}" in caplog.text


def test_a_missing_disk_is_not_taken_for_lost_records(tmp_path, open_store):
    store = open_store()
    register(store)
    one, http = record(), in_process(make_app(store))
    announce(http, one)
    put(http, one.record_id, one.data)
    (tmp_path / "records").rename(tmp_path / "unmounted")
    assert announce(http, one).status_code == 503
    assert http.get("/v1/health").status_code == 503
    with pytest.raises(InputError, match="mount its disk"):
        open_store()
    (tmp_path / "unmounted").rename(tmp_path / "records")
    assert state_of(announce(http, one)).receipt is not None


def test_the_newest_audit_head_is_told_to_a_station_that_was_set_back(store):
    client = client_in_process(make_app(store))
    for sequence in (1, 2, 3):
        send(client, record(sequence, audit_head=f"{sequence}a" * 32))
    set_back = client.announce(record(2, audit_head="ff" * 32).announcement)
    assert set_back.audit_head == "3a" * 32


def test_two_connections_with_one_record_apply_it_once(store):
    records = [record(number, size=4_000) for number in range(4)]
    app, got, failed = make_app(store), [], []
    start = threading.Barrier(4)

    def sender():
        client = client_in_process(app)
        start.wait()
        try:
            got.extend(send(client, each, piece=1_000) for each in records)
        except Exception as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=sender) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(got) == 16
    assert {receipt.record_id for receipt in got} == {each.record_id for each in records}
    assert len({encode(receipt) for receipt in got}) == 4  # everyone got the same four
    assert receipts(store) == 4
    assert sorted(receipt.sequence for receipt in set(got)) == [1, 2, 3, 4]


def test_a_record_by_car_and_by_line_at_once_is_one_record(store):
    one = record()
    by_line = send(client_in_process(make_app(store)), one)
    by_car = store.accept(PEER, one.announcement, one.data)
    assert by_car == by_line
    two = record(2)
    assert isinstance(store.accept(PEER, two.announcement, two.data), Receipt)
    with pytest.raises(Refused, match="announced hash"):
        store.accept(PEER, record(3).announcement, one.data)
    assert receipts(store) == 2


def test_two_processes_that_finish_a_record_at_once_sign_one_receipt(url, open_store):
    both, one, got = [open_store(url), open_store(url)], record(), []
    register(both[0])
    ready = threading.Barrier(2)

    def finish(store):
        put = store.disk.put
        store.disk.put = lambda *what: (ready.wait(), put(*what))  # both know it as not stored
        got.append(store.accept(PEER, one.announcement, one.data))

    threads = [threading.Thread(target=finish, args=(store,)) for store in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 2
    assert got[0] == got[1]
    assert (receipts(both[0]), applied(both[0], one.record_id)) == (1, 1)


def test_what_came_by_car_is_not_held_against_the_quota(store):
    with store.engine.begin() as connection:
        stations.change(connection, "kec-01", quota=0)
    one = record()
    assert store.accept(PEER, one.announcement, one.data).sequence == 1


def test_refusals_are_counted_by_day(quick):
    app = make_app(quick)
    for _ in range(3):
        in_process(app).get(f"/v1/records/{new_record_id()}")
    in_process(app, "stranger").get(f"/v1/records/{new_record_id()}")
    with quick.engine.begin() as connection:
        rows = connection.execute(sa.select(tables.refusal)).all()
    assert sorted(tuple(row) for row in rows) == [
        ("-", "2026-09-16", "unknown_station", 1),
        ("kec-01", "2026-09-16", "unknown_record", 3),
    ]


def test_a_mistake_is_answered_and_logged_without_what_was_said(quick, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)

    def broken(*_):
        raise RuntimeError("3313012345678901 in a message")

    monkeypatch.setattr(answers, "statements", broken)
    answer = in_process(make_app(quick)).get("/v1/statements")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    assert "broken by RuntimeError at " in caplog.text
    assert "3313012345678901" not in caplog.text


def test_who_is_unknown_is_told_so_by_the_store_too(quick):
    with pytest.raises(Refused):
        quick.state(Peer("kec-99", ""), new_record_id())
