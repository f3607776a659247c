"""Was one finger presented twice? All captures of one person, compared with each other."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

from ektp_biocheck.defects import found
from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.comparison import SAME_FINGER, compare
from ektp_biocheck.fingerprint.minutiae import Minutiae
from ektp_biocheck.positions import SINGLE_FINGERS, FingerPosition
from ektp_biocheck.quality import Defect

__all__ = ["Duplicate", "find_duplicates"]

Capture = TypeVar("Capture")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two positions that show one finger.

    Parameters
    ----------
    position : FingerPosition
        The later capture, which the operator is asked to repeat.
    same_as : FingerPosition
        The earlier one.
    defect : Defect
        ``FP_DUPLICATE_FINGER`` with the similarity, the threshold and both positions' codes.
    """

    position: FingerPosition
    same_as: FingerPosition
    defect: Defect


def find_duplicates(
    captures: Mapping[FingerPosition, Capture],
    comparator: Callable[[Capture, Capture], float] | None = None,
    *,
    threshold: float | None = None,
) -> tuple[Duplicate, ...]:
    """Find fingers that were presented under two positions.

    Parameters
    ----------
    captures : Mapping[FingerPosition, Capture]
        What was taken of one person, in the order of capture, one for each single finger:
        `Minutiae` (``assess(...).maps.minutiae``), or whatever the comparator takes.
    comparator : Comparator, optional
        A vendor's matcher in place of `comparison.compare`.
    threshold : float, optional
        Similarity from which two captures show one finger. `comparison.SAME_FINGER` for our own
        comparator; any other brings its own, above 0.

    Returns
    -------
    tuple of Duplicate
        Most alike first. A finger whose capture has no minutiae is like no other.

    Raises
    ------
    InputError
        When a position is no single finger, or a foreign comparator has no threshold, or it
        answers with something that is no similarity.
    """
    strangers = [position for position in captures if position not in SINGLE_FINGERS]
    if strangers:
        raise InputError(f"{strangers[0]!r} is no single finger: split slaps first")
    if comparator is not None and threshold is None:
        raise InputError("a comparator of another make needs its own threshold")
    limit = SAME_FINGER if threshold is None else threshold
    if not limit > 0:
        raise InputError(f"threshold must be above 0, got {limit}")
    alike: Callable[..., float] = _own if comparator is None else comparator
    pairs = []
    for (earlier, first), (later, second) in combinations(captures.items(), 2):
        similarity = float(alike(first, second))
        if not math.isfinite(similarity):
            raise InputError(f"the comparator answered {similarity} for {later!r} and {earlier!r}")
        if similarity >= limit:
            pairs.append((similarity, later, earlier))
    pairs.sort(key=lambda pair: -pair[0])
    return tuple(Duplicate(p, q, _defect(similarity, limit, p, q)) for similarity, p, q in pairs)


def _own(first: Minutiae | None, second: Minutiae | None) -> float:
    return 0.0 if first is None or second is None else compare(first, second)


def _defect(
    similarity: float, limit: float, position: FingerPosition, same_as: FingerPosition
) -> Defect:
    evidence = {
        "similarity": similarity,
        "threshold": limit,
        "position": position,
        "same_as": same_as,
    }
    return found("FP_DUPLICATE_FINGER", 1 - limit / similarity / 2, evidence)
