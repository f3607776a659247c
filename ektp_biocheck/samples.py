"""The door for captures: a file becomes 8-bit pixels, a resolution and the facts of the file.

The only module that opens images. ::

    sample = open_sample("finger.png", modality="finger")      # ppi from the file
    sample = open_sample("finger.pgm", 500, modality="finger")  # PGM carries none
    result = fingerprint.assess(sample.pixels, ppi=sample.ppi)

Whatever is wrong with a file is an `UnreadableError` that names the file and the cure.
Pillow is loaded by the first picture, OpenCV by the first conversion or resampling.
"""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.formats import MAX_PIXELS
from ektp_biocheck.formats.files import printable, read_bytes
from ektp_biocheck.formats.raw import RawLayout, decode_raw
from ektp_biocheck.formats.resolution import (
    MAX_PPI,
    MIN_PPI,
    WORKING_PPI,
    check_ppi,
    settle_ppi,
)
from ektp_biocheck.formats.sniff import decode

__all__ = [
    "MAX_PIXELS",
    "MAX_PPI",
    "MIN_PPI",
    "WORKING_PPI",
    "Modality",
    "RawLayout",
    "Sample",
    "decode_sample",
    "open_sample",
    "to_500_ppi",
    "to_grey",
    "to_rgb",
]

Modality = Literal["finger", "iris", "face"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One capture, ready to be assessed.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) uint8
        Grey or RGB, upright, read-only.
    ppi : int or None
        Pixels per inch; ``None`` when neither the file nor the caller said.
    ppi_source : {"file", "caller"} or None
        Who said so.
    format : str
        ``"PNG"``, ``"BMP"``, ``"TIFF"``, ``"JPEG"``, ``"JPEG2000"``, ``"WEBP"``, ``"PNM"``,
        ``"WSQ"`` or ``"RAW"``.
    width, height : int
        Pixels as stored in the file, before any rotation.
    bits : int
        Bits per channel as stored.
    mode : str
        Pixel layout as stored, under Pillow's names (``"L"``, ``"RGB"``, ``"I;16"``…).
    sha256 : str
        Of the file's bytes, in hexadecimal.
    notes : tuple of str
        What was done to the picture that a reader of the result should know.
    """

    pixels: NDArray[np.uint8] = field(repr=False, compare=False)
    ppi: int | None
    ppi_source: Literal["file", "caller"] | None
    format: str
    width: int
    height: int
    bits: int
    mode: str
    sha256: str
    notes: tuple[str, ...] = ()


def open_sample(
    path: str | os.PathLike[str],
    ppi: float | None = None,
    *,
    modality: Modality | None = None,
    raw: RawLayout | None = None,
    bits: int | None = None,
) -> Sample:
    """Read one capture from a file.

    Parameters
    ----------
    path : str or path-like
        PNG, BMP, TIFF (first page), JPEG, JPEG 2000, WebP, PBM/PGM/PPM, WSQ (with the extra
        ``wsq``) or, with `raw`, headerless grey. The content decides, not the name.
    ppi : float, optional
        Pixels per inch, for a file that does not say.
    modality : {"finger", "iris", "face"}, optional
        ``"finger"`` and ``"iris"`` give grey, ``"face"`` gives RGB, nothing leaves the picture
        as it is. A finger must have a resolution; the others need none.
    raw : RawLayout, optional
        The file is headerless; this is its layout.
    bits : int, optional
        Significant bits, 8 to 16, of 16-bit grey that fills only the low bits and does not
        say so, as 12-bit cameras write it.

    Returns
    -------
    Sample

    Raises
    ------
    UnreadableError
        When there is no such file, or it is not a picture this program reads, is damaged, cut
        short, animated or too large.
    MissingResolutionError
        When a finger's resolution is unknown, differs between the axes, or when the file and
        the caller contradict each other.
    InputError
        When an argument is something no capture could have.
    InstallationError
        When the file is WSQ and its extra is not installed.
    """
    try:
        where = Path(path)
    except TypeError:
        raise InputError(f"path must be a str or a Path, got {type(path).__name__}") from None
    _check_arguments(ppi, modality, raw, bits)
    name = printable(where)
    return decode_sample(
        read_bytes(where, name), ppi, name=name, modality=modality, raw=raw, bits=bits
    )


def decode_sample(
    data: bytes,
    ppi: float | None = None,
    *,
    name: str = "the capture",
    modality: Modality | None = None,
    raw: RawLayout | None = None,
    bits: int | None = None,
) -> Sample:
    """Read one capture from the bytes of a file, such as a picture inside a record.

    Parameters
    ----------
    data : bytes
        The bytes of the whole file.
    name : str
        What to call the capture in an error.
    ppi, modality, raw, bits
        As in `open_sample`.

    Returns
    -------
    Sample

    Raises
    ------
    UnreadableError, MissingResolutionError, InputError, InstallationError
        As in `open_sample`.
    """
    _check_arguments(ppi, modality, raw, bits)
    if not isinstance(data, bytes):
        raise InputError(f"data must be bytes, got {type(data).__name__}")
    if not data:
        raise UnreadableError(
            f"{name}: the file is empty. Copy it again from where it was captured, or capture "
            "again."
        )
    decoded = decode_raw(data, name, raw) if raw else decode(data, name, bits)
    resolution, source, notes = settle_ppi(name, decoded.ppi, ppi, modality)
    pixels = decoded.pixels
    if modality is not None:
        pixels = to_rgb(pixels) if modality == "face" else to_grey(pixels)
    pixels.flags.writeable = False
    return Sample(
        pixels=pixels,
        ppi=resolution,
        ppi_source=source,
        format=decoded.format,
        width=decoded.width,
        height=decoded.height,
        bits=decoded.bits,
        mode=decoded.mode,
        sha256=hashlib.sha256(data).hexdigest(),
        notes=decoded.notes + notes,
    )


def to_grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (H, W) uint8 luma (ITU-R BT.601) of a grey or RGB picture; grey comes back as is."""
    _check_pixels(pixels)
    if pixels.ndim == 2:
        return pixels
    from ektp_biocheck.opencv import cv2

    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def to_rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (H, W, 3) uint8 of a grey or RGB picture; RGB comes back as is."""
    _check_pixels(pixels)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, np.newaxis], 3, axis=2)


def to_500_ppi(pixels: NDArray[np.uint8], ppi: float) -> NDArray[np.uint8]:
    """Resample a picture to 500 pixels per inch, the size that fingerprints are measured at.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) uint8
        Grey or RGB.
    ppi : float
        Its pixels per inch, 100 to 4000.

    Returns
    -------
    (H', W') or (H', W', 3) uint8
        The same array at 500 ppi; otherwise averaged over areas when it shrinks (so that
        nothing aliases) and interpolated by cubics when it grows.

    Raises
    ------
    InputError
        When `pixels` is no such array, `ppi` is outside its range, or the result would exceed
        100 megapixels.
    """
    _check_pixels(pixels)
    check_ppi(ppi)
    if ppi == WORKING_PPI:
        return pixels
    height, width = (max(1, round(side * WORKING_PPI / ppi)) for side in pixels.shape[:2])
    if width * height > MAX_PIXELS:
        raise InputError(
            f"{pixels.shape[1]} x {pixels.shape[0]} pixels at {ppi:g} ppi are {width} x {height} "
            "at 500 ppi, too large for a capture. Check the resolution."
        )
    from ektp_biocheck.opencv import cv2

    method = cv2.INTER_AREA if ppi > WORKING_PPI else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=method), np.uint8)


def _check_arguments(
    ppi: float | None, modality: str | None, raw: RawLayout | None, bits: int | None
) -> None:
    if ppi is not None:
        check_ppi(ppi)
    if modality is not None and modality not in get_args(Modality):
        raise InputError(f"modality must be one of {get_args(Modality)}, got {modality!r}")
    if raw is not None and bits is not None:
        raise InputError("give the bits of a RAW file in its RawLayout")
    if raw is not None and not isinstance(raw, RawLayout):
        raise InputError(f"raw must be a RawLayout, got {type(raw).__name__}")
    if bits is not None and not (isinstance(bits, int) and 8 <= bits <= 16):
        raise InputError(f"bits must be a whole number from 8 to 16, got {bits!r}")


def _check_pixels(pixels: NDArray[np.uint8]) -> None:
    if (
        not isinstance(pixels, np.ndarray)
        or pixels.dtype != np.uint8
        or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3))
        or pixels.size == 0
    ):
        kind = getattr(pixels, "dtype", type(pixels).__name__)
        raise InputError(f"pixels must be (H, W) or (H, W, 3) uint8, got {kind} {np.shape(pixels)}")
