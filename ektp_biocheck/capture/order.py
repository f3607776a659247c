"""Which of several attempts is the best: one total order, used everywhere."""

from collections.abc import Iterable

from ektp_biocheck.capture.takes import Take

__all__ = ["SEVERE", "best_of", "rank"]

SEVERE = 0.5
"""A defect from this severity counts when scores are equal."""


def rank(take: Take) -> tuple[bool, bool, int, int, int]:
    """Return the key of the order; the greatest is the best.

    With a score before without; without a hard defect before with; the higher score; fewer
    severe defects; the earlier attempt. Two attempts of one instance never have equal keys.
    """
    severe = sum(defect.severity >= SEVERE for defect in take.defects)
    return (
        take.score is not None,
        not take.hard,
        -1 if take.score is None else take.score,
        -severe,
        -take.attempt,
    )


def best_of(takes: Iterable[Take], floor: int = 0) -> Take | None:
    """Choose the best attempt.

    Parameters
    ----------
    takes : iterable of Take
        All attempts of one instance, also those that were not counted. What an officer
        discarded and what was scored by another algorithm is left out.
    floor : int
        Attempts at or above it come first, so that one more attempt never makes things worse:
        a poor clean one does not push out a fair one with a hard defect.

    Returns
    -------
    Take or None
        ``None`` when there is nothing with an image.
    """
    eligible = [take for take in takes if not take.discarded and take.sha256 is not None]
    kept = [take for take in eligible if take.score is not None and take.score >= floor]
    return max(kept or eligible, key=rank, default=None)
