"""What happens to one person at a station, as typed events.

A fact holds codes and figures, never an image, a name or a NIK. `stored` turns it into what
`records.events` keeps, `read` back again. Order and time belong to the stored event.
"""

import re
import unicodedata
from collections.abc import Mapping
from numbers import Real
from typing import Annotated, Any, ClassVar

import msgspec

from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import (
    SLAPS,
    FingerPosition,
    Instance,
    Modality,
    instance_from_mosip,
)
from ektp_biocheck.quality import Assessment, Defect
from ektp_biocheck.records.events import StoredEvent

__all__ = [
    "Abandoned",
    "Approved",
    "Assessed",
    "Attempted",
    "Began",
    "Decided",
    "DefectFact",
    "DeviceFailed",
    "Evidenced",
    "Excepted",
    "Fact",
    "Finished",
    "NotCaptured",
    "Overridden",
    "Resumed",
    "Sealed",
    "StepTaken",
    "Withdrawn",
    "attribute_of",
    "builtins_of",
    "check_code",
    "check_label",
    "check_ppi",
    "defect_facts",
    "instance_of",
    "is_slap",
    "measures_of",
    "read",
    "stored",
]

_SLAP_NAMES = {
    FingerPosition.RIGHT_FOUR: "rightFour",
    FingerPosition.LEFT_FOUR: "leftFour",
    FingerPosition.BOTH_THUMBS: "bothThumbs",
}
_SLAP_OF = {name: Instance(Modality.FINGER, slap) for slap, name in _SLAP_NAMES.items()}
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,47}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NIK_DIGITS = 16

Part = Annotated[str, msgspec.Meta(min_length=3, max_length=16)]


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that happened."""

    kind: ClassVar[str]


class DefectFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A defect as events carry it: without the place in the picture."""

    code: str
    severity: float
    hard: bool
    evidence: dict[str, float] = {}


class Began(Fact, frozen=True, kw_only=True):
    """A person sat down. `policy` is the whole policy, so that the events alone can be replayed."""

    kind = "began"
    subject: str
    station: str
    office: str
    operator: str
    policy: dict[str, Any]
    digest: str
    queue_number: str | None = None
    village: str | None = None
    age_years: int | None = None
    age_contradicts_nik: bool = False
    nik_doubts: tuple[str, ...] = ()
    supersedes: str | None = None
    parts: tuple[Part, ...] | None = None


class Resumed(Fact, frozen=True, kw_only=True):
    """The person is back, or the station is: the time between is nobody's."""

    kind = "resumed"
    operator: str


class Attempted(Fact, frozen=True, kw_only=True):
    """Something was presented; what came of it follows."""

    kind = "attempted"
    number: int
    what: Part
    device: str
    operator: str
    impression: int
    elapsed_ms: int | None = None


class Assessed(Fact, frozen=True, kw_only=True):
    """What a scorer said of one instance of an attempt."""

    kind = "assessed"
    attempt: int
    instance: Part
    sha256: str | None
    width: int
    height: int
    ppi: float | None
    algorithm: str
    score: int | None
    failure: str | None
    defects: tuple[DefectFact, ...]
    measures: dict[str, float | None] = {}
    same_as: Part | None = None


class NotCaptured(Fact, frozen=True, kw_only=True):
    """The device worked and got nothing (failure to capture)."""

    kind = "not_captured"
    attempt: int
    reason: str


class DeviceFailed(Fact, frozen=True, kw_only=True):
    """The device, or what it gave, was unusable: not the person's doing."""

    kind = "device_failed"
    attempt: int
    code: str
    detail: str | None = None


class Decided(Fact, frozen=True, kw_only=True):
    """What was decided for one instance, with the figures."""

    kind = "decided"
    instance: Part
    action: str
    rule: str
    outcome: str
    step: str | None
    defect: str | None
    repeats_advice: bool
    present: Part | None
    other: Part | None
    chosen_attempt: int | None
    counted: bool
    settled: bool
    inputs: dict[str, Any]


class StepTaken(Fact, frozen=True, kw_only=True):
    """A step of the catalogue was taken."""

    kind = "step_taken"
    instance: Part | None
    step: str
    by: str
    after_attempt: int | None
    note_code: str | None = None


class Overridden(Fact, frozen=True, kw_only=True):
    """An officer decided otherwise than the rules."""

    kind = "overridden"
    instance: Part
    action: str
    by: str
    reason: str
    attempt: int | None = None


class Excepted(Fact, frozen=True, kw_only=True):
    """An instance cannot be captured, or is not to be."""

    kind = "excepted"
    instance: Part
    exception: str
    permanence: str
    reason: str
    by: str
    review_by: str | None = None


class Withdrawn(Fact, frozen=True, kw_only=True):
    """The exception was a mistake."""

    kind = "withdrawn"
    instance: Part
    by: str


class Evidenced(Fact, frozen=True, kw_only=True):
    """A photo of the face and both hands was taken."""

    kind = "evidenced"
    sha256: str
    by: str
    algorithm: str
    complete: bool
    defects: tuple[DefectFact, ...]


class Approved(Fact, frozen=True, kw_only=True):
    """A second officer approved an exception, or will."""

    kind = "approved"
    instance: Part
    by: str
    mode: str


class Finished(Fact, frozen=True, kw_only=True):
    """The capture is over; rule D09 with its figures."""

    kind = "finished"
    operator: str
    record_id: str
    state: str
    sufficient: bool
    inputs: dict[str, Any]


class Abandoned(Fact, frozen=True, kw_only=True):
    """The capture was given up; there will be no record."""

    kind = "abandoned"
    operator: str
    reason: str


class Sealed(Fact, frozen=True, kw_only=True):
    """The sealed record is durable; the images are gone from the vault."""

    kind = "sealed"


_KINDS: dict[str, type[Fact]] = {
    cls.kind: cls
    for cls in (
        Began, Resumed, Attempted, Assessed, NotCaptured, DeviceFailed, Decided, StepTaken,
        Overridden, Excepted, Withdrawn, Evidenced, Approved, Finished, Abandoned, Sealed,
    )
}  # fmt: skip


def builtins_of(policy: msgspec.Struct) -> dict[str, Any]:
    """Return the built-ins of a policy, as `Began` carries it."""
    return dict(msgspec.to_builtins(policy))


def stored(fact: Fact) -> tuple[str, Mapping[str, Any]]:
    """Return kind and JSON-safe data, as `records.events.append` takes them."""
    return fact.kind, msgspec.to_builtins(fact)


def read(event: StoredEvent) -> Fact:
    """Return the fact of a stored event.

    Raises
    ------
    InputError
        When this version knows no such event or its data have another form.
    """
    cls = _KINDS.get(event.kind)
    if cls is None:
        raise InputError(f"event {event.seq} is of an unknown kind {event.kind!r}: update this")
    try:
        return msgspec.convert(event.data, cls)
    except msgspec.ValidationError as error:
        raise InputError(f"event {event.seq} ({event.kind}) is damaged: {error}") from error


def attribute_of(instance: Instance) -> str:
    """Return the name of an instance in events: MOSIP's, and ``"rightFour"``… for slaps."""
    if instance.position in _SLAP_NAMES and instance.modality == Modality.FINGER:
        return _SLAP_NAMES[FingerPosition(instance.position or 0)]
    return instance.mosip_attribute


def instance_of(attribute: str) -> Instance:
    """Return the instance that a name in events means."""
    return _SLAP_OF.get(attribute) or instance_from_mosip(attribute)


def is_slap(instance: Instance) -> bool:
    """Tell whether it is several fingers at once."""
    return instance.modality == Modality.FINGER and instance.position in SLAPS


def defect_facts(defects: tuple[Defect, ...]) -> tuple[DefectFact, ...]:
    """Return defects as events carry them, in their order."""
    return tuple(
        DefectFact(
            d.code,
            round(d.severity, 4),
            d.hard,
            {name: _short(value) for name, value in d.evidence.items()},
        )
        for d in defects
    )


def measures_of(assessment: Assessment) -> dict[str, float | None]:
    """Return the figures of an assessment, four digits each."""
    return {
        name: None if measure.value is None else _short(measure.value)
        for name, measure in assessment.measures.items()
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def check_code(what: str, code: str) -> str:
    """Return a code: capitals, digits and underscores, so that no free text gets into a record.

    Raises
    ------
    InputError
        When it is something else; the text is not repeated.
    """
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise InputError(
            f"{what} must be a code of capital letters, digits and underscores, such as "
            '"WORN_SMOOTH": free text could name a person'
        )
    return code


def check_ppi(ppi: float | None) -> None:
    """Refuse a resolution that is no number; an impossible number is the device's fault.

    Raises
    ------
    InputError
        When it is anything else, such as a text.
    """
    if ppi is not None and (isinstance(ppi, bool) or not isinstance(ppi, Real)):
        raise InputError("ppi must be a number of pixels per inch, or None")


def check_label(what: str, label: str, longest: int = 64) -> str:
    """Return a short printable label: an operator's id, a device, a village.

    Raises
    ------
    InputError
        When it is empty, long, not printable, or holds sixteen digits or more, as a NIK does,
        however they are written or separated (a UUID may); it is not repeated.
    """
    if not isinstance(label, str) or not label.strip() or len(label) > longest:
        raise InputError(f"{what} must be a text of 1 to {longest} characters")
    if not label.isprintable() or (_digits(label) >= _NIK_DIGITS and not _UUID.fullmatch(label)):
        raise InputError(f"{what} must be printable and must not hold a NIK")
    return label.strip()


def _digits(label: str) -> int:
    return sum(sign.isdecimal() for sign in unicodedata.normalize("NFKC", label))
