"""Who may send: the stations and offices that a centre knows."""

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from ektp_biocheck.delivery.centre.refused import Refused
from ektp_biocheck.delivery.centre.tables import station as table
from ektp_biocheck.delivery.messages import MessageError, Name, decode, encode
from ektp_biocheck.errors import InputError

__all__ = [
    "Peer",
    "Station",
    "add",
    "add_key",
    "admitted",
    "change",
    "check_name",
    "every",
    "find",
]


@dataclass(frozen=True, slots=True)
class Peer:
    """Whoever is at the other end of a connection, as its certificate says.

    Attributes
    ----------
    name : str
        The certificate's common name.
    certificate : str
        SHA-256 of the certificate, hex.
    """

    name: str
    certificate: str


@dataclass(frozen=True, slots=True)
class Station:
    """One who may send.

    Attributes
    ----------
    id : str
        The common name of its certificate.
    public_keys : tuple of bytes
        The 32 bytes of each Ed25519 key that it seals or sealed with; none for an office that
        only forwards.
    quota : int or None
        New records in a day; None: the centre's own default.
    via : str or None
        The office that may forward for it.
    certificate : str or None
        SHA-256 of the only certificate it may use; None: any of the centre's authority.
    blocked : bool
        Nothing is taken from it.
    audit_head : str or None
        The newest head of its audit chain, told with the record of the highest sequence.
    """

    id: str
    public_keys: tuple[bytes, ...] = ()
    quota: int | None = None
    via: str | None = None
    certificate: str | None = None
    blocked: bool = False
    audit_head: str | None = None


def check_name(name: str) -> None:
    """Make sure that a name can be a station's: it becomes a folder and a common name.

    Raises
    ------
    InputError
        When it cannot.
    """
    try:
        decode(encode(name), Name)
    except MessageError as error:
        raise InputError(
            "a station's name is 1 to 64 letters, digits, dots, hyphens and underscores, and "
            "begins with a letter or digit"
        ) from error


def add(connection: sa.Connection, station: Station) -> None:
    """Register a station.

    Raises
    ------
    InputError
        When the name cannot be one, or is taken.
    """
    check_name(station.id)
    if station.via is not None:
        check_name(station.via)
    if find(connection, station.id) is not None:
        raise InputError(f"{station.id} is registered already: change it, or choose another name")
    connection.execute(
        table.insert().values(
            id=station.id,
            public_keys=" ".join(key.hex() for key in station.public_keys),
            quota=station.quota,
            via=station.via,
            certificate=station.certificate,
            blocked=station.blocked,
            audit_sequence=-1,
            added_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
    )


def change(connection: sa.Connection, station_id: str, **values: str | int | bool | None) -> None:
    """Change what is registered about a station.

    Raises
    ------
    InputError
        When it is not registered.
    """
    done = connection.execute(table.update().where(table.c.id == station_id).values(**values))
    if not done.rowcount:
        raise InputError(f"no station {station_id} is registered: add it first")


def add_key(connection: sa.Connection, station_id: str, public_key: bytes) -> None:
    """Register one more key of a station that was set up anew; the older ones stay good.

    Raises
    ------
    InputError
        When the station is not registered.
    """
    station = find(connection, station_id, lock=True)
    keys = dict.fromkeys((*(station.public_keys if station else ()), public_key))
    change(connection, station_id, public_keys=" ".join(key.hex() for key in keys))


def find(connection: sa.Connection, station_id: str, *, lock: bool = False) -> Station | None:
    """Return a station, kept from changing until the transaction ends when `lock` is set."""
    query = sa.select(table).where(table.c.id == station_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _of(row)


def every(connection: sa.Connection) -> list[Station]:
    """Return all stations by name."""
    return [_of(row) for row in connection.execute(sa.select(table).order_by(table.c.id))]


def admitted(connection: sa.Connection, peer: Peer) -> Station:
    """Return the station that a peer is.

    Raises
    ------
    Refused
        When it is none, is blocked, or shows another certificate than its own.
    """
    station = find(connection, peer.name)
    if station is None or station.blocked:
        raise Refused("unknown_station")
    if station.certificate not in (None, peer.certificate):
        raise Refused("other_certificate")
    return station


def _of(row: sa.Row[tuple[object, ...]]) -> Station:
    return Station(
        id=row.id,
        public_keys=tuple(bytes.fromhex(key) for key in row.public_keys.split()),
        quota=row.quota,
        via=row.via,
        certificate=row.certificate,
        blocked=row.blocked,
        audit_head=row.audit_head,
    )
