"""The policy: thresholds, attempts, age rules, what is enough. Numbers only, no behaviour.

    policy = default_policy()
    policy.bar(right_index, age_years=71).accept
    policy.digest  # travels with every record

Files are read in `policy_file`; `decision` is what acts on it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec

from ektp_biocheck.capture.sufficiency import Expression, parse
from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import FingerPosition, Instance, Modality, parse_finger

__all__ = [
    "AgeRule",
    "Bar",
    "ExceptionRules",
    "FingerRules",
    "Identity",
    "ModalityRules",
    "PersonRules",
    "Policy",
    "RetakeRules",
    "SlapRules",
    "policy_of",
]

Score = Annotated[int, msgspec.Meta(ge=0, le=100)]
Attempts = Annotated[int, msgspec.Meta(ge=1, le=20)]
Extra = Annotated[int, msgspec.Meta(ge=0, le=10)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=86_400)]
Age = Annotated[int, msgspec.Meta(ge=0, le=200)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
ModalityName = Literal["finger", "iris", "face"]


class _Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all sections share: a mistyped key is an error, never a silent default."""


class Identity(_Rules, frozen=True, kw_only=True):
    """Which policy it is."""

    id: Name
    version: Name


class ModalityRules(_Rules, frozen=True, kw_only=True):
    """Thresholds and attempts of one modality, for one scorer."""

    scorer: Name
    scorer_version: Name
    accept: Score
    floor: Score
    max_attempts: Attempts
    min_gain: Score


class FingerRules(ModalityRules, frozen=True, kw_only=True):
    """Fingers: the chip's two, and a counter for an empty glass."""

    no_finger_limit: Attempts = 5
    chip: tuple[str, ...] = ()
    extra_attempts: dict[str, Extra] = msgspec.field(default_factory=dict)


class SlapRules(_Rules, frozen=True, kw_only=True):
    """Four fingers at once, or one by one."""

    mode: Literal["per_finger", "off"] = "per_finger"
    retake: Literal["only_failed_fingers"] = "only_failed_fingers"
    single_finger_after: Attempts = 2


class RetakeRules(_Rules, frozen=True, kw_only=True):
    """Limits of what does not count as an attempt."""

    uncounted_limit: Attempts = 3
    device_fault_limit: Attempts = 3


class AgeRule(_Rules, frozen=True, kw_only=True):
    """What changes for an age; `accept` and `floor` are the only ones that lower the bar."""

    name: Name
    first: Age = msgspec.field(name="from")
    last: Age = msgspec.field(name="to", default=200)
    extra_attempts: Extra = 0
    presteps: tuple[str, ...] = ()
    single_finger_after: Attempts | None = None
    offer_exception_after: Attempts | None = None
    timeout_factor: Annotated[float, msgspec.Meta(ge=1.0, le=10.0)] = 1.0
    accept: dict[ModalityName, Score] = msgspec.field(default_factory=dict)
    floor: dict[ModalityName, Score] = msgspec.field(default_factory=dict)


class PersonRules(_Rules, frozen=True, kw_only=True):
    """The person's time and what is enough."""

    time_budget_s: Seconds
    hard_cap_s: Seconds
    sufficient: str
    never_block: bool = True


class ExceptionRules(_Rules, frozen=True, kw_only=True):
    """Evidence and approval."""

    photo: Literal["face_and_both_hands", "none"] = "face_and_both_hands"
    approval: tuple[Literal["ON_SITE", "REMOTE", "DEFERRED"], ...] = (
        "ON_SITE",
        "REMOTE",
        "DEFERRED",
    )
    deferred_max_h: Annotated[int, msgspec.Meta(ge=1, le=24 * 90)] = 72


@dataclass(frozen=True, slots=True)
class Bar:
    """What holds for one instance of one person.

    Parameters
    ----------
    accept, floor, min_gain : int
        Scores, and points of a gain.
    attempts : int
        Counted ones, extras included.
    single_after : int
        Slaps after which a finger is asked for alone.
    offer_exception_after : int or None
        Counted attempts after which the exception is offered at once.
    relaxed : bool
        The age rule lowers `accept` or `floor`.
    """

    accept: int
    floor: int
    min_gain: int
    attempts: int
    single_after: int
    offer_exception_after: int | None
    relaxed: bool


class Policy(_Rules, frozen=True, kw_only=True, dict=True):
    """One policy, read and checked. Make it with `policy_of` or `policy_file.load_policy`."""

    policy: Identity
    finger: FingerRules
    iris: ModalityRules
    face: ModalityRules
    person: PersonRules
    slap: SlapRules = msgspec.field(default_factory=SlapRules)
    retake: RetakeRules = msgspec.field(default_factory=RetakeRules)
    age: tuple[AgeRule, ...] = ()
    exception: ExceptionRules = msgspec.field(default_factory=ExceptionRules)

    def canonical(self) -> bytes:
        """Return the form that the digest is taken of: sorted JSON, defaults filled in."""
        return json.dumps(
            msgspec.to_builtins(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical form: equal for equal meaning, whatever the file looks like."""
        return hashlib.sha256(self.canonical()).hexdigest()

    @cached_property
    def sufficiency(self) -> Expression:
        """The sufficiency expression, read."""
        return parse(self.person.sufficient)

    @cached_property
    def chip(self) -> frozenset[FingerPosition]:
        """The fingers of the card's chip."""
        return frozenset(parse_finger(name) for name in self.finger.chip)

    @cached_property
    def _extra(self) -> Mapping[FingerPosition, int]:
        return {parse_finger(name): n for name, n in self.finger.extra_attempts.items()}

    def identity(self) -> dict[str, str]:
        """Return id, version and digest, as records carry them."""
        return {
            "id": self.policy.id,
            "version": self.policy.version,
            "digest": self.digest,
        }

    def rules(self, modality: Modality | str) -> ModalityRules:
        """Return the rules of finger, iris or face."""
        found = {"finger": self.finger, "iris": self.iris, "face": self.face}.get(str(modality))
        if found is None:
            raise InputError(f"no rules for {modality!r}: use finger, iris or face")
        return found

    def scored_by(self, modality: Modality | str, algorithm: str) -> bool:
        """Tell whether the thresholds were made for this algorithm ("name version")."""
        rules = self.rules(modality)
        name, _, version = algorithm.rpartition(" ")
        return name == rules.scorer and fnmatchcase(version, rules.scorer_version)

    def age_rule(self, age_years: int | None) -> AgeRule | None:
        """Return the first rule that holds at this age; ``None`` without one or an age."""
        if age_years is None:
            return None
        return next((rule for rule in self.age if rule.first <= age_years <= rule.last), None)

    def bar(self, instance: Instance, age_years: int | None) -> Bar:
        """Return thresholds and attempts of one instance at an age."""
        rules, age = self.rules(instance.modality), self.age_rule(age_years)
        accept, floor = rules.accept, rules.floor
        attempts, single, offer = rules.max_attempts, self.slap.single_finger_after, None
        if isinstance(instance.position, FingerPosition):
            attempts += self._extra.get(instance.position, 0)
        if age is not None:
            name: Any = str(instance.modality)
            accept, floor = age.accept.get(name, accept), age.floor.get(name, floor)
            attempts += age.extra_attempts
            single, offer = age.single_finger_after or single, age.offer_exception_after
        relaxed = accept < rules.accept or floor < rules.floor
        return Bar(accept, floor, rules.min_gain, attempts, single, offer, relaxed)

    def time_budget_s(self, age_years: int | None) -> float:
        """Return the person's time budget in seconds, with the age rule's factor."""
        rule = self.age_rule(age_years)
        return self.person.time_budget_s * (1.0 if rule is None else rule.timeout_factor)


def policy_of(canonical: Mapping[str, Any]) -> Policy:
    """Read a policy back from the built-ins of its canonical form, as events carry it.

    Raises
    ------
    InputError
        When it is none.
    """
    try:
        return msgspec.convert(canonical, Policy)
    except msgspec.ValidationError as error:
        raise InputError(f"these are no rules of a policy: {error}") from error
