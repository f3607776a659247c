"""Slaps: every finger found, named, cut out upright and assessed on its own."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ektp_biocheck import fingerprint
from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.slap import assess_slap
from ektp_biocheck.fingerprint.slap.hand import Pad, read_hand
from ektp_biocheck.opencv import cv2
from ektp_biocheck.positions import FingerPosition, Hand, slap_fingers
from fixtures.fingerprint import Condition, finger, hand, render, slap

F = FingerPosition
KINDS = {"right": F.RIGHT_FOUR, "left": F.LEFT_FOUR, "thumbs": F.BOTH_THUMBS}


@cache
def person(number, kind):
    return hand(number, kind)


def four(number, kind, *, without=(), each=None, ppi=500, impression=1, **condition):
    fingers = {code: m for code, m in person(number, kind).items() if code not in without}
    return slap(fingers, Condition(**condition), each=each, ppi=ppi, impression=impression)


def positions(result):
    return [finger_.position for finger_ in result.fingers]


def codes(result):
    return [defect.code for defect in result.defects]


def in_order(capture):
    there = {f.position for f in capture.fingers}
    return [f for f in slap_fingers(KINDS[capture.kind]) if f in there]


def covered(region, box):
    """Share of a (column, row, width, height) box that a region covers."""
    wide = min(region.x + region.width, box[0] + box[2]) - max(region.x, box[0])
    high = min(region.y + region.height, box[1] + box[3]) - max(region.y, box[1])
    return max(0, wide) * max(0, high) / (box[2] * box[3])


# --- what the fingers are


@pytest.mark.parametrize("turn", [-20, -7, 8, 20])
@pytest.mark.parametrize("kind", ["right", "left", "thumbs"])
def test_every_finger_is_found_named_and_boxed(kind, turn):
    capture = four(21, kind, rotation_deg=float(turn), offset_mm=(2.0, -3.0))
    result = assess_slap(capture.pixels, expected=KINDS[kind], level="fast")
    assert positions(result) == in_order(capture)
    assert (result.kind, result.missing, result.missing_count) == (KINDS[kind], (), 0)
    assert codes(result) == []
    truth = {f.position: f for f in capture.fingers}
    for seen in result.fingers:
        own = truth[seen.position]
        left, top, width, height = own.box
        assert (
            np.hypot(seen.box.x - (left + width / 2), seen.box.y - (top + height / 2)) < 25
        )  # px: a twentieth of an inch
        assert seen.box.lean == pytest.approx(own.lean_deg, abs=9)
        assert covered(seen.region, own.box) > 0.97
        # the region holds a turned box and a margin
        assert seen.region.width * seen.region.height < 3 * width * height
    assert result.turn == pytest.approx(turn, abs=7)


@pytest.mark.parametrize("kind", ["right", "left", "thumbs"])
def test_without_an_expectation_the_hand_is_told_from_where_the_fingers_lie(kind):
    for number, turn in ((21, -15.0), (22, 0.0), (23, 15.0)):
        capture = four(number, kind, rotation_deg=turn)
        result = assess_slap(capture.pixels, level="fast")
        assert result.kind == KINDS[kind]
        assert positions(result) == in_order(capture)
        assert result.hand == {"right": Hand.RIGHT, "left": Hand.LEFT}.get(kind)
        assert result.defects == ()


def test_two_fingers_of_a_hand_with_nothing_expected_are_not_called_a_hand():
    capture = four(22, "left", without=(7, 10))
    result = assess_slap(capture.pixels, level="fast")
    assert result.kind in (F.UNKNOWN, F.LEFT_FOUR)
    assert len(result.fingers) == 2
    if result.kind == F.UNKNOWN:
        assert positions(result) == [F.UNKNOWN] * 2
        assert result.hand is None
        assert result.missing_count == 0


@pytest.mark.parametrize("without", [2, 3, 4, 5])
def test_a_missing_finger_is_named_or_at_least_counted(without):
    capture = four(21, "right", without=(without,), rotation_deg=6.0)
    result = assess_slap(capture.pixels, expected=F.RIGHT_FOUR, level="fast")
    assert codes(result) == ["FP_FINGER_MISSING_IN_SLAP"]
    (defect,) = result.defects
    assert defect.hard
    assert (defect.evidence["expected"], defect.evidence["found"]) == (4, 3)
    assert result.missing_count == 1
    assert result.missing in ((F(without),), ())
    assert all(
        p in (q, F.UNKNOWN) for p, q in zip(positions(result), in_order(capture), strict=True)
    )
    if without in (3, 4):  # the gap between the others tells
        assert result.missing == (F(without),)
        assert defect.evidence["missing_1"] == without


def test_a_missing_thumb_is_told_by_the_side_of_the_other():
    for code, gone in ((1, F.LEFT_THUMB), (6, F.RIGHT_THUMB)):
        capture = four(21, "thumbs", without=(7 - code,))
        result = assess_slap(capture.pixels, expected=F.BOTH_THUMBS, level="fast")
        assert positions(result) == [F(code)]
        assert result.missing == (gone,)


@pytest.mark.parametrize("kind", ["right", "left"])
def test_the_other_hand_is_noticed(kind):
    other = {"right": F.LEFT_FOUR, "left": F.RIGHT_FOUR}[kind]
    noticed = 0
    for number in (21, 22, 23, 24):
        result = assess_slap(four(number, kind).pixels, expected=other, level="fast")
        if codes(result) == ["FP_WRONG_HAND"]:
            noticed += 1
            assert result.kind == KINDS[kind]
            assert positions(result) == list(slap_fingers(KINDS[kind]))
            assert result.defects[0].hard
            assert result.defects[0].evidence["seen"] == KINDS[kind]
    assert noticed >= 3


def test_a_fifth_finger_is_one_too_many_and_has_no_name():
    capture = four(21, "right").pixels
    extra = render(finger(77, pad_mm=(9, 12)), size_mm=(14, 16)).pixels
    wide = np.hstack([capture, np.full((1500, 300), 255, np.uint8)])
    wide[900 : 900 + extra.shape[0], 1560 : 1560 + extra.shape[1]] = extra
    result = assess_slap(wide, expected=F.RIGHT_FOUR, level="fast")
    assert codes(result) == ["FP_EXTRA_FINGER"]
    assert positions(result) == [*slap_fingers(F.RIGHT_FOUR), F.UNKNOWN]
    assert result.defects[0].evidence == {"expected": 4, "found": 5}


# --- how fingers lie


def laid(pads):
    """A glass with prints laid where they are told: (seed, mm right, mm down, lean, condition)."""
    page = np.full((2100, 2200), 255, np.uint8)
    for seed, right, down, lean, condition in pads:
        whole = Condition(rotation_deg=lean, **condition)
        piece = render(finger(seed), whole, size_mm=(24, 28)).pixels
        top = round(750 + down / 25.4 * 500 - piece.shape[0] / 2)
        left = round(800 + right / 25.4 * 500 - piece.shape[1] / 2)
        window = page[300 + top :, 300 + left :][: piece.shape[0], : piece.shape[1]]
        np.minimum(window, piece, out=window)
    return page[300:-300, 300:-300].copy()


TOGETHER = [(60, -20.5, -4, 3), (61, -7, -10, 1), (62, 7, -5, -1), (63, 20.2, 9, -4)]
APART = [(60, -28, -8, 5), (61, -9, -18, 2), (62, 10, -11, -3), (63, 28, 8, -8)]


def test_fingers_that_touch_are_taken_apart():
    result = assess_slap(laid([(*pad, {}) for pad in TOGETHER]), expected=F.RIGHT_FOUR)
    assert positions(result) == list(slap_fingers(F.RIGHT_FOUR))
    for seen, (_, right, down, _) in zip(result.fingers, TOGETHER, strict=True):
        assert (seen.box.x - 799.5) * 25.4 / 500 == pytest.approx(right, abs=1.2)
        assert (seen.box.y - 749.5) * 25.4 / 500 == pytest.approx(down, abs=1.5)
        assert seen.assessment.score > 40


@pytest.mark.parametrize("gap", [20.0, 26.0])
def test_the_next_phalanx_is_no_finger_and_no_part_of_the_tip(gap):
    tips = [(*pad, {}) for pad in APART]
    lower = [
        (80 + n, right, down + gap, lean, {"pressure": 0.2})
        for n, (_, right, down, lean) in enumerate(APART)
    ]
    result = assess_slap(laid(tips + lower), expected=F.RIGHT_FOUR, level="fast")
    assert positions(result) == list(slap_fingers(F.RIGHT_FOUR))
    for seen, (_, _, down, _) in zip(result.fingers, APART, strict=True):
        assert (seen.box.y - 749.5) * 25.4 / 500 == pytest.approx(down, abs=2.5)


def test_skin_conditions_of_single_fingers_change_no_count_and_no_name():
    each = {
        2: Condition(dryness=0.7),
        3: Condition(wear=0.8),
        4: Condition(contact=0.4, tip_only=True),
        5: Condition(pressure=-0.7),
    }
    for number in (21, 22):
        result = assess_slap(four(number, "right", each=each).pixels, expected=F.RIGHT_FOUR)
        assert positions(result) == list(slap_fingers(F.RIGHT_FOUR))
        assert codes(result) == []


def test_a_grey_noisy_sensor_changes_no_count_and_no_name():
    grey = {"background": 160.0, "texture": 1.0, "noise": 0.2, "vignette": 1.0}
    for number in (21, 22):
        capture = four(number, "left", rotation_deg=10.0, **grey)
        result = assess_slap(capture.pixels, expected=F.LEFT_FOUR, level="fast")
        assert positions(result) == list(slap_fingers(F.LEFT_FOUR))


def test_old_prints_between_the_fingers_are_not_counted():
    pads = [(*pad, {}) for pad in APART]
    page = laid(
        [*pads, (90, 0, 22, 40, {"contrast": 0.12}), (91, -22, 21, -30, {"contrast": 0.12})]
    )
    result = assess_slap(page, expected=F.RIGHT_FOUR, level="fast")
    assert positions(result) == list(slap_fingers(F.RIGHT_FOUR))


def test_a_hand_laid_very_much_askew_is_said_to_be():
    result = assess_slap(four(21, "thumbs", rotation_deg=42.0).pixels, level="fast")
    assert "FP_ROTATED" in codes(result)
    assert result.turn > 34


# --- each finger on its own


def test_each_finger_has_its_own_score_and_the_worst_is_never_averaged_away():
    each = {4: Condition(wear=1.0, noise=0.3)}
    result = assess_slap(four(21, "right", each=each).pixels, expected=F.RIGHT_FOUR)
    scores = {f.position: f.assessment.score for f in result.fingers}
    assert scores.pop(F.RIGHT_RING) < min(scores.values()) - 15
    assert result.lowest_score == min(f.assessment.score for f in result.fingers)
    assert not hasattr(result, "score")
    ring = result.fingers[2].assessment
    assert "FP_WORN_RIDGES" in [d.code for d in ring.defects]


def test_a_turned_finger_scores_as_it_does_upright():
    for turn in (-20.0, 20.0):
        upright = assess_slap(four(22, "right").pixels, expected=F.RIGHT_FOUR)
        turned = assess_slap(four(22, "right", rotation_deg=turn).pixels, expected=F.RIGHT_FOUR)
        for one, other in zip(upright.fingers, turned.fingers, strict=True):
            assert other.assessment.score == pytest.approx(one.assessment.score, abs=8)


def test_crops_are_upright_and_hold_one_finger_only():
    result = assess_slap(laid([(*pad, {}) for pad in TOGETHER]), expected=F.RIGHT_FOUR)
    for seen in result.fingers:
        lean = seen.assessment.measures["lean"].value
        assert abs(lean) < 20
        height, width = seen.pixels.shape
        assert (seen.box.width, seen.box.height) == (width, height)
        assert seen.assessment.maps.pixels.shape == seen.pixels.shape
        outline = seen.assessment.maps.foreground.mask
        assert outline[height // 2, width // 2]
        assert outline[:, :20].mean() < 0.2  # the neighbour would fill the margin
        assert outline[:, -20:].mean() < 0.2


def test_the_corners_of_a_box_surround_the_finger():
    capture = four(23, "left", rotation_deg=18.0)
    result = assess_slap(capture.pixels, expected=F.LEFT_FOUR, level="fast")
    for seen in result.fingers:
        inside = np.zeros(capture.pixels.shape, np.uint8)
        cv2.fillConvexPoly(inside, np.rint(seen.box.corners()).astype(np.int32), 1)
        own = capture.labels == seen.position
        assert (inside.astype(bool) & own).sum() / own.sum() > 0.97
        r = seen.region
        assert inside.sum() == inside[r.y : r.y + r.height, r.x : r.x + r.width].sum()


@pytest.mark.parametrize("ppi", [400, 1000])
def test_any_resolution_gives_the_same_fingers_in_its_own_pixels(ppi):
    pixels = four(21, "right", ppi=1000).pixels
    pixels = cv2.resize(pixels, None, fx=ppi / 1000, fy=ppi / 1000, interpolation=cv2.INTER_AREA)
    at_500 = assess_slap(four(21, "right").pixels, 500, expected=F.RIGHT_FOUR, level="fast")
    other = assess_slap(pixels, ppi, expected=F.RIGHT_FOUR, level="fast")
    assert positions(other) == positions(at_500)
    for one, two in zip(at_500.fingers, other.fingers, strict=True):
        assert two.box.x / ppi == pytest.approx(one.box.x / 500, abs=0.02)
        assert two.box.height / ppi == pytest.approx(one.box.height / 500, rel=0.05)
        assert two.region.x / ppi == pytest.approx(one.region.x / 500, abs=0.03)
        assert two.pixels.shape == pytest.approx(one.pixels.shape, rel=0.05)


def test_the_result_is_json():
    result = assess_slap(four(21, "right", without=(3,)).pixels, expected=F.RIGHT_FOUR)
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert told["hand"] == "right"
    assert (told["expected"], told["kind"], told["missing"]) == (13, 13, [3])
    assert [f["position"] for f in told["fingers"]] == [2, 4, 5]
    assert told["fingers"][0]["assessment"]["score"] > 0
    assert "pixels" not in told["fingers"][0]


# --- nothing there, and nonsense


def test_a_blank_glass_is_blank_and_all_fingers_are_missing():
    blank = np.full((1500, 1600), 250, np.uint8)
    result = assess_slap(blank, expected=F.LEFT_FOUR)
    assert codes(result) == ["FP_BLANK"]
    assert result.fingers == ()
    assert result.missing == slap_fingers(F.LEFT_FOUR)
    assert result.lowest_score is None
    assert assess_slap(blank).missing == ()


def test_one_finger_on_a_small_glass_is_not_called_by_name():
    result = assess_slap(render(finger(60)).pixels, expected=F.RIGHT_FOUR, level="fast")
    assert positions(result) == [F.UNKNOWN]
    assert (result.missing, result.missing_count) == ((), 3)
    assert codes(result) == ["FP_FINGER_MISSING_IN_SLAP"]
    assert "missing_1" not in result.defects[0].evidence


@pytest.mark.parametrize(
    ("pixels", "options", "told"),
    [
        (np.zeros((10, 10, 3), np.uint8), {}, "uint8"),
        (np.zeros((10, 10)), {}, "uint8"),
        ([[1]], {}, "uint8"),
        (np.zeros((0, 10), np.uint8), {}, "pixels"),
        (np.zeros((10, 10), np.uint8), {"expected": F.RIGHT_INDEX}, "no slap"),
        (np.zeros((10, 10), np.uint8), {"level": "slow"}, "level"),
        (np.zeros((10, 10), np.uint8), {"ppi": 0}, "ppi"),
    ],
)
def test_what_is_no_slap_is_refused(pixels, options, told):
    with pytest.raises(InputError, match=told):
        assess_slap(pixels, **options)


@pytest.mark.parametrize("shape", [(1, 1), (5, 400), (40, 40)])
def test_tiny_pictures_are_no_error(shape):
    noise = np.random.Generator(np.random.PCG64(1)).integers(0, 256, shape, dtype=np.uint8)
    result = assess_slap(noise, level="fast")
    assert len(result.fingers) <= 1


# --- the geometry alone, with hands that the generator did not draw


def pads_of(kind, turn, spread, size, right=0.0, down=0.0):
    """Fingers held together, as long as measured (see `hand`): little finger 36 mm down."""
    together = [(-18.0, 10.7, 3.0, 1.0), (0.0, 0.0, 1.0, 1.03), (18.0, 10.8, -1.0, 0.97)]
    together.append((34.0, 36.4, -4.0, 0.84))
    middle = np.mean([p[0] for p in together])
    pads = []
    for x, y, lean, width in together:
        x, y = (x - middle) * spread * size, (y - 14) * size
        pads.append((x, y, lean, width))
    if kind == F.LEFT_FOUR:
        pads = [(-x, y, -lean, width) for x, y, lean, width in pads][::-1]
    c, s = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    return [
        Pad(c * x + s * y + right, c * y - s * x + down, lean + turn, 14.5 * width * size)
        for x, y, lean, width in pads
    ]


fours = st.sampled_from([F.RIGHT_FOUR, F.LEFT_FOUR])


@settings(max_examples=60, deadline=None)
@given(
    fours,
    st.floats(-20, 20),
    st.floats(0.9, 1.3),
    st.floats(0.75, 1.15),
    st.floats(-6, 6),
    st.floats(-6, 6),
)
def test_hands_of_other_proportions_are_read_right(kind, turn, spread, size, right, down):
    pads = pads_of(kind, turn, spread, size, right, down)
    asked = read_hand(pads, kind)
    assert (asked.kind, asked.positions) == (kind, slap_fingers(kind))
    free = read_hand(pads)
    assert free.kind in (kind, F.UNKNOWN)
    swapped = read_hand(pads, {F.RIGHT_FOUR: F.LEFT_FOUR, F.LEFT_FOUR: F.RIGHT_FOUR}[kind])
    assert swapped.kind == kind  # the other hand is noticed


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_a_mirrored_picture_is_the_other_hand(seed, count):
    rng = np.random.Generator(np.random.PCG64(seed))
    places = np.sort(rng.uniform(-38, 38, count))
    pads = [
        Pad(float(x), float(rng.uniform(-15, 15)), float(rng.normal(0, 10)), float(w))
        for x, w in zip(places, rng.uniform(10, 18, count), strict=True)
    ]
    mirrored = [replace(p, x=-p.x, lean=-p.lean) for p in pads][::-1]
    one, two = read_hand(pads), read_hand(mirrored)
    assert two.certainty == pytest.approx(one.certainty, rel=1e-6)
    assert two.turn == pytest.approx(-one.turn, abs=1e-6)
    swap = {p: F((p + 4) % 10 + 1) for p in range(1, 11)} | {0: F.UNKNOWN, 15: F.BOTH_THUMBS}
    swap |= {13: F.LEFT_FOUR, 14: F.RIGHT_FOUR}
    assert two.kind == swap[one.kind]
    assert list(two.positions) == [swap[p] for p in one.positions][::-1]


def test_certainty_and_names_are_what_they_say_for_any_pads():
    rng = np.random.Generator(np.random.PCG64(4))
    for count in (1, 2, 3, 4, 6, 8):
        pads = [
            Pad(*(float(v) for v in row))
            for row in rng.uniform((-38, -20, -30, 8), (38, 20, 30, 20), (count, 4))
        ]
        pads.sort(key=lambda p: p.x)
        for expected in (None, F.RIGHT_FOUR, F.BOTH_THUMBS):
            reading = read_hand(pads, expected)
            assert 0 <= reading.certainty <= 1
            assert len(reading.positions) == count
            named = [p for p in reading.positions if p != F.UNKNOWN]
            assert len(set(named)) == len(named)
            if reading.kind != F.UNKNOWN:
                order = [slap_fingers(reading.kind).index(p) for p in named]
                assert order == sorted(order)


def test_assess_of_single_fingers_still_works_beside():
    assert fingerprint.assess(render(finger(60)).pixels).score is not None
