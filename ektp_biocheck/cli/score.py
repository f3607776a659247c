"""`score` and `demo`: single captures, to the screen."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ektp_biocheck.cli.common import (
    EXIT_CODES,
    capture_options,
    lang_option,
    options_of,
    plain_endings,
)
from ektp_biocheck.cli.quiet import quiet_libraries

if TYPE_CHECKING:
    from ektp_biocheck.batch.outcome import Options, Outcome
    from ektp_biocheck.lang import Lang

__all__ = ["demo", "score"]


@click.command(epilog=EXIT_CODES, short_help="Score captures and say what is wrong.")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, readable=False),  # one that cannot be read is reported
)
@capture_options
@click.option("--iso", is_flag=True, help="Add the ISO/IEC 29794 native measures to --json.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@click.option(
    "--overlay",
    "overlay_folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also draw into DIR, per capture, a picture that shows why.",
)
@lang_option
@click.pass_context
def score(
    context: click.Context,
    /,
    files: tuple[Path, ...],
    as_json: bool,
    iso: bool,
    overlay_folder: Path | None,
    lang: "Lang",
    **how: Any,  # noqa: ANN401 - the capture options
) -> None:
    """Score captures and say what is wrong with each and what to do about it.

    \b
    ektp-biocheck score thumb.png
    ektp-biocheck score --ppi 500 --lang id *.bmp
    ektp-biocheck score --json --iso thumb.png > thumb.json
    ektp-biocheck score --raw-size 388x374 --ppi 569 thumb.raw

    The score is 0 to 100, higher is better. A capture without a score says why. A file that
    cannot be read is reported and the rest is scored all the same.
    """  # noqa: D301 - click reads the backspace
    with plain_endings("Not every file was scored."):
        from ektp_biocheck.batch.outcome import exit_code, json_document

        with quiet_libraries():
            outcomes = _score_all(files, options_of(how, iso=iso), overlay_folder, lang)
        statuses = Counter(outcome.status for outcome in outcomes)
        if as_json:
            click.echo(json_document(outcomes, lang))
        else:
            from rich.console import Console

            from ektp_biocheck.console import verdict_table

            Console().print(verdict_table(outcomes, lang))
    context.exit(exit_code(statuses, sum(bool(outcome.codes) for outcome in outcomes)))


@click.command(short_help="Score the captures that come with the package.")
@click.option(
    "--out",
    default="ektp-biocheck-demo",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results.",
)
@lang_option
def demo(out: Path, lang: "Lang") -> None:
    """Score the synthetic captures that come with the package and write a result folder.

    Their defects are made on purpose. Exit code 0 when every capture was scored as expected.
    """
    with plain_endings("The demo did not finish."):
        from rich.console import Console

        from ektp_biocheck.console import printable, verdict_table
        from ektp_biocheck.demo import run_demo

        outcomes = run_demo(out, lang)
        Console().print(verdict_table(outcomes, lang))
        click.echo(f"Results, and pictures that show why: {printable(str(out))}")


def _score_all(
    files: tuple[Path, ...], options: "Options", overlay_folder: Path | None, lang: "Lang"
) -> "list[Outcome]":
    from ektp_biocheck.batch.outcome import assess_file, without_maps
    from ektp_biocheck.batch.overlay import free_name, write_overlay

    outcomes = []
    taken = {file.resolve() for file in files}
    for file in files:
        outcome, sample = assess_file(file, options)
        if overlay_folder is not None and sample is not None and outcome.assessment is not None:
            overlay_folder.mkdir(parents=True, exist_ok=True)
            target = free_name(overlay_folder, file, taken)
            taken.add(target.resolve())
            write_overlay(target, outcome, sample, lang)
        outcomes.append(without_maps(outcome))
    return outcomes
