"""What the commands share that read a run: its filter, its policy, how they end."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table as Drawn

    from ektp_biocheck.batch.report.view import Table
    from ektp_biocheck.batch.results import Run
    from ektp_biocheck.batch.where import Filter
    from ektp_biocheck.lang import Lang

__all__ = [
    "ENDINGS",
    "filter_of",
    "out_argument",
    "policy_option",
    "print_tables",
    "where_option",
    "working",
]

ENDINGS = """\b
Exit codes:
  0  nothing needs a person
  1  something needs a person
  2  wrong usage, or no finished run where one was named
"""

out_argument = click.argument(
    "out", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="OUT"
)

policy_option = click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Policy file whose thresholds hold.  [default: the package's own]",
)


def where_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--where`` to a command; `filter_of` reads it."""
    return click.option(
        "--where",
        metavar="EXPR",
        help="Only captures for which this holds, such as \"score < 40 and station == '3313'\".",
    )(command)


def filter_of(where: str | None, *runs: "Run") -> "Filter | None":
    """Read a filter; the measures of `runs` are fields too."""
    if where is None:
        return None
    from ektp_biocheck.batch.where import parse

    measures = {name for run in runs for row in run.rows for name in row.measures}
    return parse(where, sorted(measures))


@contextmanager
def working(lang: "Lang") -> Iterator[None]:
    """Say in a terminal that the run is being worked on; a large one takes some seconds."""
    from rich.console import Console

    from ektp_biocheck.lang import in_language

    with Console(stderr=True).status(in_language(lang, "menghitung …", "working it out …")):
        yield


_LONGEST_WORD = 14  # characters; longer ones are file names


def print_tables(sentences: Iterable[object], tables: "Iterable[Table]") -> None:
    """Print sentences and tables of a page on the screen."""
    from rich.console import Console

    console = Console()
    for sentence in sentences:
        click.echo(_plain(sentence))
    for table in tables:
        if table.rows:
            console.print(_drawn(table))
            for note in table.notes:
                click.echo(_plain(note))


def _drawn(table: "Table") -> "Drawn":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as Drawn
    from rich.text import Text

    drawn = Drawn(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 0), title_justify="left")
    drawn.title = _plain(table.caption)
    heads = [_plain(head.title) for head in table.heads]
    rows = [[_plain(cell.shown) for cell in row] for row in table.rows]
    for place, head in enumerate(table.heads):
        words = " ".join([heads[place], *(row[place] for row in rows)]).split()
        right = head.kind == "number"
        drawn.add_column(
            heads[place],
            justify="right" if right else "left",
            overflow="fold",
            min_width=min(max(map(len, words), default=1), _LONGEST_WORD),  # break between words
        )
    for row in rows:
        drawn.add_row(*map(Text, row))
    return drawn


def _plain(text: object) -> str:
    """Return the text of a piece of the page: what the tags enclose, entities as characters."""
    from markupsafe import Markup

    return text.striptags() if isinstance(text, Markup) else str(text)
