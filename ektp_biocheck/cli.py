"""The command line: it parses, calls and prints. What is heavy loads inside the commands."""

import io
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ektp_biocheck import __version__
from ektp_biocheck.batch.outcome import MODALITIES, TIMEOUT_SECONDS
from ektp_biocheck.errors import BiocheckError, InputError

if TYPE_CHECKING:
    from ektp_biocheck.batch.outcome import Options, Outcome
    from ektp_biocheck.lang import Lang

__all__ = ["main"]

_EXIT_CODES = """\b
Exit codes:
  0  every capture has a score and no defect
  1  something needs attention: a capture has a defect or cannot be assessed
  2  wrong usage, or an installation or output folder that does not work
  3  a file could not be read, or its scoring broke or took too long
"""


class FiniteRange(click.FloatRange):
    """A range that does not let NaN through: every comparison with it is false."""

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or say that it is none."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number.", param, ctx)
        return number


class _Fault(click.ClickException):
    exit_code = 2


@contextmanager
def _plain_endings(interrupted: str) -> Iterator[None]:
    """Turn what may go wrong into one line and an exit code: no traceback, 130 for Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted. {interrupted}", err=True)
        raise SystemExit(130) from None
    except InputError as error:
        raise click.UsageError(str(error)) from error
    except BrokenPipeError:
        raise
    except (BiocheckError, OSError) as error:
        raise _Fault(str(error)) from error


def _size(_: click.Context, _option: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    width, _by, height = value.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise click.BadParameter("give width and height in pixels, such as 388x374")
    return int(width), int(height)


def _capture_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how files are opened; `_options` takes them in."""
    for option in (
        click.option(
            "--raw-order",
            type=click.Choice(["little", "big"]),
            default="little",
            show_default=True,
            help="Byte order of RAW samples of more than 8 bits.",
        ),
        click.option(
            "--raw-size",
            metavar="WxH",
            callback=_size,
            help="The files are headerless RAW grey of this size in pixels.",
        ),
        click.option(
            "--bits",
            type=click.IntRange(8, 16),
            help="Significant bits of RAW, or of 16-bit grey that fills only the low bits.",
        ),
        click.option(
            "--ppi",
            type=FiniteRange(100, 4000),
            help="Pixels per inch of files that do not say it. It is never guessed.",
        ),
        click.option(
            "--modality",
            type=click.Choice(list(MODALITIES)),
            default="finger",
            show_default=True,
            help="What the captures show.",
        ),
    ):
        command = option(command)
    return command


def _options(how: dict[str, Any], *, iso: bool) -> "Options":
    from ektp_biocheck.batch.outcome import Options
    from ektp_biocheck.samples import RawLayout

    bits, size = how["bits"], how["raw_size"]
    raw = RawLayout(size[0], size[1], bits or 8, how["raw_order"]) if size else None
    return Options(how["modality"], how["ppi"], None if raw else bits, raw, iso)


_lang = click.option(
    "--lang",
    type=click.Choice(["id", "en"]),
    default="en",
    show_default=True,
    help="Language of reasons and advice: Indonesian or English.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ektp-biocheck")
def main() -> None:
    """Check the quality of e-KTP captures: a score, what is wrong, and what to do.

    \b
    Try it:
      ektp-biocheck demo
    Score a few captures:
      ektp-biocheck score thumb.png index.bmp
    Score a folder into a table:
      ektp-biocheck batch captures/ --out results/
    """  # noqa: D301 - click reads the backspace
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console that cannot show a file name
        sys.stdout.reconfigure(errors="backslashreplace")


@main.command(epilog=_EXIT_CODES, short_help="Score captures and say what is wrong.")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path)
)
@_capture_options
@click.option("--iso", is_flag=True, help="Add the ISO/IEC 29794 native measures to --json.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
@click.option(
    "--overlay",
    "overlay_folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also draw into DIR, per capture, a picture that shows why.",
)
@_lang
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
    with _plain_endings("Not every file was scored."):
        from ektp_biocheck.batch.outcome import exit_code, json_document

        outcomes = _score_all(files, _options(how, iso=iso), overlay_folder, lang)
        statuses = Counter(outcome.status for outcome in outcomes)
        if as_json:
            click.echo(json_document(outcomes, lang))
        else:
            from rich.console import Console

            from ektp_biocheck.console import verdict_table

            Console().print(verdict_table(outcomes, lang))
    context.exit(exit_code(statuses, sum(bool(outcome.codes) for outcome in outcomes)))


@main.command(epilog=_EXIT_CODES, short_help="Score every file below a folder into a table.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; never inside FOLDER.",
)
@_capture_options
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
    with _plain_endings("No results were written; those of an earlier run are untouched."):
        from rich.console import Console

        from ektp_biocheck.batch.outcome import exit_code
        from ektp_biocheck.batch.run import run_batch
        from ektp_biocheck.console import Meter, printable, summary_table

        with Meter() as meter:
            summary = run_batch(
                folder,
                out,
                _options(how, iso=True),
                workers=workers,
                timeout=timeout,
                started=meter.start,
                scored=meter.step,
            )
        Console().print(summary_table(summary))
        click.echo(f"Results: {printable(str(out / 'results.csv'))}")
    context.exit(exit_code(summary["statuses"], summary["with_defects"]))


@main.command(short_help="Score the captures that come with the package.")
@click.option(
    "--out",
    default="ektp-biocheck-demo",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results.",
)
@_lang
def demo(out: Path, lang: "Lang") -> None:
    """Score the synthetic captures that come with the package and write a result folder.

    Their defects are made on purpose. Exit code 0 when every capture was scored as expected.
    """
    with _plain_endings("The demo did not finish."):
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
