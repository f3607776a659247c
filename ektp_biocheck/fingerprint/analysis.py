"""Everything that is looked up about one print, worked out once and shared by what judges it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.foreground import Foreground, find_foreground
from ektp_biocheck.fingerprint.iso.blocks import UprightBlocks, upright_blocks
from ektp_biocheck.fingerprint.minutiae import Minutiae, find_minutiae
from ektp_biocheck.fingerprint.ridges import RidgeField, ridge_field
from ektp_biocheck.fingerprint.skin import Skin, describe_skin

__all__ = ["LEAST_AREA_MM2", "Analysis", "analyse"]

LEAST_AREA_MM2 = 8.0  # less than a ridge or two each way: nothing was laid on the glass


@dataclass(frozen=True, slots=True)
class Analysis:
    """One print at 500 ppi.

    Parameters
    ----------
    pixels : (H, W) uint8
    field : RidgeField
    foreground : Foreground
    blocks : UprightBlocks
    skin : Skin or None
        ``None`` without a contact area.
    minutiae : Minutiae or None
        ``None`` when they were not asked for.
    """

    pixels: NDArray[np.uint8]
    field: RidgeField
    foreground: Foreground
    blocks: UprightBlocks
    skin: Skin | None
    minutiae: Minutiae | None


def analyse(pixels: NDArray[np.uint8], *, with_minutiae: bool = True) -> Analysis:
    """Look at a print from all sides.

    Parameters
    ----------
    pixels : (H, W) uint8
        At 500 ppi, ridges dark.
    with_minutiae : bool
        They take about half of the time.
    """
    field = ridge_field(pixels.astype(np.float32))
    foreground = find_foreground(field)
    blocks = upright_blocks(pixels, pixels.astype(np.int32))
    if foreground.area_mm2 < LEAST_AREA_MM2:
        return Analysis(pixels, field, foreground, blocks, None, None)
    skin = describe_skin(pixels, field, foreground, blocks)
    minutiae = find_minutiae(field, foreground.mask) if with_minutiae else None
    return Analysis(pixels, field, foreground, blocks, skin, minutiae)
