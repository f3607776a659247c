"""What a person sees in the terminal: tables of verdicts, and how far a batch has come."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from ektp_biocheck import defects
from ektp_biocheck.batch.outcome import STATUSES, Outcome
from ektp_biocheck.lang import Lang, in_language

__all__ = ["Meter", "printable", "summary_table", "verdict_table"]

_PLAIN_EVERY_SECONDS = 5.0


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


def summary_table(summary: Mapping[str, Any]) -> Table:
    """Return the counts of a batch; the statuses add up to the number of files."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right")
    for status in STATUSES:
        table.add_row(status, str(summary["statuses"][status]))
    table.add_row(Text("files", style="bold"), Text(str(summary["files"]), style="bold"))
    table.add_row("of them with defects", str(summary["with_defects"]))
    for code, count in list(summary["defects"].items())[:10]:
        table.add_row(f"  {code}", str(count))
    return table


class Meter:
    """Shows a batch's progress on standard error: a bar in a terminal, lines elsewhere."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self.statuses: Counter[str] = Counter()
        self.total = 0
        self.begun = self.told = time.monotonic()
        self.plain = not console.is_terminal
        self.bar = Progress(
            BarColumn(), TextColumn("{task.description}"), console=console, disable=self.plain
        )
        self.task = self.bar.add_task("looking for files", total=None)

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

    def step(self, outcome: Outcome) -> None:
        """Count one more file."""
        self.statuses[outcome.status] += 1
        now = time.monotonic()
        self.bar.update(self.task, completed=self.statuses.total(), description=self.line())
        if self.plain and now - self.told >= _PLAIN_EVERY_SECONDS:
            self.told = now
            click.echo(self.line(), err=True)

    def line(self) -> str:
        """Return how far it is, how fast it goes, what is left, and what went wrong."""
        done = self.statuses.total()
        rate = done / max(time.monotonic() - self.begun, 1e-9)
        left = _clock((self.total - done) / rate) if done else "?"
        parts = [f"{done}/{self.total} files", f"{rate:.1f} files/s", f"{left} left"]
        parts += [f"{n} {s}" for s, n in sorted(self.statuses.items()) if s != "OK"]
        return ", ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _reason(outcome: Outcome, lang: Lang) -> tuple[str, str]:
    """Return what is wrong most and what to do; a refusal never goes without a reason."""
    if outcome.assessment is None:
        return outcome.failure or outcome.status, ""
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
