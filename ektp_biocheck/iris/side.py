"""Left or right eye: the pupil lies a little towards the nose.

The pupil is not centred in the iris but displaced to the nasal side, in nearly everyone and by
a few per cent of the iris radius; in an upright, unmirrored capture the nose is to the left of
a person's left eye. Cases near the middle are "not known".
"""

from typing import Literal

from ektp_biocheck.defects import found
from ektp_biocheck.iris.segmentation import Eye
from ektp_biocheck.quality import Defect

__all__ = ["Side", "eye_side", "nasal_shift", "swapped"]

Side = Literal["left", "right", "not known"]
_CLEAR = 0.012  # iris radii


def nasal_shift(eye: Eye) -> float:
    """How far the pupil lies left of the iris' centre, in iris radii (negative: right)."""
    return (eye.limbus.x - eye.pupil.x) / eye.limbus.r


def eye_side(eye: Eye) -> Side:
    """Tell a person's left eye from the right one.

    Parameters
    ----------
    eye : Eye
        Segmentation of an upright, unmirrored capture that looks at the camera.

    Returns
    -------
    {"left", "right", "not known"}
        The person's side.
    """
    shift = nasal_shift(eye)
    if abs(shift) < _CLEAR or eye.confidence < 0.8 or eye.clouded:
        return "not known"
    return "left" if shift > 0 else "right"


def swapped(left: Eye, right: Eye) -> Defect | None:
    """Report IR_LEFT_RIGHT_SWAP when a pair of captures contradicts its labels.

    Parameters
    ----------
    left, right : Eye
        What was captured as the person's left and as the right eye.

    Returns
    -------
    Defect or None
        Only when both sides are told and both are the other one.
    """
    if eye_side(left) == "right" and eye_side(right) == "left":
        evidence = {"shift_of_left": nasal_shift(left), "shift_of_right": nasal_shift(right)}
        return found("IR_LEFT_RIGHT_SWAP", 1.0, evidence)
    return None
