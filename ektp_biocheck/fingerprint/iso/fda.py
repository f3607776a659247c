"""Frequency domain analysis: how much of a block's spectrum is one ridge frequency."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.iso.blocks import Blocks
from ektp_biocheck.opencv import cv2

__all__ = ["LIMITS", "frequency_domain_analysis"]

LIMITS = (0.268, 0.304, 0.33, 0.355, 0.38, 0.407, 0.44, 0.50, 1.0)


def _amplitudes(across: NDArray[np.float64]) -> NDArray[np.float64]:
    """Amplitude spectra without their means, 31 per row.

    A block with one odd row in an even background has a flat spectrum, and the last bit of
    rounding decides where its peak is. Those few are transformed as the reference does it.
    """
    spectra: NDArray[np.float64] = np.abs(np.fft.fft(across, axis=1))[:, 1:]
    half = np.sort(spectra[:, :16], axis=1)
    for row in np.flatnonzero(half[:, -2] > half[:, -1] * (1 - 1e-9)):
        pairs = cv2.dft(np.stack([across[row], np.zeros(32)], axis=-1)[None])
        spectra[row] = cv2.magnitude(pairs[:, 1:, 0], pairs[:, 1:, 1])[0]
    return spectra


def frequency_domain_analysis(blocks: Blocks) -> NDArray[np.float64]:
    """Measure the share of the dominant frequency, 0..1, for each valid block.

    Not monotone in quality: blur, wetness and wear push it up.

    Returns
    -------
    (N,) float64
        (A[k] + 0.3 (A[k-1] + A[k+1])) / sum(A[0:15]) of the amplitude spectrum without its
        mean, k its peak; 1 when the peak is the lowest frequency or its mirror.

    References
    ----------
    ISO/IEC 29794-4:2024, frequency domain analysis; NFIQ 2.3, ``FDA.cpp``.
    """
    amplitude = _amplitudes(blocks.across)
    rows = np.arange(len(amplitude))
    peak = amplitude.argmax(axis=1)
    at_end = (peak == 0) | (peak == 30)
    inner = np.clip(peak, 1, 29)
    sides = amplitude[rows, inner - 1] + amplitude[rows, inner + 1]
    total = amplitude[:, :15].sum(axis=1)
    share = (amplitude[rows, peak] + 0.3 * sides) / np.where(total == 0, 1, total)
    result: NDArray[np.float64] = np.where(at_end, 1.0, share)
    return result
