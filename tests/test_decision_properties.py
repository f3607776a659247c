"""What holds for any history: best of all, never worse for better, replay, no block."""

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from people import (
    FACE,
    LEFT_EYE,
    LEFT_INDEX,
    RIGHT_EYE,
    RIGHT_FOUR,
    RIGHT_INDEX,
    RIGHT_RING,
    Person,
)

from ektp_biocheck.capture import facts as f
from ektp_biocheck.capture.case import look
from ektp_biocheck.capture.decision import decide
from ektp_biocheck.capture.manifest import finished_of
from ektp_biocheck.capture.order import rank
from ektp_biocheck.capture.outcomes import Outcome
from ektp_biocheck.capture.policy_file import default_policy, default_text, parse_policy
from ektp_biocheck.capture.replays import replay
from ektp_biocheck.capture.transaction import INSTANCES, parts_of, transaction_of
from ektp_biocheck.capture.verdict import judge, standing
from ektp_biocheck.defects import CATALOGUE, STEPS, found

INSTANCE = st.sampled_from([RIGHT_RING, RIGHT_INDEX, LEFT_INDEX, LEFT_EYE, RIGHT_EYE, FACE])
PREFIX = {"finger": "FP_", "iris": "IR_", "face": "FA_"}
SCORES = st.one_of(st.none(), st.integers(0, 100))
RANKED = {
    Outcome.FAILURE_TO_ACQUIRE: 0,
    Outcome.ACQUIRED_BELOW_THRESHOLD: 1,
    Outcome.ACQUIRED: 2,
}


KINDS = ["present"] * 3 + ["slap", "nothing", "fault", "step", "order", "except", "withdraw"]
KINDS += ["prove", "approve", "rest"]


def defects_of(instance):
    prefix = PREFIX[str(instance.modality)]
    codes = sorted(c for c in CATALOGUE if c.startswith(prefix) or c.startswith("DEV_"))
    one = st.builds(lambda c, s: found(c, s, {}), st.sampled_from(codes), st.floats(0, 1))
    return st.lists(one, max_size=3, unique_by=lambda d: d.code)


@st.composite
def captures(draw, instance=None, least=0, most=7):
    where = draw(INSTANCE) if instance is None else instance
    many = draw(st.integers(least, most))
    return where, [(draw(SCORES), draw(defects_of(where))) for _ in range(many)]


@st.composite
def doings(draw):
    """One thing that may happen at any time."""
    instance = draw(INSTANCE)
    kind = draw(st.sampled_from(KINDS))
    if kind == "present":
        score, defects = draw(SCORES), draw(defects_of(instance))
        return lambda p: p.take(instance, score, *defects)
    if kind == "slap":
        score = draw(SCORES)
        return lambda p: p.take(RIGHT_RING, score, what=RIGHT_FOUR)
    if kind == "nothing":
        reason = draw(st.sampled_from(["NO_PRESENTATION", "DECLINED"]))
        return lambda p: (p.nothing(instance, reason), p.ask(instance))
    if kind == "fault":
        return lambda p: (p.fault(instance), p.ask(instance))
    if kind == "step":
        step, whom = draw(st.sampled_from(sorted(STEPS))), draw(st.sampled_from([instance, None]))
        return lambda p: (p.step(whom, step), p.ask(instance))
    if kind == "order":
        action = draw(st.sampled_from(["ACCEPT", "RETAKE", "DISCARD"]))
        return lambda p: (
            p.order(instance, action, attempt=getattr(look(p.view(), instance).best, "attempt", 0)),
            p.ask(instance),
        )
    if kind == "except":
        return lambda p: (p.excepts(instance), p.ask(instance))
    if kind == "withdraw":
        return lambda p: (p.withdraws(instance), p.ask(instance))
    if kind == "prove":
        complete = draw(st.booleans())
        return lambda p: p.proves(complete)
    if kind == "approve":
        return lambda p: p.approves(instance, "DEFERRED")
    seconds = draw(st.sampled_from([1.0, 60.0, 400.0]))
    if draw(st.booleans()):
        return lambda p: p.add(f.Resumed(operator="op"), after=seconds)
    rest = f.StepTaken(instance=None, step="FB_RECLINED", by="op", after_attempt=None)
    return lambda p: p.add(rest, after=seconds)


histories = st.lists(doings(), max_size=14)
ages = st.sampled_from([None, 30, 75])


def person_of(steps, age=None):
    person = Person(age=age)
    for step in steps:
        step(person)
    return person


@given(captures(least=1))
def test_the_chosen_is_the_best_of_all_attempts(history):
    instance, takes = history
    person = Person()
    for score, defects in takes:
        person.take(instance, score, *defects)
    view = person.view()
    case = look(view, instance)
    everything = view.takes(instance)
    floor = case.bar.floor
    kept = [t for t in everything if t.score is not None and t.score >= floor]
    for other in kept or everything:
        assert rank(case.best) >= rank(other)
    if kept:
        clean = [t.score for t in kept if not t.hard]
        assert case.best.hard == (not clean)
        assert case.best.score == max(clean or [t.score for t in kept])


@given(st.lists(captures(instance=RIGHT_RING, least=1, most=1), min_size=2, max_size=6))
def test_the_order_is_total(histories_):
    person = Person()
    for _, [(score, defects)] in histories_:
        person.present(RIGHT_RING, score, *defects)
    takes = person.view().takes(RIGHT_RING)
    assert len({rank(take) for take in takes}) == len(takes)


@given(INSTANCE, ages)
def test_equality_with_the_threshold_accepts(instance, age):
    accept = default_policy().bar(instance, age).accept
    person = Person(age=age)
    assert person.take(instance, accept).action == "ACCEPT"
    if accept > 0:
        assert Person(age=age).take(instance, accept - 1).action != "ACCEPT"


def raised(events, at, score):
    """The same history with a better score in one capture."""
    rows, number = [], -1
    for event in events:
        if event.kind == "assessed":
            number += 1
            if number == at:
                event = replace(event, data={**event.data, "score": score, "failure": None})
        rows.append(event)
    return rows


@settings(max_examples=80)
@given(captures(least=1), st.integers(0, 6), st.integers(0, 100), ages)
def test_a_better_score_never_worsens_the_outcome(history, at, score, age):
    instance, takes = history
    at %= len(takes)
    old = takes[at][0]
    assume(old is None or score >= old)
    person = Person(age=age)
    for number, defects in takes:
        person.take(instance, number, *defects)
    before = standing(person.view(), instance)
    after = standing(transaction_of(raised(person.events, at, score)), instance)
    assert RANKED[after.outcome] >= RANKED[before.outcome]
    if before.decision.action == "ACCEPT":
        assert after.decision.action == "ACCEPT"


@settings(max_examples=80)
@given(captures(most=5), captures(least=1, most=1))
def test_another_attempt_never_worsens_the_outcome(history, more):
    instance, takes = history
    person = Person()
    for score, defects in takes:
        person.take(instance, score, *defects)
    before = standing(person.view(), instance)
    _, [(score, defects)] = more
    person.take(instance, score, *[d for d in defects if d.code[:2] == "DE"])
    after = standing(person.view(), instance)
    assert RANKED[after.outcome] >= RANKED[before.outcome]


@given(captures(least=1, most=6), st.lists(st.integers(0, 30), max_size=6))
def test_toggling_an_exception_changes_no_counter_and_no_capture(history, places):
    instance, takes = history
    plain, toggled = Person(), Person()
    for number, (score, defects) in enumerate(takes):
        plain.present(instance, score, *defects)
        for _ in range(places.count(number)):
            toggled.excepts(instance).withdraws(instance)
        if number in places:
            toggled.excepts(instance)
        toggled.present(instance, score, *defects)
        if number in places:
            toggled.withdraws(instance)
    one, other = look(plain.view(), instance), look(toggled.view(), instance)
    assert one.tally == other.tally
    assert one.best == other.best
    first, second = decide(plain.view(), instance), decide(toggled.view(), instance)
    assert (first.action, first.step, first.rule) == (second.action, second.step, second.rule)


@settings(max_examples=60, deadline=None)
@given(histories, ages)
def test_replaying_the_events_gives_the_same_decisions(steps, age):
    person = person_of(steps, age)
    again = replay(person.events)
    assert all(one.same for one in again.decisions)
    assert again.verdict == judge(person.view())[0]


@settings(max_examples=40, deadline=None)
@given(histories)
def test_a_day_can_be_looked_at_under_a_lower_bar(steps):
    """Lowering accept never turns an accepted capture into a refused one."""
    text = default_text().replace("accept = 40", "accept = 25")
    person = person_of(steps)
    lower = replay(person.events, parse_policy(text))
    for instance in INSTANCES:
        if standing(person.view(), instance).outcome == Outcome.ACQUIRED:
            assert standing(lower.person, instance).outcome == Outcome.ACQUIRED


@settings(max_examples=80, deadline=None)
@given(histories, ages)
def test_whatever_happened_the_person_can_be_sealed(steps, age):
    person = person_of(steps, age)
    verdict, standings, values = judge(person.view())
    assert verdict.state in ("READY", "READY_WITH_EXCEPTIONS", "BELOW_POLICY")
    assert (verdict.state == "READY") == (not verdict.reasons)
    assert all(one.outcome != Outcome.PENDING for one in standings)
    person.add(
        f.Finished(operator="op", record_id="r", state=str(verdict.state), sufficient=True,
                   inputs=dict(values))
    )  # fmt: skip
    manifest = finished_of(person.view()).manifest
    assert set(manifest["instances"]) == {f.attribute_of(i) for i in INSTANCES}
    told = {r["instance"] for r in manifest["verdict"]["reasons"]}
    for name, instance in manifest["instances"].items():
        assert (instance["outcome"] == "ACQUIRED") or name in told


@settings(max_examples=60, deadline=None)
@given(histories, INSTANCE, st.data())
def test_retakes_come_to_an_end(steps, instance, data):
    """Whoever does as told is done after a bounded number of attempts, whatever is wrong."""
    person = person_of(steps)
    for _ in range(40):
        decision = person.take(instance, 1, *data.draw(defects_of(instance)))
        if decision.settled or decision.action in ("STOP", "EXCEPTION"):
            return
    raise AssertionError("still asking")


@given(st.sampled_from([RIGHT_RING, LEFT_EYE, FACE]), st.data())
def test_the_same_advice_is_not_given_twice_for_nothing(instance, data):
    """While the defect does not get better, each advice on it comes once."""
    prefix = PREFIX[str(instance.modality)]
    code = data.draw(st.sampled_from(sorted(c for c in CATALOGUE if c.startswith(prefix))))
    severity = data.draw(st.floats(0, 1))
    person, steps = Person(), []
    for _ in range(8):
        decision = person.take(instance, 10, found(code, severity, {}))
        if decision.action != "RETAKE":
            break
        steps.append(decision.step)
    given_ = [step for step in steps if step is not None]
    assert len(set(given_)) == len(given_)


def test_a_presentation_s_parts():
    assert len(parts_of(RIGHT_FOUR)) == 4
    assert parts_of(FACE) == (FACE,)
