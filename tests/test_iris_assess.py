"""What a station sees: a score, or a reason; the defect that was drawn; never a crash."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ektp_biocheck import iris
from ektp_biocheck.errors import InputError
from ektp_biocheck.iris.measures import UNITS
from ektp_biocheck.opencv import cv2
from fixtures.iris import draw_eye, middle_faults, random_eye

_QUICK = {"width": 480, "height": 360}


def _codes(result):
    return {defect.code for defect in result.defects}


def test_clean_eyes_score_high_and_have_nothing_wrong():
    flagged = 0
    for seed in range(80, 92):
        result = iris.assess(draw_eye(random_eye(seed))[0])
        assert result.failure is None
        assert result.score >= 75
        flagged += bool(result.defects)
    assert flagged <= 1


@pytest.mark.parametrize("code", sorted(middle_faults()))
def test_the_drawn_defect_is_named(code):
    found = 0
    for seed in (100, 101, 102, 103, 105):
        result = iris.assess(draw_eye(random_eye(seed, **(_QUICK | middle_faults()[code])))[0])
        found += code in _codes(result)
    assert found >= 4


def test_a_closed_eye_is_never_scored():
    for seed in range(110, 116):
        result = iris.assess(draw_eye(random_eye(seed, closed=True))[0])
        assert result.score is None
        assert "closed" in result.failure
        assert result.measures["usable_iris_area"].value is None


def test_two_eyes_are_told_from_one():
    one, _ = draw_eye(random_eye(4, width=400, height=300, px_per_mm=9.5, centre=(0.0, 0.0)))
    result = iris.assess(np.concatenate([one, one[:, ::-1]], axis=1))
    assert result.score is None
    assert _codes(result) == {"IR_TWO_EYES"}


def _page():
    page = np.full((480, 640), 235, np.uint8)
    for row in range(40, 470, 34):
        cv2.putText(page, "NOMOR 0123 o0O dan alamat", (10, row), 0, 1.0, 20, 2)
    return page


def _ridges():
    y, x = np.mgrid[:400, :400]
    return (127 + 100 * np.sin(np.hypot(x - 200, y - 320) / 1.4)).astype(np.uint8)


_NO_EYES = {
    "black": np.zeros((480, 640), np.uint8),
    "white": np.full((480, 640), 255, np.uint8),
    "one pixel": np.full((1, 1), 90, np.uint8),
    "one row": np.arange(256, dtype=np.uint8)[None],
    "noise": np.random.default_rng(0).integers(0, 256, (480, 640), dtype=np.uint8),
    "text": _page(),
    "ridges": _ridges(),
    "ramp": np.tile(np.arange(256, dtype=np.uint8), (200, 1)),
}


@pytest.mark.parametrize("level", ["full", "fast"])
@pytest.mark.parametrize("name", _NO_EYES)
def test_what_is_no_eye_gets_a_reason_and_no_number(name, level):
    result = iris.assess(_NO_EYES[name], level=level)
    assert result.score is None
    assert result.failure
    assert any(defect.hard for defect in result.defects)
    json.dumps(result.to_dict(), allow_nan=False)


@settings(max_examples=15, deadline=None)
@given(
    arrays(
        np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 90)), elements=st.integers(0, 255)
    )
)
def test_no_picture_crashes(pixels):
    result = iris.assess(pixels)
    assert (result.score is None) == (result.failure is not None)


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9)), np.zeros((0, 5), np.uint8), [[1, 2]], None],
)
def test_a_wrong_array_is_the_callers_mistake(pixels):
    with pytest.raises(InputError, match="pixels"):
        iris.assess(pixels)


def test_an_unknown_level_is_the_callers_mistake():
    with pytest.raises(InputError, match="level"):
        iris.assess(np.zeros((60, 60), np.uint8), level="slow")


def test_every_measure_is_present_and_json_safe():
    pixels, _ = draw_eye(random_eye(1))
    for level in ("full", "fast"):
        result = iris.assess(pixels, level=level)
        assert set(result.measures) == set(UNITS)
        json.dumps(result.to_dict(), allow_nan=False)
    assert "full" in result.measures["edge_width"].why_missing


def test_the_fast_level_agrees_with_the_full_one():
    gaps = []
    for seed in range(130, 136):
        pixels, _ = draw_eye(random_eye(seed, opening_up=2.0 + 0.3 * (seed % 10)))
        gaps.append(iris.assess(pixels).score - iris.assess(pixels, level="fast").score)
    assert np.abs(gaps).max() <= 5


def test_assess_neither_changes_its_picture_nor_its_mind():
    pixels, _ = draw_eye(random_eye(3))
    before = pixels.copy()
    assert iris.assess(pixels).to_dict() == iris.assess(pixels).to_dict()
    assert np.array_equal(pixels, before)


def test_regions_lie_inside_the_picture():
    pixels, _ = draw_eye(random_eye(3, centre=(-12.0, 0.0)))
    for defect in iris.assess(pixels).defects:
        region = defect.region
        assert region.x >= 0
        assert region.x + region.width <= pixels.shape[1]
        assert region.y + region.height <= pixels.shape[0]


def test_lower_lids_higher_cost():
    scores = [
        iris.assess(draw_eye(random_eye(8, opening_up=up))[0]).score for up in (5.5, 3.0, 1.2)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[2] + 10


@pytest.mark.parametrize("lang", ["en", "id"])
def test_the_overlay_shows_eye_and_reason(lang):
    for changes in ({}, {"closed": True}):
        pixels, _ = draw_eye(random_eye(5, **changes))
        picture = iris.overlay(pixels, iris.assess(pixels), lang)
        assert picture.dtype == np.uint8
        assert picture.shape[1:] == (640, 3)
        assert picture.shape[0] > 640 * pixels.shape[0] / pixels.shape[1]


def test_the_overlay_colours_the_visible_iris():
    pixels, truth = draw_eye(random_eye(6, width=640, height=480))
    picture = iris.overlay(pixels, iris.assess(pixels)).astype(int)
    green = picture[:480, :, 1] - picture[:480, :, 0]
    assert green[truth.masks["visible"]].mean() > 20
    assert abs(green[~truth.masks["iris"]].mean()) < 5


def test_an_overlay_needs_its_own_picture_and_language():
    pixels, _ = draw_eye(random_eye(5))
    result = iris.assess(pixels)
    with pytest.raises(InputError, match="picture"):
        iris.overlay(pixels[:-10], result)
    with pytest.raises(InputError, match="language"):
        iris.overlay(pixels, result, "fr")
