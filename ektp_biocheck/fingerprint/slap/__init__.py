"""Slaps: four fingers of a hand, or two thumbs, in one capture.

    from ektp_biocheck.fingerprint.slap import assess_slap
    from ektp_biocheck.positions import FingerPosition

    result = assess_slap(pixels, ppi=500, expected=FingerPosition.RIGHT_FOUR)
    result.fingers, result.missing, result.defects

Every finger has its own assessment. There is no score of the slap: a mean would hide a ruined
finger behind three good ones. Open `split` for how fingers are told apart, `hand` for how they
are named.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.defects import found
from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.ridges import ridge_field
from ektp_biocheck.fingerprint.slap.hand import HandReading, Pad, read_hand
from ektp_biocheck.fingerprint.slap.result import SlapAssessment, SlapFinger, UprightBox
from ektp_biocheck.fingerprint.slap.split import GRAIN, MM_PER_PX, Fingertip, split_slap
from ektp_biocheck.opencv import cv2
from ektp_biocheck.positions import SLAPS, FingerPosition, slap_fingers
from ektp_biocheck.quality import Defect, Region
from ektp_biocheck.samples import to_500_ppi

__all__ = ["SlapAssessment", "SlapFinger", "UprightBox", "assess_slap"]

MARGIN_MM = 1.5  # of glass kept around a fingertip
GLASS_MM = 60.0  # a picture as wide as this shows the glass a hand is centred on
TURN_LIMIT = 32.0  # degrees, as for single fingers


def assess_slap(
    pixels: NDArray[np.uint8],
    ppi: float = 500,
    *,
    expected: FingerPosition | None = None,
    level: Literal["full", "fast"] = "full",
) -> SlapAssessment:
    """Split a slap into its fingers and assess each.

    Parameters
    ----------
    pixels : (H, W) uint8
        Ridges dark, fingertips up; any size.
    ppi : float
        Pixels per inch; resampled to 500 when it is anything else.
    expected : FingerPosition, optional
        The slap that was asked for: ``RIGHT_FOUR``, ``LEFT_FOUR`` or ``BOTH_THUMBS``. Without it
        nothing is missing and no hand is wrong; kind and positions are told where they are clear.
    level : "full" or "fast"
        As for `fingerprint.assess`.

    Returns
    -------
    SlapAssessment

    Raises
    ------
    InputError
        On a wrong shape, dtype, resolution, level, or an expectation that is no slap.
    """
    if expected is not None and expected not in SLAPS:
        raise InputError(
            f"{expected!r} is no slap: expect one of {', '.join(s.name for s in SLAPS)}"
        )
    if level not in ("full", "fast"):
        raise InputError(f"level must be 'full' or 'fast', got {level!r}")
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise InputError("a slap must be (H, W) uint8 with dark ridges")
    if 0 in pixels.shape:
        raise InputError(f"a slap needs pixels, got {pixels.shape}")
    at_500 = to_500_ppi(pixels, ppi)
    tips, turn = split_slap(ridge_field(at_500.astype(np.float32)))
    if not tips:
        blank = found("FP_BLANK", 1.0, {"grey_deviation": at_500.std(), "mean_grey": at_500.mean()})
        count = 0 if expected is None else len(slap_fingers(expected))
        missing = () if expected is None else slap_fingers(expected)
        kind = expected or FingerPosition.UNKNOWN
        return SlapAssessment(expected, kind, 0.0, turn, (), missing, count, (blank,))
    reading = _read(tips, at_500.shape, expected)
    fingers = tuple(
        _finger(at_500, tips, n, reading.positions[n], ppi / 500, level) for n in range(len(tips))
    )
    missing, count = _missing(reading, len(tips))
    defects = _defects(reading, expected, missing, count, len(tips))
    return SlapAssessment(
        expected, reading.kind, reading.certainty, reading.turn, fingers, missing, count, defects
    )


def _read(
    tips: list[Fingertip], shape: tuple[int, ...], expected: FingerPosition | None
) -> HandReading:
    middle_x, middle_y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    pads = [
        Pad(
            (tip.x - middle_x) * MM_PER_PX,
            (tip.y - middle_y) * MM_PER_PX,
            tip.lean,
            tip.width * MM_PER_PX,
        )
        for tip in tips
    ]
    return read_hand(pads, expected, glass=shape[1] * MM_PER_PX >= GLASS_MM)


def _finger(
    at_500: NDArray[np.uint8],
    tips: list[Fingertip],
    number: int,
    position: FingerPosition,
    scale: float,
    level: Literal["full", "fast"],
) -> SlapFinger:
    from ektp_biocheck.fingerprint import assess  # it may itself import this package

    tip = tips[number]
    crop = _upright(at_500, tip, [other for n, other in enumerate(tips) if n != number])
    height, width = crop.shape
    box = UprightBox(
        (tip.x + 0.5) * scale - 0.5,
        (tip.y + 0.5) * scale - 0.5,
        width * scale,
        height * scale,
        tip.lean,
    )
    region = _around(box, (round(at_500.shape[0] * scale), round(at_500.shape[1] * scale)))
    return SlapFinger(position, box, region, crop, assess(crop, 500, level=level))


def _upright(
    at_500: NDArray[np.uint8], tip: Fingertip, others: list[Fingertip]
) -> NDArray[np.uint8]:
    """Turn one finger upright and cut it out; neighbours and what lies off the glass are blank."""
    margin = 2 * MARGIN_MM / MM_PER_PX
    width, height = round(tip.width + margin), round(tip.height + margin)
    c, s = np.cos(np.deg2rad(tip.lean)), np.sin(np.deg2rad(tip.lean))
    right, down = (width - 1) / 2, (height - 1) / 2
    back = np.array([[c, s, tip.x - c * right - s * down], [-s, c, tip.y + s * right - c * down]])
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_CUBIC
    blank = int(np.quantile(at_500[::GRAIN, ::GRAIN], 0.9))
    crop = cv2.warpAffine(at_500, back, (width, height), flags=flags, borderValue=blank)
    if others:
        foreign = np.any([other.mask for other in others], axis=0) & ~tip.mask
        near = cv2.dilate(foreign.astype(np.uint8), np.ones((3, 3), np.uint8))
        coarse = back.copy()
        coarse[:, :2] /= GRAIN
        coarse[:, 2] = (coarse[:, 2] - (GRAIN - 1) / 2) / GRAIN
        flags = cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
        crop[cv2.warpAffine(near, coarse, (width, height), flags=flags) > 0] = blank
    return np.asarray(crop, dtype=np.uint8)


def _around(box: UprightBox, shape: tuple[int, int]) -> Region:
    low, high = box.corners().min(axis=0), box.corners().max(axis=0)
    left, top = (max(0, int(np.floor(v))) for v in low)
    right, bottom = (
        min(shape[1], int(np.ceil(high[0])) + 1),
        min(shape[0], int(np.ceil(high[1])) + 1),
    )
    return Region(left, top, max(1, right - left), max(1, bottom - top))


def _missing(reading: HandReading, count: int) -> tuple[tuple[FingerPosition, ...], int]:
    """Which fingers of the kind are not there, when every pad has its name, and how many."""
    if reading.kind == FingerPosition.UNKNOWN:
        return (), 0
    wanted = slap_fingers(reading.kind)
    absent = tuple(finger for finger in wanted if finger not in reading.positions)
    number = max(0, len(wanted) - count)
    return (absent if len(absent) == number else ()), number


def _defects(
    reading: HandReading,
    expected: FingerPosition | None,
    missing: tuple[FingerPosition, ...],
    missing_count: int,
    count: int,
) -> tuple[Defect, ...]:
    defects = []
    if abs(reading.turn) > TURN_LIMIT:
        severity = min(1.0, (abs(reading.turn) - TURN_LIMIT + 15) / 75)
        defects.append(found("FP_ROTATED", severity, {"turn_deg": reading.turn}))
    if expected is None:
        return tuple(defects)
    wanted = len(slap_fingers(expected))
    evidence: Mapping[str, float] = {"expected": wanted, "found": count}
    if reading.kind != expected:
        swapped = {"certainty": reading.certainty, "expected": expected, "seen": reading.kind}
        defects.append(found("FP_WRONG_HAND", reading.certainty, swapped))
    if missing_count:
        named = {f"missing_{n}": finger for n, finger in enumerate(missing, 1)}
        severity = missing_count / wanted
        defects.append(found("FP_FINGER_MISSING_IN_SLAP", severity, {**evidence, **named}))
    if count > wanted:
        defects.append(found("FP_EXTRA_FINGER", min(1.0, (count - wanted) / wanted), evidence))
    return tuple(sorted(defects, key=lambda d: (not d.hard, -d.severity, d.code)))
