"""People who do not exist, for `station.py`: what a finger, an eye or a face of theirs shows.

Fingers and eyes come from the generators in fixtures/, the face is the one free portrait that
scikit-image carries, with another background, blur, light or cover. Pose cannot be generated.
What is asked for twice is made once, so that a day of a hundred people fits into minutes.
"""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # fixtures are not installed

from ektp_biocheck.positions import (
    SLAPS,
    EyeLabel,
    FingerPosition,
    Instance,
    Modality,
    hand_of,
    slap_fingers,
)
from fixtures import face as painted
from fixtures.fingerprint import Condition, hand, render, slap
from fixtures.hand import draw_hand, evidence_photo
from fixtures.iris import draw_eye, random_eye

__all__ = ["PPI", "Body", "Cost", "body_of"]

PPI = 500
Pixels = NDArray[np.uint8]
Frozen = tuple[tuple[str, Any], ...]

# What a step does to a finger or an eye: the named quantity times the factor. Plausible, not
# measured; it lets the example show steps that help and steps that do not.
_HELPS: dict[str, dict[str, float]] = {
    "FB_MOISTEN": {"dryness": 0.45, "cracks": 0.6},
    "FB_WARM": {"dryness": 0.8},
    "FB_DRY": {"wetness": 0.25},
    "FB_CLEAN_FINGER": {"dirt": 0.2, "callus": 0.8},
    "FB_CLEAN_PLATEN": {"ghost": 0.0},
    "FB_PRESS_MORE": {"pressure": 0.2},
    "FB_PRESS_LESS": {"pressure": 0.3, "wetness": 0.7},
    "FB_OPEN": {"droop": 0.4},
    "FB_LID": {"droop": 0.2},
    "FB_LENS": {"lens": 0.0},
    "FB_ANGLE": {"glare": 0.0},
    "FB_DISTANCE": {"defocus_mm": 0.3},
    "FB_REPOSITION": {"blur": 0.0, "motion_mm": 0.2, "smear_mm": 0.1},
    "FB_GLASSES": {"glasses": 0.0},
    "FB_UNCOVER": {"mask": 0.0},
    "FB_ROOM_LIGHT": {"dark": 0.0},
}
_FINGER_FIELDS = {one.name for one in fields(Condition)}
_CODES = {name.lower(): FingerPosition[name] for name in FingerPosition.__members__}


@dataclass
class Cost:
    """CPU seconds that went into drawing captures; scoring is counted by the station's player."""

    drawing: float = 0.0


COST = Cost()


@dataclass
class Body:
    """One person's fingers, eyes and face, and what they are like today.

    Parameters
    ----------
    seed : int
        Whose fingers and eyes.
    missing : frozenset of FingerPosition
    fingers : dict
        `Condition` fields for all fingers.
    each : dict
        The same for single fingers, in place of those for all.
    eyes : dict
        `EyeSpec` fields by eye; ``droop`` 0 to 1 lowers the lids.
    face : dict
        ``blur`` in pixels, ``dark``, ``glasses``, ``mask``, ``headscarf`` 0 or 1, ``hue`` 0 red
        to 1 blue.
    """

    seed: int
    missing: frozenset[FingerPosition] = frozenset()
    fingers: dict[str, float] = field(default_factory=dict)
    each: dict[FingerPosition, dict[str, float]] = field(default_factory=dict)
    eyes: dict[EyeLabel, dict[str, float]] = field(default_factory=dict)
    face: dict[str, float] = field(default_factory=dict)

    def help(self, step: str) -> None:
        """Do what a step says: what it cures becomes less."""
        for name, factor in _HELPS.get(step, {}).items():
            for state in (self.fingers, self.face, *self.each.values(), *self.eyes.values()):
                if name in state:
                    state[name] = round(state[name] * factor, 3)

    def capture(self, what: Instance, attempt: int) -> Pixels:
        """Return what the device sees; another attempt is another press of the same skin."""
        began = time.process_time()
        try:
            return self._capture(what, 1 + attempt % 3)
        finally:
            COST.drawing += time.process_time() - began

    def evidence(self) -> Pixels:
        """Return the photo of face and both hands; missing fingers are missing in it."""
        began = time.process_time()
        gone = {
            right: tuple(
                (code - 2) % 5 if code not in (1, 6) else 4
                for code in self.missing
                if (hand_of(code) == "right") == right
            )
            for right in (True, False)
        }
        photo = _evidence(gone[True], gone[False])
        COST.drawing += time.process_time() - began
        return photo

    def _capture(self, what: Instance, impression: int) -> Pixels:
        if what.modality is Modality.FACE:
            return _face(_frozen(self.face))
        if isinstance(what.position, EyeLabel):
            spec = self.eyes.get(what.position, {})
            return _eye(self.seed, what.position is EyeLabel.LEFT, _frozen(spec), impression)
        position = FingerPosition(what.position or 0)
        if position in SLAPS:
            there = tuple(p for p in slap_fingers(position) if p not in self.missing)
            states = tuple((int(p), _frozen(self._state(p))) for p in there)
            return _slap(self.seed, position, states, impression)
        return _single(self.seed, int(position), _frozen(self._state(position)), impression)

    def _state(self, position: FingerPosition) -> dict[str, float]:
        return self.each.get(position, self.fingers)


def body_of(told: Mapping[str, Any]) -> Body:
    """Make a body of a person in the scenario file."""
    return Body(
        seed=int(told.get("seed", 3)),
        missing=frozenset(_CODES[name] for name in told.get("missing", ())),
        fingers=dict(told.get("fingers", {})),
        each={_CODES[name]: dict(state) for name, state in told.get("each", {}).items()},
        eyes={EyeLabel[name.upper()]: dict(spec) for name, spec in told.get("eyes", {}).items()},
        face=dict(told.get("face", {})),
    )


def _frozen(state: Mapping[str, float]) -> Frozen:
    return tuple(sorted(state.items()))


def _condition(state: Frozen) -> Condition:
    known = {name: value for name, value in state if name in _FINGER_FIELDS}
    for name in ("cracks", "creases"):
        if name in known:
            known[name] = round(known[name])
    return replace(Condition(), **known)


@lru_cache(maxsize=64)
def _hand(seed: int, kind: str) -> dict[int, Any]:
    return hand(seed, kind)


@lru_cache(maxsize=100)
def _slap(
    seed: int, position: FingerPosition, states: tuple[tuple[int, Frozen], ...], impression: int
) -> Pixels:
    kind = {13: "right", 14: "left", 15: "thumbs"}[int(position)]
    masters = _hand(seed, kind)
    fingers = {code: masters[code] for code, _ in states}
    if not fingers:
        return np.full((1500, 1600), 255, np.uint8)
    each = {code: _condition(state) for code, state in states}
    return slap(fingers, each=each, ppi=PPI, impression=impression).pixels


@lru_cache(maxsize=128)
def _single(seed: int, code: int, state: Frozen, impression: int) -> Pixels:
    kind = "thumbs" if code in (1, 6) else "right" if code <= 5 else "left"
    return render(_hand(seed, kind)[code], _condition(state), ppi=PPI, impression=impression).pixels


@lru_cache(maxsize=128)
def _eye(seed: int, left: bool, state: Frozen, impression: int) -> Pixels:
    changes = dict(state)
    droop = changes.pop("droop", 0.0)
    spec = random_eye(40 + 2 * seed + left, left_eye=left, **changes)
    lowered = spec.opening_up * (1 - droop) - 2.0 * droop
    moved = (0.4 * (impression - 2), 0.0)
    return draw_eye(replace(spec, opening_up=lowered, centre=moved))[0]


@lru_cache(maxsize=64)
def _face(state: Frozen) -> Pixels:
    from ektp_biocheck import face

    told = dict(state)
    hue = told.get("hue", 0.0)
    colour = np.array([165, 28, 36]) * (1 - hue) + np.array([32, 58, 150]) * hue
    photo = painted.replace_background(*_portrait(), [int(level) for level in colour])
    seen = face.assess(photo).maps
    points = seen.faces[0].points
    if told.get("headscarf"):
        photo = painted.cover_with_headscarf(photo, points)
    if told.get("glasses"):
        photo = painted.cover_with_glasses(photo, points)
    if told.get("mask"):
        photo = painted.cover_with_mask(photo, points)
    if told.get("dark"):
        photo = painted.brighten(photo, 1 - told["dark"])
    if told.get("blur"):
        photo = painted.defocus(photo, told["blur"])
    return photo


@lru_cache(maxsize=1)
def _portrait() -> tuple[Pixels, NDArray[np.float32]]:
    from ektp_biocheck.face.landmarks import person_mask
    from ektp_biocheck.face.pyramid import Pyramid
    from ektp_biocheck.opencv import cv2

    photo = painted.portrait(600)
    person = cv2.resize(person_mask(Pyramid(photo)), photo.shape[1::-1])
    return photo, np.asarray(person, np.float32)


@lru_cache(maxsize=32)
def _evidence(right: tuple[int, ...], left: tuple[int, ...]) -> Pixels:
    hands = [draw_hand(230, right=True, missing=right), draw_hand(230, missing=left)]
    return evidence_photo(hands=hands)
