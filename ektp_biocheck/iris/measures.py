"""All measures of one eye, by name."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.iris import contrast, gaze, sharpness, visibility
from ektp_biocheck.iris.segmentation import Eye
from ektp_biocheck.quality import Measure

__all__ = ["UNITS", "measure_eye", "measure_picture", "missing"]

UNITS = {
    "usable_iris_area": "%",
    "iris_sclera_contrast": "",
    "iris_pupil_contrast": "",
    "pupil_boundary_circularity": "",
    "greyscale_utilisation": "bit",
    "iris_radius": "px",
    "pupil_iris_ratio": "%",
    "iris_pupil_concentricity": "%",
    "margin_adequacy": "%",
    "sharpness": "",
    "upper_lid_cover": "%",
    "lower_lid_cover": "%",
    "lash_cover": "%",
    "reflection_cover": "%",
    "outside_cover": "%",
    "reflection_spots": "",
    "eye_opening": "iris diameters",
    "room_below_pupil": "iris radii",
    "pupil_edge_seen": "%",
    "limbus_edge_seen": "%",
    "limbus_misfit": "% of iris radius",
    "gaze_sideways": "°",
    "gaze_vertical": "°",
    "pupil_unevenness": "%",
    "edge_width": "% of iris radius",
    "motion_blur": "% of iris radius",
    "interlacing": "",
    "haze": "%",
    "limbal_ring": "",
    "texture_energy": "%",
    "upper_clutter": "",
    "fine_pattern": "",
    "saturation": "%",
    "segmentation_confidence": "",
}
"""Unit of every measure; the keys are the names, ISO/IEC 29794-6's first."""

_FULL_ONLY = "measured at level full only"


def missing(why: str) -> dict[str, Measure]:
    """Every measure as missing for one reason."""
    return {name: Measure(None, unit, why) for name, unit in UNITS.items()}


def measure_picture(pixels: NDArray[np.uint8], *, full: bool) -> dict[str, Measure]:
    """Measure what needs no eye."""
    values = {"greyscale_utilisation": contrast.greyscale_utilisation(pixels)}
    if full:
        values["sharpness"] = sharpness.iso_sharpness(pixels)
    return {name: Measure(value, UNITS[name]) for name, value in values.items()}


def measure_eye(pixels: NDArray[np.uint8], eye: Eye, *, full: bool) -> dict[str, Measure]:
    """Measure an eye that was found.

    Parameters
    ----------
    pixels : (H, W) uint8
        The capture.
    eye : Eye
        Its segmentation.
    full : bool
        Also what needs the full resolution.

    Returns
    -------
    dict of str to Measure
        One entry for every key of `UNITS`.
    """
    greys = contrast.measure_greys(eye)
    cover = visibility.covered_shares(eye)
    sideways, vertical = gaze.gaze_angle(eye)
    found: dict[str, float | None] = {
        "usable_iris_area": visibility.usable_iris_area(eye),
        "iris_sclera_contrast": contrast.iris_sclera_contrast(greys),
        "iris_pupil_contrast": contrast.iris_pupil_contrast(greys),
        "iris_radius": eye.limbus.r,
        "pupil_iris_ratio": gaze.pupil_ratio(eye),
        "iris_pupil_concentricity": gaze.concentricity(eye),
        "margin_adequacy": visibility.margin_adequacy(eye),
        "upper_lid_cover": cover["upper"],
        "lower_lid_cover": cover["lower"],
        "lash_cover": cover["lashes"],
        "reflection_cover": cover["reflections"],
        "outside_cover": cover["outside"],
        "reflection_spots": visibility.reflection_spots(eye),
        "eye_opening": visibility.eye_opening(eye),
        "room_below_pupil": visibility.room_below_pupil(eye),
        "pupil_edge_seen": 100.0 * eye.pupil.fraction,
        "limbus_edge_seen": 100.0 * eye.limbus.fraction,
        "limbus_misfit": 100.0 * eye.limbus.residual / eye.limbus.r,
        "gaze_sideways": sideways,
        "gaze_vertical": vertical,
        "haze": contrast.haze(greys),
        "limbal_ring": eye.ring.fall,
        "saturation": 100.0 * greys.saturated,
        "segmentation_confidence": eye.confidence,
    }
    texture = sharpness.measure_texture(pixels, eye)
    found |= {
        "texture_energy": texture.energy,
        "upper_clutter": texture.clutter,
        "fine_pattern": texture.pattern,
    }
    if full:
        found |= _fine(pixels, eye)
    out = measure_picture(pixels, full=full)
    for name, unit in UNITS.items():
        if name not in out:
            value = found.get(name)
            why = "too little of the eye is seen" if name in found else _FULL_ONLY
            out[name] = Measure(value, unit, why if value is None else None)
    return {name: out[name] for name in UNITS}


def _fine(pixels: NDArray[np.uint8], eye: Eye) -> dict[str, float | None]:
    """Measures that need the capture's own resolution."""
    edge = sharpness.pupil_edge(pixels, eye)
    circularity = unevenness = None
    if edge is not None:
        circularity, unevenness = gaze.pupil_circularity(edge.radii)
    return {
        "pupil_boundary_circularity": circularity,
        "pupil_unevenness": unevenness,
        "edge_width": None if edge is None else edge.width,
        "motion_blur": None if edge is None else edge.motion,
        "interlacing": sharpness.interlacing(pixels, eye),
    }
