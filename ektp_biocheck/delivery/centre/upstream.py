"""What the centre behind an office says of the records that the office passed on."""

import logging
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ektp_biocheck.delivery.centre import answers, ledger, tables
from ektp_biocheck.delivery.centre.home import Home
from ektp_biocheck.delivery.centre.store import Store
from ektp_biocheck.delivery.client import CentreClient
from ektp_biocheck.delivery.messages import (
    MAX_ITEMS,
    Holding,
    Inventory,
    InventoryItem,
    InventoryQuestion,
    MessageError,
    Statement,
    verified,
)
from ektp_biocheck.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["STATES", "Upstream", "reconciled", "sheet"]

log = logging.getLogger("ektp_biocheck.centre")

STATES = ("WAITING", "RECEIPTED", "HELD", "CONFLICT", "REFUSED")
"""Of a record that is to be passed on: not yet, receipt for it, seen in the inventory, a person
has to look because another record has its id, or because it was refused again and again."""

_AFTER = {
    Holding.HELD: "HELD",
    Holding.OTHER_HASH: "CONFLICT",
    Holding.ABSENT: "WAITING",
    Holding.UNKNOWN: "WAITING",
}


class Upstream:
    """Asks the centre behind, and writes down what it answers.

    Parameters
    ----------
    store : Store
        Of this office.
    client : CentreClient
        The centre behind.
    keys : mapping of str to Ed25519PublicKey
        Whose word is believed.
    station : str
        This office's name at the centre.
    """

    def __init__(
        self,
        store: Store,
        client: CentreClient,
        keys: "Mapping[str, Ed25519PublicKey]",
        station: str,
    ) -> None:
        self.store = store
        self.client = client
        self.keys = keys
        self.station = station

    def take_up(self) -> None:
        """Note as waiting what was stored before this office began to forward."""
        record, forward = tables.record, tables.forward
        query = (
            sa.select(record.c.record_id)
            .outerjoin(forward, forward.c.record_id == record.c.record_id)
            .where(record.c.stored, forward.c.record_id.is_(None))
        )
        with self.store.engine.begin() as connection:
            for record_id in connection.execute(query).scalars().all():
                ledger.to_forward(connection, record_id)

    def take_statements(self) -> int:
        """Take in new statements and pass them on under this office's name; return how many.

        Raises
        ------
        MessageError
            When one is not signed by who is trusted: nothing after it is taken in.
        """
        taken = 0
        while page := self.client.statements(self._seen()):
            for statement in page:
                taken += self._take(verified(statement, self.keys))
        return taken

    def reconcile(self) -> Counter[str]:
        """Ask for every record that was receipted; return how many came to which state.

        Raises
        ------
        MessageError
            When an answer is not to this question or not signed.
        """
        found: Counter[str] = Counter()
        for items in self._receipted():
            question = InventoryQuestion(nonce=secrets.token_hex(32), items=items)
            inventory = verified(self.client.inventory(question), self.keys)
            _fits(inventory, question, self.station)
            with self.store.engine.begin() as connection:
                for answer in inventory.answers:
                    state = _AFTER[answer.answer]
                    found[answer.answer.value] += 1
                    self._move(connection, answer.record_id, state)
        return found

    def _move(self, connection: sa.Connection, record_id: str, state: str) -> None:
        """Write down an answer, unless the record was sent again meanwhile."""
        connection.execute(
            tables.forward.update()
            .where(
                tables.forward.c.record_id == record_id,
                tables.forward.c.state.in_(("RECEIPTED", "HELD")),
            )
            .values(state=state, next_at=0.0)
        )
        if state not in ("HELD",):
            log.error("upstream does not hold record=%s: %s", record_id, state)

    def _receipted(self) -> Iterator[tuple[InventoryItem, ...]]:
        """Yield what was receipted, a question's worth at a time, in the order of the ids."""
        record, forward = tables.record, tables.forward
        last = ""
        while True:
            query = (
                sa.select(record.c.record_id, record.c.sha256)
                .join(forward, forward.c.record_id == record.c.record_id)
                .where(forward.c.state.in_(("RECEIPTED", "HELD")), record.c.record_id > last)
                .order_by(record.c.record_id)
                .limit(MAX_ITEMS)
            )
            with self.store.engine.begin() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            last = rows[-1].record_id
            yield tuple(InventoryItem(record_id=row.record_id, sha256=row.sha256) for row in rows)

    def _seen(self) -> int:
        query = sa.select(tables.counter.c.value).where(tables.counter.c.name == "upstream")
        with self.store.engine.begin() as connection:
            return int(connection.execute(query).scalar_one())

    def _take(self, statement: Statement) -> int:
        """Pass a statement on; one about a record that is not here is only remembered as seen."""
        with self.store.engine.begin() as connection:
            row = ledger.find(connection, statement.record_id)
        known = row is not None and row.applied and row.sha256 == statement.sha256
        said = known and answers.add_statement(
            self.store,
            statement.record_id,
            statement.status,
            reason=re.sub(r"\d[\d .-]{6,}\d", "…", statement.reason),
            instances=statement.instances,
            origin=f"{statement.centre}:{statement.sequence}",
        )
        with self.store.engine.begin() as connection:
            done = connection.execute(
                tables.counter.update()
                .where(
                    tables.counter.c.name == "upstream",
                    tables.counter.c.value < statement.sequence,
                )
                .values(value=statement.sequence)
            )
        if not done.rowcount:
            raise MessageError("the statements do not come in their order")
        return int(bool(said))


def sheet(store: Store) -> dict[str, int]:
    """Return how many stored records are in which state on their way on; they add up.

    Returns
    -------
    dict of str to int
        ``stored`` is the sum of all others.
    """
    record, forward = tables.record, tables.forward
    query = (
        sa.select(forward.c.state, sa.func.count())
        .select_from(record)
        .outerjoin(forward, forward.c.record_id == record.c.record_id)
        .where(record.c.stored)
        .group_by(forward.c.state)
    )
    with store.engine.begin() as connection:
        counts: Counter[str] = Counter()
        for state, count in connection.execute(query):
            counts[state or "WAITING"] += count  # without a row: stored before it forwarded
        total = connection.execute(
            sa.select(sa.func.count()).select_from(record).where(record.c.stored)
        ).scalar_one()
    return {"stored": total, **{state: counts[state] for state in STATES}}


def reconciled(home: Home, url: str | None = None) -> tuple[Counter[str], dict[str, int]]:
    """Compare an office's records with those of the centre behind it, now.

    Parameters
    ----------
    home : Home
        The office's folder; its server may be running.
    url : str, optional
        The centre's address, instead of the one in the settings.

    Returns
    -------
    found : Counter
        Answers of the inventory and how often each came.
    sheet : dict
        See `sheet`, after the answers were written down.

    Raises
    ------
    InputError
        When this is no office that forwards.
    DeliveryError, MessageError
        When the centre does not answer, or not as agreed.
    """
    from ektp_biocheck.delivery.http import HttpCentre
    from ektp_biocheck.delivery.settings import signing_keys

    settings = home.upstream(url)
    if settings is None:
        raise InputError(f"{home.folder} forwards to nobody: there is nothing to compare")
    keys = signing_keys(settings.centre)
    with home.opened() as store, HttpCentre(settings.centre, settings.limits) as client:
        upstream = Upstream(store, client, keys, settings.station)
        return upstream.reconcile(), sheet(store)


def _fits(inventory: Inventory, question: InventoryQuestion, station: str) -> None:
    asked = [item.record_id for item in question.items]
    answered = [answer.record_id for answer in inventory.answers]
    if (inventory.nonce, inventory.station, answered) != (question.nonce, station, asked):
        raise MessageError("the inventory does not answer what was asked")
