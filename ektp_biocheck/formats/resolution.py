"""Which resolution a capture has: what its file says, what the caller says, or neither."""

import math
from typing import Literal

import numpy as np

from ektp_biocheck.errors import InputError, MissingResolutionError

__all__ = ["MAX_PPI", "MIN_PPI", "WORKING_PPI", "check_ppi", "settle_ppi"]

WORKING_PPI = 500
# 72 and 96 are what programs write that know nothing; no fingerprint scanner is below 100.
MIN_PPI = 100
MAX_PPI = 4000
_SAME = 0.01  # headers round: 19685 pixels per metre are 499.999 ppi

Settled = tuple[int | None, Literal["file", "caller"] | None, tuple[str, ...]]


def check_ppi(ppi: float) -> None:
    """Raise InputError unless `ppi` is a number that a capture device can have."""
    if not isinstance(ppi, int | float | np.number) or not MIN_PPI <= ppi <= MAX_PPI:
        raise InputError(f"ppi must be a number from {MIN_PPI} to {MAX_PPI}, got {ppi!r}")


def settle_ppi(
    name: str, found: tuple[float, float] | None, given: float | None, modality: str | None
) -> Settled:
    """Decide on the resolution; irises and faces are never refused for theirs.

    Parameters
    ----------
    name : str
        What to call the file in an error.
    found : (float, float) or None
        Horizontal and vertical pixels per inch of the file's header.
    given : float or None
        What the caller says.
    modality : str or None
        A ``"finger"`` must end up with a resolution.

    Returns
    -------
    ppi : int or None
    source : {"file", "caller"} or None
    notes : tuple of str

    Raises
    ------
    MissingResolutionError
        When a finger, or a capture of unknown kind with a `given` ppi, ends up without one.
    """
    strict = modality == "finger" or (modality is None and given is not None)
    stored, notes = _believe(name, found, strict)
    if stored is not None:
        if strict and given is not None and not math.isclose(stored, given, rel_tol=_SAME):
            raise MissingResolutionError(
                f"{name}: the file says {stored} ppi, the caller {given:g}. Give none "
                "to trust the file, or correct the file's entry."
            )
        return stored, "file", notes
    if given is not None:
        return round(float(given)), "caller", notes
    if modality == "finger":
        hint = f" ({notes[0]})" if notes else ""
        raise MissingResolutionError(
            f"{name}: the resolution (pixels per inch) is not known{hint}, and a fingerprint "
            "cannot be measured without it. Give that of the scanner: --ppi 500 on the command "
            "line, ppi=500 in Python."
        )
    return None, None, notes


def _believe(
    name: str, found: tuple[float, float] | None, strict: bool
) -> tuple[int | None, tuple[str, ...]]:
    if found is None:
        return None, ()
    if max(found) >= MIN_PPI and not math.isclose(*found, rel_tol=_SAME):
        said = f"{found[0]:.0f} x {found[1]:.0f} ppi"
        if strict:
            raise MissingResolutionError(
                f"{name}: the file says {said}, and pixels that are not square cannot be "
                "measured. Scan again with one resolution, or correct the file's entry."
            )
        return None, (f"the file says {said}; not used",)
    mean = round((found[0] + found[1]) / 2)
    if MIN_PPI <= mean <= MAX_PPI:
        return mean, ()
    return None, (f"the file says {mean} ppi, which no scanner has",) if strict else ()
