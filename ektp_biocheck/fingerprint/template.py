"""Finger minutiae records: templates that other makers' matchers can read.

The record format of ISO/IEC 19794-2:2011, clause 8, big-endian throughout (6.7). Every field, and
what is written into it, stands in docs/fingerprint/template.md.

What was checked and how: the text of the standard was not at hand, only its table of contents,
from which the clause numbers are. The layout, codes and limits were taken from two open readers
written independently of each other, which agree on them: FingerprintIO for Java
(``iso19794p2v2011``, tested there on the example record of the standard) and a C
library, ``iso_fmr_v030``. Not checked: that no amendment (2013, 2015) changes a field, that
the capture time is meant in UTC, and the meaning of vendor 0 beside a quality.

Where a minutia lies: ours is the singular point of the ridge phase. On an ideal ridge ending the
end of the thinned ridge lies 0.1 to 0.15 of a ridge period from it and the fork of the valleys 0.35
to 0.55 the other way, so ending type 1 (ridge skeleton endpoint) is nearest the truth. Bifurcations
lie 0.35 to 0.55 of a period (3 to 5 px) from the fork of the thinned ridge.
"""

import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.minutiae import Minutiae
from ektp_biocheck.positions import FingerPosition, ImpressionType

__all__ = ["MOST_MINUTIAE", "FingerTemplate", "read_templates", "write_templates"]

MOST_MINUTIAE = 255  # their number is one byte
PX_PER_CM = 197  # 500 ppi is 196.85
_FORMAT, _VERSION = b"FMR\0", b"030\0"
_LARGEST = 0x3FFF  # 14 bits
_UNRATED = 254, 255  # quality not reported, quality failed
_UNRATED_AS = 0.5  # reliability told in their place
_LENGTH_AND_TYPE = 0x61
_ENDING, _BIFURCATION = 1, 2

_Code = TypeVar("_Code", FingerPosition, ImpressionType)
# 8.3: format, version, length, number of representations, certification flag
_GENERAL = struct.Struct(">4s4sIHB")
# 8.4.2 to 8.4.7: length, date and time, device technology, vendor, type, quality blocks
_CAPTURE = struct.Struct(">IH5BHBHHB")
_QUALITY = struct.Struct(">BHH")  # quality, vendor, algorithm
# the rest of 8.4: position, number, sampling rates, impression, size, form, number of minutiae
_FINGER = struct.Struct(">BBHHBHHBB")


@dataclass(frozen=True, slots=True)
class FingerTemplate:
    """Minutiae of one finger and what a record tells about them.

    Parameters
    ----------
    minutiae : Minutiae
        In px at 500 ppi.
    width, height : int
        Of the picture, px at 500 ppi, 1 to 16383.
    position : FingerPosition
    impression : ImpressionType
    quality : int or None
        0..100, as from `assess`.
    captured : datetime or None
        With a time zone.
    unrated, untyped : int
        Only of a record that was read: how many minutiae came without a quality (their
        reliability is told as 0.5) or as neither ending nor bifurcation (told as bifurcations).

    Raises
    ------
    InputError
        When a value cannot stand in a record: a size or quality out of range, a minutia outside
        the picture, a time without a zone.
    """

    minutiae: Minutiae
    width: int
    height: int
    position: FingerPosition = FingerPosition.UNKNOWN
    impression: ImpressionType = ImpressionType.LIVE_PLAIN
    quality: int | None = None
    captured: datetime | None = None
    unrated: int = 0
    untyped: int = 0

    def __post_init__(self) -> None:
        for name, side in (("width", self.width), ("height", self.height)):
            if not 1 <= side <= _LARGEST:
                raise InputError(f"{name} must be 1 to {_LARGEST} px in a template, got {side}")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise InputError(f"quality must be 0 to 100 or None, got {self.quality}")
        if self.captured is not None and self.captured.tzinfo is None:
            raise InputError("captured needs a time zone, such as datetime.now(UTC)")
        _check_minutiae(self.minutiae, self.width, self.height)


def _check_minutiae(minutiae: Minutiae, width: int, height: int) -> None:
    figures = np.concatenate([minutiae.x, minutiae.y, minutiae.angle, minutiae.reliability])
    if not np.isfinite(figures).all():
        raise InputError("a minutia has a figure that is not finite")
    for name, places, side in (("x", minutiae.x, width), ("y", minutiae.y, height)):
        outside = (places < -0.5) | (places > side - 0.5)
        if outside.any():
            raise InputError(
                f"{int(outside.sum())} minutiae lie outside the picture: {name} must be -0.5 to "
                f"{side - 0.5}. Give the size of the picture at 500 ppi."
            )
    if ((minutiae.reliability < 0) | (minutiae.reliability > 1)).any():
        raise InputError("the reliability of a minutia must be 0 to 1")


def write_templates(templates: Iterable[FingerTemplate]) -> bytes:
    """Write one record for one person.

    Parameters
    ----------
    templates : iterable of FingerTemplate
        One for each finger, or several of a finger. All minutiae are written, of more than 255
        the most reliable; take the confirmed ones first to leave doubtful ones out.

    Returns
    -------
    bytes
        ISO/IEC 19794-2:2011 finger minutiae record. The same for the same input.

    Raises
    ------
    InputError
        Without a template, or when one has no minutia: the format asks for at least one.

    Notes
    -----
    Positions are rounded to whole px, angles to 1.40625°, reliability to hundredths; `confirmed`
    is not told.
    """
    views: Counter[FingerPosition] = Counter()
    blocks = []
    for template in templates:
        blocks.append(_representation(template, views[template.position]))
        views[template.position] += 1
    if not 1 <= len(blocks) <= 0xFFFF or max(views.values()) > 16:
        raise InputError("a record holds 1 to 65535 templates and at most 16 of one finger")
    total = _GENERAL.size + sum(len(block) for block in blocks)
    return _GENERAL.pack(_FORMAT, _VERSION, total, len(blocks), 0) + b"".join(blocks)


def _representation(template: FingerTemplate, view: int) -> bytes:
    minutiae = _most_reliable(template.minutiae)
    if not len(minutiae):
        raise InputError(
            f"no minutiae of {template.position.name.lower()}: a record needs at least one. "
            "Leave the finger out."
        )
    quality = b"" if template.quality is None else _QUALITY.pack(template.quality, 0, 0)
    finger = _FINGER.pack(
        template.position,
        view,
        PX_PER_CM,
        PX_PER_CM,
        template.impression,
        template.width,
        template.height,
        _LENGTH_AND_TYPE,
        len(minutiae),
    )
    rest = quality + finger + _packed(minutiae, template.width, template.height) + b"\0\0"
    length = _CAPTURE.size + len(rest)
    return _CAPTURE.pack(length, *_moment(template.captured), 0, 0, 0, bool(quality)) + rest


def _most_reliable(minutiae: Minutiae) -> Minutiae:
    if len(minutiae) <= MOST_MINUTIAE:
        return minutiae
    best = np.argsort(-minutiae.reliability, kind="stable")[:MOST_MINUTIAE]
    return minutiae.take(np.sort(best))


def _moment(captured: datetime | None) -> tuple[int, ...]:
    if captured is None:
        return 0xFFFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFFFF
    t = captured.astimezone(UTC)
    return t.year, t.month, t.day, t.hour, t.minute, t.second, t.microsecond // 1000


def _packed(minutiae: Minutiae, width: int, height: int) -> bytes:
    rows = np.zeros(len(minutiae), [("x", ">u2"), ("y", ">u2"), ("angle", "u1"), ("quality", "u1")])
    kind = np.where(minutiae.ending, _ENDING, _BIFURCATION)
    rows["x"] = kind << 14 | np.rint(minutiae.x).astype(int).clip(0, width - 1)
    rows["y"] = np.rint(minutiae.y).astype(int).clip(0, height - 1)
    rows["angle"] = np.rint(minutiae.angle.astype(np.float64) * (256 / (2 * np.pi))) % 256
    rows["quality"] = np.rint(minutiae.reliability * 100)
    return rows.tobytes()


class _Bytes:
    """A record, read from the front; refuses to read past the end."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.content):
            raise InputError("the template ends too early: it is cut off or not a template")
        self.at += count
        return self.content[self.at - count : self.at]

    def unpack(self, form: struct.Struct) -> tuple[int, ...]:
        return form.unpack(self.take(form.size))


def read_templates(record: bytes) -> tuple[FingerTemplate, ...]:
    """Read a record, ours or another maker's.

    Parameters
    ----------
    record : bytes
        ISO/IEC 19794-2:2011 finger minutiae record, with minutiae of five or six bytes.

    Returns
    -------
    tuple of FingerTemplate
        In the order of the record. Places and sizes are scaled to 500 ppi; every minutia is
        told as confirmed. Extended data and certification blocks are left out.

    Raises
    ------
    InputError
        When the record is of another format, cut off, or holds a value the format does not
        allow or a station does not take (such as a latent print).
    """
    if not isinstance(record, bytes | bytearray | memoryview):
        raise InputError(f"a template is bytes, got {type(record).__name__}")
    source = _Bytes(bytes(record))
    form, version, total, count, certified = _GENERAL.unpack(source.take(_GENERAL.size))
    if form != _FORMAT:
        raise InputError("not a finger minutiae record: it must begin with FMR")
    if version != _VERSION:
        raise InputError(
            "a finger minutiae record of another edition: only ISO/IEC 19794-2:2011 is read"
        )
    if total != len(source.content):
        raise InputError(f"the template says {total} bytes and has {len(source.content)}")
    if count < 1 or certified > 1:
        raise InputError("the template's general header holds values the format does not allow")
    templates = tuple(_read_representation(source, bool(certified)) for _ in range(count))
    if source.at != total:
        raise InputError(f"{total - source.at} bytes follow the last finger of the template")
    return templates


def _read_representation(source: _Bytes, certified: bool) -> FingerTemplate:
    start = source.at
    length, *rest = source.unpack(_CAPTURE)
    captured = _read_moment(tuple(rest[:7]))
    qualities = [source.unpack(_QUALITY)[0] for _ in range(rest[-1])]
    if certified:
        source.take(3 * source.take(1)[0])
    position, _, across, down, impression, width, height, form, count = source.unpack(_FINGER)
    if min(across, down) < 98:
        raise InputError(f"the template's sampling rate of {min(across, down)} px/cm is too low")
    # 500 ppi is written as 197 or 196: neither is a reason to move anything
    scale_x, scale_y = (1.0 if r in (196, 197) else 196.85 / r for r in (across, down))
    size = max(1, round(width * scale_x)), max(1, round(height * scale_y))
    minutiae, unrated, untyped = _read_minutiae(source, count, form, (width, height))
    source.take(int.from_bytes(source.take(2), "big"))
    if source.at - start != length:
        raise InputError(f"a finger of the template says {length} bytes, has {source.at - start}")
    return FingerTemplate(
        _scaled(minutiae, scale_x, scale_y, size),
        *size,
        _known(FingerPosition, position, "finger position"),
        _known(ImpressionType, impression, "impression type"),
        next((q for q in qualities if q <= 100), None),
        captured,
        unrated,
        untyped,
    )


def _known(codes: type[_Code], code: int, what: str) -> _Code:
    try:
        return codes(code)
    except ValueError:
        raise InputError(f"{what} {code} of the template is none that a station takes") from None


def _read_moment(parts: tuple[int, ...]) -> datetime | None:
    if parts[0] == 0xFFFF:
        return None
    # a part may be unknown on its own; the day is then still worth telling
    year, month, day, hour, minute, second, ms = (
        low if part == unknown else part
        for part, unknown, low in zip(
            parts, (0xFFFF, *[0xFF] * 5, 0xFFFF), (1, 1, 1, 0, 0, 0, 0), strict=True
        )
    )
    try:
        return datetime(year, month, day, hour, minute, second, ms * 1000, tzinfo=UTC)
    except ValueError:
        raise InputError("the template's capture time is no date and time") from None


def _read_minutiae(
    source: _Bytes, count: int, form: int, size: tuple[int, int]
) -> tuple[Minutiae, int, int]:
    """Minutiae in px of the record, and how many come without a quality and without a type."""
    length, ending_type = form >> 4, form & 15
    if length not in (5, 6) or ending_type > 1:
        raise InputError("the template's minutiae are in a form the format does not allow")
    rows: NDArray[np.intp] = np.frombuffer(source.take(count * length), np.uint8).astype(np.intp)
    rows = rows.reshape(count, length)
    kind, x, y = rows[:, 0] >> 6, (rows[:, 0] & 63) << 8 | rows[:, 1], rows[:, 2] << 8 | rows[:, 3]
    quality = rows[:, 5] if length == 6 else np.full(count, _UNRATED[0])
    unrated = np.isin(quality, _UNRATED)
    if (kind > _BIFURCATION).any() or (~unrated & (quality > 100)).any():
        raise InputError("a minutia of the template has a type or quality that does not exist")
    y = y & _LARGEST
    if (x >= size[0]).any() or (y >= size[1]).any():
        raise InputError("a minutia of the template lies outside its picture")
    angle = (rows[:, 4] * (2 * np.pi / 256)).astype(np.float32)
    reliability = np.where(unrated, _UNRATED_AS, quality / 100).astype(np.float32)
    places = x.astype(np.float32), y.astype(np.float32)
    minutiae = Minutiae(*places, angle, kind == _ENDING, reliability, np.ones(count, bool))
    return minutiae, int(unrated.sum()), int((kind == 0).sum())


def _scaled(minutiae: Minutiae, right: float, down: float, size: tuple[int, int]) -> Minutiae:
    """Pixel centres are scaled as places, so that the picture's edges stay its edges."""
    if right == down == 1:
        return minutiae
    x = ((minutiae.x + 0.5) * right - 0.5).clip(-0.5, size[0] - 0.5).astype(np.float32)
    y = ((minutiae.y + 0.5) * down - 0.5).clip(-0.5, size[1] - 0.5).astype(np.float32)
    return Minutiae(x, y, minutiae.angle, minutiae.ending, minutiae.reliability, minutiae.confirmed)
