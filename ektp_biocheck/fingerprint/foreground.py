"""Where the finger is: cells with ridges of its own strength, and skin pressed dark on glass.

Robust to the three things that fool a plain threshold. A noisy grey background has contrast
but no common direction (clarity). An old print left on the glass has direction but is faint
against the finger (amplitude relative to the strongest ridges). A worn patch has neither, but
is as dark as the rest of the contact (level between the background's and the ridges').
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.ridges import CELL, RidgeField, at_pixels
from ektp_biocheck.opencv import cv2

__all__ = ["MM2_PER_PX", "Foreground", "find_foreground"]

MM2_PER_PX = (25.4 / 500) ** 2
TWO_PRINTS = 0.77  # share of the spread of log amplitude between two groups; one print: 0.67
OLD_STRENGTH = 0.45  # of the finger's at most: half as strong may be one print, unevenly pressed
OLD_CELLS, OLD_SHARE = 40, (0.2, 0.55)  # in one piece; of all ridges: more is the finger itself
AGREEING = 0.4  # where two prints lie over each other, neighbours contradict
BETWEEN = 0.1  # share of cells halfway between the groups; a print that fades has more
FAINTEST = 0.3  # of the finger's strongest ridges; most of what an old print left is fainter
LEAST_AMPLITUDE = 2.5  # grey levels; below it nothing can be told from sensor noise
LEAST_CLARITY = 0.16  # twice what white noise was seen to reach
PRESSED = 0.4  # of the way from background grey to the mean grey of the ridges
DARKER = 12  # grey levels: on a grey sensor the level says nothing
MUCH_DARKER = 40  # where no ridge is seen at all; dirt and shading on bare glass stay below
STEP = 4  # px: the outline is worked out at this grain
STRAY = 0.12  # pieces smaller than this share of the largest are dropped


@dataclass(frozen=True, slots=True)
class Foreground:
    """The contact area of one print.

    Parameters
    ----------
    mask : (H, W) bool
    cells : (R, C) float32
        Share of each 16 px cell inside the mask.
    polygon : (K, 2) int32
        Outline of the largest piece, x and y in px at 500 ppi; empty without a finger.
    area_mm2 : float
    """

    mask: NDArray[np.bool_]
    cells: NDArray[np.float32]
    polygon: NDArray[np.int32]
    area_mm2: float


def _old_print_limit(field: RidgeField, ridges: NDArray[np.bool_]) -> float:
    """Amplitude that parts a print from a fainter one beside it; 0 when there is only one.

    Ridges that fade towards the rim of one contact have all strengths between; those of an old
    print end in a step, and lie together (Otsu's two groups, on the logarithm).
    """
    strengths = np.sort(np.log(field.amplitude[ridges] + 1))
    if len(strengths) < 2 * OLD_CELLS or np.ptp(strengths) == 0:
        return 0.0
    count, sums = np.arange(1, len(strengths)), np.cumsum(strengths)
    low = sums[:-1] / count
    high = (sums[-1] - sums[:-1]) / (len(strengths) - count)
    share = count / len(strengths)
    parted = share * (1 - share) * (high - low) ** 2
    best = int(parted.argmax())
    middle = (low[best] + high[best]) / 2
    near = np.abs(strengths - middle) < 0.15 * (high[best] - low[best])
    stepped = parted[best] > TWO_PRINTS * strengths.var() and near.mean() < BETWEEN
    if not stepped or low[best] - high[best] > np.log(OLD_STRENGTH):
        return 0.0
    limit = float(np.exp((strengths[best] + strengths[best + 1]) / 2) - 1)
    faint = (ridges & (field.amplitude < limit)).astype(np.uint8)
    pieces = cv2.connectedComponentsWithStats(faint, connectivity=4)[2][1:, cv2.CC_STAT_AREA]
    together = len(pieces) > 0 and pieces.max() >= OLD_CELLS
    return limit if together and OLD_SHARE[0] < share[best] < OLD_SHARE[1] else 0.0


def _ridge_degree(field: RidgeField) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Above 0 where a cell holds ridges of this finger, -1..1; and the cells of an old print."""
    clarity = cv2.GaussianBlur(field.clarity, (3, 3), 0.7, borderType=cv2.BORDER_REPLICATE)
    strong = (clarity > LEAST_CLARITY) & (field.amplitude > LEAST_AMPLITUDE)
    if strong.sum() < 4:
        return np.full(clarity.shape, -1.0, np.float32), np.zeros(clarity.shape, bool)
    typical = float(np.percentile(field.amplitude[strong], 90))  # the finger's, not an old print's
    sure = strong & (field.clarity > LEAST_CLARITY) & (field.agreement > AGREEING)
    of_old = _old_print_limit(field, sure)
    faintest = max(FAINTEST * typical, LEAST_AMPLITUDE, of_old)
    by_amplitude = field.amplitude / faintest - 1
    by_clarity = clarity / LEAST_CLARITY - 1
    degree = np.minimum(by_amplitude, by_clarity).clip(-1, 1).astype(np.float32)
    return degree, strong & (field.amplitude < of_old)


def _pressed_degree(field: RidgeField, ridges: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Above 0 where a cell is nearly as dark as the ridged skin, -1..1."""
    if ridges.any() and not ridges.all():
        glass = float(np.percentile(field.level[~ridges], 90))
        skin = float(np.median(field.level[ridges]))
    else:  # skin worn all smooth, or nothing at all
        skin, glass = (float(v) for v in np.percentile(field.level, [10, 95]))
    if glass - skin < (DARKER if ridges.any() else MUCH_DARKER):
        return np.full(field.level.shape, -1.0, np.float32)
    share = (glass - field.level) / (glass - skin)
    return np.clip(share / PRESSED - 1, -1, 1).astype(np.float32)


def _filled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Close gaps of up to two ridges, fill holes, drop strays.

    The picture's edge counts as outside, so nothing grows along it.
    """
    side = 2 * CELL // STEP + 1
    padded = cv2.copyMakeBorder(mask, side, side, side, side, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    closed = np.ascontiguousarray(closed[side:-side, side:-side])
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    areas = [cv2.contourArea(contour) for contour in contours]
    kept = [c for c, area in zip(contours, areas, strict=True) if area >= STRAY * max(areas)]
    return cv2.drawContours(np.zeros_like(mask), kept, -1, 1, cv2.FILLED)


def _hull(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hull = np.zeros_like(mask)
    if contours:
        cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(contours)), 1)
    return hull


def _outline(mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return np.empty((0, 2), np.int32)
    largest = max(contours, key=cv2.contourArea)
    return cv2.approxPolyDP(largest, 2.0, True).reshape(-1, 2).astype(np.int32)


def find_foreground(field: RidgeField) -> Foreground:
    """Find the contact area.

    Parameters
    ----------
    field : RidgeField
        Of a print at 500 ppi.

    Returns
    -------
    Foreground
        Empty (area 0) when neither ridges nor pressed skin are found.
    """
    ridges, old = _ridge_degree(field)
    pressed = np.where(old, -1, _pressed_degree(field, ridges > 0)).astype(np.float32)
    mask = (at_pixels(ridges, field.shape, STEP) > 0).astype(np.uint8)
    mask = _filled(mask)
    skin = (at_pixels(pressed, field.shape, STEP) > 0).astype(np.uint8)
    if mask.any():
        skin &= _hull(mask)  # dark corners of the picture are not skin
    coarse = _filled(mask | skin).astype(np.float32)
    fine = cv2.resize(coarse, None, fx=STEP, fy=STEP, interpolation=cv2.INTER_LINEAR)
    height, width = field.shape
    mask = (fine[:height, :width] > 0.5).astype(np.uint8)
    rows, columns = field.level.shape
    whole = np.zeros((rows * CELL // STEP, columns * CELL // STEP), np.float32)
    whole[: coarse.shape[0], : coarse.shape[1]] = coarse
    cells = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return Foreground(mask.astype(bool), cells, _outline(mask), float(mask.sum() * MM2_PER_PX))
