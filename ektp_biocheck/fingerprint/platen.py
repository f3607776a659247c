"""An old print on the glass, told by what stays in place while the fingers change.

A faint patch of ridges beside one finger may be the finger's own rim. The same patch at the same
place beside another finger is on the glass. So the spectra of each 32 px window are multiplied
across captures: what differs from capture to capture (the fingers, sensor noise) averages out,
what stays adds up. Sensors have fixed patterns of their own (frames, shades, column noise), but
those are spread over all directions and periods; only what keeps to one direction and one ridge
period, and whose neighbours agree, is an old print.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.defects import found
from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.analysis import Analysis
from ektp_biocheck.fingerprint.foreground import LEAST_AMPLITUDE, LEAST_CLARITY, MM2_PER_PX
from ektp_biocheck.fingerprint.ridges import (
    CELL,
    NARROW,
    WINDOW,
    Grid,
    RidgeField,
    band_filters,
    plan,
)
from ektp_biocheck.opencv import cv2
from ektp_biocheck.quality import Defect, Region

__all__ = ["same_ghost"]

FAINT = 0.6  # of the finger's own ridge amplitude; stronger cells are the finger
LEAST_FINGER = 12.0  # grey levels; fainter ridges alone on the glass are no finger
STAYS = 0.5  # of the energy in the ridges' band that all captures share
NARROW_SHARE = 0.35  # of all that stays; fixed patterns of sensors reach 0.2
AGREEMENT = 0.5  # of neighbouring directions
LEAST_GREY = 0.7  # grey levels of ridge amplitude
PERIODS_PX = 5.0, 14.5
STRAIGHT = 0.99  # mean of all directions in a patch; column noise is straight, a print is not
LEAST_CELLS = 8  # joined; 1 in 2,880 pairs of real prints of different fingers has as many
FULL_CELLS = 80  # half a print: the severity is then 1


@dataclass(frozen=True, slots=True)
class _Lasting:
    """What stays in place, per cell."""

    cells: NDArray[np.bool_]
    direction: Grid
    amplitude: Grid
    stays: Grid


def _beside_finger(field: RidgeField) -> NDArray[np.bool_]:
    strong = (field.clarity > LEAST_CLARITY) & (field.amplitude > LEAST_AMPLITUDE)
    if strong.sum() < 4:
        return np.ones(field.clarity.shape, bool)
    clearest = strong & (field.clarity >= np.median(field.clarity[strong]))
    typical = max(float(np.median(field.amplitude[clearest])), LEAST_FINGER)
    return np.asarray(field.amplitude < FAINT * typical)


def _across(
    fields: Sequence[RidgeField],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Mean power of all pairs' products (R·C, 190), of each with itself, and where known (R, C)."""
    count = np.zeros(fields[0].clarity.shape, np.float32)
    cells, bins = count.size, plan().whole.size
    total, own = np.zeros((cells, bins), np.complex64), np.zeros((cells, bins), np.float32)
    for field in fields:
        beside = _beside_finger(field)
        spectra = field.spectra.reshape(cells, bins) * beside.reshape(cells, 1)
        total += spectra
        own += spectra.real**2 + spectra.imag**2
        count += beside
    known = count >= 2
    times = count.reshape(-1, 1)
    power = np.abs(total) ** 2
    lasting = np.where(known.reshape(-1, 1), power - own, 0) / np.maximum(times * (times - 1), 1)
    return lasting.astype(np.float32), (own / np.maximum(times, 1)).astype(np.float32), known


def _smooth(grid: Grid) -> Grid:
    return cv2.GaussianBlur(grid, (5, 5), 1.0, borderType=cv2.BORDER_REPLICATE)


def _lasting(fields: Sequence[RidgeField]) -> _Lasting:
    fixed = plan()
    lasting, own, known = _across(fields)
    moments = (lasting @ fixed.moments).reshape(*known.shape, 4)
    # Cells that a finger's rim fills say little: each counts by how quiet it is.
    quiet = 1 / ((own @ fixed.moments[:, 0]).reshape(known.shape) + np.float32(300.0))
    energy = _smooth(quiet * np.maximum(moments[:, :, 0], 0)) + np.float32(1e-9)
    cosine, sine, rate = (_smooth(quiet * moments[:, :, n]) / energy for n in (1, 2, 3))
    direction: Grid = (np.arctan2(sine, cosine) / 2).astype(np.float32)
    period: Grid = (WINDOW / rate.clip(1, 20)).astype(np.float32)
    band = band_filters(direction, period, NARROW) * fixed.whole
    in_band, own_in_band = (
        np.einsum("nk,nk->n", power, band).reshape(known.shape) for power in (lasting, own)
    )
    everything = (lasting @ fixed.whole).reshape(known.shape)
    stays = in_band / (own_in_band + np.float32(1e-3))
    share = in_band / (np.maximum(everything, in_band) + np.float32(1e-3))
    scale = WINDOW**2 * float((fixed.window**2).sum()) ** 2  # as in ridges.ridge_field
    amplitude = np.sqrt(4 * np.maximum(in_band, 0) / scale)
    cells = known & (stays > STAYS) & (share > NARROW_SHARE) & (amplitude > LEAST_GREY)
    cells &= np.hypot(cosine, sine) > AGREEMENT
    cells &= (period > PERIODS_PX[0]) & (period < PERIODS_PX[1])
    return _Lasting(cells, direction, amplitude, stays)


def _largest_patch(lasting: _Lasting) -> NDArray[np.bool_]:
    """Choose the joined cells whose ridges bend; all false without any."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        lasting.cells.astype(np.uint8), connectivity=8
    )
    for label in 1 + np.argsort(-stats[1:count, cv2.CC_STAT_AREA], kind="stable"):
        patch = labels == label
        if abs(np.exp(2j * lasting.direction[patch]).mean()) < STRAIGHT:
            return np.asarray(patch)
    return np.zeros_like(lasting.cells)


def same_ghost(captures: Sequence[Analysis], ppi: float = 500) -> Defect | None:
    """Look for an old print on the glass behind several captures.

    Parameters
    ----------
    captures : sequence of Analysis
        The latest two to five captures of one sensor, of one size, each of another finger
        (``assess(...).maps``); also of other people, also of the empty glass. Two takes of one
        finger share its rim, which would look like an old print.
    ppi : float
        Of the pictures as they were given, for the region.

    Returns
    -------
    Defect or None
        ``FP_GHOST_PLATEN`` with the captures compared, the area (mm²), the ridge amplitude (grey
        levels) and the share of ridge energy that stays in place (0..1). ``None`` when nothing
        stays, and with fewer than two captures. What lies behind all fingers cannot be seen.

    Raises
    ------
    InputError
        When the captures differ in size.
    """
    fields = [capture.field for capture in captures]
    if len({field.shape for field in fields}) > 1:
        raise InputError("captures of one sensor must have one size, to find what stays in place")
    if len(fields) < 2:
        return None
    lasting = _lasting(fields)
    patch = _largest_patch(lasting)
    count = int(patch.sum())
    if count < LEAST_CELLS:
        return None
    evidence = {
        "captures": len(fields),
        "ghost_area_mm2": count * CELL**2 * MM2_PER_PX,
        "ghost_amplitude": float(np.median(lasting.amplitude[patch])),
        "stays": float(np.median(lasting.stays[patch]).clip(0, 1)),
    }
    region = _region(patch, fields[0].shape, ppi / 500)
    return found("FP_GHOST_PLATEN", min(1.0, count / FULL_CELLS), evidence, region)


def _region(patch: NDArray[np.bool_], shape: tuple[int, int], scale: float) -> Region:
    rows, columns = (np.flatnonzero(patch.any(axis=axis)) * CELL for axis in (1, 0))
    top, bottom = int(rows[0]), min(int(rows[-1]) + CELL, shape[0])
    left, right = int(columns[0]), min(int(columns[-1]) + CELL, shape[1])
    corner = (round(v * scale) for v in (left, top, right - left, bottom - top))
    return Region(*corner)
