"""Exceptions: kinds and reasons, evidence, approval, contradictions.

Reasons say what is not possible, never a diagnosis: a record holds no health data beyond that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from ektp_biocheck.capture.case import look
from ektp_biocheck.capture.facts import attribute_of
from ektp_biocheck.capture.outcomes import ApprovalMode
from ektp_biocheck.capture.transaction import Transaction
from ektp_biocheck.capture.views import Contradiction, ExceptionView
from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang, in_language
from ektp_biocheck.positions import Instance, Modality

__all__ = [
    "REASONS",
    "ExceptionReason",
    "check_approval",
    "check_exception",
    "contradictions",
    "exceptions_of",
    "reason_text",
    "wanted",
]

_FINGER, _IRIS, _FACE = Modality.FINGER, Modality.IRIS, Modality.FACE
_BOTH = ("PERMANENT", "TEMPORARY")


@dataclass(frozen=True, slots=True)
class ExceptionReason:
    """Why something cannot be captured.

    Parameters
    ----------
    kind : str
        ``"MISSING"``, ``"UNUSABLE"``, ``"DECLINED"`` or ``"UNAVAILABLE"``.
    modalities : tuple of Modality
        What it can be said of.
    permanences : tuple of str
        ``"PERMANENT"``, ``"TEMPORARY"`` or both.
    text_id, text_en : str
        A few words for slip and screen.
    """

    kind: str
    modalities: tuple[Modality, ...]
    permanences: tuple[str, ...]
    text_id: str
    text_en: str


REASONS: Final[Mapping[str, ExceptionReason]] = MappingProxyType(
    {
        "NOT_THERE": ExceptionReason(
            "MISSING", (_FINGER, _IRIS), ("PERMANENT",), "tidak ada", "is not there"
        ),
        "ARTIFICIAL": ExceptionReason(
            "MISSING", (_FINGER, _IRIS), ("PERMANENT",), "buatan", "is artificial"
        ),
        "WORN_SMOOTH": ExceptionReason(
            "UNUSABLE", (_FINGER,), _BOTH, "garisnya halus", "its lines are worn smooth"
        ),
        "SKIN_DAMAGED": ExceptionReason(
            "UNUSABLE", (_FINGER,), _BOTH, "kulitnya rusak", "its skin is damaged"
        ),
        "BANDAGED": ExceptionReason(
            "UNUSABLE", (_FINGER, _IRIS, _FACE), ("TEMPORARY",), "diperban", "is bandaged"
        ),
        "HEALING": ExceptionReason(
            "UNUSABLE", (_FINGER, _IRIS, _FACE), ("TEMPORARY",), "belum sembuh", "has not healed"
        ),
        "CANNOT_BE_PLACED": ExceptionReason(
            "UNUSABLE",
            (_FINGER, _IRIS, _FACE),
            _BOTH,
            "tidak dapat diposisikan",
            "cannot be brought into place",
        ),
        "NOT_VISIBLE": ExceptionReason(
            "UNUSABLE", (_IRIS,), _BOTH, "selaputnya tidak terlihat", "its iris does not show"
        ),
        "CANNOT_BE_OPENED": ExceptionReason(
            "UNUSABLE", (_IRIS,), _BOTH, "tidak dapat dibuka", "cannot be opened"
        ),
        "KEEPS_MOVING": ExceptionReason(
            "UNUSABLE", (_IRIS,), _BOTH, "terus bergerak", "keeps moving"
        ),
        "DECLINED": ExceptionReason(
            "DECLINED", (_FINGER, _IRIS, _FACE), _BOTH, "tidak dikehendaki", "is declined"
        ),
        "DEVICE_UNAVAILABLE": ExceptionReason(
            "UNAVAILABLE",
            (_FINGER, _IRIS, _FACE),
            ("TEMPORARY",),
            "alat tidak tersedia",
            "no device is available",
        ),
    }
)
"""Every reason by its code."""


def reason_text(code: str, lang: Lang) -> str:
    """Return a reason in words, to follow the part's name; the code when there is none."""
    reason = REASONS.get(code)
    return code if reason is None else in_language(lang, reason.text_id, reason.text_en)


def check_exception(
    instance: Instance, kind: str, permanence: str, reason: str, review_by: str | None
) -> None:
    """Check that an exception says something that can be.

    Raises
    ------
    InputError
        When reason, kind, permanence and part do not go together, or the date is none. The
        text lists what goes.
    """
    known = REASONS.get(reason)
    fitting = [code for code, info in REASONS.items() if instance.modality in info.modalities]
    if known is None or instance.modality not in known.modalities:
        raise InputError(
            f"no reason {reason!r} for {attribute_of(instance)}: use one of {', '.join(fitting)}"
        )
    if kind != known.kind:
        raise InputError(f"the reason {reason} is of the kind {known.kind}, not {kind!r}")
    if permanence not in known.permanences:
        raise InputError(f"{reason} is {' or '.join(known.permanences)}, not {permanence!r}")
    if review_by is not None:
        try:
            date.fromisoformat(review_by)
        except (TypeError, ValueError):
            raise InputError("review_by must be a date such as 2026-12-31") from None


def check_approval(person: Transaction, instance: Instance, by: str, mode: ApprovalMode) -> None:
    """Check that a second officer approves in a way that the policy knows.

    Raises
    ------
    InputError
        When there is no exception to approve, the mode is not the policy's, or the officer who
        marked it approves himself (only ``DEFERRED``, an approval to follow, is his to note).
    """
    name = attribute_of(instance)
    exception = person.exceptions.get(instance)
    if exception is None:
        raise InputError(f"there is no exception of {name} to approve: mark it first")
    allowed = person.policy.exception.approval
    if mode not in allowed:
        raise InputError(f"the policy approves {', '.join(allowed)}, not {mode}")
    if mode != ApprovalMode.DEFERRED and by == exception.by:
        raise InputError(
            f"the exception of {name} must be approved by another officer than the one who "
            "marked it; with nobody there use DEFERRED: the approval may follow"
        )


def wanted(person: Transaction, instance: Instance) -> tuple[str, ...]:
    """Return what an exception still wants: evidence, approval, a date to look again.

    Parameters
    ----------
    person : Transaction
    instance : Instance
        An excepted one.

    Returns
    -------
    tuple of str
        Of ``"EVIDENCE"``, ``"APPROVAL"``, ``"REVIEW_DATE"``.
    """
    exception = person.exceptions[instance]
    missing = []
    if person.policy.exception.photo != "none" and not person.evidence:
        missing.append("EVIDENCE")
    if instance not in person.approvals:
        missing.append("APPROVAL")
    if exception.permanence == "TEMPORARY" and exception.review_by is None:
        missing.append("REVIEW_DATE")
    return tuple(missing)


def exceptions_of(person: Transaction) -> tuple[ExceptionView, ...]:
    """Return all exceptions as they stand, with the attempts that prove them."""
    views = []
    for instance, fact in person.exceptions.items():
        approved = person.approvals.get(instance)
        view = ExceptionView(
            instance=instance,
            kind=fact.exception,
            permanence=fact.permanence,
            reason=fact.reason,
            by=fact.by,
            review_by=fact.review_by,
            proving_attempts=tuple(take.attempt for take in person.takes(instance)),
            approved_by=None if approved is None else approved[0].by,
            approval=None if approved is None else approved[0].mode,
            missing=wanted(person, instance),
            approval_due=_due(person, instance),
        )
        views.append(view)
    return tuple(views)


def _due(person: Transaction, instance: Instance) -> str | None:
    approved = person.approvals.get(instance)
    if approved is None or approved[0].mode != ApprovalMode.DEFERRED:
        return None
    hours = timedelta(hours=person.policy.exception.deferred_max_h)
    due = datetime.fromisoformat(approved[1].at) + hours
    return due.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def contradictions(person: Transaction) -> tuple[Contradiction, ...]:
    """Return the excepted instances of which a capture reaches the bar: a person must look."""
    found = []
    for instance in person.exceptions:
        case = look(person, instance)
        if case.acceptable and case.best is not None and case.best.score is not None:
            found.append(
                Contradiction(instance, case.best.attempt, case.best.score, case.bar.accept)
            )
    return tuple(found)
