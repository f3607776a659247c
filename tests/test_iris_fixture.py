"""The drawn eyes: same seed same eye, and a truth that agrees with the picture."""

import numpy as np
import pytest

from fixtures.iris import EyeSpec, draw_eye, middle_faults, random_eye


def test_the_same_seed_draws_the_same_eye():
    first, _ = draw_eye(random_eye(5))
    again, _ = draw_eye(random_eye(5))
    other, _ = draw_eye(random_eye(6, width=first.shape[1], height=first.shape[0]))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_truth_is_in_pixels_of_the_picture():
    spec = EyeSpec(px_per_mm=20, pupil_mm=4.0, pupil_offset=(0.5, 0.0), centre=(1.0, -0.5))
    _, truth = draw_eye(spec)
    assert truth.limbus.x == pytest.approx((640 - 1) / 2 + 20)
    assert truth.limbus.y == pytest.approx((480 - 1) / 2 - 10)
    assert truth.limbus.radius == pytest.approx(20 * 11.8 / 2)
    assert truth.pupil.x == pytest.approx(truth.limbus.x + 10)
    assert truth.pupil.radius == pytest.approx(40)


def test_gaze_shortens_the_boundaries_by_its_cosine():
    _, truth = draw_eye(EyeSpec(gaze=(30.0, 0.0)))
    short, long = sorted((truth.limbus.a, truth.limbus.b))
    assert short / long == pytest.approx(np.cos(np.radians(30)), abs=1e-6)


@pytest.mark.parametrize("changes", [{}, {"opening_up": 2.0}, {"lash_reach": 3.0}, {"glare": 0.3}])
def test_covers_and_visible_iris_make_up_the_annulus(changes):
    _, truth = draw_eye(random_eye(3, **changes))
    parts = [truth.masks[n] for n in ("upper", "lower", "lashes", "reflections", "visible")]
    assert np.array_equal(np.sum(parts, axis=0), truth.masks["iris"].astype(int))


def test_a_closed_eye_shows_no_iris():
    _, truth = draw_eye(random_eye(2, closed=True))
    assert truth.masks["visible"].mean() < 0.002


def test_every_middle_fault_can_be_drawn():
    for changes in middle_faults().values():
        pixels, _ = draw_eye(random_eye(0, **changes))
        assert pixels.dtype == np.uint8
        assert pixels.std() > 3
