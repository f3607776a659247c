"""Which part of the body a capture shows: its code, its names, and how people spell it.

Finger codes are those of ISO/IEC 19794-4:2011 (the same as in ANSI/NIST-ITL 1), eye labels
those of ISO/IEC 19794-6:2011, attribute names those of MOSIP registration packets.
Left and right are always the person's own.

A finger and an eye can share a number: ``FingerPosition.RIGHT_THUMB == EyeLabel.RIGHT`` is
true, as for any two equal `IntEnum` members. Where both may occur, use `Instance`.
"""

from ektp_biocheck.positions.codes import (
    SINGLE_FINGERS,
    SLAPS,
    EyeLabel,
    FingerPosition,
    Hand,
    ImpressionType,
    Modality,
    hand_of,
    slap_fingers,
    slap_of,
)
from ektp_biocheck.positions.instance import Instance, instance_from_mosip
from ektp_biocheck.positions.names import display_name, parse_eye, parse_finger

__all__ = [
    "SINGLE_FINGERS",
    "SLAPS",
    "EyeLabel",
    "FingerPosition",
    "Hand",
    "ImpressionType",
    "Instance",
    "Modality",
    "display_name",
    "hand_of",
    "instance_from_mosip",
    "parse_eye",
    "parse_finger",
    "slap_fingers",
    "slap_of",
]
