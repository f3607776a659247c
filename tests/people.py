"""People at a station, made of events: for tests of the rules, without pixels and databases."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ektp_biocheck.capture import facts as f
from ektp_biocheck.capture.decision import decide
from ektp_biocheck.capture.desk import decided
from ektp_biocheck.capture.policy_file import default_policy
from ektp_biocheck.capture.transaction import transaction_of
from ektp_biocheck.defects import CATALOGUE, found
from ektp_biocheck.positions import EyeLabel, FingerPosition, Instance, Modality
from ektp_biocheck.records.events import StoredEvent

START = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
ALGORITHMS = {
    "finger": "ektp-biocheck/fingerprint 1.0.0",
    "iris": "ektp-biocheck/iris 1.0.0",
    "face": "ektp-biocheck/face 1.0.0",
}
FACE = Instance(Modality.FACE)
LEFT_EYE = Instance(Modality.IRIS, EyeLabel.LEFT)
RIGHT_EYE = Instance(Modality.IRIS, EyeLabel.RIGHT)


def finger(name):
    return Instance(Modality.FINGER, FingerPosition[name])


RIGHT_INDEX, RIGHT_RING = finger("RIGHT_INDEX"), finger("RIGHT_RING")
RIGHT_MIDDLE, LEFT_INDEX = finger("RIGHT_MIDDLE"), finger("LEFT_INDEX")
RIGHT_FOUR = finger("RIGHT_FOUR")


def defect(code, severity=None):
    """A defect of the catalogue, by default as severe as makes it hard, if anything does."""
    hard_from = CATALOGUE[code].hard_from
    if severity is None:
        severity = 0.6 if hard_from is None else max(0.7, hard_from)
    return found(code, severity, {})


@dataclass
class Person:
    """Events of one person; every call adds some, `ask` decides and logs as a station does."""

    policy: object = field(default_factory=default_policy)
    age: int | None = None
    parts: tuple[str, ...] | None = None
    events: list[StoredEvent] = field(default_factory=list)
    seconds: float = 0.0
    attempt: int = 0

    def __post_init__(self):
        self.add(
            f.Began(
                subject="0" * 64, station="S", office="K", operator="op",
                policy=f.builtins_of(self.policy), digest=self.policy.digest,
                age_years=self.age, parts=self.parts,
                supersedes="r" if self.parts else None,
            )
        )  # fmt: skip

    def add(self, *facts, after=5.0):
        self.seconds += after
        at = (START + timedelta(seconds=self.seconds)).isoformat(timespec="milliseconds")
        for fact in facts:
            kind, data = f.stored(fact)
            event = StoredEvent(
                len(self.events) + 1, "t", kind, json.loads(json.dumps(data)),
                at.replace("+00:00", "Z"), False,
            )  # fmt: skip
            self.events.append(event)
        return self

    def present(self, instance, score, *defects, what=None, same_as=None, after=5.0, **more):
        """Add a capture with this score (``None``: not assessable) and these defects."""
        self.attempt += 1
        made = [d if not isinstance(d, str) else defect(d) for d in defects]
        ordered = tuple(sorted(made, key=lambda d: (not d.hard, -d.severity, d.code)))
        attempted = f.Attempted(
            number=self.attempt, what=f.attribute_of(what or instance), device="d",
            operator="op", impression=0,
        )  # fmt: skip
        assessed = f.Assessed(
            attempt=self.attempt, instance=f.attribute_of(instance), sha256="a" * 64,
            width=10, height=10, ppi=500,
            algorithm=more.get("algorithm", ALGORITHMS[str(instance.modality)]),
            score=score, failure=None if score is not None else "nothing to assess",
            defects=f.defect_facts(ordered),
            same_as=None if same_as is None else f.attribute_of(same_as),
        )  # fmt: skip
        return self.add(attempted, assessed, after=after)

    def nothing(self, what, reason="NO_PRESENTATION"):
        return self._without(what, f.NotCaptured(attempt=self.attempt + 1, reason=reason))

    def fault(self, what, code="DEV_TIMEOUT"):
        return self._without(what, f.DeviceFailed(attempt=self.attempt + 1, code=code))

    def _without(self, what, fact):
        self.attempt += 1
        attempted = f.Attempted(
            number=self.attempt, what=f.attribute_of(what), device="d", operator="op", impression=0
        )
        return self.add(attempted, fact)

    def step(self, instance, code):
        name = None if instance is None else f.attribute_of(instance)
        return self.add(
            f.StepTaken(instance=name, step=code, by="op", after_attempt=self.attempt or None)
        )

    def order(self, instance, action, attempt=None):
        return self.add(
            f.Overridden(
                instance=f.attribute_of(instance), action=action, by="chief", reason="SEEN",
                attempt=attempt,
            )
        )  # fmt: skip

    def excepts(self, instance, reason="WORN_SMOOTH", kind="UNUSABLE", permanence="PERMANENT"):
        return self.add(
            f.Excepted(
                instance=f.attribute_of(instance), exception=kind, permanence=permanence,
                reason=reason, by="op",
            )
        )  # fmt: skip

    def withdraws(self, instance):
        return self.add(f.Withdrawn(instance=f.attribute_of(instance), by="op"))

    def proves(self, complete=True):
        return self.add(
            f.Evidenced(sha256="e" * 64, by="op", algorithm="x 1", complete=complete, defects=())
        )

    def approves(self, instance, mode="ON_SITE"):
        return self.add(f.Approved(instance=f.attribute_of(instance), by="chief", mode=mode))

    def view(self, policy=None):
        return transaction_of(self.events, policy)

    def decision(self, instance):
        """Decide without logging."""
        return decide(self.view(), instance)

    def ask(self, instance):
        """Decide and log, as a station does."""
        decision = self.decision(instance)
        if decision is not None:
            self.add(decided(decision), after=0.0)
        return decision

    def take(self, instance, score, *defects, **more):
        """Present and ask: what a station does with a capture."""
        return self.present(instance, score, *defects, **more).ask(instance)

    def complete(self, *, but=()):
        """Acquire everything else well."""
        from ektp_biocheck.capture.transaction import INSTANCES

        for instance in INSTANCES:
            if instance not in but:
                self.take(instance, 90, after=1.0)
        return self
