"""What lies on the print rather than in the skin: old prints, dirt, cracks, motion, rotation.

Each is looked for on its own, in the maps that the analysis already made.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.analysis import Analysis
from ektp_biocheck.fingerprint.foreground import LEAST_AMPLITUDE, MM2_PER_PX
from ektp_biocheck.fingerprint.ridges import CELL, RidgeField
from ektp_biocheck.opencv import cv2
from ektp_biocheck.quality import Region

__all__ = [
    "Axis",
    "bend_of",
    "finger_evidence",
    "finger_likeness",
    "fingers_of",
    "ghost_cells",
    "lean_of",
    "motion_of",
    "region_of_cells",
]

RIDGE_CLARITY = 0.22  # cells clearer than this hold ridges of some finger
RIDGE_AGREEMENT = 0.35
OWN_CONTACT_MM2, ONE_FINGER_MM2 = 60.0, 800.0  # rolled from nail to nail stays below the latter
PERIODS_PX = (5.0, 14.5)  # 0.25 to 0.74 mm: children to large adults


@dataclass(frozen=True, slots=True)
class Axis:
    """Long axis of the contact area.

    Parameters
    ----------
    lean_deg : float
        From upright, counter-clockwise, -90 to 90.
    elongation : float
        Long over short axis; near 1 the lean means nothing.
    """

    lean_deg: float
    elongation: float


def region_of_cells(cells: NDArray[np.bool_], shape: tuple[int, int]) -> Region | None:
    """Bounding box in px of the chosen cells."""
    rows, columns = np.nonzero(cells)
    if not len(rows):
        return None
    top, left = int(rows.min()) * CELL, int(columns.min()) * CELL
    bottom = min(int(rows.max() + 1) * CELL, shape[0])
    right = min(int(columns.max() + 1) * CELL, shape[1])
    return Region(left, top, right - left, bottom - top)


def finger_evidence(analysis: Analysis) -> float:
    """Area (mm²) of cells that look like ridges of a finger: clear, agreeing, of its period.

    A chessboard is clear but its period or its two directions are not a finger's; text and
    faces have edges but no neighbours that agree.
    """
    return float(_finger_cells(analysis).sum() * CELL**2 * MM2_PER_PX)


def bend_of(analysis: Analysis) -> float:
    """How far the ridges turn, 0 (all one way) to 1 (every way alike).

    The circular variance of their directions. Bricks, lines of print and stripes stay below
    0.05; ridges of a finger bend, and none of the 405 development prints is below 0.06.
    """
    directions = analysis.field.direction[_finger_cells(analysis)]
    if not len(directions):
        return 1.0
    return 1 - float(abs(np.exp(2j * directions).mean()))


def _finger_cells(analysis: Analysis) -> NDArray[np.bool_]:
    field = analysis.field
    ridges = (
        (field.clarity > RIDGE_CLARITY)
        & (field.agreement > RIDGE_AGREEMENT)
        & (field.period > PERIODS_PX[0])
        & (field.period < PERIODS_PX[1])
        & (field.amplitude > LEAST_AMPLITUDE)
        & (analysis.foreground.cells > 0.5)
    )
    return np.asarray(ridges)


def finger_likeness(analysis: Analysis) -> float:
    """How far a picture looks like a print rather than a scene, in log odds.

    Two figures tell them apart. In a print the grey of neighbouring cells hardly differs
    against the height of its ridges; in a face, an eye or a landscape it does. And the better
    part of a print is clear ridges. Fitted on 405 development prints and 360 degraded ones
    against 85 pictures of other things; no untouched print stayed below 1.
    """
    field, inside = analysis.field, analysis.foreground.cells > 0.5
    if not inside.any():
        return -10.0
    near = cv2.blur(field.level, (3, 3), borderType=cv2.BORDER_REPLICATE)
    steps = np.abs(field.level - near)[inside] / (field.amplitude[inside] + 1)
    clear = float(np.quantile(field.clarity[inside], 0.75))
    return 13.37 * clear - 1.55 * float(np.log(np.median(steps) + 0.02)) - 5.79


def ghost_cells(analysis: Analysis) -> NDArray[np.bool_]:
    """Cells outside the contact that hold faint ridges: what an earlier finger left."""
    field, contact = analysis.field, analysis.foreground.cells
    near = cv2.dilate((contact > 0.02).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    ridges = (
        (field.clarity > RIDGE_CLARITY)
        & (field.agreement > 0.5)
        & (field.amplitude > LEAST_AMPLITUDE)
        & (field.period > PERIODS_PX[0])
        & (field.period < PERIODS_PX[1])
    )
    return np.asarray(ridges & ~near)


def fingers_of(analysis: Analysis) -> int:
    """How many fingers lie side by side on the glass: contacts beside each other, each a finger's.

    What lies below is the second joint, not another finger. Contacts that touch count by their
    area: no single finger among the development prints covers more than 540 mm².
    """
    grain = 4
    coarse = np.ascontiguousarray(analysis.foreground.mask[::grain, ::grain]).astype(np.uint8)
    boxes = cv2.connectedComponentsWithStats(coarse)[2][1:]
    mm2 = boxes[:, cv2.CC_STAT_AREA] * grain**2 * MM2_PER_PX
    fingers, right = 0, -1
    for x, _, width, _, _ in sorted(boxes[mm2 > OWN_CONTACT_MM2].tolist()):
        if x > right:
            fingers += 1
        right = max(right, x + width)
    return max(fingers, 1 + int(mm2.max(initial=0) > ONE_FINGER_MM2))


def lean_of(analysis: Analysis) -> Axis:
    """Long axis of the contact area from its second moments."""
    moments = cv2.moments(analysis.foreground.cells)
    if moments["m00"] <= 0:
        return Axis(0.0, 1.0)
    xx, yy, xy = (moments[k] / moments["m00"] for k in ("mu20", "mu02", "mu11"))
    root = float(np.hypot(xx - yy, 2 * xy))
    long_axis, short_axis = (xx + yy + root) / 2, max((xx + yy - root) / 2, 1e-9)
    from_right = 0.5 * np.arctan2(2 * xy, xx - yy)  # y down: clockwise from the right
    lean = 90 - float(np.rad2deg(from_right)) % 180
    return Axis(lean, float(np.sqrt(long_axis / short_axis)))


def motion_of(field: RidgeField, contact: NDArray[np.float32]) -> tuple[float, float]:
    """How much fainter the ridges across one direction are, and that direction.

    A finger that moves wipes out the ridges it moves across and leaves those along its way.

    Returns
    -------
    strength : float
        0 when amplitude does not depend on direction, towards 1 when one direction is gone.
    direction : float
        Of the movement, radians, 0..π, x right and y down.
    """
    inside = (contact > 0.9) & (field.clarity > 0.12)
    if inside.sum() < 100:
        return 0.0, 0.0
    angle = 2 * field.direction[inside]
    design = np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=1)
    (mean, c, s), *_ = np.linalg.lstsq(design, np.log(field.amplitude[inside] + 1), rcond=None)
    del mean
    strength = float(np.tanh(np.hypot(c, s)))
    return strength, float((np.arctan2(-s, -c) / 2) % np.pi)
