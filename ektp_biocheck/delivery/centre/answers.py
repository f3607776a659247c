"""What the centre answers for: which records it holds, and what became of them."""

import logging
import re
from collections.abc import Sequence

import sqlalchemy as sa

from ektp_biocheck.delivery.centre import ledger, stations, tables
from ektp_biocheck.delivery.centre.stations import Peer
from ektp_biocheck.delivery.centre.store import Store
from ektp_biocheck.delivery.messages import (
    FinalStatus,
    Holding,
    Inventory,
    InventoryAnswer,
    InventoryItem,
    InventoryQuestion,
    Statement,
    decode,
    encode,
    sign,
)
from ektp_biocheck.errors import InputError

__all__ = ["PAGE", "add_statement", "inventory", "statements"]

log = logging.getLogger("ektp_biocheck.centre")

PAGE = 200
"""Statements in one answer, at most."""
_IDENTIFIER = re.compile(r"\d[\d .-]{6,}\d")
"""Long runs of digits, such as a NIK or a telephone number."""


def inventory(store: Store, peer: Peer, question: InventoryQuestion) -> Inventory:
    """Say which of the records are really on the disk, signed.

    Raises
    ------
    Refused
        When the peer is not admitted, or the disk is not there to look at.
    """
    store.attached()
    ids = [item.record_id for item in question.items]
    with store.engine.begin() as connection:
        stations.admitted(connection, peer)
        query = sa.select(tables.record).where(
            tables.record.c.record_id.in_(ids),
            sa.or_(tables.record.c.station == peer.name, tables.record.c.peer == peer.name),
        )
        known = {row.record_id: row for row in connection.execute(query)}
        final = _final_statuses(connection, list(known))
    return sign(
        Inventory(
            centre=store.name,
            station=peer.name,
            nonce=question.nonce,
            at=store.moment(),
            answers=tuple(
                InventoryAnswer(
                    record_id=item.record_id,
                    answer=_holding(store, known.get(item.record_id), item),
                    status=final.get(item.record_id),
                )
                for item in question.items
            ),
        ),
        store.key,
    )


def statements(store: Store, peer: Peer, after: int) -> list[Statement]:
    """Return the statements about a peer's records after a sequence, a page at most.

    Raises
    ------
    Refused
        When the peer is not admitted.
    """
    with store.engine.begin() as connection:
        stations.admitted(connection, peer)
        query = (
            sa.select(tables.statement.c.body)
            .join(tables.record, tables.record.c.record_id == tables.statement.c.record_id)
            .where(
                tables.statement.c.sequence > after,
                sa.or_(tables.record.c.station == peer.name, tables.record.c.peer == peer.name),
            )
            .order_by(tables.statement.c.sequence)
            .limit(PAGE)
        )
        bodies = connection.execute(query).scalars().all()
    return [decode(body.encode(), Statement) for body in bodies]


def add_statement(
    store: Store,
    record_id: str,
    status: FinalStatus,
    *,
    reason: str = "",
    instances: Sequence[str] = (),
    origin: str | None = None,
) -> Statement | None:
    """Say what became of a record.

    Parameters
    ----------
    store : Store
        Whose word it is.
    record_id : str
        A record that is stored there.
    status : FinalStatus
        What became of it.
    reason : str
        Why, for a person; at most 200 characters.
    instances : sequence of str
        MOSIP attribute names of what has to be recorded again.
    origin : str, optional
        Who said so first, and under which number; said twice it counts once.

    Returns
    -------
    Statement or None
        None when `origin` was taken in before.

    Raises
    ------
    InputError
        No such record, a field that cannot be one, or a reason that holds a person's number.
    """
    if _IDENTIFIER.search(reason):
        raise InputError("a reason holds no NIK and no telephone number: leave the digits out")
    with store.engine.begin() as connection:
        row = ledger.find(connection, record_id)
        if row is None or not row.applied:
            raise InputError("no record of this id is stored here: see `centre stock`")
        if origin is not None and _said(connection, origin):
            return None
        statement = Statement(
            centre=store.name,
            sequence=tables.raised(connection, "statement"),
            record_id=record_id,
            sha256=row.sha256,
            status=status,
            reason=reason,
            instances=tuple(instances),
            at=store.moment(),
        )
        _keep(connection, sign(statement, store.key), origin)
    log.info("stated record=%s status=%s sequence=%d", record_id, status, statement.sequence)
    return statement


def _keep(connection: sa.Connection, statement: Statement, origin: str | None) -> None:
    body = encode(statement)
    decode(body, Statement)  # an administrator's typing error must not reach the stations
    connection.execute(
        tables.statement.insert().values(
            sequence=statement.sequence,
            record_id=statement.record_id,
            status=statement.status.value,
            origin=origin,
            body=body.decode(),
        )
    )


def _said(connection: sa.Connection, origin: str) -> bool:
    query = sa.select(tables.statement.c.sequence).where(tables.statement.c.origin == origin)
    return connection.execute(query).first() is not None


def _final_statuses(connection: sa.Connection, ids: list[str]) -> dict[str, FinalStatus]:
    """Return the last statement's status of each record that has one."""
    query = (
        sa.select(tables.statement.c.record_id, tables.statement.c.status)
        .where(tables.statement.c.record_id.in_(ids))
        .order_by(tables.statement.c.sequence)
    )
    return {record_id: FinalStatus(status) for record_id, status in connection.execute(query)}


def _holding(
    store: Store, row: "sa.Row[tuple[object, ...]] | None", item: InventoryItem
) -> Holding:
    if row is None:
        return Holding.UNKNOWN
    if row.sha256 != item.sha256:
        return Holding.OTHER_HASH
    if row.stored and store.disk.holds(row.sha256, row.size):
        return Holding.HELD
    if row.stored:
        log.error("absent record=%s: stored once, not on the disk now", item.record_id)
    return Holding.ABSENT
