"""What a centre takes: how large, how much in a day, and sealed by whom."""

from collections.abc import Callable
from dataclasses import dataclass

from ektp_biocheck.delivery.centre.stations import Station
from ektp_biocheck.errors import InputError

__all__ = ["Limits", "SealCheck", "check_seal"]

SealCheck = Callable[[bytes, Station, str], None]
"""Raises `InputError` unless the bytes are a record of this id, sealed by this station."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a centre takes.

    Attributes
    ----------
    max_record : int
        Bytes of one sealed record at most.
    quota : int
        New records of a station in a day, where the station has no quota of its own.
    utc_offset_hours : float
        Of the centre's own clock: when its day begins.
    """

    max_record: int = 16 << 20
    quota: int = 500
    utc_offset_hours: float = 7.0


def check_seal(data: bytes, station: Station, record_id: str) -> None:
    """Check that the station sealed exactly these bytes as this record; nothing is opened.

    Raises
    ------
    InputError
        When it did not.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from ektp_biocheck.records import seal

    refused = InputError("no signing key is registered for this station")
    for key in reversed(station.public_keys):  # the newest is the likeliest
        try:
            envelope = seal.verify(data, Ed25519PublicKey.from_public_bytes(key))
            break
        except InputError as error:
            refused = error
    else:
        raise refused
    if (envelope.record_id, envelope.station) != (record_id, station.id):
        raise InputError("sealed as another record or by another station")
