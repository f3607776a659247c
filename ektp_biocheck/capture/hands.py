"""Finding hands with the model inside the installed mediapipe package; nothing is downloaded.

The palm detector sees 192 × 192 pixels, so hands that are small in the picture are missed. A
hand is about as long as a face, so after the whole picture the search goes over squares whose
side is a few face lengths (Zhang et al., "MediaPipe Hands", arXiv:2006.10214: what the model
expects). The model takes the picture for a mirror image; sides are turned round here, so that
left and right are the person's own.
"""

import os
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.errors import InstallationError
from ektp_biocheck.positions import Hand
from ektp_biocheck.quality import Region

__all__ = ["SeenHand", "close", "find_hands"]

_TIPS = (4, 8, 12, 16, 20)
_SQUARES = (3.6, 2.6)  # sides in face lengths; at 2 the detector has a gap, measured on drawings
_STEP = 0.5  # of a side
_WITHOUT_FACE = (0.6, 0.4)  # sides in shares of the shorter edge when no face tells the scale
_LEAST_SIDE = 64
_MOST_SIDE = 1280  # pixels; a larger picture shows no more to a 192-pixel detector

_lock = threading.Lock()
_model: Any = None
_owner = 0


@dataclass(frozen=True, slots=True)
class SeenHand:
    """One hand that the model found.

    Parameters
    ----------
    side : Hand
        The person's own right or left, judged by the model from the shape.
    side_confidence : float
        0.5 to 1, how sure the model is of `side`.
    box : Region
        Around the landmarks, cut to the picture.
    tips_outside : int
        How many of the five fingertips lie outside the picture, 0..5.
    """

    side: Hand
    side_confidence: float
    box: Region
    tips_outside: int

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe form."""
        return {
            "side": self.side.value,
            "side_confidence": round(self.side_confidence, 3),
            "box": self.box.to_dict(),
            "tips_outside": self.tips_outside,
        }


def find_hands(pixels: NDArray[np.uint8], face_length: float | None = None) -> list[SeenHand]:
    """Find every hand of a photo; each once, the largest first.

    Parameters
    ----------
    pixels : (H, W, 3) uint8
        RGB, upright, not mirrored.
    face_length : float, optional
        Height of a face of the photo in pixels, which tells how large hands are.

    Returns
    -------
    list of SeenHand
        Empty when the model finds none: a hand without fingers, bandaged or gloved may be there.

    Raises
    ------
    InstallationError
        When mediapipe or its hand model does not load.
    """
    found: list[tuple[float, NDArray[np.float64], Hand]] = []
    with _lock:
        model = _loaded()
        for x, y, width, height in _views(pixels.shape[:2], face_length):
            view = _reduced(pixels[y : y + height, x : x + width])
            for points, label, belief in _ask(model, view):
                side = Hand.LEFT if label == "Right" else Hand.RIGHT
                found.append((belief, points * (width, height) + (x, y), side))
    height, width = pixels.shape[:2]
    hands = [
        SeenHand(side, belief, _box(points, width, height), _outside(points, width, height))
        for belief, points, side in _distinct(found)
    ]
    return sorted(hands, key=lambda hand: -hand.box.width * hand.box.height)


def close() -> None:
    """Release the model; the next use loads it again."""
    global _model
    with _lock:
        if _model is not None and _owner == os.getpid():
            _model.close()
        _model = None


def _loaded() -> Any:  # noqa: ANN401 - mediapipe has no types
    global _model, _owner
    if _model is None or _owner != os.getpid():  # its threads do not survive a fork
        try:
            from mediapipe.python.solutions.hands import Hands

            with _quiet():
                _model = Hands(static_image_mode=True, max_num_hands=4, model_complexity=1)
        except (ImportError, OSError) as error:
            raise InstallationError(
                f"mediapipe's hand model does not load: {error}. "
                "Cure: `pip install mediapipe==0.10.14`."
            ) from error
        _owner = os.getpid()
    return _model


def _ask(
    model: Any,  # noqa: ANN401
    view: NDArray[np.uint8],
) -> Iterator[tuple[NDArray[np.float64], str, float]]:
    """Yield (21, 2) points in shares of the view, the label and its belief of each hand."""
    with _quiet():
        answer = model.process(view)
    hands = zip(answer.multi_hand_landmarks or (), answer.multi_handedness or (), strict=True)
    for marks, sides in hands:
        first = sides.classification[0]
        yield np.array([(p.x, p.y) for p in marks.landmark]), first.label, float(first.score)


def _views(
    shape: tuple[int, ...], face_length: float | None
) -> Iterator[tuple[int, int, int, int]]:
    """Yield x, y, width, height: the whole picture, then squares that overlap by half."""
    height, width = shape
    yield 0, 0, width, height
    if face_length:
        sides = [round(times * face_length) for times in _SQUARES]
    else:
        sides = [round(share * min(height, width)) for share in _WITHOUT_FACE]
    for side in sides:
        if not _LEAST_SIDE <= side < max(height, width):
            continue
        across, down = min(side, width), min(side, height)
        for y in _starts(height, down):
            for x in _starts(width, across):
                yield x, y, across, down


def _starts(length: int, side: int) -> list[int]:
    steps = int(np.ceil((length - side) / (_STEP * side)))
    return [round(at) for at in np.linspace(0, length - side, steps + 1)]


def _reduced(view: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from ektp_biocheck.opencv import cv2

    largest = max(view.shape[:2])
    if largest > _MOST_SIDE:
        scale = _MOST_SIDE / largest
        view = cv2.resize(view, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(view)


def _distinct(
    found: list[tuple[float, NDArray[np.float64], Hand]],
) -> list[tuple[float, NDArray[np.float64], Hand]]:
    """Keep each hand once, as seen by the view that was surest of its side."""
    kept: list[tuple[float, NDArray[np.float64], Hand]] = []
    for one in sorted(found, key=lambda one: -one[0]):
        middle, size = one[1].mean(0), float(np.ptp(one[1], axis=0).max())
        if all(
            np.hypot(*(middle - other[1].mean(0)))
            > 0.5 * max(size, float(np.ptp(other[1], axis=0).max()))
            for other in kept
        ):
            kept.append(one)
    return kept


def _box(points: NDArray[np.float64], width: int, height: int) -> Region:
    edge = np.array([width, height])
    low = np.clip(np.floor(points.min(0)), 0, edge - 1).astype(int)
    high = np.clip(np.ceil(points.max(0)), low + 1, edge).astype(int)
    return Region(int(low[0]), int(low[1]), *(int(side) for side in high - low))


def _outside(points: NDArray[np.float64], width: int, height: int) -> int:
    tips = points[list(_TIPS)]
    return int(((tips < 0) | (tips > (width, height))).any(axis=1).sum())


class _quiet(warnings.catch_warnings):
    """Hold back the one deprecation warning that mediapipe 0.10.14 draws from protobuf."""

    def __enter__(self) -> Any:  # noqa: ANN401
        log = super().__enter__()
        warnings.filterwarnings(
            "ignore", r"SymbolDatabase\.GetPrototype\(\) is deprecated", UserWarning
        )
        return log
