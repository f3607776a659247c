"""From figures to defects: what is wrong with a print, how badly, and how that was told.

A condition of skin, pressing or sensor is named when the causes' model finds it likelier than
a clean print; its severity is how sure that is, times how far the score has fallen. What lies
on the print (an old print, dirt, cracks, motion, rotation) has its own limit each. Nothing
here is a threshold of acceptance: that is the policy's.
"""

import numpy as np

from ektp_biocheck.defects import found
from ektp_biocheck.fingerprint import blemishes, marks
from ektp_biocheck.fingerprint.analysis import Analysis
from ektp_biocheck.fingerprint.causes import CAUSES, cause_likelihoods
from ektp_biocheck.fingerprint.ridges import CELL
from ektp_biocheck.quality import Defect, Region

__all__ = ["blank_defects", "find_defects"]

LIKELY = 0.35  # and likelier than a clean print
LEAST_SEVERITY = 0.12
SURE_SHARE = 0.3  # of the severity that does not depend on the score
FULL_SCORE = 80  # at and above it nothing has been lost
UNEXPLAINED = 50  # a score below it always has a reason named
PERIODS_PX = (5.6, 13.5)  # mean ridge period of any finger: 0.28 to 0.69 mm; seen 6.4 to 10.7
SURE_RIDGES_MM2, SURE_CLARITY = 10.0, 0.2  # in a blur no period can be trusted
FEW_MINUTIAE = 8.0  # NFIQ 2 warns below 5, an identification needs about 12
LEAN_LIMIT = 32.0  # degrees; half of the development prints stay within 10
MOTION_LIMIT = 0.45
GHOST_CELLS = 10
GAPS_LIMIT = 0.03  # nine tenths of the development prints that match well stay below
DARK_LIMIT = 0.15  # likewise
SPECKS_LIMIT, FEWER_SPECKS, SMUDGED_LIMIT = 9, 4, 0.02  # many specks, or some and a smudge
SUFFICIENT_PX = 50_000  # foreground at 500 ppi that NFIQ 2.3 calls sufficient: 129 mm²
TIP_HEIGHT_MM = 14.0
DOUBTFUL_SCORE = 40  # a print that scores more has minutiae enough to be one
UNLIKE = 0.0  # log odds; of 725 prints worsened by a simulation none with such a score is below
STRIPES_BEND, STRIPES_MM2 = 0.05, 100.0  # a scrap of a finger can be straight
DOUBTFUL = 0.2  # log odds of being a print; untouched development prints are above 1


def _ramp(value: float, low: float, high: float) -> float:
    """0 at `low`, 1 at `high`, straight between."""
    return float(np.clip((value - low) / (high - low), 0, 1))


def blank_defects(contrast: float, mean: float) -> tuple[Defect, ...]:
    """Return the defect of a picture without any contact area."""
    return (found("FP_BLANK", 1.0, {"grey_deviation": contrast, "mean_grey": mean}),)


def _whole(analysis: Analysis) -> Region | None:
    outline = analysis.foreground.polygon
    if not len(outline):
        return None
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    return Region(int(left), int(top), int(right - left + 1), int(bottom - top + 1))


def _evidence(analysis: Analysis) -> dict[str, float]:
    skin = analysis.skin
    if skin is None:
        return {}
    evidence = {
        "modulation": skin.modulation,
        "noise": skin.noise,
        "amplitude": skin.amplitude,
        "crispness": skin.crispness,
        "area_mm2": analysis.foreground.area_mm2,
    }
    return evidence if skin.ridge_share is None else evidence | {"ridge_share": skin.ridge_share}


def _severity(likelihood: float, score: int) -> float:
    harm = 1 - min(score, FULL_SCORE) / FULL_SCORE
    return likelihood * (SURE_SHARE + (1 - SURE_SHARE) * harm)


def _condition(analysis: Analysis, score: int) -> list[Defect]:
    """Name the conditions that are likelier than a clean print.

    A low score never stands without a reason: where none is likely enough, the likeliest is
    named, with a severity that says how little is known.
    """
    likely = cause_likelihoods(analysis)
    sure = max(LIKELY, likely["clean"])
    named = [
        cause
        for cause, code in CAUSES.items()
        if code and likely[cause] >= sure and _severity(likely[cause], score) >= LEAST_SEVERITY
    ]
    if not named and score < UNEXPLAINED:
        named = [max((c for c, code in CAUSES.items() if code), key=lambda c: likely[c])]
    evidence, where = _evidence(analysis), _whole(analysis)
    return [
        found(
            CAUSES[cause] or "",
            _severity(likely[cause], score),
            evidence | {"likelihood": round(likely[cause], 3)},
            where,
        )
        for cause in named
    ]


def _placement(analysis: Analysis, partial: bool) -> list[Defect]:
    """Rotation, a second finger, and a tip that stands in for the whole fingertip."""
    defects = []
    axis = marks.lean_of(analysis)
    if abs(axis.lean_deg) > LEAN_LIMIT and axis.elongation > 1.15:
        severity = _ramp(abs(axis.lean_deg), LEAN_LIMIT - 15, 90)
        figures = {"lean_deg": axis.lean_deg, "elongation": axis.elongation}
        defects.append(found("FP_ROTATED", severity, figures, _whole(analysis)))
    fingers = marks.fingers_of(analysis)
    if fingers > 1:
        defects.append(found("FP_EXTRA_FINGER", 1.0, {"fingers": fingers}, _whole(analysis)))
    area = float(analysis.foreground.mask.sum())
    if not partial and area < SUFFICIENT_PX:
        figures = {"area_px": area}
        severity = 0.3 * (1 - area / SUFFICIENT_PX)
        defects.append(found("FP_PARTIAL", severity, figures, _whole(analysis)))
    box = _whole(analysis)
    if partial and box is not None:
        height = box.height * 25.4 / 500
        low_down = (box.y + box.height / 2) / analysis.pixels.shape[0]
        if height < TIP_HEIGHT_MM and low_down < 0.45 and axis.elongation < 1.2:
            figures = {"height_mm": height, "elongation": axis.elongation}
            defects.append(found("FP_TIP_ONLY", _ramp(height, TIP_HEIGHT_MM, 5), figures, box))
    return defects


def _on_the_print(analysis: Analysis) -> list[Defect]:
    """Old prints and motion."""
    defects = []
    shape = analysis.field.shape
    ghost = marks.ghost_cells(analysis)
    if ghost.sum() >= GHOST_CELLS:
        figures = {"ghost_area_mm2": float(ghost.sum() * (CELL * 25.4 / 500) ** 2)}
        severity = _ramp(float(ghost.sum()), 0, 80)
        defects.append(
            found("FP_GHOST_PLATEN", severity, figures, marks.region_of_cells(ghost, shape))
        )
    motion, direction = marks.motion_of(analysis.field, analysis.foreground.cells)
    if motion > MOTION_LIMIT:
        figures = {"anisotropy": motion, "direction_deg": float(np.rad2deg(direction))}
        defects.append(found("FP_SMEAR_MOTION", _ramp(motion, 0.2, 1), figures, _whole(analysis)))
    return defects


def _interruptions(analysis: Analysis, told: set[str]) -> list[Defect]:
    """Cracks, hard skin and dirt; `told` are the defects already named."""
    cracks, island = blemishes.gaps_of(analysis)
    gaps = cracks + 0.3 * island
    if gaps <= GAPS_LIMIT or told & {"FP_BLUR", "FP_WORN_RIDGES", "FP_SMEAR_MOTION"}:
        return _dirt(analysis, told)
    figures = {"crack_share": cracks, "smooth_island_share": island}
    defect = found("FP_CALLUS_CRACKS", _ramp(gaps, 0, 0.2), figures, _whole(analysis))
    return [defect, *_dirt(analysis, told)]


def _dirt(analysis: Analysis, told: set[str]) -> list[Defect]:
    """Specks and smudges on calm glass, or solid dark spots in the print."""
    skin = analysis.skin
    assert skin is not None  # noqa: S101 - callers have a contact area
    specks, smudged = (0, 0.0) if "FP_GHOST_PLATEN" in told else blemishes.stains_of(analysis)
    dusty = specks >= SPECKS_LIMIT or (specks >= FEWER_SPECKS and smudged > SMUDGED_LIMIT)
    if dusty and not told & {"FP_DRY", "FP_WORN_RIDGES"}:  # whose own scraps look like specks
        figures = {"specks": float(specks), "smudged_share": smudged}
        severity = max(_ramp(specks, 0, 40), _ramp(smudged, 0, 0.5))
        return [found("FP_DIRTY_FINGER", severity, figures)]
    dark = skin.dark_patches
    if dark > DARK_LIMIT and not told & {"FP_WET", "FP_OVERPRESSED", "FP_BLUR", "FP_WORN_RIDGES"}:
        severity, figures = _ramp(dark, 0, 0.3), {"dark_share": dark}
        return [found("FP_DIRTY_FINGER", severity, figures, _whole(analysis))]
    return []


def _doubts(analysis: Analysis, score: int, conditions: set[str], told: set[str]) -> list[Defect]:
    """Say that a picture may be no print at all; it keeps its score, as a finger may be worse.

    A ruined print looks little like one and scores little. A picture that looks little like a
    print and scores well, or whose lines all run one way, is something else.
    """
    likeness, bend = marks.finger_likeness(analysis), marks.bend_of(analysis)
    ridges = marks.finger_evidence(analysis)
    ruined = likeness < DOUBTFUL and score < DOUBTFUL_SCORE and not conditions
    contradicted = likeness < UNLIKE and score >= DOUBTFUL_SCORE
    striped = bend < STRIPES_BEND and ridges > STRIPES_MM2 and "FP_SMEAR_MOTION" not in told
    if not (ruined or contradicted or striped):
        return []
    figures = {"likeness": likeness, "bend": bend, "ridge_mm2": ridges}
    severity = max(_ramp(-likeness, -1, 2), 0.5 * (striped or contradicted))
    return [found("FP_NOT_A_FINGERPRINT", severity, figures)]


def find_defects(analysis: Analysis, score: int, dependable: float | None) -> tuple[Defect, ...]:
    """Name what is wrong with a print that has a contact area.

    Parameters
    ----------
    analysis : Analysis
    score : int
        0..100, of the same print.
    dependable : float or None
        Dependable minutiae; ``None`` when they were not looked for.

    Returns
    -------
    tuple of Defect
    """
    defects = _condition(analysis, score)
    told = {defect.code for defect in defects}
    defects += _placement(analysis, "FP_PARTIAL" in told)
    defects += _on_the_print(analysis)
    defects += _doubts(analysis, score, told, {defect.code for defect in defects})
    if dependable is not None:  # a preview has no time for them
        defects += _interruptions(analysis, {defect.code for defect in defects})
    skin = analysis.skin
    if skin is not None and not PERIODS_PX[0] < skin.period < PERIODS_PX[1]:
        ridges = marks.finger_evidence(analysis)
        if ridges > SURE_RIDGES_MM2 and skin.clarity > SURE_CLARITY:
            figures = {"ridge_period_mm": skin.period * 25.4 / 500, "ridge_mm2": ridges}
            defects.append(found("DEV_WRONG_PPI", 1.0, figures))
    if dependable is not None and dependable < FEW_MINUTIAE:
        figures = {"dependable_minutiae": dependable}
        defects.append(found("FP_FEW_MINUTIAE", 1 - dependable / FEW_MINUTIAE, figures))
    return tuple(defects)
