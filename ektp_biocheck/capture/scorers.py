"""The door to the scorers: ours by default, a vendor's or a test's in their place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.capture.facts import is_slap
from ektp_biocheck.capture.policy import Policy
from ektp_biocheck.capture.policy_file import check_scorers
from ektp_biocheck.capture.transaction import parts_of
from ektp_biocheck.defects import found
from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import FingerPosition, Instance, Modality
from ektp_biocheck.quality import Assessment, Defect

__all__ = ["Judged", "Scorers", "unusable"]

Level = Literal["full", "fast"]
Pixels = NDArray[np.uint8]
_NAMES = ("finger", "iris", "face", "slap", "evidence")


class SlapResult(Protocol):
    """What a slap scorer answers; `fingerprint.slap.SlapAssessment` is one."""

    expected: Any
    kind: Any
    fingers: Any
    defects: Any


@dataclass(frozen=True, slots=True)
class Judged:
    """One instance of a presentation: its picture, if any, and what the scorer says."""

    instance: Instance
    assessment: Assessment
    pixels: Pixels | None
    ppi: float | None


class Scorers:
    """The scorers of a station.

    Parameters
    ----------
    given : Mapping of str to callable, optional
        ``"finger"`` and ``"iris"`` and ``"face"`` return an `Assessment`, ``"slap"`` a
        `SlapAssessment`, ``"evidence"`` an `EvidenceAssessment`; called as ours are. What is
        left out is ours. One with an attribute ``ALGORITHM`` is checked against the policy at
        once, others when they answer.

    Raises
    ------
    InputError
        When a name is none of these.
    """

    def __init__(self, given: Mapping[str, Callable[..., Any]] | None = None) -> None:
        self._given = dict(given or {})
        unknown = sorted(set(self._given) - set(_NAMES))
        if unknown:
            raise InputError(f"no scorer {unknown[0]!r}: use {', '.join(_NAMES)}")

    def check(self, policy: Policy) -> None:
        """Refuse a policy whose thresholds were made for other scorers.

        Raises
        ------
        InputError
            Naming the key.
        """
        algorithms = {}
        for name in ("finger", "iris", "face"):
            algorithm = getattr(self._of(name), "ALGORITHM", None)
            if algorithm is not None:
                algorithms[name] = str(algorithm)
        check_scorers(policy, algorithms, name=f"policy {policy.policy.id!r}")

    def evidence(self, pixels: Pixels) -> Any:  # noqa: ANN401 - an EvidenceAssessment
        """Assess an evidence photo."""
        return _assess(self._of("evidence"))(pixels)

    def assess(
        self,
        what: Instance,
        pixels: Pixels,
        ppi: float | None,
        *,
        level: Level = "full",
        excepted: frozenset[Instance] = frozenset(),
    ) -> list[Judged]:
        """Assess what was presented: one result for each instance it shows.

        Parameters
        ----------
        what : Instance
            A finger, a slap, an eye or the face.
        pixels : (H, W) or (H, W, 3) uint8
        ppi : float or None
            Of fingers.
        level : {"full", "fast"}
        excepted : frozenset of Instance
            Fingers that nobody expects in the slap.

        Returns
        -------
        list of Judged
        """
        if is_slap(what):
            return self._slap(what, pixels, ppi, level, excepted)
        score = _assess(self._of(str(what.modality)))
        known = {"ppi": ppi} if what.modality == Modality.FINGER else {}
        return [Judged(what, score(pixels, level=level, **known), pixels, ppi)]

    def _of(self, name: str) -> Any:  # noqa: ANN401 - a module or a callable
        if name in self._given:
            return self._given[name]
        from ektp_biocheck import face, fingerprint, iris
        from ektp_biocheck.capture import evidence
        from ektp_biocheck.fingerprint.slap import assess_slap

        return {
            "finger": fingerprint,
            "iris": iris,
            "face": face,
            "slap": assess_slap,
            "evidence": evidence,
        }[name]

    def _slap(
        self,
        what: Instance,
        pixels: Pixels,
        ppi: float | None,
        level: Level,
        excepted: frozenset[Instance],
    ) -> list[Judged]:
        expected = FingerPosition(what.position or 0)
        result = _assess(self._of("slap"))(pixels, ppi=ppi, expected=expected, level=level)
        seen = _named(result, [part for part in parts_of(what) if part not in excepted])
        judged = []
        for part in parts_of(what):
            if part in seen:
                finger = seen[part]
                soft = tuple(d for d in result.defects if not d.hard)
                own = self._of_finger(finger, level)
                whole = replace(own, defects=(*own.defects, *soft))
                judged.append(Judged(part, whole, finger.pixels, 500))
            elif part not in excepted:
                judged.append(Judged(part, _missing(result, _algorithm(seen)), None, None))
        return judged

    def _of_finger(self, pad: Any, level: Level) -> Assessment:  # noqa: ANN401 - a SlapFinger
        """Judge a finger of a slap that we split by the vendor's scorer, if there is one."""
        given: Assessment = pad.assessment
        if "finger" in self._given and "slap" not in self._given:
            given = _assess(self._given["finger"])(pad.pixels, ppi=500, level=level)
        return given


def _assess(scorer: Any) -> Callable[..., Any]:  # noqa: ANN401
    return getattr(scorer, "assess", scorer)


def _named(result: SlapResult, wanted: list[Instance]) -> dict[Instance, Any]:
    """Give each pad its finger. Who is excepted is known better than geometry can tell."""
    if result.kind != result.expected:
        return {}
    pads = list(result.fingers)
    named = {
        Instance(Modality.FINGER, pad.position): pad
        for pad in pads
        if pad.position != FingerPosition.UNKNOWN
    }
    if len(pads) == len(wanted) and set(named) != set(wanted):
        return dict(zip(wanted, pads, strict=True))  # both from left to right
    return named


def _algorithm(seen: Mapping[Instance, Any]) -> str:
    return next((str(pad.assessment.algorithm) for pad in seen.values()), "none")


def _missing(result: SlapResult, algorithm: str) -> Assessment:
    """Describe a finger that the slap does not show, by what it shows instead."""
    hard: tuple[Defect, ...] = tuple(d for d in result.defects if d.hard)
    if not hard:
        count = float(len(result.fingers))
        hard = (found("FP_FINGER_MISSING_IN_SLAP", 0.5, {"found": count}),)
    why = {
        "FP_WRONG_HAND": "the other hand lies on the glass",
        "FP_BLANK": "no finger on the glass",
    }.get(hard[0].code, "this finger is not in the slap, or cannot be told from the others")
    return Assessment("finger", algorithm, None, why, {}, hard)


def unusable(what: Instance, pixels: Any, ppi: float | None) -> str | None:  # noqa: ANN401
    """Tell why a picture from a device cannot be assessed at all; ``None`` when it can.

    Parameters
    ----------
    what : Instance
    pixels : object
        Whatever the device gave.
    ppi : float or None

    Returns
    -------
    str or None
        ``"NO_PICTURE"``, ``"WRONG_SHAPE"``, ``"PPI_UNKNOWN"`` or ``"PPI_IMPOSSIBLE"``.
    """
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.size == 0:
        return "NO_PICTURE"
    colour = pixels.ndim == 3 and pixels.shape[2] == 3
    if not (pixels.ndim == 2 or (colour and what.modality == Modality.FACE)):
        return "WRONG_SHAPE"
    if what.modality != Modality.FINGER:
        return None
    if ppi is None:
        return "PPI_UNKNOWN"
    return None if 100 <= ppi <= 4000 else "PPI_IMPOSSIBLE"
