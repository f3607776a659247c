"""Pictures that Pillow decodes: PNG, BMP, TIFF, JPEG, JPEG 2000 and WebP.

The class of each format is called directly, never ``Image.open``: that one obeys a pixel limit
and a list of plug-ins which the whole process shares, and which are not ours to set. (Pillow's
TIFF and WebP readers look at that limit too, which matters only where someone lowered it.)
"""

import io
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.errors import BiocheckError, UnreadableError
from ektp_biocheck.formats import Decoded, check_size, scale_to_8_bit
from ektp_biocheck.formats.headers import Header, read_header, read_orientation
from ektp_biocheck.formats.quiet import quiet

__all__ = ["PICTURE_FORMATS", "decode_picture"]

PICTURE_FORMATS = {
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "JPEG2000": ("Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "WEBP": ("WebPImagePlugin", "WebPImageFile"),
}

_GREY_8 = {"1", "L", "LA", "La"}
_GREY_16 = {"I;16", "I;16L", "I;16B", "I;16N"}
_PALETTE = {"P", "PA"}
_COLOUR = {"RGB", "RGBA", "CMYK", "YCbCr"}
_ALPHA = {"LA", "La", "PA", "RGBA"}
_TIFF_SAMPLE_FORMAT = 339
_STRIP_PIXELS = 1 << 18

# What makes a picture upright, by EXIF orientation (names of PIL.Image.Transpose).
_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}


def decode_picture(data: bytes, name: str, kind: str, bits: int | None = None) -> Decoded:
    """Decode one still picture to upright 8-bit grey or RGB.

    Grey stays grey, also from a palette of greys; all else becomes RGB. Transparent parts show
    white. Colour profiles are not applied. 16-bit grey keeps its 8 most significant bits.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        What to call the file in an error.
    kind : str
        A key of `PICTURE_FORMATS`.
    bits : int, optional
        Significant bits of 16-bit grey whose file does not say, such as 12.

    Returns
    -------
    Decoded
        The first page of a TIFF; otherwise the only picture.

    Raises
    ------
    UnreadableError
        When the data are damaged, cut short, animated, too large or of a rare variant.
    """
    try:
        with quiet():
            return _decode(data, name, kind, bits)
    except BiocheckError:
        raise
    except MemoryError:
        raise UnreadableError(
            f"{name}: there is not enough memory for this picture. Close other programs, or "
            "shrink the picture."
        ) from None
    except Exception as error:  # noqa: BLE001 - a decoder given hostile bytes may raise anything
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise UnreadableError(
            f"{name}: the {kind} data cannot be decoded ({reason}): damaged, cut short or of a "
            "rare variant. Copy the file again from where it was captured, or save it as an "
            "8-bit PNG."
        ) from None


def _open(data: bytes, kind: str) -> Any:  # noqa: ANN401 - a Pillow image
    module, picture_class = PICTURE_FORMATS[kind]
    return getattr(import_module(f"PIL.{module}"), picture_class)(io.BytesIO(data))


def _decode(data: bytes, name: str, kind: str, bits: int | None) -> Decoded:
    image = _open(data, kind)
    check_size(name, *image.size)
    header = read_header(image, data, kind)
    mode = image.mode
    _refuse_variants(image, name, kind)
    if kind == "PNG":
        _open(data, kind).verify()  # checksums: a scrambled picture must not pass for a poor one
    if kind == "TIFF":
        orientation = read_orientation(image, kind)
        image.load()  # turns it upright, and forgets the tag
    else:
        image.load()
        orientation = read_orientation(image, kind)
        image = _turn(image, orientation)
    if mode in _GREY_16:
        pixels, notes = _from_16_bit(image, name, header, bits)
    else:
        pixels, notes = _from_8_bit(image)
    if orientation != 1:
        notes.append(f"turned upright (EXIF orientation {orientation})")
    if header.more_pages:
        notes.append("only the first page was read")
    return Decoded(
        pixels, kind, header.width, header.height, header.bits, mode, header.ppi, tuple(notes)
    )


def _refuse_variants(image: Any, name: str, kind: str) -> None:  # noqa: ANN401
    """Raise UnreadableError for what Pillow would decode, but not into one true picture."""
    if kind in ("PNG", "WEBP") and image.is_animated:
        raise UnreadableError(f"{name}: an animation is no capture. Save one frame as a still PNG.")
    signed = kind == "TIFF" and max(image.tag_v2.get(_TIFF_SAMPLE_FORMAT, (1,))) != 1
    if signed or image.mode not in _GREY_8 | _GREY_16 | _PALETTE | _COLOUR:
        raise UnreadableError(
            f"{name}: {kind} pixels of this kind ({image.mode}: signed, 32-bit, floating point "
            "or Lab) are not read. Save it as 8-bit or 16-bit grey, or as RGB."
        )
    if kind == "TIFF":
        # Pillow leaves missing strips black without a word.
        covered = sum((x1 - x0) * (y1 - y0) for _, (x0, y0, x1, y1), *_ in image.tile)
        if covered < image.tag_v2[256] * image.tag_v2[257]:
            raise UnreadableError(
                f"{name}: the TIFF file lacks part of its picture. Copy it again from where it "
                "was captured, or capture again."
            )


def _turn(image: Any, orientation: int) -> Any:  # noqa: ANN401
    from PIL.Image import Transpose

    if orientation == 1:
        return image
    return image.transpose(Transpose[_UPRIGHT[orientation]])


def _from_16_bit(
    image: Any,  # noqa: ANN401
    name: str,
    header: Header,
    bits: int | None,
) -> tuple[NDArray[np.uint8], list[str]]:
    values = np.asarray(image)
    largest = int(values.max())
    known = header.declared_bits or bits
    top = (1 << (known or 16)) - 1
    if largest > top:
        raise UnreadableError(
            f"{name}: samples reach {largest}, more than {known} bits can hold. "
            "Correct the number of bits, or leave it out."
        )
    notes = []
    if known is None and 0 < largest < 1 << 14:
        notes.append(
            f"16-bit samples use the lowest {largest.bit_length()} bits only: "
            "if the sensor gives no more, say so (--bits 12, or bits=12 in Python)"
        )
    pixels = scale_to_8_bit(values, top)
    if header.white_is_zero:  # Pillow inverts such TIFFs of 8 bits, not of 16
        pixels = 255 - pixels
    return pixels, notes


def _from_8_bit(image: Any) -> tuple[NDArray[np.uint8], list[str]]:  # noqa: ANN401
    grey = image.mode in _GREY_8 or (image.mode in _PALETTE and _is_grey_palette(image))
    alpha = image.mode in _ALPHA or "transparency" in image.info
    notes = []
    # Some programs write RGBA and never fill the A.
    if image.mode in ("LA", "PA", "RGBA") and image.getchannel("A").getextrema()[1] == 0:
        alpha = False
        notes.append("every pixel is marked transparent: the transparency was ignored")
    elif alpha:
        notes.append("transparent parts are shown white")
    width, height = image.size
    pixels = np.empty((height, width) if grey else (height, width, 3), np.uint8)
    step = max(1, _STRIP_PIXELS // width)
    for row in range(0, height, step):
        strip = image.crop((0, row, width, min(row + step, height)))
        pixels[row : row + step] = _strip_pixels(strip, grey=grey, alpha=alpha)
    return pixels, notes


def _is_grey_palette(image: Any) -> bool:  # noqa: ANN401
    colours = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    return bool((colours == colours[:, :1]).all())


def _strip_pixels(strip: Any, *, grey: bool, alpha: bool) -> NDArray[np.uint8]:  # noqa: ANN401
    """Convert a few rows at a time, so that a large photo is never held three times over."""
    if not alpha:
        return np.asarray(strip.convert("L" if grey else "RGB"))
    layers = np.asarray(strip.convert("LA" if grey else "RGBA")).astype(np.uint16)
    colour, opacity = layers[..., :-1], layers[..., -1:]
    on_white = (colour * opacity + 255 * (255 - opacity) + 127) // 255
    return on_white[..., 0].astype(np.uint8) if grey else on_white.astype(np.uint8)
