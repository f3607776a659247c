"""Is the iris sharp: ISO's figure, the pupil's edge by direction, and the texture itself.

ISO/IEC 29794-6:2015, 6.2.10 takes a band-passed picture's power. What blurred a picture shows
at the pupil's edge: a lens out of focus widens it all round, a movement only along its way.
What a comparison uses is the texture, so that is measured where iris codes look.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.iris.curves import peaks, unroll
from ektp_biocheck.iris.lids import RADIUS
from ektp_biocheck.iris.segmentation import Eye
from ektp_biocheck.opencv import cv2

__all__ = ["PupilEdge", "Texture", "interlacing", "iso_sharpness", "measure_texture", "pupil_edge"]

_QUARTER = np.array(
    [
        [0, 1, 1, 2, 2, 2, 1, 1, 0],
        [1, 2, 4, 5, 5, 5, 4, 2, 1],
        [1, 4, 5, 3, 0, 3, 5, 4, 1],
        [2, 5, 3, -12, -24, -12, 3, 5, 2],
        [2, 5, 0, -24, -40, -24, 0, 5, 2],
    ],
    np.float32,
)
_KERNEL = np.concatenate([_QUARTER, _QUARTER[3::-1]])
_HALF_POWER = 1.8e6
_ANGLES = np.arange(256, dtype=np.float32) * np.float32(2 * np.pi / 256)


def iso_sharpness(pixels: NDArray[np.uint8]) -> float:
    """ISO sharpness, 0 to 100. Higher is better.

    The picture is correlated with the standard's 9×9 kernel at every fourth pixel and row;
    the mean square response P gives 100·P²/(P² + C²) with C = 1.8·10⁶.
    """
    height, width = pixels.shape
    if height < 9 or width < 9:
        return 0.0
    rows, columns = (height - 9) // 4 + 1, (width - 9) // 4 + 1
    grey = pixels.astype(np.float32)
    total = np.zeros((rows, columns), np.float32)
    for dy in range(9):
        line = grey[dy : dy + 4 * rows - 3 : 4]
        for dx in range(9):
            weight = _KERNEL[dy, dx]
            if weight:
                total += weight * line[:, dx : dx + 4 * columns - 3 : 4]
    power = float(np.mean(total.astype(np.float64) ** 2))
    return 100.0 * power**2 / (power**2 + _HALF_POWER**2)


@dataclass(frozen=True, slots=True)
class PupilEdge:
    """The pupil's edge all round.

    `radii` is (256,) in pixels; `width` is the blur of the edge where it is sharpest and
    `motion` how much wider it is across that, both in per cent of the iris radius.
    """

    radii: NDArray[np.float32]
    width: float
    motion: float


def pupil_edge(pixels: NDArray[np.uint8], eye: Eye) -> PupilEdge | None:
    """Trace the pupil's edge in the full capture.

    Parameters
    ----------
    pixels : (H, W) uint8
        The capture.
    eye : Eye
        Its segmentation.

    Returns
    -------
    PupilEdge or None
        ``None`` when less than a third of the edge is seen.
    """
    angles = np.arange(128, dtype=np.float32) * np.float32(2 * np.pi / 128)
    curve = eye.pupil.radius(angles)
    scale = np.linspace(0.62, 1.38, 49, dtype=np.float32)
    reach = int(1.5 * eye.pupil.r) + 4
    top, left = max(int(eye.pupil.y) - reach, 0), max(int(eye.pupil.x) - reach, 0)
    crop = pixels[top : int(eye.pupil.y) + reach, left : int(eye.pupil.x) + reach]
    if min(crop.shape) < 8:
        return None
    rays, inside = unroll(
        crop.astype(np.float32),
        eye.pupil.x - left,
        eye.pupil.y - top,
        angles,
        scale[:, None] * curve,
    )
    if eye.clouded:
        rays = 255 - rays
    bright = rays > 0.5 * (rays.max() + np.median(rays[30:]))
    hot = cv2.dilate(bright.astype(np.uint8), np.ones((5, 5), np.uint8))
    smooth = cv2.blur(cv2.copyMakeBorder(rays, 0, 0, 2, 2, cv2.BORDER_WRAP), (5, 1))[:, 2:-2]
    step = np.diff(smooth, axis=0)
    rows, slope = peaks(step)
    height = np.median(smooth[34:], axis=0) - np.median(smooth[:15], axis=0)
    good = (height > 0.5 * np.median(height)) & (slope > 0) & inside[24]
    good &= (np.abs(rows - 24) < 8) & (hot[12:36].max(axis=0) == 0)
    if good.mean() < 0.3:
        return None
    pitch = float(scale[1] - scale[0])
    edge = np.where(good, (scale[0] + (rows + 0.5) * pitch) * curve, np.nan)
    wide = np.where(good, height / np.maximum(slope, 0.5) * pitch * curve, np.nan)
    return PupilEdge(_fill(edge), *_width_by_direction(wide, angles, eye.limbus.r))


def _fill(edge: NDArray[np.float32]) -> NDArray[np.float32]:
    """Close the gaps around the circle and sample 256 angles."""
    at = np.nonzero(~np.isnan(edge))[0]
    whole = np.interp(np.arange(256) / 2, at, edge[at], period=len(edge))
    return np.asarray(whole, np.float32)


def _width_by_direction(
    wide: NDArray[np.float32], angles: NDArray[np.float32], iris: float
) -> tuple[float, float]:
    """Sharpest edge width and what a movement adds, in per cent of the iris radius."""
    good = ~np.isnan(wide)
    a = angles[good]
    design = np.stack([np.ones_like(a), np.cos(2 * a), np.sin(2 * a)], axis=1).astype(np.float64)
    weight = np.ones(len(a))
    fit = np.zeros(3)
    for _ in range(3):
        scaled = design * weight[:, None]
        fit = np.linalg.solve(design.T @ scaled + 1e-3 * np.eye(3), scaled.T @ wide[good])
        off = np.abs(wide[good] - design @ fit)
        weight = 1 / (1 + (off / (2 * np.median(off) + 0.1)) ** 2)
    swing = float(np.hypot(fit[1], fit[2]))
    least, most = max(float(fit[0]) - swing, 0.0), float(fit[0]) + swing
    # Blurs add in squares: what is left of the widest after the sharpest is the movement.
    return 100.0 * least / iris, 100.0 * float(np.sqrt(max(most**2 - least**2, 0.0))) / iris


@dataclass(frozen=True, slots=True)
class Texture:
    """Texture of the visible iris at the scales of iris codes.

    `energy` is its standard deviation in per cent of the grey step from pupil to iris, higher
    is better; `clutter` the natural logarithm of how much stronger the texture is above the
    pupil than below, lower is better: iris looks alike in both, lash tips and the shadows of
    lids add to the upper half. `pattern` is the strength of detail finer than an iris has,
    over that of the texture: printed dots of a lens, or noise; lower is better. Each is ``None``
    when too little is visible.
    """

    energy: float | None
    clutter: float | None
    pattern: float | None


def measure_texture(pixels: NDArray[np.uint8], eye: Eye) -> Texture:
    """Unroll the iris (J. Daugman's rubber sheet, 32 rings of 256 directions) and weigh its band.

    Parameters
    ----------
    pixels : (H, W) uint8
        The capture.
    eye : Eye
        Its segmentation.

    Returns
    -------
    Texture
        Per ring the band between about 9 and 30 samples is kept, as iris codes do.
    """
    sin = np.sin(_ANGLES)
    sheet, seen = _unrolled(pixels, eye)
    mask = seen.astype(np.float32)
    grey = sheet * mask
    fine, coarse = (
        cv2.GaussianBlur(grey, (0, 0), sigmaX=s, sigmaY=0.8)
        / np.maximum(cv2.GaussianBlur(mask, (0, 0), sigmaX=s, sigmaY=0.8), 1e-3)
        for s in (1.5, 5.0)
    )
    band = fine - coarse
    inside = cv2.erode(seen, np.ones((3, 5), np.uint8)) > 0
    middle, _, core = eye.greys
    energy = clutter = pattern = None
    if inside.mean() > 0.1:
        energy = 100.0 * float(band[inside].std()) / max(abs(middle - core), 8.0)
        dots = (sheet - cv2.blur(sheet, (5, 1)))[inside]
        fine = max(float(dots.var()) - _noise_power(pixels, eye), 0.0)
        pattern = float(np.sqrt(fine)) / max(float(band[inside].std()), 1.0)
    above, below = band[inside & (sin < 0)], band[inside & (sin > 0)]
    if above.size > 200 and below.size > 200:
        clutter = float(np.log((above.std() + 0.3) / (below.std() + 0.3)))
    return Texture(energy, clutter, pattern)


def _noise_power(pixels: NDArray[np.uint8], eye: Eye) -> float:
    """Variance of the sensor's noise, from the pupil, where there is nothing else to see."""
    x, y, half = int(eye.pupil.x), int(eye.pupil.y), max(int(0.45 * eye.pupil.r), 3)
    crop = pixels[max(y - half, 0) : y + half, max(x - half, 0) : x + half].astype(np.float32)
    if crop.size < 16:
        return 0.0
    step = np.abs(crop[:, 1:] - crop[:, :-1])
    return float((1.05 * np.median(step)) ** 2)


def _unrolled(pixels: NDArray[np.uint8], eye: Eye) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Rubber sheet (32, 256) and where it is visible (0 or 1)."""
    t = np.linspace(0.05, 0.95, 32, dtype=np.float32)[:, None]
    cos, sin = np.cos(_ANGLES), np.sin(_ANGLES)
    inner, outer = eye.pupil.radius(_ANGLES), eye.limbus.radius(_ANGLES)
    x = (1 - t) * (eye.pupil.x + inner * cos) + t * (eye.limbus.x + outer * cos)
    y = (1 - t) * (eye.pupil.y + inner * sin) + t * (eye.limbus.y + outer * sin)
    sheet = cv2.remap(pixels, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    half, scale = eye.patch.grey.shape[0] // 2, RADIUS / eye.limbus.r
    seen = cv2.remap(
        eye.masks["visible"].astype(np.uint8),
        ((x - eye.limbus.x) * scale + half).astype(np.float32),
        ((y - eye.limbus.y) * scale + half).astype(np.float32),
        cv2.INTER_NEAREST,
    )
    return sheet.astype(np.float32), np.asarray(seen, np.uint8)


def interlacing(pixels: NDArray[np.uint8], eye: Eye) -> float:
    """Ratio of neighbouring to next-but-one row differences in the iris; 1 or less is sound.

    Odd and even rows of an interlaced camera are taken at two moments: when the eye moves,
    neighbours differ more than rows of the same half picture.
    """
    x, y, r = eye.limbus.x, eye.limbus.y, 0.9 * eye.limbus.r
    crop = pixels[max(int(y - r), 0) : int(y + r), max(int(x - r), 0) : int(x + r)]
    if min(crop.shape) < 8:
        return 0.0
    near = float(cv2.norm(crop[1:-1], crop[2:], cv2.NORM_L1)) / crop[2:].size
    far = float(cv2.norm(crop[:-2], crop[2:], cv2.NORM_L1)) / crop[2:].size
    return near / (far + 0.5)
