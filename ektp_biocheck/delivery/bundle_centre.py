"""A bundle at the centre: taken in record by record, and answered on the disk."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ektp_biocheck.delivery.bundle import (
    Bundle,
    BundleReturn,
    NotTaken,
    payload_in,
    read_bundle,
    write_return,
)
from ektp_biocheck.delivery.messages import (
    MAX_RECORD,
    Announcement,
    Receipt,
    Statement,
    is_signed_by,
    sign,
)
from ektp_biocheck.errors import InputError

if TYPE_CHECKING:
    from ektp_biocheck.delivery.centre.stations import Peer
    from ektp_biocheck.delivery.centre.store import Store

__all__ = ["take_bundle"]

_NOT_NOW = frozenset({"disk_full", "unavailable"})


def take_bundle(
    store: "Store", folder: Path, *, told: Callable[[int], None] = lambda _: None
) -> BundleReturn:
    """Take a bundle in at the centre and write the answer onto it.

    May be repeated: what is stored already is receipted again and stored once.

    Parameters
    ----------
    store : Store
        The centre's.
    folder : Path
        The bundle.
    told : callable
        Called with the bytes of each record that was looked at.

    Returns
    -------
    BundleReturn
        What was written: receipts, and why the others were not taken.

    Raises
    ------
    UnreadableError, InputError
        When there is no bundle, or no registered station signed it.
    OSError
        When the centre's disk is full; what was stored stays, go on later.
    """
    bundle, name = read_bundle(folder)
    peer = _peer(store, bundle)
    receipts: list[Receipt] = []
    refused: list[NotTaken] = []
    for announcement in bundle.records:
        outcome = _take_one(store, peer, folder, announcement)
        if isinstance(outcome, Receipt):
            receipts.append(outcome)
        else:
            refused.append(NotTaken(record_id=announcement.record_id, code=outcome))
        told(announcement.size)
    answer = _answer(store, peer, bundle, name, receipts, refused)
    write_return(folder, answer)
    return answer


def _peer(store: "Store", bundle: Bundle) -> "Peer":
    """Return the station as whom a bundle is taken in: its signature stands for a certificate."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ektp_biocheck.delivery.centre import stations
    from ektp_biocheck.delivery.centre.stations import Peer

    with store.engine.begin() as connection:
        known = stations.find(connection, bundle.station)
    if known is None or known.blocked:
        raise InputError(f"the bundle is of station {bundle.station}, which is not registered here")
    for raw in known.public_keys:
        if is_signed_by(bundle, Ed25519PublicKey.from_public_bytes(raw)):
            return Peer(known.id, known.certificate or "")
    raise InputError(
        f"the bundle is not signed by station {bundle.station}: it was changed, or the station "
        "has a new key that is not registered here"
    )


def _take_one(
    store: "Store", peer: "Peer", folder: Path, announcement: Announcement
) -> Receipt | str:
    """Return the receipt of one record, or the code of why there is none."""
    from ektp_biocheck.delivery.centre.refused import Refused

    path = payload_in(folder, announcement.record_id)
    if path.is_symlink() or not path.is_file():
        return "missing"
    if path.stat().st_size != announcement.size or announcement.size > MAX_RECORD:
        return "damaged"
    try:
        data = path.read_bytes()
    except OSError:  # a bad place on the disk; the others may be fine
        return "damaged"
    if hashlib.sha256(data).hexdigest() != announcement.sha256:
        return "damaged"
    try:
        return store.accept(peer, announcement, data)
    except Refused as refused:
        if refused.code in _NOT_NOW:
            raise OSError(f"{refused}; take the bundle in again when it has been") from refused
        return refused.code


def _answer(
    store: "Store",
    peer: "Peer",
    bundle: Bundle,
    name: str,
    receipts: Iterable[Receipt],
    refused: Iterable[NotTaken],
) -> BundleReturn:
    from ektp_biocheck.delivery.centre import answers

    said: list[Statement] = []
    last = bundle.statements_after.get(store.name, 0)
    while page := answers.statements(store, peer, last):
        said += page
        last = page[-1].sequence
    answer = BundleReturn(
        centre=store.name,
        station=bundle.station,
        bundle=name,
        at=store.moment(),
        receipts=tuple(receipts),
        not_taken=tuple(refused),
        inventories=tuple(answers.inventory(store, peer, one) for one in bundle.questions),
        statements=tuple(said),
    )
    return sign(answer, store.key)
