"""Pictures that show why: one PNG per assessed capture, beside the results."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from ektp_biocheck.batch.outcome import Outcome, scorer
from ektp_biocheck.lang import Lang

if TYPE_CHECKING:
    from ektp_biocheck.samples import Sample

__all__ = ["free_name", "write_overlay"]

LONGEST_STEM = 50  # characters: with the ending, and at four bytes each, a name any disk takes


def write_overlay(target: Path, outcome: Outcome, sample: "Sample", lang: Lang) -> None:
    """Draw the overlay of an assessed capture into the PNG file `target`."""
    from PIL import Image

    drawn = scorer(outcome.modality).overlay(sample.pixels, outcome.assessment, lang=lang)
    Image.fromarray(drawn).save(target, format="PNG")


def free_name(folder: Path, capture: Path, taken: Collection[Path]) -> Path:
    """Return where the overlay of `capture` goes, beside no other's and over no input.

    Parameters
    ----------
    folder : Path
        Where overlays go.
    capture : Path
        The file that was scored.
    taken : collection of Path
        Resolved paths that must not be written: the inputs, and overlays of this run.
    """
    number = 1
    while True:
        tail = "" if number == 1 else f"-{number}"
        target = folder / f"{capture.stem[:LONGEST_STEM]}{tail}.overlay.png"
        if target.resolve() not in taken:
            return target
        number += 1
