"""Contextual filtering: each window keeps the band in which its ridges should lie."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.ridges import (
    CELL,
    NARROW,
    WINDOW,
    Band,
    RidgeField,
    band_filters,
    plan,
)

__all__ = ["enhance"]


def _overlap(windows: NDArray[np.float32], grid: tuple[int, int]) -> NDArray[np.float32]:
    """Add (R·C, 32, 32) windows up at half a window's step."""
    rows, columns = grid
    quarters = windows.reshape(rows, columns, 2, CELL, 2, CELL).transpose(0, 2, 3, 1, 4, 5)
    total = np.zeros((rows + 1, CELL, columns + 1, CELL), np.float32)
    for down in (0, 1):
        for right in (0, 1):
            total[down : rows + down, :, right : columns + right] += quarters[:, down, :, :, right]
    return total.reshape((rows + 1) * CELL, (columns + 1) * CELL)


def enhance(field: RidgeField, band: Band = NARROW) -> NDArray[np.float32]:
    """Filter a print along its own ridges.

    Parameters
    ----------
    field : RidgeField
    band : Band
        `NARROW` shows the cleanest ridges, `BROAD` follows sharp turns.

    Returns
    -------
    (H, W) float32
        About -3 in ridges and +3 in valleys wherever there is any ridge-like band, strong
        or faint; judge by the field's clarity and amplitude where it can be believed.

    References
    ----------
    Chikkerur et al. 2007 (see `ridges`): the root of the spectrum's magnitude sharpens the
    dominant wave before the inverse transform.
    """
    fixed = plan()
    spectra = field.spectra
    power = spectra.real**2 + spectra.imag**2 + np.float32(1e-3)
    filters = band_filters(field.direction, field.period, band).reshape(spectra.shape)
    wanted = spectra * (filters * np.sqrt(np.sqrt(power)))
    wanted[:, :, 0] *= np.float32(0.5)
    rows = fixed.rows.conj().T @ wanted
    # Real and imaginary parts lie in turn: one real product gives the real wave.
    back = np.ascontiguousarray(fixed.columns.T).view(np.float32).reshape(-1, WINDOW, 2)
    waves = rows.view(np.float32) @ back.transpose(0, 2, 1).reshape(-1, WINDOW)
    power_of = np.einsum("nij,nij->n", waves, waves) / WINDOW**2
    waves /= np.sqrt(power_of + np.float32(1e-6))[:, None, None]
    waves *= fixed.window[:, None] * fixed.window
    side = (WINDOW - CELL) // 2
    height, width = field.shape
    grid = (field.clarity.shape[0], field.clarity.shape[1])
    whole = _overlap(waves, grid)[side : side + height, side : side + width]
    return np.ascontiguousarray(whole)
