"""What a person sees of delivery: bars, sheets and lists."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Self

import click

from ektp_biocheck.cli.delivery_reasons import cure
from ektp_biocheck.cli.delivery_texts import local, row_state, why_text
from ektp_biocheck.lang import Lang, in_language

if TYPE_CHECKING:
    from datetime import timedelta

    from rich.table import Table

    from ektp_biocheck.delivery.alarms import Alarm
    from ektp_biocheck.delivery.daily import Day
    from ektp_biocheck.delivery.outbox import Waiting
    from ektp_biocheck.records.rows import RecordRow, ToRecordAgain

__all__ = [
    "Bytes",
    "helps",
    "print_alarms",
    "print_reasons",
    "print_table",
    "record_again",
    "sheet",
    "waiting_table",
]

_PLAIN_EVERY_SECONDS = 5.0


class Bytes:
    """How far a transfer is, on standard error: a bar in a terminal, lines elsewhere."""

    def __init__(self, total: int, title: str) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        console = Console(stderr=True)
        self.plain = not console.is_terminal
        self.done, self.total, self.title = 0, total, title
        self.begun = self.told = time.monotonic()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=self.plain,
        )
        self.task = self.bar.add_task(title, total=total)

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def step(self, count: int) -> None:
        """Count so many bytes more."""
        self.done += count
        self.total = max(self.total, self.done)  # sealed or sent again meanwhile
        self.bar.update(self.task, completed=self.done, total=self.total)
        now = time.monotonic()
        if self.plain and now - self.told >= _PLAIN_EVERY_SECONDS:
            self.told = now
            rate = self.done / (now - self.begun)
            left = (self.total - self.done) / rate if rate else 0.0
            click.echo(
                f"{self.title}: {self.done / 1e6:.1f}/{self.total / 1e6:.1f} MB, "
                f"{rate / 1e3:.0f} kB/s, {left / 60:.0f} min",
                err=True,
            )


def print_table(table: "Table") -> None:
    """Print a table as wide as it needs to be where nobody sees a terminal."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table)


def waiting_table(rows: Iterable["Waiting"], offset: "timedelta", lang: Lang) -> "Table":
    """Return what is not known to be held: since when, and why."""
    table = _table(
        (lang, "Antrean", "Queue no."),
        (lang, "Rekaman", "Record"),
        (lang, "Keadaan", "State"),
        (lang, "Sejak", "Since"),
        (lang, "Sebab", "Why"),
        (lang, "Coba lagi", "Next try"),
    )
    for one in rows:
        row = one.row
        why = why_text(_own_why(row), lang)
        if one.exported_at:
            since = local(one.exported_at, offset)
            why += in_language(lang, f"; di cakram sejak {since}", f"; on a disk since {since}")
        waits = row.not_before if row.state in ("QUEUED", "SENT") else None
        table.add_row(
            _plain(row.queue_number or "-"),
            row.record_id,
            row_state(row, lang),
            local(row.state_at, offset),
            _plain(why),
            local(waits, offset) if waits else "-",
        )
    return table


def sheet(days: Sequence["Day"], total: "Day", lang: Lang) -> "Table":
    """Return the daily sheet: sealed = held + in flight + refused + lost."""
    table = _table(
        (lang, "Hari", "Day"),
        (lang, "Disegel", "Sealed"),
        (lang, "Tersimpan", "Held"),
        (lang, "Di jalan", "In flight"),
        (lang, "Ditolak", "Refused"),
        (lang, "Hilang", "Lost"),
        (lang, "Selisih", "Difference"),
        numbers_from=1,
    )
    sums = in_language(lang, "Jumlah", "Total")
    for day in (*days, total):
        suspect = in_language(lang, " (jam diragukan)", " (clock in doubt)")
        counts = (day.sealed, day.held, day.in_flight, day.refused, day.lost, day.difference)
        name = (day.day or sums) + (suspect if day.clock_suspect and day.day else "")
        table.add_row(name, *map(str, counts), style="bold red" if day.difference else None)
    return table


def record_again(rows: Iterable["ToRecordAgain"], offset: "timedelta", lang: Lang) -> "Table":
    """Return whom to ask to come back, by the office's own queue number."""
    table = _table(
        (lang, "Antrean", "Queue no."),
        (lang, "Rekaman", "Record"),
        (lang, "Disegel", "Sealed"),
        (lang, "Rekam ulang", "Record again"),
        (lang, "Sebab", "Why"),
    )
    for row in rows:
        everything = in_language(lang, "semua", "everything")
        table.add_row(
            _plain(row.queue_number or "-"),
            row.record_id,
            local(row.sealed_at, offset),
            ", ".join(row.instances or (everything,)),
            _plain(why_text(row.why, lang)),
        )
    return table


def print_alarms(alarms: Sequence["Alarm"], lang: Lang, most: int = 20) -> None:
    """Print what a person has to see, each kind with its cure."""
    from ektp_biocheck.console import printable
    from ektp_biocheck.delivery.alarms import advice

    for code in dict.fromkeys(alarm.code for alarm in alarms):
        same = [alarm for alarm in alarms if alarm.code == code]
        click.echo(f"{code} ({len(same)}): {advice(code, lang)}")
        for alarm in same[:most]:
            click.echo(f"  {alarm.record_id}  {printable(why_text(alarm.about, lang))}")
        if len(same) > most:
            more = len(same) - most
            click.echo(in_language(lang, f"  … dan {more} lagi", f"  … and {more} more"))


def print_reasons(reasons: Iterable[tuple[str, int]], lang: Lang) -> None:
    """Print for how many records which reason holds, and what a person can do."""
    from ektp_biocheck.console import printable

    for why, count in reasons:
        click.echo(f"{count}: {printable(why_text(why, lang))}")
        if help_ := cure(why, lang):
            click.echo(f"   {help_}")


def helps(rows: Iterable["Waiting"], lang: Lang) -> Iterator[tuple[str, str]]:
    """Yield the reasons among these about which a person can do something, with what."""
    from ektp_biocheck.console import printable

    for why in dict.fromkeys(_own_why(one.row) for one in rows):
        if help_ := cure(why, lang):
            yield printable(why_text(why, lang)), help_


def _own_why(row: "RecordRow") -> str:
    return (row.last_error if row.state in ("QUEUED", "SENT") else row.state_why) or ""


def _table(*heads: tuple[Lang, str, str], numbers_from: int | None = None) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for place, head in enumerate(heads):
        number = numbers_from is not None and place >= numbers_from
        table.add_column(in_language(*head), justify="right" if number else "left", overflow="fold")
    return table


def _plain(text: str) -> str:
    from rich.markup import escape

    from ektp_biocheck.console import printable

    return escape(printable(text))
