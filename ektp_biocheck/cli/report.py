"""`report`: one HTML page about a run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.common import lang_option, plain_endings
from ektp_biocheck.cli.reading import (
    ENDINGS,
    filter_of,
    out_argument,
    policy_option,
    where_option,
    working,
)

if TYPE_CHECKING:
    from ektp_biocheck.batch.needs import Limits
    from ektp_biocheck.batch.results import Run
    from ektp_biocheck.batch.where import Filter
    from ektp_biocheck.lang import Lang

__all__ = ["report"]


@click.command(epilog=ENDINGS, short_help="One HTML page: what needs a person, where, and why.")
@out_argument
@click.option(
    "--out",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the page goes.  [default: OUT/report.html]",
)
@lang_option
@where_option
@policy_option
@click.option(
    "--thumbnails",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Show small pictures; FOLDER is the folder of captures. They are biometric data.",
)
@click.option(
    "--overlays",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="With --thumbnails: the first N captures show why they have their score.",
)
@click.pass_context
def report(
    context: click.Context,
    /,
    out: Path,
    file: Path | None,
    lang: "Lang",
    where: str | None,
    policy: Path | None,
    thumbnails: Path | None,
    overlays: int,
) -> None:
    """Write one HTML page about the run in OUT: what needs a person, where, and why.

    \b
    ektp-biocheck report results/
    ektp-biocheck report results/ --lang id --where "station == '3313'" --out 3313.html
    ektp-biocheck report results/ --thumbnails captures/ --overlays 50

    The page needs no network and holds no picture unless asked. It shows the 2,000 captures
    that need a person most; results.csv has all.
    """  # noqa: D301 - click reads the backspace
    with plain_endings("No page was written."):
        from ektp_biocheck.batch.needs import limits_of, need_of
        from ektp_biocheck.batch.report.page import build_page
        from ektp_biocheck.batch.results import read_run
        from ektp_biocheck.batch.table import atomic
        from ektp_biocheck.console import printable

        if overlays and thumbnails is None:
            raise click.UsageError("--overlays needs --thumbnails and the folder of captures")
        limits = limits_of(policy)
        run = read_run(out)
        chosen = filter_of(where, run)
        pictures = _pictures(run, limits, chosen, thumbnails, overlays, lang)
        with working(lang):
            page = build_page(run, lang=lang, limits=limits, where=chosen, pictures=pictures)
        file = out / "report.html" if file is None else file
        with atomic(file) as handle:
            handle.write(page)
        rows = run.rows if chosen is None else chosen.select(run.rows).rows
        events = sum(need_of(row, limits).person for row in rows)
        told = {
            "id": f"{events} dari {len(rows)} rekaman perlu diperiksa petugas.",
            "en": f"{events} of {len(rows)} captures need a person.",
        }
        click.echo(f"{told[lang]} {printable(str(file))}")
    context.exit(int(events > 0))


def _pictures(
    run: "Run",
    limits: "Limits",
    where: "Filter | None",
    folder: Path | None,
    overlays: int,
    lang: "Lang",
) -> dict[str, str]:
    if folder is None:
        return {}
    from rich.console import Console
    from rich.progress import Progress

    from ektp_biocheck.batch.report.captures import shown_rows
    from ektp_biocheck.batch.report.pictures import small_pictures

    rows = list(run.rows) if where is None else where.select(run.rows).rows
    rows = shown_rows(rows, limits)
    title = {"id": "gambar", "en": "pictures"}[lang]
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=len(rows))
        return small_pictures(
            rows, folder, overlays=overlays, lang=lang, done=lambda: bar.advance(task)
        )
