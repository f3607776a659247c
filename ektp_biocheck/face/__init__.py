"""Face photos: measures of ISO/IEC 29794-5, named defects, the e-KTP's own rules.

>>> from ektp_biocheck import face
>>> result = face.assess(pixels)                     # doctest: +SKIP
>>> result.score, [d.code for d in result.defects]   # doctest: +SKIP
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.defects import found
from ektp_biocheck.errors import InputError
from ektp_biocheck.face import background as _background
from ektp_biocheck.face import eyes as _eyes
from ektp_biocheck.face import occlusion as _occlusion
from ektp_biocheck.face import sharpness as _sharpness
from ektp_biocheck.face.expression import expression_measures, eyes_open, mouth_closed
from ektp_biocheck.face.findings import find_defects, region_of
from ektp_biocheck.face.framing import framing_measures, share_outside
from ektp_biocheck.face.geometry import Portrait
from ektp_biocheck.face.landmarks import (
    Face,
    Search,
    close,
    find_faces,
    find_turned,
    person_mask,
    plain_belief,
    use_runtime,
)
from ektp_biocheck.face.light import grey_photo, light_measures, lost_detail
from ektp_biocheck.face.overlay import overlay
from ektp_biocheck.face.portrait import crop
from ektp_biocheck.face.pose import head_pose
from ektp_biocheck.face.pyramid import Pyramid
from ektp_biocheck.face.reporting import MEASURES, all_missing, reported
from ektp_biocheck.face.rules import EKTP_2025, NO_RULES, Rules, expected_background
from ektp_biocheck.face.score import score
from ektp_biocheck.quality import Assessment, Defect

__all__ = [
    "ALGORITHM",
    "EKTP_2025",
    "MEASURES",
    "NO_RULES",
    "FaceMaps",
    "Rules",
    "assess",
    "close",
    "crop",
    "overlay",
    "use_runtime",
]

ALGORITHM = "ektp-biocheck/face 1.0.0"
_LEAST_IED = 5.0
_MOST_OUTSIDE = 0.3
_DRAWN, _DRAWN_PRESENCE = 0.8, 16.0


@dataclass(frozen=True, slots=True)
class FaceMaps:
    """What `overlay` and `crop` draw from; in pixels of the picture.

    Parameters
    ----------
    faces : tuple of Face
        Largest first.
    """

    faces: tuple[Face, ...]


def assess(
    pixels: NDArray[np.uint8],
    *,
    level: Literal["full", "fast"] = "full",
    birth_year: int | None = None,
    foreign_resident: bool = False,
    rules: Rules = EKTP_2025,
) -> Assessment:
    """Assess one face photo.

    Parameters
    ----------
    pixels : (H, W, 3) uint8
        RGB; a grey (H, W) photo is taken as it is.
    level : {"full", "fast"}
        ``"fast"`` for live preview: without the background and without asking whether the
        photo is upside down.
    birth_year : int, optional
        Decides the background's colour under the e-KTP rules. Never stored.
    foreign_resident : bool
        Asks for the orange background.
    rules : Rules
        `EKTP_2025` or `NO_RULES`, or an office's own.

    Returns
    -------
    Assessment
        Modality ``"face"``. ISO/IEC 29794-5 measures under OFIQ's names, the native value and
        its 0..100 with ``.scalar`` behind the name; our own in lower case. Without a face, with
        less than most of one, or with one that is upside down there is no score but a reason.

    Raises
    ------
    InputError
        When the pixels have another shape or type, the level is unknown or the year is not one.
    InstallationError
        When the chosen runtime does not load; the text says how to choose the other.
    """
    picture = Pyramid(_checked(pixels))
    if level not in ("full", "fast"):
        raise InputError(f'level must be "full" or "fast", not {level!r}')
    colour = expected_background(rules, birth_year, foreign_resident=foreign_resident)
    search = find_faces(picture, turned=level == "full")
    refused = _refusal(picture, search, level)
    if refused is not None:
        return refused
    values, face = _measure(picture, search, level)
    defects = find_defects(face, picture.shape, values, rules=rules, expected_colour=colour)
    points, contributions = score(values)
    return Assessment(
        modality="face",
        algorithm=ALGORITHM,
        score=points,
        failure=None,
        measures=reported(values, level),
        defects=tuple(defects),
        contributions=contributions,
        maps=FaceMaps(search.faces),
    )


def _checked(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
        kind = getattr(pixels, "dtype", type(pixels).__name__)
        raise InputError(
            f"a face photo must be an array of uint8, not {kind}; open_sample() reads 16-bit files"
        )
    if pixels.ndim == 2:
        pixels = np.dstack([pixels] * 3)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or min(pixels.shape[:2]) < 1:
        raise InputError(
            f"a face photo must be (H, W, 3) RGB or (H, W) grey, not {pixels.shape}; "
            "drop an alpha channel with pixels[..., :3]"
        )
    return np.ascontiguousarray(pixels)


def _measure(picture: Pyramid, search: Search, level: str) -> tuple[dict[str, float], Face]:
    """Measure the largest face; a value that cannot be measured is left out."""
    face = search.faces[0]
    portrait = Portrait(picture, face)
    pose = head_pose(face.points)
    areas = [one.box[2] * one.box[3] for one in search.faces]
    plain, both = plain_belief(face)
    grey = grey_photo(portrait)
    cover = _occlusion.covering(portrait, pose, grey=grey, plain=plain, both=both)
    values = {
        **light_measures(portrait),
        **lost_detail(portrait),
        "SingleFacePresent": float(areas[1] / areas[0]) if len(areas) > 1 else 0.0,
        "faces": float(len(areas)),
        "EyesOpen": min(eyes_open(face)),
        "MouthClosed": mouth_closed(face),
        **framing_measures(face, picture.shape, pose[0]),
        **dict(zip(("HeadPoseYaw", "HeadPosePitch", "HeadPoseRoll"), pose, strict=True)),
        **expression_measures(face),
        "outside_picture": share_outside(face, picture.shape),
        "face_belief": face.presence,
        "plain_face_belief": plain,
        "lower_face_cover": cover.lower_face,
        "eye_cover": cover.eyes,
        "glasses": cover.glasses,
        "forehead_cover": cover.forehead,
        "brow_cover": cover.brows,
        "oval_visible": cover.oval_visible,
        "eye_glare": _eyes.eye_glare(portrait),
        "red_eye": _eyes.red_eye(portrait),
    }
    sharp = _sharpness.sharpness(portrait)
    if sharp is not None:
        values["sharpness"] = sharp
    if level == "full":
        values |= _background_values(portrait)
        values["blockiness"] = _sharpness.blockiness(portrait)
    return values, face


def _background_values(portrait: Portrait) -> dict[str, float]:
    person = person_mask(portrait.picture)
    values = {}
    uniformity = _background.background_uniformity(portrait, person)
    if uniformity is not None:
        values["BackgroundUniformity"] = uniformity
    behind = _background.measure_background(portrait.picture.within(256)[0], person)
    if behind is not None:
        values["background_spread"] = behind.spread
        values["background_hue"] = behind.hue
        values["background_saturation"] = behind.saturation
    return values


def _refusal(picture: Pyramid, search: Search, level: str) -> Assessment | None:
    """Return the outcome without a score, or None when the face can be assessed."""
    if not search.faces or search.faces[0].tilt > 60:
        return _no_upright_face(picture, search, level)
    face = search.faces[0]
    maps = FaceMaps(search.faces)
    if search.upside_down:
        defect = found("FA_NO_FACE", 1.0, {"upside_down": 1.0})
        return _failed(
            "the photo is upside down: turn it by 180° and assess it again", [defect], maps
        )
    if face.ied < _LEAST_IED:
        evidence = {"InterEyeDistance": face.ied}
        defect = found("FA_SIZE", 1.0, evidence, region_of(face, range(468), picture.shape))
        return _failed(
            f"the face is too small: {face.ied:.0f} pixels between the eyes", [defect], maps
        )
    if face.presence < _DRAWN_PRESENCE and level == "full":
        flat = _sharpness.flat_share(Portrait(picture, face))
        if flat > _DRAWN:
            defect = found("FA_NO_FACE", 1.0, {"flat_share": flat})
            return _failed("what looks like a face is a drawing, not a photo", [defect], maps)
    outside = share_outside(face, picture.shape)
    limit = np.array(picture.shape[::-1])
    if outside > _MOST_OUTSIDE or ((face.eyes < 0) | (face.eyes >= limit)).any():
        evidence = {"outside_picture": outside}
        defect = found("FA_CROPPED", 1.0, evidence, region_of(face, range(468), picture.shape))
        return _failed("only part of the face is in the picture", [defect], maps)
    return None


def _no_upright_face(picture: Pyramid, search: Search, level: str) -> Assessment:
    turned = find_turned(picture) if level == "full" else 0
    if turned:
        defect = found("FA_NO_FACE", 1.0, {"turned_by": float(turned)})
        return _failed(f"the photo is not upright: turn it by {turned}° anticlockwise", [defect])
    defects: list[Defect] = [found("FA_NO_FACE", 1.0, {"places_like_a_face": float(search.places)})]
    person = float((person_mask(picture) > 0.5).mean()) if level == "full" else 0.0
    if search.places or person > 0.1:
        evidence = {"places_like_a_face": float(search.places), "person": person}
        defects.append(found("FA_DISFIGURED", 0.3, evidence))
    return _failed("no upright face was found in the photo", defects)


def _failed(reason: str, defects: list[Defect], maps: FaceMaps | None = None) -> Assessment:
    return Assessment(
        modality="face",
        algorithm=ALGORITHM,
        score=None,
        failure=reason,
        measures=all_missing(reason),
        defects=tuple(defects),
        maps=maps,
    )
