"""Steps of grey between pupil, iris and sclera, and what clouds them (ISO/IEC 29794-6, 6.2.2-5)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.iris.lids import RADIUS
from ektp_biocheck.iris.segmentation import Eye
from ektp_biocheck.opencv import cv2

__all__ = [
    "Greys",
    "greyscale_utilisation",
    "haze",
    "iris_pupil_contrast",
    "iris_sclera_contrast",
    "measure_greys",
]


@dataclass(frozen=True, slots=True)
class Greys:
    """Median greys of the parts of an eye; ``None`` where too little of one is seen.

    `inner` is the iris near the pupil, `outer` near the limbus, `iris` all of it;
    `saturated` the share of the annulus and pupil at white.
    """

    pupil: float | None
    inner: float | None
    outer: float | None
    iris: float | None
    sclera: float | None
    saturated: float


def _median(grey: NDArray[np.float32], mask: NDArray[np.bool_], least: int) -> float | None:
    values = grey[mask]
    return float(np.median(values)) if values.size >= least else None


def measure_greys(eye: Eye) -> Greys:
    """Take the medians that all contrasts rest on, lids and lashes left out."""
    patch, visible = eye.patch, eye.masks["visible"]
    side = patch.grey.shape[1]
    axis = np.asarray((np.arange(side) - side // 2) / RADIUS, np.float32)
    u, v = axis[None, :], axis[:, None]
    between = (v > eye.upper.at(u) + 0.05) & (v < eye.lower.at(u) - 0.05)
    free = patch.frame & ~patch.reflection & between
    beside = (np.abs(v) < 0.6 * np.abs(u)) & free
    # t runs from 0 on the pupil to 1 on the limbus, also where they share no centre.
    out = np.maximum(1 - patch.d_limbus, 0) * eye.limbus.r
    into = np.maximum(patch.d_pupil - 1, 0) * eye.pupil.r
    t = into / np.maximum(into + out, 1e-3)
    disc = (patch.d_limbus < 1) & patch.frame
    return Greys(
        _median(patch.grey, (patch.d_pupil <= 0.8) & free, 20),
        _median(patch.grey, visible & (patch.d_pupil >= 1.1) & (t <= 0.5), 50),
        _median(patch.grey, visible & (t >= 0.5) & (patch.d_limbus <= 0.9), 50),
        _median(patch.grey, visible, 100),
        _median(patch.grey, (patch.d_limbus > 1.1) & (patch.d_limbus < 1.2) & beside, 30),
        float((patch.grey[disc] > 250).mean()) if disc.any() else 0.0,
    )


def iris_sclera_contrast(greys: Greys) -> float | None:
    """ISO iris-sclera contrast, 0 to 100. Higher is better; ISO asks for more than 5."""
    i, s, p = greys.outer, greys.sclera, greys.pupil
    if i is None or s is None or p is None:
        return None
    if p >= i or p >= s:
        return 0.0
    return 100.0 * abs(s - i) / (s + i - 2 * p)


def iris_pupil_contrast(greys: Greys) -> float | None:
    """ISO iris-pupil contrast, 0 to 100, a Weber contrast. Higher is better; ISO: 30."""
    if greys.inner is None or greys.pupil is None:
        return None
    weber = (greys.inner - greys.pupil) / (20.0 + greys.pupil)
    return max(0.0, 100.0 * weber / (0.75 + weber)) if weber > 0 else 0.0


def haze(greys: Greys) -> float | None:
    """Grey of the pupil in per cent of the iris'. Lower is better.

    Clear media return no light from the pupil; a cloudy cornea or lens scatters it, and the
    pupil rises towards the iris (100) or beyond.
    """
    if greys.pupil is None or greys.iris is None:
        return None
    return 100.0 * greys.pupil / max(greys.iris, 1.0)


def greyscale_utilisation(pixels: NDArray[np.uint8]) -> float:
    """Shannon entropy of the picture's greys in bits, 0 to 8. Higher is better; ISO: 6."""
    counts = cv2.calcHist([pixels], [0], None, [256], [0, 256]).ravel()
    share = counts[counts > 0] / counts.sum()
    return float(max(0.0, -(share * np.log2(share)).sum()))
