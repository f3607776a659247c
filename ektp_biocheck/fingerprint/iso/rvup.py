"""Ridge valley uniformity: ratios of neighbouring ridge and valley widths."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.iso.blocks import Blocks
from ektp_biocheck.fingerprint.iso.runs import find_changes

__all__ = ["LIMITS", "ridge_valley_uniformity"]

LIMITS = (0.5, 0.667, 0.8, 1.0, 1.25, 1.5, 2.0, 24.0, 30.0)


def ridge_valley_uniformity(blocks: Blocks) -> NDArray[np.float64]:
    """Measure ridge to valley width ratios; 1 is even, several per valid block.

    Dryness, wetness and wear all raise the mean, so it has no direction of its own.

    Returns
    -------
    (K,) float64
        Ratios of neighbouring complete runs over all valid blocks. As in the reference a
        block's first complete run is dropped, runs are read from the end, and which ratios
        are inverted follows the kind of the first run.

    References
    ----------
    ISO/IEC 29794-4:2024, ridge valley uniformity; NFIQ 2.3, ``RVUPHistogram.cpp``.
    """
    ridge = blocks.padded.ridge
    changes = find_changes(ridge[:, :-1])  # the reference never looks at the last step
    width = np.zeros(len(changes.block))
    width[1:] = np.diff(changes.position)
    # Change j of a block closes run j; runs 2.. are used, each divided by the one before it.
    later = np.flatnonzero(changes.rank >= 3)
    block = changes.block[later]
    ratio = width[later] / width[later - 1]
    from_end = changes.count[block] - 1 - changes.rank[later]
    starts = np.flatnonzero(changes.rank == 0)
    first_kind = np.zeros(len(ridge), dtype=np.intp)
    first_kind[changes.block[starts]] = ridge[changes.block[starts], changes.position[starts] + 1]
    kind = first_kind[block]
    inverted = (from_end >= kind) & ((from_end - kind) % 2 == 0)
    return np.where(inverted, 1 / ratio, ratio)
