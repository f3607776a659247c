"""What the commands share: exit codes, plain endings, options about captures."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ektp_biocheck.batch.outcome import MODALITIES
from ektp_biocheck.errors import BiocheckError, InputError

if TYPE_CHECKING:
    from ektp_biocheck.batch.outcome import Options

__all__ = [
    "EXIT_CODES",
    "Fault",
    "FiniteRange",
    "capture_options",
    "lang_option",
    "options_of",
    "plain_endings",
]

EXIT_CODES = """\b
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


class Fault(click.ClickException):
    """What cannot go on, in one line: exit code 2."""

    exit_code = 2


@contextmanager
def plain_endings(interrupted: str) -> Iterator[None]:
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
        raise Fault(str(error)) from error


def _size(_: click.Context, _option: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    width, _by, height = value.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise click.BadParameter("give width and height in pixels, such as 388x374")
    return int(width), int(height)


def capture_options(
    command: Callable[..., Any], *, modalities: Iterable[str] = MODALITIES, default: str = "finger"
) -> Callable[..., Any]:
    """Add the options that say how files are opened; `options_of` takes them in."""
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
            type=click.Choice(list(modalities)),
            default=default,
            show_default=True,
            help="What the captures show.",
        ),
    ):
        command = option(command)
    return command


def options_of(how: dict[str, Any], *, iso: bool) -> "Options":
    """Take in what `capture_options` added to a command."""
    from ektp_biocheck.batch.outcome import Options
    from ektp_biocheck.samples import RawLayout

    bits, size = how["bits"], how["raw_size"]
    raw = RawLayout(size[0], size[1], bits or 8, how["raw_order"]) if size else None
    return Options(how["modality"], how["ppi"], None if raw else bits, raw, iso)


lang_option = click.option(
    "--lang",
    type=click.Choice(["id", "en"]),
    default="en",
    show_default=True,
    help="Language of reasons and advice: Indonesian or English.",
)
