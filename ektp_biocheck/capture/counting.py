"""Which attempts count against the person, and which do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ektp_biocheck.capture.policy import Bar, Policy
from ektp_biocheck.capture.takes import Event, Fault, Nothing, Ordered, Take
from ektp_biocheck.defects import CATALOGUE, CuredBy

__all__ = ["CONFUSED", "DECLINING", "Kind", "Tally", "counts", "hopeless", "tally"]

Kind = Literal["counted", "uncounted", "blank", "declined", "fault"]

CONFUSED = frozenset(
    (
        "FP_WRONG_FINGER",
        "FP_DUPLICATE_FINGER",
        "FP_WRONG_HAND",
        "IR_LEFT_RIGHT_SWAP",
        "IR_TWO_EYES",
        "FA_MULTIPLE",
    )
)
"""Defects that say: this is somebody or something else (rule D02)."""

DECLINING = frozenset(("CANNOT_PRESENT", "DECLINED"))
"""Reasons of a failure to capture after which asking again makes no sense."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The counters of one instance.

    Parameters
    ----------
    used : int
        Attempts that count.
    allowed : int
        By the policy, and by officers who ordered another one.
    blanks : int
        Times that nothing was laid on the glass, on a counter of its own.
    uncounted : int
        Retakes that were nobody's fault.
    kind : str or None
        Of the latest attempt; ``None`` before the first.
    gain : int or None
        Points of the latest counted attempt over the best before; ``None`` before the second.
    slaps : int
        Presentations within a slap.
    """

    used: int
    allowed: int
    blanks: int
    uncounted: int
    kind: Kind | None
    gain: int | None
    slaps: int


def counts(code: str) -> bool:
    """Tell whether an attempt with this defect counts, by the catalogue."""
    return code not in CATALOGUE or CATALOGUE[code].counted


def tally(events: Sequence[Event], bar: Bar, policy: Policy) -> Tally:
    """Count what happened to one instance.

    Parameters
    ----------
    events : sequence
        Its history.
    bar : Bar
    policy : Policy

    Returns
    -------
    Tally
    """
    numbers = dict.fromkeys(("counted", "uncounted", "blank", "declined", "fault"), 0)
    kind: Kind | None = None
    best, gain = None, None
    slaps, extra = set(), 0
    for event in events:
        if isinstance(event, Ordered):
            extra += event.action == "RETAKE"
        if not isinstance(event, Take | Nothing | Fault):
            continue
        if not isinstance(event, Fault) and event.what.position in (13, 14, 15):
            slaps.add(event.attempt)
        kind = _kind(event, bar, numbers["uncounted"] < policy.retake.uncounted_limit)
        numbers[kind] += 1
        if kind == "counted" and isinstance(event, Take):
            score = -1 if event.score is None else event.score
            gain = None if best is None else score - best
            best = score if best is None else max(best, score)
    return Tally(
        used=numbers["counted"],
        allowed=bar.attempts + extra,
        blanks=numbers["blank"],
        uncounted=numbers["uncounted"],
        kind=kind,
        gain=gain,
        slaps=len(slaps),
    )


def _kind(event: Take | Nothing | Fault, bar: Bar, room: bool) -> Kind:
    if isinstance(event, Fault):
        return "fault"
    if isinstance(event, Nothing):
        return "declined" if event.reason in DECLINING else "blank"
    if event.faults_in_a_row:
        return "fault"
    codes = {defect.code for defect in event.defects}
    if "FP_BLANK" in codes:
        return "blank"
    outside = any(defect.hard and not counts(defect.code) for defect in event.defects)
    low = event.score is None or event.score < bar.accept
    leading = event.leading
    outside |= low and leading is not None and not counts(leading.code)
    return "uncounted" if outside and room else "counted"


def hopeless(code: str) -> bool:
    """Tell whether nobody can cure a defect."""
    return code in CATALOGUE and CATALOGUE[code].cured_by == CuredBy.NOBODY
