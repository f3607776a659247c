"""A picture that shows why: landmarks, head box, margins, pose, failing places, a legend."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.defects import advice, title
from ektp_biocheck.face.geometry import BROWS, LIPS, OVAL
from ektp_biocheck.face.landmarks import Face
from ektp_biocheck.face.pose import head_pose
from ektp_biocheck.lang import Lang, in_language
from ektp_biocheck.opencv import cv2
from ektp_biocheck.quality import Assessment, Defect

__all__ = ["overlay"]

_LONGEST, _SHORTEST, _LEGEND = 900, 480, 420
_GREEN, _WHITE, _GREY = (60, 200, 90), (255, 255, 255), (170, 170, 170)
_HARD, _SOFT = (230, 60, 50), (250, 180, 40)
_EYES = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)


def overlay(pixels: NDArray[np.uint8], result: Assessment, lang: Lang = "en") -> NDArray[np.uint8]:
    """Draw what the assessment rests on.

    Parameters
    ----------
    pixels : (H, W, 3) or (H, W) uint8
        The photo that was assessed.
    result : Assessment
        What `assess` returned for it.
    lang : {"en", "id"}
        Language of the legend.

    Returns
    -------
    (h, w, 3) uint8
        RGB: the photo, at most 900 pixels long, and a legend beside it.

    Raises
    ------
    InputError
        When the language is unknown.
    """
    in_language(lang, "", "")
    photo = np.dstack([pixels] * 3) if pixels.ndim == 2 else pixels
    longest = max(photo.shape[:2])
    scale = _LONGEST / longest if longest > _LONGEST else max(1.0, _SHORTEST / longest)
    size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    canvas = np.ascontiguousarray(cv2.resize(photo, size, interpolation=method))
    faces = result.maps.faces if result.maps is not None else ()
    for other in faces[1:]:
        _box(canvas, other.box * scale, _SOFT)
    if faces:
        _draw_face(canvas, faces[0], scale)
        _draw_margins(canvas, faces[0], scale)
        _draw_pose(canvas, faces[0], scale)
    for number, defect in enumerate(result.defects, 1):
        _draw_region(canvas, defect, number, scale)
    return _with_legend(canvas, result, lang)


def _draw_face(canvas: NDArray[np.uint8], face: Face, scale: float) -> None:
    for x, y in face.points[:468, :2] * scale:
        cv2.circle(canvas, (round(x), round(y)), 1, _GREY, -1, cv2.LINE_AA)
    for outline, closed in (
        (OVAL, True),
        (LIPS, True),
        (BROWS, False),
        *((e, True) for e in _EYES),
    ):
        line = (face.points[list(outline), :2] * scale).round().astype(np.int32)
        cv2.polylines(canvas, [line], closed, _GREEN, 1, cv2.LINE_AA)
    _box(canvas, face.box * scale, _GREEN)


def _draw_margins(canvas: NDArray[np.uint8], face: Face, scale: float) -> None:
    """Lines from the eyes to the four edges, which OFIQ's crops and margins measure."""
    height, width = canvas.shape[:2]
    middle = face.eyes.mean(0) * scale
    left, right = face.eyes * scale
    for start, end in (
        (middle, (middle[0], 0)),
        (face.points[152, :2] * scale, (face.points[152, 0] * scale, height - 1)),
        (left, (0, left[1])),
        (right, (width - 1, right[1])),
    ):
        ends = [(round(float(p[0])), round(float(p[1]))) for p in (start, end)]
        cv2.line(canvas, *ends, _WHITE, 1, cv2.LINE_AA)


def _draw_pose(canvas: NDArray[np.uint8], face: Face, scale: float) -> None:
    yaw, pitch, roll = np.radians(head_pose(face.points))
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]]
    )
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_z = np.array(
        [[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    )
    axes = (about_x @ about_y @ about_z)[:2] * [[1], [-1]]
    origin = face.points[1, :2] * scale
    for axis, colour in zip(axes.T, ((240, 80, 80), (80, 220, 80), (90, 130, 255)), strict=True):
        tip = origin + axis * 0.8 * face.ied * scale
        ends = [(round(float(p[0])), round(float(p[1]))) for p in (origin, tip)]
        cv2.arrowedLine(canvas, *ends, colour, 2, cv2.LINE_AA, tipLength=0.15)


def _draw_region(canvas: NDArray[np.uint8], defect: Defect, number: int, scale: float) -> None:
    if defect.region is None:
        return
    colour = _HARD if defect.hard else _SOFT
    r = defect.region
    box = np.array([r.x, r.y, r.width, r.height]) * scale
    _box(canvas, box, colour, 2)
    place = (round(box[0]) + 4 + 18 * (number - 1), round(box[1]) + 16)
    cv2.putText(canvas, str(number), place, cv2.FONT_HERSHEY_SIMPLEX, 0.55, colour, 2, cv2.LINE_AA)


def _box(
    canvas: NDArray[np.uint8],
    box: NDArray[np.float64],
    colour: tuple[int, int, int],
    width: int = 1,
) -> None:
    x, y, w, h = (round(float(v)) for v in box)
    cv2.rectangle(canvas, (x, y), (x + w, y + h), colour, width, cv2.LINE_AA)


def _with_legend(canvas: NDArray[np.uint8], result: Assessment, lang: Lang) -> NDArray[np.uint8]:
    lines = _legend(result, lang)
    height = max(canvas.shape[0], 24 + 19 * len(lines))
    picture = np.zeros((height, canvas.shape[1] + _LEGEND, 3), np.uint8)
    picture[: canvas.shape[0], : canvas.shape[1]] = canvas
    for row, (text, colour) in enumerate(lines):
        place = (canvas.shape[1] + 12, 24 + 19 * row)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
    return picture


def _legend(result: Assessment, lang: Lang) -> list[tuple[str, tuple[int, int, int]]]:
    lines: list[tuple[str, tuple[int, int, int]]] = []
    if result.score is None:
        none = in_language(lang, "Tidak dapat dinilai", "Cannot be assessed")
        lines += [(none, _HARD), *((part, _WHITE) for part in _wrapped(result.failure or ""))]
    else:
        lines.append((f"{in_language(lang, 'Nilai', 'Score')}: {result.score} / 100", _WHITE))
    if result.maps is not None:
        pose = head_pose(result.maps.faces[0].points)
        angles = zip(("yaw", "pitch", "roll"), pose, strict=True)
        lines.append(("  ".join(f"{name} {angle:+.0f}" for name, angle in angles), _GREY))
    for number, defect in enumerate(result.defects, 1):
        colour = _HARD if defect.hard else _SOFT
        lines += [("", _GREY), (f"{number} {title(defect.code, lang)}", colour)]
        lines += [(part, _WHITE) for part in _wrapped(advice(defect.code, lang))]
    if not result.defects:
        lines.append((in_language(lang, "Tidak ada cacat", "No defects"), _GREEN))
    return lines


def _wrapped(text: str, width: int = 50) -> list[str]:
    from textwrap import wrap

    return wrap(text.replace("°", " deg"), width)
