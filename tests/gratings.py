"""Pictures whose figures can be worked out on paper."""

import numpy as np

SIDE = 32 * 5 + 8  # five offset blocks, and a rim so that no turned window reaches outside


def waves(*tones, shape=(SIDE, SIDE), mean=128, upright=True):
    """A sum of cosines, each (cycles per 32 px, amplitude), rounded to 8 bit.

    Upright ridges vary along x; otherwise they lie flat and vary along y.
    """
    height, width = shape
    n = np.arange(width if upright else height)
    line = mean + sum(a * np.cos(2 * np.pi * cycles * n / 32) for cycles, a in tones)
    line = np.rint(line).astype(np.uint8)
    return np.tile(line, (height, 1)) if upright else np.tile(line[:, None], (1, width))


def slanted(period, degrees, *, shape=(256, 256), amplitude=80.0, mean=128.0):
    """A float32 sine across the direction `degrees` (x to the right, y down)."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    angle = np.radians(degrees)
    phase = 2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period
    return (mean + amplitude * np.cos(phase)).astype(np.float32)
