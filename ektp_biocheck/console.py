"""What a person sees in the terminal: tables of verdicts, and how far a batch has come."""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from ektp_biocheck import defects
from ektp_biocheck.batch.how import Progress
from ektp_biocheck.batch.outcome import STATUSES, Outcome
from ektp_biocheck.batch.reasons import reason_code, reason_text
from ektp_biocheck.lang import Lang, in_language

__all__ = ["JsonMeter", "Meter", "printable", "summary_table", "verdict_table"]

_PLAIN_EVERY_SECONDS = 5.0
_BAR_EVERY_SECONDS = 0.1
_MEANS = {
    "OK": ("ada nilainya", "has a score"),
    "FAILURE_TO_ASSESS": ("gambar yang tidak dapat dinilai", "a picture that cannot be scored"),
    "UNREADABLE": ("tidak dapat dibuka sebagai rekaman", "cannot be opened as a capture"),
    "TIMEOUT": ("tidak selesai dalam batas waktu", "took too long; tried again next time"),
    "CRASHED": ("penilaiannya gagal; dicoba lagi nanti", "scoring broke; tried again next time"),
}
_STAGES = {
    "duplicates": ("mencari rekaman yang sama", "looking for captures that are the same"),
    "writing": ("menulis hasil", "writing the results"),
}


def printable(text: str) -> str:
    """Return `text` with control, direction and undecodable characters written as escapes.

    File names come from outside: one with an escape sequence must not colour the terminal,
    and one with a right-to-left mark must not show a different ending.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def verdict_table(outcomes: Sequence[Outcome], lang: Lang) -> Table:
    """Return one row per file: its score, what is wrong most, and what to do about it."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(in_language(lang, "Berkas", "File"), overflow="fold")
    table.add_column(in_language(lang, "Nilai", "Score"), justify="right", no_wrap=True)
    table.add_column(in_language(lang, "Masalah dan saran", "What is wrong, what to do"))
    one_folder = len({Path(outcome.path).parent for outcome in outcomes}) == 1
    for outcome in outcomes:
        problem, advice = _reason(outcome, lang)
        name = Path(outcome.path).name if one_folder else outcome.path
        score = "-" if outcome.score is None else str(outcome.score)
        why = Text(printable(problem), overflow="fold")
        if advice:
            why.append(f"\n{advice}", style="dim")
        table.add_row(Text(printable(name)), Text(score, style=_colour(outcome)), why)
    return table


def summary_table(summary: Mapping[str, Any], lang: Lang = "en") -> Table:
    """Return the counts of a batch; the statuses add up to the number of files."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for status in STATUSES:
        table.add_row(status, str(summary["statuses"][status]), in_language(lang, *_MEANS[status]))
    files = in_language(lang, "berkas", "files")
    table.add_row(Text(files, style="bold"), Text(str(summary["files"]), style="bold"))
    if "seconds" in summary:
        took, rate = _clock(summary["seconds"]), summary["files_per_second"] or 0.0
        told = (f"dalam {took}, {rate:.1f} per detik", f"in {took}, {rate:.1f} a second")
        known = summary.get("kept_from_earlier_runs", 0)
        more = (f", {known} sudah dinilai sebelumnya", f", {known} of them known already")
        line = [one + (extra if known else "") for one, extra in zip(told, more, strict=True)]
        table.add_row("", "", in_language(lang, *line))
    defective = in_language(lang, "di antaranya bercacat", "of them with defects")
    table.add_row(defective, str(summary["with_defects"]))
    if summary.get("duplicates"):
        same = in_language(lang, "rekaman yang sama lagi", "the same capture again")
        table.add_row(same, str(summary["duplicates"]))
    for code, count in list(summary["defects"].items())[:10]:
        table.add_row(f"  {code}", str(count), defects.title(code, lang))
    for code, count in list(summary.get("reasons", {}).items())[:10]:
        table.add_row(f"  {code}", str(count), reason_text(code, lang))
    return table


class Meter(Progress):
    """Shows a batch's progress on standard error: a bar in a terminal, lines elsewhere."""

    def __init__(self, lang: Lang = "en") -> None:
        console = Console(stderr=True)
        self.lang = lang
        self.statuses: Counter[str] = Counter()
        self.kept = 0
        self.total = 0
        self.begun = self.told = time.monotonic()
        self.plain = not console.is_terminal
        self.bar = Bar(
            BarColumn(), TextColumn("{task.description}"), console=console, disable=self.plain
        )
        looking = in_language(lang, "mencari berkas", "looking for files")
        self.task = self.bar.add_task(looking, total=None)

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def start(self, total: int) -> None:
        """Take note of how many files there are; the clock starts here."""
        self.total = total
        self.begun = self.told = time.monotonic()
        self.bar.update(self.task, total=total, description=self.line())

    def step(self, name: str, status: str, *, kept: bool) -> None:
        """Count one more file."""
        self.statuses[status] += 1
        self.kept += kept
        now = time.monotonic()
        if now - self.told < (_PLAIN_EVERY_SECONDS if self.plain else _BAR_EVERY_SECONDS):
            return
        self.told = now
        self.show()

    def stage(self, name: str) -> None:
        """Say what is being done after the last file."""
        self.bar.update(self.task, completed=self.statuses.total())
        told = in_language(self.lang, *_STAGES[name])
        self.bar.update(self.task, description=f"{self.line()}; {told}")

    def show(self) -> None:
        """Put the line where it is seen."""
        self.bar.update(self.task, completed=self.statuses.total(), description=self.line())
        if self.plain:
            click.echo(self.line(), err=True)

    def line(self) -> str:
        """Return how far it is, how fast it goes, what is left, and what went wrong."""
        done = self.statuses.total()
        left = self.seconds_left()
        tell = partial(in_language, self.lang)
        clock = "?" if left is None else _clock(left)
        parts = [
            tell(f"{done}/{self.total} berkas", f"{done}/{self.total} files"),
            tell(f"{self.rate():.1f} berkas/dtk", f"{self.rate():.1f} files/s"),
            tell(f"sisa {clock}", f"{clock} left"),
        ]
        if self.kept:
            parts.append(tell(f"{self.kept} sudah dinilai", f"{self.kept} known already"))
        parts += [f"{n} {s}" for s, n in sorted(self.statuses.items()) if s != "OK"]
        return ", ".join(parts)

    def rate(self) -> float:
        """Return files per second since the start."""
        return self.statuses.total() / max(time.monotonic() - self.begun, 1e-9)

    def seconds_left(self) -> float | None:
        """Return how long the rest takes at the rate so far; ``None`` before the first file."""
        done = self.statuses.total()
        return (self.total - done) / self.rate() if done else None


class JsonMeter(Meter):
    """Writes progress to standard output, one JSON object a line, for other programs."""

    def __init__(self, lang: Lang = "en") -> None:
        super().__init__(lang)
        self.bar.disable = self.plain = True

    def start(self, total: int) -> None:
        """Tell the number of files."""
        super().start(total)
        self.tell("start")

    def stage(self, name: str) -> None:
        """Tell what is being done after the last file."""
        self.tell(name)

    def show(self) -> None:
        """Tell how far it is."""
        self.tell("progress")

    def tell(self, event: str, **more: object) -> None:
        """Write one line."""
        left = self.seconds_left()
        facts = {
            "event": event,
            "files": self.total,
            "done": self.statuses.total(),
            "known_already": self.kept,
            "files_per_second": round(self.rate(), 3),
            "seconds_left": None if left is None else round(left, 1),
            "statuses": dict(sorted(self.statuses.items())),
        }
        click.echo(json.dumps(facts | more, allow_nan=False))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _unread(outcome: Outcome, lang: Lang) -> str:
    """Return why a file has no result; in Indonesian its kind, in English its particulars."""
    code = reason_code(outcome.failure)
    if lang == "id" and code is not None:
        return reason_text(code, lang)
    return outcome.failure or outcome.status


def _reason(outcome: Outcome, lang: Lang) -> tuple[str, str]:
    """Return what is wrong most and what to do; a refusal never goes without a reason."""
    if outcome.assessment is None:
        return _unread(outcome, lang), ""
    if not outcome.codes:
        return outcome.failure or in_language(lang, "baik", "fine"), ""
    worst, *others = outcome.codes
    problem = defects.title(worst, lang)
    if others:
        also = in_language(lang, "juga", "also")
        problem += f" ({also}: {', '.join(defects.title(code, lang) for code in others)})"
    return problem, defects.advice(worst, lang)


def _colour(outcome: Outcome) -> str:
    if outcome.score is None:
        return "bold red"
    return "yellow" if outcome.codes else "green"
