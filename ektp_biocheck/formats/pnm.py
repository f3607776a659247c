"""Portable bitmap, greymap and pixmap (PBM, PGM, PPM: magic P1 to P6).

Pillow reads them too, but pixel by pixel in Python unless the maximum is 255 or 65535: a
12-bit camera frame would take seconds.
"""

import re

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.errors import UnreadableError
from ektp_biocheck.formats import Decoded, check_size, scale_to_8_bit

__all__ = ["decode_pnm"]

_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_NUMBER = rb"(\d{1,9})"
_BITMAP = re.compile(rb"P[14]" + _GAP + _NUMBER + _GAP + _NUMBER + rb"\s")
_MAP = re.compile(rb"P[2356]" + _GAP + _NUMBER + _GAP + _NUMBER + _GAP + _NUMBER + rb"\s")


def decode_pnm(data: bytes, name: str) -> Decoded:
    """Read the first picture of a PBM, PGM or PPM file.

    Parameters
    ----------
    data : bytes
        The whole file, beginning with P1 to P6.
    name : str
        What to call the file in an error.

    Returns
    -------
    Decoded
        Grey or RGB; these formats carry no resolution.

    Raises
    ------
    UnreadableError
        When the header is no such header, or samples are missing or above the maximum.
    """
    kind = data[1] - ord("0")
    # Only the header is searched: a run of a million comments is no capture.
    header = (_BITMAP if kind in (1, 4) else _MAP).match(data[:65536])
    if header is None:
        raise _damaged(name, "its header makes no sense")
    width, height, *rest = (int(number) for number in header.groups())
    top = rest[0] if rest else 1
    if width < 1 or height < 1 or not 0 < top < 65536:
        raise _damaged(name, f"its header says {width} x {height}, maximum {top}")
    check_size(name, width, height)
    channels = 3 if kind in (3, 6) else 1
    body = memoryview(data)[header.end() :]
    shape = (height, width, 3) if channels == 3 else (height, width)
    if kind == 4:
        pixels, more = _packed_bits(body, name, width, height)
    elif kind <= 3:
        pixels, more = _plain(bytes(body), name, kind, shape, top)
    else:
        pixels, more = _binary(body, name, shape, top)
    notes = ("what follows the first picture in the file was ignored",) if more else ()
    mode = "1" if kind in (1, 4) else "RGB" if channels == 3 else "L" if top < 256 else "I;16B"
    return Decoded(pixels, "PNM", width, height, top.bit_length(), mode, None, notes)


def _damaged(name: str, reason: str) -> UnreadableError:
    return UnreadableError(
        f"{name}: the PGM/PPM file is damaged or cut short ({reason}). "
        "Copy it again from where it was captured, or capture again."
    )


def _binary(
    body: memoryview, name: str, shape: tuple[int, ...], top: int
) -> tuple[NDArray[np.uint8], bool]:
    dtype = np.dtype("u1" if top < 256 else ">u2")
    count = int(np.prod(shape))
    if len(body) < count * dtype.itemsize:
        raise _damaged(name, f"{len(body)} bytes of {count * dtype.itemsize}")
    values = np.frombuffer(body, dtype, count)
    if top not in (255, 65535) and int(values.max()) > top:
        raise _damaged(name, f"a sample of {int(values.max())} above the maximum {top}")
    return scale_to_8_bit(values, top).reshape(shape), len(body) > count * dtype.itemsize


def _packed_bits(
    body: memoryview, name: str, width: int, height: int
) -> tuple[NDArray[np.uint8], bool]:
    row = (width + 7) // 8
    if len(body) < row * height:
        raise _damaged(name, f"{len(body)} bytes of {row * height}")
    packed = np.frombuffer(body, np.uint8, row * height).reshape(height, row)
    ink = np.unpackbits(packed, axis=1, count=width)  # 1 means black
    return (1 - ink) * np.uint8(255), len(body) > row * height


def _plain(
    body: bytes, name: str, kind: int, shape: tuple[int, ...], top: int
) -> tuple[NDArray[np.uint8], bool]:
    body = re.sub(rb"#[^\r\n]*", b"", body)
    if not re.fullmatch(rb"[\d\s]*", body):
        raise _damaged(name, "something else than numbers among the samples")
    if kind == 1:  # digits need no space between them
        values = np.frombuffer(b"".join(body.split()), np.uint8).astype(np.int64) - ord("0")
    else:
        values = np.fromstring(body.decode("ascii"), np.int64, sep=" ")
    count = int(np.prod(shape))
    if values.size < count:
        raise _damaged(name, f"{values.size} samples of {count}")
    first = values[:count]
    if int(first.max()) > top:
        raise _damaged(name, f"a sample above the maximum {top}")
    pixels = scale_to_8_bit(first.astype(np.uint16), top).reshape(shape)
    return (255 - pixels if kind == 1 else pixels), values.size > count
