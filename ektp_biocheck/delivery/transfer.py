"""One record over the line: announced, uploaded from where the centre is, signed for.

Only a piece at a time is in memory. Nothing is written down here; `sender` does that.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from ektp_biocheck.delivery.client import CentreClient
from ektp_biocheck.delivery.messages import Announcement, MessageError, Receipt, UploadState
from ektp_biocheck.records.crash import point

__all__ = ["Damaged", "Stopped", "damage", "transfer"]

_READ = 1 << 20


class Stopped(Exception):
    """The user asked to stop between two pieces."""


class Damaged(Exception):
    """The file is gone or damaged, and the centre does not hold it."""


def damage(path: Path, sha256: str) -> str | None:
    """Return what is wrong with a sealed file; None when it is intact.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        Its hash when it was sealed, hex.

    Raises
    ------
    OSError
        When it is there and cannot be read: that may pass.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_READ):
                digest.update(piece)
    except FileNotFoundError:
        return "payload is gone"
    return None if digest.hexdigest() == sha256 else "payload is damaged"


def transfer(
    client: CentreClient,
    announcement: Announcement,
    path: Path,
    *,
    piece_bytes: int,
    answered: Callable[[UploadState], None],
    going: Callable[[], None],
    taken: Callable[[int], None],
    stop: Callable[[], bool],
) -> Receipt:
    """Bring a record to the centre, or learn that it is there.

    Parameters
    ----------
    client : CentreClient
        The centre.
    announcement : Announcement
        What is coming.
    path : Path
        The sealed file.
    piece_bytes : int
        How much to hand over at once.
    answered : callable
        Called with the answer to the announcement.
    going : callable
        Called before the first byte goes.
    taken : callable
        Called after each piece with the number of bytes by which the centre is further.
    stop : callable
        Asked before each piece.

    Returns
    -------
    Receipt
        The centre's word, not yet verified.

    Raises
    ------
    Damaged
        When the centre does not hold it and the file here is not as it was sealed.
    Stopped
        When `stop` said so.
    DeliveryError, MessageError
        See `CentreClient`.
    OSError
        When the file cannot be read.
    """
    wrong = damage(path, announcement.sha256)
    state = client.announce(announcement)
    point("send:announced")
    answered(state)
    if state.receipt is None and wrong:
        raise Damaged(f"{wrong}, and the centre does not hold it")
    if state.receipt is None:
        going()
        point("send:going")
        state = _upload(client, announcement, state, path, piece_bytes, taken, stop)
    if state.receipt is None:
        raise MessageError("the centre has all bytes and gives no receipt")
    point("send:receipt-came")
    return state.receipt


def _upload(
    client: CentreClient,
    announcement: Announcement,
    state: UploadState,
    path: Path,
    piece_bytes: int,
    taken: Callable[[int], None],
    stop: Callable[[], bool],
) -> UploadState:
    """Hand over piece after piece, from wherever the centre says it is."""
    with path.open("rb") as file:
        for _ in range(2 * (announcement.size // piece_bytes) + 16):  # not for ever in circles
            if state.receipt is not None or state.offset >= announcement.size:
                return state
            if stop():
                raise Stopped
            file.seek(state.offset)
            before = state.offset
            state = client.upload(announcement.record_id, before, file.read(piece_bytes))
            point("send:piece-taken")
            taken(max(state.offset - before, 0))
    return state
