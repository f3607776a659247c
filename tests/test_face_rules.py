"""The e-KTP's rules: colour by year of birth, glasses off, and switching them off."""

import numpy as np
import pytest
from face_data import codes, good, value

from ektp_biocheck import face
from ektp_biocheck.errors import InputError
from ektp_biocheck.face.landmarks import person_mask
from ektp_biocheck.face.pyramid import Pyramid
from ektp_biocheck.face.rules import expected_background, is_colour
from ektp_biocheck.opencv import cv2
from fixtures import face as painted


def on(colour) -> np.ndarray:
    """Return the portrait before a wall of that colour."""
    photo, _, _ = good()
    mask = cv2.resize(person_mask(Pyramid(photo)), photo.shape[1::-1])
    return painted.replace_background(photo, (mask > 0.3).astype(np.float32), colour)


def test_odd_years_ask_for_red_even_ones_for_blue_foreigners_for_orange() -> None:
    assert expected_background(face.EKTP_2025, 1987) == "red"
    assert expected_background(face.EKTP_2025, 1990) == "blue"
    assert expected_background(face.EKTP_2025, 1990, foreign_resident=True) == "orange"
    assert expected_background(face.EKTP_2025, None) is None
    assert expected_background(face.NO_RULES, 1987) is None


@pytest.mark.parametrize("year", [0, 87, 19870])
def test_a_year_is_four_digits(year: int) -> None:
    with pytest.raises(InputError, match="year"):
        face.assess(good()[0], birth_year=year)


@pytest.mark.parametrize(
    ("colour", "year", "fits"),
    [
        ((219, 21, 20), 1987, True),
        ((150, 20, 30), 1987, True),  # the same red in less light
        ((0, 144, 255), 1990, True),
        ((20, 60, 150), 1990, True),
        ((219, 21, 20), 1990, False),
        ((0, 144, 255), 1987, False),
        ((200, 200, 200), 1987, False),
        ((30, 150, 60), 1990, False),
    ],
)
def test_the_background_is_judged_by_hue(colour, year: int, fits: bool) -> None:
    result = face.assess(on(colour), birth_year=year)
    assert ("FA_BACKGROUND" not in codes(result)) == fits


def test_orange_is_told_from_red() -> None:
    orange = face.assess(on((250, 140, 20)), foreign_resident=True)
    assert "FA_BACKGROUND" not in codes(orange)
    assert "FA_BACKGROUND" in codes(face.assess(on((219, 21, 20)), foreign_resident=True))


def test_plainness_is_judged_apart_from_colour() -> None:
    photo = on((219, 21, 20))
    stripes = photo.copy()
    wall = (photo == (219, 21, 20)).all(2)
    stripes[wall & (np.arange(photo.shape[1]) // 12 % 2 == 0)[None]] = (90, 5, 5)
    result = face.assess(stripes, birth_year=1987)
    assert "FA_BACKGROUND" in codes(result)
    evidence = next(d for d in result.defects if d.code == "FA_BACKGROUND").evidence
    assert "expected_hue" not in evidence
    assert value(result, "background_spread") > 12


def test_the_year_appears_nowhere_in_the_result() -> None:
    result = face.assess(on((0, 144, 255)), birth_year=1987)
    assert "1987" not in str(result.to_dict())


def test_an_office_can_switch_the_rules_off() -> None:
    photo, _, points = good()
    glasses = painted.cover_with_glasses(photo, points)
    assert "FA_GLASSES" in codes(face.assess(glasses))
    assert "FA_GLASSES" not in codes(face.assess(glasses, rules=face.NO_RULES))
    grey = face.assess(on((200, 200, 200)), birth_year=1987, rules=face.NO_RULES)
    assert "FA_BACKGROUND" not in codes(grey)


@pytest.mark.parametrize(
    ("hue", "colour"), [(0, "red"), (355, "red"), (30, "orange"), (206, "blue")]
)
def test_hues_wrap_round(hue: float, colour: str) -> None:
    assert is_colour(colour, hue, 0.8)
    assert not is_colour(colour, (hue + 90) % 360, 0.8)
    assert not is_colour(colour, hue, 0.1)
