"""What every scorer returns (vocabulary of ISO/IEC 29794-1).

A failure to assess is a state with a reason, never a number: `score` is ``None`` exactly
when `failure` says why, and a `Measure` without a value says why it is missing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Assessment", "Defect", "Measure", "Region"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measured quantity.

    Parameters
    ----------
    value : float or None
        The finite value; ``None`` when it could not be measured.
    unit : str
        ``""`` for a pure number, else such as ``"mm²"``, ``"px"``, ``"°"``.
    why_missing : str or None
        Set exactly when `value` is ``None``.

    Raises
    ------
    ValueError
        When both or neither of `value` and `why_missing` are given, or the value is not finite.
    """

    value: float | None
    unit: str = ""
    why_missing: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.why_missing is None):
            raise ValueError("set exactly one of value and why_missing")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"a measure must be finite, got {self.value}; use why_missing")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe form."""
        return {"value": self.value, "unit": self.unit, "why_missing": self.why_missing}


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle in pixels of the picture as it was given to `assess`."""

    x: int
    y: int
    width: int
    height: int

    def to_dict(self) -> dict[str, int]:
        """Return a JSON-safe form."""
        return {"x": self.x, "y": self.y, "width": self.width, "height": self.height}


@dataclass(frozen=True, slots=True)
class Defect:
    """Something wrong with a capture, with the figures that show it.

    Parameters
    ----------
    code : str
        A code of the catalogue in `ektp_biocheck.defects`, such as ``"FP_DRY"``.
    severity : float
        0 (just noticeable) to 1 (nothing usable is left).
    hard : bool
        Never acceptable as it is, however high the score.
    evidence : Mapping[str, float]
        The figures the finding rests on, by name.
    region : Region or None
        Where, when it is not the whole picture.

    Raises
    ------
    ValueError
        When the severity lies outside 0..1 or an evidence figure is not finite.
    """

    code: str
    severity: float
    hard: bool
    evidence: Mapping[str, float] = field(default_factory=dict)
    region: Region | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.severity <= 1.0:
            raise ValueError(f"{self.code}: severity must be 0..1, got {self.severity}")
        if not all(math.isfinite(value) for value in self.evidence.values()):
            raise ValueError(f"{self.code}: evidence must be finite, got {dict(self.evidence)}")
        object.__setattr__(self, "evidence", dict(self.evidence))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe form."""
        return {
            "code": self.code,
            "severity": self.severity,
            "hard": self.hard,
            "evidence": dict(self.evidence),
            "region": None if self.region is None else self.region.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """The outcome of one scorer on one capture.

    Parameters
    ----------
    modality : str
        ``"finger"``, ``"iris"`` or ``"face"``.
    algorithm : str
        Scorer and version, such as ``"ektp-biocheck/fingerprint 1.0.0"``. Thresholds are
        bound to it.
    score : int or None
        0..100, higher is better; ``None`` exactly when `failure` is set.
    failure : str or None
        Why no score exists.
    measures : Mapping[str, Measure]
        Every measure by name; a missing one says why.
    defects : tuple of Defect
        Kept worst first: hard ones, then by severity.
    contributions : Mapping[str, float]
        What each measure adds to or takes from the score, in points; empty without a score.
    maps : object
        Pictures of the modality that `overlay` draws from; not part of `to_dict`.

    Raises
    ------
    ValueError
        When both or neither of `score` and `failure` are given, or the score is not 0..100.
    """

    modality: str
    algorithm: str
    score: int | None
    failure: str | None
    measures: Mapping[str, Measure]
    defects: tuple[Defect, ...] = ()
    contributions: Mapping[str, float] = field(default_factory=dict)
    maps: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if (self.score is None) == (self.failure is None):
            raise ValueError("set exactly one of score and failure")
        if self.score is not None and not 0 <= self.score <= 100:
            raise ValueError(f"score must be 0..100, got {self.score}")
        worst_first = sorted(self.defects, key=lambda d: (not d.hard, -d.severity, d.code))
        object.__setattr__(self, "defects", tuple(worst_first))
        object.__setattr__(self, "measures", dict(self.measures))
        object.__setattr__(self, "contributions", dict(self.contributions))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe form; NaN and infinity cannot appear."""
        return {
            "modality": self.modality,
            "algorithm": self.algorithm,
            "score": self.score,
            "failure": self.failure,
            "measures": {name: measure.to_dict() for name, measure in self.measures.items()},
            "defects": [defect.to_dict() for defect in self.defects],
            "contributions": dict(self.contributions),
        }
