"""The station's values as the page shows them: JSON, every text in both languages."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, get_args

from ektp_biocheck.capture.daysheet_words import REASON
from ektp_biocheck.capture.facts import attribute_of
from ektp_biocheck.capture.outcomes import Decision, advice_of
from ektp_biocheck.capture.paper import REASONS
from ektp_biocheck.capture.policy import Policy
from ektp_biocheck.capture.station import StationConfig
from ektp_biocheck.capture.views import (
    ExceptionView,
    InstanceView,
    PersonView,
    Presented,
    Preview,
    Reason,
)
from ektp_biocheck.defects import CATALOGUE, STEPS, advice, step_text, title
from ektp_biocheck.lang import Lang
from ektp_biocheck.positions import FingerPosition, Instance, hand_of

__all__ = ["about", "both", "decision", "instance", "person", "presented", "preview"]

Texts = dict[str, str]
_FAMILIES = {"FP_": "finger", "IR_": "iris", "FA_": "face"}
_ALWAYS = ("FB_REPOSITION", "FB_REST", "FB_RECLINED", "FB_KEEP_BEST")


def both(say: Callable[[Lang], str]) -> Texts:
    """Return what `say` says in both languages."""
    return {lang: say(lang) for lang in get_args(Lang)}


def about(config: StationConfig, policy: Policy, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what the page is told once: who it is, and what there is to choose from.

    Parameters
    ----------
    config : StationConfig
    policy : Policy
    **more
        ``lang``, ``device`` and ``camera``, as the page starts.
    """
    return more | {
        "station": config.station,
        "office": config.office,
        "today": date.today().isoformat(),
        "approval": list(policy.exception.approval),
        "faults": [defect(code) for code in CATALOGUE if code.startswith("DEV_")],
        "reasons": [
            {
                "code": code,
                "kind": one.kind,
                "modalities": [modality.value for modality in one.modalities],
                "permanences": list(one.permanences),
                "text": {"id": one.text_id, "en": one.text_en},
            }
            for code, one in REASONS.items()
        ],
        "steps": [
            {"code": code, "about": told, "text": step(code)}
            for code in STEPS
            if (told := _about(code))
        ],
    }


def _about(code: str) -> list[str]:
    """Return the modalities for which a step is something to note by hand."""
    if code in _ALWAYS:
        return list(_FAMILIES.values())
    if not STEPS[code].again or code.startswith(("FB_EXC", "FB_REVIEW", "FB_RE")):
        return []
    return [
        modality
        for prefix, modality in _FAMILIES.items()
        if any(code in info.chain for info in CATALOGUE.values() if info.code.startswith(prefix))
    ]


def instance(one: Instance) -> dict[str, Any]:
    """Return an instance's name in requests and its names for people."""
    return {"name": attribute_of(one), "label": both(one.display_name)}


def person(view: PersonView, policy: Policy) -> dict[str, Any]:
    """Return how a person stands."""
    return {
        "transaction": view.transaction,
        "queue": view.queue_number,
        "rule": view.age_rule,
        "instances": [_instance_view(one, policy, view.age_years) for one in view.instances],
        "next": None if view.next_up is None else instance(view.next_up),
        "seconds": view.seconds_used,
        "budget": view.seconds_budget,
        "over_time": view.over_time,
        "exceptions": [_exception(one) for one in view.exceptions],
        "contradictions": [attribute_of(one.instance) for one in view.contradictions],
        "evidence": [
            {"complete": bool(one.get("complete")), "defects": _evidence_codes(one)}
            for one in view.evidence
        ],
        "steps": [
            {"text": step(one.step), "effect": one.effect, "on": _name(one.instance)}
            for one in view.steps
        ],
        "verdict": view.verdict.state.value,
        "reasons": [_reason(one) for one in view.verdict.reasons],
        "closed": view.closed,
    }


def presented(answer: Presented) -> dict[str, Any]:
    """Return what one presentation brought."""
    return {
        "attempt": answer.attempt,
        "device": None if answer.device is None else decision(answer.device),
        "results": [
            {
                **instance(one.instance),
                "score": one.assessment.score,
                "failure": one.assessment.failure is not None,
                "defects": [
                    {**defect(found.code), "severity": found.severity, "hard": found.hard}
                    for found in one.assessment.defects
                ],
                "decision": decision(one.decision),
            }
            for one in answer.results
        ],
    }


def preview(seen: Preview) -> dict[str, Any]:
    """Return what a live frame shows; no score, because no threshold holds for it."""
    return {
        "ready": seen.score is not None and not seen.defects,
        "best": seen.best,
        "frames": seen.frames,
        "defects": [defect(code) for code in seen.defects if code in CATALOGUE][:2],
    }


def decision(one: Decision) -> dict[str, Any]:
    """Return a decision with its advice in words."""
    return {
        "name": attribute_of(one.instance),
        "action": one.action.value,
        "outcome": one.outcome.value,
        "rule": one.rule,
        "step": one.step,
        "again": one.step is not None and one.step in STEPS and STEPS[one.step].again,
        "defect": one.defect,
        "advice": both(lambda lang: advice_of(one, lang)),
        "present": None if one.present is None else instance(one.present),
        "other": None if one.other is None else instance(one.other),
        "settled": one.settled,
        "counted": one.counted,
    }


def defect(code: str) -> dict[str, Any]:
    """Return a defect's name and advice; an unknown code is shown as it is."""
    if code not in CATALOGUE:
        return {"code": code, "title": {"id": code, "en": code}, "advice": {"id": "", "en": ""}}
    return {
        "code": code,
        "title": both(lambda lang: title(code, lang)),
        "advice": both(lambda lang: advice(code, lang)),
    }


def step(code: str) -> Texts:
    """Return a step in words."""
    return both(lambda lang: step_text(code, lang)) if code in STEPS else {"id": code, "en": code}


def _instance_view(one: InstanceView, policy: Policy, age_years: int | None) -> dict[str, Any]:
    bar = policy.bar(one.instance, age_years)
    return {
        **instance(one.instance),
        "modality": one.instance.modality.value,
        "hand": _hand(one.instance),
        "outcome": one.outcome.value,
        "score": one.best_score,
        "accept": bar.accept,
        "floor": bar.floor,
        "used": one.attempts_used,
        "left": one.attempts_left,
        "defects": [defect(code) for code in one.defects],
        "next": None if one.next is None else decision(one.next),
    }


def _hand(one: Instance) -> str | None:
    if not isinstance(one.position, FingerPosition):
        return None
    hand = hand_of(one.position)
    return None if hand is None else hand.value


def _exception(one: ExceptionView) -> dict[str, Any]:
    return {
        **instance(one.instance),
        "kind": one.kind,
        "permanence": one.permanence,
        "approval": one.approval,
        "missing": list(one.missing),
    }


def _evidence_codes(one: Mapping[str, Any]) -> list[dict[str, Any]]:
    codes = (d["code"] if isinstance(d, Mapping) else str(d) for d in one.get("defects", ()))
    return [defect(code) for code in codes]


def _reason(one: Reason) -> dict[str, Any]:
    return {
        "code": one.code,
        "text": dict(zip(("id", "en"), REASON.get(one.code, (one.code, one.code)), strict=True)),
        "name": _name(one.instance),
        "label": None if one.instance is None else both(one.instance.display_name),
        "defects": [defect(code) for code in one.defects[:1]],
    }


def _name(one: Instance | None) -> str | None:
    return None if one is None else attribute_of(one)
