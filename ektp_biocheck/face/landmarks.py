"""Finding faces and their 478 landmarks; the only module that asks for networks.

Detection is staged because no single run is enough: the full-range detector on the picture
misses faces that fill the frame, so a picture without a good answer is tried again with a
border of half and then of its whole size. Every answer is confirmed by the landmark network's
own belief that a face is there, which rejects most faces a detector invents in logos and
colour wheels. The networks draw a plausible upright face on an inverted one, so a photo that is
upside down is told by a second detector: it looks at the face as it is and turned by 180°, and
scores the right way round higher.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.errors import InputError
from ektp_biocheck.face.pyramid import Pyramid
from ektp_biocheck.face.runtime import (
    MESH_SIZE,
    Detection,
    MediapipeRuntime,
    OpencvRuntime,
    Runtime,
)
from ektp_biocheck.opencv import cv2

__all__ = [
    "Face",
    "Search",
    "close",
    "find_faces",
    "find_turned",
    "person_mask",
    "plain_belief",
    "use_runtime",
]

_SEARCH_SIZE = 384
_BORDERS = (0.0, 0.5, 1.0)
_SURE, _POSSIBLE = 0.6, 0.35
_MOST_FACES = 12
_FILLING = 0.7  # height of a face beside which the detector misses others
_NEIGHBOUR_PRESENCE = 5.0

# Upside down: the short-range detector prefers the turned crops (of these sizes, in mesh
# squares), and the landmark network then believes more by this logit. The second keeps masked
# faces, which weaken the detector, from being refused.
_TURN_CROPS = (1.9, 1.4)
_TURN_CLEAR = -0.15  # after the first crop: as it is, beyond doubt
_TURN_PRESENCE = 3.0
_TURNED_PRESENCE = 14.0
_CLEAR_PRESENCE = 23.0  # inverted copies of 770 photos stay below 21.4 in either runtime


@dataclass(frozen=True)
class Face:
    """One face.

    Parameters
    ----------
    points : (478, 3) float64
        Landmarks in pixels of the picture (x right, y down, z away from the camera, in the
        scale of x); 468 mesh points, then five per iris (468 and 473 are the centres).
        The numbering is MediaPipe's.
    presence : float
        Logit of the landmark network's belief that a face is there; bare faces reach 16 to 30.
    score : float
        The detector's confidence, 0..1.
    square : (192, 192, 3) uint8
        What the landmark network saw.
    """

    points: NDArray[np.float64]
    presence: float
    score: float
    square: NDArray[np.uint8] = field(repr=False, compare=False)

    @property
    def evidence(self) -> float:
        """How sure both networks are together; higher is surer."""
        return min(self.presence, 16.0) + 20.0 * self.score

    @cached_property
    def eyes(self) -> NDArray[np.float64]:
        """(2, 2): centres of the image-left and image-right eye, midway between their corners."""
        corners = self.points[[[33, 133], [362, 263]], :2]
        centres: NDArray[np.float64] = corners.mean(1)
        return centres

    @cached_property
    def ied(self) -> float:
        """Inter-eye distance in pixels as it appears."""
        return float(np.hypot(*(self.eyes[1] - self.eyes[0])))

    @property
    def tilt(self) -> float:
        """Angle between the line of the eyes and the picture's rows, 0..180 degrees."""
        x, y = self.eyes[1] - self.eyes[0]
        return float(abs(np.degrees(np.arctan2(y, x))))

    @cached_property
    def length(self) -> float:
        """OFIQ's T: midpoint of the eyes to chin, in pixels."""
        return float(np.hypot(*(self.points[152, :2] - self.eyes.mean(0))))

    @cached_property
    def box(self) -> NDArray[np.float64]:
        """(4,): x, y, width, height of the mesh."""
        low, high = self.points[:468, :2].min(0), self.points[:468, :2].max(0)
        return np.concatenate([low, high - low])


@dataclass(frozen=True, slots=True)
class Search:
    """What `find_faces` found.

    Parameters
    ----------
    faces : tuple of Face
        Largest first.
    upside_down : bool
        The largest face is more convincing when the picture is turned by 180°.
    places : int
        How many places a detector found like a face before the landmarks were asked.
    """

    faces: tuple[Face, ...]
    upside_down: bool = False
    places: int = 0


_lock = threading.RLock()
_runtime: Runtime | None = None
_owner = 0
_choice: str | None = None
_KINDS: dict[str, type[Runtime]] = {"mediapipe": MediapipeRuntime, "opencv": OpencvRuntime}


def use_runtime(name: str) -> None:
    """Choose the runtime for this process: ``"mediapipe"`` (default) or ``"opencv"``.

    The environment variable ``EKTP_BIOCHECK_FACE_RUNTIME`` chooses for a whole station.

    Raises
    ------
    InputError
        For any other name.
    """
    global _choice
    if name not in _KINDS:
        raise InputError(f"unknown face runtime {name!r}; choose one of {', '.join(_KINDS)}")
    with _lock:
        close()
        _choice = name


def close() -> None:
    """Release the networks; the next use loads them again."""
    global _runtime
    with _lock:
        if _runtime is not None and _owner == os.getpid():
            _runtime.close()
        _runtime = None


@contextmanager
def _ready() -> Iterator[Runtime]:
    """Hold the one runtime of this process; it serves one caller at a time."""
    global _runtime, _owner
    with _lock:
        if _runtime is None or _owner != os.getpid():  # threads of networks do not survive a fork
            name = _choice or os.environ.get("EKTP_BIOCHECK_FACE_RUNTIME", "mediapipe")
            if name not in _KINDS:
                raise InputError(
                    f"EKTP_BIOCHECK_FACE_RUNTIME is {name!r}; set it to {' or '.join(_KINDS)}"
                )
            _runtime, _owner = _KINDS[name](), os.getpid()
        yield _runtime


def find_faces(picture: Pyramid, *, turned: bool = True) -> Search:
    """Find every face and its landmarks.

    Parameters
    ----------
    picture : Pyramid
        RGB.
    turned : bool
        Also ask whether the picture is upside down, unless the face is beyond doubt.

    Returns
    -------
    Search
        Faces, largest first; empty when none was found.
    """
    with _ready() as runtime:
        faces, seen = _search(runtime, picture)
        if not faces:
            return Search((), places=seen)
        first = faces[0]
        clear = first.presence >= _CLEAR_PRESENCE
        inverted = turned and not clear and _turned_wins(runtime, picture, first)
        return Search(tuple(faces), upside_down=inverted, places=seen)


def find_turned(picture: Pyramid) -> int:
    """Return by how many degrees anticlockwise a photo without a face must be turned; 0 if none.

    Only a face that is beyond doubt counts.
    """
    small = picture.within(2 * _SEARCH_SIZE)[0]
    best, least = 0, 45.0
    with _ready() as runtime:
        for quarter in (1, 2, 3):
            turned = Pyramid(np.ascontiguousarray(np.rot90(small, quarter)))
            faces, _ = _search(runtime, turned)
            if faces and faces[0].presence >= _TURNED_PRESENCE and faces[0].tilt < least:
                best, least = 90 * quarter, faces[0].tilt
    return best


def plain_belief(face: Face) -> tuple[float, bool]:
    """Return the plain mesh's logit for a face, and whether `Face.presence` is another's.

    The attention mesh and the plain one doubt covered faces in different ways.
    """
    with _ready() as runtime:
        return runtime.plain_belief(face.square), runtime.name == "mediapipe"


def person_mask(picture: Pyramid) -> NDArray[np.float32]:
    """Return the 0..1 belief that a pixel belongs to a person, (h, w) of a small copy."""
    with _ready() as runtime:
        return runtime.person(np.ascontiguousarray(picture.within(256)[0]))


def _turned_wins(runtime: Runtime, picture: Pyramid, face: Face) -> bool:
    centre, side, _ = _frame(face.points)
    gain = 0.0
    for times in _TURN_CROPS:
        scale = 128 / (side * times)
        shift = 64 - scale * centre
        crop = picture.crop(np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), (128, 128))
        gain += runtime.looks_like_face(np.ascontiguousarray(crop[::-1, ::-1]))
        gain -= runtime.looks_like_face(crop)
        if gain < _TURN_CLEAR:
            return False
    if gain <= 0:
        return False
    turned = Pyramid(np.ascontiguousarray(picture.within(2 * _SEARCH_SIZE)[0][::-1, ::-1]))
    others, _ = _search(runtime, turned)
    return bool(others) and others[0].presence > face.presence + _TURN_PRESENCE


def _search(runtime: Runtime, picture: Pyramid) -> tuple[list[Face], int]:
    """Return confirmed faces, largest first, and how many places looked like one."""
    maybe: list[Detection] = []
    for border in _BORDERS:
        found = _detect(runtime, picture, border)
        sure = [one for one in found if one.score >= _SURE][:_MOST_FACES]
        faces = [face for one in sure if (face := _fit(runtime, picture, one)).presence > 0]
        if faces:
            faces = _distinct(faces)
            if border == 0 and faces[0].box[3] > _FILLING * picture.shape[0]:
                faces = _with_neighbours(runtime, picture, faces)
            return faces, len(found)
        maybe += found
    maybe.sort(key=lambda one: -one.score)
    fits = [_fit(runtime, picture, one) for one in maybe[:6]]
    fits = [face for face in fits if face.presence > _least_presence(face.score)]
    return _distinct([max(fits, key=lambda face: face.evidence)] if fits else []), len(maybe)


def _with_neighbours(runtime: Runtime, picture: Pyramid, faces: list[Face]) -> list[Face]:
    """Add the faces that only show with a border: beside one that fills the frame, others may."""
    more = list(faces)
    for one in _detect(runtime, picture, _BORDERS[1]):
        middle = one.box[:2] + one.box[2:] / 2
        known = any(
            (face.box[:2] < middle).all() and (middle < face.box[:2] + face.box[2:]).all()
            for face in more
        )
        if one.score >= _SURE and not known:
            face = _fit(runtime, picture, one)
            if face.presence > _NEIGHBOUR_PRESENCE:
                more.append(face)
    return _distinct(more)


def _least_presence(score: float) -> float:
    """How much the landmark network must believe what the detector is less than sure of."""
    if score >= _SURE:
        return -2.0  # masks with sunglasses above them
    return 0.0 if score >= 0.5 else 14.0


def _detect(runtime: Runtime, picture: Pyramid, border: float) -> list[Detection]:
    small, scale = picture.within(round(_SEARCH_SIZE / (1 + 2 * border)))
    dy, dx = (round(side * border) for side in small.shape[:2])
    if border:
        small = np.asarray(cv2.copyMakeBorder(small, dy, dy, dx, dx, cv2.BORDER_CONSTANT))
    shift = np.array([dx, dy])
    return [
        Detection(
            one.score,
            np.concatenate([one.box[:2] - shift, one.box[2:]]) / scale,
            (one.points - shift) / scale,
        )
        for one in runtime.detect(np.ascontiguousarray(small), _POSSIBLE)
    ]


def _fit(runtime: Runtime, picture: Pyramid, seen: Detection) -> Face:
    """Landmarks of a detected face, fitted twice: the first fit centres the second crop."""
    across = seen.points[1] - seen.points[0]
    centre = seen.box[:2] + seen.box[2:] / 2
    points, _, _ = _mesh(
        runtime, picture, centre, 1.5 * float(seen.box[2:].max()), float(np.arctan2(*across[::-1]))
    )
    points, belief, square = _mesh(runtime, picture, *_frame(points))
    return Face(points, belief, seen.score, square)


def _frame(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    """Return centre, side and angle of the square that the landmark network was trained on."""
    across = points[263, :2] - points[33, :2]
    angle = float(np.arctan2(across[1], across[0]))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    upright = points[:468, :2] @ turn.T
    low, high = upright.min(0), upright.max(0)
    return turn.T @ ((low + high) / 2), 1.5 * float((high - low).max()), angle


def _mesh(
    runtime: Runtime, picture: Pyramid, centre: NDArray[np.float64], side: float, angle: float
) -> tuple[NDArray[np.float64], float, NDArray[np.uint8]]:
    matrix = _square(centre, side, angle)
    square = picture.crop(matrix, (MESH_SIZE, MESH_SIZE))
    points, belief = runtime.mesh(square)
    back = cv2.invertAffineTransform(matrix)
    points[:, :2] = points[:, :2] @ back[:, :2].T + back[:, 2]
    points[:, 2] *= max(side, 1.0) / MESH_SIZE
    return points, belief, square


def _square(centre: NDArray[np.float64], side: float, angle: float) -> NDArray[np.float64]:
    """Return the (2, 3) matrix from the picture to the landmark network's crop."""
    scale = MESH_SIZE / max(side, 1.0)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    matrix = np.array([[cos, sin, 0.0], [-sin, cos, 0.0]])
    matrix[:, 2] = MESH_SIZE / 2 - matrix[:, :2] @ centre
    return matrix


def _distinct(faces: list[Face]) -> list[Face]:
    """Largest first, each face once."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -float(face.box[2] * face.box[3])):
        middle = face.box[:2] + face.box[2:] / 2
        if all(np.hypot(*(middle - k.box[:2] - k.box[2:] / 2)) > 0.4 * k.box[2] for k in kept):
            kept.append(face)
    return kept
