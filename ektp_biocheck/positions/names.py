"""What people call a position, in two languages, and how they spell it."""

import re
from enum import IntEnum
from typing import TypeVar

from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang, in_language
from ektp_biocheck.positions.codes import EyeLabel, FingerPosition, Modality

__all__ = ["display_name", "parse_eye", "parse_finger"]

_F = FingerPosition

# Indonesian, English.
_FINGER_NAMES = {
    _F.UNKNOWN: ("jari tidak diketahui", "unknown finger"),
    _F.RIGHT_THUMB: ("jempol kanan", "right thumb"),
    _F.RIGHT_INDEX: ("telunjuk kanan", "right index finger"),
    _F.RIGHT_MIDDLE: ("jari tengah kanan", "right middle finger"),
    _F.RIGHT_RING: ("jari manis kanan", "right ring finger"),
    _F.RIGHT_LITTLE: ("kelingking kanan", "right little finger"),
    _F.LEFT_THUMB: ("jempol kiri", "left thumb"),
    _F.LEFT_INDEX: ("telunjuk kiri", "left index finger"),
    _F.LEFT_MIDDLE: ("jari tengah kiri", "left middle finger"),
    _F.LEFT_RING: ("jari manis kiri", "left ring finger"),
    _F.LEFT_LITTLE: ("kelingking kiri", "left little finger"),
    _F.RIGHT_FOUR: ("empat jari kanan", "right four fingers"),
    _F.LEFT_FOUR: ("empat jari kiri", "left four fingers"),
    _F.BOTH_THUMBS: ("kedua jempol", "both thumbs"),
}
_EYE_NAMES = {
    EyeLabel.UNDEFINED: ("mata tidak diketahui", "unknown eye"),
    EyeLabel.RIGHT: ("mata kanan", "right eye"),
    EyeLabel.LEFT: ("mata kiri", "left eye"),
}
_MODALITY_NAMES = {
    Modality.FINGER: ("sidik jari", "fingerprint"),
    Modality.IRIS: ("iris", "iris"),
    Modality.FACE: ("wajah", "face"),
    Modality.EXCEPTION_PHOTO: ("foto bukti pengecualian", "exception photo"),
    Modality.SIGNATURE: ("tanda tangan", "signature"),
}

# Spellings beside code, member name and both display names; R1..R5 and L1..L5 count from the
# thumb. Word breaks and letter case do not matter, so "rightIndex" needs no entry of its own.
_MORE_FINGER_SPELLINGS = {
    _F.UNKNOWN: (),
    _F.RIGHT_THUMB: ("R1", "ibu jari kanan"),
    _F.RIGHT_INDEX: ("R2", "jari telunjuk kanan"),
    _F.RIGHT_MIDDLE: ("R3", "tengah kanan"),
    _F.RIGHT_RING: ("R4", "manis kanan"),
    _F.RIGHT_LITTLE: ("R5", "jari kelingking kanan"),
    _F.LEFT_THUMB: ("L1", "ibu jari kiri"),
    _F.LEFT_INDEX: ("L2", "jari telunjuk kiri"),
    _F.LEFT_MIDDLE: ("L3", "tengah kiri"),
    _F.LEFT_RING: ("L4", "manis kiri"),
    _F.LEFT_LITTLE: ("L5", "jari kelingking kiri"),
    _F.RIGHT_FOUR: ("right slap",),
    _F.LEFT_FOUR: ("left slap",),
    _F.BOTH_THUMBS: ("two thumbs", "kedua ibu jari"),
}
_MORE_EYE_SPELLINGS = {
    EyeLabel.UNDEFINED: ("unknown",),
    EyeLabel.RIGHT: ("R", "kanan"),
    EyeLabel.LEFT: ("L", "kiri"),
}


def _key(text: str) -> str:
    """Drop letter case and word breaks, but never join or sign numbers: ``"1-3"``, ``"-7"``."""
    return re.sub(r"(?<=[a-z])[\s_-]+(?=[a-z0-9])", "", text.strip().casefold())


_P = TypeVar("_P", FingerPosition, EyeLabel)


def _spellings(names: dict[_P, tuple[str, str]], more: dict[_P, tuple[str, ...]]) -> dict[str, _P]:
    """Map every accepted spelling to its position."""
    found: dict[str, _P] = {}
    for position in names:
        codes = (str(position.value), f"{position.value:02d}", position.name)
        for text in codes + names[position] + more[position]:
            found[_key(text)] = position
    return found


_FINGER_OF = _spellings(_FINGER_NAMES, _MORE_FINGER_SPELLINGS)
_EYE_OF = _spellings(_EYE_NAMES, _MORE_EYE_SPELLINGS)


def parse_finger(text: str | int) -> FingerPosition:
    """Read a finger position as people and systems write it.

    Parameters
    ----------
    text : str or int
        A code (``7``, ``"07"``), a name (``"left_index"``, ``"leftIndex"``,
        ``"Left IndexFinger"``), a short form counted from the thumb (``"L2"``), or the
        Indonesian name (``"telunjuk kiri"``).

    Returns
    -------
    FingerPosition
        A single finger, a slap, or ``UNKNOWN`` when the text says so.

    Raises
    ------
    InputError
        When the text is none of these; the message lists the positions.
    """
    return _parse(text, "finger", _FINGER_OF, tuple(FingerPosition))


def parse_eye(text: str | int) -> EyeLabel:
    """Read an eye label as people and systems write it.

    Parameters
    ----------
    text : str or int
        A code (``1``), a name (``"right"``, ``"rightEye"``, ``"R"``), or the Indonesian
        name (``"mata kanan"``, ``"kanan"``). Right and left are the person's own.

    Returns
    -------
    EyeLabel
        ``UNDEFINED`` only when the text says so.

    Raises
    ------
    InputError
        When the text is none of these; the message lists the labels.
    """
    return _parse(text, "eye", _EYE_OF, tuple(EyeLabel))


def _parse(text: str | int, what: str, known: dict[str, _P], choices: tuple[_P, ...]) -> _P:
    mixed_up = isinstance(text, IntEnum) and not isinstance(text, type(choices[0]))
    found = None if mixed_up else known.get(_key(str(text)))
    if found is not None:
        return found
    # Such a text may be a piece of a file name: long digit runs could identify a person.
    shown = re.sub(r"[0-9]{3,}", "…", repr(text) if mixed_up else str(text))[:24]
    listed = ", ".join(f"{choice.value} {choice.name.lower()}" for choice in choices)
    raise InputError(f"no {what} position {shown!r}: use one of {listed}")


def display_name(what: FingerPosition | EyeLabel | Modality, lang: Lang) -> str:
    """Return the name to show to people, in lower case.

    Parameters
    ----------
    what : FingerPosition, EyeLabel or Modality
        The member itself; a bare number would not say whether it is a finger or an eye.
    lang : {"id", "en"}
        Indonesian or English.

    Returns
    -------
    str
        Such as ``"telunjuk kanan"`` or ``"right index finger"``.

    Raises
    ------
    InputError
        When `what` is no such member or `lang` neither language.
    """
    if isinstance(what, FingerPosition):
        names = _FINGER_NAMES[what]
    elif isinstance(what, EyeLabel):
        names = _EYE_NAMES[what]
    elif isinstance(what, Modality):
        names = _MODALITY_NAMES[what]
    else:
        raise InputError(f"{what!r} is not a FingerPosition, EyeLabel or Modality")
    return in_language(lang, *names)
