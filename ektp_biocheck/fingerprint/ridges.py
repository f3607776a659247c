"""The ridge field: direction, period, strength and clarity of the ridges on a 16 px grid.

Every cell is looked at through a 32 px raised-cosine window in the frequency domain. Clear
ridges put their energy into one direction and one period; worn, dirty or absent ones spread
it. Direction and period are smoothed over neighbouring cells before the energy is judged, so
a cell is clear only when it agrees with its surroundings.

Only the low end of the spectrum (ridge periods down to 3.5 px at 500 ppi) is transformed, as
two matrix products for all windows at a time; the rest of the energy follows from Parseval.

Source of the idea: Chikkerur, Cartwright & Govindaraju, "Fingerprint enhancement using STFT
analysis", Pattern Recognition 40 (2007), doi:10.1016/j.patcog.2006.05.036.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.opencv import cv2

__all__ = [
    "BROAD",
    "CELL",
    "NARROW",
    "Band",
    "RidgeField",
    "at_pixels",
    "band_filters",
    "product",
    "ridge_field",
    "windows_of",
]

CELL = 16
WINDOW = 32
REACH = 9  # highest frequency looked at, in cycles per window
ANGLES = 48  # steps of the directional filters over half a turn
RATES = 32  # steps of the radial filters from 0 to REACH cycles per window

Band = tuple[float, float]  # spread in angle (radians) and in rate (cycles per window)
NARROW: Band = (np.deg2rad(15.0), 1.0)  # as fine as a 32 px window can tell
BROAD: Band = (np.deg2rad(35.0), 2.0)  # leaves room for sharply curved ridges

Grid = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RidgeField:
    """Ridges of one print at 500 ppi, per 16 px cell.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the print in px.
    direction : (R, C) float32
        Direction across the ridges in radians, -π/2 to π/2, x to the right and y down.
    period : (R, C) float32
        Ridge to ridge in px.
    amplitude : (R, C) float32
        Half the grey difference of ridge and valley.
    clarity : (R, C) float32
        Share of the window's energy in the smoothed direction and period, 0..1; a perfect
        grating reaches 0.7 to 0.85, white noise stays below 0.09.
    agreement : (R, C) float32
        How far the directions of a cell and its neighbours agree, 0..1.
    level : (R, C) float32
        Mean grey.
    spectra : (R·C, 2·REACH+1, REACH+1) complex64
        Band-limited transforms of the windows, for `enhancement`.
    """

    shape: tuple[int, int]
    direction: Grid
    period: Grid
    amplitude: Grid
    clarity: Grid
    agreement: Grid
    level: Grid
    spectra: NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What never changes between prints."""

    window: NDArray[np.float32]  # (32,) its square overlaps to one at half a window's step
    rows: NDArray[np.complex64]  # (19, 32) transform along y
    columns: NDArray[np.complex64]  # (32, 10) transform along x
    rate: NDArray[np.float32]  # (19, 10) cycles per window of each coefficient
    moments: NDArray[np.float32]  # (190, 4) energy, doubled direction (2), rate
    whole: NDArray[np.float32]  # (190,) 1, halved where a coefficient is its own mirror
    angle: NDArray[np.float32]  # (19, 10) direction of each coefficient


@lru_cache
def plan() -> _Plan:
    """Return the fixed tables, made once."""
    x = np.arange(WINDOW)
    window = np.sin(np.pi * (x + 0.5) / WINDOW)
    ky, kx = np.arange(-REACH, REACH + 1), np.arange(REACH + 1)
    rate = np.hypot(ky[:, None], kx[None, :])
    angle = np.arctan2(ky[:, None], kx[None, :] + 0.0 * ky[:, None])
    whole = np.broadcast_to(np.where(kx == 0, 0.5, 1.0), rate.shape)
    band = whole * np.clip((rate - 1.2) / 0.8, 0, 1) * np.clip((9.5 - rate) / 1.5, 0, 1)
    moments = np.stack(
        [band, band * np.cos(2 * angle), band * np.sin(2 * angle), band * rate], axis=-1
    )
    return _Plan(
        window.astype(np.float32),
        np.exp(-2j * np.pi * np.outer(ky, x) / WINDOW).astype(np.complex64),
        np.exp(-2j * np.pi * np.outer(x, kx) / WINDOW).astype(np.complex64),
        rate.astype(np.float32),
        moments.reshape(-1, 4).astype(np.float32),
        whole.astype(np.float32).ravel(),
        angle.astype(np.float32),
    )


@lru_cache
def _band_tables(band: Band) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights of all coefficients for each step of direction (ANGLES) and rate (RATES)."""
    fixed, (spread_angle, spread_rate) = plan(), band
    towards = np.pi * (np.arange(ANGLES) / ANGLES - 0.5)
    apart = np.angle(np.exp(2j * (fixed.angle.ravel()[None] - towards[:, None]))) / 2
    centre = REACH * np.arange(RATES) / (RATES - 1)
    by_rate = np.exp(-0.5 * ((fixed.rate.ravel()[None] - centre[:, None]) / spread_rate) ** 2)
    return np.exp(-0.5 * (apart / spread_angle) ** 2).astype(np.float32), by_rate.astype(np.float32)


def band_filters(direction: Grid, period: Grid, band: Band) -> NDArray[np.float32]:
    """Weights (R·C, 190) that keep each cell's own ridges.

    Parameters
    ----------
    direction, period : (R, C) float32
        As in `RidgeField`.
    band : Band
        `NARROW` or `BROAD`.
    """
    by_angle, by_rate = _band_tables(band)
    angle = np.rint((direction / np.pi + 0.5) * ANGLES).astype(np.intp) % ANGLES
    step = np.rint(WINDOW / period * ((RATES - 1) / REACH)).astype(np.intp).clip(0, RATES - 1)
    return by_angle[angle.ravel()] * by_rate[step.ravel()]


def product(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Matrix product on one thread.

    numpy's own wakes all cores for products of this size, and they spin for longer than the
    product takes: ten times the CPU time on two busy cores.
    """
    return cv2.gemm(a, b, 1, None, 0)


def windows_of(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """View a print as (R, C, 32, 32) windows, one around each 16 px cell, mirrored outside."""
    height, width = grey.shape
    side = (WINDOW - CELL) // 2
    padded = cv2.copyMakeBorder(
        grey, side, side + -height % CELL, side, side + -width % CELL, cv2.BORDER_REFLECT_101
    )
    views = np.lib.stride_tricks.sliding_window_view(padded, (WINDOW, WINDOW))
    return views[::CELL, ::CELL]


def at_pixels(
    grid: NDArray[np.float32], shape: tuple[int, int], step: int = 1
) -> NDArray[np.float32]:
    """Interpolate a cell map to every pixel (or every `step`-th), cell centres kept in place."""
    scale, shift = step / CELL, (0.5 * step) / CELL - 0.5
    matrix = np.array([[scale, 0, shift], [0, scale, shift]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (-(-shape[1] // step), -(-shape[0] // step))
    return cv2.warpAffine(grid, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _smooth(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    return cv2.GaussianBlur(grid, (5, 5), 1.0, borderType=cv2.BORDER_REPLICATE)


def _smoothed_direction(
    energy: Grid, cosine: Grid, sine: Grid, rate: Grid, amplitude: Grid
) -> tuple[Grid, Grid, Grid]:
    """Direction, agreement and rate over neighbours; strong cells count more, up to a limit."""
    energy = energy + np.float32(1e-6)
    cosine, sine, rate = cosine / energy, sine / energy, rate / energy
    weight = np.minimum(amplitude, np.float32(np.percentile(amplitude, 80))) + np.float32(1e-6)
    total = _smooth(weight)
    cosine_near, sine_near = _smooth(cosine * weight) / total, _smooth(sine * weight) / total
    firm = weight * np.hypot(cosine, sine) + np.float32(1e-9)
    near_rate = _smooth(rate * firm) / _smooth(firm)
    direction = np.arctan2(sine_near, cosine_near) / 2
    return direction, np.hypot(cosine_near, sine_near), near_rate


def ridge_field(grey: NDArray[np.float32]) -> RidgeField:
    """Analyse a print at 500 ppi.

    Parameters
    ----------
    grey : (H, W) float32
        0..255, ridges dark.

    Returns
    -------
    RidgeField
    """
    fixed = plan()
    views = windows_of(grey)
    grid = views.shape[:2]
    level = views.mean(axis=(2, 3))
    windows = (views - level[:, :, None, None]) * (fixed.window[:, None] * fixed.window)
    windows = windows.reshape(-1, WINDOW, WINDOW)
    # Real and imaginary parts in turn: one real product for all windows.
    along_x = product(windows.reshape(-1, WINDOW), fixed.columns.view(np.float32))
    spectra = fixed.rows @ along_x.view(np.complex64).reshape(-1, WINDOW, REACH + 1)
    power = (spectra.real**2 + spectra.imag**2).reshape(len(windows), -1)
    energy, cosine, sine, rate = np.moveaxis(product(power, fixed.moments).reshape(*grid, 4), -1, 0)
    # A sine of amplitude a in this window holds a² / 4 · (Σ w²)² of one-sided power in all.
    scale = WINDOW**2 * float((fixed.window**2).sum()) ** 2
    amplitude = np.sqrt(4 * energy / scale)
    direction, agreement, rate = _smoothed_direction(energy, cosine, sine, rate, amplitude)
    period = (WINDOW / np.maximum(rate, np.float32(1.0))).astype(np.float32)
    wanted = power * band_filters(direction, period, NARROW)
    inside = product(wanted, fixed.whole[:, None]).reshape(grid)
    everything = np.einsum("nij,nij->n", windows, windows).reshape(grid) * (WINDOW**2 / 2)
    clarity = inside / (everything + np.float32(1.0))
    shape = (grey.shape[0], grey.shape[1])
    return RidgeField(shape, direction, period, amplitude, clarity, agreement, level, spectra)
