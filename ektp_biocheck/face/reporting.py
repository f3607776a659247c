"""Every measure of a face photo by name, in the order of its columns, present or missing."""

from collections.abc import Mapping

from ektp_biocheck.face.ofiq import MAPPINGS, NEEDS_A_NETWORK, mapped
from ektp_biocheck.quality import Measure

__all__ = ["MEASURES", "all_missing", "reported"]

_OWN = (
    *("faces", "sharpness", "blockiness", "smile", "raised_brows", "gaze_side", "gaze_height"),
    *("lower_face_cover", "eye_cover", "glasses", "eye_glare", "red_eye"),
    *("forehead_cover", "brow_cover", "oval_visible", "face_belief", "plain_face_belief"),
    *("lost_in_dark", "lost_in_light", "brightest", "outside_picture"),
    *("background_spread", "background_hue", "background_saturation"),
)
_FULL_ONLY = (
    *("BackgroundUniformity", "BackgroundUniformity.scalar", "blockiness"),
    *("background_spread", "background_hue", "background_saturation"),
)
_UNITS = {
    **dict.fromkeys(("HeadPoseYaw", "HeadPosePitch", "HeadPoseRoll", "background_hue"), "°"),
    "InterEyeDistance": "px",
    "DynamicRange": "bit",
}

MEASURES = (
    *(name for raw in MAPPINGS for name in (raw, f"{raw}.scalar")),
    *_OWN,
    *NEEDS_A_NETWORK,
)
"""Names of all measures: ISO/IEC 29794-5's native and mapped, our own, those not measured."""


def reported(values: Mapping[str, float], level: str) -> dict[str, Measure]:
    """Return every measure; a missing one says why.

    Parameters
    ----------
    values : Mapping[str, float]
        What was measured, by name, without the mapped values.
    level : str
        ``"full"`` or ``"fast"``.
    """
    known = dict(values)
    for name, raw in values.items():
        if name in MAPPINGS:
            known[f"{name}.scalar"] = float(mapped(name, raw))
    measures = {}
    for name in MEASURES:
        if name in known:
            measures[name] = Measure(known[name], _UNITS.get(name, ""))
        elif name in NEEDS_A_NETWORK:
            measures[name] = Measure(None, "", f"needs {NEEDS_A_NETWORK[name]}")
        else:
            fast = level == "fast" and name in _FULL_ONLY
            why = "left out at level fast" if fast else "too little of it is in the picture"
            measures[name] = Measure(None, _UNITS.get(name, ""), why)
    return measures


def all_missing(reason: str) -> dict[str, Measure]:
    """Return every measure as missing for one reason."""
    return {name: Measure(None, _UNITS.get(name, ""), reason) for name in MEASURES}
