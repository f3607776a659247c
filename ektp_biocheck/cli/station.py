"""`station`: the operator page, and the office's day sheet."""

import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.common import FiniteRange, plain_endings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ektp_biocheck.capture.daybook import DayBook
    from ektp_biocheck.capture.dayplan import Plan
    from ektp_biocheck.capture.policy import Policy
    from ektp_biocheck.capture.station import Station
    from ektp_biocheck.capture.views import Finished
    from ektp_biocheck.lang import Lang

__all__ = ["station"]

_EPILOG = """\b
Exit codes:
  0  done
  2  wrong usage, or a folder, port or installation that does not work
  3  a file could not be read
"""

_folder = click.option(
    "--folder",
    required=True,
    envvar="EKTP_BIOCHECK_STATION",
    show_envvar=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the station keeps its database, keys and open captures.",
)
_policy = click.option(
    "--policy",
    "policy_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Policy file; the one that comes with the package when left out.",
)
_lang = click.option(
    "--lang",
    type=click.Choice(["id", "en"]),
    default="id",
    show_default=True,
    help="Language to begin with: Indonesian or English.",
)


@click.group(short_help="The operator page of a capture station, and its day sheet.")
def station() -> None:
    """Run a capture station on this computer.

    \b
    ektp-biocheck station serve --folder data --station kec-01 --office Ngargoyoso
    ektp-biocheck station sheet --folder data --plan plan.toml
    """  # noqa: D301 - click reads the backspace


@station.command(epilog=_EPILOG, short_help="Serve the operator page to this computer's browser.")
@_folder
@click.option("--station", "code", required=True, help="Code of this station, for records.")
@click.option("--office", required=True, help="The office, for records and slips.")
@_policy
@click.option("--contact", help="Where people ask, printed on the slip: telephone, hours.")
@click.option("--ppi", type=FiniteRange(100, 4000), help="Of finger captures that do not say it.")
@click.option("--device", default="files", show_default=True, help="Id of the capture device.")
@click.option("--camera/--no-camera", default=True, help="Offer the computer's camera for faces.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="A loopback address: 127.0.0.1, localhost or ::1; any other is refused.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@_lang
def serve(
    folder: Path,
    code: str,
    office: str,
    policy_file: Path | None,
    contact: str | None,
    ppi: float | None,
    device: str,
    camera: bool,
    host: str,
    port: int,
    lang: "Lang",
) -> None:
    """Serve the operator page to the browser of this computer, and of no other.

    \b
    ektp-biocheck station serve --folder data --station kec-01 --office Ngargoyoso
    ektp-biocheck station serve --folder data --station kec-01 --office Ngargoyoso --ppi 500

    Open the address that is printed. What stands behind the # is the key of this run: other
    programs and people on this computer cannot use the page without it. Stop with Ctrl-C; persons
    who were begun are still there at the next start. SIGTERM ends it too, with exit code 0.
    """  # noqa: D301 - click reads the backspace
    with plain_endings("Persons who were begun are still there at the next start."):
        from ektp_biocheck.operator_page.desk import Desk, Office
        from ektp_biocheck.operator_page.server import check_host, serve
        from ektp_biocheck.operator_page.shown import about

        check_host(host)
        with _ended_by_sigterm(), _open(folder, code, office, policy_file) as opened:
            sealing = _sealing(opened)
            serve(
                Desk(opened, Office(office, contact, ppi), finished=sealing),
                about(opened.config, opened.policy, lang=lang, device=device, camera=camera),
                host=host,
                port=port,
                started=lambda address: click.echo(f"Open {address}"),
            )


@station.command(epilog=_EPILOG, short_help="The office's sheet for one day.")
@_folder
@click.option("--station", "code", default="-", help="Code of this station, for the heading.")
@click.option("--office", default="-", help="The office, for the heading.")
@click.option("--date", "day", metavar="YYYY-MM-DD", help="The day; today when left out.")
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="TOML: what the office plans, see below.",
)
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the sheet as a page to print.",
)
@_lang
def sheet(
    folder: Path,
    code: str,
    office: str,
    day: str | None,
    plan_file: Path | None,
    page: Path | None,
    lang: "Lang",
) -> None:
    """Print who was served, who is carried over, and whether the target holds.

    \b
    ektp-biocheck station sheet --folder data
    ektp-biocheck station sheet --folder data --date 2016-09-17 --plan plan.toml --html day.html

    \b
    # plan.toml; every line may be left out
    persons = 1728          # due in all
    until = 2016-09-30      # by this day
    since = 2016-09-17      # counting from this day
    closed_weekdays = [7]   # 1 Monday to 7 Sunday
    numbers = "1-100"       # queue numbers handed out for the day
    [quota]                 # persons expected that day
    Berjo = 40

    Queue numbers only: no names, no NIK.
    """  # noqa: D301 - click reads the backspace
    with plain_endings("No sheet was written."):
        from ektp_biocheck.capture.daybook import open_day_book
        from ektp_biocheck.capture.dayplan import Plan, read_plan
        from ektp_biocheck.capture.daysheet import make_sheet
        from ektp_biocheck.capture.daysheet_print import sheet_html, sheet_text
        from ektp_biocheck.errors import InputError

        if not (folder / "station.db").is_file():
            raise InputError(f"{folder.name}: no station has worked in this folder")
        plan = read_plan(plan_file) if plan_file else Plan()
        with open_day_book(folder, code, office) as book:
            facts = book.day(_day(day))
            made = make_sheet(facts, plan, earlier=_earlier(book, plan, facts.date), lang=lang)
        click.echo(sheet_text(made), nl=False)
        if page is not None:
            page.write_text(sheet_html(made), encoding="utf-8")


@contextmanager
def _ended_by_sigterm() -> "Iterator[None]":
    """End as the system asks for it; what was opened is closed on the way out."""

    def stop(_number: int, _frame: object) -> None:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _open(folder: Path, code: str, office: str, policy_file: Path | None) -> "Station":
    from ektp_biocheck.capture.policy_file import load_policy
    from ektp_biocheck.capture.station import Station, StationConfig

    policy: Policy | None = load_policy(policy_file) if policy_file else None
    return Station(StationConfig(code, office, folder), policy)


def _sealing(opened: "Station") -> "Callable[[str, Finished], None] | None":
    """Put yesterday in order, and return what seals each finished person; None without keys."""
    from ektp_biocheck.records.folder import StationFolder

    if not (StationFolder(opened.config.folder).keys / "centre-seal.pub").is_file():
        click.echo(
            "This station has no centre key yet: finished persons wait unsealed, encrypted, on "
            "this computer. `ektp-biocheck keys --help` says how to give it one.",
            err=True,
        )
        return None
    opening = opened.start_day()
    if opening.sealed:
        click.echo(f"Sealed now: {len(opening.sealed)} finished before a break.", err=True)
    if opening.sweep.alarm:
        click.echo("Records need a person: see `ektp-biocheck outbox`.", err=True)
    if not opening.room.enough:
        click.echo(f"The disk is nearly full: {opening.room.records_left} persons more.", err=True)

    def seal(transaction: str, _finished: "Finished") -> None:
        opened.seal(transaction)

    return seal


def _day(text: str | None) -> str | None:
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise click.BadParameter("give a date such as 2016-09-17", param_hint="--date") from None


def _earlier(book: "DayBook", plan: "Plan", today: str) -> list[int]:
    """Return how many persons were finished on each day of service since the plan began."""
    from datetime import date, timedelta

    if plan.since is None:
        return []
    days = (date.fromisoformat(today) - plan.since).days
    dates = [plan.since + timedelta(n) for n in range(max(0, days))]
    return [
        sum(person.state is not None for person in book.day(one.isoformat()).persons)
        for one in dates
        if plan.works_on(one)
    ]
