"""Assess an exception's evidence photo: one face and both hands.

    seen = assess(open_sample("evidence.jpg", modality="face").pixels)
    seen.complete  # one face, a right and a left hand, no fingertip cut off
    seen.defects  # what a person must look at

The photo is proof that a finger, a hand or an eye cannot be captured. The hand model may not
see a hand without fingers, or a bandaged one: then the photo is not refused, it is marked for a
person to look at. Nothing here says whether a finger is missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.capture.hands import SeenHand, close, find_hands
from ektp_biocheck.defects import found
from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang, in_language
from ektp_biocheck.positions import Hand
from ektp_biocheck.quality import Defect, Region
from ektp_biocheck.samples import to_rgb

__all__ = ["ALGORITHM", "EvidenceAssessment", "assess", "close", "overlay"]

ALGORITHM = "ektp-biocheck/evidence 1.0.0"

_LEAST_HAND = 0.4  # longer side of a hand in face lengths; a fist is 0.5, a bystander's hand less

_SIDES = {"right": ("kanan", "right"), "left": ("kiri", "left")}


@dataclass(frozen=True, slots=True)
class EvidenceAssessment:
    """What an evidence photo shows.

    Parameters
    ----------
    algorithm : str
        This assessor and its version.
    faces : tuple of Region
        Largest first.
    hands : tuple of SeenHand
        Largest first; without those the model saw inside a face, and without those too small
        beside the largest face to be the same person's.
    defects : tuple of Defect
        ``EV_`` codes, worst first; none of them is hard.
    """

    algorithm: str
    faces: tuple[Region, ...]
    hands: tuple[SeenHand, ...]
    defects: tuple[Defect, ...]

    @property
    def complete(self) -> bool:
        """One face and both hands were found whole; otherwise a person must look."""
        return not self.defects

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe form; it holds no picture."""
        return {
            "algorithm": self.algorithm,
            "complete": self.complete,
            "faces": [face.to_dict() for face in self.faces],
            "hands": [hand.to_dict() for hand in self.hands],
            "defects": [defect.to_dict() for defect in self.defects],
        }


def assess(pixels: NDArray[np.uint8]) -> EvidenceAssessment:
    """Look for one face and both hands.

    Parameters
    ----------
    pixels : (H, W, 3) or (H, W) uint8
        RGB or grey, upright, not mirrored, as `open_sample` gives it.

    Returns
    -------
    EvidenceAssessment
        `complete`, or with the defects that a person must look at.

    Raises
    ------
    InputError
        When `pixels` is no such array.
    InstallationError
        When mediapipe does not load.
    """
    if not isinstance(pixels, np.ndarray):
        raise InputError(f"pixels must be an array of uint8, got {type(pixels).__name__}")
    pixels = np.ascontiguousarray(to_rgb(pixels))
    from ektp_biocheck.face.landmarks import find_faces
    from ektp_biocheck.face.pyramid import Pyramid

    faces = [
        _region(face.box, pixels.shape) for face in find_faces(Pyramid(pixels), turned=False).faces
    ]
    seen = find_hands(pixels, float(faces[0].height) if faces else None)
    beside = [hand for hand in seen if not any(_middle_inside(hand.box, face) for face in faces)]
    least = _LEAST_HAND * faces[0].height if faces else 0.0
    hands = [hand for hand in beside if max(hand.box.width, hand.box.height) >= least]
    left_out = {
        "taken_for_face": len(seen) - len(beside),
        "too_small": len(beside) - len(hands),
    }
    defects = [*_face_defects(faces), *_hand_defects(hands, left_out)]
    worst_first = sorted(defects, key=lambda defect: (-defect.severity, defect.code))
    return EvidenceAssessment(ALGORITHM, tuple(faces), tuple(hands), tuple(worst_first))


def overlay(
    pixels: NDArray[np.uint8], told: Mapping[str, Any], lang: Lang = "en"
) -> NDArray[np.uint8]:
    """Draw what was found: the face, and each hand with its side.

    Parameters
    ----------
    pixels : (H, W, 3) or (H, W) uint8
        The photo that was assessed.
    told : Mapping
        `EvidenceAssessment.to_dict` of it.
    lang : {"en", "id"}
        Language of the sides.

    Returns
    -------
    (H, W, 3) uint8
        RGB, the size of the photo.
    """
    from ektp_biocheck.opencv import cv2

    canvas = to_rgb(pixels).copy()
    thick = max(2, round(max(canvas.shape) / 400))
    boxes: list[tuple[Mapping[str, int], tuple[str, str] | None]] = [
        *((face, None) for face in told.get("faces", ())),
        *((hand["box"], _SIDES[hand["side"]]) for hand in told.get("hands", ())),
    ]
    for box, name in boxes:
        x, y = box["x"], box["y"]
        colour = (90, 200, 250) if name else (255, 214, 90)
        cv2.rectangle(canvas, (x, y), (x + box["width"], y + box["height"]), colour, thick)
        if name:
            place = (x, max(y - 2 * thick, 12 * thick))
            text = in_language(lang, *name)
            cv2.putText(canvas, text, place, 0, 0.4 * thick, (0, 0, 0), 2 * thick, cv2.LINE_AA)
            cv2.putText(canvas, text, place, 0, 0.4 * thick, colour, thick, cv2.LINE_AA)
    return canvas


def _face_defects(faces: Sequence[Region]) -> list[Defect]:
    if not faces:
        return [found("EV_NO_FACE", 1.0, {"faces": 0})]
    if len(faces) == 1:
        return []
    areas = [face.width * face.height for face in faces]
    evidence = {"faces": len(faces), "second_to_first_area": areas[1] / areas[0]}
    return [found("EV_FACES", min(1.0, areas[1] / areas[0]), evidence, faces[1])]


def _hand_defects(hands: Sequence[SeenHand], left_out: Mapping[str, int]) -> list[Defect]:
    """Name what is not as it should be; `left_out` says what was seen and not counted."""
    evidence = {"hands": float(len(hands)), **left_out}
    defects = []
    if len(hands) < 2:
        defects.append(found("EV_HANDS_MISSING", 1.0 if not hands else 0.6, evidence))
    elif len(hands) > 2:
        defects.append(found("EV_HANDS_EXTRA", 0.6, evidence, hands[-1].box))
    elif {hand.side for hand in hands} != {Hand.LEFT, Hand.RIGHT}:
        sure = min(hand.side_confidence for hand in hands)
        defects.append(found("EV_HANDS_ALIKE", 0.4, evidence | {"side_confidence": sure}))
    cut = [hand for hand in hands if hand.tips_outside]
    if cut:
        tips = max(hand.tips_outside for hand in cut)
        defects.append(found("EV_HANDS_CUT", tips / 5, {"tips_outside": tips}, cut[0].box))
    return defects


def _region(box: NDArray[np.float64], shape: tuple[int, ...]) -> Region:
    """Return a face's box cut to the picture."""
    edge = np.array(shape[1::-1])
    low = np.clip(np.floor(box[:2]), 0, edge - 1).astype(int)
    high = np.clip(np.ceil(box[:2] + box[2:]), low + 1, edge).astype(int)
    return Region(int(low[0]), int(low[1]), *(int(side) for side in high - low))


def _middle_inside(inner: Region, outer: Region) -> bool:
    x, y = inner.x + inner.width / 2, inner.y + inner.height / 2
    return outer.x <= x <= outer.x + outer.width and outer.y <= y <= outer.y + outer.height
