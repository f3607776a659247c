"""What only several captures of one person, or of one glass, can tell.

One finger under two positions, another finger than before, left and right eye exchanged, an
old print on the glass. Kept in memory; after a restart it is worked out again from the vault.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ektp_biocheck.defects import found
from ektp_biocheck.positions import EyeLabel, FingerPosition, Instance, Modality
from ektp_biocheck.quality import Assessment, Defect

__all__ = ["Comparator", "Finding", "Glass", "find_confusion", "prepared", "with_defect"]

_LATEST = 4  # captures of a glass that are compared
_LATER_EYES = (EyeLabel.LEFT, EyeLabel.RIGHT)


@dataclass(frozen=True, slots=True)
class Comparator:
    """A matcher in place of ours.

    Parameters
    ----------
    compare : callable
        Takes two prepared captures, returns a similarity; higher is more alike.
    threshold : float
        Similarity from which two captures show one finger, above 0.
    prepare : callable, optional
        Takes pixels, ppi and the `Assessment` and returns what `compare` takes; our minutiae
        when left out.
    """

    compare: Callable[[Any, Any], float]
    threshold: float
    prepare: Callable[[Any, float | None, Assessment], Any] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A defect that other captures brought to light, and which of them."""

    defect: Defect
    other: Instance


def prepared(
    instance: Instance,
    pixels: Any,  # noqa: ANN401 - an array
    ppi: float | None,
    assessment: Assessment,
    comparator: Comparator | None,
) -> Any:  # noqa: ANN401 - minutiae, an Eye, or what a vendor's matcher takes
    """Return what a later capture is compared with; ``None`` when there is nothing."""
    if assessment.score is None:
        return None
    if instance.modality == Modality.FINGER and comparator and comparator.prepare:
        return comparator.prepare(pixels, ppi, assessment)
    if instance.modality == Modality.FINGER:
        return getattr(assessment.maps, "minutiae", None)
    return assessment.maps if instance.modality == Modality.IRIS else None


def find_confusion(
    instance: Instance,
    new: Any,  # noqa: ANN401
    others: Mapping[Instance, Any],
    comparator: Comparator | None,
) -> Finding | None:
    """Ask whether a capture is of something else that was captured before.

    Parameters
    ----------
    instance : Instance
        What it was presented as.
    new : object
        From `prepared`.
    others : Mapping of Instance to object
        Earlier captures of the person; of the same instance too.

    Returns
    -------
    Finding or None
    """
    if new is None:
        return None
    if instance.modality == Modality.IRIS:
        return _swapped(instance, new, others)
    if instance.modality != Modality.FINGER:
        return None
    fingers = {i: c for i, c in others.items() if i.modality == Modality.FINGER and c is not None}
    alike = [
        finding
        for other, capture in fingers.items()
        if other != instance
        and (finding := _same_finger(instance, new, other, capture, comparator)) is not None
    ]
    if not alike:
        return None
    worst = max(alike, key=lambda finding: finding.defect.evidence["similarity"])
    own = fingers.get(instance)
    if own is not None and _same_finger(instance, new, instance, own, comparator) is None:
        evidence = worst.defect.evidence
        return replace(worst, defect=found("FP_WRONG_FINGER", worst.defect.severity, evidence))
    return worst


def _same_finger(
    instance: Instance,
    new: Any,  # noqa: ANN401
    other: Instance,
    capture: Any,  # noqa: ANN401
    comparator: Comparator | None,
) -> Finding | None:
    from ektp_biocheck.fingerprint.across import find_duplicates

    later, earlier = instance.position, other.position
    if not isinstance(later, FingerPosition) or not isinstance(earlier, FingerPosition):
        return None
    if later == earlier:  # the same position twice: the name does not matter
        names = (FingerPosition.RIGHT_THUMB, FingerPosition.RIGHT_INDEX)
        pair = dict(zip(names, (capture, new), strict=True))
    else:
        pair = {earlier: capture, later: new}
    match = None if comparator is None else comparator.compare
    limit = None if comparator is None else comparator.threshold
    same = find_duplicates(pair, match, threshold=limit)
    return Finding(same[0].defect, other) if same else None


def _swapped(
    instance: Instance,
    new: Any,  # noqa: ANN401
    others: Mapping[Instance, Any],
) -> Finding | None:
    from ektp_biocheck.iris import Eye, swapped

    left, right = _LATER_EYES
    other = Instance(Modality.IRIS, right if instance.position == left else left)
    earlier = others.get(other)
    if not isinstance(new, Eye) or not isinstance(earlier, Eye):
        return None
    pair = (new, earlier) if instance.position == left else (earlier, new)
    defect = swapped(*pair)
    return None if defect is None else Finding(defect, other)


def with_defect(assessment: Assessment, defect: Defect) -> Assessment:
    """Return the assessment with one more defect; of two alike the more severe one stays."""
    same = [d for d in assessment.defects if d.code == defect.code]
    if same and same[0].severity >= defect.severity:
        return assessment
    kept = tuple(d for d in assessment.defects if d.code != defect.code)
    return replace(assessment, defects=(*kept, defect))


class Glass:
    """The latest captures of each scanner, to find what stays on the glass while fingers change."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, Any], deque[tuple[str, Any]]] = {}

    def look(self, device: str, whose: str, assessment: Assessment, ppi: float) -> Defect | None:
        """Add a capture of one finger and look for an old print.

        Parameters
        ----------
        device : str
        whose : str
            Person and finger: two takes of one finger share its rim, so only the latest stays.
        assessment : Assessment
            Its maps are an `Analysis`, else nothing is done.
        ppi : float

        Returns
        -------
        Defect or None
            After a finding the captures are forgotten: the glass is going to be cleaned.
        """
        from ektp_biocheck.fingerprint.analysis import Analysis
        from ektp_biocheck.fingerprint.platen import same_ghost

        if not isinstance(assessment.maps, Analysis):
            return None
        key = device, assessment.maps.field.shape
        seen = self._seen.setdefault(key, deque(maxlen=_LATEST))
        for entry in [entry for entry in seen if entry[0] == whose]:
            seen.remove(entry)
        seen.append((whose, assessment.maps))
        defect = same_ghost([maps for _, maps in seen], ppi) if len(seen) > 1 else None
        if defect is not None:
            seen.clear()
        return defect

    def cleaned(self) -> None:
        """Forget everything: a glass was cleaned."""
        self._seen.clear()
