"""The ISO measures beside a slow implementation that shares no line with them."""

import numpy as np
import pytest
import slow_iso
from hypothesis import given, settings
from hypothesis import strategies as st

from ektp_biocheck.fingerprint.iso import NAMES, fda, lcs, native_measures, ocl, of, rvup
from ektp_biocheck.fingerprint.iso.blocks import rotated_windows
from ektp_biocheck.fingerprint.iso.roi import region_of_interest
from ektp_biocheck.opencv import cv2
from fixtures.fingerprint import Condition, finger, render

CONDITIONS = {
    "clean": Condition(),
    "dry": Condition(dryness=0.6),
    "wet": Condition(wetness=0.7),
    "worn": Condition(wear=0.8, creases=4),
    "partial": Condition(contact=0.4),
    "noisy grey": Condition(noise=0.6, background=170, texture=0.5),
    "turned, on a ghost": Condition(rotation_deg=37, ghost=0.5),
    "pressed": Condition(pressure=1),
    "faint": Condition(contrast=0.3),
    "smeared": Condition(smear_mm=0.8, smear_deg=30),
}


def same(pixels):
    ours, other = native_measures(pixels), slow_iso.measures(pixels)
    assert set(ours) == set(NAMES) == set(other)
    assert slow_iso.differences(ours, other) == {}


@pytest.mark.parametrize("size_mm", [(19.7, 19.0), (15.24, 15.24), (17.3, 20.9)], ids=str)
@pytest.mark.parametrize("name", CONDITIONS)
def test_generated_prints(name, size_mm):
    seed = 200 + list(CONDITIONS).index(name)
    same(render(finger(seed), CONDITIONS[name], size_mm=size_mm).pixels)


def test_limits_are_the_published_ones():
    for name, module in {"FDA": fda, "LCS": lcs, "OCL": ocl, "OF": of, "RVUP": rvup}.items():
        assert list(module.LIMITS) == slow_iso.LIMITS[name]


@pytest.mark.parametrize("shape", [(161, 193), (160, 192), (165, 198), (134, 231), (139, 173)])
def test_sizes_that_leave_thin_tiles_at_the_edge(shape):
    same(render(finger(210)).pixels[60:, 50:][: shape[0], : shape[1]])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    height=st.integers(132, 260),
    width=st.integers(132, 260),
    grain=st.floats(0.5, 12),
    spread=st.floats(3, 80),
)
def test_cloudy_noise_of_any_size(seed, height, width, grain, spread):
    rng = np.random.default_rng(seed)
    clouds = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), grain)
    picture = 128 + spread * clouds / clouds.std()
    same(np.clip(picture, 0, 240).astype(np.uint8))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    degrees=st.one_of(st.floats(-180, 180), st.sampled_from([0, 45, 90, -90, 180, 22.5])),
    size=st.sampled_from([36, 40]),
)
def test_windows_are_turned_as_opencv_turns_them(seed, degrees, size):
    picture = np.random.default_rng(seed).integers(1, 256, (90, 80), dtype=np.uint8)
    top, left = np.array([7, 30]), np.array([11, 40])
    whole = slice(0, 36), slice(0, 36)
    angle = np.full(2, np.radians(degrees))
    turned = rotated_windows(picture, (top, left), size, angle, whole)
    matrix = cv2.getRotationMatrix2D((size / 2, size / 2), np.degrees(angle[0]), 1)
    for found, r, c in zip(turned, top, left, strict=True):
        block = picture[r : r + size, c : c + size]
        expected = cv2.warpAffine(block, matrix, (36, 36), flags=cv2.INTER_NEAREST)
        assert np.array_equal(found, expected)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(60, 240), st.integers(60, 240)),
    grain=st.floats(8, 30),
)
def test_the_region_is_that_of_the_published_blurs(seed, shape, grain):
    rng = np.random.default_rng(seed)
    clouds = cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), grain)
    picture = np.clip(150 + 60 * clouds / clouds.std(), 0, 255).astype(np.uint8)
    assert np.array_equal(region_of_interest(picture), slow_iso.interesting(picture))
