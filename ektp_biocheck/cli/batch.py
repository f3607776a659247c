"""`batch`: a folder of captures into a table."""

from pathlib import Path
from typing import Any

import click

from ektp_biocheck.batch.outcome import TIMEOUT_SECONDS
from ektp_biocheck.cli.common import (
    EXIT_CODES,
    FiniteRange,
    capture_options,
    options_of,
    plain_endings,
)

__all__ = ["batch"]


@click.command(epilog=EXIT_CODES, short_help="Score every file below a folder into a table.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; never inside FOLDER.",
)
@capture_options
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    show_default="every core",
    help="Number of processes. The results do not depend on it.",
)
@click.option(
    "--timeout",
    type=FiniteRange(min=0, max=86_400, min_open=True),
    default=TIMEOUT_SECONDS,
    show_default=True,
    help="Seconds that one file may take.",
)
@click.pass_context
def batch(
    context: click.Context,
    /,
    folder: Path,
    out: Path,
    workers: int | None,
    timeout: float,
    **how: Any,  # noqa: ANN401 - the capture options
) -> None:
    """Score every file below FOLDER into OUT/results.csv and OUT/run.json.

    \b
    ektp-biocheck batch captures/ --out results/
    ektp-biocheck batch captures/ --out results/ --ppi 500 --workers 4

    Every file has a row, hidden files and files that are no pictures included, with a status:
    OK, FAILURE_TO_ASSESS, UNREADABLE, TIMEOUT or CRASHED. Nothing is ever written below FOLDER.

    Results already in OUT are replaced, and only once the new ones are complete: an interrupted
    run changes nothing.
    """  # noqa: D301 - click reads the backspace
    with plain_endings("No results were written; those of an earlier run are untouched."):
        from rich.console import Console

        from ektp_biocheck.batch.outcome import exit_code
        from ektp_biocheck.batch.run import run_batch
        from ektp_biocheck.console import Meter, printable, summary_table

        with Meter() as meter:
            summary = run_batch(
                folder,
                out,
                options_of(how, iso=True),
                workers=workers,
                timeout=timeout,
                started=meter.start,
                scored=meter.step,
            )
        Console().print(summary_table(summary))
        click.echo(f"Results: {printable(str(out / 'results.csv'))}")
    context.exit(exit_code(summary["statuses"], summary["with_defects"]))
