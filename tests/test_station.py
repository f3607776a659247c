"""The station as its software sees it: begin, present, guide, finish, and nothing is lost."""

import io
import json
import logging
import sqlite3
import threading

import numpy as np
import pytest
from people import (
    FACE,
    LEFT_EYE,
    LEFT_INDEX,
    RIGHT_EYE,
    RIGHT_FOUR,
    RIGHT_INDEX,
    RIGHT_RING,
    finger,
)
from PIL import Image
from stations import NIK, NIKS, Clock, Pictures, good_slaps, show, station

from ektp_biocheck.capture import Station, StationConfig, default_policy
from ektp_biocheck.capture.policy_file import default_text, parse_policy
from ektp_biocheck.capture.transaction import INSTANCES, transaction_of
from ektp_biocheck.errors import InputError, UnreadableError
from ektp_biocheck.positions import FingerPosition, Instance, Modality
from ektp_biocheck.records.database import connect
from ektp_biocheck.records.events import events_of

P = FingerPosition


@pytest.fixture
def pictures():
    return Pictures()


@pytest.fixture
def desk(tmp_path, pictures):
    with station(tmp_path / "station", pictures, clock=Clock()) as opened:
        yield opened


def events(desk, person):
    return events_of(desk._desk.connection, person)


def begin(desk, nik=NIK, **more):
    return desk.begin(nik, operator="op-1", **more)


def everything(desk, person, pictures, but=()):
    good_slaps(desk, person, pictures)
    for eye in (RIGHT_EYE, LEFT_EYE):
        if eye not in but:
            show(desk, person, eye, pictures.of(85))
    if FACE not in but:
        show(desk, person, FACE, pictures.of(90))


# --- one person from beginning to end


def test_a_good_person_is_ready(desk, pictures):
    person = begin(desk, queue_number="24", village="Girimulyo", age_years=81)
    everything(desk, person, pictures)
    view = desk.review(person)
    assert view.next_up is None
    finished = desk.finish(person, operator="op-1")
    assert finished.verdict.state == "READY"
    assert finished.verdict.reasons == ()
    assert len(finished.files) == 13
    manifest = finished.manifest
    assert manifest == json.loads(json.dumps(manifest))
    assert manifest["policy"] == default_policy().identity()
    assert {i["outcome"] for i in manifest["instances"].values()} == {"ACQUIRED"}
    assert manifest["instances"]["rightIndex"]["algorithm"] == "ektp-biocheck/fingerprint 1.0.0"
    images = desk.images(person)
    assert Image.open(io.BytesIO(images["rightIndex"])).size == (8, 8)


def test_next_up_leads_through_the_person(desk, pictures):
    person, led = begin(desk), []
    while (what := desk.review(person).next_up) is not None:
        led.append(what)
        if what.modality == Modality.FINGER:
            fingers = {p: 80 for p in P if 1 <= p <= 10}
            show(desk, person, what, pictures.slap(fingers))
        else:
            show(desk, person, what, pictures.of(90))
    slaps = [Instance(Modality.FINGER, p) for p in (P.RIGHT_FOUR, P.LEFT_FOUR, P.BOTH_THUMBS)]
    assert led == [*slaps, RIGHT_EYE, LEFT_EYE, FACE]


def test_only_the_failed_finger_of_a_slap_is_asked_for(desk, pictures):
    person = begin(desk)
    scores = {
        P.RIGHT_INDEX: 80,
        P.RIGHT_MIDDLE: 75,
        P.RIGHT_RING: (25, "FP_DRY"),
        P.RIGHT_LITTLE: 60,
    }
    taken = show(desk, person, RIGHT_FOUR, pictures.slap(scores))
    actions = {r.instance.position: r.decision.action for r in taken.results}
    assert actions.pop(P.RIGHT_RING) == "RETAKE"
    assert set(actions.values()) == {"ACCEPT"}
    assert desk.review(person).next_up == RIGHT_FOUR
    show(desk, person, RIGHT_FOUR, pictures.slap(scores))
    assert desk.review(person).next_up == RIGHT_RING
    assert show(desk, person, RIGHT_RING, pictures.of(66)).results[0].decision.action == "ACCEPT"


def test_a_missing_finger_is_told_and_an_excepted_one_not_expected(desk, pictures):
    person = begin(desk)
    three = {P.RIGHT_INDEX: 80, P.RIGHT_MIDDLE: 80, P.RIGHT_LITTLE: 80}
    taken = show(desk, person, RIGHT_FOUR, pictures.slap(three))
    ring = next(r for r in taken.results if r.instance == RIGHT_RING)
    assert ring.assessment.score is None
    assert (ring.decision.action, ring.decision.step) == ("RETAKE", "FB_SINGLE")
    other = begin(desk, NIKS[5])
    desk.except_instance(
        other, RIGHT_RING, kind="MISSING", permanence="PERMANENT", reason="NOT_THERE", by="op-1"
    )
    taken = show(desk, other, RIGHT_FOUR, pictures.slap(three))
    assert [r.decision.action for r in taken.results] == ["ACCEPT"] * 3


def test_the_other_hand_costs_nothing(desk, pictures):
    person = begin(desk)
    four = dict.fromkeys((P.LEFT_INDEX, P.LEFT_MIDDLE), 80)
    taken = show(desk, person, RIGHT_FOUR, pictures.slap(four, "FP_WRONG_HAND", kind=P.LEFT_FOUR))
    assert {r.decision.rule for r in taken.results} == {"D02"}
    assert desk.review(person).of(RIGHT_INDEX).attempts_used == 0


def test_finish_works_at_any_time_and_twice_the_same(desk):
    person = begin(desk)
    first = desk.finish(person, operator="op-1")
    assert first.verdict.state == "BELOW_POLICY"
    assert {r.code for r in first.verdict.reasons} == {"NOT_PRESENTED", "INSUFFICIENT"}
    assert desk.finish(person, operator="op-2") == first


def test_a_finished_capture_takes_nothing_more(desk, pictures):
    person = begin(desk)
    desk.finish(person, operator="op-1")
    with pytest.raises(InputError, match="finished"):
        show(desk, person, FACE, pictures.of(90))
    assert begin(desk) != person


def test_abandoned_leaves_no_image(desk, pictures, tmp_path):
    person = begin(desk)
    show(desk, person, FACE, pictures.of(90))
    desk.abandon(person, "PERSON_LEFT", operator="op-1")
    assert desk.open_transactions() == ()
    assert list((tmp_path / "station" / "open").iterdir()) == []
    with pytest.raises(InputError, match="abandoned"):
        desk.finish(person, operator="op-1")


# --- guidance


def test_preview_counts_nothing_and_keeps_the_best_frame(desk, pictures):
    person = begin(desk)
    before = len(events(desk, person))
    frames = [pictures.of(s, *d) for s, d in ((20, ["FP_DRY"]), (60, []), (40, ["FP_WET"]))]
    seen = [desk.preview(person, RIGHT_RING, frame, ppi=500) for frame in frames]
    assert [p.best for p in seen] == [True, True, False]
    assert [p.frames for p in seen] == [1, 2, 3]
    assert seen[0].defects == ("FP_DRY",)
    best = desk.best_frame(person, RIGHT_RING)
    assert np.array_equal(best.pixels, frames[1])
    assert best.preview.frames == 3
    assert len(events(desk, person)) == before
    assert desk.review(person).of(RIGHT_RING).attempts_used == 0
    show(desk, person, RIGHT_RING, best.pixels)
    assert desk.best_frame(person, RIGHT_RING) is None


def test_of_equal_frames_the_first_stays(desk, pictures):
    person = begin(desk)
    seen = [desk.preview(person, RIGHT_RING, pictures.of(50), ppi=500).best for _ in range(2)]
    assert seen == [True, False]


def test_a_clean_frame_is_better_than_a_hard_one(desk, pictures):
    person = begin(desk)
    desk.preview(person, FACE, pictures.of(95, "FA_POSE"))
    assert desk.preview(person, FACE, pictures.of(60)).best


def test_a_preview_that_cannot_be_read_says_so(desk):
    person = begin(desk)
    seen = desk.preview(person, RIGHT_RING, np.zeros((4, 4)), ppi=500)
    assert (seen.score, seen.best) == (None, False)
    assert desk.best_frame(person, RIGHT_RING) is None


def test_asked_first(desk):
    person = begin(desk, age_years=81)
    asked = {q.step: q.done for q in desk.ask_first(person)}
    assert asked == dict.fromkeys(("FB_LENS", "FB_GLASSES", "FB_WARM", "FB_MOISTEN"), False)
    desk.record_fallback(person, None, "FB_WARM", by="op-1")
    assert {q.step: q.done for q in desk.ask_first(person)}["FB_WARM"]
    young = begin(desk, NIKS[7], age_years=30)
    assert len(desk.ask_first(young)) == 2


def test_the_effect_of_a_step(desk, pictures):
    person = begin(desk)
    show(desk, person, RIGHT_RING, pictures.of(22, "FP_DRY"))
    desk.record_fallback(person, RIGHT_RING, "FB_MOISTEN", by="op-1")
    show(desk, person, RIGHT_RING, pictures.of(51))
    (step,) = desk.review(person).steps
    assert (step.step, step.after_attempt, step.effect) == ("FB_MOISTEN", 1, 29)


def test_each_step_is_credited_with_what_followed_it_until_the_next(desk, pictures):
    person = begin(desk)
    for step, score, code in (
        ("FB_MOISTEN", 22, "FP_DRY"),
        ("FB_PRESS_MORE", 25, "FP_DRY"),
        ("FB_REST", 39, "FP_DRY"),
    ):
        show(desk, person, RIGHT_RING, pictures.of(score, code))
        desk.record_fallback(person, RIGHT_RING, step, by="op-1")
    effects = {s.step: s.effect for s in desk.review(person).steps}
    assert effects == {"FB_MOISTEN": 3, "FB_PRESS_MORE": 14, "FB_REST": None}


# --- what may go wrong


@pytest.mark.parametrize(
    ("pixels", "ppi", "detail"),
    [
        (None, 500, "NO_PICTURE"),
        (np.zeros((8, 8)), 500, "NO_PICTURE"),
        (np.zeros((0, 8), np.uint8), 500, "NO_PICTURE"),
        (np.zeros((8, 8, 3), np.uint8), 500, "WRONG_SHAPE"),
        (np.zeros((8, 8), np.uint8), None, "PPI_UNKNOWN"),
        (np.zeros((8, 8), np.uint8), 5, "PPI_IMPOSSIBLE"),
    ],
)
def test_what_the_device_gives_wrong_costs_the_person_nothing(desk, pixels, ppi, detail):
    person = begin(desk)
    taken = show(desk, person, RIGHT_RING, pixels, ppi=ppi)
    assert taken.results == ()
    assert (taken.device.rule, taken.device.defect) == ("D01", "DEV_UNREADABLE")
    assert events(desk, person)[2].data["detail"] == detail
    assert desk.review(person).of(RIGHT_RING).attempts_used == 0


def test_a_scorer_that_breaks_costs_the_person_nothing(desk, pictures):
    person = begin(desk)
    taken = show(desk, person, FACE, pictures.broken())
    assert taken.results[0].assessment.failure == "the scorer broke: ZeroDivisionError"
    assert taken.results[0].decision.rule == "D01"
    taken = show(desk, person, RIGHT_FOUR, pictures.broken())
    assert {r.decision.rule for r in taken.results} == {"D01"}
    assert desk.review(person).of(FACE).attempts_used == 0
    assert desk.override(person, FACE, "ACCEPT", by="chief", reason="SEEN").outcome == (
        "ACQUIRED_BELOW_THRESHOLD"
    )


def test_a_device_fault_and_an_empty_glass(desk):
    person = begin(desk)
    taken = desk.device_fault(person, RIGHT_FOUR, "DEV_HANG", device="d", operator="op-1")
    assert (taken.attempt, taken.device.step) == (1, "FB_RESTART")
    taken = desk.failed_to_capture(
        person, RIGHT_FOUR, "NO_PRESENTATION", device="d", operator="op-1"
    )
    assert (taken.attempt, taken.device.rule) == (2, "D03")
    with pytest.raises(InputError, match="DEV_TIMEOUT"):
        desk.device_fault(person, FACE, "FP_DRY", device="d", operator="op-1")


@pytest.mark.parametrize(
    "call",
    [
        lambda d, p: d.present(p, finger("UNKNOWN"), None, device="d", operator="o"),
        lambda d, p: d.present(p, RIGHT_RING, None, device="", operator="o"),
        lambda d, p: d.present(p, RIGHT_RING, None, device="d", operator="3313074101450001"),
        lambda d, p: d.record_fallback(p, RIGHT_RING, "FB_DANCE", by="o"),
        lambda d, p: d.record_fallback(p, RIGHT_FOUR, "FB_DRY", by="o"),
        lambda d, p: d.record_fallback(p, None, "FB_DRY", by="o", note_code="Ibu Siti"),
        lambda d, p: d.override(p, RIGHT_RING, "REFUSE", by="o", reason="X"),
        lambda d, p: d.override(p, RIGHT_RING, "DISCARD", by="o", reason="X"),
        lambda d, p: d.override(p, RIGHT_RING, "ACCEPT", by="o", reason="because of Siti"),
        lambda d, p: d.approve(p, RIGHT_RING, by="o", mode="ON_SITE"),
        lambda d, p: d.withdraw_exception(p, RIGHT_RING, by="o"),
        lambda d, p: d.abandon(p, "went home", operator="o"),
        lambda d, p: d.review("no-such"),
        lambda d, p: d.images(p),
        lambda d, p: d.sealed(p),
        lambda d, p: d.day("yesterday"),
    ],
)
def test_wrong_usage_is_named_and_changes_nothing(desk, call):
    person = begin(desk)
    before = events(desk, person)
    with pytest.raises(InputError):
        call(desk, person)
    assert events(desk, person) == before


def test_a_policy_for_other_scorers_is_refused(tmp_path):
    policy = parse_policy(
        default_text().replace('scorer_version = "1.0.*"', 'scorer_version = "2.*"')
    )
    with pytest.raises(InputError, match="scorer_version"):
        Station(StationConfig("S", "K", tmp_path), policy)


# --- who is who


def test_the_same_nik_takes_up_what_was_begun(desk, pictures):
    person = begin(desk)
    show(desk, person, RIGHT_RING, pictures.of(30, "FP_DRY"))
    assert begin(desk) == person
    assert desk.review(person).of(RIGHT_RING).attempts_used == 1
    assert begin(desk, NIKS[3]) != person
    assert len(desk.open_transactions()) == 2


def test_nothing_that_is_kept_tells_the_nik(desk, pictures, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    person = begin(desk, age_years=81)
    everything(desk, person, pictures)
    show(desk, person, FACE, pictures.broken())
    manifest = json.dumps(desk.finish(person, operator="op-1").manifest)
    desk.close()
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    names = " ".join(str(p) for p in tmp_path.rglob("*"))
    for text in (manifest, names, caplog.text, kept.decode("latin-1")):
        assert NIK not in text
        assert NIK[6:] not in text


def test_events_hold_no_picture(desk, pictures):
    person = begin(desk)
    everything(desk, person, pictures)
    assert max(len(json.dumps(dict(e.data))) for e in events(desk, person)) < 4_000


def test_an_age_that_contradicts_the_nik_is_flagged(desk, pictures):
    person = begin(desk, age_years=30)
    everything(desk, person, pictures)
    verdict = desk.finish(person, operator="op-1").verdict
    assert [r.code for r in verdict.reasons] == ["AGE_CONTRADICTS_NIK"]
    assert verdict.state == "READY_WITH_EXCEPTIONS"


def test_a_correction_captures_only_the_named_parts(desk, pictures):
    person = begin(desk, supersedes="0195-earlier", parts=[LEFT_EYE])
    assert desk.review(person).next_up == LEFT_EYE
    show(desk, person, LEFT_EYE, pictures.of(80))
    finished = desk.finish(person, operator="op-1")
    assert finished.verdict.state == "READY"
    assert list(finished.files) == ["leftEye"]
    assert finished.manifest["supersedes"] == "0195-earlier"
    assert len(finished.manifest["copied_instances"]) == 12
    with pytest.raises(InputError, match="supersedes"):
        begin(desk, NIKS[9], parts=[LEFT_EYE])


# --- what survives


def reopened(tmp_path, pictures):
    return station(tmp_path / "station", pictures, clock=Clock())


def test_everything_survives_a_restart(tmp_path, pictures):
    with reopened(tmp_path, pictures) as desk:
        person = begin(desk)
        show(desk, person, RIGHT_RING, pictures.of(30, "FP_DRY"))
        show(desk, person, LEFT_INDEX, pictures.of(80))
        before = desk.review(person)
    with reopened(tmp_path, pictures) as desk:
        assert desk.open_transactions() == (person,)
        assert desk.review(person) == before
        assert begin(desk) == person
        taken = show(desk, person, RIGHT_RING, pictures.of(10, "FP_PARTIAL"))
        assert taken.attempt == 3
        finished = desk.finish(person, operator="op-1")
    with reopened(tmp_path, pictures) as desk:
        assert desk.finish(person, operator="op-1") == finished
        assert set(desk.images(person)) == set(finished.files)
        assert desk.unsealed() == (person,)


def test_the_running_view_is_the_view_of_the_events(desk, pictures):
    person = begin(desk)
    everything(desk, person, pictures)
    desk.record_fallback(person, RIGHT_RING, "FB_DRY", by="op-1")
    running = desk._desk.person(person)
    again = transaction_of(events(desk, person))
    for name in ("happened", "attempts", "assessed", "steps", "seconds", "evidence"):
        assert getattr(running, name) == getattr(again, name)


def test_sealed_removes_the_images_and_a_crash_between_is_mended(tmp_path, pictures):
    with reopened(tmp_path, pictures) as desk:
        person = begin(desk)
        show(desk, person, FACE, pictures.of(90))
        desk.finish(person, operator="op-1")
        with pytest.raises(InputError, match="no sealed record"):
            desk.sealed(person)
        assert desk.images(person)
        desk.sealed(person, elsewhere=True)
        desk.sealed(person)
        assert [e.kind for e in events(desk, person)].count("sealed") == 1
        assert desk.unsealed() == ()
        with pytest.raises(UnreadableError, match="sealed"):
            desk.images(person)
        desk._desk.vault.put(person, b"left behind by a crash")
    with reopened(tmp_path, pictures) as desk:
        assert desk._desk.vault.names(person) == ()


def test_a_full_disk_leaves_the_person_as_he_was(desk, pictures, monkeypatch):
    person = begin(desk)
    show(desk, person, FACE, pictures.of(30))
    before = desk.review(person)

    def full(*_args, **_more):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr("ektp_biocheck.records.events.append", full)
        with pytest.raises(OSError, match="cannot be written"):
            show(desk, person, FACE, pictures.of(90))
    assert desk.review(person) == before
    assert show(desk, person, FACE, pictures.of(90)).results[0].decision.action == "ACCEPT"


def test_a_picture_lost_from_the_vault_stops_nobody(tmp_path, pictures):
    with reopened(tmp_path, pictures) as desk:
        person = begin(desk)
        show(desk, person, RIGHT_INDEX, pictures.of(80))
        for path in (tmp_path / "station" / "open").rglob("*"):
            if path.is_file():
                path.write_bytes(b"spoilt")
    with reopened(tmp_path, pictures) as desk:
        assert (
            show(desk, person, RIGHT_RING, pictures.of(80)).results[0].decision.action == "ACCEPT"
        )
        desk.finish(person, operator="op-1")
        with pytest.raises(UnreadableError, match="damaged"):
            desk.images(person)


def test_several_threads_share_a_station(desk, pictures):
    people = [begin(desk, nik) for nik in NIKS[:4]]
    shots = [[pictures.of(30 + n, "FP_DRY") for n in range(5)] for _ in people]
    failures = []

    def work(person, frames):
        try:
            for frame in frames:
                desk.preview(person, RIGHT_RING, frame, ppi=500)
                show(desk, person, RIGHT_RING, frame)
        except Exception as error:  # noqa: BLE001 - told by the test below
            failures.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(people, shots, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for person in people:
        assert [t.attempt for t in desk._desk.person(person).takes(RIGHT_RING)] == [1, 2, 3, 4, 5]


# --- the day


def test_the_day_tells_who_was_served_and_who_waits(desk, pictures):
    done = begin(desk, queue_number="24", village="Girimulyo")
    everything(desk, done, pictures)
    desk.finish(done, operator="op-1")
    waits = begin(desk, NIKS[2], queue_number="25")
    gone = begin(desk, NIKS[3], queue_number="26")
    desk.abandon(gone, "PERSON_LEFT", operator="op-1")
    facts = desk.day()
    assert facts.office == "Ngargoyoso"
    first, second, third = facts.persons
    assert (first.queue_number, first.state, first.call_back) == ("24", "READY", ())
    assert first.minutes > 0
    assert (second.transaction, second.carried_over) == (waits, True)
    assert second.call_back == ("CARRIED_OVER",)
    assert (third.abandoned, third.state, third.call_back) == ("PERSON_LEFT", None, ())
    assert desk.day("2020-01-01").persons == ()


def test_nothing_else_can_be_appended_to_the_past(desk, tmp_path):
    begin(desk)
    other = connect(tmp_path / "station" / "station.db")
    for statement in ("DELETE FROM event", "UPDATE event SET kind = 'x'"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            other.execute(statement)
    other.close()


def test_every_part_has_a_view(desk):
    view = desk.review(begin(desk))
    assert tuple(v.instance for v in view.instances) == INSTANCES
    assert all(v.outcome == "PENDING" and v.next is None for v in view.instances)
    with pytest.raises(KeyError):
        view.of(RIGHT_FOUR)
