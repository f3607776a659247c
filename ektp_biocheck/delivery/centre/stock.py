"""What a centre holds, counted and, when asked, read through."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from ektp_biocheck.delivery.centre import tables
from ektp_biocheck.delivery.centre.store import Store

__all__ = ["Checked", "StationStock", "check", "refusals", "summary"]

_PAGE = 500


@dataclass(frozen=True, slots=True)
class StationStock:
    """What is here of one station.

    Attributes
    ----------
    station : str
        Its name.
    announced, stored : int
        Records it told of, and those whose bytes are here.
    bytes : int
        Of the stored ones.
    last_sequence : int
        The highest number it gave to a record; 0 when it sent none.
    missing : int
        Numbers up to that one that never came: sealed there and not sent, or lost.
    repeated : int
        Numbers that came more than once: the station was restored from a backup.
    """

    station: str
    announced: int
    stored: int
    bytes: int
    last_sequence: int
    missing: int
    repeated: int


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of reading the stock through.

    Attributes
    ----------
    intact, damaged : int
        Records whose bytes have their hash, and those whose bytes have not or are gone. A
        damaged one is answered as absent from now on, so that its station sends it again.
    strangers : int
        Files that no record names.
    """

    intact: int
    damaged: int
    strangers: int


def summary(store: Store) -> list[StationStock]:
    """Return what is here, by station."""
    record, station = tables.record, tables.station
    stored = sa.case((record.c.stored, 1), else_=0)
    query = (
        sa.select(
            station.c.id,
            sa.func.count(record.c.record_id),
            sa.func.coalesce(sa.func.sum(stored), 0),
            sa.func.coalesce(sa.func.sum(stored * record.c.size), 0),
            sa.func.coalesce(sa.func.min(record.c.sequence), 1),
            sa.func.coalesce(sa.func.max(record.c.sequence), 0),
            sa.func.count(sa.distinct(record.c.sequence)),
        )
        .select_from(station)
        .outerjoin(record, record.c.station == station.c.id)
        .group_by(station.c.id)
        .order_by(station.c.id)
    )
    with store.engine.begin() as connection:
        rows = connection.execute(query).all()
    return [
        StationStock(
            station=name,
            announced=announced,
            stored=int(held),
            bytes=int(size),
            last_sequence=int(last),
            missing=int(last) - min(1, int(first)) + 1 - distinct,
            repeated=announced - distinct,
        )
        for name, announced, held, size, first, last, distinct in rows
    ]


def refusals(store: Store, *, since: str) -> list[tuple[str, str, int]]:
    """Return whom what was refused since a date, and how often."""
    refusal = tables.refusal
    query = (
        sa.select(refusal.c.peer, refusal.c.code, sa.func.sum(refusal.c.count))
        .where(refusal.c.day >= since)
        .group_by(refusal.c.peer, refusal.c.code)
        .order_by(refusal.c.peer, refusal.c.code)
    )
    with store.engine.begin() as connection:
        return [(peer, code, int(count)) for peer, code, count in connection.execute(query)]


def check(store: Store, progress: Callable[[int, int], None] = lambda _, __: None) -> Checked:
    """Read every stored record through, and admit what is damaged.

    Parameters
    ----------
    store : Store
        May be in use meanwhile.
    progress : callable
        Gets how many of how many records were read.

    Returns
    -------
    Checked
        The counts.

    Raises
    ------
    Refused
        When the stock's disk is not there: nothing is called lost then.
    """
    store.attached()
    record = tables.record
    with store.engine.begin() as connection:
        total = connection.execute(
            sa.select(sa.func.count()).select_from(record).where(record.c.stored)
        ).scalar_one()
    intact = damaged = 0
    last = ""
    while True:
        query = (
            sa.select(record.c.record_id, record.c.sha256)
            .where(record.c.stored, record.c.record_id > last)
            .order_by(record.c.record_id)
            .limit(_PAGE)
        )
        with store.engine.begin() as connection:
            rows = connection.execute(query).all()
        if not rows:
            break
        for last, sha256 in rows:
            if store.disk.intact(sha256):
                intact += 1
            else:
                damaged += 1
                store.reopen(last)
            progress(intact + damaged, total)
    return Checked(intact, damaged, _strangers(store))


def _strangers(store: Store) -> int:
    query = sa.select(tables.record.c.sha256)
    with store.engine.begin() as connection:
        known = set(connection.execute(query).scalars())
    return sum(path.stem not in known for path in store.disk.files())
