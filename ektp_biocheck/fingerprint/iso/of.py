"""Orientation flow: how far ridge direction turns from block to block."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.iso.blocks import Blocks

__all__ = ["LIMITS", "orientation_flow"]

LIMITS = (0.01715, 0.035, 0.0557, 0.081, 0.115, 0.1718, 0.2569, 0.4758, 0.748)
TOLERANCE = np.deg2rad(4.0)


def orientation_flow(blocks: Blocks) -> NDArray[np.float64]:
    """Measure the mean turn to the eight neighbours, lower is smoother.

    Returns
    -------
    (N,) float64
        (turn - 4°) / 86° of the blocks that are valid with all their neighbours and turn by
        more than 4°: smooth blocks are left out, not counted as 0. As in the reference 89°
        and -89° count as 178° apart.

    References
    ----------
    ISO/IEC 29794-4:2024, orientation flow; NFIQ 2.3, ``OF.cpp``.
    """
    if min(blocks.theta.shape) < 3:
        return np.empty(0)
    theta, valid = blocks.theta, blocks.valid
    height, width = theta.shape
    centre = theta[1:-1, 1:-1]
    turn = np.zeros_like(centre)
    inner = valid[1:-1, 1:-1].copy()
    for row, column in ((r, c) for r in range(3) for c in range(3) if (r, c) != (1, 1)):
        around = slice(row, row + height - 2), slice(column, column + width - 2)
        turn += np.abs(centre - theta[around])
        inner &= valid[around]
    turn /= 8
    chosen = turn[inner & (turn > TOLERANCE)]
    return np.asarray((chosen - TOLERANCE) / (np.pi / 2 - TOLERANCE), dtype=np.float64)
