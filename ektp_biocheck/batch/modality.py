"""Finger, iris or face: told by looking, with the gates the scorers themselves have.

Four figures decide, the cheapest and surest first: colour (only photos have any), how much the
picture looks like a print, how sure the face detector is, how sure the iris segmentation is.
Where they are silent a grey file with the resolution of a finger scanner comes from one, be the
glass blank; anything else stays unknown: a closed eye shows no iris.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.samples import to_500_ppi, to_grey, to_rgb

if TYPE_CHECKING:
    from ektp_biocheck.samples import Modality

__all__ = ["LOOK", "tell_modality"]

LOOK = 1
"""Version of the rule; raised when it changes."""

COLOUR = 3.0  # mean difference of a pixel's channels, in grey levels; sensors' greys have none
PRINT = 1.8  # log odds; eyes and photos stay below 1.7, untouched prints above 1.0
FACE = 8.0  # presence; eyes and prints stay below 7
EYE, SURE_EYE = 0.5, 0.9  # confidence of both boundaries; the second where a print is likelier
LEAST_RIDGES_MM2 = 0.6
SCANNER_PPI = (450, 1100)  # 500 and 1000 with what is printed on the box
_LEAST_SIDE = 48


def tell_modality(pixels: NDArray[np.uint8], ppi: float | None) -> "Modality | None":
    """Tell what a picture shows.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) uint8
        The picture as decoded, in colour if it is.
    ppi : float or None
        What the file says of its pixels per inch. 500 is tried when it says nothing, for this
        look only; and the resolution of a finger scanner decides where nothing else does.

    Returns
    -------
    {"finger", "iris", "face"} or None
        ``None`` when nothing is certain enough.
    """
    if pixels.ndim == 3 and _colour(pixels) > COLOUR:
        return "face"
    grey = to_grey(pixels)
    if min(grey.shape) < _LEAST_SIDE:
        return "finger" if _scanned(ppi) else None
    likeness = _print_likeness(grey, ppi or 500)
    if likeness >= PRINT:
        return "finger"
    face = _face_presence(to_rgb(pixels))
    if face >= FACE:
        return "face"
    eye = _eye_confidence(grey)
    if _scanned(ppi):
        return "iris" if eye >= SURE_EYE else "finger"
    if eye >= EYE:
        return "iris"
    return "face" if face > 0 else None


def _scanned(ppi: float | None) -> bool:
    return ppi is not None and SCANNER_PPI[0] <= ppi <= SCANNER_PPI[1]


def _colour(pixels: NDArray[np.uint8]) -> float:
    small = pixels[:: max(1, len(pixels) // 256), :: max(1, pixels.shape[1] // 256)]
    return float((small.max(axis=2) - small.min(axis=2)).mean())


def _print_likeness(grey: NDArray[np.uint8], ppi: float) -> float:
    from ektp_biocheck.fingerprint import marks
    from ektp_biocheck.fingerprint.analysis import analyse

    analysis = analyse(to_500_ppi(grey, ppi), with_minutiae=False)
    if analysis.skin is None or marks.finger_evidence(analysis) < LEAST_RIDGES_MM2:
        return -np.inf
    return marks.finger_likeness(analysis)


def _face_presence(rgb: NDArray[np.uint8]) -> float:
    from ektp_biocheck.face.landmarks import find_faces
    from ektp_biocheck.face.pyramid import Pyramid

    faces = find_faces(Pyramid(np.ascontiguousarray(rgb)), turned=False).faces
    return faces[0].presence if faces else 0.0


def _eye_confidence(grey: NDArray[np.uint8]) -> float:
    from ektp_biocheck.iris import segment

    eye = segment(grey, thorough=False)
    return 0.0 if eye is None else eye.confidence
