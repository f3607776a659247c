"""Fingerprint scorer: how well will this print match, and if not, why.

    from ektp_biocheck import fingerprint

    result = fingerprint.assess(pixels, ppi=500)
    result.score, result.defects

Open `score` for what the number rests on, `findings` for the defects, `iso` for the native
measures of ISO/IEC 29794-4, `ridges` for the map that everything else reads.
"""

import dataclasses
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.defects import found
from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint import marks
from ektp_biocheck.fingerprint.analysis import Analysis, analyse
from ektp_biocheck.fingerprint.findings import blank_defects, find_defects
from ektp_biocheck.fingerprint.iso import NAMES, minutiae_quality, native_measures
from ektp_biocheck.fingerprint.iso.blocks import inside_white_border
from ektp_biocheck.fingerprint.overlay import overlay
from ektp_biocheck.fingerprint.score import CLEAR, dependability, score_preview, score_print
from ektp_biocheck.quality import Assessment, Defect, Measure, Region
from ektp_biocheck.samples import to_500_ppi

__all__ = ["ALGORITHM", "MEASURES", "assess", "iso29794_4", "overlay"]

ALGORITHM = "ektp-biocheck/fingerprint 1.0.0"
PREVIEW_ALGORITHM = "ektp-biocheck/fingerprint-preview 1.0.0"
FINGER_MM2 = 0.6  # ridges of a finger there must be at least: one cell
BARE_GLASS = 45.0  # grey deviation: grain and shading of bare sensors stay below
NOT_A_FINGER = "no fingerprint: nothing here has the ridges of a finger"
UNLIKELY = -1.1  # log odds; the worst simulated ruins of prints come down to -1
_OWN = {
    "dependable_minutiae": "",
    "minutiae": "",
    "area_mm2": "mm²",
    "ridge_area_mm2": "mm²",
    "ridge_amplitude": "grey levels",
    "ridge_modulation": "",
    "ridge_period": "px",
    "ridge_share": "",
    "ridge_breaks": "",
    "valley_fill": "",
    "ridge_changes": "per 32 px",
    "clarity": "",
    "crispness": "",
    "noise": "grey levels",
    "lean": "°",
}
MEASURES: tuple[str, ...] = (*_OWN, *NAMES, *minutiae_quality.NAMES)


def _checked(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.dtype != np.uint8:
        kind = f"{pixels.shape} {pixels.dtype}" if isinstance(pixels, np.ndarray) else type(pixels)
        raise InputError(f"a fingerprint must be (H, W) uint8 with dark ridges, got {kind}")
    if 0 in pixels.shape:
        raise InputError(f"a fingerprint needs pixels, got {pixels.shape}")
    return pixels


def iso29794_4(pixels: NDArray[np.uint8], ppi: float = 500) -> dict[str, float | None]:
    """Compute the native measures of ISO/IEC 29794-4 as NFIQ 2.3 does, under its identifiers.

    Parameters
    ----------
    pixels : (H, W) uint8
        Ridges dark.
    ppi : float
        Pixels per inch; resampled to 500 when it is anything else.

    Returns
    -------
    dict
        65 figures; ``None`` where one does not exist (blank picture, too few blocks).

    Raises
    ------
    InputError
        On a wrong shape, dtype or resolution.

    References
    ----------
    ISO/IEC 29794-4:2024; NFIQ 2.3 (usnistgov/NFIQ2 v2.3.0), whose figures these equal.
    """
    return native_measures(to_500_ppi(_checked(pixels), ppi))


def _measure(value: float | None, unit: str, why: str) -> Measure:
    return Measure(None, unit, why) if value is None else Measure(float(value), unit)


def _own_measures(analysis: Analysis) -> dict[str, Measure]:
    """Our figures; those that need ridges are missing without them."""
    skin, minutiae = analysis.skin, analysis.minutiae
    if skin is None:
        return {name: Measure(None, unit, "no finger found") for name, unit in _OWN.items()}
    fast = "not looked for at level fast"
    little = "fewer than 4 whole blocks of ridges"
    values: dict[str, tuple[float | None, str]] = {
        "dependable_minutiae": (None if minutiae is None else dependability(analysis).sum(), fast),
        "minutiae": (None if minutiae is None else int(minutiae.confirmed.sum()), fast),
        "area_mm2": (analysis.foreground.area_mm2, ""),
        "ridge_area_mm2": (marks.finger_evidence(analysis), ""),
        "ridge_amplitude": (skin.amplitude, ""),
        "ridge_modulation": (skin.modulation, ""),
        "ridge_period": (skin.period, ""),
        "ridge_share": (skin.ridge_share, little),
        "ridge_breaks": (skin.ridge_breaks, little),
        "valley_fill": (skin.valley_fill, little),
        "ridge_changes": (skin.ridge_changes, little),
        "clarity": (skin.clarity, ""),
        "crispness": (skin.crispness, ""),
        "noise": (skin.noise, ""),
        "lean": (marks.lean_of(analysis).lean_deg, ""),
    }
    return {name: _measure(value, _OWN[name], why) for name, (value, why) in values.items()}


def _iso_minutiae(analysis: Analysis) -> dict[str, Measure]:
    """Measure the last four of the 69 with our minutiae, those that noise alone would not make."""
    found = analysis.minutiae
    if found is None:
        why = "no finger found" if analysis.skin is None else "not looked for at level fast"
        return {name: Measure(None, "", why) for name in minutiae_quality.NAMES}
    rows, columns = inside_white_border(analysis.pixels)
    cropped = analysis.pixels[rows, columns]
    x, y = found.x - columns.start, found.y - rows.start
    height, width = cropped.shape
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    kept = inside & found.confirmed & (found.reliability > CLEAR)
    values = minutiae_quality.minutiae_measures(cropped, x[kept], y[kept])
    return {name: _measure(value, "", "no minutiae") for name, value in values.items()}


def _iso_measures(analysis: Analysis) -> dict[str, Measure]:
    why = "too few foreground blocks"
    native = native_measures(analysis.pixels)
    measures = {name: _measure(value, "", why) for name, value in native.items()}
    return measures | _iso_minutiae(analysis)


def _in_given_pixels(defects: tuple[Defect, ...], scale: float) -> tuple[Defect, ...]:
    """Regions are found at 500 ppi and told in pixels of the picture as it was given."""
    if scale == 1:
        return defects
    moved = []
    for defect in defects:
        r = defect.region
        if r is not None:
            corner = (round(v * scale) for v in (r.x, r.y, r.width, r.height))
            defect = dataclasses.replace(defect, region=Region(*corner))
        moved.append(defect)
    return tuple(moved)


def _no_finger(pixels: NDArray[np.uint8]) -> tuple[str, tuple[Defect, ...]]:
    contrast, mean = float(pixels.std()), float(pixels.mean())
    if contrast > BARE_GLASS:
        figures = {"grey_deviation": contrast, "ridge_mm2": 0.0}
        return NOT_A_FINGER, (found("FP_NOT_A_FINGERPRINT", 1.0, figures),)
    return "no finger on the glass", blank_defects(contrast, mean)


def _not_a_finger(analysis: Analysis) -> tuple[Defect, ...]:
    """Refuse only what is certain: a ruined print is still somebody's finger."""
    evidence, likeness = marks.finger_evidence(analysis), marks.finger_likeness(analysis)
    if evidence >= FINGER_MM2 and likeness >= UNLIKELY:
        return ()
    return (found("FP_NOT_A_FINGERPRINT", 1.0, {"ridge_mm2": evidence, "likeness": likeness}),)


def assess(
    pixels: NDArray[np.uint8],
    ppi: float = 500,
    *,
    iso: bool = False,
    level: Literal["full", "fast"] = "full",
) -> Assessment:
    """Assess one fingerprint.

    Parameters
    ----------
    pixels : (H, W) uint8
        Ridges dark.
    ppi : float
        Pixels per inch; resampled to 500 when it is anything else.
    iso : bool
        Add the 65 native measures of `iso29794_4`, and the four more that need minutiae (ours).
    level : "full" or "fast"
        "fast" is for live preview: no minutiae, and the score is an estimate to rank frames
        by, under its own algorithm name.

    Returns
    -------
    Assessment
        Every print that shows any finger gets a score at level full, however poor it is.
        No score, with the reason, for a blank glass and for what is no fingerprint.

    Raises
    ------
    InputError
        On a wrong shape, dtype, resolution or level.
    """
    if level not in ("full", "fast"):
        raise InputError(f"level must be 'full' or 'fast', got {level!r}")
    given = _checked(pixels)
    at_500 = to_500_ppi(given, ppi)
    analysis = analyse(at_500, with_minutiae=level == "full")
    measures = _own_measures(analysis)
    if iso:
        measures |= _iso_measures(analysis)
    score: int | None = None
    failure: str | None = None
    contributions: dict[str, float] = {}
    if analysis.skin is None:
        failure, defects = _no_finger(at_500)
    elif not_a_finger := _not_a_finger(analysis):
        failure, defects = NOT_A_FINGER, not_a_finger
    elif level == "fast":
        score, contributions = score_preview(analysis)
        defects = find_defects(analysis, score, None)
    else:
        score, contributions = score_print(analysis)
        defects = find_defects(analysis, score, float(dependability(analysis).sum()))
    defects = _in_given_pixels(defects, ppi / 500)
    algorithm = ALGORITHM if level == "full" else PREVIEW_ALGORITHM
    return Assessment(
        "finger", algorithm, score, failure, measures, defects, contributions, analysis
    )
