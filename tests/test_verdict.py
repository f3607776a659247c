"""The whole person: every reason on its own, and the state it leads to."""

import pytest
from people import FACE, LEFT_EYE, RIGHT_EYE, RIGHT_INDEX, RIGHT_RING, Person, defect

from ektp_biocheck.capture.paper import exceptions_of
from ektp_biocheck.capture.policy_file import default_text, parse_policy
from ektp_biocheck.capture.verdict import REASON_CODES, judge, standing, sufficiency_values
from ektp_biocheck.positions import SINGLE_FINGERS, Instance, Modality

READY, WITH, BELOW = "READY", "READY_WITH_EXCEPTIONS", "BELOW_POLICY"


def verdict(person):
    found = judge(person.view())[0]
    return str(found.state), [reason.code for reason in found.reasons]


def spent(person, part, score, *codes):
    for code in codes or ("FP_DRY", "FP_PARTIAL", "FP_WET"):
        decision = person.take(part, score, code)
    assert decision.settled
    return person


def excepted(person, part=RIGHT_RING, **more):
    return person.excepts(part, **more).proves().approves(part)


RELAXED = parse_policy(
    default_text().replace('name = "elderly"', 'name = "elderly"\naccept = { finger = 30 }')
)


def cases():
    """A way to make the right ring finger be anything but plainly acquired."""
    ring = RIGHT_RING
    return {
        "NOT_PRESENTED": lambda p: p,
        "BELOW_THRESHOLD": lambda p: spent(p, ring, 30),
        "FAILURE_TO_ACQUIRE": lambda p: spent(p, ring, 3),
        "RETAKE_OUTSTANDING": lambda p: (p.take(ring, 30, "FP_DRY"), p)[1],
        "DEVICE_FAULT": lambda p: (p.fault(ring).ask(ring), p)[1],
        "KEPT_EARLY": lambda p: p.present(ring, 30, "FP_DRY").step(ring, "FB_KEEP_BEST"),
        "GIVEN_UP_EARLY": lambda p: p.present(ring, 3, "FP_DRY").step(ring, "FB_KEEP_BEST"),
        "OVERRIDDEN": lambda p: p.present(ring, 80).order(ring, "RETAKE").present(ring, 70),
        "EXCEPTED": excepted,
        "EVIDENCE_MISSING": lambda p: p.excepts(ring).approves(ring),
        "APPROVAL_MISSING": lambda p: p.excepts(ring).proves(),
        "APPROVAL_DEFERRED": lambda p: p.excepts(ring).proves().approves(ring, "DEFERRED"),
        "EVIDENCE_UNCLEAR": lambda p: p.excepts(ring).proves(complete=False).approves(ring),
        "REVIEW_DATE_MISSING": lambda p: excepted(p, permanence="TEMPORARY"),
        "EXC_CONTRADICTED": lambda p: excepted(p.present(ring, 80)),
    }


ALSO_EXCEPTED = ("EVIDENCE_MISSING", "APPROVAL_MISSING", "APPROVAL_DEFERRED", "EVIDENCE_UNCLEAR")
ALSO_EXCEPTED += ("REVIEW_DATE_MISSING", "EXC_CONTRADICTED")
UNEXPLAINED = {"NOT_PRESENTED", "RETAKE_OUTSTANDING", "DEVICE_FAULT", "GIVEN_UP_EARLY"}
UNEXPLAINED |= {"EVIDENCE_MISSING", "APPROVAL_MISSING"}


def test_everything_acquired_is_ready():
    assert verdict(Person().complete()) == (READY, [])


@pytest.mark.parametrize("code", cases())
def test_one_finger_short_of_everything(code):
    person = cases()[code](Person().complete(but=(RIGHT_RING,)))
    state, reasons = verdict(person)
    expected = ["EXCEPTED", code] if code in ALSO_EXCEPTED else [code]
    assert sorted(reasons) == sorted(expected)
    assert state == (BELOW if code in UNEXPLAINED else WITH)


def test_every_reason_is_tried_here():
    elsewhere = {"RELAXED", "AGE_CONTRADICTS_NIK", "INSUFFICIENT"}
    assert set(REASON_CODES) == set(cases()) | elsewhere


def test_too_little_is_below_policy_though_every_part_has_its_reason():
    person = Person()
    for finger in SINGLE_FINGERS:
        person.excepts(Instance(Modality.FINGER, finger)).approves(
            Instance(Modality.FINGER, finger)
        )
    person.proves()
    person.take(FACE, 90)
    for eye in (RIGHT_EYE, LEFT_EYE):
        spent(person, eye, None, "IR_CLOUDY_CORNEA", "IR_CLOUDY_CORNEA")
    state, reasons = verdict(person)
    assert state == BELOW
    assert reasons[-1] == "INSUFFICIENT"
    assert "NOT_PRESENTED" not in reasons


def test_one_iris_is_enough_for_who_has_no_fingers():
    person = Person()
    for finger in SINGLE_FINGERS:
        excepted(person, Instance(Modality.FINGER, finger))
    for part in (FACE, RIGHT_EYE, LEFT_EYE):
        person.take(part, 90)
    assert verdict(person)[0] == WITH


def test_a_lowered_bar_shows_where_it_was_needed():
    person = Person(RELAXED, age=70).complete(but=(RIGHT_RING, RIGHT_INDEX))
    person.take(RIGHT_RING, 35)
    person.take(RIGHT_INDEX, 45)
    assert verdict(person) == (WITH, ["RELAXED"])
    assert standing(person.view(), RIGHT_RING).relaxed
    assert not standing(person.view(), RIGHT_INDEX).relaxed


def test_a_reason_names_what_was_wrong():
    person = spent(Person().complete(but=(RIGHT_RING,)), RIGHT_RING, 30)
    (reason,) = judge(person.view())[0].reasons
    assert reason.instance == RIGHT_RING
    assert reason.defects == ("FP_DRY",)


def test_an_earlier_record_s_parts_count_as_there():
    person = Person(parts=("leftEye",))
    _, standings, values = judge(person.view())
    assert values["fingers"] == 10
    assert values["face"] is True
    assert values["left_eye"] is False
    assert sufficiency_values(standings) == values


def test_what_an_exception_still_wants_in_order():
    person = Person().excepts(RIGHT_RING, permanence="TEMPORARY")
    assert person.ask(RIGHT_RING).step == "FB_EXC_PHOTO"
    person.proves()
    assert person.ask(RIGHT_RING).step == "FB_REVIEW"
    person.approves(RIGHT_RING)
    decision = person.ask(RIGHT_RING)
    assert (decision.step, decision.settled) == (None, True)
    (view,) = exceptions_of(person.view())
    assert view.missing == ("REVIEW_DATE",)


def test_a_hard_but_fair_capture_is_kept_and_flagged():
    person = Person().complete(but=(FACE,))
    for _ in range(4):
        decision = person.take(FACE, 80, defect("FA_POSE"))
        if decision.settled:
            break
    assert verdict(person) == (WITH, ["BELOW_THRESHOLD"])
