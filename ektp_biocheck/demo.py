"""The demonstration: the captures that come with the package, scored as `batch` would."""

from pathlib import Path
from typing import TYPE_CHECKING

from ektp_biocheck.batch.outcome import Options, Outcome, assess_file, without_maps
from ektp_biocheck.batch.overlay import write_overlay
from ektp_biocheck.batch.run import run_batch
from ektp_biocheck.errors import InstallationError

if TYPE_CHECKING:
    from ektp_biocheck.lang import Lang

__all__ = ["captures", "run_demo"]


def captures() -> Path:
    """Return the folder of the synthetic captures, in a clone or in an installed wheel.

    Raises
    ------
    InstallationError
        When it is in neither.
    """
    package = Path(__file__).parent
    for folder in (package.parent / "fixtures" / "captures", package / "demo_captures"):
        if folder.is_dir():
            return folder
    raise InstallationError("the demo captures are missing: install the package again")


def run_demo(out: Path, lang: "Lang") -> list[Outcome]:
    """Score the demo captures into `out`: the table, the summary and an overlay for each.

    Returns
    -------
    list of Outcome
        Sorted by path.
    """
    outcomes: list[Outcome] = []
    options = Options(iso=True)
    folder = captures()
    run_batch(folder, out, options)
    overlays = out / "overlays"
    overlays.mkdir(exist_ok=True)
    for file in sorted(folder.iterdir()):
        outcome, sample = assess_file(file, options, name=file.name)
        if sample is not None and outcome.assessment is not None:
            write_overlay(overlays / f"{file.stem}.overlay.png", outcome, sample, lang)
        outcomes.append(without_maps(outcome))
    return outcomes
