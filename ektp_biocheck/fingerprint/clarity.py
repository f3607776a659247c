"""The local quality map: where ridges can be used, cell by cell.

The levels answer the operator's question "where is it bad", and the area of good ridges in
mm² is a figure that predicts matching well (see `docs/fingerprint/score.md`).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.foreground import MM2_PER_PX, Foreground
from ektp_biocheck.fingerprint.ridges import CELL, RidgeField

__all__ = ["Level", "QualityMap", "quality_map"]

CLEAR = 0.35
FAIR = 0.22
RIDGES = 0.12  # noise alone stays below
CURVED = 0.25  # agreement below which neighbours contradict (cores and deltas lie near it)


class Level(IntEnum):
    """Usefulness of a cell."""

    BACKGROUND = 0
    NO_RIDGES = 1
    UNCLEAR = 2
    FAIR = 3
    CLEAR = 4


@dataclass(frozen=True, slots=True)
class QualityMap:
    """Levels on the 16 px grid at 500 ppi.

    Parameters
    ----------
    levels : (R, C) uint8
        Values of `Level`.
    curved : (R, C) bool
        Foreground cells whose direction disagrees with their neighbours'.
    good_mm2 : float
        Area at level FAIR and CLEAR.
    """

    levels: NDArray[np.uint8]
    curved: NDArray[np.bool_]
    good_mm2: float


def quality_map(field: RidgeField, foreground: Foreground) -> QualityMap:
    """Grade every cell of a print by the clarity of its ridges."""
    inside = foreground.cells > 0.5
    levels = np.full(inside.shape, Level.NO_RIDGES, np.uint8)
    for limit, level in ((RIDGES, Level.UNCLEAR), (FAIR, Level.FAIR), (CLEAR, Level.CLEAR)):
        levels[field.clarity > limit] = level
    levels[~inside] = Level.BACKGROUND
    area = float((foreground.cells * (levels >= Level.FAIR)).sum() * CELL**2 * MM2_PER_PX)
    return QualityMap(levels, inside & (field.agreement < CURVED), area)
