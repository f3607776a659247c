"""The person as the station shows him: progress, what is next, what the record would be."""

from ektp_biocheck.capture.case import look
from ektp_biocheck.capture.facts import attribute_of, instance_of
from ektp_biocheck.capture.order import best_of
from ektp_biocheck.capture.outcomes import Action, Outcome
from ektp_biocheck.capture.paper import contradictions, exceptions_of
from ektp_biocheck.capture.takes import Step, Take
from ektp_biocheck.capture.transaction import INSTANCES, Transaction
from ektp_biocheck.capture.verdict import Standing, judge
from ektp_biocheck.capture.views import (
    InstanceView,
    PersonDay,
    PersonView,
    Question,
    StepView,
)
from ektp_biocheck.positions import (
    SLAPS,
    Instance,
    Modality,
    slap_fingers,
)

__all__ = ["ask_first", "day_of", "person_view", "steps_of"]

_ALWAYS_ASKED = (("FB_LENS", "iris"), ("FB_GLASSES", "iris"))


def person_view(person: Transaction) -> PersonView:
    """Return how a person's capture stands."""
    verdict, standings, values = judge(person)
    age = person.policy.age_rule(person.began.age_years)
    budget = person.policy.time_budget_s(person.began.age_years)
    return PersonView(
        transaction=person.id,
        queue_number=person.began.queue_number,
        village=person.began.village,
        age_years=person.began.age_years,
        age_rule=None if age is None else age.name,
        instances=tuple(_instance_view(person, one) for one in standings),
        next_up=_next_up(person, standings),
        seconds_used=person.seconds,
        seconds_budget=budget,
        over_time=person.seconds >= budget,
        steps=steps_of(person),
        exceptions=exceptions_of(person),
        contradictions=contradictions(person),
        evidence=tuple(
            {
                "sha256": photo.sha256,
                "by": photo.by,
                "complete": photo.complete,
                "defects": [defect.code for defect in photo.defects],
            }
            for photo in person.evidence
        ),
        sufficient=person.policy.sufficiency.holds(values),
        verdict=verdict,
        closed=person.closed,
    )


def _instance_view(person: Transaction, one: Standing) -> InstanceView:
    case = look(person, one.instance)
    pending = one.outcome != Outcome.NOT_REQUIRED and (
        one.decision is None or not (one.decision.settled or one.outcome == Outcome.EXCEPTED)
    )
    shown = one.take if one.take is not None else case.last_take
    return InstanceView(
        instance=one.instance,
        outcome=Outcome.PENDING if pending else one.outcome,
        best_score=None if one.take is None else one.take.score,
        chosen_attempt=None if one.take is None else one.take.attempt,
        defects=() if shown is None else tuple(defect.code for defect in shown.defects),
        attempts_used=case.tally.used,
        attempts_left=max(0, case.tally.allowed - case.tally.used),
        next=one.decision,
        relaxed=case.bar.relaxed,
    )


def _next_up(person: Transaction, standings: tuple[Standing, ...]) -> Instance | None:
    """Slaps, single fingers, eyes, face; what waits for a device comes last."""
    waiting: list[Instance] = []
    later: list[Instance] = []
    by_instance = {one.instance: one for one in standings}
    for instance in _plan(person):
        one = by_instance[instance]
        if one.outcome in (Outcome.NOT_REQUIRED, Outcome.EXCEPTED):
            continue
        if one.decision is None:
            waiting.append(_first_way(person, instance, by_instance))
        elif not one.decision.settled and one.decision.present is not None:
            stopped = one.decision.action == Action.STOP
            (later if stopped else waiting).append(one.decision.present)
    return next(iter(waiting + later), None)


def _plan(person: Transaction) -> tuple[Instance, ...]:
    fingers = [Instance(Modality.FINGER, finger) for slap in SLAPS for finger in slap_fingers(slap)]
    return (*fingers, *(i for i in INSTANCES if i.modality != Modality.FINGER))


def _first_way(
    person: Transaction, instance: Instance, standings: dict[Instance, Standing]
) -> Instance:
    """Return the slap while two or more of its fingers were not presented yet."""
    if instance.modality != Modality.FINGER or person.policy.slap.mode == "off":
        return instance
    slap = next(s for s in SLAPS if instance.position in slap_fingers(s))
    untouched = 0
    for finger in slap_fingers(slap):
        one = standings[Instance(Modality.FINGER, finger)]
        open_ = one.outcome not in (Outcome.NOT_REQUIRED, Outcome.EXCEPTED)
        untouched += open_ and one.decision is None
    return Instance(Modality.FINGER, slap) if untouched > 1 else instance


def steps_of(person: Transaction) -> tuple[StepView, ...]:
    """Return the steps taken and what each brought: best score after minus best before."""
    views = []
    for fact, _ in person.steps:
        instance = None if fact.instance is None else instance_of(fact.instance)
        effect = None if instance is None else _effect(person, instance, fact.after_attempt)
        views.append(
            StepView(fact.step, instance, fact.after_attempt, fact.by, fact.note_code, effect)
        )
    return tuple(views)


def _effect(person: Transaction, instance: Instance, after: int | None) -> int | None:
    """Compare the captures before a step with those from it to the next step."""
    before = [t for t in person.takes(instance) if after is not None and t.attempt <= after]
    then: list[Take] = []
    for event in person.history(instance):
        if isinstance(event, Take) and event.attempt > (after or 0):
            then.append(event)
        elif isinstance(event, Step) and then:
            break
    first, second = best_of(before), best_of(then)
    if first is None or second is None or first.score is None or second.score is None:
        return None
    return second.score - first.score


def ask_first(person: Transaction) -> tuple[Question, ...]:
    """Return what to ask or to do before the first capture, and whether it was done."""
    age = person.policy.age_rule(person.began.age_years)
    asked = [*_ALWAYS_ASKED]
    asked += [(step, "finger") for step in (age.presteps if age is not None else ())]
    taken = {fact.step for fact, _ in person.steps}
    wanted = {part.modality for part in person.required}
    return tuple(
        Question(step, about, step in taken)
        for step, about in asked
        if about == "person" or Modality(about) in wanted
    )


def day_of(person: Transaction, *, seconds: float, open_at_night: bool) -> PersonDay:
    """Return one person's line on the day sheet; `seconds` are those of that day."""
    verdict = judge(person)[0] if person.finished is not None else None
    dates = [e.review_by for e in person.exceptions.values() if e.review_by is not None]
    back = []
    if person.abandoned is None:
        if any(e.permanence == "TEMPORARY" for e in person.exceptions.values()):
            back.append("TEMPORARY_EXCEPTION")
        if verdict is not None and verdict.state == "BELOW_POLICY":
            back.append("BELOW_POLICY")
        if open_at_night:
            back.append("CARRIED_OVER")
    return PersonDay(
        transaction=person.id,
        queue_number=person.began.queue_number,
        village=person.began.village,
        state=None if verdict is None else verdict.state,
        reasons=() if verdict is None else verdict.reasons,
        minutes=seconds / 60,
        carried_over=open_at_night,
        abandoned=None if person.abandoned is None else person.abandoned.reason,
        steps=tuple(fact.step for fact, _ in person.steps),
        call_back=tuple(back),
        review_by=min(dates, default=None),
    )


def kept_parts(person: Transaction) -> tuple[str, ...]:
    """Return the names of the parts that a correction takes over from the record before."""
    return tuple(attribute_of(i) for i in INSTANCES if i not in person.required)
