"""Station to city office to centre: passed on once, receipts chained, stocks compared."""

import secrets
import time

import pytest
import sqlalchemy as sa
from centre_server import (
    client_in_process,
    make_centre,
    public_keys,
    running,
    sealed,
    send,
    settings_of,
    station_key,
)
from centre_stores import CENTRE_KEY, STATION_KEY, new_database, register
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ektp_biocheck.cli import main
from ektp_biocheck.delivery.centre import answers, ledger, setup, stations, tables
from ektp_biocheck.delivery.centre.app import make_app
from ektp_biocheck.delivery.centre.forward import Forwarder
from ektp_biocheck.delivery.centre.stations import Peer, Station
from ektp_biocheck.delivery.centre.store import Store
from ektp_biocheck.delivery.centre.upstream import sheet
from ektp_biocheck.delivery.client import (
    CentreBusy,
    CentreConflict,
    CentreRefused,
    CentreUnreachable,
)
from ektp_biocheck.delivery.http import HttpCentre
from ektp_biocheck.delivery.messages import (
    FinalStatus,
    MessageError,
    Receipt,
    sign,
    verified,
)
from ektp_biocheck.errors import InputError

pytest_plugins = ["centre_fixtures"]

OFFICE_KEY = Ed25519PrivateKey.generate()
KEYS = {"centre": CENTRE_KEY.public_key(), "kota-01": OFFICE_KEY.public_key()}


class Line:
    """A way to the centre that can be told to fail."""

    def __init__(self, client: HttpCentre) -> None:
        self.client = client
        self.raises: list[Exception] = []
        self.calls: list[str] = []

    def __getattr__(self, name):
        def call(*arguments):
            self.calls.append(name)
            if self.raises:
                raise self.raises.pop(0)
            return getattr(self.client, name)(*arguments)

        return call


@pytest.fixture
def centre(open_store):
    """Return the centre behind: it knows the station, and the office that forwards for it."""
    store = open_store(folder="centre")
    with store.engine.begin() as connection:
        stations.add(connection, Station("kota-01"))
    register(store, via="kota-01")
    return store


@pytest.fixture
def office(open_store, tmp_path):
    """Return the city office."""
    return opened(open_store, f"sqlite:///{tmp_path / 'office.sqlite'}")


def opened(open_store, url):
    store = open_store(url, "office", name="kota-01", key=OFFICE_KEY, forwarding=True)
    register(store)
    return store


@pytest.fixture
def line(centre):
    return Line(client_in_process(make_app(centre), "kota-01"))


@pytest.fixture
def forwarder(office, line):
    return Forwarder(office, line, KEYS, "kota-01")


def states(store: Store) -> list[str]:
    with store.engine.begin() as connection:
        return list(connection.execute(sa.select(tables.forward.c.state)).scalars())


def at_station(office: Store) -> HttpCentre:
    return client_in_process(make_app(office))


def test_what_the_office_holds_reaches_the_centre_and_the_receipts_are_chained(
    office, centre, forwarder
):
    one = sealed(STATION_KEY, size=4_000)
    station = at_station(office)
    first = send(station, one)
    assert (first.centre, first.via) == ("kota-01", ())
    forwarder.work()
    chained = verified(station.state(one.record_id).receipt, KEYS)
    (onward,) = chained.via
    assert (chained.centre, onward.centre, onward.sequence) == ("kota-01", "centre", 1)
    assert centre.disk.stored(onward.sha256).read_bytes() == one.data
    assert office.disk.stored(onward.sha256).read_bytes() == one.data
    assert sheet(office)["HELD"] == 1  # it asked right away


def test_an_office_on_postgresql_forwards_and_reconciles_too(open_store, postgres, line):
    office = opened(open_store, new_database(postgres))
    forwarder = Forwarder(office, line, KEYS, "kota-01")
    for number in (1, 2):
        send(at_station(office), sealed(STATION_KEY, sequence=number))
    assert sheet(office)["WAITING"] == 2
    forwarder.work()
    assert forwarder.upstream.reconcile() == {"HELD": 2}
    assert sheet(office)["HELD"] == 2


def test_a_record_is_passed_on_once_however_often_it_comes(office, centre, forwarder, line):
    one = sealed(STATION_KEY)
    send(at_station(office), one)
    forwarder.work()
    send(at_station(office), one)
    line.calls.clear()
    forwarder.work()
    assert "announce" not in line.calls
    with centre.engine.begin() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.receipt)).scalar()
        assert ledger.find(connection, one.record_id).applied == 1


def test_a_lost_answer_is_asked_for_again(office, forwarder, line, clock):
    one = sealed(STATION_KEY)
    send(at_station(office), one)
    receipt = send(line.client, one)  # arrived, but the office never heard of it
    line.raises = [CentreUnreachable("down")]
    forwarder.work()
    assert states(office) == ["WAITING"]
    clock.forward(minutes=16)
    forwarder.work()
    assert at_station(office).state(one.record_id).receipt.via == (receipt,)


def test_while_the_line_is_down_nothing_is_lost_and_the_pauses_grow(office, forwarder, line, clock):
    for number in (1, 2, 3):
        send(at_station(office), sealed(STATION_KEY, sequence=number))
    line.raises = [CentreUnreachable("down")] * 9
    for _ in range(9):
        forwarder.work()
        clock.forward(minutes=16)
    assert (states(office), forwarder.breaker.failures) == (["WAITING"] * 3, 9)
    clock.forward(minutes=16)
    forwarder.work()
    assert (states(office), forwarder.breaker.failures) == (["HELD"] * 3, 0)


def test_after_an_outage_the_stocks_are_compared_anew(office, centre, forwarder, line, clock):
    one = sealed(STATION_KEY)
    send(at_station(office), one)
    forwarder.work()
    assert states(office) == ["HELD"]
    centre.disk.stored(one.announcement.sha256).unlink()  # the outage had a reason
    for _ in range(5):
        clock.forward(minutes=16)
        line.raises = [CentreUnreachable("down")]
        forwarder.work()
    clock.forward(minutes=16)
    forwarder.work()
    assert states(office) == ["WAITING"]


def test_a_busy_centre_is_left_alone_as_long_as_it_asks(office, forwarder, line, clock):
    send(at_station(office), sealed(STATION_KEY))
    line.raises = [CentreBusy(3_600)]
    forwarder.work()
    line.calls.clear()
    clock.forward(minutes=59)
    forwarder.work()
    assert line.calls == []
    clock.forward(minutes=2)
    forwarder.work()
    assert states(office) == ["HELD"]


def test_a_record_refused_again_and_again_is_for_a_person_and_others_overtake_it(
    office,
    forwarder,
    line,
    clock,
):
    send(at_station(office), sealed(STATION_KEY))
    for _ in range(5):
        line.raises = [CentreRefused(422, "no")]
        forwarder.work()
        clock.forward(minutes=16)
    assert states(office) == ["REFUSED"]
    send(at_station(office), sealed(STATION_KEY, sequence=2))
    forwarder.work()
    assert sorted(states(office)) == ["RECEIPTED", "REFUSED"]
    clock.forward(hours=13)
    forwarder.work()
    assert sorted(states(office)) == ["HELD", "REFUSED"]


def test_a_conflict_is_for_a_person(office, forwarder, line):
    send(at_station(office), sealed(STATION_KEY))
    line.raises = [CentreConflict(409, "other")]
    forwarder.work()
    assert states(office) == ["CONFLICT"]


@pytest.mark.parametrize("lie", ["other record", "other signer", "no signature"])
def test_a_receipt_that_proves_nothing_is_not_believed(office, forwarder, line, lie):
    one = sealed(STATION_KEY)
    send(at_station(office), one)
    fields = {"record_id": one.record_id, "sha256": one.announcement.sha256}
    if lie == "other record":
        fields["sha256"] = "0" * 64
    receipt = Receipt(
        **fields,
        size=len(one.data),
        centre="stranger" if lie == "other signer" else "centre",
        sequence=1,
        at="2026-09-16T03:00:00Z",
    )
    signer = {"no signature": Ed25519PrivateKey.generate()}.get(lie, CENTRE_KEY)

    class Liar:
        def announce(self, announcement):
            from ektp_biocheck.delivery.messages import UploadState

            return UploadState(offset=len(one.data), receipt=sign(receipt, signer))

    forwarder.client = Liar()
    forwarder._send(one.record_id)
    assert states(office) == ["WAITING"]
    assert at_station(office).state(one.record_id).receipt.via == ()


def test_bytes_that_went_bad_at_the_office_are_asked_back_from_the_station(office, forwarder):
    one, station = sealed(STATION_KEY), at_station(office)
    send(station, one)
    file = office.disk.stored(one.announcement.sha256)
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    forwarder.work()
    assert station.state(one.record_id).receipt is None  # absent: it is sent again
    send(station, one)
    forwarder.work()
    assert station.state(one.record_id).receipt.via[0].centre == "centre"


def test_statements_come_down_the_same_way_signed_by_the_office(office, centre, forwarder, clock):
    one, station = sealed(STATION_KEY), at_station(office)
    send(station, one)
    forwarder.work()
    answers.add_statement(
        centre, one.record_id, FinalStatus.ENROLL_FAILURE, reason="garis", instances=["leftThumb"]
    )
    for _ in range(2):  # taken in once
        clock.forward(minutes=10)
        forwarder.work()
    (statement,) = [verified(each, KEYS) for each in station.statements(0)]
    assert (statement.centre, statement.sequence) == ("kota-01", 1)
    assert (statement.status, statement.instances) == (FinalStatus.ENROLL_FAILURE, ("leftThumb",))


def test_a_statement_taken_in_before_a_crash_is_not_said_twice(office, centre, forwarder):
    one, station = sealed(STATION_KEY), at_station(office)
    send(station, one)
    forwarder.work()
    answers.add_statement(centre, one.record_id, FinalStatus.PRINT_READY)
    assert forwarder.upstream.take_statements() == 1
    with office.engine.begin() as connection:  # as if the crash came before this was written
        connection.execute(tables.counter.update().values(value=0).where(_upstream()))
    assert forwarder.upstream.take_statements() == 0
    assert len(station.statements(0)) == 1


def _upstream():
    return tables.counter.c.name == "upstream"


def test_what_the_centre_lost_is_sent_again_without_the_station(office, centre, forwarder, clock):
    one = sealed(STATION_KEY)
    send(at_station(office), one)
    forwarder.work()
    centre.disk.stored(one.announcement.sha256).unlink()
    found = forwarder.upstream.reconcile()
    assert (dict(found), states(office)) == ({"ABSENT": 1}, ["WAITING"])
    forwarder.work()
    assert forwarder.upstream.reconcile() == {"HELD": 1}
    assert sheet(office) == {
        "stored": 1,
        "WAITING": 0,
        "RECEIPTED": 0,
        "HELD": 1,
        "CONFLICT": 0,
        "REFUSED": 0,
    }


def test_an_inventory_that_answers_something_else_is_not_believed(office, forwarder, line):
    one = sealed(STATION_KEY)
    send(at_station(office), one)
    forwarder.work()
    old = []

    class Replayer:
        def inventory(self, question):
            old.append(question)
            return line.client.inventory(old[0])

    forwarder.upstream.client = Replayer()
    forwarder.upstream.reconcile()
    with pytest.raises(MessageError, match="does not answer what was asked"):
        forwarder.upstream.reconcile()


def test_an_office_may_only_forward_for_its_stations(centre):
    register(centre, "kec-02")
    client = client_in_process(make_app(centre), "kota-01")
    with pytest.raises(CentreUnreachable, match="not that of the announcing station"):
        client.announce(sealed(STATION_KEY, station="kec-02").announcement)
    with pytest.raises(CentreUnreachable, match="no station of this name"):
        client.announce(sealed(STATION_KEY, station="kota-01").announcement)


def test_what_was_stored_before_the_office_forwarded_is_taken_up(open_store, tmp_path, line):
    office_url = f"sqlite:///{tmp_path / 'office.sqlite'}"
    store = open_store(office_url, "office", name="kota-01", key=OFFICE_KEY)
    register(store)
    for number in (1, 2):
        send(at_station(store), sealed(STATION_KEY, sequence=number))
    assert sheet(store)["WAITING"] == 2
    forwarder = Forwarder(store, line, KEYS, "kota-01")
    forwarder.upstream.take_up()
    forwarder.work()
    assert sheet(store)["HELD"] == 2


def test_a_chain_of_real_servers_set_up_as_the_manual_says(tmp_path):
    centre_home = make_centre(tmp_path / "centre", [])
    with centre_home.opened() as store, store.engine.begin() as connection:
        setup.add_office(centre_home, connection, "kota-01")
    handed = centre_home.folder / "stations" / "kota-01"
    office_home = make_centre(tmp_path / "office", ["kec-01"], name="kota-01", upstream=handed)
    public = office_home.folder / "stations" / "kec-01" / "keys" / "station.pub"
    with centre_home.opened() as store, store.engine.begin() as connection:
        made = setup.add_station(
            centre_home, connection, "kec-01", public_key=public, via="kota-01"
        )
    assert made is None
    assert not (office_home.keys / "centre-seal.key").exists()
    one = sealed(station_key(office_home))
    with (
        running(centre_home) as behind,
        running(office_home, "--upstream", behind.url) as before,
    ):
        settings = settings_of(office_home, before.url)
        with HttpCentre(settings.centre, settings.limits) as station:
            send(station, one)
            end = time.monotonic() + 30
            while not station.state(one.record_id).receipt.via and time.monotonic() < end:
                time.sleep(0.1)
            receipt = verified(station.state(one.record_id).receipt, public_keys(settings))
        assert [each.centre for each in receipt.via] == ["centre"]
        said = CliRunner().invoke(
            main, ["centre", "reconcile", str(office_home.folder), "--upstream", behind.url]
        )
        assert (said.exit_code, "the centre answers HELD" in said.output) == (0, True)
        assert before.stop() == 0


def test_a_centre_that_forwards_to_nobody_has_nothing_to_reconcile(tmp_path):
    from ektp_biocheck.delivery.centre.upstream import reconciled

    home = make_centre(tmp_path / "centre")
    with pytest.raises(InputError, match="forwards to nobody"):
        reconciled(home)
    with pytest.raises(InputError, match="no keys to forward with"):
        home.upstream("https://elsewhere")


def test_the_office_is_told_only_of_what_it_passed_on(centre):
    send(client_in_process(make_app(centre)), sealed(STATION_KEY))  # straight from the station
    one = sealed(STATION_KEY, sequence=2)
    send(client_in_process(make_app(centre), "kota-01"), one)
    for record_id in _ids(centre):
        answers.add_statement(centre, record_id, FinalStatus.PRINT_READY)
    got = answers.statements(centre, Peer("kota-01", secrets.token_hex(32)), 0)
    assert [each.record_id for each in got] == [one.record_id]


def _ids(store):
    with store.engine.begin() as connection:
        return list(connection.execute(sa.select(tables.record.c.record_id)).scalars())
