"""From measures to named defects, by gates on raw values.

No gate looks at OFIQ's 0..100, and none at a brightness that follows skin tone: exposure is
judged by detail that is lost at the ends of the camera's scale. A headscarf is no defect; only
one that comes down between the brows is mentioned.
"""

from collections.abc import Mapping

import numpy as np

from ektp_biocheck.defects import found
from ektp_biocheck.face.landmarks import Face
from ektp_biocheck.face.rules import Rules, is_colour
from ektp_biocheck.quality import Defect, Region

__all__ = ["DARK_LENSES", "LOWER_FACE", "find_defects", "region_of"]

LOWER_FACE = 0.65
"""Probability from which nose or mouth count as covered."""
DARK_LENSES = 0.08
"""`Covering.eyes` from which the eyes count as hidden."""

_LEAST_FACE = 0.05  # area of a second face beside the first
_EYES_CLOSED, _MOUTH_OPEN, _SMILE, _BROWS = 0.034, 0.078, 0.15, 0.49
_UNEVEN, _DARK, _DIM, _LIGHT = 0.15, 0.3, 45.0, 0.12
_BLUR, _BLOCKS, _SPREAD, _GLARE = 0.54, 0.45, 12.0, 0.08
_ALL_EYES = (33, 133, 362, 263, 27, 23, 257, 253, 70, 300)
_ALL_MOUTH = (1, 50, 280, 152, 172, 397)
_COLOUR_HUES = {"red": 0.0, "orange": 30.0, "blue": 206.0}


def find_defects(
    face: Face,
    shape: tuple[int, int],
    values: Mapping[str, float],
    *,
    rules: Rules,
    expected_colour: str | None,
) -> list[Defect]:
    """Return every defect of a photo whose face was measured.

    Parameters
    ----------
    face : Face
        The largest one.
    shape : tuple of int
        Height and width of the picture.
    values : Mapping[str, float]
        Every measured value by name, as `assess` reports them.
    rules : Rules
    expected_colour : str or None
        Background colour the rules ask for.
    """
    eyes, mouth = region_of(face, _ALL_EYES, shape), region_of(face, _ALL_MOUTH, shape)
    whole = region_of(face, range(468), shape)
    return [
        *_people(values),
        *_pose(values, whole),
        *_coverings(values, rules, eyes, mouth, whole),
        *_expression(values, eyes, mouth),
        *_exposure(values, whole),
        *_detail(values, whole),
        *_framing(values, whole),
        *_background(values, expected_colour),
    ]


def region_of(
    face: Face, indices: "range | tuple[int, ...]", shape: tuple[int, int]
) -> Region | None:
    """Return the rectangle around some landmarks as far as it lies in the picture."""
    points = face.points[list(indices), :2]
    low = np.clip(points.min(0), 0, [shape[1] - 1, shape[0] - 1]).astype(int)
    high = np.clip(points.max(0), 0, [shape[1] - 1, shape[0] - 1]).astype(int)
    width, height = (int(v) for v in high - low)
    return Region(int(low[0]), int(low[1]), width, height) if width and height else None


def _between(value: float, none: float, full: float) -> float:
    """Return 0 at `none`, 1 at `full`, straight between."""
    return float(min(1.0, max(0.0, (value - none) / (full - none))))


def _people(v: Mapping[str, float]) -> list[Defect]:
    second = v["SingleFacePresent"]
    if second < _LEAST_FACE:
        return []
    return [
        found("FA_MULTIPLE", _between(second, 0, 1), {"second_face": second, "faces": v["faces"]})
    ]


def _pose(v: Mapping[str, float], where: Region | None) -> list[Defect]:
    angles = {name: v[f"HeadPose{name.title()}"] for name in ("yaw", "pitch", "roll")}
    over = max(
        _between(abs(angles["yaw"]), 8, 40),
        _between(abs(angles["pitch"]), 14, 46),
        _between(abs(angles["roll"]), 8, 40),
    )
    if over < 0.08:
        return []
    return [found("FA_POSE", over, angles, where)]


def _coverings(
    v: Mapping[str, float],
    rules: Rules,
    eyes: Region | None,
    mouth: Region | None,
    whole: Region | None,
) -> list[Defect]:
    defects, hidden = [], []
    covered, lenses, glare = v["lower_face_cover"], v["eye_cover"], v["eye_glare"]
    turned = abs(v["HeadPoseYaw"]) > 35
    if covered >= LOWER_FACE:
        # Turned far, the cues weaken: say so, but leave the veto to the pose.
        severity = 0.4 if turned else 0.35 + 0.6 * _between(covered, LOWER_FACE, 1)
        hidden.append((severity, {"lower_face_cover": covered}, mouth))
    if lenses >= DARK_LENSES and not turned:
        severity = 0.55 + 0.4 * _between(lenses, DARK_LENSES, 1.5)
        hidden.append((severity, {"eye_cover": lenses}, eyes))
        defects.append(found("FA_GLASSES", severity, {"eye_cover": lenses}, eyes))
    elif v["glasses"] > 1 and rules.glasses_off:
        evidence = {"glasses": v["glasses"], "eye_glare": glare}
        defects.append(found("FA_GLASSES", 0.45 if glare < _GLARE else 0.6, evidence, eyes))
    elif glare >= _GLARE:
        hidden.append((0.2 + 0.25 * _between(glare, _GLARE, 0.4), {"eye_glare": glare}, eyes))
    if hidden:
        severity, evidence, where = max(hidden, key=lambda one: one[0])
        for _, more, _ in hidden:
            evidence = evidence | more
        defects.append(
            found("FA_OCCLUDED", severity, evidence, where if len(hidden) == 1 else whole)
        )
    bare = covered < LOWER_FACE and lenses < DARK_LENSES
    if bare and v["brow_cover"] > 18 and v["forehead_cover"] > 0.8:
        evidence = {"brow_cover": v["brow_cover"], "forehead_cover": v["forehead_cover"]}
        defects.append(found("FA_HEAD_COVERING", 0.2, evidence, whole))
    return defects


def _expression(v: Mapping[str, float], eyes: Region | None, mouth: Region | None) -> list[Defect]:
    defects = []
    opening = v["EyesOpen"]
    if opening < _EYES_CLOSED and v["eye_cover"] < DARK_LENSES:
        severity = _between(opening, 0.042, 0.018)
        defects.append(found("FA_EYES_CLOSED", severity, {"EyesOpen": opening}, eyes))
    if v["lower_face_cover"] >= LOWER_FACE:
        return defects  # the landmarks of a covered mouth are invented
    gap, smile, brows = v["MouthClosed"], v["smile"], v["raised_brows"]
    if gap > _MOUTH_OPEN:
        severity = 0.2 + 0.6 * _between(gap, _MOUTH_OPEN, 0.4)
        defects.append(found("FA_MOUTH_OPEN", severity, {"MouthClosed": gap}, mouth))
    if smile > _SMILE or brows > _BROWS:
        severity = 0.15 + 0.5 * max(_between(smile, _SMILE, 0.5), _between(brows, _BROWS, 0.7))
        evidence = {"smile": smile, "raised_brows": brows}
        defects.append(found("FA_EXPRESSION", severity, evidence, mouth))
    return defects


def _exposure(v: Mapping[str, float], where: Region | None) -> list[Defect]:
    defects = []
    dark, light, brightest = v["lost_in_dark"], v["lost_in_light"], v["brightest"]
    if dark > _DARK or brightest < _DIM:
        severity = max(_between(dark, 0.1, 0.9), _between(brightest, 60, 10))
        evidence = {"lost_in_dark": dark, "brightest": brightest}
        defects.append(found("FA_UNDEREXPOSED", severity, evidence, where))
    if light > _LIGHT:
        evidence = {"lost_in_light": light}
        defects.append(found("FA_OVEREXPOSED", _between(light, 0, 0.7), evidence, where))
    even = v.get("IlluminationUniformity")
    if even is not None and even < _UNEVEN and abs(v["HeadPoseYaw"]) < 25:
        severity = 0.2 + 0.7 * _between(even, _UNEVEN, 0)
        defects.append(found("FA_UNEVEN_LIGHT", severity, {"IlluminationUniformity": even}, where))
    return defects


def _detail(v: Mapping[str, float], where: Region | None) -> list[Defect]:
    defects = []
    sharp, blocks = v.get("sharpness"), v.get("blockiness")
    if sharp is not None and sharp < _BLUR:
        defects.append(
            found("FA_BLUR", 0.2 + 0.8 * _between(sharp, _BLUR, 0.42), {"sharpness": sharp}, where)
        )
    if blocks is not None and blocks > _BLOCKS:
        severity = 0.2 + 0.6 * _between(blocks, _BLOCKS, 2)
        defects.append(found("FA_COMPRESSED", severity, {"blockiness": blocks}, where))
    return defects


def _framing(v: Mapping[str, float], where: Region | None) -> list[Defect]:
    defects = []
    ied, size = v["InterEyeDistance"], v["HeadSize"]
    small = _between(ied, 90, 10)  # hard below 50 px
    wrong = max(small, 0.45 * _between(size, 0.14, 0.05), 0.45 * _between(size, 0.5, 0.7))
    if wrong > 0.01:
        evidence = {"InterEyeDistance": ied, "HeadSize": size}
        defects.append(found("FA_SIZE", wrong, evidence, where))
    outside = v["outside_picture"]
    above, left = v["MarginAboveOfTheFaceImage"], v["LeftwardCropOfTheFaceImage"]
    right, below = v["RightwardCropOfTheFaceImage"], v["MarginBelowOfTheFaceImage"]
    cut = max(
        _between(outside, 0, 0.2),
        0.45 * _between(above, 0.85, 0.4),
        0.45 * _between(min(left, right), 1.45, 1.0),
        0.45 * _between(below, 1.1, 0.8),
    )
    if outside > 0.02 or cut > 0.1:
        evidence = {"outside_picture": outside, "above": above, "left": left, "right": right}
        defects.append(found("FA_CROPPED", cut, evidence, where))
    return defects


def _background(v: Mapping[str, float], expected: str | None) -> list[Defect]:
    spread = v.get("background_spread")
    if spread is None:
        return []
    severity, evidence = 0.0, {"background_spread": spread}
    if spread > _SPREAD:
        severity = 0.2 + 0.6 * _between(spread, _SPREAD, 50)
    hue, saturation = v["background_hue"], v["background_saturation"]
    if expected is not None and not is_colour(expected, hue, saturation):
        evidence |= {"background_hue": hue, "background_saturation": saturation}
        evidence["expected_hue"] = _COLOUR_HUES[expected]
        severity = max(severity, 0.5)
    return [found("FA_BACKGROUND", severity, evidence)] if severity else []
