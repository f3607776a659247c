"""`centre station`: who may send to a centre."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.common import lang_option, plain_endings
from ektp_biocheck.lang import in_language

if TYPE_CHECKING:
    from ektp_biocheck.delivery.centre.store import Store
    from ektp_biocheck.lang import Lang

__all__ = ["FOLDER", "centre_endings", "opened", "station"]

_UNCHANGED = "Nothing was changed."
FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
_ID = click.argument("station_id", metavar="NAME")


@contextmanager
def centre_endings(interrupted: str) -> Iterator[None]:
    """End as `plain_endings` does; a package that is not installed is told with the cure."""
    from ektp_biocheck.errors import InstallationError

    with plain_endings(interrupted):
        try:
            yield
        except InstallationError:
            raise
        except ImportError as error:
            raise InstallationError(
                "this needs the centre's extra: pip install 'ektp-biocheck[centre]'"
            ) from error


@contextmanager
def opened(folder: Path) -> "Iterator[Store]":
    """Open the store of a centre's folder for the length of a command."""
    from ektp_biocheck.delivery.centre.home import Home

    with Home.load(folder).opened() as store:
        yield store


@click.group(short_help="Who may send: register, block, renew.")
def station() -> None:
    """Register stations and offices, block them, renew their certificates.

    Everything works while the centre is served, and at once.
    """


@station.command(short_help="Register a station or an office.")
@FOLDER
@_ID
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The key it signs with (station.pub), when it made its keys itself.",
)
@click.option("--quota", type=click.IntRange(0), help="New records in a day.")
@click.option("--via", metavar="OFFICE", help="The office that forwards for it.")
@click.option("--office", is_flag=True, help="It seals nothing itself, it only forwards.")
@lang_option
def add(
    folder: Path,
    station_id: str,
    public_key: Path | None,
    quota: int | None,
    via: str | None,
    office: bool,
    lang: "Lang",
) -> None:
    """Register NAME and make what it needs: certificate, keys, settings.

    \b
    ektp-biocheck centre station add centre/ kec-02 --quota 200
    ektp-biocheck centre station add centre/ kota-01 --office
    ektp-biocheck centre station add centre/ kec-03 --via kota-01 --public-key kec-03.pub
    """  # noqa: D301 - click reads the backspace
    with centre_endings(_UNCHANGED):
        from ektp_biocheck.delivery.centre import setup
        from ektp_biocheck.delivery.centre.home import Home
        from ektp_biocheck.errors import InputError

        if office and (public_key or via or quota is not None):
            raise InputError("an office has no key, quota or office of its own: leave them out")
        home = Home.load(folder)
        with home.opened() as store, store.engine.begin() as connection:
            made = (
                setup.add_office(home, connection, station_id)
                if office
                else setup.add_station(
                    home, connection, station_id, public_key=public_key, quota=quota, via=via
                )
            )
    if made is None:
        click.echo(in_language(lang, "Stasiun terdaftar.", "The station is registered."))
    else:
        click.echo(
            in_language(
                lang, f"Serahkan {made} kepada {station_id}.", f"Hand {made} to {station_id}."
            )
        )


@station.command("list", short_help="Who is registered.")
@FOLDER
@lang_option
def list_(folder: Path, lang: "Lang") -> None:
    """List stations and offices, with what is registered about them."""
    with centre_endings(_UNCHANGED):
        from rich.console import Console

        from ektp_biocheck.cli.centre_show import station_table
        from ektp_biocheck.delivery.centre import stations

        with opened(folder) as store, store.engine.begin() as connection:
            every = stations.every(connection)
    Console().print(station_table(every, lang))


@station.command(short_help="The newest head of a station's audit chain.")
@FOLDER
@_ID
def head(folder: Path, station_id: str) -> None:
    """Print the newest head of NAME's audit chain that came with a record.

    \b
    ektp-biocheck audit verify STATION --seen $(ektp-biocheck centre station head centre/ NAME)

    Exit code 1 when none came yet.
    """  # noqa: D301 - click reads the backspace
    with centre_endings(_UNCHANGED):
        from ektp_biocheck.delivery.centre import stations
        from ektp_biocheck.errors import InputError

        with opened(folder) as store, store.engine.begin() as connection:
            known = stations.find(connection, station_id)
        if known is None:
            raise InputError(f"no station {station_id} is registered: see `centre station list`")
    if known.audit_head is None:
        raise SystemExit(1)
    click.echo(known.audit_head)


@station.command(short_help="Take nothing from a station any more.")
@FOLDER
@_ID
def block(folder: Path, station_id: str) -> None:
    """Take nothing from NAME any more, and tell it nothing: it was stolen, or closed."""
    _change(folder, station_id, blocked=True)


@station.command(short_help="Take from a blocked station again.")
@FOLDER
@_ID
def unblock(folder: Path, station_id: str) -> None:
    """Take from NAME again."""
    _change(folder, station_id, blocked=False)


@station.command(short_help="Change a station's quota.")
@FOLDER
@_ID
@click.argument("records", type=click.IntRange(0))
def quota(folder: Path, station_id: str, records: int) -> None:
    """Let NAME announce RECORDS new records a day."""
    _change(folder, station_id, quota=records)


@station.command(short_help="Register a new key of a station.")
@FOLDER
@_ID
@click.argument("public_key", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def key(folder: Path, station_id: str, public_key: Path) -> None:
    """Also take what NAME signed with PUBLIC_KEY: it was set up anew. Older keys stay good."""
    with centre_endings(_UNCHANGED):
        from ektp_biocheck.delivery.centre import stations
        from ektp_biocheck.records.keys import load_verifying_key

        raw = load_verifying_key(public_key).public_bytes_raw()
        with opened(folder) as store, store.engine.begin() as connection:
            stations.add_key(connection, station_id, raw)


@station.command(short_help="Give a station a new certificate.")
@FOLDER
@_ID
@lang_option
def renew(folder: Path, station_id: str, lang: "Lang") -> None:
    """Make a new certificate for NAME; from now on it is the only one accepted."""
    with centre_endings(_UNCHANGED):
        from ektp_biocheck.delivery.centre import setup
        from ektp_biocheck.delivery.centre.home import Home

        home = Home.load(folder)
        with home.opened() as store, store.engine.begin() as connection:
            made = setup.hand_out_certificate(home, connection, station_id) / "keys"
    click.echo(
        in_language(
            lang,
            f"Serahkan client.pem dan client.key dari {made} kepada {station_id}.",
            f"Hand client.pem and client.key from {made} to {station_id}.",
        )
    )


def _change(folder: Path, station_id: str, **values: int | bool) -> None:
    with centre_endings(_UNCHANGED):
        from ektp_biocheck.delivery.centre import stations

        with opened(folder) as store, store.engine.begin() as connection:
            stations.change(connection, station_id, **values)
