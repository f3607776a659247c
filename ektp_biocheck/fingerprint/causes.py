"""Why a print is poor: the likelihood of each skin, pressing and sensor condition.

A linear model over a handful of figures, each with a plain meaning, weighs the conditions
against a clean print and against each other (multinomial logistic regression). That decides
what is told apart: worn from dry, wet from blurred. The coefficients stand in `model.json`,
made by `benchmarks/fit_fingerprint.py` from the development sets.
"""

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.analysis import Analysis

__all__ = ["CAUSES", "FIGURES", "cause_likelihoods", "figures", "model"]

CAUSES: dict[str, str | None] = {
    "clean": None,
    "dry": "FP_DRY",
    "wet": "FP_WET",
    "worn": "FP_WORN_RIDGES",
    "partial": "FP_PARTIAL",
    "low_contrast": "FP_LOW_CONTRAST",
    "blur": "FP_BLUR",
    "noise": "FP_NOISE",
    "pressed hard": "FP_OVERPRESSED",
    "pressed lightly": "FP_LOW_PRESSURE",
}
FIGURES = (
    "log modulation",
    "log noise",
    "log amplitude",
    "log area in ridge periods",
    "log crispness",
    "ridge share",
    "ridge breaks",
    "valley fill",
    "clarity",
    "log dark patches",
    "log bright patches",
    "unevenness",
)


@lru_cache
def model() -> dict[str, Any]:
    """Return the fitted coefficients and where they come from."""
    text = files("ektp_biocheck.fingerprint").joinpath("model.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def figures(analysis: Analysis) -> NDArray[np.float64]:
    """Return the (12,) figures of `FIGURES`; a middling one where it is missing."""
    skin = analysis.skin
    if skin is None:
        raise ValueError("a print without a contact area has no figures")
    area_px = analysis.foreground.mask.sum()
    return np.array(
        [
            np.log(skin.modulation + 0.02),
            np.log(skin.noise + 1),
            np.log(skin.amplitude + 0.5),
            np.log(area_px / skin.period**2 + 1),
            np.log(skin.crispness + 0.05),
            0.49 if skin.ridge_share is None else skin.ridge_share,
            0.2 if skin.ridge_breaks is None else skin.ridge_breaks,
            0.16 if skin.valley_fill is None else skin.valley_fill,
            skin.clarity,
            np.log(skin.dark_patches + 0.003),
            np.log(skin.bright_patches + 0.003),
            skin.unevenness,
        ]
    )


def cause_likelihoods(analysis: Analysis) -> dict[str, float]:
    """Weigh the conditions of `CAUSES` against each other.

    Returns
    -------
    dict
        One likelihood per cause, together 1.
    """
    fitted = model()["causes"]
    scaled = (figures(analysis) - np.array(fitted["mean"])) / np.array(fitted["spread"])
    logits = np.array(fitted["weights"]) @ scaled + np.array(fitted["offsets"])
    odds = np.exp(logits - logits.max())
    return dict(zip(CAUSES, (odds / odds.sum()).tolist(), strict=True))
