"""What happened to one instance, in order: captures, nothings, faults, steps, advice."""

from dataclasses import dataclass

from ektp_biocheck.capture.facts import DefectFact
from ektp_biocheck.positions import Instance

__all__ = ["Advice", "Event", "Fault", "Nothing", "Ordered", "Step", "Take"]


@dataclass(frozen=True, slots=True)
class Take:
    """One capture of one instance.

    Parameters
    ----------
    attempt : int
        Number within the transaction.
    what : Instance
        What was presented: the instance itself or a slap.
    score : int or None
        ``None`` when the scorer gave none, or one that the policy's thresholds do not fit.
    failure : str or None
    defects : tuple of DefectFact
        Worst first.
    algorithm : str
    sha256 : str or None
        Of the image in the vault; ``None`` for a finger that was missing in a slap.
    device, operator : str
    same_as : Instance or None
        What it was found to be in truth.
    discarded : bool
        An officer said it is of something else.
    faults_in_a_row : int
        Device faults up to this one, which is one; 0 when it is none.
    """

    attempt: int
    what: Instance
    score: int | None
    failure: str | None
    defects: tuple[DefectFact, ...]
    algorithm: str
    sha256: str | None
    device: str
    operator: str
    same_as: Instance | None = None
    discarded: bool = False
    faults_in_a_row: int = 0

    @property
    def hard(self) -> bool:
        """Whether a hard defect is among its defects."""
        return any(defect.hard for defect in self.defects)

    @property
    def leading(self) -> DefectFact | None:
        """The worst defect."""
        return self.defects[0] if self.defects else None

    def severity(self, code: str) -> float:
        """Return the severity of a defect, 0 when it is not there."""
        return next((d.severity for d in self.defects if d.code == code), 0.0)


@dataclass(frozen=True, slots=True)
class Nothing:
    """The device worked and got nothing of it."""

    attempt: int
    what: Instance
    reason: str
    device: str


@dataclass(frozen=True, slots=True)
class Fault:
    """The device, or what it gave, was unusable."""

    attempt: int
    what: Instance
    code: str
    device: str
    in_a_row: int  # faults of this device since it last gave something usable


@dataclass(frozen=True, slots=True)
class Step:
    """A step was taken, for this instance or for the whole person."""

    step: str
    by: str
    whole_person: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """A step was advised, because of a defect."""

    step: str
    defect: str | None


@dataclass(frozen=True, slots=True)
class Ordered:
    """An officer ordered something else (override)."""

    action: str
    by: str
    reason: str
    attempt: int | None


Event = Take | Nothing | Fault | Step | Advice | Ordered
"""What the decision for an instance looks at, in the order it happened."""
