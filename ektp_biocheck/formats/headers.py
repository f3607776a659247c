"""What a picture's header says beyond its pixels: depth, resolution, orientation, stored size."""

import math
import struct
from dataclasses import dataclass
from typing import Any

__all__ = ["Header", "read_header", "read_orientation"]

_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_BITS, _TIFF_PHOTOMETRIC = 256, 257, 258, 262
_TIFF_MAX_SAMPLE = 281
_ORIENTATION = 274  # the same tag in TIFF and EXIF
_INCH_IN_METRES = 0.0254


@dataclass(frozen=True, slots=True)
class Header:
    """Facts of one file; `declared_bits` is set when 16-bit samples are known to hold fewer."""

    width: int
    height: int
    bits: int
    ppi: tuple[float, float] | None
    declared_bits: int | None = None
    white_is_zero: bool = False
    more_pages: bool = False


def read_header(image: Any, data: bytes, kind: str) -> Header:  # noqa: ANN401 - a Pillow image
    """Collect the facts of an opened picture whose pixels are not decoded yet."""
    if kind == "TIFF":
        return _tiff_header(image)
    width, height = image.size
    if kind == "JPEG2000":
        bits = _jp2_bits(data)
        declared = 16 if bits < 16 else None  # Pillow widens 9 to 15 bits to 16
        return Header(width, height, bits, _jp2_ppi(data), declared)
    bits = data[24] if kind == "PNG" else 1 if image.mode == "1" else 8
    return Header(width, height, bits, _pillow_ppi(image))


def read_orientation(image: Any, kind: str) -> int:  # noqa: ANN401
    """Return the EXIF orientation, 1 (upright) to 8; 1 when the file has none or a broken one."""
    try:
        value = image.tag_v2.get(_ORIENTATION) if kind == "TIFF" else image.getexif()[_ORIENTATION]
    except Exception:  # noqa: BLE001 - broken metadata do not make sound pixels unreadable
        return 1
    return value if value in range(1, 9) else 1


def _pillow_ppi(image: Any) -> tuple[float, float] | None:  # noqa: ANN401
    dpi = image.info.get("dpi")
    if not isinstance(dpi, tuple) or len(dpi) != 2:  # a PNG text chunk may be called "dpi"
        return None
    try:
        x, y = float(dpi[0]), float(dpi[1])
    except (TypeError, ValueError, ArithmeticError):
        return None
    return (x, y) if 0 < x < math.inf and 0 < y < math.inf else None


def _tiff_header(image: Any) -> Header:  # noqa: ANN401
    tags = image.tag_v2
    bits = int(max(tags.get(_TIFF_BITS, (1,))))
    declared = bits if 8 < bits < 16 else None
    most = tags.get(_TIFF_MAX_SAMPLE)
    most = most[0] if isinstance(most, tuple) and most else most
    # The tag may also hold the largest value that happens to occur; only the full scale of a
    # sensor (1023, 4095…) is taken at its word.
    if bits == 16 and isinstance(most, int) and most & (most + 1) == 0 and 255 < most < 65535:
        declared = most.bit_length()
    return Header(
        width=tags[_TIFF_WIDTH],
        height=tags[_TIFF_HEIGHT],
        bits=bits,
        ppi=_pillow_ppi(image),
        declared_bits=declared,
        white_is_zero=tags.get(_TIFF_PHOTOMETRIC) == 0,
        more_pages=bool(tags.next),
    )


def _jp2_bits(data: bytes) -> int:
    # SIZ is the first marker of the codestream; its byte 40 holds depth - 1 of the first channel.
    start = data.find(b"\xff\x4f\xff\x51")
    depth = data[start + 42 : start + 43] if start >= 0 else b""
    return (depth[0] & 0x7F) + 1 if depth else 8


def _jp2_ppi(data: bytes) -> tuple[float, float] | None:
    """Read the capture resolution box; the display box says nothing about the scanner.

    Read here because Pillow takes the exponents, which are signed, for unsigned.
    """
    end = data.find(b"jp2c")
    start = data.find(b"resc", 0, max(end, 0))
    if start < 0 or end - start < 14:
        return None
    y_top, y_bottom, x_top, x_bottom, y_power, x_power = struct.unpack_from(
        ">HHHHbb", data, start + 4
    )
    if not (y_top and y_bottom and x_top and x_bottom):
        return None
    x = x_top / x_bottom * 10.0**x_power * _INCH_IN_METRES
    y = y_top / y_bottom * 10.0**y_power * _INCH_IN_METRES
    return x, y
