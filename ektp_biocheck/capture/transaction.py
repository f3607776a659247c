"""One person's capture as it stands: a view of the events and nothing else.

    person = transaction_of(events_of(connection, transaction))
    person.history(right_index)  # everything that happened to it, in order

No clock and no pixels: times are those of the events.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from ektp_biocheck.capture import facts as f
from ektp_biocheck.capture.policy import Policy, policy_of
from ektp_biocheck.capture.takes import Advice, Event, Fault, Nothing, Ordered, Step, Take
from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import (
    SINGLE_FINGERS,
    EyeLabel,
    FingerPosition,
    Instance,
    Modality,
    slap_fingers,
)
from ektp_biocheck.records.events import StoredEvent

__all__ = ["INSTANCES", "Stamp", "Transaction", "parts_of", "transaction_of"]

INSTANCES: Final = (
    *(Instance(Modality.FINGER, finger) for finger in SINGLE_FINGERS),
    Instance(Modality.IRIS, EyeLabel.RIGHT),
    Instance(Modality.IRIS, EyeLabel.LEFT),
    Instance(Modality.FACE),
)
"""Ten fingers, two eyes, the face."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where and when in the list of events."""

    seq: int
    at: str
    clock_suspect: bool

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-safe form."""
        return {"seq": self.seq, "at": self.at, "clock_suspect": self.clock_suspect}


@dataclass(slots=True)
class Transaction:
    """One person's capture up to an event.

    Parameters
    ----------
    id : str
    began : Began
    policy : Policy
        The one it began under, or the one it is looked at under.
    started : Stamp
    """

    id: str
    began: f.Began
    policy: Policy
    started: Stamp
    happened: dict[Instance, list[Event]] = field(default_factory=dict)
    attempts: dict[int, f.Attempted] = field(default_factory=dict)
    assessed: dict[tuple[int, Instance], f.Assessed] = field(default_factory=dict)
    steps: list[tuple[f.StepTaken, int]] = field(default_factory=list)
    exceptions: dict[Instance, f.Excepted] = field(default_factory=dict)
    approvals: dict[Instance, tuple[f.Approved, Stamp]] = field(default_factory=dict)
    evidence: list[f.Evidenced] = field(default_factory=list)
    overrides: list[f.Overridden] = field(default_factory=list)
    finished: tuple[f.Finished, Stamp] | None = None
    abandoned: f.Abandoned | None = None
    sealed: bool = False
    seconds: float = 0.0
    closing_seconds: float = 0.0
    events: int = 0
    _last: tuple[str, str] | None = None  # kind or "rest", at
    _faults: dict[str, int] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        """Finished or abandoned."""
        return self.finished is not None or self.abandoned is not None

    @property
    def required(self) -> tuple[Instance, ...]:
        """What is to be captured: everything, or the named parts of a re-record."""
        if self.began.parts is None:
            return INSTANCES
        return tuple(f.instance_of(part) for part in self.began.parts)

    @property
    def last_attempt(self) -> int:
        """The highest attempt number so far, 0 before the first."""
        return max(self.attempts, default=0)

    def history(self, instance: Instance) -> Sequence[Event]:
        """Return what happened to one instance, in order."""
        return self.happened.get(instance, ())

    def takes(self, instance: Instance) -> tuple[Take, ...]:
        """Return its captures, in order."""
        return tuple(event for event in self.history(instance) if isinstance(event, Take))


def parts_of(what: Instance) -> tuple[Instance, ...]:
    """Return the instances that a presentation shows: itself, or the fingers of a slap."""
    if f.is_slap(what):
        fingers = slap_fingers(FingerPosition(what.position or 0))
        return tuple(Instance(Modality.FINGER, finger) for finger in fingers)
    return (what,)


def transaction_of(events: Iterable[StoredEvent], policy: Policy | None = None) -> Transaction:
    """Build the view of a transaction.

    Parameters
    ----------
    events : iterable of StoredEvent
        All of one transaction, or the first so many.
    policy : Policy, optional
        To look at it under another policy than it began under.

    Returns
    -------
    Transaction

    Raises
    ------
    InputError
        When the first event is not that it began, or one is damaged.
    """
    rows = iter(events)
    first = next(rows, None)
    began = None if first is None else f.read(first)
    if first is None or not isinstance(began, f.Began):
        raise InputError("a transaction begins with the event that it began")
    rules = policy_of(began.policy) if policy is None else policy
    stamp = Stamp(first.seq, first.at, first.clock_suspect)
    person = Transaction(first.transaction, began, rules, stamp)
    person.events, person._last = 1, ("began", first.at)
    for event in rows:
        apply(person, event)
    return person


def apply(person: Transaction, event: StoredEvent) -> None:
    """Add one event to the view."""
    fact = f.read(event)
    _count_time(person, fact, event)
    person.events += 1
    if isinstance(fact, f.Attempted):
        person.attempts[fact.number] = fact
    elif isinstance(fact, f.Assessed):
        _assessed(person, fact)
    elif isinstance(fact, f.NotCaptured | f.DeviceFailed):
        _nothing(person, fact)
    elif isinstance(fact, f.Decided):
        if fact.step is not None and fact.action in ("RETAKE", "FALLBACK"):
            _note(person, fact.instance, Advice(fact.step, fact.defect))
    elif isinstance(fact, f.StepTaken):
        _step(person, fact)
    elif isinstance(fact, f.Overridden):
        _overridden(person, fact)
    elif isinstance(fact, f.Finished):
        person.finished = fact, Stamp(event.seq, event.at, event.clock_suspect)
    else:
        _paper(person, fact, Stamp(event.seq, event.at, event.clock_suspect))


def _paper(person: Transaction, fact: f.Fact, stamp: Stamp) -> None:
    """Exceptions, evidence, approvals and ends: they touch no attempt and no counter."""
    if isinstance(fact, f.Excepted):
        instance = f.instance_of(fact.instance)
        person.exceptions[instance] = fact
        person.approvals.pop(instance, None)
    elif isinstance(fact, f.Withdrawn):
        instance = f.instance_of(fact.instance)
        person.exceptions.pop(instance, None)
        person.approvals.pop(instance, None)
    elif isinstance(fact, f.Approved):
        person.approvals[f.instance_of(fact.instance)] = fact, stamp
    elif isinstance(fact, f.Evidenced):
        person.evidence.append(fact)
    elif isinstance(fact, f.Abandoned):
        person.abandoned = fact
    elif isinstance(fact, f.Sealed):
        person.sealed = True


def _note(person: Transaction, attribute: str, event: Event) -> None:
    person.happened.setdefault(f.instance_of(attribute), []).append(event)


def _step(person: Transaction, fact: f.StepTaken) -> None:
    step = Step(fact.step, fact.by, fact.instance is None)
    person.steps.append((fact, person.events))
    if fact.instance is not None:
        _note(person, fact.instance, step)
        return
    for instance in INSTANCES:
        person.happened.setdefault(instance, []).append(step)


def _overridden(person: Transaction, fact: f.Overridden) -> None:
    person.overrides.append(fact)
    instance = f.instance_of(fact.instance)
    if fact.action == "DISCARD":
        person.happened[instance] = [
            replace(event, discarded=True)
            if isinstance(event, Take) and event.attempt == fact.attempt
            else event
            for event in person.history(instance)
        ]
    _note(person, fact.instance, Ordered(fact.action, fact.by, fact.reason, fact.attempt))


def _assessed(person: Transaction, fact: f.Assessed) -> None:
    instance = f.instance_of(fact.instance)
    attempted = person.attempts[fact.attempt]
    person.assessed[fact.attempt, instance] = fact
    faulty = any(d.hard and d.code.startswith("DEV_") for d in fact.defects)
    device = attempted.device
    person._faults[device] = person._faults.get(device, 0) + 1 if faulty else 0
    fits = fact.score is None or person.policy.scored_by(instance.modality, fact.algorithm)
    failure = fact.failure
    if not fits:
        failure = f"the policy's thresholds were not made for {fact.algorithm}"
    take = Take(
        attempt=fact.attempt,
        what=f.instance_of(attempted.what),
        score=fact.score if fits else None,
        failure=failure,
        defects=fact.defects,
        algorithm=fact.algorithm,
        sha256=fact.sha256,
        device=device,
        operator=attempted.operator,
        same_as=None if fact.same_as is None else f.instance_of(fact.same_as),
        faults_in_a_row=person._faults[device] if faulty else 0,
    )
    _note(person, fact.instance, take)


def _nothing(person: Transaction, fact: f.NotCaptured | f.DeviceFailed) -> None:
    attempted = person.attempts[fact.attempt]
    what, device = f.instance_of(attempted.what), attempted.device
    event: Event
    if isinstance(fact, f.DeviceFailed):
        person._faults[device] = person._faults.get(device, 0) + 1
        event = Fault(fact.attempt, what, fact.code, device, person._faults[device])
    else:
        event = Nothing(fact.attempt, what, fact.reason, device)
    for instance in parts_of(what):
        person.happened.setdefault(instance, []).append(event)


def _count_time(person: Transaction, fact: f.Fact, event: StoredEvent) -> None:
    """Add the person's time; interruptions, rests and a clock that ran back are not his.

    Decisions take no time of their own: what is decided must not depend on when it was written
    down. The last stretch, up to the end, is kept apart for the same reason.
    """
    if isinstance(fact, f.Decided):
        return
    before, since = person._last or ("", event.at)
    resting = isinstance(fact, f.StepTaken) and fact.step == "FB_REST"
    person._last = ("rest" if resting else event.kind), event.at
    if isinstance(fact, f.Resumed) or before == "rest" or event.clock_suspect or person.closed:
        return
    stretch = max(0.0, _seconds(event.at) - _seconds(since))
    if isinstance(fact, f.Finished | f.Abandoned):
        person.closing_seconds = stretch
    else:
        person.seconds += stretch


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
