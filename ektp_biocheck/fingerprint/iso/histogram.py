"""The ten-bin summary that NFIQ 2.3 makes of a measure's per-block values."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["summarise"]


def summarise(
    name: str, values: NDArray[np.float64], limits: tuple[float, ...]
) -> dict[str, float | None]:
    """Count values between `limits` and take their mean and spread.

    Parameters
    ----------
    name : str
        Prefix of the identifiers, such as ``"LCS_Bin10"``.
    values : (N,) float64
        One value per block (or per ratio).
    limits : 9 ascending floats
        Bin i holds ``limits[i-1] <= value < limits[i]``.

    Returns
    -------
    dict
        ``name_0`` .. ``name_9`` (raw counts, so they grow with the finger's area),
        ``name_Mean`` and ``name_StdDev`` (population); the last two ``None`` without values.

    References
    ----------
    NFIQ 2.3, ``common_functions.cpp``, ``addHistogramFeatures``.
    """
    counts = np.bincount(np.searchsorted(limits, values, side="right"), minlength=10)
    summary: dict[str, float | None] = {f"{name}_{i}": float(n) for i, n in enumerate(counts)}
    summary[f"{name}_Mean"] = float(values.mean()) if values.size else None
    summary[f"{name}_StdDev"] = float(values.std()) if values.size else None
    return summary
