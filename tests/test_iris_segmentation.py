"""Boundaries and masks against the truth of drawn eyes."""

import numpy as np
import pytest

from ektp_biocheck.iris import eye_side, segment, swapped
from ektp_biocheck.opencv import cv2
from fixtures.iris import draw_eye, random_eye

_KINDS = {
    "clean": {},
    "defocused": {"defocus_mm": 0.15},
    "moved": {"motion_mm": 0.6},
    "hazy": {"haze": 0.3},
    "turned": {"gaze": (15.0, 5.0)},
    "dark": {"exposure": 0.4},
    "small pupil": {"pupil_mm": 2.6},
    "wide pupil": {"pupil_mm": 7.0},
    "aside": {"centre": (5.0, 2.0)},
    "unequal pixels": {"pixel_aspect": 1.12},
}


def _errors(eye, truth):
    """Centre and radius errors in iris radii: pupil, limbus."""
    r = truth.limbus.radius
    out = []
    for found, drawn in ((eye.pupil, truth.pupil), (eye.limbus, truth.limbus)):
        out.append(
            (np.hypot(found.x - drawn.x, found.y - drawn.y) / r, abs(found.r - drawn.radius) / r)
        )
    return out


@pytest.mark.parametrize("kind", _KINDS)
def test_boundaries_lie_where_they_were_drawn(kind):
    misses = 0
    for seed in (20, 21, 22):
        pixels, truth = draw_eye(random_eye(seed, **_KINDS[kind]))
        (pupil_off, pupil_r), (limbus_off, limbus_r) = _errors(segment(pixels), truth)
        assert pupil_off < 0.02
        assert pupil_r < 0.02
        assert limbus_off < 0.06
        misses += limbus_off > 0.02 or limbus_r > 0.03
    assert misses <= 1


def test_the_visible_mask_agrees_with_the_truth():
    overlaps = []
    for seed in range(40, 52):
        pixels, truth = draw_eye(random_eye(seed, opening_up=3.5 + 0.2 * (seed % 10)))
        found, drawn = segment(pixels).mask(), truth.masks["visible"]
        overlaps.append((found & drawn).sum() / (found | drawn).sum())
    assert np.median(overlaps) > 0.90
    assert min(overlaps) > 0.75


def test_a_shifted_picture_shifts_the_boundaries():
    pixels, _ = draw_eye(random_eye(7, width=640, height=480))
    moved = np.roll(pixels, (8, -16), axis=(0, 1))
    a, b = segment(pixels), segment(moved)
    assert b.pupil.x - a.pupil.x == pytest.approx(-16, abs=0.5)
    assert b.pupil.y - a.pupil.y == pytest.approx(8, abs=0.5)
    assert b.limbus.r == pytest.approx(a.limbus.r, rel=0.01)


def test_a_picture_twice_as_large_has_boundaries_twice_as_large():
    pixels, _ = draw_eye(random_eye(7, width=480, height=360))
    a, b = segment(pixels), segment(cv2.resize(pixels, None, fx=2, fy=2))
    assert b.pupil.r == pytest.approx(2 * a.pupil.r, rel=0.02)
    assert b.limbus.x + 0.5 == pytest.approx(2 * (a.limbus.x + 0.5), abs=2)


def test_an_iris_cut_by_the_frame_is_found():
    pixels, truth = draw_eye(
        random_eye(7, width=640, height=480, px_per_mm=17.0, centre=(-15.5, 0.0))
    )
    eye = segment(pixels)
    assert eye.limbus.x == pytest.approx(truth.limbus.x, abs=0.05 * truth.limbus.radius)
    assert eye.masks["outside"].sum() > 0


def test_an_arcus_does_not_pass_for_the_limbus():
    ratios = []
    for seed in range(60, 68):
        pixels, truth = draw_eye(random_eye(seed, arcus=0.8))
        ratios.append(segment(pixels).limbus.r / truth.limbus.radius)
    assert np.median(np.abs(np.array(ratios) - 1)) < 0.05


def test_sides_are_told_by_the_pupils_place_and_a_swap_is_seen():
    left = segment(draw_eye(random_eye(1, left_eye=True, pupil_offset=(-0.3, 0.0)))[0])
    right = segment(draw_eye(random_eye(1, left_eye=False, pupil_offset=(0.3, 0.0)))[0])
    middle = segment(draw_eye(random_eye(1, pupil_offset=(0.0, 0.0)))[0])
    assert (eye_side(left), eye_side(right), eye_side(middle)) == ("left", "right", "not known")
    assert swapped(left, right) is None
    assert swapped(middle, left) is None
    assert swapped(right, left).code == "IR_LEFT_RIGHT_SWAP"
