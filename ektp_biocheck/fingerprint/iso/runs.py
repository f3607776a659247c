"""Lengths of the ridge and valley runs along the profiles of many blocks at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Changes", "find_changes"]


@dataclass(frozen=True, slots=True)
class Changes:
    """Where ridge turns to valley or back, over all blocks in raster order.

    Parameters
    ----------
    block : (K,) int
        Block of each change.
    position : (K,) int
        Last column before the change.
    rank : (K,) int
        0 for a block's first change, 1 for its second ...
    count : (N,) int
        Changes of each block.
    """

    block: NDArray[np.intp]
    position: NDArray[np.intp]
    rank: NDArray[np.intp]
    count: NDArray[np.intp]


def find_changes(ridge: NDArray[np.bool_]) -> Changes:
    """List the changes in (N, W) profiles."""
    block, position = np.nonzero(ridge[:, 1:] != ridge[:, :-1])
    count = np.bincount(block, minlength=len(ridge))
    first = np.concatenate([[0], np.cumsum(count)[:-1]]) if len(ridge) else count
    rank = np.arange(len(block)) - first[block]
    return Changes(block, position, rank, count)
