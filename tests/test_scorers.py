"""The door to the scorers: who is called, and which pad of a slap is which finger."""

import numpy as np
import pytest
from people import ALGORITHMS, RIGHT_FOUR, RIGHT_INDEX, RIGHT_MIDDLE, RIGHT_RING, defect, finger
from stations import BOX, REGION, assessed

from ektp_biocheck.capture.policy_file import default_policy
from ektp_biocheck.capture.scorers import Scorers
from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.slap.result import SlapAssessment, SlapFinger
from ektp_biocheck.positions import FingerPosition as P
from fixtures.fingerprint import Condition, hand, slap

PIXELS = np.zeros((8, 8), np.uint8)
LITTLE = finger("RIGHT_LITTLE")


def judged(positions, *, excepted=(), defects=(), kind=P.RIGHT_FOUR):
    """What comes of a slap whose pads carry these names, from left to right."""
    pads = tuple(
        SlapFinger(p, BOX, REGION, PIXELS, assessed("finger", 60 + n, (), None))
        for n, p in enumerate(positions)
    )
    found = SlapAssessment(P.RIGHT_FOUR, kind, 1.0, 0.0, pads, (), 0, tuple(defects))
    scorers = Scorers({"slap": lambda *_, **__: found})
    answers = scorers.assess(RIGHT_FOUR, PIXELS, 500, excepted=frozenset(excepted))
    return {one.instance: one.assessment.score for one in answers}


def test_named_pads_are_the_fingers_they_say():
    positions = [P.RIGHT_INDEX, P.RIGHT_MIDDLE, P.RIGHT_RING, P.RIGHT_LITTLE]
    assert judged(positions) == {RIGHT_INDEX: 60, RIGHT_MIDDLE: 61, RIGHT_RING: 62, LITTLE: 63}


def test_who_is_excepted_is_known_better_than_geometry():
    wrongly = [P.RIGHT_INDEX, P.RIGHT_MIDDLE, P.RIGHT_RING]  # the ring finger is not there
    found = judged(wrongly, excepted=[RIGHT_RING])
    assert found == {RIGHT_INDEX: 60, RIGHT_MIDDLE: 61, LITTLE: 62}


def test_pads_without_a_name_are_told_from_left_to_right_when_none_is_missing():
    found = judged([P.UNKNOWN] * 3, excepted=[RIGHT_RING])
    assert found == {RIGHT_INDEX: 60, RIGHT_MIDDLE: 61, LITTLE: 62}


def test_pads_that_cannot_be_told_apart_are_nobody_s():
    found = judged([P.UNKNOWN] * 3)
    assert found == dict.fromkeys((RIGHT_INDEX, RIGHT_MIDDLE, RIGHT_RING, LITTLE))


def test_of_the_other_hand_nothing_is_taken():
    left = [P.LEFT_LITTLE, P.LEFT_RING, P.LEFT_MIDDLE, P.LEFT_INDEX]
    found = judged(left, defects=[defect("FP_WRONG_HAND")], kind=P.LEFT_FOUR)
    assert set(found.values()) == {None}


def test_an_excepted_finger_that_shows_is_assessed_all_the_same():
    positions = [P.RIGHT_INDEX, P.RIGHT_MIDDLE, P.RIGHT_RING, P.RIGHT_LITTLE]
    assert RIGHT_RING in judged(positions, excepted=[RIGHT_RING])


def test_a_vendor_s_scorer_judges_the_fingers_of_a_slap_too():
    asked = []

    def vendor(pixels, *, ppi, level):
        asked.append((pixels.shape, ppi, level))
        return assessed("finger", 77, (), None)

    pixels = slap(hand(21, "right"), Condition(), impression=1).pixels
    answers = Scorers({"finger": vendor}).assess(RIGHT_FOUR, pixels, 500)
    assert [one.assessment.score for one in answers] == [77] * 4
    assert {call[1:] for call in asked} == {(500, "full")}


def test_an_unknown_scorer_is_named():
    with pytest.raises(InputError, match="no scorer 'voice'"):
        Scorers({"voice": print})


def test_ours_fit_the_default_policy_and_another_is_refused():
    Scorers().check(default_policy())

    def vendor(_):
        raise AssertionError

    vendor.ALGORITHM = "vendor/prints 3.1"
    with pytest.raises(InputError, match="vendor/prints"):
        Scorers({"finger": vendor}).check(default_policy())
    vendor.ALGORITHM = ALGORITHMS["finger"]
    Scorers({"finger": vendor}).check(default_policy())
