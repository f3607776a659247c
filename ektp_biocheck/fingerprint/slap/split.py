"""From a slap to its fingers: which pixels are one fingertip, where it lies and how it leans."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.foreground import MM2_PER_PX, find_foreground
from ektp_biocheck.fingerprint.ridges import CELL, RidgeField
from ektp_biocheck.opencv import cv2

__all__ = ["MM_PER_PX", "Fingertip", "split_slap"]

MM_PER_PX = 25.4 / 500
GRAIN = 4  # px: outlines are worked out this coarse
NECK = 0.8  # two parts are two fingers when they are joined by less than this of their half width
ROUND = 0.94  # of its convex hull that one finger fills
LEAST_MM2 = 15.0
FAINT, PALE = 0.35, 0.35  # of what the other parts have: an old print is both fainter and paler
SAME_COLUMN = 0.6  # of a finger's width: parts nearer than this sideways are one finger
TIP_LENGTH = 1.75  # of its width; what lies lower is the next phalanx
ENOUGH = 0.9  # of its width; a top part as long as that is the whole fingertip
LEAST_WIDTH = 160.0  # px, 8 mm
LONG = 1.12  # long over short axis, from which the axis tells the lean
MOST = 8
EDGE = 0.005  # of a fingertip's pixels on each side that its box may leave out
TAIL_MM = 3.0  # dirt that hangs on a finger is thinner
ASKEW = 25.0  # degrees that one finger leans beside its hand at most

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fingertip:
    """One fingertip of a slap, at 500 ppi.

    Parameters
    ----------
    mask : (H/4, W/4) bool
        Its pixels, four by four.
    x, y : float
        Middle of its upright box, px right and down.
    width, height : float
        Of that box, px.
    lean : float
        Degrees counter-clockwise from upright.
    """

    mask: Mask
    x: float
    y: float
    width: float
    height: float
    lean: float


def _points(mask: Mask) -> Floats:
    """Pixel centres (N, 2) at 500 ppi: right, down."""
    rows, columns = np.nonzero(mask)
    return GRAIN * np.stack([columns, rows], axis=1).astype(np.float64) + (GRAIN - 1) / 2


def _axis(mask: Mask) -> tuple[float, float]:
    """Lean (degrees counter-clockwise from upright) and long over short axis."""
    spread = np.cov(_points(mask).T) + np.eye(2) * GRAIN**2 / 12
    values, vectors = np.linalg.eigh(spread)
    right, down = vectors[:, 1]
    lean = float(np.rad2deg(np.arctan2(-right, -down)))
    return (lean + 90) % 180 - 90, float(np.sqrt(values[1] / values[0]))


def _without_tails(mask: Mask) -> Mask:
    side = round(TAIL_MM / (GRAIN * MM_PER_PX)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    padded = np.pad(mask.astype(np.uint8), side, mode="edge")  # fingers may lie on the edge
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, disc)
    return np.asarray(opened[side:-side, side:-side] > 0)


def _parts(mask: Mask) -> list[Mask]:
    """Cut a foreground into pieces, and those at their necks that are not all round."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    parts: list[Mask] = []
    for label in range(1, count):
        piece = np.asarray(labels == label)
        outline, _ = cv2.findContours(
            piece.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        hull = cv2.contourArea(cv2.convexHull(outline[0]))
        parts += [piece] if cv2.contourArea(outline[0]) > ROUND * hull else _cut(piece)
    return parts


def _cut(mask: Mask) -> list[Mask]:
    """Cut one piece at its necks."""
    from skimage import morphology, segmentation

    tools: Any = morphology, segmentation  # untyped
    padded = np.pad(mask, 1).astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    depth = cv2.GaussianBlur(depth, (0, 0), 1.5) * mask
    level = np.log(np.maximum(depth, 0.5))
    tops = level - tools[0].reconstruction(level + np.log(NECK), level) >= -np.log(NECK) - 1e-6
    count, markers = cv2.connectedComponents((tops & mask).astype(np.uint8), connectivity=8)
    if count <= 2:
        return [mask]
    labels = tools[1].watershed(-depth, markers, mask=mask)
    return [np.asarray(labels == label) for label in range(1, count)]


def _mean_under(grid: NDArray[np.float32], mask: Mask, quantile: float) -> float:
    rows, columns = np.nonzero(mask)
    step = CELL // GRAIN
    return float(np.quantile(grid[rows // step, columns // step], quantile))


def _real(parts: list[Mask], field: RidgeField, glass: float) -> list[Mask]:
    """Leave out specks and old prints: fainter and paler than the other parts."""
    area = GRAIN**2 * MM2_PER_PX
    parts = [part for part in parts if part.sum() * area >= LEAST_MM2]
    parts = sorted(parts, key=lambda part: -int(part.sum()))[: 2 * MOST]
    if not parts:
        return []
    strength = np.array([_mean_under(field.amplitude, part, 0.75) for part in parts])
    darkness = np.array([glass - _mean_under(field.level, part, 0.5) for part in parts])
    old = strength < FAINT * np.median(strength)
    old &= darkness < PALE * np.median(darkness)
    return [part for part, is_old in zip(parts, old, strict=True) if not is_old]


def _turn_of(parts: list[Mask]) -> float:
    """How the hand lies: mean lean of its longish parts, degrees."""
    weighted = []
    for part in parts:
        lean, longish = _axis(part)
        if longish >= LONG and abs(lean) < 60:
            weighted.append((lean, min(longish - 1, 0.6) * float(part.sum())))
    if not weighted:
        return 0.0
    leans, weights = np.array(weighted).T
    return float((leans * weights).sum() / weights.sum())


def _turned(points: Floats, lean: float) -> Floats:
    """Coordinates in which a finger of this lean stands upright."""
    c, s = np.cos(np.deg2rad(lean)), np.sin(np.deg2rad(lean))
    return np.stack([c * points[:, 0] - s * points[:, 1], s * points[:, 0] + c * points[:, 1]], 1)


def _columns(parts: list[Mask], turn: float) -> list[list[Mask]]:
    """Group parts that lie one below the other, as the phalanges of a finger do."""
    spans = []
    for part in parts:
        across = _turned(_points(part), turn)[:, 0]
        low, high = np.quantile(across, [0.02, 0.98])
        spans.append((float(low + high) / 2, float(high - low)))
    order = sorted(range(len(parts)), key=lambda n: -spans[n][1] * float(parts[n].sum()))
    columns: list[tuple[float, float, list[Mask]]] = []
    for n in order:
        middle, width = spans[n]
        for at, wide, members in columns:
            if abs(at - middle) < SAME_COLUMN * max(wide, width):
                members.append(parts[n])
                break
        else:
            columns.append((middle, width, [parts[n]]))
    return [members for _, _, members in sorted(columns, key=lambda column: column[0])]


def _tip(members: list[Mask], turn: float) -> Mask:
    """Keep the last phalanx: the topmost part, or what lies no lower than a fingertip is long."""
    spans = []
    for member in members:
        points = _turned(_points(member), turn)
        left, right = np.quantile(points[:, 0], [0.02, 0.98])
        spans.append((float(points[:, 1].min()), float(np.ptp(points[:, 1])), float(right - left)))
    first = min(range(len(members)), key=lambda n: spans[n][0])
    top, length, width = spans[first]
    width = max(width, LEAST_WIDTH)
    whole = members[first] if length >= ENOUGH * width else np.any(members, axis=0)
    kept = _turned(_points(whole), turn)[:, 1] <= top + TIP_LENGTH * width
    tip = np.zeros_like(whole)
    rows, columns = np.nonzero(whole)
    tip[rows[kept], columns[kept]] = True
    return tip


def _fingertip(mask: Mask, turn: float) -> Fingertip:
    lean, longish = _axis(mask)
    own = float(np.clip((longish - 1.03) / 0.2, 0, 1)) if abs(lean - turn) < 60 else 0.0
    lean = turn + own * float(np.clip(lean - turn, -ASKEW, ASKEW))
    points = _turned(_points(mask), lean)
    low, high = np.quantile(points, [EDGE, 1 - EDGE], axis=0)
    x, y = _turned((low + high)[None] / 2, -lean)[0]
    return Fingertip(
        mask, float(x), float(y), float(high[0] - low[0]), float(high[1] - low[1]), lean
    )


def split_slap(field: RidgeField) -> tuple[list[Fingertip], float]:
    """Find the fingertips of a slap.

    Parameters
    ----------
    field : RidgeField
        Of the whole capture at 500 ppi.

    Returns
    -------
    fingertips : list of Fingertip
        From left to right across the hand, at most eight.
    turn : float
        Degrees counter-clockwise by which the hand seems turned, from the leans.
    """
    foreground = find_foreground(field).mask[::GRAIN, ::GRAIN]
    if not foreground.any():
        return [], 0.0
    rows, columns = (-(-side // GRAIN) for side in field.shape)
    foreground = _without_tails(foreground[:rows, :columns])
    glass = float(np.quantile(field.level, 0.9))
    parts = _real(_parts(foreground), field, glass)
    if not parts:
        return [], 0.0
    turn = _turn_of(parts)
    tips = [_tip(members, turn) for members in _columns(parts, turn)]
    tips = sorted(tips, key=lambda tip: -int(tip.sum()))[:MOST]
    found = [_fingertip(tip, turn) for tip in tips]
    across = [_turned(np.array([[tip.x, tip.y]]), turn)[0, 0] for tip in found]
    return [found[n] for n in np.argsort(across)], turn
