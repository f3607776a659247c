"""Eyes, mouth, brows and gaze from the landmarks alone.

``EyesOpen`` and ``MouthClosed`` follow ISO/IEC 29794-5 as OFIQ 1.0.3 computes them. Smile,
brows and gaze are our own, as the standard's expression measure needs two networks.
"""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.face.landmarks import Face

__all__ = ["expression_measures", "eyes_open", "mouth_closed"]

_LIDS = (((160, 144), (159, 145), (158, 153)), ((385, 380), (386, 374), (387, 373)))
_INNER_LIPS = ((82, 87), (13, 14), (312, 317))


def eyes_open(face: Face) -> tuple[float, float]:
    """Return the opening of the image-left and image-right eye over the face length.

    The widest of three pairs of lid points; about 0.07 when open, below 0.04 when closed.
    OFIQ's ``EyesOpen`` is the smaller of the two.
    """
    left, right = (
        max(float(np.hypot(*(face.points[a, :2] - face.points[b, :2]))) for a, b in pairs)
        for pairs in _LIDS
    )
    return left / face.length, right / face.length


def mouth_closed(face: Face) -> float:
    """Return OFIQ's ``MouthClosed``: the lips' opening over the face length; lower is better."""
    gaps = (np.hypot(*(face.points[a, :2] - face.points[b, :2])) for a, b in _INNER_LIPS)
    return float(max(gaps)) / face.length


def expression_measures(face: Face) -> dict[str, float]:
    """Return our own measures of expression and gaze, in inter-eye distances.

    Returns
    -------
    dict
        ``smile``: how far the mouth's corners lie above the middle of the lips' line, plus how
        much wider than 0.75 the mouth is. ``raised_brows``: height of the brows above the
        eyes. ``gaze_side`` and ``gaze_height``: offset of the irises from the middle of their
        eyes as a share of the eye's width; 0 is straight ahead, positive is image-right and up.
    """
    points = _upright(face)
    corners = points[[61, 291]]
    lips = points[[0, 17, 13, 14]].mean(0)
    lift = lips[1] - corners[:, 1].mean()
    brows = points[[105, 66, 334, 296], 1].mean()
    eyes = points[[33, 133, 362, 263], 1].mean()
    side, height = _gaze(points)
    return {
        "smile": float(lift + 0.5 * (corners[1, 0] - corners[0, 0] - 0.75)),
        "raised_brows": float(eyes - brows),
        "gaze_side": side,
        "gaze_height": height,
    }


def _upright(face: Face) -> NDArray[np.float64]:
    """Landmarks with the eyes level and one inter-eye distance apart, y down."""
    across = (face.eyes[1] - face.eyes[0]) / face.ied
    turn = np.array([[across[0], across[1]], [-across[1], across[0]]])
    centred = face.points[:, :2] - face.eyes.mean(0)
    upright: NDArray[np.float64] = centred @ turn.T / face.ied
    return upright


def _gaze(points: NDArray[np.float64]) -> tuple[float, float]:
    offsets = []
    for iris, outer, inner in ((468, 33, 133), (473, 362, 263)):
        width = float(points[inner, 0] - points[outer, 0])
        offsets.append((points[iris] - points[[outer, inner]].mean(0)) / max(width, 1e-6))
    side, down = np.mean(offsets, axis=0)
    return float(side), float(-down)
