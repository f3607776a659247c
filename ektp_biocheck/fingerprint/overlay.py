"""A picture that shows why: the print, its quality map, contact outline, minutiae and legend."""

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.defects import title
from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.analysis import Analysis
from ektp_biocheck.fingerprint.clarity import Level, quality_map
from ektp_biocheck.fingerprint.ridges import CELL
from ektp_biocheck.fingerprint.score import dependability
from ektp_biocheck.lang import Lang
from ektp_biocheck.opencv import cv2
from ektp_biocheck.quality import Assessment

__all__ = ["overlay"]

ZOOM = 2
PANEL = 300  # px, legend beside the print
# Light to dark when printed in grey: clear ridges stay white, worse cells get darker.
COLOURS = {
    Level.CLEAR: None,
    Level.FAIR: (255, 236, 150),
    Level.UNCLEAR: (240, 160, 70),
    Level.NO_RIDGES: (190, 70, 70),
}
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "score": "Score",
        "none": "No score",
        "outline": "contact outline",
        "ending": "ridge ending",
        "fork": "ridge fork",
        "unsure": "doubtful minutia",
        "FAIR": "ridges fairly clear",
        "UNCLEAR": "ridges unclear",
        "NO_RIDGES": "no ridges to be seen",
        "fine": "Nothing wrong found",
    },
    "id": {
        "score": "Nilai",
        "none": "Tanpa nilai",
        "outline": "batas sentuhan jari",
        "ending": "ujung garis",
        "fork": "percabangan garis",
        "unsure": "minutia meragukan",
        "FAIR": "garis cukup jelas",
        "UNCLEAR": "garis tidak jelas",
        "NO_RIDGES": "garis tidak terlihat",
        "fine": "Tidak ada masalah",
    },
}
INK = (20, 20, 20)
ENDING, FORK = (150, 0, 110), (0, 110, 40)


def _tinted(analysis: Analysis) -> NDArray[np.uint8]:
    """Enlarge the print and tint its cells by level."""
    height, width = analysis.pixels.shape
    size = (width * ZOOM, height * ZOOM)
    grey = cv2.resize(analysis.pixels, size, interpolation=cv2.INTER_CUBIC)
    # Lifted to the upper two thirds of the grey scale, so that lines and tints can be seen.
    canvas = cv2.cvtColor((90 + grey * (165 / 255)).astype(np.uint8), cv2.COLOR_GRAY2RGB)
    levels = quality_map(analysis.field, analysis.foreground).levels
    for level, colour in COLOURS.items():
        if colour is None:
            continue
        cells = np.kron(levels == level, np.ones((CELL * ZOOM, CELL * ZOOM), bool))
        chosen = cells[: size[1], : size[0]]
        canvas[chosen] = (0.6 * canvas[chosen] + 0.4 * np.array(colour)).astype(np.uint8)
    return canvas


def _draw_marks(canvas: NDArray[np.uint8], analysis: Analysis) -> None:
    outline = analysis.foreground.polygon
    if len(outline):
        cv2.polylines(canvas, [outline * ZOOM], True, (0, 70, 200), 2, cv2.LINE_AA)
    if analysis.minutiae is None:
        return
    minutiae, trust = analysis.minutiae, dependability(analysis)
    for i in range(len(minutiae)):
        centre = int(minutiae.x[i] * ZOOM), int(minutiae.y[i] * ZOOM)
        if trust[i] < 0.25:
            cv2.circle(canvas, centre, 3, INK, 1, cv2.LINE_AA)
            continue
        angle = minutiae.angle[i]
        tail = int(centre[0] + 14 * np.cos(angle)), int(centre[1] - 14 * np.sin(angle))
        colour = ENDING if minutiae.ending[i] else FORK
        cv2.circle(canvas, centre, 5, colour, 2, cv2.LINE_AA)
        cv2.line(canvas, centre, tail, colour, 2, cv2.LINE_AA)


def _write(panel: NDArray[np.uint8], text: str, at: tuple[int, int], scale: float) -> None:
    cv2.putText(panel, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, INK, 1, cv2.LINE_AA)


def _legend(height: int, result: Assessment, lang: Lang) -> NDArray[np.uint8]:
    words = WORDS[lang]
    panel = np.full((height, PANEL, 3), 255, np.uint8)
    head = words["none"] if result.score is None else f"{words['score']}: {result.score}"
    _write(panel, head, (14, 34), 0.8)
    y = 66
    for defect in result.defects[:5]:
        _write(panel, title(defect.code, lang)[:34], (14, y), 0.45)
        y += 22
    if not result.defects:
        _write(panel, words["fine"], (14, y), 0.45)
        y += 22
    y += 10
    for level, colour in COLOURS.items():
        if colour is not None:
            cv2.rectangle(panel, (14, y - 12), (34, y + 2), colour, cv2.FILLED)
            _write(panel, words[level.name], (44, y), 0.45)
            y += 24
    cv2.line(panel, (14, y - 5), (34, y - 5), (0, 70, 200), 2)
    _write(panel, words["outline"], (44, y), 0.45)
    for colour, word in ((ENDING, "ending"), (FORK, "fork")):
        y += 24
        cv2.circle(panel, (24, y - 5), 5, colour, 2, cv2.LINE_AA)
        _write(panel, words[word], (44, y), 0.45)
    cv2.circle(panel, (24, y + 19), 3, INK, 1, cv2.LINE_AA)
    _write(panel, words["unsure"], (44, y + 24), 0.45)
    return panel


def overlay(pixels: NDArray[np.uint8], result: Assessment, lang: Lang = "en") -> NDArray[np.uint8]:
    """Draw an assessed print and what was found in it.

    Parameters
    ----------
    pixels : (H, W) uint8
        The picture that `assess` was given.
    result : Assessment
        From `assess` in this process (its maps do not travel through JSON).
    lang : "en" or "id"
        Language of the legend.

    Returns
    -------
    (H', W', 3) uint8
        RGB, twice the size at 500 ppi, with a legend at the right; tints keep their order of
        darkness when printed in grey.

    Raises
    ------
    InputError
        When the result carries no maps or the language is unknown.
    """
    analysis = result.maps
    if not isinstance(analysis, Analysis):
        raise InputError("overlay needs a result straight from fingerprint.assess")
    if lang not in WORDS:
        raise InputError(f"lang must be one of {sorted(WORDS)}, got {lang!r}")
    del pixels  # the analysis holds them at 500 ppi
    canvas = _tinted(analysis)
    _draw_marks(canvas, analysis)
    height = max(canvas.shape[0], 384)
    padded = np.full((height, canvas.shape[1], 3), 255, np.uint8)
    padded[: canvas.shape[0]] = canvas
    return np.hstack([padded, _legend(height, result, lang)])
