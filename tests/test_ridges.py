"""The ridge field beside gratings and prints whose ridges are known."""

import numpy as np
import pytest
from gratings import slanted
from hypothesis import given, settings
from hypothesis import strategies as st
from truth import field_errors, field_of

from ektp_biocheck.fingerprint.enhancement import enhance
from ektp_biocheck.fingerprint.foreground import LEAST_CLARITY
from ektp_biocheck.fingerprint.ridges import BROAD, CELL, NARROW, at_pixels, ridge_field
from fixtures.fingerprint import Condition, finger, render

INNER = (slice(1, -1), slice(1, -1))  # the outermost windows look into a mirror


def turned_by(one, other):
    """Degrees between two directions that have no sign."""
    return np.degrees(np.abs(np.angle(np.exp(2j * (one - other)))) / 2)


@pytest.mark.parametrize(
    ("period", "tolerance"),
    [(5, 0.01), (6, 0.01), (7.5, 0.015), (9, 0.015), (10, 0.02), (12, 0.03)],
)
@pytest.mark.parametrize("degrees", [0, 15, 30, 45, 68, 90, -20, -45, -75])
def test_a_grating_has_its_period_direction_and_amplitude(period, tolerance, degrees):
    field = ridge_field(slanted(period, degrees, amplitude=80))
    found = field.period[INNER]
    assert np.median(found) == pytest.approx(period, rel=tolerance)
    assert found == pytest.approx(np.full(found.shape, period), rel=0.03)
    assert turned_by(field.direction[INNER], np.radians(degrees)).max() < 2
    assert field.amplitude[INNER] == pytest.approx(np.full(found.shape, 80), rel=0.02)


@pytest.mark.parametrize("period", [5, 7, 9, 11])
def test_a_grating_is_as_clear_as_the_window_allows(period):
    """The window spreads even a pure wave beyond the filter: 0.7 is the top for wide ridges."""
    field = ridge_field(slanted(period, 25))
    assert field.clarity[INNER].min() > {5: 0.84, 7: 0.81, 9: 0.76, 11: 0.71}[period]
    assert field.clarity.max() <= 1
    assert field.agreement[INNER].min() > 0.84


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(4, 60))
def test_white_noise_is_not_clear(seed, spread):
    noise = np.random.default_rng(seed).normal(128, spread, (374, 388))
    field = ridge_field(np.clip(noise, 0, 255).astype(np.float32))
    assert field.clarity.max() < 0.75 * LEAST_CLARITY
    assert np.median(field.agreement) < 0.1


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_flat_picture_has_no_ridges(grey):
    field = ridge_field(np.full((100, 130), grey, np.float32))
    assert field.clarity.max() == 0
    assert field.amplitude.max() == 0
    assert np.all(field.level == grey)
    for each in (field.direction, field.period, field.agreement):
        assert np.isfinite(each).all()


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 40), (9, 9), (15, 17), (16, 16), (33, 200), (388, 374)]
)
def test_there_is_a_cell_for_every_pixel(shape):
    rng = np.random.default_rng(1)
    field = ridge_field(rng.uniform(0, 255, shape).astype(np.float32))
    cells = tuple(-(-side // CELL) for side in shape)
    assert field.shape == shape
    for each in (field.direction, field.period, field.amplitude, field.clarity, field.level):
        assert each.shape == cells
        assert each.dtype == np.float32
        assert np.isfinite(each).all()
    assert at_pixels(field.level, shape).shape == shape
    assert enhance(field).shape == shape


@pytest.mark.parametrize("step", [1, 4])
def test_a_cell_map_keeps_its_centres_between_the_pixels(step):
    grid = np.tile(np.arange(6, dtype=np.float32) * 10, (4, 1))
    for ramp, axis in ((grid, 1), (grid.T.copy(), 0)):
        shape = tuple(CELL * side for side in ramp.shape)
        shown = np.moveaxis(at_pixels(ramp, shape, step), axis, 1)
        middles = (np.arange(shown.shape[1]) + 0.5) * step  # px from the left edge
        expected = np.clip((middles / CELL - 0.5) * 10, 0, 50)
        assert shown == pytest.approx(np.tile(expected, (shown.shape[0], 1)), abs=0.4)


@settings(max_examples=15, deadline=None)
@given(st.floats(6, 11), st.floats(-89, 89), st.floats(0.2, 1.2), st.floats(60, 190))
def test_contrast_scales_the_amplitude_and_light_moves_the_level(period, degrees, gain, light):
    plain = slanted(period, degrees, amplitude=40, mean=0)
    one, other = ridge_field(plain + 128), ridge_field(plain * np.float32(gain) + np.float32(light))
    assert other.amplitude == pytest.approx(one.amplitude * gain, rel=0.01)
    assert other.level - light == pytest.approx((one.level - 128) * gain, abs=0.1)
    assert other.period == pytest.approx(one.period, rel=0.01)
    assert turned_by(one.direction, other.direction).max() < 0.5
    assert other.clarity == pytest.approx(one.clarity, abs=0.01)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_the_field_turns_with_the_print(quarters):
    pixels = render(finger(420)).pixels[:352, :368]
    one = ridge_field(pixels.astype(np.float32))
    other = ridge_field(np.rot90(pixels, quarters).astype(np.float32))
    for name in ("period", "amplitude", "clarity", "level"):
        expected = np.rot90(getattr(one, name), quarters)
        assert getattr(other, name) == pytest.approx(expected, rel=0.05, abs=0.05), name
    expected = np.rot90(one.direction, quarters) + quarters * np.pi / 2
    clear = other.clarity > 0.2
    assert turned_by(other.direction, expected)[clear].max() < 2


@pytest.mark.parametrize(
    ("condition", "direction", "period"),
    [
        (Condition(), (2.5, 7), 0.06),
        (Condition(rotation_deg=40), (2.5, 7), 0.06),
        (Condition(noise=0.3, background=170, texture=0.5), (2.5, 7), 0.07),
        (Condition(dryness=0.6), (3.5, 10), 0.1),
        (Condition(wetness=0.7), (3.5, 10), 0.1),
        (Condition(wear=0.7, creases=4), (4, 16), 0.06),
    ],
    ids=["clean", "turned", "noisy grey", "dry", "wet", "worn"],
)
def test_direction_and_period_are_those_of_the_finger(condition, direction, period):
    errors = [field_errors(render(finger(seed), condition)) for seed in (400, 401, 402)]
    turn, stretch = (np.concatenate(each) for each in zip(*errors, strict=True))
    assert np.median(turn) < direction[0]
    assert np.percentile(turn, 95) < direction[1]
    assert abs(np.median(stretch)) < period


def test_worn_ridges_are_fainter_and_noisy_ones_less_clear():
    def inside(condition, name):
        return np.median(getattr(field_of(render(finger(403), condition)), name)[8:16, 8:16])

    clean, worn, noisy = Condition(), Condition(wear=0.8), Condition(noise=0.9)
    assert inside(worn, "amplitude") < 0.7 * inside(clean, "amplitude")
    assert inside(noisy, "clarity") < 0.9 * inside(clean, "clarity")


# --- enhancement


@pytest.mark.parametrize("band", [NARROW, BROAD])
@pytest.mark.parametrize("amplitude", [5.0, 80.0])
def test_a_grating_comes_out_as_the_same_wave(band, amplitude):
    grating = slanted(9, 35, amplitude=amplitude)
    wave = enhance(ridge_field(grating), band)
    middle = (slice(16, -16), slice(16, -16))
    assert np.corrcoef(wave[middle].ravel(), grating[middle].ravel())[0, 1] > 0.99
    assert np.abs(wave[middle]).max() == pytest.approx(2.9, abs=0.15)  # whatever its strength


@pytest.mark.parametrize("degrees", [0, 35, 80, 90])
def test_the_windows_leave_no_seams(degrees):
    wave = enhance(ridge_field(slanted(9, degrees)))[16:-16, 16:-16]
    tops = [wave[r : r + 12, c : c + 12].max() for r in range(0, 200, 5) for c in range(0, 200, 5)]
    assert min(tops) > 0.9 * max(tops)


def test_crossing_lines_are_filtered_away():
    ridges = slanted(9, 35, amplitude=60)
    both = ridges + slanted(7, 125, amplitude=35, mean=0)
    wave = enhance(ridge_field(both))
    assert np.corrcoef(both.ravel(), ridges.ravel())[0, 1] < 0.9
    assert np.corrcoef(wave.ravel(), ridges.ravel())[0, 1] > 0.98


def test_a_wave_is_found_under_noise_of_its_own_strength():
    grating = slanted(9, 35, amplitude=40)
    noise = np.random.default_rng(5).normal(0, 40, grating.shape).astype(np.float32)
    wave = enhance(ridge_field(grating + noise))
    seen = np.corrcoef((grating + noise).ravel(), grating.ravel())[0, 1]
    assert seen < 0.6
    assert np.corrcoef(wave.ravel(), grating.ravel())[0, 1] > 0.93
