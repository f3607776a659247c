"""What `assess_slap` returns."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.positions import FingerPosition, Hand, hand_of
from ektp_biocheck.quality import Assessment, Defect, Region

__all__ = ["SlapAssessment", "SlapFinger", "UprightBox"]


@dataclass(frozen=True, slots=True)
class UprightBox:
    """Where an upright crop of one finger lies in the slap, in px of the picture as given.

    Parameters
    ----------
    x, y : float
        Middle: right and down.
    width, height : float
        Sides of the crop, along and across its own lean.
    lean : float
        Degrees counter-clockwise by which the finger leans, and the crop with it.
    """

    x: float
    y: float
    width: float
    height: float
    lean: float

    def corners(self) -> NDArray[np.float64]:
        """Return its corners, (4, 2): right and down, from the top left one clockwise."""
        half = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (self.width / 2, self.height / 2)
        c, s = np.cos(np.deg2rad(self.lean)), np.sin(np.deg2rad(self.lean))
        turned = np.stack(
            [c * half[:, 0] + s * half[:, 1], c * half[:, 1] - s * half[:, 0]], axis=1
        )
        return np.asarray(turned + np.array([self.x, self.y]), dtype=np.float64)

    def to_dict(self) -> dict[str, float]:
        """Return a JSON-safe form."""
        return {name: round(float(getattr(self, name)), 2) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class SlapFinger:
    """One finger of a slap.

    Parameters
    ----------
    position : FingerPosition
        ``UNKNOWN`` when it cannot be told.
    box : UprightBox
    region : Region
        Upright rectangle around the box, within the picture.
    pixels : (H, W) uint8
        The upright crop at 500 ppi, other fingers blanked out.
    assessment : Assessment
        Of `pixels`: its regions and maps are in px of the crop.
    """

    position: FingerPosition
    box: UprightBox
    region: Region
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)
    assessment: Assessment

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe form, without pixels."""
        return {
            "position": int(self.position),
            "box": self.box.to_dict(),
            "region": self.region.to_dict(),
            "assessment": self.assessment.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class SlapAssessment:
    """What a slap shows.

    Parameters
    ----------
    expected : FingerPosition or None
        The slap that was asked for.
    kind : FingerPosition
        The slap that it is: as expected unless geometry contradicts; ``UNKNOWN`` when nothing
        was expected and geometry cannot tell.
    certainty : float
        Of the kind, 0..1; 0 without a finger.
    turn : float
        Degrees counter-clockwise by which the hand is turned.
    fingers : tuple of SlapFinger
        From left to right across the hand.
    missing : tuple of FingerPosition
        The fingers of the kind that are not there; empty when too few were found and geometry
        cannot tell which, see `missing_count`.
    missing_count : int
        How many fingers of the kind are not there.
    defects : tuple of Defect
        Of the slap as a whole. What is wrong with a finger stands in its own assessment.
    """

    expected: FingerPosition | None
    kind: FingerPosition
    certainty: float
    turn: float
    fingers: tuple[SlapFinger, ...]
    missing: tuple[FingerPosition, ...]
    missing_count: int
    defects: tuple[Defect, ...]

    @property
    def hand(self) -> Hand | None:
        """The hand, or ``None`` for thumbs and when it is not known."""
        return hand_of(self.kind)

    @property
    def lowest_score(self) -> int | None:
        """The worst finger's score; ``None`` without a finger or when one could not be scored."""
        scores = [finger.assessment.score for finger in self.fingers]
        known = [score for score in scores if score is not None]
        return min(known) if known and len(known) == len(scores) else None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe form, without pixels."""
        return {
            "expected": None if self.expected is None else int(self.expected),
            "kind": int(self.kind),
            "hand": None if self.hand is None else str(self.hand),
            "certainty": round(self.certainty, 4),
            "turn": round(self.turn, 1),
            "fingers": [finger.to_dict() for finger in self.fingers],
            "missing": [int(finger) for finger in self.missing],
            "missing_count": self.missing_count,
            "defects": [defect.to_dict() for defect in self.defects],
        }
