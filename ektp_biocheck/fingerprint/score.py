"""The score: how likely it is that this print will match later.

Four figures carry it. *Dependable minutiae*: those that a second, broader filter finds again,
each counted by how clear and how strong the ridges around it are. *Open valleys*: how little of
the valleys is filled in, as sweat, wear and pressure do. *Ridges told apart*: how many ridges
and valleys the raw picture separates along a stretch. *Quiet picture*: how little pixel noise
there is. The score is their weighted sum, so each has its share of it in points.
"""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.analysis import Analysis
from ektp_biocheck.fingerprint.causes import model
from ektp_biocheck.fingerprint.clarity import quality_map
from ektp_biocheck.fingerprint.minutiae import value_at

__all__ = [
    "PREVIEW_TERMS",
    "TERMS",
    "dependability",
    "preview_terms",
    "score_preview",
    "score_print",
    "terms",
]

TERMS = ("dependable minutiae", "open valleys", "ridges told apart", "quiet picture")
PREVIEW_TERMS = ("good ridges", "open valleys", "strong ridges")
CLEAR = 0.16  # clarity at which a minutia counts half; noise alone stays below 0.09
CLEAR_SOFT = 0.02
STRONG = 16.0  # grey levels of ridge amplitude at which a minutia counts half
MODULATED = 0.27  # of the way from brightest grey to the contact's mean: full height of ridges
UNTOLD = 4.0  # changes along 32 px, where there is too little to count them
FINE = 8.0  # changes at a ridge period of 0.4 mm: finer gratings are no better a finger
FILLED = 0.5  # share of valley pixels that chance would fill
QUIET = 6.0  # grey levels of noise that no extractor minds


def dependability(analysis: Analysis) -> NDArray[np.float64]:
    """How far each minutia can be counted on, 0..1.

    Returns
    -------
    (N,) float64
        0 for an unconfirmed one; else the product of clarity, strength of the ridges against
        sensor noise, and their height against the darkness of the contact.
    """
    minutiae, skin = analysis.minutiae, analysis.skin
    if minutiae is None or skin is None or not len(minutiae):
        return np.empty(0)
    amplitude = value_at(analysis.field.amplitude, minutiae.x, minutiae.y).astype(np.float64)
    clear = 1 / (1 + np.exp((CLEAR - minutiae.reliability) / CLEAR_SOFT))
    strong = amplitude**4 / (amplitude**4 + STRONG**4)
    darkness = max(skin.brightest - skin.level, 1.0)
    high = np.clip(amplitude / (MODULATED * darkness), 0, 1)
    return np.asarray(minutiae.confirmed * clear * strong * high, dtype=np.float64)


def terms(analysis: Analysis) -> dict[str, float]:
    """Return the figures of `TERMS`, each higher for a better print."""
    skin = analysis.skin
    if skin is None:
        raise ValueError("a print without a contact area has no score")
    filled = FILLED if skin.valley_fill is None else skin.valley_fill
    changes = skin.ridge_changes
    return {
        "dependable minutiae": float(np.sqrt(dependability(analysis).sum())),
        "open valleys": -filled,
        "ridges told apart": min(UNTOLD if changes is None else changes, FINE),
        "quiet picture": -float(np.log(max(skin.noise, QUIET))),
    }


def score_print(analysis: Analysis) -> tuple[int, dict[str, float]]:
    """Score a print.

    Parameters
    ----------
    analysis : Analysis
        With minutiae and a contact area.

    Returns
    -------
    score : int
        0..100; `docs/fingerprint/score.md` says what failure rate to expect at each.
    contributions : dict
        Points that each term takes from (or adds to) those of a very good print.

    Raises
    ------
    ValueError
        Without a contact area.
    """
    fitted = model()["score"]
    points = {
        name: fitted["points"][name] * (value - fitted["reference"][name])
        for name, value in terms(analysis).items()
    }
    total = fitted["at_reference"] + sum(points.values())
    return int(np.clip(round(total), 0, 100)), points


def preview_terms(analysis: Analysis) -> dict[str, float]:
    """Return the figures of `PREVIEW_TERMS`, each higher for a better print."""
    skin = analysis.skin
    if skin is None:
        raise ValueError("a print without a contact area has no score")
    good = quality_map(analysis.field, analysis.foreground).good_mm2
    return {
        "good ridges": float(np.sqrt(good)),
        "open valleys": -(FILLED if skin.valley_fill is None else skin.valley_fill),
        "strong ridges": skin.amplitude**2 / (skin.amplitude**2 + STRONG**2),
    }


def score_preview(analysis: Analysis) -> tuple[int, dict[str, float]]:
    """Estimate the score without minutiae, to rank the frames of a live preview.

    Returns
    -------
    score, contributions
        As `score_print`; the estimate's error against it stands in `model.json`.
    """
    fitted = model()["preview"]
    points = {
        name: fitted["points"][name] * value for name, value in preview_terms(analysis).items()
    }
    return int(np.clip(round(fitted["offset"] + sum(points.values())), 0, 100)), points
