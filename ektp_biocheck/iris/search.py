"""Which of the candidates is an eye, and how sure that is.

Every candidate is fitted fully; a logistic model of how well the rims hold together then
gives the probability that both boundaries are right. The same figure ranks the hypotheses
and, for the best one, decides whether there is an eye at all. Its weights come from
``benchmarks/fit_iris.py confidence``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.iris.candidates import propose, propose_discs
from ektp_biocheck.iris.curves import Boundary
from ektp_biocheck.iris.limbus import fit_limbus
from ektp_biocheck.iris.pupil import darker_core, fit_pupil, homogeneity
from ektp_biocheck.opencv import cv2

__all__ = ["CUES", "Hypothesis", "cues", "find", "find_clouded"]

CUES = (
    "bias",
    "pupil_fraction",
    "pupil_residual",
    "pupil_strength",
    "limbus_fraction",
    "limbus_residual",
    "limbus_strength",
    "homogeneity",
    "ratio",
    "size",
)
SURE = 0.97  # no need to look at further candidates
_WEIGHTS = np.array([-6.934, 10.368, -5.766, 0.757, 6.002, -3.363, -0.038, 1.351, -5.093, 4.854])


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One pair of boundaries, in working pixels, with what speaks for it.

    `confidence` is the probability that both are right; `clouded` that a step of grey goes the
    wrong way: the pupil brighter than the iris, or the iris brighter than the sclera.
    """

    pupil: Boundary
    limbus: Boundary
    homogeneity: float
    clouded: bool
    confidence: float


def cues(pupil: Boundary, limbus: Boundary, even: float, side: float) -> NDArray[np.float64]:
    """Figures behind the confidence, in the order of `CUES`; `side`: the picture's long side."""
    return np.array(
        [
            1.0,
            pupil.fraction,
            min(pupil.residual / pupil.r, 0.1) / 0.05,
            np.log(max(pupil.strength, 1.0) / 10),
            limbus.fraction,
            min(limbus.residual / limbus.r, 0.1) / 0.05,
            np.log(max(limbus.strength, 1.0) / 10),
            even,
            abs(np.log(pupil.r / limbus.r / 0.38)),
            np.log(min(limbus.r / (0.16 * side), 1.0)),
        ]
    )


def _judge(
    pupil: Boundary, limbus: Boundary, even: float, clouded: bool, side: float
) -> Hypothesis:
    score = float(_WEIGHTS @ cues(pupil, limbus, even, side))
    return Hypothesis(pupil, limbus, even, clouded, float(1 / (1 + np.exp(-score))))


def find(
    clean: NDArray[np.float32],
    reflection: NDArray[np.uint8],
    limit: int = 4,
    *,
    careful: bool = False,
    quick: bool = False,
) -> list[Hypothesis]:
    """Fit what could be a dark pupil in an iris, best first.

    Parameters
    ----------
    clean : (h, w) float32
        Working picture without reflections.
    reflection : (h, w) uint8
        1 where one was.
    limit : int
        Candidates to fit.
    careful : bool
        Vote exactly rather than with boxes.
    quick : bool
        Vote for fewer radii.
    """
    coarse = cv2.resize(clean, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    todo = [
        (2 * c.x + 0.5, 2 * c.y + 0.5, 2 * c.pupil)
        for c in propose(coarse, limit, careful=careful, quick=quick)
    ]
    usable = (1 - reflection).astype(np.float32)
    side = float(max(clean.shape))
    found: list[Hypothesis] = []
    while todo and len(found) < 2 * limit:
        pupil = fit_pupil(clean, *todo.pop(0), usable)
        even, bar = homogeneity(clean, pupil)
        if even < 0.8:
            core = darker_core(clean, pupil, bar)
            if core is not None:
                todo.insert(0, core)
        limbus = fit_limbus(clean, pupil, 0.5 * side, quick=quick)
        if limbus is not None:
            found.append(_judge(pupil, limbus, even, False, side))
            if found[-1].confidence > SURE:
                break
    return sorted(found, key=lambda h: -h.confidence)


def find_clouded(clean: NDArray[np.float32], reflection: NDArray[np.uint8]) -> list[Hypothesis]:
    """Fit eyes whose lens or cornea is cloudy, best first.

    Behind a cloudy lens the pupil is as bright as the iris or brighter; a cloudy cornea is a
    disc brighter than the sclera, in which the pupil is only just seen.
    """
    coarse = cv2.resize(clean, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    usable = (1 - reflection).astype(np.float32)
    side = float(max(clean.shape))
    negative = 255 - clean
    found = []
    for look, pupil_in, limbus_in in (
        (coarse, negative, clean),
        (255 - coarse, clean, negative),
    ):
        for disc in propose_discs(look):
            for factor in (0.34, 0.48):
                guess = (2 * disc.x + 0.5, 2 * disc.y + 0.5, 2 * factor * disc.limbus)
                pupil = fit_pupil(pupil_in, *guess, usable)
                limbus = fit_limbus(limbus_in, pupil, 0.5 * side)
                if limbus is not None:
                    found.append(_judge(pupil, limbus, 1.0, True, side))
    return sorted(found, key=lambda h: -h.confidence)
