"""Head pose: yaw, pitch and roll in degrees.

The landmarks' x, y and depth are laid over a neutral head by the best rotation, scale and
shift (Kabsch). Only points that no expression moves are used, and the chin. The rotation is
read as AFLW and OFIQ read it: R = Rx(pitch) Ry(yaw) Rz(roll); positive yaw turns the nose to
image-left, positive pitch raises it, positive roll tips the head towards image-left.

References
----------
Kabsch, Acta Cryst. A32 (1976), doi:10.1107/S0567739476001873. Neutral head: fifteen vertices
of MediaPipe's canonical face model (Apache-2.0). Angles: Zhu et al., "Face Alignment Across
Large Poses", arXiv:1511.07212.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["head_pose"]

_INDICES = (10, 151, 9, 8, 168, 6, 4, 1, 152, 33, 263, 133, 362, 129, 358)
# x to image-right, y up, z towards the camera, in centimetres.
_HEAD = np.array(
    [
        (0.0, 8.261778, 4.481535),
        (0.0, 6.545390, 5.027311),
        (0.0, 4.885979, 5.385258),
        (0.0, 4.019042, 5.284764),
        (0.0, 3.271027, 5.236015),
        (0.0, 2.473255, 5.788627),
        (0.0, -0.463170, 7.586580),
        (0.0, -1.126865, 7.475604),
        (0.0, -9.403378, 4.264492),
        (-4.445859, 2.663991, 3.173422),
        (4.445859, 2.663991, 3.173422),
        (-1.856432, 2.585245, 3.757904),
        (1.856432, 2.585245, 3.757904),
        (-1.785794, -0.978284, 4.850470),
        (1.785794, -0.978284, 4.850470),
    ]
)

# The landmark depths flatten turned heads a little, and the neutral head looks 2° further down
# than AFLW's: two constants, checked leaving one photo out (benchmarks/face_accuracy.py).
_YAW_GAIN, _PITCH_SHIFT = 1.1, 2.0


def head_pose(points: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return yaw, pitch and roll of the head; 0 is straight into the camera.

    Parameters
    ----------
    points : (478, 3) float64
        Landmarks as `Face.points` holds them.

    Returns
    -------
    tuple of float
        Degrees; signs as in OFIQ and AFLW.
    """
    seen = points[list(_INDICES)] * np.array([1.0, -1.0, -1.0])
    u, _, vt = np.linalg.svd((_HEAD - _HEAD.mean(0)).T @ (seen - seen.mean(0)))
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u @ mirror @ vt).T
    yaw = np.degrees(np.arcsin(np.clip(-rotation[0, 2], -1, 1)))
    pitch = np.degrees(np.arctan2(rotation[1, 2], rotation[2, 2]))
    roll = np.degrees(np.arctan2(rotation[0, 1], rotation[0, 0]))
    return float(yaw * _YAW_GAIN), float(pitch + _PITCH_SHIFT), float(roll)
