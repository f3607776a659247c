"""Readers, one per family of file formats; only `ektp_biocheck.samples` calls them.

Each turns the bytes of one file into a `Decoded`: 8-bit pixels, upright, and the facts of the
file. Each raises `UnreadableError` with a text that names the file and the cure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.errors import UnreadableError

__all__ = ["MAX_PIXELS", "Decoded", "check_size", "scale_to_8_bit"]

# A 100-megapixel photo takes 300 MB as RGB. No station camera or ten-print scanner comes near.
MAX_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True)
class Decoded:
    """The picture in a file, and what the file says of it.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) uint8
        Grey or RGB, upright.
    format : str
        ``"PNG"``, ``"WSQ"``, ``"RAW"`` and so on.
    width, height : int
        Size as stored, before any rotation.
    bits : int
        Bits per channel as stored.
    mode : str
        Pixel layout as stored, under Pillow's names: ``"L"``, ``"RGB"``, ``"I;16"``…
    ppi : (float, float) or None
        Horizontal and vertical pixels per inch as stored, not yet judged.
    notes : tuple of str
        What was done to the picture that a reader of the result should know.
    """

    pixels: NDArray[np.uint8]
    format: str
    width: int
    height: int
    bits: int
    mode: str
    ppi: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


def check_size(name: str, width: int, height: int) -> None:
    """Raise UnreadableError when a picture is too large to be a capture, before it is decoded."""
    if width * height > MAX_PIXELS:
        raise UnreadableError(
            f"{name}: {width} x {height} pixels is over the limit of {MAX_PIXELS // 1_000_000} "
            "megapixels. Crop or shrink the picture, or capture it again."
        )


def scale_to_8_bit(values: NDArray[np.uint16], top: int) -> NDArray[np.uint8]:
    """Scale 0..`top` to 0..255, at least to the bit.

    A `top` of 2^n - 1 with n > 8 keeps the 8 most significant bits, so that 8-bit data once
    widened (by 256 or by 257) come back unchanged; any other is scaled and rounded.

    Parameters
    ----------
    values : (...) uint16
        Samples, none above `top`.
    top : int
        The value that means full white, 1 to 65535.

    Returns
    -------
    (...) uint8
        In a new array, unless `top` is 255 and the values are 8-bit already.
    """
    bits = int(top).bit_length()
    if top == 255:
        return values.astype(np.uint8, copy=False)
    if bits > 8 and top == (1 << bits) - 1:
        return (values >> (bits - 8)).astype(np.uint8)
    table = (np.arange(top + 1, dtype=np.uint32) * 510 + top) // (2 * top)
    return table.astype(np.uint8)[values]
