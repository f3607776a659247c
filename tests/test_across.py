"""One person's captures against each other: a finger presented twice, and only that."""

import numpy as np
import pytest

from ektp_biocheck import fingerprint
from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.across import find_duplicates
from ektp_biocheck.fingerprint.analysis import analyse
from ektp_biocheck.fingerprint.comparison import SAME_FINGER
from ektp_biocheck.positions import SINGLE_FINGERS, FingerPosition
from fixtures.fingerprint import hand, render

F = FingerPosition


@pytest.fixture(scope="module")
def person():
    """Minutiae of ten fingers, one press each."""
    fingers = {code: m for kind in ("right", "left", "thumbs") for code, m in hand(8, kind).items()}
    return {F(code): analyse(render(m).pixels).minutiae for code, m in sorted(fingers.items())}


@pytest.fixture(scope="module")
def index_again():
    """Another press of the same person's right index."""
    return analyse(render(hand(8, "right")[2], impression=2).pixels).minutiae


def test_ten_different_fingers_raise_no_alarm(person):
    assert tuple(person) == SINGLE_FINGERS
    assert find_duplicates(person) == ()


def test_a_finger_presented_twice_is_named_with_both_positions(person, index_again):
    captures = person | {F.RIGHT_RING: index_again}
    (duplicate,) = find_duplicates(captures)
    assert (duplicate.position, duplicate.same_as) == (F.RIGHT_RING, F.RIGHT_INDEX)
    defect = duplicate.defect
    assert defect.code == "FP_DUPLICATE_FINGER"
    assert defect.hard
    assert defect.evidence["position"] == 4
    assert defect.evidence["same_as"] == 2
    assert defect.evidence["similarity"] > defect.evidence["threshold"] == SAME_FINGER
    assert 0.5 <= defect.severity < 1


def test_the_later_capture_is_the_one_to_repeat(person, index_again):
    later_first = {F.RIGHT_RING: index_again, F.RIGHT_INDEX: person[F.RIGHT_INDEX]}
    (duplicate,) = find_duplicates(later_first)
    assert (duplicate.position, duplicate.same_as) == (F.RIGHT_INDEX, F.RIGHT_RING)


def test_a_finger_presented_three_times_is_three_pairs_most_alike_first(person, index_again):
    captures = person | {F.LEFT_INDEX: index_again, F.LEFT_LITTLE: person[F.RIGHT_INDEX]}
    found = find_duplicates(captures)
    assert {(d.position, d.same_as) for d in found} == {
        (F.LEFT_INDEX, F.RIGHT_INDEX),
        (F.LEFT_LITTLE, F.RIGHT_INDEX),
        (F.LEFT_LITTLE, F.LEFT_INDEX),
    }
    alike = [d.defect.evidence["similarity"] for d in found]
    assert alike == sorted(alike, reverse=True)
    assert (found[0].position, found[0].same_as) == (F.LEFT_LITTLE, F.RIGHT_INDEX)


def test_it_works_on_what_assess_gives(index_again):
    result = fingerprint.assess(render(hand(8, "right")[2]).pixels)
    found = find_duplicates({F.RIGHT_INDEX: result.maps.minutiae, F.LEFT_INDEX: index_again})
    assert len(found) == 1


def test_a_capture_without_minutiae_is_like_no_other(person):
    blank = fingerprint.assess(np.full((374, 388), 255, np.uint8)).maps.minutiae
    assert blank is None
    captures = {F.RIGHT_THUMB: None, F.RIGHT_INDEX: person[F.RIGHT_INDEX], F.LEFT_THUMB: None}
    assert find_duplicates(captures) == ()


def test_nothing_and_one_finger_have_no_duplicate(person):
    assert find_duplicates({}) == ()
    assert find_duplicates({F.RIGHT_INDEX: person[F.RIGHT_INDEX]}) == ()


def test_a_vendors_matcher_takes_our_place_with_its_own_captures_and_scale():
    asked = []

    def vendor(first: str, second: str) -> float:
        asked.append((first, second))
        return 48.0 if first[0] == second[0] else 3.0

    templates = {F.RIGHT_INDEX: "a1", F.RIGHT_MIDDLE: "b1", F.RIGHT_RING: "a2"}
    (duplicate,) = find_duplicates(templates, vendor, threshold=40)
    assert (duplicate.position, duplicate.same_as) == (F.RIGHT_RING, F.RIGHT_INDEX)
    assert duplicate.defect.evidence["threshold"] == 40
    assert duplicate.defect.severity == pytest.approx(1 - 40 / 48 / 2)
    assert asked == [("a1", "b1"), ("a1", "a2"), ("b1", "a2")]


def test_a_stricter_threshold_silences_our_own_comparator(person, index_again):
    captures = person | {F.RIGHT_RING: index_again}
    assert find_duplicates(captures, threshold=1e6) == ()


@pytest.mark.parametrize(
    ("captures", "options", "told"),
    [
        ({F.RIGHT_FOUR: None}, {}, "split slaps first"),
        ({F.UNKNOWN: None}, {}, "no single finger"),
        ({}, {"comparator": lambda a, b: 1.0}, "its own threshold"),
        ({}, {"threshold": 0}, "above 0"),
        ({}, {"threshold": float("nan")}, "above 0"),
        (
            {F.RIGHT_INDEX: 1, F.RIGHT_RING: 2},
            {"comparator": lambda a, b: float("nan"), "threshold": 1},
            "answered nan",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(captures, options, told):
    with pytest.raises(InputError, match=told):
        find_duplicates(captures, **options)
