"""Local clarity score: how well ridge and valley pixels keep apart in grey."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.iso.blocks import Blocks, Profiles
from ektp_biocheck.fingerprint.iso.runs import find_changes

__all__ = ["LIMITS", "local_clarity"]

LIMITS = (0.0, 0.70, 0.74, 0.77, 0.79, 0.81, 0.83, 0.85, 0.87)
PER_WIDTH = 500 / 125 * 5  # the reference scales widths from 125 ppi; 20 px are one unit
RIDGE_PX = (3.0, 10.0)
VALLEY_PX = (2.0, 10.0)


def _mean_width(
    width: NDArray[np.float64], block: NDArray[np.intp], wanted: NDArray[np.bool_], blocks: int
) -> NDArray[np.float64]:
    total = np.bincount(block[wanted], weights=width[wanted], minlength=blocks)
    count = np.bincount(block[wanted], minlength=blocks)
    return np.asarray(total * (1 / np.maximum(count, 1)), dtype=np.float64)


def _plausible(profiles: Profiles) -> NDArray[np.bool_]:
    """Blocks whose mean ridge and valley widths are those of a finger."""
    changes = find_changes(profiles.ridge)
    previous = np.where(changes.rank == 0, 0, np.roll(changes.position, 1))
    width = (changes.position - previous) / PER_WIDTH  # the last, open run is left out
    starts_with_ridge = profiles.ridge[changes.block, 0]
    is_ridge = (changes.rank % 2 == 0) == starts_with_ridge
    blocks = len(profiles.ridge)
    ridge = _mean_width(width, changes.block, is_ridge, blocks)
    valley = _mean_width(width, changes.block, ~is_ridge, blocks)
    low, high = np.array(RIDGE_PX) / PER_WIDTH, np.array(VALLEY_PX) / PER_WIDTH
    result: NDArray[np.bool_] = (
        (changes.count > 0)
        & (ridge >= low[0])
        & (ridge <= low[1])
        & (valley >= high[0])
        & (valley <= high[1])
    )
    return result


def local_clarity(blocks: Blocks) -> NDArray[np.float64]:
    """Measure clarity, 0..1, higher is better, for each valid block.

    Returns
    -------
    (N,) float64
        1 - (α + β) / 2 with α the share of valley pixels darker than the block's trend and β
        that of ridge pixels lighter than it; 0 where the widths are no finger's.

    References
    ----------
    ISO/IEC 29794-4:2024, local clarity; NFIQ 2.3, ``LCS.cpp``.
    """
    profiles = blocks.unpadded
    dark = (profiles.windows < profiles.trend[:, None, :]).sum(axis=1)  # (N, 32), of 16 px
    ridge = profiles.ridge
    ridge_pixels = 16 * ridge.sum(axis=1)
    valley_pixels = 16 * 32 - ridge_pixels
    alpha = (dark * ~ridge).sum(axis=1) / np.maximum(valley_pixels, 1)
    beta = ((16 - dark) * ridge).sum(axis=1) / np.maximum(ridge_pixels, 1)
    return np.where(_plausible(profiles), 1 - (alpha + beta) / 2, 0.0)
