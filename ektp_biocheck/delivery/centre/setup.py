"""Setting a pilot up: a centre's folder, and what it hands to stations and offices."""

import ipaddress
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import sqlalchemy as sa
from cryptography import x509

from ektp_biocheck.delivery.centre import certificates, stations
from ektp_biocheck.delivery.centre.home import Home, HomeSettings
from ektp_biocheck.delivery.centre.stations import Station
from ektp_biocheck.delivery.settings import load_settings
from ektp_biocheck.errors import InputError
from ektp_biocheck.records.keys import (
    load_verifying_key,
    make_centre_keys,
    make_station_keys,
)

__all__ = [
    "add_office",
    "add_station",
    "check_host",
    "hand_out_certificate",
    "init",
    "server_certificate",
]

_SETTINGS = "delivery.toml"


def init(
    folder: Path,
    settings: HomeSettings,
    *,
    station_ids: Sequence[str] = (),
    upstream: Path | None = None,
) -> Home:
    """Make a centre's folder: settings, authority, server certificate and keys.

    Parameters
    ----------
    folder : Path
        Must not be there, or be empty. It appears whole or not at all.
    settings : HomeSettings
        What goes into ``centre.toml``.
    station_ids : sequence of str
        Stations to begin with; what each is handed lies below ``stations/``.
    upstream : Path, optional
        What the centre behind this office handed out: this one forwards to it.

    Returns
    -------
    Home
        Ready to be served.

    Raises
    ------
    InputError
        When the folder is in use, a name cannot be one, the database is none, or `upstream` is
        not what a centre handed out.
    OSError
        When the database cannot be reached.
    """
    folder = folder.resolve()
    if folder == Path.cwd():
        raise InputError("a centre is made in a new folder, not in the current one: name one")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty: choose a new folder for the centre")
    for station_id in station_ids:
        stations.check_name(station_id)
    for host in settings.hosts:
        check_host(host)
    building = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(building, ignore_errors=True)
    _check_parent(folder)
    try:
        _build(building, settings, dict.fromkeys(station_ids), upstream)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if folder.exists():
        folder.rmdir()
    building.rename(folder)
    return Home.load(folder)


def check_host(host: str) -> None:
    """Refuse what is neither the name nor the address of a machine.

    Raises
    ------
    InputError
        When it is none, by RFC 1123 or as an IP address.
    """
    with suppress(ValueError):
        ipaddress.ip_address(host)
        return
    labels = host.split(".")
    named = all(re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)", label) for label in labels)
    if not named or len(host) > 253 or labels[-1].isdigit():  # 10.0.0.300 is no name either
        raise InputError(
            f"{host!r} is neither a host name nor an address: give one such as records.example.id "
            "or 10.0.0.5, without https:// and port"
        )


def _check_parent(folder: Path) -> None:
    """Refuse, by its own name, a place in which no folder can be made."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder.parent):
            pass
    except OSError as error:
        raise InputError(
            f"{folder} cannot be made ({error.strerror}): choose a folder that you may write to"
        ) from error


def _build(
    folder: Path, settings: HomeSettings, station_ids: Iterable[str], upstream: Path | None
) -> None:
    keys = folder / "keys"
    keys.mkdir(parents=True, mode=0o700)
    authority = certificates.make_authority(settings.name, keys)
    certificates.issue_server(authority, settings.hosts, keys)
    make_centre_keys(keys)
    _save_settings(Home(folder, settings))
    if upstream is not None:
        _join(Home(folder, settings), upstream)
    home = Home.load(folder)
    with home.opened() as store, store.engine.begin() as connection:
        for station_id in station_ids:
            add_station(home, connection, station_id)


def _save_settings(home: Home) -> None:
    """Write ``centre.toml``."""
    lines = ["# A centre of ektp-biocheck; every key is explained in docs/delivery/centre.md."]
    fields = msgspec.to_builtins(home.settings)
    lines += [f"{key} = {json.dumps(value)}" for key, value in fields.items() if value is not None]
    path = home.folder / "centre.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    path.chmod(0o600)  # the database's URL may hold a password


def add_station(
    home: Home,
    connection: sa.Connection,
    station_id: str,
    *,
    public_key: Path | None = None,
    quota: int | None = None,
    via: str | None = None,
) -> Path | None:
    """Register a station; without a key of its own, make all that it needs to start.

    Parameters
    ----------
    home : Home
        The centre.
    connection : Connection
        To its database.
    station_id : str
        Its name, in its certificate and its records.
    public_key : Path, optional
        The key that it signs with, as PEM, where it made its keys itself.
    quota : int, optional
        New records in a day.
    via : str, optional
        The office that forwards for it, and gave it its certificate.

    Returns
    -------
    Path or None
        The folder to hand to the station; None when it has its keys and its office.

    Raises
    ------
    InputError
        Name taken or none, key file wrong, no authority here to make certificates.
    """
    if via is not None and stations.find(connection, via) is None:
        raise InputError(f"no office {via} is registered: add it first, with --office")
    folder = home.folder / "stations" / station_id
    stations.add(connection, Station(station_id, (), quota, via))
    if public_key is None:
        made = make_station_keys(folder / "keys")
        raw = made.public_key().public_bytes_raw()
    else:
        raw = load_verifying_key(public_key).public_bytes_raw()
    stations.add_key(connection, station_id, raw)
    if public_key is not None and via is not None:
        return None
    _hand_out(home, connection, station_id, folder)
    return folder


def add_office(home: Home, connection: sa.Connection, office_id: str) -> Path:
    """Register an office that forwards for stations; return the folder to hand to it."""
    folder = home.folder / "stations" / office_id
    stations.add(connection, Station(office_id))
    _hand_out(home, connection, office_id, folder)
    return folder


def hand_out_certificate(home: Home, connection: sa.Connection, station_id: str) -> Path:
    """Give a station a new certificate; from now on it alone is accepted.

    Raises
    ------
    InputError
        When the station is not registered, or there is no authority here.
    """
    if stations.find(connection, station_id) is None:
        raise InputError(f"no station {station_id} is registered: add it first")
    folder = home.folder / "stations" / station_id
    (folder / "keys").mkdir(parents=True, exist_ok=True)
    authority = certificates.Authority.load(home.keys)
    issued = certificates.issue_client(authority, station_id, folder / "keys")
    stations.change(connection, station_id, certificate=issued)
    return folder


def _join(home: Home, handed_out: Path) -> None:
    """Make a new office forward to the centre that handed this out."""
    load_settings(handed_out / _SETTINGS)  # says what is wrong with it
    shutil.copytree(handed_out, home.folder / "upstream")
    # Stations behind this office seal for the centre, which alone can open their records.
    (home.keys / "centre-seal.key").unlink()
    shutil.copy(handed_out / "keys" / "centre-seal.pub", home.keys / "centre-seal.pub")
    _save_settings(
        Home(home.folder, msgspec.structs.replace(home.settings, upstream=f"upstream/{_SETTINGS}"))
    )


def _hand_out(home: Home, connection: sa.Connection, station_id: str, folder: Path) -> None:
    keys = folder / "keys"
    hand_out_certificate(home, connection, station_id)
    for name in ("ca.pem", "centre-sign.pub", "centre-seal.pub"):
        shutil.copy(home.keys / name, keys / name)
    signers = {home.settings.name: "keys/centre-sign.pub"}
    upstream = home.upstream()
    if upstream is not None:  # receipts of the centre behind come in the chain
        (keys / "behind").mkdir(exist_ok=True)
        for name, file in upstream.centre.signing_keys.items():
            shutil.copy(file, keys / "behind" / f"{name}.pub")
            signers[name] = f"keys/behind/{name}.pub"
    lines = [
        f"station = {json.dumps(station_id)}",
        'records = "."',
        f"utc_offset = {json.dumps(_offset(home.settings.utc_offset_hours))}",
        "",
        "[centre]",
        f"name = {json.dumps(home.settings.name)}",
        f"url = {json.dumps(f'https://{_host(home.settings.hosts[0])}:{home.settings.port}')}",
        'ca = "keys/ca.pem"',
        'certificate = "keys/client.pem"',
        'key = "keys/client.key"',
        "",
        "[centre.signing_keys]",
        *(f"{json.dumps(name)} = {json.dumps(file)}" for name, file in signers.items()),
    ]
    (folder / _SETTINGS).write_text("\n".join(lines) + "\n", "utf-8")


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _offset(hours: float) -> str:
    minutes = round(abs(hours) * 60)
    return f"{'-' if hours < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def server_certificate(home: Home) -> x509.Certificate:
    """Return the server's certificate, for whoever looks when it ends."""
    return x509.load_pem_x509_certificate((home.keys / "server.pem").read_bytes())
