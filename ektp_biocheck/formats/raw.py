"""Headerless RAW: grey samples row by row and nothing else, so the caller must say the layout."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.formats import Decoded, check_size, scale_to_8_bit

__all__ = ["RawLayout", "decode_raw"]


@dataclass(frozen=True, slots=True)
class RawLayout:
    """How the samples of a headerless grey file are laid out.

    Parameters
    ----------
    width, height : int
        Pixels per row, and rows from the top.
    bits : int
        Significant bits per sample, 8 to 16. Above 8 a sample takes two bytes and sits in
        the low bits: a 12-bit sensor gives 0 to 4095.
    byte_order : {"little", "big"}
        Which byte of a two-byte sample comes first.

    Raises
    ------
    InputError
        When no picture could have this layout.
    """

    width: int
    height: int
    bits: int = 8
    byte_order: Literal["little", "big"] = "little"

    def __post_init__(self) -> None:
        whole = all(isinstance(part, int) for part in (self.width, self.height, self.bits))
        if not whole or self.width < 1 or self.height < 1:
            raise InputError(f"a RAW picture needs a size, got {self.width} x {self.height}")
        if not 8 <= self.bits <= 16:
            raise InputError(f"RAW bits must be 8 to 16, got {self.bits}")
        if self.byte_order not in ("little", "big"):
            raise InputError(f"byte_order must be 'little' or 'big', got {self.byte_order!r}")


def decode_raw(data: bytes, name: str, layout: RawLayout) -> Decoded:
    """Read a headerless grey picture.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What to call the file in an error.
    layout : RawLayout
        How it is laid out.

    Returns
    -------
    Decoded
        Grey pixels; RAW carries no resolution.

    Raises
    ------
    UnreadableError
        When the file has another size than the layout gives, or values above its bits.
    """
    check_size(name, layout.width, layout.height)
    sample_bytes = 1 if layout.bits == 8 else 2
    expected = layout.width * layout.height * sample_bytes
    if len(data) != expected:
        raise UnreadableError(
            f"{name}: {layout.width} x {layout.height} RAW pixels of {layout.bits} bits take "
            f"{expected} bytes, the file has {len(data)}. Check the width, height and bits."
        )
    order = "<" if layout.byte_order == "little" else ">"
    values = np.frombuffer(data, "u1" if sample_bytes == 1 else f"{order}u2")
    top = (1 << layout.bits) - 1
    largest = int(values.max())
    if largest > top:
        raise UnreadableError(
            f"{name}: a RAW sample of {layout.bits} bits cannot be {largest}. "
            "Check the bits and the byte order."
        )
    pixels = scale_to_8_bit(values, top).reshape(layout.height, layout.width)
    mode = "L" if layout.bits == 8 else "I;16" if layout.byte_order == "little" else "I;16B"
    return Decoded(pixels, "RAW", layout.width, layout.height, layout.bits, mode)
