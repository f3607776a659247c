"""Makes small picture files in memory, also of kinds that Pillow can read but not write."""

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FORMATS = ("PNG", "BMP", "TIFF", "JPEG", "JPEG2000", "PPM", "WEBP")


def ridges(height: int = 60, width: int = 48) -> NDArray[np.uint8]:
    """Return smooth stripes, brighter to the right and darker at the top left corner."""
    y, x = np.mgrid[:height, :width]
    grey = 100 + 60 * np.sin(x / 2 + y / 5) + 80 * x / width
    grey[: height // 4, : width // 4] = 10
    return grey.astype(np.uint8)


def colours(height: int = 60, width: int = 48) -> NDArray[np.uint8]:
    """Return a smooth picture with another gradient in each channel."""
    y, x = np.mgrid[:height, :width]
    return np.dstack([255 * x / width, 255 * y / height, 255 - 200 * x / width]).astype(np.uint8)


def encode(pixels: NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
    """Return the bytes of a file as Pillow writes it."""
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(
    body: bytes, width: int, height: int, *, bits: int = 16, order: str = "<", **tags: int
) -> bytes:
    """Return an uncompressed one-strip grey TIFF; `tags` such as t262=0 add to or replace tags."""
    entries = {256: width, 257: height, 258: bits, 259: 1, 262: 1, 277: 1, 278: height}
    entries |= {273: 8, 279: len(body)} | {int(name[1:]): value for name, value in tags.items()}
    magic = b"II" if order == "<" else b"MM"
    body += b"\0" * (len(body) % 2)
    file = magic + struct.pack(f"{order}HI", 42, 8 + len(body)) + body
    file += struct.pack(f"{order}H", len(entries))
    for tag, value in sorted(entries.items()):
        file += struct.pack(f"{order}HHI", tag, 4, 1) + struct.pack(f"{order}I", value)
    return file + struct.pack(f"{order}I", 0)


def jp2_with_resolution(pixels: NDArray[np.uint8], box: bytes, ppm: tuple[int, int, int]) -> bytes:
    """Return a JPEG 2000 file with a capture (``resc``) or display (``resd``) resolution box.

    `ppm` is numerator, denominator and exponent of the pixels per metre.
    """
    file = encode(pixels, "JPEG2000", irreversible=False)
    top, bottom, power = ppm
    inner = struct.pack(">I4sHHHHbb", 18, box, top, bottom, top, bottom, power, power)
    outer = struct.pack(">I4s", 8 + len(inner), b"res ") + inner
    at = file.index(b"jp2h") - 4
    (length,) = struct.unpack_from(">I", file, at)
    longer = struct.pack(">I", length + len(outer))
    return file[:at] + longer + file[at + 4 : at + length] + outer + file[at + length :]


def jp2_of_12_bits(values: NDArray[np.uint16]) -> bytes:
    """Return a lossless JPEG 2000 file of 12-bit samples, which Pillow reads but does not write.

    A codec subtracts half the range before coding. So 12-bit samples, moved from the middle of
    their range to the middle of 16 bits, code alike, and only the declared depth is to change.
    """
    file = bytearray(encode(values + np.uint16(32768 - 2048), "JPEG2000", irreversible=False))
    file[file.index(b"ihdr") + 14] = 11  # depth less one
    file[file.index(b"\xff\x4f\xff\x51") + 42] = 11
    return bytes(file)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return one PNG chunk with its checksum."""
    import zlib

    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
