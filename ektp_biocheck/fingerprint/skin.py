"""What the grey values say of skin, pressing and sensor: the figures that causes are told by.

Wear lowers ridges and valleys alike, so modulation falls while mean grey and ridge share stay.
Dryness thins and breaks ridges (share below a half, bright gaps on them) and leaves valleys
clean; wetness thickens them (share above a half) and fills valleys. Blur takes the fine edges
(crispness) and nothing else; noise adds them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.foreground import Foreground
from ektp_biocheck.fingerprint.iso.blocks import BLOCK, OFFSET, Profiles, UprightBlocks
from ektp_biocheck.fingerprint.iso.runs import find_changes
from ektp_biocheck.fingerprint.ridges import CELL, RidgeField
from ektp_biocheck.opencv import cv2

__all__ = ["Skin", "describe_skin"]

# Second differences both ways: blind to any smooth surface, so that noise is left over.
_NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
LEAST_CONTACT = 0.9  # share of a block or cell inside the foreground


@dataclass(frozen=True, slots=True)
class Skin:
    """Figures over the contact area; ``None`` where there is too little of it.

    Parameters
    ----------
    amplitude : float
        Half the grey difference of ridges and valleys, mean, grey levels.
    modulation : float
        Amplitude over how much darker the contact is than the brightest grey; about 0.5 to 1
        for clean ridges, high for dry skin, low for wet, worn or blurred ones.
    noise : float
        Standard deviation of pixel noise, grey levels.
    crispness : float
        Fine structure against what a pure wave of this amplitude and period would have; 1 is
        a pure wave, below it blurred.
    period : float
        Mean ridge to ridge distance, px at 500 ppi.
    clarity, agreement : float
        Means of the ridge field.
    unevenness : float
        Standard deviation of the logarithm of amplitude over the contact: wear and pressure
        differ from place to place, a camera's blur does not.
    ridge_share : float or None
        Share of a ridge and valley pair that is ridge.
    ridge_breaks, valley_fill : float or None
        Share of ridge pixels that are bright, of valley pixels that are dark.
    ridge_changes : float or None
        Changes from ridge to valley and back that can be told apart along 32 px across the
        ridges, mean; about 64 / period for clean ridges, fewer where they run together.
    level, brightest : float
        Mean grey of the contact, 97th percentile of the picture.
    dark_patches, bright_patches : float
        Share of the contact in solid spots wider than a ridge: dirt and pools; cracks, hard
        skin and gaps.
    """

    amplitude: float
    modulation: float
    noise: float
    crispness: float
    period: float
    clarity: float
    agreement: float
    unevenness: float
    ridge_share: float | None
    ridge_breaks: float | None
    valley_fill: float | None
    ridge_changes: float | None
    level: float
    brightest: float
    dark_patches: float
    bright_patches: float


def _quantile(counts: NDArray[np.intp], share: float) -> float:
    """Quantile of whole numbers from their histogram, interpolated within a bin."""
    total = np.concatenate([[0], np.cumsum(counts)])
    wanted = share * total[-1]
    at = int(np.searchsorted(total, wanted, side="right")) - 1
    at = min(at, len(counts) - 1)
    return at - 0.5 + float((wanted - total[at]) / max(counts[at], 1))


def _in_contact(blocks: UprightBlocks, foreground: Foreground) -> Profiles:
    """Profiles of the blocks that lie inside the contact area."""
    row, column = np.nonzero(blocks.valid)
    centre = OFFSET + BLOCK // 2
    y, x = (row * BLOCK + centre) // CELL, (column * BLOCK + centre) // CELL
    cells = foreground.cells
    y, x = y.clip(1, cells.shape[0] - 1), x.clip(1, cells.shape[1] - 1)
    whole = np.minimum.reduce([cells[y, x], cells[y - 1, x], cells[y, x - 1], cells[y - 1, x - 1]])
    return blocks.profiles.take(whole > LEAST_CONTACT)


def _profile_figures(profiles: Profiles) -> tuple[float | None, float | None, float | None]:
    """Ridge share, broken ridge pixels, filled valley pixels."""
    if len(profiles.ridge) < 4:
        return None, None, None
    dark = (profiles.windows < profiles.trend[:, None, :]).sum(axis=1)
    ridge = profiles.ridge
    pixels = profiles.windows.shape[1]
    bright_ridge = ((pixels - dark) * ridge).sum() / max(int(ridge.sum()) * pixels, 1)
    dark_valley = (dark * ~ridge).sum() / max(int((~ridge).sum()) * pixels, 1)
    return float(ridge.mean()), float(bright_ridge), float(dark_valley)


def _fine_structure(pixels: NDArray[np.uint8], mask: NDArray[np.uint8]) -> tuple[float, float]:
    """Pixel noise and standard deviation of the Laplacian inside the mask."""
    left_over = np.abs(cv2.filter2D(pixels, cv2.CV_16S, _NOISE_KERNEL))
    counts = cv2.calcHist(
        [np.minimum(left_over, 1023).astype(np.uint16)], [0], mask, [1024], [0, 1024]
    )
    quarter = max(_quantile(counts.ravel(), 0.25), 0.0)
    noise = quarter / (0.3186 * 6)  # a quarter of normal noise stays below 0.3186 σ; Σ k² = 36
    laplacian = cv2.Laplacian(pixels, cv2.CV_16S)
    return noise, float(cv2.meanStdDev(laplacian, mask=mask)[1].item())


def _patches(
    pixels: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    level: float,
    amplitude: float,
    period: float,
) -> tuple[float, float]:
    """Share of solid dark and of solid bright spots.

    Closing with a disc of one ridge period fills the dark ridges, so what stays dark is wider
    than they are; opening does the same for bright.
    """
    size = max(round(0.95 * period) | 1, 5)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    grey = cv2.GaussianBlur(pixels, (3, 3), 0)
    inner = cv2.erode(mask, np.ones((2 * size + 1, 2 * size + 1), np.uint8)) > 0
    area = max(int(inner.sum()), 1)
    dark = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, disc) < level - 0.5 * amplitude
    bright = cv2.morphologyEx(grey, cv2.MORPH_OPEN, disc) > level + 0.6 * amplitude
    return float((dark & inner).sum() / area), float((bright & inner).sum() / area)


def describe_skin(
    pixels: NDArray[np.uint8], field: RidgeField, foreground: Foreground, blocks: UprightBlocks
) -> Skin:
    """Measure the contact area.

    Parameters
    ----------
    pixels : (H, W) uint8
        Print at 500 ppi, ridges dark.
    field, foreground, blocks
        Of the same print; the foreground must not be empty.

    Returns
    -------
    Skin

    References
    ----------
    Noise: Immerkær, "Fast noise variance estimation", CVIU 64 (1996),
    doi:10.1006/cviu.1996.0060, with a quartile in place of the mean, as ridges have edges.
    Ridge share and breaks: the profile of NFIQ 2.3's LCS, cf. ISO/IEC 29794-4.
    """
    mask = foreground.mask.astype(np.uint8)
    weight = np.where(foreground.cells > 0.5, foreground.cells, 0)
    weight = weight / max(float(weight.sum()), 1e-9)
    amplitude, period, clarity, agreement = (
        float((each * weight).sum())
        for each in (field.amplitude, field.period, field.clarity, field.agreement)
    )
    inner = foreground.cells > LEAST_CONTACT
    unevenness = float(np.log(field.amplitude[inner] + 1).std()) if inner.any() else 0.0
    level = float(cv2.mean(pixels, mask=mask)[0])
    brightest = _quantile(np.bincount(pixels.ravel(), minlength=256), 0.97)
    noise, edges = _fine_structure(pixels, mask)
    inside = _in_contact(blocks, foreground)
    share, breaks, fill = _profile_figures(inside)
    return Skin(
        amplitude,
        amplitude / max(brightest - level, 1.0),
        noise,
        edges * (period / (2 * np.pi)) ** 2 / max(amplitude, 1e-6),
        period,
        clarity,
        agreement,
        unevenness,
        share,
        breaks,
        fill,
        float(find_changes(inside.ridge).count.mean()) if share is not None else None,
        level,
        brightest,
        *_patches(pixels, mask, level, amplitude, period),
    )
