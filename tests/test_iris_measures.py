"""Measures with answers that can be worked out by hand."""

import numpy as np
import pytest

from ektp_biocheck.iris import contrast, gaze, segment, sharpness, visibility
from ektp_biocheck.iris.contrast import Greys
from ektp_biocheck.opencv import cv2
from fixtures.iris import draw_eye, random_eye


@pytest.fixture(scope="module")
def clean():
    pixels, truth = draw_eye(random_eye(31, width=640, height=480))
    return pixels, truth, segment(pixels)


def test_entropy_of_four_equal_greys_is_two_bits():
    pixels = np.repeat(np.array([10, 80, 150, 220], np.uint8), 100).reshape(20, 20)
    assert contrast.greyscale_utilisation(pixels) == pytest.approx(2.0)
    assert contrast.greyscale_utilisation(np.full((9, 9), 7, np.uint8)) == 0.0


def test_contrasts_follow_the_standards_formulae():
    greys = Greys(pupil=20, inner=80, outer=90, iris=85, sclera=140, saturated=0)
    assert contrast.iris_sclera_contrast(greys) == pytest.approx(100 * 50 / (140 + 90 - 40))
    weber = 60 / 40
    assert contrast.iris_pupil_contrast(greys) == pytest.approx(100 * weber / (0.75 + weber))
    assert contrast.haze(greys) == pytest.approx(100 * 20 / 85)
    bright = Greys(pupil=95, inner=80, outer=90, iris=85, sclera=140, saturated=0)
    assert contrast.iris_pupil_contrast(bright) == 0.0
    assert contrast.iris_sclera_contrast(bright) == 0.0
    unseen = Greys(pupil=None, inner=80, outer=90, iris=85, sclera=None, saturated=0)
    assert contrast.iris_pupil_contrast(unseen) is None
    assert contrast.iris_sclera_contrast(unseen) is None


def test_circularity_is_full_for_a_circle_and_falls_for_an_ellipse():
    angle = np.arange(256) * 2 * np.pi / 256
    circle, even = gaze.pupil_circularity(np.full(256, 40, np.float32))
    assert circle == pytest.approx(100)
    assert even == pytest.approx(0, abs=1e-4)
    # r = 40 + 4 cos 2θ has |C_2| = 2, so the standard's figure falls by 4
    oval, oval_even = gaze.pupil_circularity((40 + 4 * np.cos(2 * angle)).astype(np.float32))
    assert oval == pytest.approx(96, abs=1e-3)
    assert oval_even == pytest.approx(0, abs=1e-4)
    _, bumpy = gaze.pupil_circularity((40 + 2 * np.cos(5 * angle)).astype(np.float32))
    assert bumpy == pytest.approx(100 * np.sqrt(2) / 40, rel=1e-3)


def test_sharpness_is_the_standards_filter_at_every_fourth_pixel():
    assert sharpness.iso_sharpness(np.full((64, 64), 130, np.uint8)) == 0.0
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (61, 75), dtype=np.uint8)
    whole = cv2.filter2D(pixels.astype(np.float64), -1, sharpness._KERNEL.astype(np.float64))
    power = np.mean(whole[4:-4:4, 4:-4:4] ** 2)
    expected = 100 * power**2 / (power**2 + 1.8e6**2)
    assert sharpness.iso_sharpness(pixels) == pytest.approx(expected, rel=1e-6)


def test_the_kernel_answers_nothing_to_a_flat_picture():
    assert sharpness._KERNEL.shape == (9, 9)
    assert sharpness._KERNEL.sum() == 0
    assert np.array_equal(sharpness._KERNEL, sharpness._KERNEL[::-1, ::-1])


def test_covers_and_usable_area_add_up_and_agree_with_the_truth(clean):
    _, truth, eye = clean
    area = visibility.usable_iris_area(eye)
    assert area + sum(visibility.covered_shares(eye).values()) == pytest.approx(100)
    drawn = 100 * truth.masks["visible"].sum() / truth.masks["iris"].sum()
    assert area == pytest.approx(drawn, abs=6)


def test_margins_count_the_room_on_every_side(clean):
    pixels, truth, eye = clean
    r = truth.limbus.radius
    room = visibility.margins(eye)
    assert room["left"] == pytest.approx((truth.limbus.x + 0.5 - r) / r, abs=0.06)
    assert room["right"] == pytest.approx((640 - truth.limbus.x - 0.5 - r) / r, abs=0.06)
    assert visibility.margin_adequacy(eye) == 100
    for side in (
        np.s_[:, : int(truth.limbus.x + 1.2 * r)],
        np.s_[: int(truth.limbus.y + 1.05 * r)],
    ):
        near = segment(np.ascontiguousarray(pixels[side]))
        assert visibility.margin_adequacy(near) < 60


@pytest.mark.parametrize(("fault", "name"), [("defocus_mm", "width"), ("motion_mm", "motion")])
def test_defocus_and_motion_are_told_apart(fault, name):
    other = {"width": "motion", "motion": "width"}[name]
    edges = []
    for amount in (0.04, 0.45):
        pixels, _ = draw_eye(random_eye(31, width=640, height=480, glints=0, **{fault: amount}))
        edges.append(sharpness.pupil_edge(pixels, segment(pixels)))
    rise = {n: getattr(edges[1], n) - getattr(edges[0], n) for n in (name, other)}
    assert rise[name] > 1.5
    assert rise[name] > 2 * rise[other]


def test_interlacing_shows_in_neighbouring_rows():
    sound, _ = draw_eye(random_eye(31, width=640, height=480))
    torn, _ = draw_eye(random_eye(31, width=640, height=480, interlace_mm=0.35))
    assert sharpness.interlacing(sound, segment(sound)) < 1.1
    assert sharpness.interlacing(torn, segment(torn)) > 1.3


def test_gaze_angles_follow_the_drawn_ones():
    for yaw, pitch in ((25.0, 0.0), (0.0, 25.0)):
        pixels, _ = draw_eye(random_eye(33, width=640, height=480, gaze=(yaw, pitch)))
        sideways, vertical = gaze.gaze_angle(segment(pixels))
        assert sideways == pytest.approx(yaw, abs=6)
        assert vertical == pytest.approx(pitch, abs=6)


def test_haze_rises_with_a_cloudy_cornea():
    values = []
    for haze in (0.0, 0.3, 0.6):
        pixels, _ = draw_eye(random_eye(31, width=640, height=480, haze=haze))
        values.append(contrast.haze(contrast.measure_greys(segment(pixels))))
    assert values == sorted(values)
    assert values[2] > values[0] + 25
