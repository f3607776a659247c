"""`merge`: the shards of a batch into one run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ektp_biocheck.cli.common import EXIT_CODES, lang_option, plain_endings

if TYPE_CHECKING:
    from ektp_biocheck.lang import Lang

__all__ = ["merge"]


@click.command(epilog=EXIT_CODES, short_help="Bring the shards of a batch together.")
@click.argument(
    "shards",
    nargs=-1,
    required=True,
    metavar="OUT...",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for the whole; none of the shards.",
)
@click.option("--parquet", is_flag=True, help="Write results.parquet too (extra: table).")
@click.option("--bom", is_flag=True, help="Mark results.csv as UTF-8 for Excel.")
@lang_option
@click.pass_context
def merge(
    context: click.Context,
    /,
    shards: tuple[Path, ...],
    out: Path,
    parquet: bool,
    bom: bool,
    lang: "Lang",
) -> None:
    """Bring the folders of `batch --shard 1/n` to `--shard n/n` together into one run.

    \b
    ektp-biocheck merge part1/ part2/ part3/ --out whole/
    ektp-biocheck merge part*/ --out whole/ --parquet

    The results are the same to the byte as those of one run over everything, duplicates across
    shards included. A shard that is missing, there twice, unfinished or of another run is an
    error; so are counts that do not add up.
    """  # noqa: D301 - click reads the backspace
    with plain_endings("Results of an earlier merge are untouched."):
        from rich.console import Console

        from ektp_biocheck.batch.merge import merge_runs
        from ektp_biocheck.batch.outcome import exit_code
        from ektp_biocheck.batch.run import How
        from ektp_biocheck.console import Meter, printable, summary_table
        from ektp_biocheck.lang import in_language

        with Meter(lang) as meter:
            summary = merge_runs(shards, out, How(parquet=parquet, bom=bom), meter)
        Console().print(summary_table(summary, lang))
        at = in_language(lang, "Hasil", "Results")
        click.echo(f"{at}: {printable(str(out / 'results.csv'))}")
    context.exit(exit_code(summary["statuses"], summary["with_defects"]))
