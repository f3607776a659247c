"""What `Station` shows: plain values, no person's data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.capture.outcomes import Decision, Outcome, VerdictState
from ektp_biocheck.positions import Instance
from ektp_biocheck.quality import Assessment

__all__ = [
    "BestFrame",
    "Contradiction",
    "DayFacts",
    "ExceptionView",
    "Finished",
    "InstanceResult",
    "InstanceView",
    "PersonDay",
    "PersonView",
    "Presented",
    "Preview",
    "Question",
    "Reason",
    "StepView",
    "Verdict",
]


@dataclass(frozen=True, slots=True)
class InstanceResult:
    """One instance of a presentation: what the scorer said and what to do about it."""

    instance: Instance
    assessment: Assessment
    decision: Decision


@dataclass(frozen=True, slots=True)
class Presented:
    """The answer to one presentation.

    Parameters
    ----------
    attempt : int
        Number of the attempt within the transaction; never used again.
    results : tuple of InstanceResult
        One for a single finger, an eye or the face, one for each finger of a slap. Empty when
        the device failed; `device` then says what to do.
    device : Decision or None
        Set when nothing was captured: what to do about the device or the presentation.
    """

    attempt: int
    results: tuple[InstanceResult, ...]
    device: Decision | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a live frame shows; it counts for nothing.

    Parameters
    ----------
    score : int or None
        The scorer's fast estimate, to rank frames; no threshold holds for it.
    defects : tuple of str
        Codes, worst first: the first one is the guidance to show.
    best : bool
        Whether this frame is the best of the burst so far.
    frames : int
        How many frames the burst has.
    failure : str or None
        Why there is no score.
    """

    score: int | None
    defects: tuple[str, ...]
    best: bool
    frames: int
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class BestFrame:
    """The best frame of a burst: present it like any capture."""

    pixels: NDArray[np.uint8] = field(repr=False, compare=False)
    ppi: float | None
    preview: Preview


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask or to do before the first capture.

    Parameters
    ----------
    step : str
        The step's code; record it with `Station.record_fallback` once it was done.
    about : str
        ``"finger"``, ``"iris"``, ``"face"`` or ``"person"``.
    done : bool
        Whether it was recorded already.
    """

    step: str
    about: str
    done: bool


@dataclass(frozen=True, slots=True)
class StepView:
    """A step that was taken and what it brought.

    Parameters
    ----------
    step : str
    instance : Instance or None
        ``None`` when it was for the whole person.
    after_attempt : int or None
        The attempt it followed.
    by : str
    note_code : str or None
    effect : int or None
        Best score after minus best score before, in points; ``None`` while either is missing.
    """

    step: str
    instance: Instance | None
    after_attempt: int | None
    by: str
    note_code: str | None
    effect: int | None


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """One exception as it stands.

    Parameters
    ----------
    instance : Instance
    kind, permanence, reason : str
        Codes, see docs/capture/station.md.
    by : str
        Who marked it.
    review_by : str or None
        ISO date by which a temporary one is to be looked at again.
    proving_attempts : tuple of int
        The attempts that show why.
    approved_by, approval : str or None
        Who approved it and how; ``approval`` is ``"DEFERRED"`` while it is to follow.
    missing : tuple of str
        What is still wanted: ``"EVIDENCE"``, ``"APPROVAL"``, ``"REVIEW_DATE"``.
    approval_due : str or None
        UTC, until when a deferred approval has to follow.
    """

    instance: Instance
    kind: str
    permanence: str
    reason: str
    by: str
    review_by: str | None
    proving_attempts: tuple[int, ...]
    approved_by: str | None
    approval: str | None
    missing: tuple[str, ...]
    approval_due: str | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An excepted instance of which a capture reaches the bar: for a person to judge."""

    instance: Instance
    attempt: int
    score: int
    accept: int


@dataclass(frozen=True, slots=True)
class InstanceView:
    """How one instance stands.

    Parameters
    ----------
    instance : Instance
    outcome : Outcome
        ``PENDING`` while it was not presented or more is asked for.
    best_score : int or None
        Of the chosen attempt.
    chosen_attempt : int or None
    defects : tuple of str
        Codes of the chosen attempt, worst first; of the latest when none is chosen.
    attempts_used, attempts_left : int
        Counted ones; what was not the person's doing is not counted.
    next : Decision or None
        What to do now; ``None`` before the first attempt.
    relaxed : bool
        Whether the policy lowers the bar for this person.
    """

    instance: Instance
    outcome: Outcome
    best_score: int | None
    chosen_attempt: int | None
    defects: tuple[str, ...]
    attempts_used: int
    attempts_left: int
    next: Decision | None
    relaxed: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is not plain READY.

    Parameters
    ----------
    code : str
        See docs/capture/decision.md, such as ``"BELOW_THRESHOLD"``.
    instance : Instance or None
        ``None`` when it concerns the whole person.
    defects : tuple of str
        What was wrong with the capture, worst first.
    """

    code: str
    instance: Instance | None = None
    defects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the person's record stands, and why."""

    state: VerdictState
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonView:
    """How one person's capture stands.

    Parameters
    ----------
    transaction : str
    queue_number, village : str or None
    age_years : int or None
    age_rule : str or None
        Name of the policy's age rule that holds.
    instances : tuple of InstanceView
        Ten fingers, two eyes, the face.
    next_up : Instance or None
        What to present next: a slap, a finger, an eye, the face; ``None`` when all is settled.
    seconds_used, seconds_budget : float
        Time of the person; interruptions are not counted.
    over_time : bool
        The budget is used up: no more retakes are asked for.
    steps : tuple of StepView
    exceptions : tuple of ExceptionView
    contradictions : tuple of Contradiction
    evidence : tuple of Mapping
        The evidence photos: hash, who, whether usable, findings.
    sufficient : bool
        Whether the policy's sufficiency expression holds now.
    verdict : Verdict
        What `finish` would give now.
    closed : bool
        Finished or abandoned.
    """

    transaction: str
    queue_number: str | None
    village: str | None
    age_years: int | None
    age_rule: str | None
    instances: tuple[InstanceView, ...]
    next_up: Instance | None
    seconds_used: float
    seconds_budget: float
    over_time: bool
    steps: tuple[StepView, ...]
    exceptions: tuple[ExceptionView, ...]
    contradictions: tuple[Contradiction, ...]
    evidence: tuple[Mapping[str, Any], ...]
    sufficient: bool
    verdict: Verdict
    closed: bool

    def of(self, instance: Instance) -> InstanceView:
        """Return how one instance stands.

        Raises
        ------
        KeyError
            When it is none of the thirteen.
        """
        for view in self.instances:
            if view.instance == instance:
                return view
        raise KeyError(instance)


@dataclass(frozen=True, slots=True)
class Finished:
    """What a finished transaction hands to the seal.

    Parameters
    ----------
    verdict : Verdict
    manifest : Mapping
        JSON-safe; no NIK, no image, no name.
    files : Mapping of str to str
        MOSIP attribute (``"rightIndex"``…) or ``"evidence1"``… to the image's SHA-256;
        `Station.images` gives the bytes.
    """

    verdict: Verdict
    manifest: Mapping[str, Any]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PersonDay:
    """One person on the day sheet.

    Parameters
    ----------
    transaction : str
    queue_number, village : str or None
    state : VerdictState or None
        ``None`` while open and when abandoned.
    reasons : tuple of Reason
    minutes : float
        Time of the person on that day.
    carried_over : bool
        Begun that day and not finished that day.
    abandoned : str or None
        Reason code when the capture was given up.
    steps : tuple of str
        Codes of the steps taken.
    call_back : tuple of str
        Codes of why to call the person back: ``"TEMPORARY_EXCEPTION"``, ``"BELOW_POLICY"``,
        ``"CARRIED_OVER"``, ``"RECORD_LOST"``.
    review_by : str or None
        The earliest date of a temporary exception.
    day : str or None
        ISO date of the capture, of a person of another day whose record was lost.
    """

    transaction: str
    queue_number: str | None
    village: str | None
    state: VerdictState | None
    reasons: tuple[Reason, ...]
    minutes: float
    carried_over: bool
    abandoned: str | None
    steps: tuple[str, ...]
    call_back: tuple[str, ...]
    review_by: str | None
    day: str | None = None


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What happened at the station on one day.

    Parameters
    ----------
    date : str
        ISO date, local time of the station.
    station, office : str
    persons : tuple of PersonDay
        In the order they began.
    lost : tuple of PersonDay
        Persons of other days whose record was found lost on this one.
    """

    date: str
    station: str
    office: str
    persons: tuple[PersonDay, ...]
    lost: tuple[PersonDay, ...] = ()
