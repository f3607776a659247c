"""Shape and place of the two boundaries, and where the eye looks (ISO/IEC 29794-6, 6.2.4-8)."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.iris.segmentation import Eye

__all__ = ["concentricity", "gaze_angle", "pupil_circularity", "pupil_ratio"]


def pupil_ratio(eye: Eye) -> float:
    """Pupil radius over iris radius in per cent (dilation). ISO asks for 20 to 70."""
    return 100.0 * eye.pupil.r / eye.limbus.r


def concentricity(eye: Eye) -> float:
    """ISO iris-pupil concentricity in per cent. Higher is better; ISO: 90."""
    away = np.hypot(eye.pupil.x - eye.limbus.x, eye.pupil.y - eye.limbus.y)
    return 100.0 * float(max(0.0, 1 - away / eye.limbus.r))


def pupil_circularity(radii: NDArray[np.float32]) -> tuple[float, float]:
    """ISO pupil boundary circularity, 0 to 100, and unevenness. Higher / lower is better.

    Parameters
    ----------
    radii : (256,) float32
        Radius of the pupil's edge in pixels at equal angles about its centre.

    Returns
    -------
    float, float
        ISO's figure depends on the size of the picture in pixels. Unevenness does not: it is
        the root mean square departure from an ellipse, in per cent of the pupil's radius.
    """
    series = np.abs(np.fft.rfft(radii) / len(radii))
    iso = max(0.0, 100.0 - float((series[1:17] ** 2).sum()))
    return iso, 100.0 * float(np.sqrt(2 * (series[3:17] ** 2).sum())) / float(series[0] + 1e-6)


def gaze_angle(eye: Eye) -> tuple[float, float]:
    """Angle between the view and the camera in degrees, sideways and up or down.

    A circle seen from the side is an ellipse, shortened along the way the eye has turned by
    the cosine of the angle. Both boundaries are asked, the pupil with more weight as lids
    rarely touch it. Unequal pixel pitch looks the same; so does an oval pupil.
    """
    parts = [(eye.pupil, 0.7 * eye.pupil.fraction), (eye.limbus, 0.3 * eye.limbus.fraction)]
    total = sum(weight for _, weight in parts) + 1e-6
    c = sum(weight * curve.c / curve.r for curve, weight in parts) / total
    ratio = float(np.clip((1 - abs(c)) / (1 + abs(c)), 0, 1))
    angle = float(np.degrees(np.arccos(ratio)))
    return (angle, 0.0) if c < 0 else (0.0, angle)
