"""A slip as a page to print and as plain text for a receipt printer."""

from textwrap import fill

from ektp_biocheck.capture.printed import page
from ektp_biocheck.capture.slip import Line, Slip
from ektp_biocheck.capture.slip_words import WORDS
from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import in_language

__all__ = ["slip_html", "slip_text"]

_SIGNS_OF_PLAIN_PRINTERS = {"✓": "[v]", "~": "[~]", "–": "[-]", "○": "[o]", " ": "[ ]"}


def slip_html(slip: Slip) -> str:
    """Return the slip as one printable page that needs nothing else."""
    words = {name: in_language(slip.lang, *pair) for name, pair in WORDS.items()}
    return page("slip", slip=slip, words=words)


def slip_text(slip: Slip, width: int = 42) -> str:
    """Return the slip as plain text for a receipt printer.

    Parameters
    ----------
    slip : Slip
        What to print.
    width : int
        Characters to a line, 24 or more; 42 fits paper of 80 mm. Only ASCII is added to what
        the office wrote itself: receipt printers know no more.

    Raises
    ------
    InputError
        When `width` is below 24.
    """
    if width < 24:
        raise InputError(f"width must be 24 or more, got {width}")
    words = {name: in_language(slip.lang, *pair) for name, pair in WORDS.items()}
    lines = [slip.title.upper(), "=" * min(width, len(slip.title)), ""]
    lines += [fill(f"{name}: {value}", width, subsequent_indent="  ") for name, value in slip.facts]
    lines += ["", fill(slip.verdict, width), "", words["recorded"].upper()]
    for group in slip.groups:
        lines.append(f"{_SIGNS_OF_PLAIN_PRINTERS[group.sign]} {group.heading}:")
        lines += [_text_line(line, width) for line in group.lines]
        if group.note:
            lines.append(fill(group.note, width, initial_indent="  ", subsequent_indent="  "))
    for heading, sentences in (
        (words["next"], slip.after),
        (words["before"], slip.before),
        (words["ask"], slip.ask),
    ):
        if sentences:
            lines += ["", heading.upper()]
            lines += [fill(f"- {text}", width, subsequent_indent="  ") for text in sentences]
    return "\n".join(lines) + "\n"


def _text_line(line: Line, width: int) -> str:
    text = f"{line.part}: {line.why}" if line.why else line.part
    return fill(text, width, initial_indent="  ", subsequent_indent="    ")
