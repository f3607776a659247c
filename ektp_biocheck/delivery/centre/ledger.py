"""What the centre's database says about records: one function, one statement or two.

All work inside the caller's transaction. A row says `stored` only after its bytes are.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ektp_biocheck.delivery.centre import stations, tables
from ektp_biocheck.delivery.centre.refused import Refused
from ektp_biocheck.delivery.centre.stations import Peer, Station
from ektp_biocheck.delivery.messages import (
    Announcement,
    Receipt,
    UploadState,
    decode,
    encode,
    identity,
    sign,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = [
    "announcement_of",
    "apply",
    "count_refusal",
    "find",
    "insert",
    "lost",
    "newest_receipt",
    "remember",
    "same",
    "sender",
    "state_of",
    "to_forward",
    "write_receipt",
]


def sender(connection: sa.Connection, peer: Peer, station_id: str) -> Station:
    """Return the station of an announcement, locked, if the peer may announce for it.

    Raises
    ------
    Refused
        When either is unknown or blocked, or the peer is neither it nor its office.
    """
    admitted = stations.admitted(connection, peer)
    station = stations.find(connection, station_id, lock=True)
    if station is None or station.blocked or not station.public_keys:
        raise Refused("unknown_station")
    if admitted.id not in (station.id, station.via):
        raise Refused("not_yours")
    return station


def find(connection: sa.Connection, record_id: str) -> sa.Row[Any] | None:
    """Return the row of a record, or None."""
    query = sa.select(tables.record).where(tables.record.c.record_id == record_id)
    return connection.execute(query).one_or_none()


def same(row: sa.Row[Any], announcement: Announcement) -> None:
    """Make sure that a record announced again is the one that is known.

    Raises
    ------
    Refused
        Another hash, or the same with other fields.
    """
    if (row.sha256, row.station) != (announcement.sha256, announcement.station):
        raise Refused("other_hash")
    if row.identity != identity(announcement):
        raise Refused("other_body")


def insert(
    connection: sa.Connection, peer: Peer, announcement: Announcement, *, day: str, at: str
) -> bool:
    """Add a record that was announced. False when another process did so meanwhile."""
    done = connection.execute(
        tables.insert(connection, tables.record)
        .values(
            record_id=announcement.record_id,
            sha256=announcement.sha256,
            size=announcement.size,
            station=announcement.station,
            peer=peer.name,
            sequence=announcement.sequence,
            identity=identity(announcement),
            announcement=encode(announcement).decode(),
            day=day,
            announced_at=at,
            stored=False,
            applied=0,
        )
        .on_conflict_do_nothing()
    )
    return bool(done.rowcount)


def remember(connection: sa.Connection, peer: Peer, announcement: Announcement) -> None:
    """Keep who sends a record now, and the head of the station's audit chain.

    A head that comes with an older sequence is not kept: a station that was set back goes on
    being told the newer head, which it will not find in its chain.
    """
    connection.execute(
        tables.record.update()
        .where(tables.record.c.record_id == announcement.record_id)
        .values(peer=peer.name, announcement=encode(announcement).decode())
    )
    if announcement.audit_head is not None:
        connection.execute(
            tables.station.update()
            .where(
                tables.station.c.id == announcement.station,
                tables.station.c.audit_sequence <= announcement.sequence,
            )
            .values(audit_head=announcement.audit_head, audit_sequence=announcement.sequence)
        )


def apply(
    connection: sa.Connection,
    record_id: str,
    *,
    centre: str,
    key: "Ed25519PrivateKey",
    at: str,
    forwarding: bool,
) -> Receipt:
    """Say that a record is stored, exactly once, and return the receipt for it."""
    done = connection.execute(
        tables.record.update()
        .where(tables.record.c.record_id == record_id, tables.record.c.stored.is_(False))
        .values(stored=True, applied=tables.record.c.applied + 1)
    )
    if not done.rowcount:
        return newest_receipt(connection, record_id)
    if forwarding:
        to_forward(connection, record_id)
    return write_receipt(connection, record_id, centre=centre, key=key, at=at)


def to_forward(connection: sa.Connection, record_id: str) -> None:
    """Note that a record is to be passed on; one that was is not passed on again."""
    announcement = announcement_of(connection, record_id)
    connection.execute(
        tables.insert(connection, tables.forward)
        .values(
            record_id=record_id,
            state="WAITING",
            priority=announcement.priority,
            attempts=0,
            refusals=0,
            next_at=0.0,
        )
        .on_conflict_do_nothing()
    )


def write_receipt(
    connection: sa.Connection,
    record_id: str,
    *,
    centre: str,
    key: "Ed25519PrivateKey",
    at: str,
    via: tuple[Receipt, ...] = (),
) -> Receipt:
    """Sign and keep a receipt under the next sequence."""
    row = connection.execute(
        sa.select(tables.record.c.sha256, tables.record.c.size).where(
            tables.record.c.record_id == record_id
        )
    ).one()
    sequence = tables.raised(connection, "receipt")
    receipt = sign(
        Receipt(
            record_id=record_id,
            sha256=row.sha256,
            size=row.size,
            centre=centre,
            sequence=sequence,
            at=at,
            via=via,
        ),
        key,
    )
    connection.execute(
        tables.receipt.insert().values(
            sequence=sequence, record_id=record_id, body=encode(receipt).decode()
        )
    )
    return receipt


def newest_receipt(connection: sa.Connection, record_id: str) -> Receipt:
    """Return the last receipt that was signed for a record."""
    body = connection.execute(
        sa.select(tables.receipt.c.body)
        .where(tables.receipt.c.record_id == record_id)
        .order_by(tables.receipt.c.sequence.desc())
        .limit(1)
    ).scalar_one()
    return decode(body.encode(), Receipt)


def announcement_of(connection: sa.Connection, record_id: str) -> Announcement:
    """Return a record's announcement as it came last."""
    body = connection.execute(
        sa.select(tables.record.c.announcement).where(tables.record.c.record_id == record_id)
    ).scalar_one()
    return decode(body.encode(), Announcement)


def lost(connection: sa.Connection, record_id: str) -> None:
    """Take back that a record is stored."""
    connection.execute(
        tables.record.update().where(tables.record.c.record_id == record_id).values(stored=False)
    )


def state_of(station: Station, offset: int, receipt: Receipt | None = None) -> UploadState:
    """Return how far a record is, as its station is told."""
    return UploadState(offset=offset, receipt=receipt, audit_head=station.audit_head)


def count_refusal(connection: sa.Connection, peer: str, code: str, moment: datetime) -> None:
    """Count a refusal for the day's figures."""
    connection.execute(
        tables.insert(connection, tables.refusal)
        .values(peer=peer, day=moment.date().isoformat(), code=code, count=1)
        .on_conflict_do_update(
            index_elements=["peer", "day", "code"], set_={"count": tables.refusal.c.count + 1}
        )
    )
