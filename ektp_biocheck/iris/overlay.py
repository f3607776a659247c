"""A picture that shows what the scorer saw: boundaries, lids, visible iris, what covers it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ektp_biocheck.defects import advice
from ektp_biocheck.errors import InputError
from ektp_biocheck.iris.segmentation import Eye
from ektp_biocheck.lang import Lang, in_language
from ektp_biocheck.opencv import cv2
from ektp_biocheck.quality import Assessment

if TYPE_CHECKING:
    from ektp_biocheck.iris.curves import Boundary

__all__ = ["overlay"]

_COLOURS = {
    "visible": (60, 200, 90),
    "upper": (225, 70, 60),
    "lower": (240, 140, 40),
    "lashes": (240, 220, 60),
    "reflections": (190, 90, 230),
}
_PUPIL, _LIMBUS, _LID = (90, 220, 255), (60, 150, 255), (255, 255, 255)
_NAMES = {
    "visible": ("Iris terlihat", "Visible iris"),
    "upper": ("Kelopak atas", "Upper lid"),
    "lower": ("Kelopak bawah", "Lower lid"),
    "lashes": ("Bulu mata", "Lashes"),
    "reflections": ("Pantulan", "Reflections"),
}
_WIDTH = 640


def overlay(pixels: NDArray[np.uint8], result: Assessment, lang: Lang = "en") -> NDArray[np.uint8]:
    """Draw why an eye got its score.

    Parameters
    ----------
    pixels : (H, W) uint8
        The capture that was assessed.
    result : Assessment
        What `assess` returned for it.
    lang : {"en", "id"}
        Language of the legend: English or Indonesian.

    Returns
    -------
    (h, w, 3) uint8
        RGB, 640 pixels wide: the capture with pupil (light blue), limbus (blue), lids (white)
        and covers in colours, and a legend with score and advice beneath. Boundaries are
        drawn only when an eye was found.

    Raises
    ------
    InputError
        When the result is not of an iris, the picture not the one assessed, or the language
        unknown.
    """
    if result.modality != "iris":
        raise InputError(f"an iris overlay needs an iris result, got {result.modality}")
    in_language(lang, "", "")
    eye = result.maps
    if isinstance(eye, Eye) and eye.shape != pixels.shape:
        raise InputError(f"the result is of a {eye.shape} picture, this one is {pixels.shape}")
    factor = _WIDTH / pixels.shape[1]
    height = int(np.clip(round(pixels.shape[0] * factor), 16, 1600))
    canvas = cv2.resize(pixels, (_WIDTH, height), interpolation=cv2.INTER_AREA)
    canvas = np.repeat(canvas[:, :, None], 3, axis=2)
    if result.failure is None and isinstance(eye, Eye):
        _draw_eye(canvas, eye, factor)
    return np.concatenate([canvas, _legend(result, lang)])


def _draw_eye(canvas: NDArray[np.uint8], eye: Eye, factor: float) -> None:
    for name, colour in _COLOURS.items():
        mask = cv2.resize(
            eye.mask(name).astype(np.uint8), (canvas.shape[1], canvas.shape[0])
        ).astype(bool)
        canvas[mask] = (0.68 * canvas[mask] + 0.32 * np.array(colour)).astype(np.uint8)
    _draw_curve(canvas, eye.pupil.scaled(factor), _PUPIL)
    limbus = eye.limbus.scaled(factor)
    _draw_curve(canvas, limbus, _LIMBUS)
    u = np.linspace(-1.1, 1.1, 60, dtype=np.float32)
    for lid in (eye.upper, eye.lower):
        points = np.stack([limbus.x + u * limbus.r, limbus.y + lid.at(u) * limbus.r], axis=1)
        _polyline(canvas, points, _LID, closed=False)


def _draw_curve(canvas: NDArray[np.uint8], curve: "Boundary", colour: tuple[int, ...]) -> None:
    angle = np.linspace(0, 2 * np.pi, 120, dtype=np.float32)
    r = curve.radius(angle)
    points = np.stack([curve.x + r * np.cos(angle), curve.y + r * np.sin(angle)], axis=1)
    _polyline(canvas, points, colour, closed=True)


def _polyline(
    canvas: NDArray[np.uint8], points: NDArray[np.float32], colour: tuple[int, ...], *, closed: bool
) -> None:
    fixed = np.rint(points * 16).astype(np.int32)
    cv2.polylines(canvas, [fixed], closed, colour, 2, cv2.LINE_AA, 4)


def _legend(result: Assessment, lang: Lang) -> NDArray[np.uint8]:
    """Score or reason, colours, and the advice for each defect."""
    lines = [_headline(result, lang)]
    lines += [f"• {advice(d.code, lang)}" for d in result.defects[:4]]
    font = ImageFont.load_default(15)
    wrapped = [part for line in lines for part in _wrap(line, font)]
    page = Image.new("RGB", (_WIDTH, 34 + 21 * len(wrapped) + 8), (24, 24, 28))
    draw = ImageDraw.Draw(page)
    x = 10
    for name, colour in _COLOURS.items():
        label = in_language(lang, *_NAMES[name])
        draw.rectangle((x, 11, x + 12, 23), fill=colour)
        draw.text((x + 17, 8), label, font=font, fill=(235, 235, 235))
        x += 36 + int(draw.textlength(label, font=font))
    for row, line in enumerate(wrapped):
        draw.text((10, 34 + 21 * row), line, font=font, fill=(235, 235, 235))
    return np.asarray(page, np.uint8)


def _headline(result: Assessment, lang: Lang) -> str:
    if result.failure is not None:
        return in_language(lang, "Tidak dapat dinilai", f"Not assessed: {result.failure}")
    return in_language(lang, f"Nilai {result.score} dari 100", f"Score {result.score} of 100")


def _wrap(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    rows, row = [], ""
    for word in line.split():
        longer = f"{row} {word}".strip()
        if font.getlength(longer) > _WIDTH - 20:
            rows.append(row)
            row = word
        else:
            row = longer
    return [*rows, row]
