"""`centre`: a receiving server for pilots, from the first key to the daily reconciliation."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.centre_station import FOLDER, centre_endings, opened, station
from ektp_biocheck.cli.common import lang_option
from ektp_biocheck.lang import in_language

if TYPE_CHECKING:
    from ektp_biocheck.delivery.centre.home import HomeSettings
    from ektp_biocheck.lang import Lang

__all__ = ["centre"]

_UNCHANGED = "Nothing was changed."
_HANDED_OUT = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group(short_help="Receive records from stations: a server for pilots.")
def centre() -> None:
    """Receive, hold and answer for sealed records.

    \b
    A pilot starts with two commands:
      ektp-biocheck centre init centre/ --host records.example.id --station kec-01
      ektp-biocheck centre serve centre/
    Hand centre/stations/kec-01/ to that station. Say what became of a record:
      ektp-biocheck centre state centre/ RECORD_ID PRINT_READY
    An office between stations and centre:
      ektp-biocheck centre station add centre/ kota-01 --office
      ektp-biocheck centre init office/ --name kota-01 --upstream centre/stations/kota-01
    """  # noqa: D301 - click reads the backspace


@centre.command(short_help="Make a centre's folder: keys, certificates, settings.")
@FOLDER
@click.option("--name", default="centre", show_default=True, help="In every receipt it signs.")
@click.option(
    "--host",
    "hosts",
    multiple=True,
    help="Name or address by which stations reach it; may be repeated. The first is handed out.",
)
@click.option("--listen", help="Address to listen on. [default: this machine, or all]")
@click.option("--port", type=click.IntRange(1, 65535), default=8443, show_default=True)
@click.option("--database", default="centre.sqlite", help="A file, or postgresql://...")
@click.option("--quota", type=click.IntRange(0), default=500, show_default=True)
@click.option("--station", "station_ids", multiple=True, help="Register it; may be repeated.")
@click.option("--upstream", type=_HANDED_OUT, help="What the centre behind this office handed out.")
@lang_option
def init(
    folder: Path,
    name: str,
    hosts: tuple[str, ...],
    listen: str | None,
    port: int,
    database: str,
    quota: int,
    station_ids: tuple[str, ...],
    upstream: Path | None,
    lang: "Lang",
) -> None:
    """Make FOLDER: settings, an authority for certificates, keys, and stations to begin with.

    The key that opens records, keys/centre-seal.key, is not needed for receiving: take it away.
    """
    with centre_endings(_UNCHANGED):
        from ektp_biocheck.delivery.centre import setup

        fields = {"name": name, "port": port, "database": database, "quota": quota}
        settings = _settings(hosts or ("localhost", "127.0.0.1"), listen, fields)
        setup.init(folder, settings, station_ids=station_ids, upstream=upstream)
    _say(lang, f"{folder} siap.", f"{folder} is ready.")
    for station_id in station_ids:
        where = folder / "stations" / station_id
        _say(lang, f"Serahkan {where} ke stasiun itu.", f"Hand {where} to that station.")
    if upstream is None:
        secret = folder / "keys" / "centre-seal.key"
        _say(
            lang,
            f"Pindahkan {secret} dari komputer ini: kunci itu membuka rekaman.",
            f"Move {secret} off this machine: it opens records.",
        )


def _settings(
    hosts: tuple[str, ...], listen: str | None, fields: dict[str, object]
) -> "HomeSettings":
    import msgspec

    from ektp_biocheck.delivery.centre.home import HomeSettings
    from ektp_biocheck.errors import InputError

    here = hosts[0] in ("localhost", "127.0.0.1", "::1")
    address = listen or ("127.0.0.1" if here else "0.0.0.0")  # noqa: S104 - mutual TLS
    try:
        return msgspec.convert({**fields, "hosts": hosts, "listen": address}, HomeSettings)
    except msgspec.ValidationError as error:
        raise InputError(str(error)) from error


@centre.command(short_help="Receive records until stopped.")
@FOLDER
@click.option("--listen", help="Address to listen on, instead of the one in centre.toml.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option("--upstream", metavar="URL", help="Forward to this address.")
def serve(folder: Path, listen: str | None, port: int | None, upstream: str | None) -> None:
    """Serve FOLDER over mutual TLS until Ctrl-C or SIGTERM.

    What is in transit is finished first. After a power cut just start it again.
    """
    with centre_endings("Stopped."):
        import logging

        from ektp_biocheck.delivery.centre.home import Home
        from ektp_biocheck.delivery.centre.serve import serve as run

        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        for noisy in ("uvicorn", "httpx", "httpcore"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        run(
            Home.load(folder),
            listen_on=listen,
            port=port,
            upstream=upstream,
            tell=lambda line: click.echo(line, err=True),
        )


@centre.command(short_help="Say what became of a record.")
@FOLDER
@click.argument("record_id")
@click.argument(
    "status",
    type=click.Choice(
        [
            *("PRINT_READY", "ENROLL_FAILURE", "SEARCH_FAILURE"),
            *("DUPLICATE", "ADJUDICATE", "REQUEST_VALIDATION"),
        ]
    ),
)
@click.option("--reason", default="", help="For a person to read; no names, no numbers.")
@click.option("--instance", "instances", multiple=True, help="What to record again: rightIndex.")
def state(
    folder: Path, record_id: str, status: str, reason: str, instances: tuple[str, ...]
) -> None:
    """Add a signed statement about RECORD_ID; its station reads it when it asks next."""
    with centre_endings(_UNCHANGED), opened(folder) as store:
        from ektp_biocheck.delivery.centre.answers import add_statement
        from ektp_biocheck.delivery.messages import FinalStatus

        said = add_statement(
            store, record_id, FinalStatus(status), reason=reason, instances=instances
        )
    click.echo(f"{said.sequence if said else 0} {record_id} {status}")


@centre.command(short_help="What is held, by station.")
@FOLDER
@click.option("--verify", is_flag=True, help="Read every record through.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@lang_option
@click.pass_context
def stock(context: click.Context, folder: Path, verify: bool, as_json: bool, lang: "Lang") -> None:
    """Count what FOLDER holds, by station.

    A missing number is a record that was sealed and is still on its way, or lost at the station.
    With --verify every record is read through; a damaged one is answered as absent from then
    on, and its station sends it again: exit code 1.
    """
    with centre_endings("The records read so far are counted as they were found."):
        from dataclasses import asdict

        from rich.console import Console

        from ektp_biocheck.cli import centre_show
        from ektp_biocheck.delivery.centre import stock as counting

        with opened(folder) as store:
            checked = None
            if verify:
                with centre_show.progress(lang) as step:
                    checked = counting.check(store, step)
            summary = counting.summary(store)
    if as_json:
        whole = {"stations": [asdict(each) for each in summary]}
        click.echo(json.dumps({**whole, "checked": asdict(checked) if checked else None}))
    else:
        Console().print(centre_show.stock_table(summary, lang))
        if checked is not None:
            click.echo(centre_show.checked_line(checked, lang))
    context.exit(1 if checked and checked.damaged else 0)


@centre.command(short_help="Compare what an office passed on with what the centre holds.")
@FOLDER
@click.option("--upstream", metavar="URL", help="Ask at this address.")
@lang_option
@click.pass_context
def reconcile(context: click.Context, folder: Path, upstream: str | None, lang: "Lang") -> None:
    """Ask the centre behind FOLDER for everything it gave a receipt for.

    What it does not hold is sent again by the server; what it holds differently is for a person.
    Exit code 1 when there is any of it.
    """
    with centre_endings("What was answered so far is written down."):
        from rich.console import Console

        from ektp_biocheck.cli import centre_show
        from ektp_biocheck.delivery.centre.home import Home
        from ektp_biocheck.delivery.centre.upstream import reconciled

        home = Home.load(folder)
        found, sheet = reconciled(home, upstream)
    Console().print(centre_show.sheet_table(found, sheet, lang))
    lost = sum(count for answer, count in found.items() if answer != "HELD")
    context.exit(1 if lost or sheet["CONFLICT"] or sheet["REFUSED"] else 0)


def _say(lang: "Lang", indonesian: str, english: str) -> None:
    click.echo(in_language(lang, indonesian, english))


centre.add_command(station)
