"""From a finished capture to a sealed record, and what a station sets right when it starts.

`Station.finish` gives the verdict; `Station.seal` makes the record durable for the centre and
only then removes the captures that waited in the vault. A crash between the two is taken up by
`Station.start_day`.
"""

from dataclasses import dataclass

from ektp_biocheck.capture import office
from ektp_biocheck.capture.desk import Desk
from ektp_biocheck.records import audit, clock, space, store
from ektp_biocheck.records.events import transactions_with
from ektp_biocheck.records.folder import StationFolder
from ektp_biocheck.records.keys import load_keys
from ektp_biocheck.records.space import Space
from ektp_biocheck.records.sweep import Sweep, sweep

__all__ = ["RETENTION_DAYS", "DayOpening", "approve_sealed", "room", "seal", "start_day"]

RETENTION_DAYS = 90.0
"""A card can still be refused for a while after the centre said that it can be printed."""


@dataclass(frozen=True, slots=True)
class DayOpening:
    """What was set right before the first person.

    Parameters
    ----------
    sweep : Sweep
        Files and rows compared; its `alarm` is for a person to look at.
    sealed : tuple of str
        Records of finished captures that a crash had kept from being sealed.
    released : tuple of str
        Records sent on without the second officer, because the time was up.
    erased : tuple of str
        Records whose captures were erased after the retention time.
    room : Space
        What is free on the disk.
    """

    sweep: Sweep
    sealed: tuple[str, ...]
    released: tuple[str, ...]
    erased: tuple[str, ...]
    room: Space


def seal(desk: Desk, transaction: str) -> store.SealedRecord:
    """Seal a finished capture; asked again it returns the same record."""
    place = _place(desk)
    keys = load_keys(place.keys)
    done = office.finished(desk, transaction)
    before = store.of_transaction(desk.connection, transaction)
    if before is not None and desk.person(transaction).sealed:  # the captures are gone by now
        return store.SealedRecord(
            before.record_id,
            before.sequence,
            before.sha256,
            before.size,
            place.payload(before.record_id),
            before.manifest_sha256,
        )
    images = {name: desk.vault.get(transaction, sha256) for name, sha256 in done.files.items()}
    sealed = store.seal_record(desk.connection, place.root, images, done.manifest, keys)
    office.sealed(desk, transaction)
    return sealed


def start_day(desk: Desk, retention_days: float) -> DayOpening:
    """Set right what a crash left, seal what waits, look at the disk."""
    place = _place(desk)
    keys = load_keys(place.keys)
    found = sweep(desk.connection, place.root, keys)
    waiting = transactions_with(desk.connection, "finished", "sealed")
    sealed = tuple(seal(desk, transaction).record_id for transaction in waiting)
    now = clock.now()
    released = tuple(store.release_overdue(desk.connection, now))
    erased = store.erase_due(desk.connection, place.root, now, retention_days=retention_days)
    audit.checkpoint_if_due(desk.connection, keys.station_private)
    return DayOpening(found, sealed, released, tuple(erased), room(desk))


def room(desk: Desk) -> Space:
    """Look how much room the disk has, and lay the ballast when it is missing."""
    return space.check(desk.connection, _place(desk))


def approve_sealed(desk: Desk, record_id: str, by: str, granted: bool) -> None:
    """Enter the second officer's word on a sealed record's exceptions."""
    store.approve(desk.connection, record_id, actor=by, granted=granted)


def _place(desk: Desk) -> StationFolder:
    return StationFolder(desk.folder).make()
