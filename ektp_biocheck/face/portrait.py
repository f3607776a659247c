"""A standard portrait cut from a photo, as a helper for the station."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.errors import InputError
from ektp_biocheck.face.pyramid import Pyramid
from ektp_biocheck.opencv import cv2
from ektp_biocheck.quality import Assessment

__all__ = ["crop"]

_ASPECT = 0.75
_EYE_LINE = 0.45
_FACE_LENGTH = 0.36


def crop(
    pixels: NDArray[np.uint8], result: Assessment | None = None, *, height: int = 800
) -> NDArray[np.uint8]:
    """Cut an upright portrait with the head at ISO/IEC 39794-5's place and size.

    The eyes come to lie level, centred, at 45 % of the height from the top; eyes to chin fill
    36 % of the height, which makes the head about 72 %. The width is three quarters of the
    height. What lies beyond the photo's edge repeats its last pixels: check ``outside`` in the
    result's FA_CROPPED before use.

    Parameters
    ----------
    pixels : (H, W, 3) or (H, W) uint8
        The photo.
    result : Assessment, optional
        What `assess` said about this photo; assessed here when left out.
    height : int
        Of the portrait, pixels, 120 to 4000.

    Returns
    -------
    (height, 3/4 height, 3) uint8
        RGB.

    Raises
    ------
    InputError
        When no face was found or the height is out of range.
    """
    if not 120 <= height <= 4000:
        raise InputError(f"height must be 120 to 4000 pixels, not {height}")
    if result is None:
        from ektp_biocheck.face import assess

        result = assess(pixels, level="fast")
    if result.maps is None or not getattr(result.maps, "faces", ()):
        raise InputError(f"no portrait can be cut: {result.failure or 'the result holds no face'}")
    face = result.maps.faces[0]
    across = (face.eyes[1] - face.eyes[0]) / face.ied
    scale = _FACE_LENGTH * height / face.length
    matrix = np.array([[across[0], across[1], 0], [-across[1], across[0], 0]]) * scale
    width = round(_ASPECT * height)
    matrix[:, 2] = [width / 2, _EYE_LINE * height] - matrix[:, :2] @ face.eyes.mean(0)
    if pixels.ndim == 2:
        pixels = np.dstack([pixels] * 3)
    return Pyramid(np.ascontiguousarray(pixels)).crop(matrix, (width, height), cv2.BORDER_REPLICATE)
