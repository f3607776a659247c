"""What covers the face: masks, hands and scarves over nose and mouth, dark lenses, glasses.

The landmark network draws a closed mouth on a surgical mask, so the landmarks say nothing. Eight
cues do, none of which follows the skin's tone: how strongly two networks believe in the face
(on covered faces the logits fall from about 27 and 20 to 10 and 2), how much redder the lips
are than the skin around them, how far the hue around the mouth is from that below the eyes,
beyond what beards and make-up do, the darkness of the nostrils and of the line between the lips
against their own neighbourhood, and the turn of the head, which weakens the beliefs. A logistic
curve joins them; `benchmarks/face_fit_occlusion.py` fits its numbers.

Dark lenses are dark against the same person's cheeks and hide the contrast of the eye behind
them; a pair of clear glasses draws a dark bar across the nose bridge and rims under the eyes.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.face.geometry import LIPS, Portrait
from ektp_biocheck.opencv import cv2

__all__ = ["Covering", "covering", "lower_face_cues", "lower_face_probability"]

# Around the mouth, chin and lower cheeks; under the eyes and on the nose bridge.
_LOWER = (
    *(11, 12, 15, 16, 18, 32, 38, 41, 42, 43, 57, 62, 72, 73, 74, 76, 77, 83),
    *(85, 86, 89, 90, 92, 96, 106, 140, 149, 150, 165, 169, 170, 171, 175, 176, 179, 180),
    *(182, 183, 184, 186, 194, 199, 200, 201, 202, 204, 206, 207, 208, 210, 211, 212, 216, 262),
    *(268, 271, 272, 273, 287, 292, 302, 303, 304, 306, 307, 313, 315, 316, 319, 320, 322, 325),
    *(335, 369, 378, 379, 391, 394, 395, 396, 400, 403, 404, 406, 407, 408, 410, 418, 421, 422),
    *(424, 426, 428, 430, 431, 432, 436),
)
_SKIN = (
    *(168, 6, 8, 9, 31, 47, 100, 114, 118, 119, 120, 121, 128, 217, 228, 229, 230, 231),
    *(232, 277, 329, 343, 347, 348, 349, 350, 357, 437, 448, 449, 450, 451, 452),
)
_INNER_LIPS = (
    78,
    95,
    88,
    178,
    87,
    14,
    317,
    402,
    318,
    324,
    308,
    415,
    310,
    311,
    312,
    13,
    82,
    81,
    80,
    191,
)
_LENS = (
    (22, 23, 24, 110, 27, 28, 29, 30, 224, 223, 222, 230, 229, 231),
    (252, 253, 254, 339, 257, 258, 259, 260, 444, 443, 442, 450, 449, 451),
)
_EYES = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
_CHEEKS = (50, 101, 36, 205, 280, 330, 266, 425, 9, 151)
_RIMS = ((23, 101), (24, 36), (22, 50), (253, 330), (254, 266), (252, 280))
_NOSTRILS = (98, 327, 97, 326, 99, 328)
_FOREHEAD = (151, 108, 337, 69, 299, 104, 333)
_GLABELLA = (8, 9, 168)

# Both beliefs, yaw and pitch beyond 10°, lip redness, hue, nostrils, lip line, constant; fitted
# by benchmarks/face_fit_occlusion.py.
WEIGHTS = (-0.245, -0.294, -0.091, -0.188, -0.840, 0.106, -2.001, -2.142, 11.623)
# The same without the attention mesh, which cv2.dnn cannot run.
PLAIN_WEIGHTS = (0.0, -0.409, -0.054, -0.181, -0.907, 0.129, -1.903, -1.911, 7.577)
_GREY_LIPS = 1.0  # stands for lip redness in a photo without colour


@dataclass(frozen=True, slots=True)
class Covering:
    """How much of the face is covered.

    Parameters
    ----------
    lower_face : float
        Probability, 0..1, that nose or mouth are covered. Lower is better.
    eyes : float
        Darkness of the less dark lens against the cheeks less the contrast within the eyes,
        in natural-log units: about -1 for bare eyes, above 1 for dark lenses.
    glasses : float
        The weaker of nose bar and rims, each against its own threshold; above 1 means glasses.
    forehead : float
        Share of forehead points that do not look like this person's skin. Informational.
    brows : float
        Difference of hue in CIELAB between the skin between the brows and below the eyes.
    oval_visible : float
        Share of the points from brows to chin whose hue is this person's skin's. A beard or
        make-up lowers it too: informational.
    """

    lower_face: float
    eyes: float
    glasses: float
    forehead: float
    brows: float
    oval_visible: float


def covering(
    portrait: Portrait,
    pose: tuple[float, float, float],
    *,
    grey: bool,
    plain: float,
    both: bool = True,
) -> Covering:
    """Measure what covers the face.

    Parameters
    ----------
    portrait : Portrait
    pose : tuple of float
        Yaw, pitch and roll, degrees.
    grey : bool
        Whether the photo has no colour.
    plain : float
        Logit of the plain mesh's belief.
    both : bool
        Whether `Face.presence` is the attention mesh's and not the plain one's again.

    Returns
    -------
    Covering
    """
    log = _log_grey(portrait)
    lab = _lab_at_landmarks(portrait)
    cues = lower_face_cues(portrait, pose, grey=grey, plain=plain, log=log, lab=lab)
    skin = np.median(lab[list(_SKIN)], 0)
    apart = np.hypot(*(lab[list(_FOREHEAD)] - skin)[:, 1:].T) > 12
    darker = np.abs(lab[list(_FOREHEAD), 0] - skin[0]) > 25
    under = np.median(lab[[230, 231, 450, 451, 118, 347]], 0)
    return Covering(
        lower_face=lower_face_probability(cues, WEIGHTS if both else PLAIN_WEIGHTS),
        eyes=_dark_lenses(portrait, log),
        glasses=min(_nose_bar(portrait, log) / 0.2, _rims(portrait, log) / 0.08),
        forehead=float((apart | darker).mean()),
        brows=float(np.hypot(*(np.median(lab[list(_GLABELLA)], 0) - under)[1:])),
        oval_visible=float(
            (np.hypot(*(lab[[*_LOWER, *_SKIN, *_CHEEKS]] - skin)[:, 1:].T) <= 15).mean()
        ),
    )


def lower_face_probability(
    cues: NDArray[np.float64], weights: tuple[float, ...] = WEIGHTS
) -> float:
    """Return the probability that nose or mouth are covered, from `lower_face_cues`."""
    score = float(cues @ np.array(weights[:-1])) + weights[-1]
    return 1 / (1 + math.exp(-max(min(score, 50.0), -50.0)))


def lower_face_cues(
    portrait: Portrait,
    pose: tuple[float, float, float],
    *,
    grey: bool,
    plain: float,
    log: NDArray[np.float32] | None = None,
    lab: NDArray[np.float32] | None = None,
) -> NDArray[np.float64]:
    """Return the (8,) cues that `lower_face_probability` joins; see the module's text."""
    log = _log_grey(portrait) if log is None else log
    lab = _lab_at_landmarks(portrait) if lab is None else lab
    lips = np.median(lab[[*LIPS, *_INNER_LIPS], 1])
    lower = np.median(lab[list(_LOWER)], 0)
    redder = float(np.clip(lips - lower[1], -3, 6))
    hue = float(np.hypot(*(lower - np.median(lab[list(_SKIN)], 0))[1:]))
    points = portrait.points
    middle = (points[[82, 13, 312]] + points[[87, 14, 317]]) / 2
    offsets = np.array([(0.0, dy) for dy in range(-6, 7)])
    line = _at(log, middle[:, None] + offsets).min(1).mean()
    above = _at(log, points[[37, 0, 267]] + [0, -6]).mean()
    below = _at(log, points[[84, 17, 314]] + [0, 8]).mean()
    around = np.array([(dx, dy) for dx in range(-4, 5, 2) for dy in range(-5, 4, 2)])
    holes = _at(log, points[list(_NOSTRILS)][:, None] + around).min(1)
    tip = _at(log, points[[4, 195, 5]]).mean()
    return np.array(
        [
            min(portrait.face.presence, 30.0),
            max(-10.0, min(plain, 25.0)),
            max(0.0, min(abs(pose[0]), 60.0) - 10),
            max(0.0, min(abs(pose[1]), 40.0) - 10),
            _GREY_LIPS if grey else redder,
            max(0.0, min(hue - 10, 20.0)),
            np.clip(np.median(tip - holes), -0.2, 1.2),
            np.clip((above + below) / 2 - line, -0.3, 0.8),
        ]
    )


def _log_grey(portrait: Portrait) -> NDArray[np.float32]:
    """(420, 400): natural logarithm of the lightly smoothed grey window: ratios of light."""
    grey = cv2.cvtColor(portrait.window, cv2.COLOR_RGB2GRAY)
    smooth = cv2.GaussianBlur(grey, (5, 5), 1.2)
    return np.asarray(cv2.LUT(smooth, _LOG))


_LOG = np.log(np.arange(256, dtype=np.float32) + 8)


def _lab_at_landmarks(portrait: Portrait) -> NDArray[np.float32]:
    """(468, 3): CIELAB of the skin around each landmark, averaged over 4×4 window pixels."""
    height, width = (side // 4 for side in portrait.window.shape[:2])
    small = cv2.resize(portrait.window, (width, height), interpolation=cv2.INTER_AREA)
    places = np.clip((portrait.points[:468] / 4).astype(int), 0, [width - 1, height - 1])
    colours = small[places[:, 1], places[:, 0]].astype(np.float32)[None] / 255
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2LAB)[0])


def _at(values: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float32]:
    x = np.clip(places[..., 0].round().astype(int), 0, values.shape[1] - 1)
    y = np.clip(places[..., 1].round().astype(int), 0, values.shape[0] - 1)
    return values[y, x]


def _dark_lenses(portrait: Portrait, log: NDArray[np.float32]) -> float:
    cheeks = float(np.median(_at(log, portrait.points[list(_CHEEKS)])))
    lens = max(_quantile(_at(log, portrait.points[list(ring)]), 0.8) for ring in _LENS)
    return cheeks - lens - max(_contrast(portrait, log, eye) for eye in _EYES)


def _contrast(portrait: Portrait, log: NDArray[np.float32], eye: tuple[int, ...]) -> float:
    outline = portrait.points[list(eye)].round().astype(np.int32)
    x, y, width, height = cv2.boundingRect(outline)
    x0, y0 = max(x, 0), max(y, 0)
    part = log[y0 : max(y + height, 0), x0 : max(x + width, 0)]
    if part.size == 0:
        return 0.0
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [outline - [x0, y0]], 1)
    inside = part[mask > 0]
    if inside.size < 6:
        return 0.0
    return _quantile(inside, 0.95) - _quantile(inside, 0.05)


def _quantile(values: NDArray[np.float32], share: float) -> float:
    """Return what `np.quantile` does, at a tenth of its cost on the few values used here."""
    ordered = np.sort(values)
    at = share * (ordered.size - 1)
    low = int(at)
    high = min(low + 1, ordered.size - 1)
    return float(ordered[low] + (at - low) * (ordered[high] - ordered[low]))


def _nose_bar(portrait: Portrait, log: NDArray[np.float32]) -> float:
    """Depth of the darkest bar across the nose bridge."""
    top, bottom = portrait.points[168, 1] - 22, portrait.points[5, 1] + 16
    middle = portrait.points[6, 0]
    grid = np.stack(np.meshgrid(np.arange(middle - 5, middle + 6), np.arange(top, bottom)), -1)
    if grid.shape[0] < 25:
        return 0.0
    profile = _at(log, grid).mean(1)
    smooth = np.convolve(np.pad(profile, 2, mode="edge"), np.full(5, 0.2), "valid")
    return _valley(smooth, 10)


def _rims(portrait: Portrait, log: NDArray[np.float32]) -> float:
    """Median depth of a dark line between the lower lids and the cheeks."""
    start, end = (portrait.points[[pair[i] for pair in _RIMS]] for i in (0, 1))
    along = np.linspace(0, 1.1, 40)[:, None]
    lines = start[:, None] + (end - start)[:, None] * along
    return float(np.median([_valley(line, 6) for line in _at(log, lines)]))


def _valley(profile: NDArray[np.float32], reach: int) -> float:
    sides = np.minimum(profile[: -2 * reach], profile[2 * reach :])
    return float((sides - profile[reach:-reach]).max())
