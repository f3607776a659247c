"""What to do next with one instance: rules D01 to D08 and D10, pure functions of the events.

    decide(transaction_of(events), right_index)

No clock and no pixels, so that a day can be looked at again under another policy. Whatever the
events are, there is a way on: `verdict` (D09) judges the whole person and never refuses.
"""

from collections.abc import Callable
from typing import Any

from ektp_biocheck.capture.case import Case, look, order_in_force
from ektp_biocheck.capture.counting import CONFUSED, hopeless
from ektp_biocheck.capture.fallback import advised_before, carried_on, next_step, way_on
from ektp_biocheck.capture.outcomes import Action, Decision, Outcome
from ektp_biocheck.capture.paper import wanted
from ektp_biocheck.capture.takes import Fault, Step, Take
from ektp_biocheck.capture.transaction import Transaction
from ektp_biocheck.defects import CATALOGUE
from ektp_biocheck.positions import Instance, Modality

__all__ = ["decide"]

Rule = Callable[[Case], Decision | None]


def decide(person: Transaction, instance: Instance) -> Decision | None:
    """Decide what to do with one instance.

    Parameters
    ----------
    person : Transaction
    instance : Instance
        A single finger, an eye or the face.

    Returns
    -------
    Decision or None
        By the first rule that fires; ``None`` while nothing happened to it.
    """
    case = look(person, instance)
    untouched = case.latest is None and order_in_force(case.events) is None
    if untouched and instance not in person.exceptions and not carried_on(case.events):
        return None
    for rule in _RULES:
        decision = rule(case)
        if decision is not None:
            return decision
    return _give_up(case, "D07")


def _made(
    case: Case,
    action: Action,
    rule: str,
    *,
    outcome: Outcome | None = None,
    step: str | None = None,
    defect: str | None = None,
    present: Instance | None = None,
    settled: bool = False,
    **more: Any,  # noqa: ANN401 - further figures for the log
) -> Decision:
    take = case.take
    confused = take is not None and defect in CONFUSED
    return Decision(
        instance=case.instance,
        action=action,
        rule=rule,
        outcome=_as_it_stands(case) if outcome is None else outcome,
        step=step,
        defect=defect,
        repeats_advice=defect is not None and advised_before(case.events, defect),
        present=present,
        other=take.same_as if take is not None and confused else None,
        chosen_attempt=None if case.best is None else case.best.attempt,
        counted=case.tally.kind == "counted",
        settled=settled,
        inputs={**case.inputs(), **more},
    )


def _as_it_stands(case: Case) -> Outcome:
    """Say what the instance comes to if nothing more is done."""
    if case.acceptable:
        return Outcome.ACQUIRED
    approved = _approved_by_hand(case)
    return Outcome.ACQUIRED_BELOW_THRESHOLD if case.keepable or approved else _FAILED


_FAILED = Outcome.FAILURE_TO_ACQUIRE


def _approved_by_hand(case: Case) -> bool:
    """Tell whether an officer says it is a face, though no detector finds one."""
    by_hand = any(isinstance(e, Step) and e.step == "FB_MANUAL_FACE" for e in case.events)
    return by_hand and case.instance.modality == Modality.FACE and case.best is not None


def _retake(case: Case, rule: str, step: str | None, defect: str | None) -> Decision:
    present = case.present(step)
    return _made(case, Action.RETAKE, rule, step=step, defect=defect, present=present)


def _d10_overridden(case: Case) -> Decision | None:
    """Put an officer's order before every rule; it is flagged."""
    order = order_in_force(case.events)
    if order is None:
        return None
    if order.action == "RETAKE":
        return _made(case, Action.RETAKE, "D10", present=case.present(None), by=order.by)
    kept = Outcome.ACQUIRED_BELOW_THRESHOLD if case.best is not None else _FAILED
    outcome = Outcome.ACQUIRED if case.acceptable else kept
    return _made(case, Action.ACCEPT, "D10", outcome=outcome, settled=True, by=order.by)


def _d08_excepted(case: Case) -> Decision | None:
    """Ask for an exception's photo and second officer, nothing else."""
    if case.instance not in case.person.exceptions:
        return None
    missing = wanted(case.person, case.instance)
    step = {"EVIDENCE": "FB_EXC_PHOTO", "APPROVAL": "FB_REVIEW"}.get(missing[0] if missing else "")
    return _made(
        case,
        Action.EXCEPTION,
        "D08",
        outcome=Outcome.EXCEPTED,
        step=step,
        settled=step is None,
        missing=list(missing),
    )


def _d04_accept(case: Case) -> Decision | None:
    """At the bar or above it without a hard defect; what is acquired stays acquired."""
    if not case.acceptable:
        return None
    return _made(case, Action.ACCEPT, "D04", settled=True)


def _d01_device(case: Case) -> Decision | None:
    """Never charge the person for the device. Too many faults: another device."""
    latest = case.latest
    if case.tally.kind != "fault" or latest is None or not case.may_retake:
        return None
    row = latest.in_a_row if isinstance(latest, Fault) else getattr(latest, "faults_in_a_row", 1)
    stop = row >= case.person.policy.retake.device_fault_limit
    code = next((c for c in case.codes if c.startswith("DEV_")), "DEV_HANG")
    chain = CATALOGUE[code].chain
    step = chain[min(row, len(chain)) - 1]
    return _made(
        case,
        Action.STOP if stop else Action.RETAKE,
        "D01",
        step=step,
        defect=code,
        present=case.present(None),
        faults=row,
    )


def _d02_confused(case: Case) -> Decision | None:
    """Another finger, eye or person: ask for the right one; it does not count."""
    take = case.take
    if take is None or case.tally.kind != "uncounted" or not case.may_retake:
        return None
    code = next((d.code for d in take.defects if d.hard and d.code in CONFUSED), None)
    if code is None:
        return None
    found = next_step(case.events, (code,), take, slap=case.in_slap, general=False)
    return _retake(case, "D02", found[0] if found else None, code)


def _d03_hard(case: Case) -> Decision | None:
    """Never acceptable as it is, however high the score; nothing there is such a case."""
    if case.tally.kind == "declined" or case.latest is None or case.tally.kind == "fault":
        return None
    take = case.take
    hard = tuple(d.code for d in take.defects if d.hard) if take else case.codes
    if not hard or not case.may_retake:
        return None
    if hopeless(hard[0]):
        return _once_more_or_on(case, hard[0])
    found = next_step(case.events, hard, take, slap=case.in_slap)
    if found is None:
        if case.tally.kind != "counted":
            return _retake(case, "D03", None, hard[0])
        return None
    return _retake(case, "D03", *found)


def _once_more_or_on(case: Case, code: str) -> Decision:
    """Nobody can cure it: one thing is tried, then the way on, whatever attempts are left."""
    found = next_step(case.events, (code,), case.take, slap=case.in_slap, general=False)
    if found is None:
        return _give_up(case, "D06")
    step = found[0]
    return _made(case, Action.FALLBACK, "D06", step=step, defect=code, present=case.present(step))


def _d06_no_gain(case: Case) -> Decision | None:
    """Two attempts, nothing gained, and nobody can cure it: leave the person in peace."""
    take, gain = case.take, case.tally.gain
    if take is None or take.leading is None or gain is None or case.tally.kind != "counted":
        return None
    if gain >= case.bar.min_gain or not hopeless(take.leading.code):
        return None
    return _give_up(case, "D06")


def _d05_advice(case: Case) -> Decision | None:
    """Retake while attempts are left and there is something to try that was not tried."""
    if case.take is None or case.tally.kind == "fault" or not case.may_retake:
        return None
    offer = case.bar.offer_exception_after
    if offer is not None and case.tally.used >= offer and not case.keepable:
        return None
    found = next_step(case.events, case.codes, case.take, slap=case.in_slap)
    return None if found is None else _retake(case, "D05", *found)


def _carried_on(case: Case) -> Decision | None:
    """Keep what there is when the operator went on without."""
    if not carried_on(case.events):
        return None
    early = case.may_retake and not case.acceptable
    return _give_up(case, "D07", early=early)


def _give_up(case: Case, rule: str, **more: Any) -> Decision:  # noqa: ANN401
    """D07: the best of all is kept, flagged. D08: there is none; a way on, then the exception."""
    outcome = _as_it_stands(case)
    latest = case.last_take
    leading = latest.leading.code if latest is not None and latest.leading is not None else None
    face = case.instance.modality == Modality.FACE
    way = way_on(case.events, latest, fits=case.fits, face=face)
    figures = {"outcome_by": rule, **more}
    if outcome != _FAILED:
        step = way if way == "FB_ALT" else "FB_KEEP_BEST"
        return _made(
            case, Action.FALLBACK, rule, step=step, defect=leading, settled=True, **figures
        )
    offer = case.bar.offer_exception_after
    at_once = case.tally.kind == "declined" or (offer is not None and case.tally.used >= offer)
    if way is not None and not at_once:
        return _made(
            case, Action.FALLBACK, "D08", step=way, defect=leading, settled=True, **figures
        )
    return _made(
        case,
        Action.EXCEPTION,
        "D08",
        step="FB_EXC_PHOTO",
        defect=leading,
        settled=True,
        proving=[t.attempt for t in case.events if isinstance(t, Take)],
        **figures,
    )


_RULES: tuple[Rule, ...] = (
    _d10_overridden,
    _d08_excepted,
    _d04_accept,
    _carried_on,
    _d01_device,
    _d02_confused,
    _d03_hard,
    _d06_no_gain,
    _d05_advice,
)
"""In the order they are asked; then D07 and D08."""
