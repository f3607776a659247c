"""How fast a centre takes records in over loopback, against a plain durable file copy.

    python benchmarks/centre.py [--records 40] [--database postgresql://...]

Prints records per second for a station on one connection and for four at once, and the ratio of
their times to writing the same bytes durably (write, fsync, rename, fsync of the folder).
"""

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ektp_biocheck.delivery.centre import setup
from ektp_biocheck.delivery.centre.home import Home, HomeSettings
from ektp_biocheck.delivery.http import HttpCentre
from ektp_biocheck.delivery.messages import MAX_PIECE, Announcement
from ektp_biocheck.delivery.settings import Settings, load_settings
from ektp_biocheck.records import seal
from ektp_biocheck.records.files import write_durably
from ektp_biocheck.records.ids import new_record_id
from ektp_biocheck.records.keys import load_signing_key

SIZE = 1_500_000
ROUNDS = 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=40, help="in each round")
    parser.add_argument("--database", default="centre.sqlite")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = make(Path(name), options.database)
        with served(home) as url:
            settings = at(home, url)
            rounds = [measured(home, settings, options.records) for _ in range(ROUNDS)]
    copy, one, four = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{options.records} records of {SIZE / 1e6} MB, median of {ROUNDS} rounds")
    for name, each in (("durable copy", copy), ("one connection", one), ("four at once", four)):
        ratio = each / copy
        print(f"{name:15} {1 / each:6.1f} records/s {each * 1e3:6.1f} ms each, ratio {ratio:.1f}")


def make(folder: Path, database: str) -> Home:
    """Make a centre with one station."""
    settings = HomeSettings(
        name="centre", hosts=("localhost", "127.0.0.1"), port=0, database=database, quota=10**6
    )
    return setup.init(folder / "centre", settings, station_ids=["kec-01"])


@contextmanager
def served(home: Home) -> Iterator[str]:
    """Serve the centre in a process of its own; yield its address."""
    command = [sys.executable, "-m", "ektp_biocheck", "centre", "serve", str(home.folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603
    try:
        line = next(line for line in process.stderr or () if " listens on " in line)
        yield line.split(" listens on ")[1].strip()
    finally:
        process.terminate()
        process.communicate()


def at(home: Home, url: str) -> Settings:
    """Return the station's settings for a server at this address."""
    settings = load_settings(home.folder / "stations" / "kec-01" / "delivery.toml")
    return msgspec.structs.replace(
        settings, centre=msgspec.structs.replace(settings.centre, url=url)
    )


def measured(home: Home, settings: Settings, count: int) -> tuple[float, float, float]:
    """Return seconds per record: copied, sent on one connection, sent on four."""
    copies = [os.urandom(SIZE) for _ in range(count)]
    target = home.folder / "copies"
    target.mkdir(exist_ok=True)
    copy = timed(lambda data: write_durably(target / hashlib.sha1(data).hexdigest(), data), copies)  # noqa: S324
    with HttpCentre(settings.centre, settings.limits) as client:
        client.statements(0)  # the handshake is not what is measured
        one = timed(lambda record: send(client, *record), sealed(home, count))
    records = sealed(home, count)
    with ThreadPoolExecutor(4) as pool:
        begun = time.perf_counter()
        for done in [pool.submit(send_all, settings, records[part::4]) for part in range(4)]:
            done.result()
        four = (time.perf_counter() - begun) / count
    return copy, one, four


def timed(work: Callable[[object], object], items: list[object]) -> float:
    """Return the seconds that each item took on average."""
    begun = time.perf_counter()
    for item in items:
        work(item)
    return (time.perf_counter() - begun) / len(items)


def sealed(home: Home, count: int) -> list[tuple[Announcement, bytes]]:
    """Return sealed records of the station."""
    key = load_signing_key(home.folder / "stations" / "kec-01" / "keys" / "station.key")
    opening = X25519PrivateKey.generate().public_key()
    made = []
    for sequence in range(count):
        record_id = new_record_id()
        data = seal.seal(
            {"face": os.urandom(SIZE)},
            {"station": "kec-01"},
            centre_public=opening,
            station_private=key,
            record_id=record_id,
        )
        announcement = Announcement(
            record_id=record_id,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            station="kec-01",
            sequence=sequence,
        )
        made.append((announcement, data))
    return made


def send_all(settings: Settings, records: list[tuple[Announcement, bytes]]) -> None:
    """Send records on a connection of their own."""
    with HttpCentre(settings.centre, settings.limits) as client:
        for record in records:
            send(client, *record)


def send(client: HttpCentre, announcement: Announcement, data: bytes) -> None:
    """Send one record to its receipt."""
    state = client.announce(announcement)
    while state.receipt is None:
        piece = data[state.offset : state.offset + MAX_PIECE]
        state = client.upload(announcement.record_id, state.offset, piece)


if __name__ == "__main__":
    main()
