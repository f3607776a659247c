"""The overlay and the portrait crop."""

import numpy as np
import pytest
from face_data import good

from ektp_biocheck import face
from ektp_biocheck.errors import InputError
from fixtures import face as painted


@pytest.mark.parametrize("lang", ["en", "id"])
def test_an_overlay_shows_photo_and_legend(lang: str) -> None:
    photo, result, _ = good()
    drawn = face.overlay(photo, result, lang)
    assert drawn.dtype == np.uint8
    assert drawn.shape[1] > photo.shape[1]
    assert (drawn[:, photo.shape[1] :] > 0).any()


def test_the_languages_differ_and_a_third_is_refused() -> None:
    photo, result, _ = good()
    assert not np.array_equal(face.overlay(photo, result, "en"), face.overlay(photo, result, "id"))
    with pytest.raises(InputError, match="language"):
        face.overlay(photo, result, "fr")


def test_the_photo_itself_is_not_drawn_on() -> None:
    photo, result, _ = good()
    before = photo.copy()
    face.overlay(photo, result)
    assert np.array_equal(photo, before)


def test_a_failing_place_is_framed() -> None:
    photo, _, points = good()
    masked = painted.cover_with_mask(photo, points)
    result = face.assess(masked)
    where = next(d.region for d in result.defects if d.code == "FA_OCCLUDED")
    drawn = face.overlay(masked, result)
    assert tuple(drawn[where.y, where.x + where.width // 2]) == (230, 60, 50)


@pytest.mark.parametrize(
    "picture", [np.zeros((40, 30, 3), np.uint8), np.zeros((900, 20), np.uint8)]
)
def test_a_failure_is_drawn_too(picture) -> None:
    drawn = face.overlay(picture, face.assess(picture))
    assert drawn.ndim == 3
    assert drawn.any()


def test_a_crop_places_head_and_eyes_as_asked() -> None:
    photo, result, _ = good()
    portrait = face.crop(photo, result, height=640)
    assert portrait.shape == (640, 480, 3)
    again = face.assess(portrait)
    eyes = again.maps.faces[0].eyes
    assert eyes.mean(0) == pytest.approx([240, 0.45 * 640], abs=6)
    assert abs(eyes[0, 1] - eyes[1, 1]) < 4
    assert again.measures["HeadSize"].value == pytest.approx(0.36, abs=0.02)


def test_a_crop_needs_a_face() -> None:
    with pytest.raises(InputError, match="no portrait"):
        face.crop(np.zeros((100, 100, 3), np.uint8))
    with pytest.raises(InputError, match="height"):
        face.crop(good()[0], height=5)
