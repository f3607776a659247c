"""Four fingers or two thumbs at once: each found, named and assessed by itself."""

import numpy as np
import pytest

from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.slap import assess_slap
from ektp_biocheck.positions import FingerPosition
from fixtures.fingerprint import Condition, hand, slap

KIND = {
    "right": FingerPosition.RIGHT_FOUR,
    "left": FingerPosition.LEFT_FOUR,
    "thumbs": FingerPosition.BOTH_THUMBS,
}


def codes(result):
    return {defect.code for defect in result.defects}


@pytest.mark.parametrize("side", KIND)
@pytest.mark.parametrize("seed", [40, 41])
def test_every_finger_is_found_named_and_scored(side, seed):
    fingers = hand(seed, side)
    result = assess_slap(slap(fingers).pixels, expected=KIND[side])
    assert sorted(f.position for f in result.fingers) == sorted(fingers)
    assert all(f.assessment.score is not None for f in result.fingers)
    assert result.defects == ()


@pytest.mark.parametrize("gone", [2, 3, 4, 5])
def test_a_missing_finger_is_said_and_named(gone):
    fingers = dict(hand(42, "right"))
    del fingers[gone]
    result = assess_slap(slap(fingers).pixels, expected=KIND["right"])
    assert codes(result) == {"FP_FINGER_MISSING_IN_SLAP"}
    assert result.defects[0].evidence["missing_1"] == gone


def test_one_poor_finger_is_not_averaged_away():
    """75, 70, 68 and 3 have a good mean; the one that cannot be used must show."""
    capture = slap(hand(43, "right"), each={4: Condition(wear=0.95)})
    result = assess_slap(capture.pixels, expected=KIND["right"])
    scores = {f.position: f.assessment.score for f in result.fingers}
    assert min(scores, key=scores.get) == 4
    assert scores[4] < sorted(scores.values())[1] - 10


def test_fingers_are_found_on_a_turned_hand_at_another_resolution():
    turned = slap(hand(44, "right"), Condition(rotation_deg=8), ppi=1000)
    result = assess_slap(turned.pixels, ppi=1000, expected=KIND["right"])
    assert sorted(f.position for f in result.fingers) == [2, 3, 4, 5]


def test_bare_glass_has_no_fingers_and_all_are_missing():
    result = assess_slap(np.full((750, 800), 250, np.uint8), expected=KIND["left"])
    assert result.fingers == ()
    assert codes(result) == {"FP_BLANK"}


@pytest.mark.parametrize("pixels", [np.zeros((0, 5), np.uint8), np.zeros((9, 9), np.float32)])
def test_what_is_no_picture_is_refused(pixels):
    with pytest.raises(InputError):
        assess_slap(pixels)


def test_a_single_finger_is_no_slap_to_expect():
    with pytest.raises(InputError, match="no slap"):
        assess_slap(np.zeros((99, 99), np.uint8), expected=FingerPosition.RIGHT_INDEX)
