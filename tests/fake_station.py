"""A station with sealed records, a clock that tests turn, and no camera."""

import hashlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ektp_biocheck.delivery.sender import Sender
from ektp_biocheck.delivery.settings import Limits
from ektp_biocheck.records import store
from ektp_biocheck.records.database import connect
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.keys import Keys
from ektp_biocheck.records.seal import verify
from ektp_biocheck.records.states import State

STATION = "kec-01"
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
NIK = "3201011212900001"


class Clock:
    """A wall clock that stands still until it is turned."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


class Station:
    """A station's folder, database and keys, with records of a few kilobytes."""

    def __init__(self, root: Path, seed: int = 0) -> None:
        self.root = root
        self.place = StationFolder(root).make()
        self.connection = self.open()
        self.clock = Clock()
        self.random = Random(seed)  # noqa: S311
        self.key = Ed25519PrivateKey.generate()
        self.opening = X25519PrivateKey.generate()
        self.keys = Keys(self.key, self.opening.public_key())
        self.images: dict[str, bytes] = {}

    def seal(self, count: int = 1, size: int = 3_000, **fields: Any) -> list[str]:
        """Seal so many records and return their ids."""
        made = []
        for _ in range(count):
            image = self.random.randbytes(size)
            record_id = store.next_record_id(self.connection)
            manifest = {
                "schema_version": 1,
                "record_id": record_id,
                "transaction": f"t-{record_id}",
                "station": STATION,
                "operator": "op-1",
                "queue_number": f"A{len(self.images) + 1:03}",
                "instances": {"rightIndex": {"sha256": hashlib.sha256(image).hexdigest()}},
                "exceptions": [],
            } | fields
            files = {"rightIndex": image}
            sealed = store.seal_record(self.connection, self.root, files, manifest, self.keys)
            self.images[sealed.record_id] = image
            made.append(sealed.record_id)
        return made

    def sender(self, client: Any, keys: Any, **changes: Any) -> Sender:
        """Return a sender of this station, a kilobyte a piece."""
        limits = changes.pop("limits", None) or Limits(piece_kib=1)
        given = {"now": self.clock, "random": self.random, "limits": limits} | changes
        connection = given.pop("connection", self.connection)
        return Sender(connection, self.root, client, STATION, keys, **given)

    def state(self, record_id: str) -> State:
        return store.record(self.connection, record_id).state

    def states(self) -> list[State]:
        return [row.state for row in store.records(self.connection, limit=100_000)]

    def open(self) -> sqlite3.Connection:
        """Return a connection that does not wait for the disk: no test here cuts the power."""
        connection = connect(self.place.database)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    def intact(self, record_id: str) -> bool:
        """Return whether the sealed payload is here and its signature verifies."""
        try:
            data = self.place.payload(record_id).read_bytes()
            envelope = verify(data, self.key.public_key())
        except (OSError, ValueError):
            return False
        return envelope.sha256 == store.record(self.connection, record_id).sha256

    def damage(self, record_id: str) -> None:
        """Flip one bit of a sealed file."""
        path = self.place.payload(record_id)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
