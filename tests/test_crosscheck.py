"""What only several captures tell: a finger twice, another one, exchanged eyes, a dirty glass."""

from functools import cache

import pytest
from people import LEFT_EYE, RIGHT_EYE, RIGHT_INDEX, RIGHT_MIDDLE, RIGHT_RING, defect
from stations import NIK, NIKS, Clock, Pictures, show, station

from ektp_biocheck import fingerprint, iris
from ektp_biocheck.capture import Comparator
from ektp_biocheck.capture.crosscheck import Glass, find_confusion, prepared, with_defect
from ektp_biocheck.quality import Assessment
from fixtures.fingerprint import Condition, finger, render
from fixtures.iris import EyeSpec, draw_eye


@cache
def printed(seed, impression=1, **condition):
    pixels = render(finger(seed), Condition(**condition), ppi=500, impression=impression).pixels
    return pixels, fingerprint.assess(pixels, ppi=500)


def minutiae(instance, seed, impression=1):
    pixels, assessment = printed(seed, impression)
    return prepared(instance, pixels, 500, assessment, None)


@cache
def eye(left):
    pixels, _ = draw_eye(EyeSpec(left_eye=left, pupil_offset=(-0.25 if left else 0.25, -0.1)))
    return pixels, iris.assess(pixels)


# --- fingers


def test_one_finger_under_two_positions():
    others = {RIGHT_INDEX: minutiae(RIGHT_INDEX, 3), RIGHT_RING: minutiae(RIGHT_RING, 4)}
    finding = find_confusion(RIGHT_MIDDLE, minutiae(RIGHT_MIDDLE, 3, 2), others, None)
    assert (finding.defect.code, finding.other) == ("FP_DUPLICATE_FINGER", RIGHT_INDEX)
    assert finding.defect.hard
    assert find_confusion(RIGHT_MIDDLE, minutiae(RIGHT_MIDDLE, 5), others, None) is None


def test_another_finger_than_the_one_that_was_there_before():
    others = {RIGHT_INDEX: minutiae(RIGHT_INDEX, 3), RIGHT_MIDDLE: minutiae(RIGHT_MIDDLE, 5)}
    finding = find_confusion(RIGHT_MIDDLE, minutiae(RIGHT_MIDDLE, 3, 2), others, None)
    assert (finding.defect.code, finding.other) == ("FP_WRONG_FINGER", RIGHT_INDEX)
    same = find_confusion(RIGHT_MIDDLE, minutiae(RIGHT_MIDDLE, 5, 2), others, None)
    assert same is None


def test_nothing_to_compare_is_no_finding():
    failed = Assessment("finger", "x 1", None, "nothing", {})
    assert prepared(RIGHT_RING, None, 500, failed, None) is None
    assert find_confusion(RIGHT_RING, None, {RIGHT_INDEX: 1}, None) is None
    assert find_confusion(RIGHT_RING, minutiae(RIGHT_RING, 3), {RIGHT_INDEX: None}, None) is None


def test_a_vendor_s_matcher_takes_the_place_of_ours():
    asked = []

    def compare(first, second):
        asked.append((first, second))
        return 99.0

    vendor = Comparator(compare, threshold=50.0, prepare=lambda pixels, ppi, _: (pixels, ppi))
    assert prepared(RIGHT_RING, "pixels", 500, printed(3)[1], vendor) == ("pixels", 500)
    finding = find_confusion(RIGHT_RING, "new", {RIGHT_INDEX: "old"}, vendor)
    assert asked == [("old", "new")]
    assert finding.defect.evidence["similarity"] == 99.0
    assert (
        find_confusion(RIGHT_RING, "new", {RIGHT_INDEX: "old"}, Comparator(compare, 100.0)) is None
    )


# --- eyes


def test_exchanged_eyes():
    left, right = eye(True)[1].maps, eye(False)[1].maps
    finding = find_confusion(RIGHT_EYE, left, {LEFT_EYE: right}, None)
    assert (finding.defect.code, finding.other) == ("IR_LEFT_RIGHT_SWAP", LEFT_EYE)
    assert find_confusion(RIGHT_EYE, right, {LEFT_EYE: left}, None) is None
    assert find_confusion(RIGHT_EYE, right, {}, None) is None


# --- the glass


@cache
def ghostly(seed, ghost=0.6):
    """A finger a little off the middle, on a glass with room beside it for an old print."""
    condition = Condition(ghost=ghost, ghost_seed=315, offset_mm=(seed % 3 - 1.0, 1.0 - seed % 2))
    pixels = render(finger(seed), condition, size_mm=(24, 25), impression=1).pixels
    return fingerprint.assess(pixels, ppi=500)


def test_an_old_print_shows_when_fingers_change():
    glass = Glass()
    assert glass.look("scanner", "p/1", ghostly(310), 500) is None  # one finger tells nothing
    defect = glass.look("scanner", "p/2", ghostly(311), 500)
    assert (defect.code, defect.evidence["captures"]) == ("FP_GHOST_PLATEN", 2)
    assert glass.look("scanner", "p/3", ghostly(312), 500) is None  # the glass is being cleaned
    assert glass.look("other scanner", "p/4", ghostly(311), 500) is None


def test_a_clean_glass_is_not_accused():
    glass = Glass()
    assert [glass.look("s", f"p/{n}", ghostly(n, 0.0), 500) for n in (310, 311, 312)] == [None] * 3


def test_two_takes_of_one_finger_are_not_compared():
    glass = Glass()
    assert glass.look("s", "p/rightRing", ghostly(310), 500) is None
    assert glass.look("s", "p/rightRing", ghostly(310), 500) is None
    glass.cleaned()
    assert glass.look("s", "p/rightIndex", ghostly(311), 500) is None


def test_the_more_severe_of_two_stays():
    base = Assessment("finger", "x 1", 50, None, {}, (defect("FP_GHOST_PLATEN", 0.3),))
    worse = with_defect(base, defect("FP_GHOST_PLATEN", 0.8))
    assert [d.severity for d in worse.defects] == [0.8]
    assert with_defect(worse, defect("FP_GHOST_PLATEN", 0.1)) is worse
    assert len(with_defect(base, defect("FP_DRY")).defects) == 2


# --- through the station


@pytest.fixture
def real(tmp_path):
    with station(tmp_path, Pictures(), clock=Clock()) as desk:
        desk._desk.scorers._given.clear()
        yield desk


def test_a_repeated_finger_is_found_also_after_a_restart(tmp_path):
    def opened():
        desk = station(tmp_path, Pictures(), clock=Clock())
        desk._desk.scorers._given.clear()
        return desk

    with opened() as desk:
        person = desk.begin(NIK, operator="op")
        assert show(desk, person, RIGHT_INDEX, printed(3)[0]).results[0].decision.action == "ACCEPT"
    with opened() as desk:
        taken = show(desk, person, RIGHT_MIDDLE, printed(3, 2)[0]).results[0]
        assert (taken.decision.rule, taken.decision.other) == ("D02", RIGHT_INDEX)
        assert desk.review(person).of(RIGHT_MIDDLE).attempts_used == 0
        index = show(desk, person, RIGHT_INDEX, printed(3, 4)[0]).results[0]
        assert all(not d.hard for d in index.assessment.defects)  # the mistaken one accuses nobody
        other = show(desk, person, RIGHT_MIDDLE, printed(5)[0]).results[0]
        assert other.decision.action == "ACCEPT"
        stranger = desk.begin(NIKS[4], operator="op")
        same = show(desk, stranger, RIGHT_MIDDLE, printed(3)[0]).results[0]
        assert same.decision.action == "ACCEPT"  # other people's fingers are nobody's business


def test_exchanged_eyes_are_asked_for_again(real):
    person = real.begin(NIK, operator="op")
    show(real, person, LEFT_EYE, eye(False)[0])
    taken = show(real, person, RIGHT_EYE, eye(True)[0]).results[0]
    assert (taken.decision.rule, taken.decision.other) == ("D02", LEFT_EYE)
