"""The contact area beside the one the generator pressed."""

from dataclasses import replace

import numpy as np
import pytest
from gratings import slanted
from truth import field_of, overlap

from ektp_biocheck.fingerprint.foreground import MM2_PER_PX, find_foreground
from ektp_biocheck.fingerprint.ridges import CELL, ridge_field
from ektp_biocheck.opencv import cv2
from fixtures.fingerprint import Condition, finger, render

GLASS_MM = (22.0, 24.0)
SEEDS = range(500, 504)
NO_RIDGE = pytest.mark.xfail(reason="without a ridge, 40 grey levels of shade count as smooth skin")
NOISY_GREY = Condition(background=170, noise=0.3, texture=0.5)


def captures(condition):
    return [render(finger(seed), condition, size_mm=GLASS_MM) for seed in SEEDS]


def overlaps(condition):
    return [overlap(find_foreground(field_of(c)).mask, c.mask) for c in captures(condition)]


@pytest.mark.parametrize(
    ("condition", "median", "worst"),
    [
        (Condition(), 0.91, 0.90),
        (NOISY_GREY, 0.92, 0.90),
        (Condition(background=150, noise=0.6, texture=1.0), 0.92, 0.90),
        (Condition(ghost=0.3, ghost_seed=77), 0.90, 0.89),
        (Condition(contact=0.4), 0.87, 0.85),
        (replace(NOISY_GREY, contact=0.4), 0.89, 0.87),
        (Condition(contact=0.3, tip_only=True), 0.86, 0.84),
        (Condition(dryness=0.6), 0.91, 0.89),
        (Condition(wetness=0.7), 0.93, 0.91),
        (Condition(wear=0.8, creases=4), 0.91, 0.89),
        (Condition(pressure=1), 0.92, 0.91),
        (Condition(pressure=-1), 0.91, 0.90),
        (Condition(contrast=0.2), 0.91, 0.90),
        (Condition(blur_mm=0.15), 0.89, 0.86),
    ],
    ids=[
        *("clean", "noisy grey", "noisier grey", "on an old print", "partial"),
        *("partial on noisy grey", "tip", "dry", "wet", "worn", "pressed", "light", "faint"),
        "blurred",
    ],
)
def test_the_mask_is_the_contact_area(condition, median, worst):
    found = overlaps(condition)
    assert np.median(found) > median
    assert min(found) > worst


def test_an_old_print_beside_a_small_contact_is_left_out():
    found = overlaps(Condition(contact=0.4, ghost=0.3, ghost_seed=77))
    assert np.median(found) > 0.8


@pytest.mark.parametrize(
    "condition",
    [
        Condition(contact=0),
        Condition(contact=0, background=170),
        Condition(contact=0, background=170, noise=0.5, texture=1.0),
        Condition(contact=0, vignette=0.3),
        pytest.param(Condition(contact=0, vignette=1.0), marks=NO_RIDGE),
    ],
    ids=["white", "grey", "noisy grey", "shaded corners", "dark corners"],
)
def test_an_empty_glass_has_no_foreground(condition):
    for capture in captures(condition):
        assert find_foreground(field_of(capture)).area_mm2 == 0


def test_noise_alone_is_no_finger():
    noise = np.random.default_rng(2).normal(128, 20, (388, 374)).clip(0, 255)
    foreground = find_foreground(ridge_field(noise.astype(np.float32)))
    assert foreground.area_mm2 == 0
    assert not foreground.mask.any()
    assert not foreground.cells.any()
    assert foreground.polygon.shape == (0, 2)


def test_fainter_than_sensor_noise_is_no_ridge():
    faint, enough = (ridge_field(slanted(9, 20, amplitude=a)) for a in (2, 5))
    assert find_foreground(faint).area_mm2 == 0
    assert find_foreground(enough).mask.all()


def test_smaller_contacts_have_smaller_areas():
    areas = []
    for contact in (0.1, 0.25, 0.5, 1.0):
        capture = render(finger(507), Condition(contact=contact), size_mm=GLASS_MM)
        area = find_foreground(field_of(capture)).area_mm2
        assert 0.95 < area / (capture.mask.sum() * MM2_PER_PX) < 1.35
        areas.append(area)
    assert np.all(np.diff(areas) > 15)


def test_all_the_answers_speak_of_one_area():
    capture = render(finger(508), Condition(contact=0.6, wear=0.5), size_mm=GLASS_MM)
    found = find_foreground(field_of(capture))
    assert found.mask.shape == capture.pixels.shape
    assert found.area_mm2 == pytest.approx(found.mask.sum() * (25.4 / 500) ** 2)
    height, width = found.mask.shape
    padded = np.zeros((-(-height // CELL) * CELL, -(-width // CELL) * CELL))
    padded[:height, :width] = found.mask
    share = padded.reshape(padded.shape[0] // CELL, CELL, -1, CELL).mean(axis=(1, 3))
    assert np.abs(found.cells - share).max() < 0.15
    drawn = cv2.fillPoly(np.zeros(found.mask.shape, np.uint8), [found.polygon], 1)
    assert overlap(drawn > 0, found.mask) > 0.97


def test_a_grating_fills_the_picture_to_its_edges():
    found = find_foreground(ridge_field(slanted(9, 20, shape=(200, 150))))
    assert found.mask.all()
    assert found.area_mm2 == pytest.approx(200 * 150 * MM2_PER_PX)


def test_the_outline_is_that_of_the_largest_piece():
    pixels = np.full((400, 300), 255, np.float32)
    pixels[20:110, 40:140] = slanted(9, 20, shape=(90, 100))
    pixels[180:380, 60:260] = slanted(9, 20, shape=(200, 200))
    found = find_foreground(ridge_field(pixels))
    assert found.mask[60, 90]
    assert found.mask[280, 160]
    x, y, width, height = cv2.boundingRect(found.polygon)
    assert (x, y, width, height) == pytest.approx((60, 180, 200, 200), abs=24)


def test_a_speck_beside_the_finger_is_dropped():
    pixels = np.full((400, 300), 255, np.float32)
    pixels[20:60, 40:80] = slanted(9, 20, shape=(40, 40))
    pixels[180:380, 60:260] = slanted(9, 20, shape=(200, 200))
    found = find_foreground(ridge_field(pixels))
    assert not found.mask[:120].any()
    assert found.mask[280, 160]


def test_a_worn_patch_in_the_middle_belongs_to_the_finger():
    capture = render(finger(509), size_mm=GLASS_MM)
    pixels = capture.pixels.astype(np.float32)
    y, x = np.nonzero(capture.mask)
    row, column = int(y.mean()), int(x.mean())
    pixels[row - 40 : row + 40, column - 40 : column + 40] = 150
    found = find_foreground(ridge_field(pixels))
    assert found.mask[row - 40 : row + 40, column - 40 : column + 40].all()


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (16, 16), (31, 47), (100, 101)])
def test_any_size_of_picture(shape):
    rng = np.random.default_rng(3)
    found = find_foreground(ridge_field(rng.uniform(0, 255, shape).astype(np.float32)))
    assert found.mask.shape == shape
    found = find_foreground(ridge_field(slanted(8, 30, shape=shape)))
    assert found.mask.shape == shape
    assert 0 <= found.area_mm2 <= shape[0] * shape[1] * MM2_PER_PX + 1e-9
