"""The picture that shows why."""

import dataclasses

import numpy as np
import pytest
from conditions import CLEAN, assessed

from ektp_biocheck import fingerprint
from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.clarity import Level, quality_map
from ektp_biocheck.fingerprint.overlay import COLOURS, PANEL, WORDS, ZOOM
from ektp_biocheck.opencv import cv2
from fixtures.fingerprint import Condition

SEED = 8400
GREY = np.array([0.299, 0.587, 0.114])


def drawn(condition=CLEAN, lang="en"):
    result = assessed(SEED, condition)
    return result, fingerprint.overlay(result.maps.pixels, result, lang)


def test_it_is_the_print_enlarged_with_a_legend_beside_it():
    result, picture = drawn()
    height, width = result.maps.pixels.shape
    assert picture.dtype == np.uint8
    assert picture.shape == (ZOOM * height, ZOOM * width + PANEL, 3)
    body = picture[:, : ZOOM * width] @ GREY
    small = cv2.resize(body, (width, height), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(small.ravel(), result.maps.pixels.ravel())[0, 1] > 0.8


def test_levels_keep_their_order_when_printed_in_grey():
    tints = [
        GREY @ np.array(COLOURS[level]) for level in (Level.NO_RIDGES, Level.UNCLEAR, Level.FAIR)
    ]
    assert tints[0] + 40 < tints[1]
    assert tints[1] + 40 < tints[2]


def test_a_worse_print_is_tinted_more():
    def coloured(condition):
        _, picture = drawn(condition)
        body = picture[:, :-PANEL].astype(int)
        return (body[..., 0] - body[..., 2] > 30).mean()

    assert coloured(Condition(wear=1.0)) > coloured(Condition()) + 0.05


def test_both_languages_have_every_word_and_look_different():
    assert set(WORDS["id"]) == set(WORDS["en"])
    assert all(word.isascii() for words in WORDS.values() for word in words.values())
    (_, english), (_, indonesian) = drawn(lang="en"), drawn(lang="id")
    assert np.array_equal(english[:, :-PANEL], indonesian[:, :-PANEL])
    assert not np.array_equal(english[:, -PANEL:], indonesian[:, -PANEL:])


def test_it_can_be_drawn_for_every_outcome():
    tiny = np.full((1, 1), 9, np.uint8)
    for pixels, ppi, level in (
        (np.full((374, 388), 255, np.uint8), 500, "full"),
        (tiny, 500, "full"),
        (assessed(SEED).maps.pixels, 500, "fast"),
        (assessed(SEED).maps.pixels, 1000, "full"),
    ):
        result = fingerprint.assess(pixels, ppi, level=level)
        picture = fingerprint.overlay(pixels, result)
        assert picture.ndim == 3
        assert picture.shape[0] >= 360
        assert (picture[:, -PANEL:] < 128).any()  # something is written


def test_what_it_cannot_draw_is_said():
    result = assessed(SEED)
    with pytest.raises(InputError, match="lang"):
        fingerprint.overlay(result.maps.pixels, result, "fr")
    with pytest.raises(InputError, match="straight from"):
        fingerprint.overlay(result.maps.pixels, dataclasses.replace(result, maps=None))


def test_the_quality_map_grades_cells_from_background_to_clear():
    analysis = assessed(SEED).maps
    clean = quality_map(analysis.field, analysis.foreground)
    assert clean.levels.shape == analysis.field.clarity.shape
    assert not clean.levels[analysis.foreground.cells < 0.5].any()
    assert (clean.levels[analysis.foreground.cells > 0.9] >= Level.FAIR).mean() > 0.8
    assert (
        0.7 * analysis.foreground.area_mm2 < clean.good_mm2 <= 1.02 * analysis.foreground.area_mm2
    )
    worn = assessed(SEED, Condition(wear=1.0)).maps
    assert quality_map(worn.field, worn.foreground).good_mm2 < clean.good_mm2
