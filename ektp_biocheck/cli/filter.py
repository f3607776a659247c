"""`filter`: the captures of a run for which a condition holds."""

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.common import lang_option, plain_endings
from ektp_biocheck.cli.reading import filter_of, out_argument

if TYPE_CHECKING:
    from ektp_biocheck.batch.results import Row, Run
    from ektp_biocheck.lang import Lang

__all__ = ["filter"]


@click.command(short_help="List the captures of a run for which a condition holds.")
@out_argument
@click.option("--where", required=True, metavar="EXPR", help="The condition; see below.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the lines of results.csv instead.")
@lang_option
@click.pass_context
def filter(context: click.Context, /, out: Path, where: str, as_csv: bool, lang: "Lang") -> None:
    """List the captures of the run in OUT for which a condition holds.

    \b
    ektp-biocheck filter results/ --where "score < 40 and station == '3313'"
    ektp-biocheck filter results/ --where "defects has 'FP_DRY' and not hard"
    ektp-biocheck filter results/ --where "captured_at >= '2026-11-01' and noise > 12" --csv
    ektp-biocheck filter results/ --where "station in ('3313', '3314') or person is missing"

    Fields: path, modality, status, score, failure, defects, hard, position, ppi, station,
    device, operator, age_band, captured_at, person, sha256, algorithm, duplicate_of, and every
    measure. A capture that does not say what is asked is left out; how many is told.

    Exit code 0 when a capture was found, 1 when none, 2 for a condition that cannot be read.
    """  # noqa: D301 - click reads the backspace
    with plain_endings("Not every capture was listed."):
        from ektp_biocheck.batch.results import read_run

        run = read_run(out)
        chosen = filter_of(where, run)
        assert chosen is not None  # noqa: S101 - told the type checker
        selection = chosen.select(run.rows)
        if as_csv:
            _print_lines(out / "results.csv", run, selection.rows)
        else:
            _print_table(selection.rows, lang)
        told = {
            "id": f"{len(selection.rows)} dari {len(run.rows)} rekaman",
            "en": f"{len(selection.rows)} of {len(run.rows)} captures",
        }[lang]
        if selection.undecided:
            told += {
                "id": f"; untuk {selection.undecided} tidak diketahui",
                "en": f"; not known for {selection.undecided}",
            }[lang]
        click.echo(told, err=True)
    context.exit(int(not selection.rows))


def _print_lines(file: Path, run: "Run", rows: "list[Row]") -> None:
    """Print the lines as they stand in the table: one line is one row, in the order of the run."""
    from ektp_biocheck.errors import InputError

    kept = {row.path for row in rows}
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != run.summary["sha256"].get("results.csv"):
        raise InputError(f"{file} was changed after the run that wrote it: run the batch again")
    head, *lines = io.StringIO(data.decode("utf-8"), newline="\n").readlines() or [""]
    if len(lines) != len(run.rows):
        raise InputError(
            f"{file} has {len(lines)} rows, run.json says {len(run.rows)}: run the batch again"
        )
    chosen = [line for row, line in zip(run.rows, lines, strict=True) if row.path in kept]
    click.echo("".join([head, *chosen]), nl=False)


def _print_table(rows: "list[Row]", lang: "Lang") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ektp_biocheck import defects
    from ektp_biocheck.console import printable
    from ektp_biocheck.lang import in_language

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(in_language(lang, "Berkas", "File"), overflow="fold")
    table.add_column(in_language(lang, "Nilai", "Score"), justify="right", no_wrap=True)
    table.add_column(in_language(lang, "Masalah", "What is wrong"))
    for row in rows:
        titles = [defects.title(code, lang) for code in row.defects if code in defects.CATALOGUE]
        why = ", ".join(titles) or row.failure or ""
        score = "-" if row.score is None else str(row.score)
        table.add_row(Text(printable(row.path)), score, Text(printable(why)))
    Console().print(table)
