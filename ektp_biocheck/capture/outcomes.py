"""What a decision says, and how it is put into words.

Texts are never stored: a decision names a defect and a step of `ektp_biocheck.defects`, and
`advice_of` puts them into words when somebody reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ektp_biocheck.defects import CATALOGUE, advice, step_text, title
from ektp_biocheck.lang import Lang
from ektp_biocheck.positions import Instance

__all__ = ["Action", "ApprovalMode", "Decision", "Outcome", "VerdictState", "advice_of"]


class Action(StrEnum):
    """What to do next with one finger, eye or face."""

    ACCEPT = "ACCEPT"
    RETAKE = "RETAKE"
    FALLBACK = "FALLBACK"
    EXCEPTION = "EXCEPTION"
    STOP = "STOP"


class Outcome(StrEnum):
    """How the acquisition of one finger, eye or face stands (words of ISO/IEC 19795-1)."""

    PENDING = "PENDING"
    ACQUIRED = "ACQUIRED"
    ACQUIRED_BELOW_THRESHOLD = "ACQUIRED_BELOW_THRESHOLD"
    FAILURE_TO_ACQUIRE = "FAILURE_TO_ACQUIRE"
    EXCEPTED = "EXCEPTED"
    NOT_REQUIRED = "NOT_REQUIRED"


class VerdictState(StrEnum):
    """How a person's record stands. Every one of them can be sealed."""

    READY = "READY"
    READY_WITH_EXCEPTIONS = "READY_WITH_EXCEPTIONS"
    BELOW_POLICY = "BELOW_POLICY"


class ApprovalMode(StrEnum):
    """Where the second officer approves an exception; ``DEFERRED`` means: will follow."""

    ON_SITE = "ON_SITE"
    REMOTE = "REMOTE"
    DEFERRED = "DEFERRED"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one instance now, by which rule and on which figures.

    Parameters
    ----------
    instance : Instance
        A single finger, an eye or the face.
    action : Action
    rule : str
        ``"D01"`` to ``"D10"``, see docs/capture/decision.md.
    outcome : Outcome
        What the instance comes to if nothing more is done; ``PENDING`` while it is worth going on.
    step : str or None
        Code of the step to take now (`STEPS`).
    defect : str or None
        Code of the defect that the step answers (`CATALOGUE`).
    repeats_advice : bool
        The defect's own advice was given before: say the step only.
    present : Instance or None
        What to put on the glass for it, when another attempt is asked for: the finger alone or
        its slap.
    other : Instance or None
        The instance that it was mistaken for (same finger, other eye).
    chosen_attempt : int or None
        The best attempt so far.
    counted : bool
        Whether the latest attempt used up one of the person's attempts.
    settled : bool
        Nothing more is asked for this instance: go on with the next.
    inputs : Mapping
        The figures the rule looked at; JSON-safe.
    """

    instance: Instance
    action: Action
    rule: str
    outcome: Outcome
    step: str | None = None
    defect: str | None = None
    repeats_advice: bool = False
    present: Instance | None = None
    other: Instance | None = None
    chosen_attempt: int | None = None
    counted: bool = True
    settled: bool = False
    inputs: Mapping[str, Any] = field(default_factory=dict)


def advice_of(decision: Decision, lang: Lang) -> str:
    """Put a decision into one or two sentences for the operator.

    Parameters
    ----------
    decision : Decision
    lang : {"id", "en"}
        Indonesian or English.

    Returns
    -------
    str
        The defect's advice the first time, later its name and the step; ``""`` when there is
        nothing to say.
    """
    step = "" if decision.step is None else step_text(decision.step, lang)
    if decision.defect is None:
        return step
    info = CATALOGUE[decision.defect]
    first = not info.chain or decision.step in (None, info.chain[0])
    if first and not decision.repeats_advice:
        return advice(decision.defect, lang)
    return f"{title(decision.defect, lang)}. {step}".strip()
