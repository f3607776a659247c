"""What `centre` shows: tables and a bar, in two languages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from ektp_biocheck.delivery.centre.stations import Station
from ektp_biocheck.delivery.centre.stock import Checked, StationStock
from ektp_biocheck.lang import Lang, in_language

__all__ = ["checked_line", "progress", "sheet_table", "station_table", "stock_table"]


def stock_table(summary: Sequence[StationStock], lang: Lang) -> Table:
    """Return one row per station: what is here and what is missing."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(in_language(lang, "Stasiun", "Station"))
    for title in (
        in_language(lang, "Diumumkan", "Announced"),
        in_language(lang, "Tersimpan", "Stored"),
        "MiB",
        in_language(lang, "Nomor terakhir", "Last number"),
        in_language(lang, "Nomor hilang", "Missing"),
        in_language(lang, "Nomor ganda", "Repeated"),
    ):
        table.add_column(title, justify="right")
    for each in summary:
        numbers = (each.announced, each.stored, round(each.bytes / 2**20, 1))
        order = (each.last_sequence, each.missing, each.repeated)
        table.add_row(each.station, *map(str, (*numbers, *order)))
    return table


def station_table(stations: Sequence[Station], lang: Lang) -> Table:
    """Return one row per station or office."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in (
        in_language(lang, "Nama", "Name"),
        in_language(lang, "Kunci", "Keys"),
        in_language(lang, "Kuota/hari", "Quota/day"),
        in_language(lang, "Lewat", "Via"),
        in_language(lang, "Diblokir", "Blocked"),
        in_language(lang, "Ujung audit", "Audit head"),
    ):
        table.add_column(title)
    for each in stations:
        table.add_row(
            each.id,
            str(len(each.public_keys)),
            "-" if each.quota is None else str(each.quota),
            each.via or "-",
            in_language(lang, "ya", "yes") if each.blocked else "-",
            (each.audit_head or "-")[:12],
        )
    return table


def sheet_table(found: Mapping[str, int], sheet: Mapping[str, int], lang: Lang) -> Table:
    """Return what the centre answered, and how what is stored here adds up."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for answer, count in sorted(found.items()):
        said = in_language(lang, f"pusat menjawab {answer}", f"the centre answers {answer}")
        table.add_row(said, str(count))
    table.add_row(in_language(lang, "tersimpan di sini", "stored here"), str(sheet["stored"]))
    for state, count in sheet.items():
        if state != "stored":
            table.add_row(f"  {state}", str(count))
    return table


def checked_line(checked: Checked, lang: Lang) -> str:
    """Return what reading the stock through has found."""
    return in_language(
        lang,
        f"Utuh: {checked.intact}. Rusak atau hilang: {checked.damaged} (akan dikirim ulang oleh "
        f"stasiunnya). Berkas tak dikenal: {checked.strangers}.",
        f"Intact: {checked.intact}. Damaged or gone: {checked.damaged} (their stations send them "
        f"again). Files that no record names: {checked.strangers}.",
    )


@contextmanager
def progress(lang: Lang) -> Iterator[Callable[[int, int], None]]:
    """Show how far the reading is; nothing where there is no terminal."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn(in_language(lang, "membaca", "reading")),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
