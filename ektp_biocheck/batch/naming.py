"""What a capture shows, as far as its name says so clearly.

``3313/iris/left_eye.png`` is the left eye, ``sidik_jari/telunjuk kanan.bmp`` the right index
finger. The part nearest to the file decides. A name that says two things says nothing: a
position is never guessed from bare numbers, since ``101_7.png`` may be person 101, capture 7.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import EyeLabel, FingerPosition, parse_eye, parse_finger

if TYPE_CHECKING:
    from ektp_biocheck.samples import Modality

__all__ = ["Told", "position_name", "told_by_name"]

_WORDS: "dict[str, Modality]" = {
    **dict.fromkeys(
        ("finger", "fingers", "fingerprint", "fingerprints", "jari", "sidikjari", "sidik"),
        "finger",
    ),
    **dict.fromkeys(("iris", "irises", "eye", "eyes", "mata"), "iris"),
    **dict.fromkeys(("face", "faces", "wajah", "pasfoto", "portrait", "portraits"), "face"),
}
_BEFORE_A_CODE = {"finger", "jari", "fgp", "position", "pos"}
_LONGEST = 4  # words in a position: "right index finger" and one more
_SHORT = re.compile(r"[rl]( ?\d)?")
_SIDES = ("left", "right", "kiri", "kanan")


@dataclass(frozen=True, slots=True)
class Told:
    """What a name says; ``None`` where it says nothing."""

    modality: "Modality | None" = None
    position: str | None = None


def position_name(position: FingerPosition | EyeLabel) -> str | None:
    """Return how results write a position: ``"right_index"``, ``"left_eye"``; unknown is none."""
    if position in (FingerPosition.UNKNOWN, EyeLabel.UNDEFINED):
        return None
    name = position.name.lower()
    return f"{name}_eye" if isinstance(position, EyeLabel) else name


def told_by_name(path: str, modality: "Modality | None" = None) -> Told:
    """Read modality and position from a path.

    Parameters
    ----------
    path : str
        Relative, with ``/`` between the parts.
    modality : {"finger", "iris", "face"}, optional
        What is known already; a position that contradicts it is not taken.

    Returns
    -------
    Told
        The part nearest to the file that says something clear decides.
    """
    *folders, file = path.split("/")
    parts = (file.rpartition(".")[0] or file, *reversed(folders))
    for part in parts:
        modality = modality or _modality(part)
    named = (_position_in(part, modality) for part in parts)
    return Told(modality, next((name for name in named if name is not None), None))


@lru_cache(maxsize=4096)  # folders come again with every file
def _modality(part: str) -> "Modality | None":
    words = _words(part)
    told = {_WORDS[word] for word in words if word in _WORDS}
    for position in _positions(words, None):
        told.add("finger" if isinstance(position, FingerPosition) else "iris")
    return told.pop() if len(told) == 1 else None


@lru_cache(maxsize=4096)
def _position_in(part: str, modality: "Modality | None") -> str | None:
    if modality not in ("finger", "iris"):
        return None
    found = _positions(_words(part), modality)
    return position_name(found.pop()) if len(found) == 1 else None


def _words(part: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", part)]


def _positions(words: list[str], modality: "Modality | None") -> set[FingerPosition | EyeLabel]:
    """Return the positions that the words name, the longest match first."""
    found: set[FingerPosition | EyeLabel] = set()
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            position = _position(words[at : at + length], words[:at], modality)
            if position is not None:
                found.add(position)
                at += length
                break
        else:
            at += 1
    return {position for position in found if position_name(position) is not None}


def _position(
    words: list[str], before: list[str], modality: "Modality | None"
) -> FingerPosition | EyeLabel | None:
    text = " ".join(words)
    if text.isdecimal() and not (modality == "finger" and before and before[-1] in _BEFORE_A_CODE):
        return None
    if _SHORT.fullmatch(text) and modality is None:
        return None  # R2 may be a finger, a round, a reader
    if text in _SIDES and modality != "iris":
        return None
    for kind, parse in (("finger", parse_finger), ("iris", parse_eye)):
        if modality in (None, kind):
            try:
                return parse(text)
            except InputError:
                continue
    return None
