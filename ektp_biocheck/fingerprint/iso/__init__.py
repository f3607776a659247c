"""ISO/IEC 29794-4 native quality measures, with the figures of the reference NFIQ 2.3.

Identifiers, bins and quirks are the reference's, so that QA offices can compare. One file
per measure; `blocks` holds what they share. The order of keys is that of NFIQ 2.3's forest.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.iso import fda, lcs, ocl, of, rvup
from ektp_biocheck.fingerprint.iso.blocks import (
    BLOCK,
    crop_white_border,
    gradient_sums,
    make_blocks,
    tile_areas,
    tile_sums,
)
from ektp_biocheck.fingerprint.iso.histogram import summarise
from ektp_biocheck.fingerprint.iso.roi import region_of_interest

__all__ = ["MIN_FDA_BLOCKS", "NAMES", "native_measures"]

MIN_FDA_BLOCKS = 10  # below it NFIQ 2.3 answers "Not enough data"
_BINS = [*map(str, range(10)), "Mean", "StdDev"]
NAMES: tuple[str, ...] = (
    *(f"FDA_Bin10_{b}" for b in _BINS),
    "ImgProcROIArea_Mean",
    *(f"LCS_Bin10_{b}" for b in _BINS),
    "MMB",
    "Mu",
    *(f"OCL_Bin10_{b}" for b in _BINS),
    *(f"OF_Bin10_{b}" for b in _BINS),
    "OrientationMap_ROIFilter_CoherenceRel",
    "OrientationMap_ROIFilter_CoherenceSum",
    *(f"RVUP_Bin10_{b}" for b in _BINS),
)

Figures = dict[str, float | None]
Stage = Callable[[str], None]


def _roi_tiles(roi: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tiles that hold part of the region of interest.

    The reference takes a tile when its mean stays below 255 on the mask that is white outside
    the region. It multiplies by the reciprocal of the area, so a cut tile of 49 px (say) that
    is all white comes out a last bit below 255 and is taken too.
    """
    area = tile_areas(roi.shape)
    result: NDArray[np.bool_] = (tile_sums(roi.astype(np.int32)) > 0) | (
        255.0 * area * (1.0 / area) < 255.0
    )
    return result


def _over_tiles(pixels: NDArray[np.uint8], wide: NDArray[np.int32]) -> Figures:
    """OCL over whole tiles, coherence and grey mean over the region of interest."""
    sums = gradient_sums(wide)
    whole = slice(pixels.shape[0] // BLOCK), slice(pixels.shape[1] // BLOCK)
    certainty = ocl.orientation_certainty(*(each[whole] for each in sums))
    figures = summarise("OCL_Bin10", certainty, ocl.LIMITS)
    roi = region_of_interest(pixels)
    strength = ocl.coherence(*sums)[_roi_tiles(roi)]
    figures["OrientationMap_ROIFilter_CoherenceRel"] = (
        float(strength.mean()) if strength.size else None
    )
    figures["OrientationMap_ROIFilter_CoherenceSum"] = float(strength.sum())
    figures["ImgProcROIArea_Mean"] = float(pixels[roi].mean()) if roi.any() else 255.0
    return figures


def _over_offset_grid(pixels: NDArray[np.uint8], wide: NDArray[np.int32]) -> Figures:
    blocks = make_blocks(pixels, wide)
    figures: Figures = {}
    if blocks.across.shape[0] >= MIN_FDA_BLOCKS:
        values = fda.frequency_domain_analysis(blocks)
        figures |= summarise("FDA_Bin10", values, fda.LIMITS)
    figures |= summarise("LCS_Bin10", lcs.local_clarity(blocks), lcs.LIMITS)
    figures |= summarise("OF_Bin10", of.orientation_flow(blocks), of.LIMITS)
    figures |= summarise("RVUP_Bin10", rvup.ridge_valley_uniformity(blocks), rvup.LIMITS)
    return figures


def native_measures(pixels: NDArray[np.uint8]) -> Figures:
    """Compute the 65 native measures that need no minutiae, on a print at 500 ppi.

    Parameters
    ----------
    pixels : (H, W) uint8
        Ridges dark, 500 ppi. Unlike the reference there is no upper size.

    Returns
    -------
    dict
        Every name of `NAMES`, in that order; ``None`` where the measure does not exist
        (a blank picture, fewer than 10 blocks for FDA, no block at all).
    """
    cropped = crop_white_border(pixels)
    if min(cropped.shape) < 2:
        return dict.fromkeys(NAMES)
    wide = cropped.astype(np.int32)
    figures = _over_tiles(cropped, wide) | _over_offset_grid(cropped, wide)
    tile_means = tile_sums(wide) / tile_areas(wide.shape)
    figures |= {"Mu": float(cropped.mean()), "MMB": float(tile_means.mean())}
    return {name: figures.get(name) for name in NAMES}
