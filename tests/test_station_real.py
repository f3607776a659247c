"""A few people through the real scorers: what the generators draw is what the rules act on."""

from functools import cache

import pytest
from people import FACE, LEFT_EYE, RIGHT_EYE, RIGHT_FOUR, RIGHT_RING
from stations import NIK, Clock, show

from ektp_biocheck.capture import Station, StationConfig
from ektp_biocheck.capture.evidence import EvidenceAssessment
from ektp_biocheck.capture.replays import replay
from ektp_biocheck.positions import SLAPS, FingerPosition, Instance, Modality
from ektp_biocheck.records.events import events_of
from fixtures.face import portrait
from fixtures.fingerprint import Condition, hand, render, slap
from fixtures.iris import EyeSpec, draw_eye

KINDS = dict(zip(SLAPS, ("right", "left", "thumbs"), strict=True))


@pytest.fixture
def desk(tmp_path):
    seen = {"evidence": lambda _: EvidenceAssessment("stub/evidence 1", (), (), ())}
    config = StationConfig("kec-01", "Ngargoyoso", tmp_path)
    with Station(config, scorers=seen, clock=Clock()) as opened:
        yield opened


@cache
def person_hand(kind):
    return hand(21, kind)


def taken(kind, without=(), **condition):
    fingers = {code: m for code, m in person_hand(kind).items() if code not in without}
    return slap(fingers, Condition(**condition), impression=1).pixels


def eye(left, **spec):
    offset = (-0.25 if left else 0.25, -0.1)
    return draw_eye(EyeSpec(left_eye=left, seed=5, pupil_offset=offset, **spec))[0]


def test_an_amputee_with_a_cloudy_eye_is_ready_with_exceptions(desk):
    person = desk.begin(NIK, operator="op-1", queue_number="24", age_years=81)
    desk.except_instance(
        person, RIGHT_RING, kind="MISSING", permanence="PERMANENT", reason="NOT_THERE", by="op-1"
    )
    for position, kind in KINDS.items():
        gone = (FingerPosition.RIGHT_RING,)
        shown = show(desk, person, Instance(Modality.FINGER, position), taken(kind, gone))
        for result in shown.results:
            assert result.decision.action == "ACCEPT", result.instance
    assert show(desk, person, RIGHT_EYE, eye(False)).results[0].decision.action == "ACCEPT"
    cloudy = eye(True, haze=0.5)
    first = show(desk, person, LEFT_EYE, cloudy).results[0]
    assert first.decision.action in ("RETAKE", "FALLBACK")
    while not desk.review(person).of(LEFT_EYE).next.settled:
        show(desk, person, LEFT_EYE, cloudy)
    desk.except_instance(
        person, LEFT_EYE, kind="UNUSABLE", permanence="PERMANENT", reason="NOT_VISIBLE", by="op-1"
    )
    assert show(desk, person, FACE, portrait()).results[0].decision.action == "ACCEPT"
    desk.add_evidence(person, portrait(), by="op-1")
    for part in (RIGHT_RING, LEFT_EYE):
        desk.approve(person, part, by="op-2", mode="ON_SITE")
    finished = desk.finish(person, operator="op-1")
    assert finished.verdict.state == "READY_WITH_EXCEPTIONS"
    told = {e["instance"]: e for e in finished.manifest["exceptions"]}
    assert told["leftEye"]["proving_attempts"]
    assert told["leftEye"]["contradicted_by"] is None
    history = events_of(desk._desk.connection, person)
    assert all(one.same for one in replay(history).decisions)


def test_worn_prints_are_kept_at_their_best_and_nobody_is_tormented(desk):
    person = desk.begin(NIK, operator="op-1", age_years=78)
    master = person_hand("right")[4]
    for impression in range(1, 9):
        pixels = render(master, Condition(wear=0.97), ppi=500, impression=impression).pixels
        decision = show(desk, person, RIGHT_RING, pixels).results[0].decision
        if decision.settled:
            break
    view = desk.review(person).of(RIGHT_RING)
    assert decision.settled
    assert impression <= 4
    scores = [t.score for t in desk._desk.person(person).takes(RIGHT_RING)]
    assert view.best_score == max(scores)


def test_a_live_preview_of_a_slap_guides(desk):
    person = desk.begin(NIK, operator="op-1")
    good = desk.preview(person, RIGHT_FOUR, taken("right"), ppi=500)
    missing = desk.preview(person, RIGHT_FOUR, taken("right", (3,)), ppi=500)
    assert good.best
    assert not missing.best
    assert missing.defects[0] == "FP_FINGER_MISSING_IN_SLAP"


def test_pictures_come_back_as_they_were_given(desk):
    person = desk.begin(NIK, operator="op-1")
    pixels = render(person_hand("right")[4], Condition(), ppi=500, impression=1).pixels
    show(desk, person, RIGHT_RING, pixels)
    desk.finish(person, operator="op-1")
    from ektp_biocheck.samples import decode_sample

    sample = decode_sample(desk.images(person)["rightRing"], modality="finger")
    assert sample.ppi == 500
    assert (sample.pixels == pixels).all()
