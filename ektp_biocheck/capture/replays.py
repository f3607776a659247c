"""Decide a person's capture once more from its events, under the same policy or another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ektp_biocheck.capture import facts as f
from ektp_biocheck.capture.decision import decide
from ektp_biocheck.capture.desk import decided
from ektp_biocheck.capture.policy import Policy
from ektp_biocheck.capture.transaction import Transaction, apply, transaction_of
from ektp_biocheck.capture.verdict import judge
from ektp_biocheck.capture.views import Verdict
from ektp_biocheck.records.events import StoredEvent

__all__ = ["Replay", "Replayed", "replay"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision as it was stored and as it comes out now."""

    seq: int
    stored: f.Decided
    now: f.Decided | None

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return self.stored == self.now


@dataclass(frozen=True, slots=True)
class Replay:
    """A capture decided once more.

    Parameters
    ----------
    decisions : tuple of Replayed
    verdict : Verdict
        Of the whole person at the last event.
    person : Transaction
    """

    decisions: tuple[Replayed, ...]
    verdict: Verdict
    person: Transaction


def replay(events: Sequence[StoredEvent], policy: Policy | None = None) -> Replay:
    """Decide once more, event by event.

    Parameters
    ----------
    events : sequence of StoredEvent
        All of one transaction.
    policy : Policy, optional
        Another one than it was captured under: what would have been asked, and what would the
        record be? The captures are those that were taken; a retake that the other policy would
        have asked for cannot be made up.

    Returns
    -------
    Replay
        Under the same policy every decision comes out as it was stored.
    """
    person = transaction_of(events[:1], policy)
    decisions = []
    for event in events[1:]:
        fact = f.read(event)
        if not isinstance(fact, f.Decided):
            apply(person, event)
            continue
        decision = decide(person, f.instance_of(fact.instance))
        now = None if decision is None else decided(decision)
        decisions.append(Replayed(event.seq, fact, now))
        if now is not None:
            apply(person, replace(event, data=f.stored(now)[1]))
    return Replay(tuple(decisions), judge(person)[0], person)
