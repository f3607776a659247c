"""Orientation certainty and coherence: how strongly a tile's gradients share one axis."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["LIMITS", "coherence", "orientation_certainty"]

LIMITS = (0.337, 0.479, 0.579, 0.655, 0.716, 0.766, 0.81, 0.852, 0.898)


def orientation_certainty(
    xx: NDArray[np.float64], yy: NDArray[np.float64], xy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure 1 - λ₋/λ₊ of the gradient covariance, 0..1, higher is clearer.

    Parameters
    ----------
    xx, yy, xy : (R, C) float64
        Sums of gx², gy², gx·gy over whole tiles (any common factor).

    Returns
    -------
    (N,) float64
        Of all tiles with any gradient, background included.

    References
    ----------
    ISO/IEC 29794-4:2024, orientation certainty level; NFIQ 2.3, ``OCLHistogram.cpp``.
    """
    root = np.hypot(xx - yy, 2 * xy)
    large = xx + yy + root
    some = large > 0
    result: NDArray[np.float64] = 1 - (xx + yy - root)[some] / large[some]
    return result


def coherence(
    xx: NDArray[np.float64], yy: NDArray[np.float64], xy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure |Σg²| / Σ|g²| of the squared gradients, 0..1, higher is clearer.

    Same arguments; 0 for a tile without gradient, cut tiles included.

    References
    ----------
    ISO/IEC 29794-4:2024, ROI orientation map coherence; NFIQ 2.3, ``QualityMap.cpp``.
    """
    energy = xx + yy
    result: NDArray[np.float64] = np.hypot(xx - yy, 2 * xy) / np.where(energy == 0, 1, energy)
    return result
