"""What is said of a photo: each painted fault is named, and nothing else changes."""

import json

import numpy as np
import pytest
from face_data import codes, good, value

from ektp_biocheck import face
from ektp_biocheck.defects import CATALOGUE
from ektp_biocheck.errors import InputError
from ektp_biocheck.face.ofiq import MAPPINGS, NEEDS_A_NETWORK
from ektp_biocheck.opencv import cv2
from fixtures import face as painted

OWN_SMILE = {"FA_EXPRESSION", "FA_MOUTH_OPEN"}  # the portrait shows her teeth
OF_THE_PORTRAIT = {*OWN_SMILE, "FA_SIZE"}  # 67 pixels between the eyes


def test_the_good_portrait_has_only_its_own_faults() -> None:
    _, result, _ = good()
    assert codes(result) <= OF_THE_PORTRAIT
    assert not any(defect.hard for defect in result.defects)
    assert result.score is not None
    assert result.score >= 85


def test_the_contributions_add_up_to_the_score() -> None:
    _, result, _ = good()
    assert round(sum(result.contributions.values())) == result.score
    assert all(points >= 0 for points in result.contributions.values())


def test_all_28_components_are_there_and_the_networks_ones_say_why_not() -> None:
    _, result, _ = good()
    for name in MAPPINGS:
        assert result.measures[name].value is not None
        assert 0 <= value(result, f"{name}.scalar") <= 100
    assert tuple(result.measures) == face.MEASURES
    for name in NEEDS_A_NETWORK:
        assert "network" in result.measures[name].why_missing or "forest" in (
            result.measures[name].why_missing
        )


@pytest.mark.parametrize(
    ("paint", "code"),
    [
        (painted.cover_with_mask, "FA_OCCLUDED"),
        (lambda p, q: painted.cover_with_mask(p, q, (250, 250, 250)), "FA_OCCLUDED"),
        (lambda p, q: painted.cover_with_mask(p, q, (20, 20, 20), 40), "FA_OCCLUDED"),
        (painted.cover_with_hand, "FA_OCCLUDED"),
        (painted.cover_with_scarf, "FA_OCCLUDED"),
        (painted.cover_with_sunglasses, "FA_OCCLUDED"),
        (painted.cover_with_sunglasses, "FA_GLASSES"),
        (painted.cover_with_glasses, "FA_GLASSES"),
        (painted.side_light, "FA_UNEVEN_LIGHT"),
        (lambda p, q: painted.side_light(p, q, left=False), "FA_UNEVEN_LIGHT"),
        (lambda p, q: painted.brighten(p, 0.01), "FA_UNDEREXPOSED"),
        (lambda p, q: painted.brighten(p, 10), "FA_OVEREXPOSED"),
        (lambda p, q: painted.defocus(p, 0.03 * 67), "FA_BLUR"),
        (lambda p, q: painted.compress(p, 8), "FA_COMPRESSED"),
        (lambda p, q: painted.two_people(p), "FA_MULTIPLE"),
    ],
)
def test_a_painted_fault_is_named(paint, code: str) -> None:
    photo, clean, points = good()
    assert code not in codes(clean)
    assert code in codes(face.assess(paint(photo, points)))


@pytest.mark.parametrize(
    "colour", [(60, 90, 80), (20, 20, 22), (240, 240, 240), (205, 160, 130), (150, 30, 60)]
)
def test_a_headscarf_is_never_a_defect(colour) -> None:
    photo, clean, points = good()
    result = face.assess(painted.cover_with_headscarf(photo, points, colour))
    # The portrait's wall, with a flag and a model before it, lies at the edge of "plain".
    assert codes(result) - {"FA_BACKGROUND"} <= codes(clean)
    assert result.score >= clean.score - 5


def test_a_covered_mouth_is_not_called_open_and_dark_lenses_not_closed_eyes() -> None:
    photo, _, points = good()
    assert not OWN_SMILE & codes(face.assess(painted.cover_with_mask(photo, points)))
    lenses = face.assess(painted.cover_with_sunglasses(photo, points))
    assert "FA_EYES_CLOSED" not in codes(lenses)


@pytest.mark.parametrize("gamma", [0.7, 1.0, 1.5, 2.2])
@pytest.mark.parametrize("gains", [(1, 1, 1), (1, 0.85, 0.7), (0.85, 0.95, 1)])
def test_no_gate_follows_the_skins_tone(gamma: float, gains) -> None:
    photo, clean, _ = good()
    darker = face.assess(painted.tint(photo, gains, gamma))
    assert codes(darker) - {"FA_BACKGROUND"} == codes(clean) - {"FA_BACKGROUND"}


def test_blur_and_compression_move_their_measures_one_way() -> None:
    photo, _, points = good()
    ied = float(np.hypot(*(points[[362, 263], :2].mean(0) - points[[33, 133], :2].mean(0))))
    sharp = [
        value(face.assess(painted.defocus(photo, share * ied)), "sharpness")
        for share in (0.005, 0.01, 0.02, 0.04)
    ]
    assert sharp == sorted(sharp, reverse=True)
    blocks = [value(face.assess(painted.compress(photo, q)), "blockiness") for q in (90, 30, 8)]
    assert blocks == sorted(blocks)


def test_a_face_moved_in_the_picture_measures_the_same() -> None:
    photo, result, _ = good()
    wider = cv2.copyMakeBorder(photo, 40, 80, 60, 20, cv2.BORDER_REPLICATE)
    moved = face.assess(wider)
    for name, tolerance in (("EyesOpen", 0.01), ("MouthClosed", 0.01), ("InterEyeDistance", 2)):
        assert value(moved, name) == pytest.approx(value(result, name), abs=tolerance)


def test_margins_grow_with_the_picture_around_the_face() -> None:
    photo, result, _ = good()
    length = value(result, "HeadSize") * photo.shape[0]
    wider = face.assess(cv2.copyMakeBorder(photo, 100, 0, 0, 0, cv2.BORDER_REPLICATE))
    grown = value(wider, "MarginAboveOfTheFaceImage") - value(result, "MarginAboveOfTheFaceImage")
    assert grown == pytest.approx(100 / length, rel=0.06)


def test_red_eyes_and_glare_are_measured() -> None:
    photo, clean, points = good()
    assert value(clean, "red_eye") == 0
    assert value(clean, "eye_glare") < 0.03
    red, burnt = photo.copy(), photo.copy()
    for iris in (468, 473):
        place = (round(points[iris, 0]), round(points[iris, 1]))
        cv2.circle(red, place, 3, (200, 30, 30), -1)
        cv2.circle(burnt, place, 11, (255, 255, 255), -1)
    assert value(face.assess(red), "red_eye") > 0.5
    glare = face.assess(burnt)
    assert value(glare, "eye_glare") > 0.2
    assert "FA_OCCLUDED" in codes(glare)


def test_fast_leaves_out_the_background_and_says_so() -> None:
    photo, full, _ = good()
    fast = face.assess(photo, level="fast")
    assert fast.score == full.score
    assert fast.measures["background_spread"].why_missing == "left out at level fast"
    assert value(fast, "EyesOpen") == value(full, "EyesOpen")


def test_assessing_again_gives_the_same_figures() -> None:
    photo, result, _ = good()
    again = face.assess(photo)
    assert again.measures == result.measures
    assert again.to_dict() == result.to_dict()


def test_the_result_is_json_and_every_defect_is_in_the_catalogue() -> None:
    photo, _, points = good()
    result = face.assess(painted.cover_with_mask(photo, points))
    json.dumps(result.to_dict(), allow_nan=False)
    assert codes(result) <= set(CATALOGUE)
    for defect in result.defects:
        if defect.region is not None:
            assert defect.region.x >= 0
            assert defect.region.x + defect.region.width <= photo.shape[1]


# --- what cannot be assessed -------------------------------------------------------------------


def test_an_empty_background_has_no_face_and_says_so() -> None:
    result = face.assess(np.full((400, 300, 3), 120, np.uint8))
    assert result.score is None
    assert "no upright face" in result.failure
    assert codes(result) == {"FA_NO_FACE"}
    assert tuple(result.measures) == face.MEASURES
    assert all(measure.value is None for measure in result.measures.values())


@pytest.mark.parametrize(("quarters", "degrees"), [(1, 270), (2, 180), (3, 90)])
def test_a_turned_photo_is_refused_with_the_angle(quarters: int, degrees: int) -> None:
    photo, _, _ = good()
    result = face.assess(np.ascontiguousarray(np.rot90(photo, quarters)))
    assert result.score is None
    assert str(degrees) in result.failure
    assert "FA_NO_FACE" in codes(result)


def test_half_a_face_is_refused() -> None:
    photo, _, points = good()
    left = np.ascontiguousarray(photo[:, : int(points[1, 0])])
    result = face.assess(left)
    assert result.score is None
    assert codes(result) & {"FA_CROPPED", "FA_NO_FACE"}


def test_a_thumbnail_is_too_small() -> None:
    photo, _, _ = good()
    result = face.assess(cv2.resize(photo, (32, 32), interpolation=cv2.INTER_AREA))
    assert result.score is None
    assert codes(result) & {"FA_SIZE", "FA_NO_FACE"}


def cartoon() -> np.ndarray:
    """Return a face as a child draws it."""
    picture = np.full((400, 400, 3), 255, np.uint8)
    cv2.circle(picture, (200, 200), 140, (255, 220, 0), -1)
    cv2.circle(picture, (150, 160), 18, (0, 0, 0), -1)
    cv2.circle(picture, (250, 160), 18, (0, 0, 0), -1)
    cv2.ellipse(picture, (200, 230), (70, 50), 0, 0, 180, (0, 0, 0), 8)
    return picture


def colour_wheel() -> np.ndarray:
    """Return all hues round a centre."""
    y, x = np.mgrid[-200:200, -200:200]
    hue = np.degrees(np.arctan2(y, x)) % 360 / 2
    hsv = np.dstack([hue, np.minimum(np.hypot(x, y), 200) * 1.27, np.full(x.shape, 255)])
    return cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)


def noise() -> np.ndarray:
    """Return random pixels."""
    return np.random.default_rng(5).integers(0, 256, (300, 400, 3), np.uint8)


@pytest.mark.parametrize("picture", [cartoon, colour_wheel, noise])
def test_no_face_is_invented(picture) -> None:
    result = face.assess(picture())
    assert result.score is None
    assert "FA_NO_FACE" in codes(result)


def test_a_cat_is_no_applicant() -> None:
    from skimage.data import chelsea

    assert "FA_NO_FACE" in codes(face.assess(np.asarray(chelsea())))


def test_a_grey_photo_is_assessed_like_its_copy_in_three_channels() -> None:
    photo, _, _ = good()
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    assert face.assess(grey).to_dict() == face.assess(np.dstack([grey] * 3)).to_dict()
    assert value(face.assess(grey), "NaturalColour") == 0  # OFIQ's rule


def test_twenty_megapixels_work() -> None:
    photo, result, _ = good()
    large = cv2.resize(photo, (3873, 5164), interpolation=cv2.INTER_LINEAR)
    again = face.assess(large)
    assert value(again, "EyesOpen") == pytest.approx(value(result, "EyesOpen"), abs=0.01)
    assert value(again, "InterEyeDistance") == pytest.approx(
        value(result, "InterEyeDistance") * 3873 / 480, rel=0.02
    )


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((40, 40, 3), np.uint16),
        np.zeros((40, 40, 4), np.uint8),
        np.zeros((40, 40, 3), np.float64),
        np.zeros((0, 40, 3), np.uint8),
        np.zeros(40, np.uint8),
        [[1, 2], [3, 4]],
    ],
)
def test_what_is_no_photo_is_the_callers_mistake(pixels) -> None:
    with pytest.raises(InputError, match="face photo must be"):
        face.assess(pixels)


@pytest.mark.parametrize("shape", [(1, 1), (2, 700), (700, 2), (17, 5)])
def test_odd_shapes_are_answered(shape) -> None:
    assert face.assess(np.full((*shape, 3), 90, np.uint8)).score is None


def test_an_unknown_level_is_named() -> None:
    with pytest.raises(InputError, match="full"):
        face.assess(good()[0], level="slow")
