"""Defects from measures: what is wrong with an eye that was found, and why none was found.

Severities are straight lines between two figures: where a defect begins to be named (0.2) and
from where it makes the capture useless (0.5, the catalogue's bar for a hard defect). Beginnings
lie where about one development capture in a hundred does.
"""

from collections.abc import Mapping

import numpy as np

from ektp_biocheck.defects import found
from ektp_biocheck.defects.info import SEVERE
from ektp_biocheck.iris.contrast import measure_greys
from ektp_biocheck.iris.segmentation import Eye
from ektp_biocheck.iris.visibility import behind_lids
from ektp_biocheck.quality import Defect, Measure, Region

__all__ = ["eye_defects", "is_visible_light"]

_BEGINS = 0.2
PATTERN = 1.7
SPOTS = 18
DARK = 0.4  # iris over sclera: brown irises reflect less in visible light, more in infrared


def _grade(value: float, begins: float, hard: float) -> float:
    """0 before `begins`, then 0.2 to the catalogue's bar at `hard` and on to 1."""
    share = (value - begins) / (hard - begins)
    return float(np.clip(_BEGINS + (SEVERE - _BEGINS) * share, 0, 1)) if share >= 0 else 0.0


def region_of(eye: Eye) -> Region:
    """Return the rectangle around the limbus, inside the picture."""
    height, width = eye.shape
    left, top = int(max(eye.limbus.x - eye.limbus.r, 0)), int(max(eye.limbus.y - eye.limbus.r, 0))
    right = int(min(eye.limbus.x + eye.limbus.r + 1, width))
    bottom = int(min(eye.limbus.y + eye.limbus.r + 1, height))
    return Region(left, top, max(right - left, 1), max(bottom - top, 1))


def is_visible_light(eye: Eye, measures: Mapping[str, Measure]) -> bool:
    """Whether the iris is nearly as black as its pupil beside a far brighter sclera.

    The same sign as `segmentation.dark_iris`, for eyes whose pupil was found all the same. A
    cloudy lens or cornea brings pupil and iris together too, but by making the pupil bright.
    """
    haze, sclera = measures["haze"].value, measures["iris_sclera_contrast"].value
    if haze is None or sclera is None or haze < 45 or sclera < 75:
        return False
    greys = measure_greys(eye)
    return (greys.iris or 0.0) < DARK * (greys.sclera or 0.0)


def eye_defects(eye: Eye, measures: Mapping[str, Measure]) -> list[Defect]:
    """Name what is wrong with an eye that was found.

    Parameters
    ----------
    eye : Eye
        The segmentation.
    measures : Mapping of str to Measure
        Its measures.

    Returns
    -------
    list of Defect
        In no order.
    """
    value = {name: m.value if m.value is not None else np.nan for name, m in measures.items()}
    lids = behind_lids(eye)
    # Dozens of white spots are the dots of a printed lens, not lamps.
    dots = _grade(value["reflection_spots"], SPOTS, 2 * SPOTS)
    glare = (
        0.0
        if dots
        else max(_grade(value["reflection_cover"], 9, 14), _grade(value["saturation"], 2.5, 7))
    )
    # White light over the pupil says nothing about what lies behind it.
    cloud = 0.0 if glare > 0 else max(_grade(value["haze"], 42, 70), 0.3 * eye.clouded)
    # A lid over the pupil takes its rim too: both together tell how far down it hangs.
    hidden = lids + 100 - value["pupil_edge_seen"]
    tilt = max(value["gaze_sideways"] - 26, value["gaze_vertical"] - 38)
    odd_size = max(value["pupil_iris_ratio"] - 65, 20 - value["pupil_iris_ratio"], -1)
    graded = {
        "IR_SPECULAR": (glare, {name: value[name] for name in ("reflection_cover", "saturation")}),
        "IR_CLOUDY_CORNEA": (cloud, {"haze": value["haze"]}),
        "IR_LID_OCCLUSION": (
            max(
                _grade(lids, 42, 54),
                _grade(-value["eye_opening"], -0.56, -0.39),
                _grade(hidden, 60, 69),
            ),
            {"lid_cover": lids, "eye_opening": value["eye_opening"]},
        ),
        "IR_LASH_OCCLUSION": (
            _grade(value["lash_cover"], 26, 40),
            {"lash_cover": value["lash_cover"]},
        ),
        "IR_CONTACT_LENS": (
            max(dots, _grade(value["fine_pattern"], PATTERN, 1.6 * PATTERN)),
            {name: value[name] for name in ("fine_pattern", "reflection_spots")},
        ),
        "IR_OFF_GAZE": (
            _grade(tilt, 0, 12),
            {"sideways": value["gaze_sideways"], "vertical": value["gaze_vertical"]},
        ),
        "IR_PUPIL_ABNORMAL": (
            max(_grade(odd_size, 0, 9), _grade(value["pupil_unevenness"], 6, 11)),
            {"pupil_iris_ratio": value["pupil_iris_ratio"]},
        ),
        "IR_BLUR": (
            max(
                _grade(value["edge_width"], 5.7, 11),
                _grade(value["motion_blur"], 5.5, 11),
                _grade(value["interlacing"], 1.3, 2.0),
            ),
            {name: value[name] for name in ("edge_width", "motion_blur") if value[name] >= 0},
        ),
        "IR_ARCUS_SENILIS": (
            _grade(value["limbal_ring"], 0.22, 0.8),
            {"limbal_ring": value["limbal_ring"]},
        ),
        "IR_TOO_SMALL": (
            _grade(-value["iris_radius"], -42, -32),
            {"iris_radius": value["iris_radius"]},
        ),
        "IR_MARGIN": (
            max(
                _grade(value["outside_cover"], 1.5, 11), _grade(-value["margin_adequacy"], -15, 30)
            ),
            {"outside_cover": value["outside_cover"], "margin_adequacy": value["margin_adequacy"]},
        ),
    }
    region = region_of(eye)
    return [
        found(code, severity, {k: v for k, v in evidence.items() if np.isfinite(v)}, region)
        for code, (severity, evidence) in graded.items()
        if severity > 0
    ]
