"""The manifest: what a record says about itself. No NIK, no image, no name."""

from typing import Any, Final

from ektp_biocheck.capture.facts import attribute_of
from ektp_biocheck.capture.outcomes import Outcome
from ektp_biocheck.capture.paper import contradictions, exceptions_of
from ektp_biocheck.capture.person import kept_parts, steps_of
from ektp_biocheck.capture.takes import Fault, Nothing, Take
from ektp_biocheck.capture.transaction import Stamp, Transaction
from ektp_biocheck.capture.verdict import Standing, judge
from ektp_biocheck.capture.views import Finished, Reason
from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import Modality

__all__ = ["SCHEMA_VERSION", "finished_of"]

SCHEMA_VERSION: Final = 1


def finished_of(person: Transaction) -> Finished:
    """Build what a finished transaction hands to the seal; the same events, the same result.

    Raises
    ------
    InputError
        When the transaction is not finished.
    """
    if person.finished is None:
        raise InputError("the capture is not finished")
    fact, stamp = person.finished
    verdict, standings, _ = judge(person)
    files = {
        attribute_of(one.instance): one.take.sha256
        for one in standings
        if one.take is not None and one.take.sha256 is not None
    }
    files |= {f"evidence{n}": photo.sha256 for n, photo in enumerate(person.evidence, 1)}
    manifest = {
        **_head(person, fact.record_id, stamp),
        "verdict": {
            "state": str(verdict.state),
            "reasons": [_reason(reason) for reason in verdict.reasons],
        },
        "instances": {attribute_of(one.instance): _instance(person, one) for one in standings},
        "finger_ranking": _ranking(standings),
        **_paper(person),
    }
    return Finished(verdict, manifest, files)


def _ranking(standings: tuple[Standing, ...]) -> list[str]:
    """Name the fingers that can be compared, best first: which to ask for later."""
    fingers = [
        (one.outcome != Outcome.ACQUIRED, -(one.take.score or 0), attribute_of(one.instance))
        for one in standings
        if one.instance.modality == Modality.FINGER
        and one.take is not None
        and one.outcome in (Outcome.ACQUIRED, Outcome.ACQUIRED_BELOW_THRESHOLD)
    ]
    return [name for _, _, name in sorted(fingers)]


def _head(person: Transaction, record_id: str, stamp: Stamp) -> dict[str, Any]:
    began = person.began
    age = person.policy.age_rule(began.age_years)
    return {
        "schema_version": SCHEMA_VERSION,
        "record_id": record_id,
        "transaction": person.id,
        "subject_ref": began.subject,
        "station": began.station,
        "office": began.office,
        "operator": began.operator,
        "queue_number": began.queue_number,
        "nik_doubts": list(began.nik_doubts),
        "age_years": began.age_years,
        "age_rule": None if age is None else age.name,
        "policy": person.policy.identity(),
        "started": person.started.to_dict(),
        "finished": stamp.to_dict(),
        "seconds": round(person.seconds + person.closing_seconds, 1),
        "supersedes": began.supersedes,
        "copied_instances": list(kept_parts(person)) if began.supersedes is not None else [],
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "instance": None if reason.instance is None else attribute_of(reason.instance),
        "defects": list(reason.defects),
    }


def _instance(person: Transaction, one: Standing) -> dict[str, Any]:
    take, decision = one.take, one.decision
    attempts = (e for e in person.history(one.instance) if isinstance(e, Take | Nothing | Fault))
    numbers = {event.attempt for event in attempts}
    inputs = {} if decision is None else decision.inputs
    described = {
        "outcome": str(one.outcome),
        "rule": None if decision is None else decision.rule,
        "forced": one.outcome == Outcome.ACQUIRED_BELOW_THRESHOLD,
        "by": inputs.get("by") or (None if take is None else take.operator),
        "attempts": len(numbers),
        "attempts_counted": inputs.get("attempts", 0),
        "relaxed": one.relaxed,
        "chosen_attempt": None if take is None else take.attempt,
        "sha256": None if take is None else take.sha256,
        "score": None if take is None else take.score,
        "failure": None if take is None else take.failure,
        "algorithm": None if take is None else take.algorithm,
        "defects": [] if take is None else [_defect(take, n) for n in range(len(take.defects))],
    }
    return described | _capture(person, one)


def _defect(take: Take, number: int) -> dict[str, Any]:
    defect = take.defects[number]
    return {"code": defect.code, "severity": defect.severity, "hard": defect.hard}


def _capture(person: Transaction, one: Standing) -> dict[str, Any]:
    if one.take is None:
        return {}
    fact = person.assessed[one.take.attempt, one.instance]
    attempted = person.attempts[one.take.attempt]
    return {
        "presented": attempted.what,
        "device": attempted.device,
        "impression": attempted.impression,
        "width": fact.width,
        "height": fact.height,
        "ppi": fact.ppi,
    }


def _paper(person: Transaction) -> dict[str, Any]:
    contradicted = {c.instance: c for c in contradictions(person)}
    return {
        "exceptions": [
            {
                "instance": attribute_of(view.instance),
                "kind": view.kind,
                "permanence": view.permanence,
                "reason": view.reason,
                "by": view.by,
                "review_by": view.review_by,
                "proving_attempts": list(view.proving_attempts),
                "approved_by": view.approved_by,
                "approval": view.approval,
                "approval_due": view.approval_due,
                "missing": list(view.missing),
                "contradicted_by": (
                    contradicted[view.instance].attempt if view.instance in contradicted else None
                ),
            }
            for view in exceptions_of(person)
        ],
        "overrides": [
            {"instance": o.instance, "action": o.action, "by": o.by, "reason": o.reason}
            for o in person.overrides
        ],
        "fallbacks": [
            {
                "step": step.step,
                "instance": None if step.instance is None else attribute_of(step.instance),
                "after_attempt": step.after_attempt,
                "by": step.by,
                "note": step.note_code,
                "effect": step.effect,
            }
            for step in steps_of(person)
        ],
        "evidence": [
            {
                "file": f"evidence{number}",
                "sha256": photo.sha256,
                "by": photo.by,
                "algorithm": photo.algorithm,
                "complete": photo.complete,
                "defects": [defect.code for defect in photo.defects],
            }
            for number, photo in enumerate(person.evidence, 1)
        ],
    }
