"""Everything the rules look at for one instance, gathered once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ektp_biocheck.capture.counting import Tally, tally
from ektp_biocheck.capture.order import best_of
from ektp_biocheck.capture.policy import Bar
from ektp_biocheck.capture.takes import Event, Fault, Nothing, Ordered, Take
from ektp_biocheck.capture.transaction import INSTANCES, Transaction
from ektp_biocheck.positions import FingerPosition, Instance, Modality, slap_of

__all__ = ["Case", "look"]

_NOTHING_THERE = {
    Modality.FINGER: "FP_BLANK",
    Modality.IRIS: "IR_NO_EYE",
    Modality.FACE: "FA_NO_FACE",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One instance of one person, as the rules see it.

    Parameters
    ----------
    person : Transaction
    instance : Instance
    bar : Bar
    events : sequence
        Its history.
    latest : Take, Nothing, Fault or None
        The latest attempt.
    best : Take or None
        Over all attempts.
    tally : Tally
    """

    person: Transaction
    instance: Instance
    bar: Bar
    events: Sequence[Event]
    latest: Take | Nothing | Fault | None
    best: Take | None
    tally: Tally

    @property
    def take(self) -> Take | None:
        """The latest attempt when it was a capture."""
        return self.latest if isinstance(self.latest, Take) else None

    @property
    def last_take(self) -> Take | None:
        """The latest capture, whatever came after it."""
        return next((e for e in reversed(self.events) if isinstance(e, Take)), None)

    @property
    def codes(self) -> tuple[str, ...]:
        """Defects of the latest attempt, worst first; that nothing is there is one."""
        if isinstance(self.latest, Take):
            return tuple(defect.code for defect in self.latest.defects)
        if isinstance(self.latest, Fault):
            return (self.latest.code,)
        return (_NOTHING_THERE[self.instance.modality],)

    @property
    def acceptable(self) -> bool:
        """Whether the best attempt reaches the bar without a hard defect; equality does."""
        best = self.best
        return (
            best is not None
            and best.score is not None
            and best.score >= self.bar.accept
            and not best.hard
        )

    @property
    def keepable(self) -> bool:
        """Whether the best attempt is good enough to be kept below the bar."""
        best = self.best
        return best is not None and best.score is not None and best.score >= self.bar.floor

    @property
    def over_time(self) -> bool:
        """The person's time budget is used up."""
        return self.person.seconds >= self.person.policy.time_budget_s(self.person.began.age_years)

    @property
    def over_cap(self) -> bool:
        """Even retakes that do not count are over."""
        return self.person.seconds >= self.person.policy.person.hard_cap_s

    @property
    def may_retake(self) -> bool:
        """Attempts and time are left."""
        counter = self.tally
        if counter.used >= counter.allowed or self.over_cap:
            return False
        if counter.blanks >= self.person.policy.finger.no_finger_limit:
            return False
        return not (self.over_time and counter.used > 0)

    @property
    def chip(self) -> bool:
        """One of the two fingers of the card's chip."""
        return self.instance.position in self.person.policy.chip and (
            self.instance.modality == Modality.FINGER
        )

    def fits(self, step: str) -> bool:
        """Tell whether a way on makes sense for this person."""
        if step == "FB_ALT":
            return self.chip
        if step == "FB_SINGLE_EYE":
            return not self._failed(Modality.IRIS)
        if step == "FB_FINGER_ONLY":
            return self._failed(Modality.IRIS)
        if step == "FB_IRIS_ONLY":
            return self._failed(Modality.FINGER)
        return True

    def _failed(self, modality: Modality) -> bool:
        """Whether something else of this modality was tried, and none of it can be kept."""
        tried = 0
        for other in INSTANCES:
            if other.modality != modality or other == self.instance:
                continue
            takes = self.person.takes(other)
            floor = self.person.policy.bar(other, self.person.began.age_years).floor
            best = best_of(takes, floor)
            if best is not None and best.score is not None and best.score >= floor:
                return False
            tried += bool(takes) or other in self.person.exceptions
        return tried > 0

    @property
    def in_slap(self) -> bool:
        """The latest attempt was part of a slap."""
        return self.latest is not None and self.latest.what != self.instance

    def present(self, step: str | None) -> Instance:
        """Return what to present next: its slap, or the instance alone."""
        again = self.person.policy.slap.mode == "per_finger" and step != "FB_SINGLE"
        if again and self.in_slap and self.tally.slaps < self.bar.single_after:
            return Instance(Modality.FINGER, slap_of(FingerPosition(self.instance.position or 0)))
        return self.instance

    def inputs(self) -> Mapping[str, Any]:
        """Return the figures that the rules looked at, JSON-safe."""
        best, counter = self.best, self.tally
        leading = None if self.take is None else self.take.leading
        return {
            "kind": counter.kind,
            "attempts": counter.used,
            "allowed": counter.allowed,
            "blanks": counter.blanks,
            "uncounted": counter.uncounted,
            "slaps": counter.slaps,
            "score": None if self.take is None else self.take.score,
            "best": None if best is None else best.score,
            "best_hard": best is not None and best.hard,
            "gain": counter.gain,
            "leading": None if leading is None else leading.code,
            "severity": None if leading is None else leading.severity,
            "accept": self.bar.accept,
            "floor": self.bar.floor,
            "min_gain": self.bar.min_gain,
            "relaxed": self.bar.relaxed,
            "seconds": round(self.person.seconds, 1),
            "over_time": self.over_time,
        }


def look(person: Transaction, instance: Instance) -> Case:
    """Gather what the rules look at.

    Parameters
    ----------
    person : Transaction
    instance : Instance
        A single finger, an eye or the face.
    """
    bar = person.policy.bar(instance, person.began.age_years)
    events = tuple(person.history(instance))
    attempts = [e for e in events if isinstance(e, Take | Nothing | Fault)]
    takes = [e for e in attempts if isinstance(e, Take)]
    return Case(
        person,
        instance,
        bar,
        events,
        attempts[-1] if attempts else None,
        best_of(takes, bar.floor),
        tally(events, bar, person.policy),
    )


def order_in_force(events: Sequence[Event]) -> Ordered | None:
    """Return the officer's order that still holds: to keep the best, or to take another one."""
    order: Ordered | None = None
    for event in events:
        if isinstance(event, Ordered):
            order = event if event.action != "DISCARD" else order
        elif isinstance(event, Take | Nothing) and order is not None and order.action == "RETAKE":
            order = None
    return order
