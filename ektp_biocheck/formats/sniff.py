"""Which reader a file needs, told by its first bytes and never by its name."""

from ektp_biocheck.errors import UnreadableError
from ektp_biocheck.formats import Decoded

__all__ = ["decode"]

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\xff\xa0", "WSQ"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),  # with 64-bit offsets
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),  # a bare codestream
    *((b"P%d" % digit, "PNM") for digit in range(1, 7)),
)
# Formats that people send, and the words they know them by.
_STRANGERS = (
    (b"GIF8", "a GIF"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"FIR\0", "a finger record (ISO/IEC 19794-4)"),
    (b"IIR\0", "an iris record (ISO/IEC 19794-6)"),
    (b"FAC\0", "a face record (ISO/IEC 19794-5)"),
    (b"FMR\0", "a minutiae record (ISO/IEC 19794-2), which holds no picture"),
)
_READ = "PNG, BMP, TIFF, JPEG, JPEG 2000, WebP, PGM/PPM and WSQ"


def decode(data: bytes, name: str, bits: int | None = None) -> Decoded:
    """Decode a file of any format that carries a header.

    Parameters
    ----------
    data : bytes
        The whole file, not empty.
    name : str
        What to call the file in an error.
    bits : int, optional
        Significant bits of 16-bit grey whose file does not say.

    Returns
    -------
    Decoded

    Raises
    ------
    UnreadableError
        When the format is not known, or its reader refuses the data.
    InstallationError
        When the file is WSQ and its extra is not installed.
    """
    kind = _recognise(data)
    if kind is None:
        raise UnreadableError(
            f"{name}: this is {_describe(data)}. Read are {_READ}; save or export it as one of "
            "these. A headerless RAW file needs its layout: --raw-size 640x480 on the command "
            "line, raw=RawLayout(640, 480) in Python."
        )
    if kind == "PNM":
        from ektp_biocheck.formats.pnm import decode_pnm

        return decode_pnm(data, name)
    if kind == "WSQ":
        from ektp_biocheck.formats.wsq import decode_wsq

        return decode_wsq(data, name)
    from ektp_biocheck.formats.pictures import decode_picture

    return decode_picture(data, name, kind, bits)


def _recognise(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)


def _describe(data: bytes) -> str:
    if data[4:8] == b"ftyp" and not data.startswith(b"\0\0\0\x0cjP"):
        return "a HEIC or AVIF photo, or a video"
    known = next((words for magic, words in _STRANGERS if data.startswith(magic)), None)
    if known:
        return known
    head = data[:1024]
    if not head.strip(b"\0"):
        return "a file of zeros, as an interrupted copy leaves behind"
    is_text = all(byte in b"\t\n\r\f" or 32 <= byte < 127 for byte in head)
    return "a text" if is_text else "no picture in a format this program knows"
