"""The codes themselves, the hand of a finger and the fingers of a slap."""

from enum import IntEnum, StrEnum
from typing import Final

from ektp_biocheck.errors import InputError

__all__ = [
    "SINGLE_FINGERS",
    "SLAPS",
    "EyeLabel",
    "FingerPosition",
    "Hand",
    "ImpressionType",
    "Modality",
    "hand_of",
    "slap_fingers",
    "slap_of",
]


class Modality(StrEnum):
    """What is captured; scorers exist for the first three."""

    FINGER = "finger"
    IRIS = "iris"
    FACE = "face"
    EXCEPTION_PHOTO = "exception_photo"
    SIGNATURE = "signature"


class Hand(StrEnum):
    """The person's own right or left hand."""

    RIGHT = "right"
    LEFT = "left"


class FingerPosition(IntEnum):
    """Finger codes of ISO/IEC 19794-4:2011; 13 to 15 are slaps (several fingers at once)."""

    UNKNOWN = 0
    RIGHT_THUMB = 1
    RIGHT_INDEX = 2
    RIGHT_MIDDLE = 3
    RIGHT_RING = 4
    RIGHT_LITTLE = 5
    LEFT_THUMB = 6
    LEFT_INDEX = 7
    LEFT_MIDDLE = 8
    LEFT_RING = 9
    LEFT_LITTLE = 10
    RIGHT_FOUR = 13
    LEFT_FOUR = 14
    BOTH_THUMBS = 15


class EyeLabel(IntEnum):
    """Eye labels of ISO/IEC 19794-6:2011."""

    UNDEFINED = 0
    RIGHT = 1
    LEFT = 2


class ImpressionType(IntEnum):
    """How a finger was taken: the codes of ISO/IEC 19794-4:2011 that a station meets."""

    LIVE_PLAIN = 0
    LIVE_ROLLED = 1
    CONTACTLESS_PLAIN = 24
    OTHER = 28
    UNKNOWN = 29


_F = FingerPosition

SINGLE_FINGERS: Final = tuple(_F(code) for code in range(1, 11))
SLAPS: Final = (_F.RIGHT_FOUR, _F.LEFT_FOUR, _F.BOTH_THUMBS)

# From left to right in the picture, which shows the hand as it lies: palm down, seen from above.
_SLAP_FINGERS = {
    _F.RIGHT_FOUR: (_F.RIGHT_INDEX, _F.RIGHT_MIDDLE, _F.RIGHT_RING, _F.RIGHT_LITTLE),
    _F.LEFT_FOUR: (_F.LEFT_LITTLE, _F.LEFT_RING, _F.LEFT_MIDDLE, _F.LEFT_INDEX),
    _F.BOTH_THUMBS: (_F.LEFT_THUMB, _F.RIGHT_THUMB),
}
_SLAP_OF = {finger: slap for slap, fingers in _SLAP_FINGERS.items() for finger in fingers}


def hand_of(position: FingerPosition) -> Hand | None:
    """Return the hand that a finger or a slap belongs to.

    Parameters
    ----------
    position : FingerPosition
        Any position.

    Returns
    -------
    Hand or None
        ``None`` for ``UNKNOWN`` and for ``BOTH_THUMBS``.
    """
    if position in (_F.UNKNOWN, _F.BOTH_THUMBS):
        return None
    right = position <= _F.RIGHT_LITTLE or position == _F.RIGHT_FOUR
    return Hand.RIGHT if right else Hand.LEFT


def slap_fingers(slap: FingerPosition) -> tuple[FingerPosition, ...]:
    """Return the fingers of a slap, from left to right in the picture.

    Parameters
    ----------
    slap : FingerPosition
        ``RIGHT_FOUR``, ``LEFT_FOUR`` or ``BOTH_THUMBS``.

    Returns
    -------
    tuple of FingerPosition
        Four fingers or two thumbs. The right index and the left little finger come first;
        of the thumbs, the left one.

    Raises
    ------
    InputError
        When `slap` is not a slap.
    """
    try:
        return _SLAP_FINGERS[slap]
    except KeyError:
        raise InputError(
            f"{slap!r} is not a slap: use RIGHT_FOUR (13), LEFT_FOUR (14) or BOTH_THUMBS (15)"
        ) from None


def slap_of(finger: FingerPosition) -> FingerPosition:
    """Return the slap that takes a finger.

    Parameters
    ----------
    finger : FingerPosition
        One of the ten fingers.

    Returns
    -------
    FingerPosition
        ``RIGHT_FOUR``, ``LEFT_FOUR`` or ``BOTH_THUMBS``.

    Raises
    ------
    InputError
        When `finger` is a slap itself or unknown.
    """
    try:
        return _SLAP_OF[finger]
    except KeyError:
        raise InputError(f"{finger!r} is not a single finger: use a code from 1 to 10") from None
