"""The sender against the real centre: mutual TLS over loopback, every socket call failing once."""

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpcore
import pytest
from centre_server import REPOSITORY, make_centre, public_keys, running, settings_of
from msgspec.structs import replace

from ektp_biocheck.delivery import outbox
from ektp_biocheck.delivery.attempt import Sent
from ektp_biocheck.delivery.backoff import Breaker
from ektp_biocheck.delivery.client import CentreUnreachable
from ektp_biocheck.delivery.http import HttpCentre
from ektp_biocheck.delivery.messages import MAX_PIECE, InventoryQuestion
from ektp_biocheck.delivery.sender import Sender
from ektp_biocheck.delivery.settings import Limits
from ektp_biocheck.delivery.transfer import damage
from ektp_biocheck.records import audit, store
from ektp_biocheck.records.database import connect
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.keys import load_keys, trusted_keys
from ektp_biocheck.records.states import State

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_centre(
        tmp_path_factory.mktemp("pilot") / "centre", ("kec-01", "kec-02"), quota=100_000
    )


@pytest.fixture(scope="module")
def url(home):
    with running(home) as server:
        yield server.url


@pytest.fixture
def folder(home):
    return home.folder / "stations" / "kec-01"


@pytest.fixture
def connection(folder):
    with closing(opened(folder)) as connection:
        yield connection


def opened(folder):
    """Return a connection that does not wait for the disk: no test here cuts the power."""
    connection = connect(StationFolder(folder).make().database)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def seal(connection, folder, count, size=3_000):
    keys, ids = load_keys(folder / "keys"), []
    for number in range(count):
        image = os.urandom(size)
        record_id = store.next_record_id(connection)
        manifest = {
            "record_id": record_id,
            "transaction": f"t-{record_id}",
            "station": folder.name,
            "operator": "op-1",
            "queue_number": f"A{number:03}",
            "instances": {"rightIndex": {"sha256": hashlib.sha256(image).hexdigest()}},
            "exceptions": [],
        }
        files = {"rightIndex": image}
        store.seal_record(connection, folder, files, manifest, keys)
        ids.append(record_id)
    return ids


def sender(connection, folder, client, settings, piece_kib=1):
    keys, limits = public_keys(settings), Limits(piece_kib=piece_kib)
    return Sender(connection, folder, client, settings.station, keys, limits=limits)


def try_again_at_once(connection):
    """Skip the waits, which other tests look at."""
    connection.execute("UPDATE outbox SET not_before = NULL")
    outbox.save_breaker(connection, Breaker())


def applied(home):
    with closing(sqlite3.connect(home.folder / "centre.sqlite")) as database:
        return dict(database.execute("SELECT record_id, applied FROM record").fetchall())


class Failing(httpcore.NetworkBackend):
    """Sockets of which the n-th call fails: not made at all, or made and not answered.

    The connection is gone then, as it is when a real one fails.
    """

    def __init__(self, nth, after):
        self.real, self.nth, self.after = httpcore.SyncBackend(), nth, after
        self.calls = 0

    def connect_tcp(self, *arguments, **named):
        return self.call(httpcore.ConnectError, None, self.real.connect_tcp, *arguments, **named)

    def call(self, error, stream, work, *arguments, **named):
        self.calls += 1
        fails = self.calls == self.nth
        result = None if fails and not self.after else work(*arguments, **named)
        if isinstance(result, httpcore.NetworkStream):
            stream = result = Stream(result, self)
        if fails:
            if stream is not None:
                stream.close()
            raise error("failed on purpose")
        return result


class Stream(httpcore.NetworkStream):
    def __init__(self, real, failing):
        self.real, self.failing = real, failing

    def read(self, *arguments, **named):
        return self.failing.call(httpcore.ReadError, self, self.real.read, *arguments, **named)

    def write(self, *arguments, **named):
        return self.failing.call(httpcore.WriteError, self, self.real.write, *arguments, **named)

    def start_tls(self, *arguments, **named):
        work = self.real.start_tls
        return self.failing.call(httpcore.ConnectError, self, work, *arguments, **named)

    def close(self):
        self.real.close()

    def get_extra_info(self, info):
        return self.real.get_extra_info(info)


@pytest.mark.parametrize("after", [False, True], ids=["not made", "made and not answered"])
def test_the_nth_socket_call_fails_for_every_n(home, url, connection, folder, after, monkeypatch):
    monkeypatch.setattr("ektp_biocheck.delivery.tls._LISTEN_SECONDS", 0.05)
    settings = settings_of(home, url)
    for nth in range(1, 200):
        (record_id,) = seal(connection, folder, 1, size=1_000)
        with HttpCentre(settings.centre, settings.limits) as client:
            failing = Failing(nth, after)
            client._client._transport._pool._network_backend = failing
            sending = sender(connection, folder, client, settings, piece_kib=2)
            for _ in range(3):
                sending.send_due()
                try_again_at_once(connection)
        assert store.record(connection, record_id).state is State.RECEIPTED
        assert applied(home)[record_id] == 1
        if failing.calls < nth:
            break
    assert 10 < nth < 199  # every call of a whole transfer was made to fail


@pytest.mark.long
def test_a_server_that_dies_in_the_middle_gets_each_record_once(tmp_path):
    home = make_centre(tmp_path / "centre")
    folder = home.folder / "stations" / "kec-01"
    with closing(opened(folder)) as connection:
        ids = seal(connection, folder, 3)
        with running(home, die_at=("centre:applied", 2)) as server:
            settings = settings_of(home, server.url)
            with HttpCentre(settings.centre, settings.limits) as client:
                sender(connection, folder, client, settings).send_due()
            assert server.process.poll() is not None
        try_again_at_once(connection)
        with running(home) as server:
            settings = settings_of(home, server.url)
            with HttpCentre(settings.centre, settings.limits) as client:
                sender(connection, folder, client, settings).send_due()
        assert applied(home) == dict.fromkeys(ids, 1)
        assert {row.state for row in store.records(connection)} == {State.RECEIPTED}


def test_a_stranger_is_not_let_in_and_does_not_let_himself_be_fooled(home, url, tmp_path):
    settings = settings_of(home, url)
    other = make_centre(tmp_path / "other")
    question = InventoryQuestion(nonce="0" * 64, items=())
    theirs = settings_of(other, url)
    stranger = replace(
        settings.centre, certificate=theirs.centre.certificate, key=theirs.centre.key
    )
    with (
        HttpCentre(stranger, Limits()) as client,
        pytest.raises(CentreUnreachable, match="refused this station's certificate"),
    ):
        client.inventory(question)
    with (
        HttpCentre(replace(settings.centre, ca=theirs.centre.ca), Limits()) as client,
        pytest.raises(CentreUnreachable, match="certificate is not trusted"),
    ):
        client.inventory(question)


def test_another_stations_certificate_quarantines_nothing(home, url, connection, folder):
    (record_id,) = seal(connection, folder, 1)
    settings = settings_of(home, url)
    wrong = settings_of(home, url, "kec-02").centre
    with HttpCentre(wrong, settings.limits) as client:
        for _ in range(8):
            sender(connection, folder, client, settings).send_due()
            try_again_at_once(connection)
    row = store.record(connection, record_id)
    assert (row.state, row.refusals) == (State.QUEUED, 0)
    assert "check the station's certificate" in row.last_error
    with HttpCentre(settings.centre, settings.limits) as client:
        assert sender(connection, folder, client, settings).send_due()[Sent.RECEIPTED] == 1


def test_two_processes_on_one_outbox_apply_each_record_once(home, url, connection, folder):
    ids = seal(connection, folder, 30)
    toml = folder / "delivery.toml"
    toml.write_text(
        "".join(
            f'url = "{url}"\n' if line.startswith("url") else line
            for line in toml.read_text().splitlines(keepends=True)
        )
    )
    command = [sys.executable, "-m", "ektp_biocheck", "send", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    both = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert all(process.returncode in (0, 1) for process in both), said  # 1: the other had some
    assert {store.record(connection, one).state for one in ids} == {State.RECEIPTED}
    assert {applied(home)[one] for one in ids} == {1}
    assert sum(int(text.split()[0]) for text in said) == 30


LABELS = (
    "send:piece-taken",
    "send:receipt-came",
    "send:announced",
    "send:going",
    "move:rows-written",
    "move:committed",
)


@pytest.mark.parametrize("kills", [2, pytest.param(200, marks=pytest.mark.long)])
def test_a_sender_killed_again_and_again_loses_and_repeats_nothing(home, url, kills):
    """Kill -9 at every labelled step, at any of its passings."""
    folder = home.folder / "stations" / "kec-02"
    chance, died = random.Random(kills), 0  # noqa: S311
    with closing(opened(folder)) as connection:
        ids = []
        for number in range(kills):
            ids += seal(connection, folder, 2)
            label, nth = LABELS[number % len(LABELS)], chance.randint(1, 5)
            died += send_and_die(folder, url, label, nth) == -signal.SIGKILL
        assert send_and_die(folder, url, "never", 1) == 0
        assert died > kills / 2
        there = applied(home)
        for record_id in ids:
            row = store.record(connection, record_id)
            assert row.state is State.RECEIPTED
            assert damage(StationFolder(folder).payload(record_id), row.sha256) is None
            assert there[record_id] == 1
        assert audit.verify(connection, trusted_keys(folder / "keys")).whole
    print(f"{died} of {kills} runs were killed, {len(ids)} records")


def send_and_die(folder, url, label, nth):
    """Send in a process that kills itself; return how it ended."""
    child = [sys.executable, "tests/send_child.py", folder / "delivery.toml", url, label, nth]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(  # noqa: S603
        [str(part) for part in child], env=environment, cwd=REPOSITORY, check=False
    ).returncode


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc how much memory was used")
@pytest.mark.parametrize(
    "count", [100, pytest.param(10_000, marks=pytest.mark.long)], ids=["100", "10000"]
)
def test_a_backlog_drains_with_bounded_memory(home, url, count):
    """In a process of its own, so that its memory is its own."""
    folder = home.folder / "stations" / "kec-02"
    with closing(opened(folder)) as connection:
        ids = seal(connection, folder, count, size=20_000)
        ids += seal(connection, folder, 1, size=12 * MAX_PIECE)
    script = (
        "import sys; sys.path.insert(0, 'tests'); from pathlib import Path; "
        "import test_delivery_loopback as here; here.drain(Path(sys.argv[1]), sys.argv[2])"
    )
    begun = time.monotonic()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script, str(home.folder), url],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    receipted, base, peak, cpu = map(float, done.stdout.split())
    print(
        f"{count} records: {time.monotonic() - begun:.0f} s, {cpu:.0f} s CPU of the sender, "
        f"memory {base:.0f} MB before, {peak:.0f} MB at most"
    )
    assert receipted == count + 1
    there = applied(home)
    assert {there[one] for one in ids} == {1}
    assert peak - base < 16  # 12 MB of record, 10,000 rows: neither is ever held whole


def drain(centre: Path, url: str) -> None:
    """Send everything, and print how much memory that took."""
    from ektp_biocheck.delivery.centre.home import Home

    home = Home.load(centre)
    settings = settings_of(home, url, "kec-02")
    folder = centre / "stations" / "kec-02"
    client = HttpCentre(settings.centre, settings.limits)
    with closing(opened(folder)) as connection, client:
        client.inventory(InventoryQuestion(nonce="0" * 64, items=()))
        sending = sender(connection, folder, client, settings, piece_kib=256)
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        base = megabytes("VmRSS")
        ended = sending.send_due()
    print(ended[Sent.RECEIPTED], base, megabytes("VmHWM"), time.process_time())


def megabytes(name: str) -> float:
    """Return one of this process's own figures on its memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))
