"""What the tests of the centre share: keys, a clock, a registered station."""

import itertools
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ektp_biocheck.delivery.centre import stations
from ektp_biocheck.delivery.centre.stations import Peer, Station
from ektp_biocheck.delivery.centre.store import Store

STATION_KEY = Ed25519PrivateKey.generate()
CENTRE_KEY = Ed25519PrivateKey.generate()
PEER = Peer("kec-01", "00" * 32)
_numbers = itertools.count()


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 9, 16, 3, 0, tzinfo=UTC)  # 10:00 at the office

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


def register(store: Store, name: str = "kec-01", **how: object) -> None:
    """Register a station that seals with `STATION_KEY`."""
    known = {"public_keys": (STATION_KEY.public_key().public_bytes_raw(),), **how}
    with store.engine.begin() as connection:
        stations.add(connection, Station(name, **known))


def new_database(server: str) -> str:
    """Make a database of its own for one test."""
    name = f"centre_{next(_numbers)}"
    engine = sa.create_engine(
        sa.make_url(server + "postgres").set(drivername="postgresql+pg8000"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server + name
