"""One part of the body as one modality takes it, and what MOSIP calls it."""

from dataclasses import dataclass
from enum import IntEnum

from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang
from ektp_biocheck.positions.codes import SINGLE_FINGERS, EyeLabel, FingerPosition, Modality
from ektp_biocheck.positions.names import display_name

__all__ = ["Instance", "instance_from_mosip"]


@dataclass(frozen=True, slots=True)
class Instance:
    """One part of the body as one modality takes it: the right index finger, the left eye.

    Parameters
    ----------
    modality : Modality
        What is captured.
    position : FingerPosition, EyeLabel or None
        A finger for ``FINGER``, an eye for ``IRIS``, ``None`` for all others.

    Raises
    ------
    InputError
        When modality and position do not belong together.
    """

    modality: Modality
    position: FingerPosition | EyeLabel | None = None

    def __post_init__(self) -> None:
        wanted = {Modality.FINGER: FingerPosition, Modality.IRIS: EyeLabel}.get(self.modality)
        if not isinstance(self.position, wanted or type(None)):
            needs = f"a position of type {wanted.__name__}" if wanted else "no position"
            raise InputError(f"{self.modality} takes {needs}, got {self.position!r}")

    @property
    def mosip_attribute(self) -> str:
        """The attribute name of a MOSIP packet, such as ``"rightIndex"``.

        Raises
        ------
        InputError
            When MOSIP has no name for it: slaps, unknown positions, exception photo, signature.
        """
        try:
            return _MOSIP_ATTRIBUTES[self]
        except KeyError:
            raise InputError(
                f"MOSIP has no attribute for {self.modality} {self.position!r}: "
                "only for the ten fingers, the two eyes and the face"
            ) from None

    def display_name(self, lang: Lang) -> str:
        """Return the name to show to people; see `display_name`."""
        return display_name(self.modality if self.position is None else self.position, lang)


def _camel(member: IntEnum) -> str:
    side, part = member.name.lower().split("_")
    return side + part.capitalize()


_MOSIP_ATTRIBUTES = {
    **{Instance(Modality.FINGER, finger): _camel(finger) for finger in SINGLE_FINGERS},
    Instance(Modality.IRIS, EyeLabel.RIGHT): "rightEye",
    Instance(Modality.IRIS, EyeLabel.LEFT): "leftEye",
    Instance(Modality.FACE): "face",
}
_OF_MOSIP_ATTRIBUTE = {name: instance for instance, name in _MOSIP_ATTRIBUTES.items()}


def instance_from_mosip(attribute: str) -> Instance:
    """Return the instance that a MOSIP attribute names.

    Parameters
    ----------
    attribute : str
        Exactly as in the packet: ``"rightIndex"``, ``"leftEye"``, ``"face"``.

    Returns
    -------
    Instance
        A single finger, an eye or the face.

    Raises
    ------
    InputError
        When MOSIP has no such attribute; the message lists them.
    """
    try:
        return _OF_MOSIP_ATTRIBUTE[attribute]
    except KeyError:
        raise InputError(
            f"no MOSIP attribute {attribute!r}: use one of {', '.join(_OF_MOSIP_ATTRIBUTE)}"
        ) from None
