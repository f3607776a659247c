"""D09: how the whole person's record stands. It always stands somehow; nobody is turned away.

READY
    Everything required was acquired at the bar, and it is enough.
READY_WITH_EXCEPTIONS
    Enough, and whatever is missing or below the bar has its reason.
BELOW_POLICY
    Not enough, or something is missing that nobody explained. It is sealed all the same; the
    reviewer and the citizen are told why.
"""

from dataclasses import dataclass
from typing import Final

from ektp_biocheck.capture.case import look
from ektp_biocheck.capture.decision import decide
from ektp_biocheck.capture.facts import attribute_of
from ektp_biocheck.capture.outcomes import Action, Decision, Outcome, VerdictState
from ektp_biocheck.capture.paper import contradictions, wanted
from ektp_biocheck.capture.sufficiency import part_names
from ektp_biocheck.capture.takes import Fault, Nothing, Take
from ektp_biocheck.capture.transaction import INSTANCES, Transaction
from ektp_biocheck.capture.views import Reason, Verdict
from ektp_biocheck.positions import FingerPosition, Instance, Modality

__all__ = ["REASON_CODES", "Standing", "judge", "standing", "sufficiency_values"]

REASON_CODES: Final = (
    "BELOW_THRESHOLD",
    "KEPT_EARLY",
    "FAILURE_TO_ACQUIRE",
    "GIVEN_UP_EARLY",
    "RETAKE_OUTSTANDING",
    "DEVICE_FAULT",
    "NOT_PRESENTED",
    "EXCEPTED",
    "EVIDENCE_MISSING",
    "EVIDENCE_UNCLEAR",
    "APPROVAL_MISSING",
    "APPROVAL_DEFERRED",
    "REVIEW_DATE_MISSING",
    "EXC_CONTRADICTED",
    "OVERRIDDEN",
    "RELAXED",
    "AGE_CONTRADICTS_NIK",
    "INSUFFICIENT",
)
"""Every code of a verdict's reasons; docs/capture/decision.md explains them."""

_UNEXPLAINED = frozenset(
    (
        "GIVEN_UP_EARLY",
        "RETAKE_OUTSTANDING",
        "DEVICE_FAULT",
        "NOT_PRESENTED",
        "EVIDENCE_MISSING",
        "APPROVAL_MISSING",
        "INSUFFICIENT",
    )
)
_WANTED = {
    "EVIDENCE": "EVIDENCE_MISSING",
    "APPROVAL": "APPROVAL_MISSING",
    "REVIEW_DATE": "REVIEW_DATE_MISSING",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What one instance comes to if the capture ended now.

    Parameters
    ----------
    instance : Instance
    outcome : Outcome
        Never ``PENDING``.
    take : Take or None
        The attempt that is kept, also as a proof of why an exception was needed.
    decision : Decision or None
        ``None`` when nothing happened to it.
    relaxed : bool
        The policy lowered the bar, and this capture needs it.
    """

    instance: Instance
    outcome: Outcome
    take: Take | None
    decision: Decision | None
    relaxed: bool


def standing(person: Transaction, instance: Instance) -> Standing:
    """Return what one instance comes to if the capture ended now."""
    decision, case = decide(person, instance), look(person, instance)
    if instance not in person.required:
        outcome = Outcome.NOT_REQUIRED
    else:
        outcome = Outcome.FAILURE_TO_ACQUIRE if decision is None else decision.outcome
    score = None if case.best is None else case.best.score
    plain = person.policy.rules(instance.modality)
    bar = plain.accept if outcome == Outcome.ACQUIRED else plain.floor
    kept = outcome in (Outcome.ACQUIRED, Outcome.ACQUIRED_BELOW_THRESHOLD)
    relaxed = kept and case.bar.relaxed and score is not None and score < bar
    return Standing(instance, outcome, case.best, decision, relaxed)


def sufficiency_values(standings: tuple[Standing, ...]) -> dict[str, int | bool]:
    """Return the value of every name of a sufficiency expression.

    What is not required, because a record that is being corrected holds it, counts as acquired.
    """
    good = {s.instance for s in standings if s.outcome in (Outcome.ACQUIRED, Outcome.NOT_REQUIRED)}
    kept = good | {s.instance for s in standings if s.outcome == Outcome.ACQUIRED_BELOW_THRESHOLD}
    face = Instance(Modality.FACE)
    index = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
    both = [Instance(Modality.FINGER, finger) in good for finger in index]
    return {
        "fingers": sum(i.modality == Modality.FINGER for i in good),
        "fingers_kept": sum(i.modality == Modality.FINGER for i in kept),
        "irises": sum(i.modality == Modality.IRIS for i in good),
        "irises_kept": sum(i.modality == Modality.IRIS for i in kept),
        "excepted": sum(s.outcome == Outcome.EXCEPTED for s in standings),
        "face": face in good,
        "face_kept": face in kept,
        "any_index": any(both),
        "both_index": all(both),
        **{name: instance in good for instance, name in part_names().items()},
    }


def judge(person: Transaction) -> tuple[Verdict, tuple[Standing, ...], dict[str, int | bool]]:
    """Judge the whole person.

    Parameters
    ----------
    person : Transaction

    Returns
    -------
    Verdict
    tuple of Standing
        All thirteen instances.
    dict
        The values that the sufficiency expression was asked with.
    """
    standings = tuple(standing(person, instance) for instance in INSTANCES)
    values = sufficiency_values(standings)
    reasons = [reason for one in standings for reason in _reasons(person, one)]
    for contradiction in contradictions(person):
        reasons.append(Reason("EXC_CONTRADICTED", contradiction.instance))
    if person.exceptions and person.evidence and not any(e.complete for e in person.evidence):
        codes = tuple(d.code for d in person.evidence[-1].defects)
        reasons.append(Reason("EVIDENCE_UNCLEAR", None, codes))
    if person.began.age_contradicts_nik:
        reasons.append(Reason("AGE_CONTRADICTS_NIK"))
    if not person.policy.sufficiency.holds(values):
        reasons.append(Reason("INSUFFICIENT"))
    if any(reason.code in _UNEXPLAINED for reason in reasons):
        state = VerdictState.BELOW_POLICY
    else:
        state = VerdictState.READY_WITH_EXCEPTIONS if reasons else VerdictState.READY
    return Verdict(state, tuple(reasons)), standings, values


def _reasons(person: Transaction, one: Standing) -> list[Reason]:
    """Why one instance is not plainly acquired."""
    defects = () if one.take is None else tuple(d.code for d in one.take.defects)
    codes: list[str] = []
    if one.outcome == Outcome.EXCEPTED:
        codes.append("EXCEPTED")
        codes += [_WANTED[missing] for missing in wanted(person, one.instance)]
        approved = person.approvals.get(one.instance)
        if approved is not None and approved[0].mode == "DEFERRED":
            codes.append("APPROVAL_DEFERRED")
        defects = ()
    elif one.outcome in (Outcome.ACQUIRED_BELOW_THRESHOLD, Outcome.FAILURE_TO_ACQUIRE):
        codes.append(_shortfall(person, one))
    name = attribute_of(one.instance)
    if any(o.instance == name for o in person.overrides) and one.outcome != Outcome.EXCEPTED:
        codes.append("OVERRIDDEN")
    if one.relaxed:
        codes.append("RELAXED")
    return [Reason(code, one.instance, defects) for code in codes]


def _shortfall(person: Transaction, one: Standing) -> str:
    attempted = any(
        isinstance(event, Take | Nothing | Fault) for event in person.history(one.instance)
    )
    decision = one.decision
    if decision is None or not attempted:
        return "NOT_PRESENTED"
    kept = one.outcome == Outcome.ACQUIRED_BELOW_THRESHOLD
    if decision.settled:
        early = bool(decision.inputs.get("early"))
        if kept:
            return "KEPT_EARLY" if early else "BELOW_THRESHOLD"
        return "GIVEN_UP_EARLY" if early else "FAILURE_TO_ACQUIRE"
    if decision.rule == "D01" or decision.action == Action.STOP:
        return "DEVICE_FAULT"
    return "RETAKE_OUTSTANDING"
