"""The rules, one by one: what is asked of the person, what is kept, what is never asked again."""

from dataclasses import replace

import pytest
from people import (
    FACE,
    LEFT_EYE,
    LEFT_INDEX,
    RIGHT_EYE,
    RIGHT_FOUR,
    RIGHT_INDEX,
    RIGHT_MIDDLE,
    RIGHT_RING,
    Person,
    defect,
)

from ektp_biocheck.capture import facts as f
from ektp_biocheck.capture.case import look
from ektp_biocheck.capture.outcomes import advice_of
from ektp_biocheck.capture.policy_file import default_policy, default_text, parse_policy
from ektp_biocheck.capture.transaction import apply

POLICY = default_policy()
START_AT = "2026-11-21T01:00:00.000Z"
ACCEPT, FLOOR = POLICY.finger.accept, POLICY.finger.floor


def told(decision):
    return decision.rule, str(decision.action), decision.step


def policy(old, new):
    text = default_text()
    assert old in text
    return parse_policy(text.replace(old, new))


# --- D04: accepted


def test_before_the_first_attempt_there_is_nothing_to_decide():
    assert Person().decision(RIGHT_RING) is None


@pytest.mark.parametrize(
    ("score", "action"), [(ACCEPT - 1, "RETAKE"), (ACCEPT, "ACCEPT"), (ACCEPT + 1, "ACCEPT")]
)
def test_equality_with_the_threshold_accepts(score, action):
    decision = Person().take(RIGHT_RING, score, "FP_DRY")
    assert decision.action == action
    assert decision.inputs["accept"] == ACCEPT


def test_what_is_acquired_stays_acquired():
    person = Person()
    person.take(RIGHT_RING, 70)
    for defects in (["FP_DUPLICATE_FINGER"], ["FP_BLANK"], ["FP_DRY"]):
        decision = person.take(RIGHT_RING, 5, *defects)
        assert (decision.action, decision.chosen_attempt) == ("ACCEPT", 1)
    person.fault(RIGHT_RING)
    assert person.ask(RIGHT_RING).action == "ACCEPT"


def test_a_hard_defect_is_never_accepted_however_high_the_score():
    assert told(Person().take(FACE, 99, "FA_POSE")) == ("D03", "RETAKE", "FB_TARGET")


def test_a_score_of_another_scorer_is_no_score():
    decision = Person().take(RIGHT_RING, 99, algorithm="ektp-biocheck/fingerprint 2.0.0")
    assert decision.action != "ACCEPT"
    assert decision.inputs["score"] is None


# --- D01: the device


def test_device_faults_never_count_and_three_in_a_row_stop_the_device():
    person = Person()
    steps = []
    for _ in range(3):
        person.fault(RIGHT_RING)
        decision = person.ask(RIGHT_RING)
        steps.append(told(decision))
        assert not decision.counted
        assert decision.inputs["attempts"] == 0
    assert steps == [
        ("D01", "RETAKE", "FB_RESTART"),
        ("D01", "RETAKE", "FB_ALT_DEVICE"),
        ("D01", "STOP", "FB_RESCHEDULE"),
    ]


def test_a_device_that_works_again_begins_anew():
    person = Person().fault(RIGHT_RING).fault(RIGHT_RING)
    person.take(RIGHT_MIDDLE, 80)
    person.fault(RIGHT_RING)
    assert person.ask(RIGHT_RING).action == "RETAKE"


def test_a_wrong_resolution_is_the_device_s_fault():
    decision = Person().take(RIGHT_RING, 70, "DEV_WRONG_PPI")
    assert told(decision) == ("D01", "RETAKE", "FB_SETTINGS")
    assert not decision.counted


# --- D02: something else


def test_a_wrong_finger_is_asked_for_again_without_being_counted():
    person = Person()
    person.take(RIGHT_INDEX, 80)
    decision = person.take(RIGHT_MIDDLE, 80, "FP_DUPLICATE_FINGER", same_as=RIGHT_INDEX)
    assert told(decision) == ("D02", "RETAKE", "FB_REPOSITION")
    assert decision.other == RIGHT_INDEX
    assert not decision.counted


def test_uncounted_retakes_come_to_an_end():
    person = Person()
    decisions = [
        person.take(RIGHT_RING, 80, "FP_DUPLICATE_FINGER", same_as=RIGHT_INDEX) for _ in range(9)
    ]
    assert [d.counted for d in decisions[:4]] == [False, False, False, True]
    assert decisions[-1].settled
    assert decisions[-1].outcome == "ACQUIRED_BELOW_THRESHOLD"


# --- D03: hard defects


def test_closed_eye_every_advice_once_then_a_way_on():
    person = Person()
    steps = [told(person.take(LEFT_EYE, None, "IR_EYE_CLOSED"))[1:] for _ in range(3)]
    assert steps == [("RETAKE", "FB_OPEN"), ("RETAKE", "FB_LID"), ("FALLBACK", "FB_SINGLE_EYE")]


def test_an_empty_glass_has_a_counter_of_its_own():
    person = Person()
    decisions = [person.take(RIGHT_RING, None, "FP_BLANK") for _ in range(5)]
    assert [d.action for d in decisions[:4]] == ["RETAKE"] * 4
    assert [d.step for d in decisions[:4]] == [
        "FB_REPOSITION", "FB_PRESS_MORE", "FB_CLEAN_PLATEN", "FB_RESTART",
    ]  # fmt: skip
    assert decisions[4].action == "EXCEPTION"
    assert decisions[4].inputs["attempts"] == 0
    assert person.take(RIGHT_RING, 75).action == "ACCEPT"


def test_nothing_presented_is_an_empty_glass():
    person = Person().nothing(RIGHT_RING)
    assert told(person.ask(RIGHT_RING)) == ("D03", "RETAKE", "FB_REPOSITION")
    assert person.ask(RIGHT_RING).inputs["blanks"] == 1


@pytest.mark.parametrize("reason", ["CANNOT_PRESENT", "DECLINED"])
def test_who_cannot_or_will_not_is_offered_the_exception_at_once(reason):
    decision = Person().nothing(RIGHT_RING, reason).ask(RIGHT_RING)
    assert told(decision) == ("D08", "EXCEPTION", "FB_EXC_PHOTO")


def test_a_cloudy_cornea_goes_straight_to_the_fallback_chain():
    person = Person()
    person.take(RIGHT_EYE, 80)
    first = person.take(LEFT_EYE, None, "IR_CLOUDY_CORNEA")
    assert told(first) == ("D06", "FALLBACK", "FB_ANGLE")
    assert not first.settled
    second = person.take(LEFT_EYE, None, "IR_CLOUDY_CORNEA")
    assert told(second) == ("D08", "FALLBACK", "FB_SINGLE_EYE")
    assert second.settled
    assert second.inputs["attempts"] < second.inputs["allowed"]
    person.step(LEFT_EYE, "FB_SINGLE_EYE")
    assert told(person.ask(LEFT_EYE)) == ("D08", "EXCEPTION", "FB_EXC_PHOTO")


def test_an_artificial_eye_is_not_asked_for_twice():
    decision = Person().take(LEFT_EYE, 80, "IR_PROSTHETIC")
    assert decision.action == "FALLBACK"
    assert decision.settled


# --- D05 and D06: advice, and when to leave somebody in peace


def test_never_the_same_advice_twice():
    person = Person()
    first, second, third = (person.take(RIGHT_RING, 30, "FP_DRY") for _ in range(3))
    assert (first.step, second.step) == ("FB_MOISTEN", "FB_PRESS_MORE")
    assert third.rule == "D07"
    assert second.repeats_advice
    assert advice_of(first, "en") != advice_of(second, "en")


def test_the_same_advice_again_when_it_helped():
    person = Person()
    person.take(RIGHT_RING, 20, defect("FP_DRY", 0.9))
    again = person.take(RIGHT_RING, 30, defect("FP_DRY", 0.5))
    assert told(again) == ("D05", "RETAKE", "FB_MOISTEN")


def test_a_recorded_step_waits_for_its_capture():
    person = Person()
    assert person.take(RIGHT_RING, 30, "FP_DRY").step == "FB_MOISTEN"
    person.step(RIGHT_RING, "FB_MOISTEN")
    assert person.ask(RIGHT_RING).step == "FB_MOISTEN"


def test_two_attempts_without_gain_on_worn_ridges_are_enough():
    person = Person()
    assert person.take(LEFT_INDEX, 30, "FP_WORN_RIDGES").action == "RETAKE"
    decision = person.take(LEFT_INDEX, 31, "FP_WORN_RIDGES")
    assert told(decision) == ("D06", "FALLBACK", "FB_ALT")
    assert decision.outcome == "ACQUIRED_BELOW_THRESHOLD"
    assert decision.inputs["attempts"] < decision.inputs["allowed"]


def test_a_gain_is_followed():
    person = Person()
    person.take(LEFT_INDEX, 30, "FP_WORN_RIDGES")
    decision = person.take(LEFT_INDEX, 30 + POLICY.finger.min_gain, "FP_WORN_RIDGES")
    assert told(decision) == ("D05", "RETAKE", "FB_MOISTEN")


def test_what_the_person_can_cure_gets_all_its_attempts():
    person = Person()
    for defects in (["FP_DRY"], ["FP_PARTIAL"]):
        assert person.take(RIGHT_RING, 30, *defects).action == "RETAKE"
    assert person.take(RIGHT_RING, 30, "FP_WET").rule == "D07"


# --- D07 and D08: the best of all, or none


def test_the_best_of_all_attempts_is_kept():
    person = Person()
    for score, code in ((25, "FP_DRY"), (38, "FP_PARTIAL"), (12, "FP_WET")):
        decision = person.take(RIGHT_RING, score, code)
    assert decision.rule == "D07"
    assert decision.chosen_attempt == 2
    assert decision.outcome == "ACQUIRED_BELOW_THRESHOLD"
    assert told(decision)[1:] == ("FALLBACK", "FB_KEEP_BEST")


def test_of_equals_the_one_with_fewer_severe_defects_then_the_earlier():
    person = Person()
    person.present(RIGHT_RING, 30, defect("FP_DRY", 0.6), defect("FP_PARTIAL", 0.6))
    person.present(RIGHT_RING, 30, defect("FP_DRY", 0.6), defect("FP_PARTIAL", 0.2))
    person.present(RIGHT_RING, 30, defect("FP_DRY", 0.6))
    assert look(person.view(), RIGHT_RING).best.attempt == 2


@pytest.mark.parametrize(
    ("best", "outcome"),
    [(FLOOR, "ACQUIRED_BELOW_THRESHOLD"), (FLOOR - 1, "FAILURE_TO_ACQUIRE")],
)
def test_the_floor_is_kept_and_below_it_nothing(best, outcome):
    person = Person()
    for score, code in ((best, "FP_DRY"), (1, "FP_PARTIAL"), (0, "FP_WET")):
        decision = person.take(RIGHT_RING, score, code)
    assert decision.outcome == outcome


def test_failure_to_acquire_leads_to_the_exception_with_its_proof():
    person = Person()
    for _ in range(3):
        decision = person.take(RIGHT_RING, 3, "FP_WET", "FP_PARTIAL")
    assert told(decision) == ("D08", "EXCEPTION", "FB_EXC_PHOTO")
    assert decision.inputs["proving"] == [1, 2, 3]


def test_a_poor_clean_capture_does_not_push_out_a_fair_hard_one():
    person = Person()
    person.present(FACE, 80, "FA_POSE").present(FACE, 10)
    assert look(person.view(), FACE).best.attempt == 1


def test_chip_fingers_get_an_attempt_more_and_a_substitute():
    view = Person().view()
    assert look(view, RIGHT_INDEX).bar.attempts == look(view, RIGHT_RING).bar.attempts + 1


def test_carry_on_with_one_eye_only_when_there_is_another():
    person = Person()
    for eye in (RIGHT_EYE, LEFT_EYE):
        for _ in range(2):
            decision = person.take(eye, None, "IR_CLOUDY_CORNEA")
    assert told(decision) == ("D08", "FALLBACK", "FB_FINGER_ONLY")


def test_a_face_that_no_detector_finds_is_approved_by_hand():
    person = Person()
    for _ in range(3):
        decision = person.take(FACE, None, "FA_NO_FACE", "FA_DISFIGURED")
    assert told(decision) == ("D08", "FALLBACK", "FB_MANUAL_FACE")
    person.step(FACE, "FB_MANUAL_FACE")
    decision = person.ask(FACE)
    assert decision.settled
    assert decision.outcome == "ACQUIRED_BELOW_THRESHOLD"


# --- age, time, slaps


def test_age_changes_the_procedure_and_not_the_bar():
    young, old = look(Person(age=30).view(), RIGHT_RING), look(Person(age=60).view(), RIGHT_RING)
    assert old.bar.attempts == young.bar.attempts + 1
    assert old.bar.single_after == 1
    assert (old.bar.accept, old.bar.floor) == (young.bar.accept, young.bar.floor)
    assert not old.bar.relaxed


def test_a_lowered_bar_travels():
    lowered = policy('name = "elderly"', 'name = "elderly"\naccept = { finger = 30 }')
    person = Person(lowered, age=70)
    decision = person.take(RIGHT_RING, 30)
    assert decision.action == "ACCEPT"
    assert decision.inputs["relaxed"]


def test_the_elderly_are_offered_the_exception_early():
    person = Person(age=75)
    for code in ("FP_DRY", "FP_PARTIAL", "FP_WET"):
        decision = person.take(RIGHT_RING, 5, code)
    assert decision.inputs["attempts"] < decision.inputs["allowed"]
    assert decision.action == "EXCEPTION"


def test_after_the_time_budget_nothing_is_repeated_that_was_captured_once():
    person = Person()
    person.take(RIGHT_RING, 30, "FP_DRY", after=POLICY.person.time_budget_s)
    late = person.ask(RIGHT_RING)
    assert (late.rule, late.settled, late.inputs["over_time"]) == ("D07", True, True)
    assert person.take(RIGHT_MIDDLE, None, "FP_BLANK").action == "RETAKE"


def test_only_the_person_s_own_time_counts():
    person = Person()
    person.add(f.Resumed(operator="op"), after=9_000)  # a power cut
    person.step(None, "FB_REST")
    person.take(RIGHT_RING, 30, "FP_DRY", after=9_000)  # a rest
    person.take(RIGHT_RING, 30, "FP_PARTIAL", after=20)
    assert person.view().seconds == 25
    late = person.view()
    backwards = replace(person.events[-1], kind="resumed", data={"operator": "op"}, at=START_AT)
    apply(late, replace(backwards, clock_suspect=True))
    assert late.seconds == 25


def test_marking_an_exception_anew_asks_for_approval_anew():
    person = Person().excepts(RIGHT_RING).proves().approves(RIGHT_RING)
    assert person.ask(RIGHT_RING).settled
    person.excepts(RIGHT_RING, reason="BANDAGED", permanence="TEMPORARY")
    assert person.ask(RIGHT_RING).step == "FB_REVIEW"


def test_a_slap_is_repeated_for_the_failed_finger_then_the_finger_alone():
    person = Person()
    first = person.take(RIGHT_RING, 30, "FP_DRY", what=RIGHT_FOUR)
    second = person.take(RIGHT_RING, 30, "FP_PARTIAL", what=RIGHT_FOUR)
    assert first.present == RIGHT_FOUR
    assert second.present == RIGHT_RING


def test_a_finger_missing_in_the_slap_is_taken_alone():
    decision = Person().take(RIGHT_RING, None, "FP_FINGER_MISSING_IN_SLAP", what=RIGHT_FOUR)
    assert told(decision) == ("D03", "RETAKE", "FB_SINGLE")
    assert decision.present == RIGHT_RING


# --- D10: an officer decides


def test_an_officer_keeps_what_there_is():
    person = Person()
    person.take(RIGHT_RING, 25, "FP_DRY")
    decision = person.order(RIGHT_RING, "ACCEPT").ask(RIGHT_RING)
    assert (decision.rule, decision.action, decision.settled) == ("D10", "ACCEPT", True)
    assert decision.outcome == "ACQUIRED_BELOW_THRESHOLD"
    assert decision.inputs["by"] == "chief"


def test_an_officer_orders_one_attempt_more():
    person = Person()
    for code in ("FP_DRY", "FP_PARTIAL", "FP_WET"):
        person.take(RIGHT_RING, 30, code)
    decision = person.order(RIGHT_RING, "RETAKE").ask(RIGHT_RING)
    assert decision.action == "RETAKE"
    assert decision.inputs["allowed"] == POLICY.finger.max_attempts + 1
    assert person.take(RIGHT_RING, 70).action == "ACCEPT"


def test_a_discarded_capture_is_never_chosen():
    person = Person()
    person.take(RIGHT_RING, 90)
    person.order(RIGHT_RING, "DISCARD", attempt=1)
    assert look(person.view(), RIGHT_RING).best is None
    assert person.decision(RIGHT_RING).action != "ACCEPT"


def test_the_operator_may_carry_on_but_it_shows():
    person = Person()
    person.take(RIGHT_RING, 25, "FP_DRY")
    decision = person.step(RIGHT_RING, "FB_KEEP_BEST").ask(RIGHT_RING)
    assert decision.settled
    assert decision.inputs["early"] is True
