"""A small station for tests of records, and the one invariant that every crash must leave true."""

import hashlib
import json
import random
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ektp_biocheck.records import seal, store
from ektp_biocheck.records.database import connect, writing
from ektp_biocheck.records.examine import examine
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.keys import Keys
from ektp_biocheck.records.rows import all_records
from ektp_biocheck.records.states import State
from ektp_biocheck.records.sweep import sweep

NIK = "3404012506820003"
INSTANCES = ("rightIndex", "leftIndex", "leftEye", "face")


@dataclass
class Kit:
    """A station in a folder, with the centre's private key at hand."""

    place: StationFolder
    keys: Keys
    centre: X25519PrivateKey
    connection: sqlite3.Connection

    @property
    def root(self) -> Path:
        return self.place.root

    def seal(self, transaction: str = "t1", files=None, **more: Any) -> store.SealedRecord:
        files = captures(transaction) if files is None else files
        record_id = store.next_record_id(self.connection)
        made = manifest(record_id, transaction, files, **more)
        return store.seal_record(self.connection, self.root, files, made, self.keys)

    def row(self, record_id: str) -> store.RecordRow:
        return store.record(self.connection, record_id)

    def moves(self, record_id: str, *states: str) -> None:
        for state in states:
            store.move(self.connection, record_id, state, "test", actor="sender")

    def reopen(self) -> None:
        self.connection.close()
        self.connection = connect(self.place.database)

    def sweep(self, **how: Any):
        return sweep(self.connection, self.root, self.keys, **how)

    def examine(self, seen=()):
        return examine(self.connection, self.place, self.keys.trusted, seen=seen)


def make_kit(root: Path) -> Kit:
    place = StationFolder(root).make()
    centre = private_key("centre")
    keys = Keys(signing_key("station"), centre.public_key())
    return Kit(place, keys, centre, connect(place.database))


def signing_key(name: str) -> Ed25519PrivateKey:
    """The same key for the same name: processes of one test agree without files."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def private_key(name: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def captures(seed: str, size: int = 3_000) -> dict[str, bytes]:
    rng = random.Random(seed)  # noqa: S311 - bytes that stand for images
    return {name: rng.randbytes(size) for name in INSTANCES}


def manifest(
    record_id: str, transaction: str, files: Mapping[str, bytes], **more: Any
) -> dict[str, Any]:
    instances = {
        name: {"outcome": "ACQUIRED", "sha256": hashlib.sha256(data).hexdigest(), "score": 71}
        for name, data in files.items()
    }
    return {
        "schema_version": 1,
        "record_id": record_id,
        "transaction": transaction,
        "station": "KEC-01",
        "operator": "op-7",
        "subject_ref": hashlib.sha256(NIK.encode()).hexdigest(),
        "queue_number": "24",
        "instances": instances,
        "exceptions": [],
        "copied_instances": [],
        "supersedes": None,
        **more,
    }


def add_events(connection: sqlite3.Connection, transaction: str, count: int = 3) -> None:
    with writing(connection):
        for number in range(count):
            connection.execute(
                "INSERT INTO event (transaction_id, kind, data, at, clock_suspect) "
                "VALUES (?, 'attempt', ?, '2016-09-17T02:00:00.000Z', 0)",
                (transaction, json.dumps({"number": number})),
            )


def receipt_of(row: store.RecordRow, number: int = 1) -> dict[str, Any]:
    return {
        **{"record_id": row.record_id, "sha256": row.sha256, "size": row.size},
        **{"centre": "PUSAT", "sequence": number, "at": "2016-09-17T02:00:00Z", "via": []},
        "signature": "A" * 86 + "==",
    }


def check_invariant(
    root: Path, acknowledged: Mapping[str, str], *, sacrificed=(), strangers: bool = False
) -> None:
    """After a crash anywhere: every payload is intact here, or its record is CLOSED.

    `acknowledged` maps transactions whose citizen has a receipt to the hash on it; `sacrificed`
    are transactions whose file the test itself destroyed; `strangers` tells that the test left
    files that are no records. Otherwise none is found: no file is ever half there.
    """
    kit = make_kit(root)
    with closing(kit.connection):
        before = kit.place.database.stat().st_size
        assert before > 0
        assert strangers or not kit.sweep().strangers
        kit.sweep()
        again = kit.sweep()  # a second one finds nothing left to do
        assert [again.adopted, again.strangers, again.lost, again.temporary] == [[], [], [], 0]
        station_public = kit.keys.station_private.public_key()
        found = {}
        for row in all_records(kit.connection):
            found[row.transaction] = row.sha256
            if row.state is State.CLOSED or row.transaction in sacrificed:
                continue
            data = kit.place.payload(row.record_id).read_bytes()
            assert seal.verify(data, station_public).sha256 == row.sha256
            assert row.state is not State.LOST
        assert set(acknowledged.items()) <= set(found.items())
        assert not list(kit.place.sealed.glob("*.tmp"))
        problems = [
            one
            for one in kit.examine().problems
            if not any(found.get(name, "-") in _hashes(kit, one.about) for name in sacrificed)
        ]
        assert not problems, problems


def _hashes(kit: Kit, about: str) -> set[str]:
    with suppress(ValueError):
        return {kit.row(about[:36]).sha256}
    return set()
