"""The four native measures of ISO/IEC 29794-4 that need minutiae.

They carry the reference's identifiers, whose first letters name its extractor. The minutiae are
ours, so these four are comparable with NFIQ 2.3's in kind, not to the digit.
"""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.iso.ocl import orientation_certainty

__all__ = ["NAMES", "minutiae_measures"]

NAMES = (
    "FingerJetFX_MinCount_COMMinRect200x200",
    "FingerJetFX_MinutiaeCount",
    "FJFXPos_Mu_MinutiaeQuality_2",
    "FJFXPos_OCL_MinutiaeQuality_80",
)
AROUND = 16  # px each way: windows of 32 × 32
NEAR_CENTRE = 100  # px each way


def _window(pixels: NDArray[np.uint8], x: int, y: int, *, whole: bool) -> NDArray[np.uint8]:
    """Cut 32 × 32 px around a point: moved inside when `whole`, else cut at the far edges."""
    height, width = pixels.shape
    top, left = max(y - AROUND, 0), max(x - AROUND, 0)
    if whole:
        top, left = max(min(top, height - 32), 0), max(min(left, width - 32), 0)
    return pixels[top : top + 32, left : left + 32]


def _certainty(window: NDArray[np.uint8]) -> float:
    if min(window.shape) < 2:
        return 0.0
    gy, gx = np.gradient(window.astype(np.float64))
    sums = (np.array([v]) for v in ((gx * gx).sum(), (gy * gy).sum(), (gx * gy).sum()))
    found = orientation_certainty(*sums)
    return float(found[0]) if len(found) else 0.0


def minutiae_measures(
    pixels: NDArray[np.uint8], x: NDArray[np.float32], y: NDArray[np.float32]
) -> dict[str, float | None]:
    """Count minutiae and judge the picture around each.

    Parameters
    ----------
    pixels : (H, W) uint8
        Cropped print at 500 ppi, ridges dark.
    x, y : (N,) float32
        Minutiae in px of `pixels`.

    Returns
    -------
    dict
        The names of `NAMES`: minutiae within 100 px of their mean position, their number, the
        share with (mean - local mean) / std between 0 and 0.5, and the share with a local
        orientation certainty above 80 %; the shares ``None`` without minutiae.

    References
    ----------
    ISO/IEC 29794-4:2024, minutiae count and quality; NFIQ 2.3, ``FJFXMinutiaeQuality.cpp``.
    """
    columns, rows = x.astype(int), y.astype(int)
    if not len(columns):
        return dict(zip(NAMES, (0.0, 0.0, None, None), strict=True))
    near = (np.abs(columns - int(columns.mean())) <= NEAR_CENTRE) & (
        np.abs(rows - int(rows.mean())) <= NEAR_CENTRE
    )
    mean, spread = float(pixels.mean()), float(pixels.std()) or 1.0
    points = list(zip(columns.tolist(), rows.tolist(), strict=True))
    local = np.array([_window(pixels, *p, whole=False).mean() for p in points])
    darker = (mean - local) / spread
    certain = [int(100 * _certainty(_window(pixels, *p, whole=True)) + 0.5) for p in points]
    shares = np.mean((darker > 0) & (darker <= 0.5)), np.mean(np.array(certain) > 80)
    counts = float(near.sum()), float(len(columns))
    return dict(zip(NAMES, (*counts, float(shares[0]), float(shares[1])), strict=True))
