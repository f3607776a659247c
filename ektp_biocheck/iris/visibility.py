"""How much of the iris is seen, and what hides the rest (ISO/IEC 29794-6, 6.2.1 and 6.2.9).

Definitions follow ISO/IEC 29794-6:2015; all shares are of the whole annulus between the
boundaries, so that a part cut off by the picture's edge counts as not seen.
"""

import numpy as np

from ektp_biocheck.iris.lids import RADIUS
from ektp_biocheck.iris.segmentation import Eye
from ektp_biocheck.opencv import cv2

__all__ = [
    "behind_lids",
    "covered_shares",
    "eye_opening",
    "margin_adequacy",
    "margins",
    "reflection_spots",
    "room_below_pupil",
    "usable_iris_area",
]


def usable_iris_area(eye: Eye) -> float:
    """Share of the annulus that is visible iris, in per cent. Higher is better; ISO: 70."""
    return 100.0 * float(eye.masks["visible"].sum()) / max(eye.area, 1)


def covered_shares(eye: Eye) -> dict[str, float]:
    """Share of the annulus under each cover, in per cent: lids, lashes, reflections, outside.

    Lower is better. The five shares and the usable area add up to 100.
    """
    names = ("upper", "lower", "lashes", "reflections", "outside")
    return {name: 100.0 * float(eye.masks[name].sum()) / max(eye.area, 1) for name in names}


def behind_lids(eye: Eye) -> float:
    """Share of the annulus beyond both lids' edges with the lashes there, in per cent."""
    half = eye.patch.grey.shape[0] // 2
    axis = np.asarray(np.arange(-half, half + 1) / RADIUS, np.float32)
    hanging = eye.masks["lashes"] & (axis[:, None] < eye.upper.at(axis))
    covered = eye.masks["upper"].sum() + eye.masks["lower"].sum() + hanging.sum()
    return 100.0 * float(covered) / max(eye.area, 1)


def reflection_spots(eye: Eye) -> float:
    """Count the separate white spots on the iris. Lamps leave a few, a printed lens dozens."""
    return float(cv2.connectedComponents(eye.masks["reflections"].astype(np.uint8))[0] - 1)


def eye_opening(eye: Eye) -> float:
    """Distance of the lids at the pupil, in iris diameters, 0 to 1. Higher is better.

    Beyond the limbus lids are not followed, so that 1 means "at least the whole iris".
    """
    at = np.array([(eye.pupil.x - eye.limbus.x) / eye.limbus.r], np.float32)
    top = max(float(eye.upper.at(at)[0]), -1.0)
    bottom = min(float(eye.lower.at(at)[0]), 1.0)
    return float(np.clip((bottom - top) / 2, 0, 1))


def room_below_pupil(eye: Eye) -> float:
    """Distance from the pupil's lower edge to the lower lid, in iris radii. Higher is better.

    Negative when the lid cuts the pupil. Small for a lid that has risen, a gaze turned down
    and a wide pupil alike: each costs the strip of iris that lids hide least.
    """
    at = np.array([(eye.pupil.x - eye.limbus.x) / eye.limbus.r], np.float32)
    foot = (eye.pupil.y - eye.limbus.y + eye.pupil.r) / eye.limbus.r
    return float(eye.lower.at(at)[0]) - foot


def margins(eye: Eye) -> dict[str, float]:
    """Room between the limbus and each edge of the picture, in iris radii; negative if cut."""
    height, width = eye.shape
    x, y, r = eye.limbus.x + 0.5, eye.limbus.y + 0.5, eye.limbus.r
    return {
        "left": (x - r) / r,
        "right": (width - x - r) / r,
        "up": (y - r) / r,
        "down": (height - y - r) / r,
    }


def margin_adequacy(eye: Eye) -> float:
    """ISO margin adequacy in per cent: 0.6 radii at the sides and 0.2 above and below are 100."""
    room = margins(eye)
    needs = {"left": 0.6, "right": 0.6, "up": 0.2, "down": 0.2}
    return 100.0 * float(min(np.clip(room[side] / need, 0, 1) for side, need in needs.items()))
