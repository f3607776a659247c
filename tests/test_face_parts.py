"""Single measures on faces drawn from numbers alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.face import landmarks
from ektp_biocheck.face.expression import expression_measures, eyes_open, mouth_closed
from ektp_biocheck.face.framing import framing_measures, share_outside
from ektp_biocheck.face.geometry import LIPS, OVAL, Portrait, luminance
from ektp_biocheck.face.landmarks import Face
from ektp_biocheck.face.light import grey_photo, light_measures, lost_detail
from ektp_biocheck.face.pyramid import Pyramid
from ektp_biocheck.face.score import POINTS, score
from ektp_biocheck.face.sharpness import blockiness

IED, LENGTH = 100.0, 130.0


def drawn(x: float = 300, y: float = 250, lids: float = 8, lips: float = 2) -> Face:
    """Return a face of plain numbers: eyes 100 px apart around (x, y), the chin 130 px below."""
    points = np.zeros((478, 3))
    points[:, :2] = (x, y + 60)
    for centre, (outer, inner), pairs, iris in (
        (x - IED / 2, (33, 133), ((160, 144), (159, 145), (158, 153)), 468),
        (x + IED / 2, (362, 263), ((385, 380), (386, 374), (387, 373)), 473),
    ):
        points[[outer, inner], :2] = [(centre - 20, y), (centre + 20, y)]
        points[iris, :2] = (centre, y)
        for shift, (upper, lower) in zip((-8, 0, 8), pairs, strict=True):
            points[[upper, lower], :2] = [
                (centre + shift, y - lids / 2),
                (centre + shift, y + lids / 2),
            ]
    points[[105, 66, 334, 296], :2] = [(x + s, y - 40) for s in (-60, -30, 60, 30)]
    angle = np.linspace(-np.pi / 2, 1.5 * np.pi, len(OVAL), endpoint=False)
    points[list(OVAL), :2] = np.stack([x + 95 * np.cos(angle), y + 20 + 110 * np.sin(angle)], 1)
    turn = np.linspace(np.pi, -np.pi, len(LIPS), endpoint=False)
    points[list(LIPS), :2] = np.stack([x + 36 * np.cos(turn), y + 85 - 10 * np.sin(turn)], 1)
    for shift, (upper, lower) in zip((-12, 0, 12), ((82, 87), (13, 14), (312, 317)), strict=True):
        points[[upper, lower], :2] = [
            (x + shift, y + 85 - lips / 2),
            (x + shift, y + 85 + lips / 2),
        ]
    points[152, :2], points[1, :2] = (x, y + LENGTH), (x, y + 45)
    points[[70, 63, 107, 336, 293, 300], :2] = [
        (x + s, y - 38) for s in (-75, -68, -15, 15, 68, 75)
    ]
    return Face(points, 28.0, 0.9, np.zeros((192, 192, 3), np.uint8))


def portrait(pixels: np.ndarray) -> Portrait:
    return Portrait(Pyramid(pixels), drawn())


def painted(left, right) -> np.ndarray:
    """Return a 500×600 picture, one colour left of the nose and one right of it."""
    picture = np.empty((500, 600, 3), np.uint8)
    picture[:, :300], picture[:, 300:] = left, right
    return picture


def test_distances_are_as_drawn() -> None:
    values = framing_measures(drawn(), (500, 600), yaw=0)
    assert values["InterEyeDistance"] == pytest.approx(100)
    assert values["HeadSize"] == pytest.approx(130 / 500)
    assert values["LeftwardCropOfTheFaceImage"] == pytest.approx(3.5)  # x of the right eye
    assert values["RightwardCropOfTheFaceImage"] == pytest.approx(3.5)
    assert values["MarginAboveOfTheFaceImage"] == pytest.approx(250 / 130)
    assert values["MarginBelowOfTheFaceImage"] == pytest.approx(250 / 130)


def test_the_inter_eye_distance_is_corrected_for_yaw() -> None:
    assert framing_measures(drawn(), (500, 600), yaw=60)["InterEyeDistance"] == pytest.approx(200)
    assert framing_measures(drawn(), (500, 600), yaw=90)["InterEyeDistance"] < 2001


@pytest.mark.parametrize(("x", "share"), [(300, 0.0), (0, 0.5), (600, 0.5), (-300, 1.0)])
def test_how_much_of_the_oval_lies_outside(x: float, share: float) -> None:
    assert share_outside(drawn(x=x), (500, 600)) == pytest.approx(share, abs=0.02)


@given(st.floats(0.5, 30), st.floats(0, 60))
def test_lids_and_lips_are_measured_over_the_face_length(lids: float, lips: float) -> None:
    face = drawn(lids=lids, lips=lips)
    assert eyes_open(face) == pytest.approx((lids / LENGTH, lids / LENGTH))
    assert mouth_closed(face) == pytest.approx(lips / LENGTH)


def test_gaze_smile_and_brows_move_as_drawn() -> None:
    still = expression_measures(drawn())
    assert still["gaze_side"] == pytest.approx(0, abs=1e-9)
    assert still["raised_brows"] == pytest.approx(0.4)
    moved = drawn()
    moved.points[[468, 473], 0] += 8  # of eyes 40 px wide
    moved.points[[61, 291], 1] -= 12
    moved.points[[105, 66, 334, 296], 1] -= 15
    after = expression_measures(moved)
    assert after["gaze_side"] == pytest.approx(0.2)
    assert after["smile"] == pytest.approx(still["smile"] + 0.12)
    assert after["raised_brows"] == pytest.approx(0.55)


@pytest.mark.parametrize(("level", "linear"), [(0, 0), (10, 1), (128, 55), (188, 128), (255, 255)])
def test_luminance_is_linear_light(level: int, linear: int) -> None:
    grey = np.full((2, 2, 3), level, np.uint8)
    assert (luminance(grey) == linear).all()


def test_luminance_weighs_the_channels() -> None:
    colours = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255)]], np.uint8)
    assert luminance(colours).tolist() == [[54, 182, 18]]  # 255 · (.2126, .7152, .0722)


def test_a_flat_face_has_no_entropy_and_even_light() -> None:
    values = light_measures(portrait(painted((150, 150, 150), (150, 150, 150))))
    assert values["DynamicRange"] == 0
    assert values["LuminanceVariance"] == 0
    assert values["IlluminationUniformity"] == pytest.approx(1)
    assert values["LuminanceMean"] == pytest.approx(
        luminance(np.full((1, 1, 3), 150, np.uint8)).item() / 255
    )
    assert values["NaturalColour"] == 0


def test_two_halves_share_no_light_and_give_one_bit() -> None:
    values = light_measures(portrait(painted((60, 60, 60), (200, 200, 200))))
    assert values["IlluminationUniformity"] == pytest.approx(0, abs=0.02)
    assert values["DynamicRange"] == pytest.approx(1, abs=0.15)


def test_blue_skin_is_not_natural_and_skin_is() -> None:
    assert light_measures(portrait(painted((60, 90, 200), (60, 90, 200))))["NaturalColour"] == 100
    assert light_measures(portrait(painted((205, 150, 125), (205, 150, 125))))["NaturalColour"] < 5


def test_lost_detail_is_counted_at_the_ends_of_the_scale_only() -> None:
    half = lost_detail(portrait(painted((5, 5, 5), (255, 250, 240))))
    assert half["lost_in_dark"] == pytest.approx(0.5, abs=0.03)
    assert half["lost_in_light"] == pytest.approx(0.5, abs=0.03)
    none = lost_detail(portrait(painted((45, 28, 20), (250, 225, 210))))
    assert none["lost_in_dark"] == none["lost_in_light"] == 0


def test_grey_is_told_from_colour() -> None:
    assert grey_photo(portrait(painted((90, 90, 90), (200, 200, 200))))
    assert not grey_photo(portrait(painted((90, 70, 60), (200, 170, 160))))


def test_a_pyramid_crop_is_the_picture_and_its_halves_are_means() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 60, 3), np.uint8)
    picture = Pyramid(pixels)
    assert np.array_equal(picture.crop(np.eye(2, 3), (60, 40)), pixels)
    half = pixels.reshape(20, 2, 30, 2, 3).mean((1, 3))
    assert np.abs(picture.level(1) - half).max() <= 1
    small = picture.crop(np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]]), (30, 20))
    assert np.abs(small.astype(int) - half).max() <= 1


ANGLES = {"HeadPoseYaw": 0.0, "HeadPosePitch": 0.0, "HeadPoseRoll": 0.0}
PERFECT = ANGLES | {
    "lower_face_cover": 0.0,
    "eye_cover": -1.5,
    "sharpness": 1.0,
    "EyesOpen": 0.08,
    "InterEyeDistance": 120.0,
}


def test_a_perfect_face_has_every_point() -> None:
    assert score(PERFECT) == (100, dict(POINTS))


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({"HeadPoseYaw": -45}, 70),
        ({"HeadPosePitch": 45}, 70),
        ({"lower_face_cover": 1}, 75),
        ({"eye_cover": 2}, 60),  # covered, and the eyes not seen open
        ({"sharpness": 0.3}, 80),
        ({"EyesOpen": 0.01}, 85),
        ({"InterEyeDistance": 20}, 90),
        ({"InterEyeDistance": 55}, 95),
        ({"HeadPoseYaw": 25}, 85),
    ],
)
def test_a_fault_takes_its_own_points(change, left: int) -> None:
    assert score(PERFECT | change)[0] == left


@given(st.floats(-90, 90), st.floats(0, 1), st.floats(-3, 3), st.floats(0, 2), st.floats(0, 0.2))
def test_the_score_is_the_sum_of_what_it_shows(yaw, covered, lenses, sharp, opening) -> None:
    values = PERFECT | {
        "HeadPoseYaw": yaw,
        "lower_face_cover": covered,
        "eye_cover": lenses,
        "sharpness": sharp,
        "EyesOpen": opening,
    }
    total, parts = score(values)
    assert 0 <= total <= 100
    assert total == round(sum(parts.values()))
    assert all(0 <= parts[name] <= POINTS[name] for name in POINTS)


def first_grey_from(linear: int) -> int:
    """Return the darkest grey level whose luminance reaches `linear`."""
    levels = np.arange(256, dtype=np.uint8)
    return int(np.flatnonzero(luminance(np.dstack([levels[None]] * 3))[0] >= linear)[0])


def test_exposure_counts_pixels_up_to_25_and_from_247() -> None:
    for linear, name, reached in (
        (26, "UnderExposurePrevention", 0),
        (247, "OverExposurePrevention", 1),
    ):
        level = first_grey_from(linear)
        for grey, share in ((level, reached), (level - 1, 1 - reached)):
            assert light_measures(portrait(painted((grey,) * 3, (grey,) * 3)))[name] == share


def test_a_neutral_mouth_has_the_smile_of_its_width_alone() -> None:
    face = drawn()
    lips = face.points[[0, 17, 13, 14], 1].mean()
    lift = (lips - face.points[[61, 291], 1].mean()) / IED
    width = (face.points[291, 0] - face.points[61, 0]) / IED
    assert expression_measures(face)["smile"] == pytest.approx(lift + (width - 0.75) / 2)


def test_blocks_must_show_in_both_directions() -> None:
    y, x = np.mgrid[:500, :600]
    noise = np.random.default_rng(1).integers(0, 8, (500, 600))
    checks = (100 + 60 * ((x // 8 + y // 8) % 2) + noise).astype(np.uint8)
    stripes = (100 + 60 * (x // 8 % 2) + noise).astype(np.uint8)
    assert blockiness(portrait(np.dstack([checks] * 3))) > 1
    assert blockiness(portrait(np.dstack([stripes] * 3))) < 0.3


@pytest.mark.parametrize(
    ("as_it_is", "turned", "belief", "inverted"),
    [
        (0.3, 0.9, 34.0, True),
        (0.3, 0.9, 29.0, False),  # the landmarks do not follow
        (0.9, 0.3, 34.0, False),  # the detector does not
    ],
)
def test_upside_down_needs_both_networks(monkeypatch, as_it_is, turned, belief, inverted) -> None:
    class Detector:
        def looks_like_face(self, crop) -> float:
            return as_it_is if crop[:20].mean() > crop[-20:].mean() else turned

    other = Face(drawn().points, belief, 0.9, drawn().square)
    monkeypatch.setattr(landmarks, "_search", lambda *_: ([other], 1))
    shaded = (
        np.repeat(np.linspace(255, 0, 500)[:, None, None], 600, 1).repeat(3, 2).astype(np.uint8)
    )
    assert landmarks._turned_wins(Detector(), Pyramid(shaded), drawn()) is inverted
