"""Anything a station can be told, in any order: counters hold, a restart changes nothing,
and the person can always be finished."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from people import FACE, LEFT_EYE, RIGHT_FOUR, RIGHT_INDEX, RIGHT_RING
from stations import NIKS, Clock, Pictures, show, station

from ektp_biocheck.capture.paper import REASONS
from ektp_biocheck.capture.replays import replay
from ektp_biocheck.defects import STEPS
from ektp_biocheck.positions import FingerPosition
from ektp_biocheck.records.events import events_of

PARTS = st.sampled_from([RIGHT_RING, RIGHT_INDEX, LEFT_EYE, FACE])
SCORES = st.one_of(st.none(), st.integers(0, 100))
CODES = {
    "finger": ["FP_DRY", "FP_WORN_RIDGES", "FP_BLANK", "FP_DUPLICATE_FINGER", "FP_GHOST_PLATEN"],
    "iris": ["IR_CLOUDY_CORNEA", "IR_LID_OCCLUSION", "IR_LEFT_RIGHT_SWAP"],
    "face": ["FA_MULTIPLE", "FA_POSE", "FA_DISFIGURED"],
}
FOUR = [p for p in FingerPosition if 2 <= p <= 5]


class Day(RuleBasedStateMachine):
    people = Bundle("people")

    @initialize()
    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.pictures, self.clock = Pictures(), Clock()
        self.desk = self._open()
        self.counters, self.closed = {}, set()

    def _open(self):
        return station(Path(self.folder.name), self.pictures, clock=self.clock)

    def teardown(self):
        if not hasattr(self, "desk"):
            return
        for person in self.desk.open_transactions():
            finished = self.desk.finish(person, operator="op")
            assert finished.verdict.state in ("READY", "READY_WITH_EXCEPTIONS", "BELOW_POLICY")
            assert set(self.desk.images(person)) == set(finished.files)
            history = events_of(self.desk._desk.connection, person)
            assert all(one.same for one in replay(history).decisions)
        self.desk.close()
        self.folder.cleanup()

    @rule(target=people, number=st.integers(0, 2), age=st.sampled_from([None, 30, 75]))
    def begin(self, number, age):
        return self.desk.begin(NIKS[number], operator="op", age_years=age)

    def alive(self, person):
        return person in self.desk.open_transactions()

    @rule(person=people, part=PARTS, score=SCORES, data=st.data())
    def present(self, person, part, score, data):
        if self.alive(person):
            codes = data.draw(st.lists(st.sampled_from(CODES[str(part.modality)]), max_size=2))
            picture = self.pictures.of(score, *dict.fromkeys(codes))
            taken = show(self.desk, person, part, picture)
            assert taken.results[0].decision is not None

    @rule(person=people, scores=st.dictionaries(st.sampled_from(FOUR), SCORES, max_size=4))
    def present_slap(self, person, scores):
        if self.alive(person):
            show(self.desk, person, RIGHT_FOUR, self.pictures.slap(scores))

    @rule(person=people, part=PARTS)
    def device_fault(self, person, part):
        if self.alive(person):
            before = self._used(person)
            self.desk.device_fault(person, part, "DEV_HANG", device="d", operator="op")
            assert self._used(person) == before

    @rule(person=people, part=PARTS, what=st.sampled_from(["NO_PRESENTATION", "DECLINED"]))
    def nothing(self, person, part, what):
        if self.alive(person):
            self.desk.failed_to_capture(person, part, what, device="d", operator="op")

    @rule(person=people, part=st.one_of(st.none(), PARTS), step=st.sampled_from(sorted(STEPS)))
    def step(self, person, part, step):
        if self.alive(person):
            self.desk.record_fallback(person, part, step, by="op")

    @rule(person=people, part=PARTS, action=st.sampled_from(["ACCEPT", "RETAKE"]))
    def order(self, person, part, action):
        if self.alive(person):
            self.desk.override(person, part, action, by="chief", reason="SEEN")

    @rule(person=people, part=PARTS, data=st.data())
    def toggle_exception(self, person, part, data):
        if not self.alive(person):
            return
        before = self._used(person)
        if part in {e.instance for e in self.desk.review(person).exceptions}:
            self.desk.withdraw_exception(person, part, by="op")
        else:
            fitting = sorted(c for c, r in REASONS.items() if part.modality in r.modalities)
            code = data.draw(st.sampled_from(fitting))
            reason = REASONS[code]
            self.desk.except_instance(
                person,
                part,
                kind=reason.kind,
                permanence=reason.permanences[0],
                reason=code,
                by="op",
            )
            if data.draw(st.booleans()):
                self.desk.approve(person, part, by="op", mode="DEFERRED")
        assert self._used(person) == before

    @rule(person=people)
    def evidence(self, person):
        if self.alive(person):
            self.desk.add_evidence(person, self.pictures.of(1), by="op")

    @rule(back=st.booleans())
    def restart(self, back):
        before = {p: self.desk.review(p) for p in self.desk.open_transactions()}
        self.desk.close()
        if back:
            self.clock.now = self.clock.now.replace(year=2016)  # an empty battery
        self.desk = self._open()
        assert {p: self.desk.review(p) for p in self.desk.open_transactions()} == before

    @rule(person=people)
    def finish(self, person):
        if self.alive(person):
            finished = self.desk.finish(person, operator="op")
            assert finished == self.desk.finish(person, operator="op")
            if finished.verdict.state != "READY":
                assert finished.verdict.reasons

    def _used(self, person):
        return [view.attempts_used for view in self.desk.review(person).instances]

    @invariant()
    def attempts_only_grow(self):
        if not hasattr(self, "desk"):
            return
        for person in self.desk.open_transactions():
            used = self._used(person)
            before = self.counters.get(person, used)
            assert all(a >= b for a, b in zip(used, before, strict=True))
            self.counters[person] = used


TestDay = Day.TestCase
TestDay.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
