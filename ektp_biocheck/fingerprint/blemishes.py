"""Cracks, smooth islands, specks and smudges: what interrupts a print or lies beside it."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.analysis import Analysis
from ektp_biocheck.fingerprint.ridges import CELL, RidgeField
from ektp_biocheck.opencv import cv2

__all__ = ["gaps_of", "stains_of"]

NO_RIDGES = 0.15  # clarity of smooth skin
ELSEWHERE_CLEAR = 0.4  # upper quartile of clarity: the skin around an island has ridges
GAP = 0.7  # of the amplitude above the grey around it: brighter than most valleys
CALM = 3.0  # grey levels between median and upper quartile of bare glass
LEAST_GLASS = 0.05  # of the picture


def gaps_of(analysis: Analysis) -> tuple[float, float]:
    """Cracks and smooth islands in an otherwise clear print, as shares of the contact.

    A crack is a bright streak wider than a valley, told against the grey around it. An island
    is the largest piece of the contact without ridges: hard skin, a blister, a burn.

    Returns
    -------
    cracks, island : float
        0..1; the island is 0 where the rest of the print is not clear either.
    """
    skin, field, mask = analysis.skin, analysis.field, analysis.foreground.mask
    if skin is None:
        return 0.0, 0.0
    cells = analysis.foreground.cells
    core = cv2.erode((cells > 0.9).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    island = 0.0
    if core.any() and float(np.quantile(field.clarity[core], 0.75)) > ELSEWHERE_CLEAR:
        pieces = _areas((core & (field.clarity < NO_RIDGES)).astype(np.uint8))
        island = float(pieces.max(initial=0) / core.sum())
    rim = 2 * (int(1.5 * skin.period) | 1) + 1
    inner = cv2.erode(mask.astype(np.uint8), np.ones((rim, rim), np.uint8))
    size = max(round(0.75 * skin.period) | 1, 5)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    smooth = cv2.GaussianBlur(analysis.pixels, (3, 3), 0)
    solid = cv2.morphologyEx(smooth, cv2.MORPH_OPEN, disc)
    bright = (solid > _brighter(field, cells)) & (inner > 0)
    return _streaks(bright.astype(np.uint8), skin.period) / max(int(inner.sum()), 1), island


def _brighter(field: RidgeField, cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Grey above which a pixel is a gap, from the contact within a few mm of it."""
    weight = np.where(cells > 0.5, cells, 0).astype(np.float32) + np.float32(1e-6)
    grey = field.level + np.float32(GAP) * field.amplitude
    near = cv2.GaussianBlur(grey * weight, (0, 0), 2.5) / cv2.GaussianBlur(weight, (0, 0), 2.5)
    height, width = field.shape
    return np.asarray(cv2.resize(near, None, fx=CELL, fy=CELL)[:height, :width])


def _areas(mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Area of every connected piece."""
    return np.asarray(cv2.connectedComponentsWithStats(mask)[2][1:, cv2.CC_STAT_AREA])


def _streaks(mask: NDArray[np.uint8], period: float) -> float:
    """Area of the pieces that are long and narrow."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    area = 0.0
    for number in np.flatnonzero(stats[:, cv2.CC_STAT_AREA] > 0.5 * period**2):
        if number == 0:
            continue
        x, y, width, height, size = stats[number]
        piece = (labels[y : y + height, x : x + width] == number).astype(np.uint8)
        m = cv2.moments(piece, binaryImage=True)
        spread = np.array([[m["mu20"], m["mu11"]], [m["mu11"], m["mu02"]]]) / m["m00"]
        narrow, long = 4 * np.sqrt(np.linalg.eigvalsh(spread).clip(0.1))
        if long > 2.5 * period and long > 2 * narrow:
            area += float(size)
    return area


def stains_of(analysis: Analysis) -> tuple[int, float]:
    """Specks and smudges on the glass around the finger.

    Told only where the glass is calm: a sensor with a noisy or shaded background shows nothing
    that could be told from dirt.

    Returns
    -------
    specks : int
        Dark spots at least a third of a ridge period across.
    smudged : float
        Share of the glass a quarter of the way from its own grey to the finger's.
    """
    skin = analysis.skin
    if skin is None:
        return 0, 0.0
    half = cv2.resize(analysis.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    contact = cv2.resize(
        analysis.foreground.mask.astype(np.uint8), half.shape[::-1], interpolation=cv2.INTER_NEAREST
    )
    reach = 2 * int(1.5 * skin.period) + 1  # three periods: what is nearer is the finger's rim
    glass = cv2.dilate(contact, np.ones((reach, reach), np.uint8)) == 0
    if glass.mean() < LEAST_GLASS:
        return 0, 0.0
    middle, bare = np.percentile(half[glass], [50, 75])
    if bare - middle > CALM:
        return 0, 0.0
    depth = max(float(bare) - skin.level, 10.0)
    spots = _areas(((half < bare - 0.5 * depth) & glass).astype(np.uint8))
    smooth = cv2.GaussianBlur(half, (0, 0), skin.period / 2)
    smudged = float((smooth[glass] < bare - 0.25 * depth).mean())
    return int((spots > 0.025 * skin.period**2).sum()), smudged
