"""What is there instead of a measurable iris: a clouded eye, a lid, or no eye at all.

With the rims gone a dense veil, closed lids and bare skin have little to tell them apart. What
remains is the layout of the whole picture: the row of lashes and how it bends, where edges lie
and which way they run, how smooth the picture is. A multinomial logistic model weighs these
signs and their squares (too little and too much); its weights come from
``benchmarks/fit_iris_cause.py``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.opencv import cv2

__all__ = ["CAUSES", "CROWDED", "SIGNS", "Line", "crowded", "lash_line", "likely_cause", "signs"]

CAUSES = ("clouded", "lid", "none")
_BASE = (
    "line_width",
    "line_bend",
    "line_place",
    "fine_detail",
    "spread_of_greys",
    "edges_run_across",
    "middle_bright",
    "top_bright",
    "edges_high_or_low",
    "edges_sideways",
)
SIGNS = ("bias", *_BASE, *(f"{name}²" for name in _BASE))
_WIDTH = 160  # pixels of the picture that is looked at
CROWDED = 0.6  # development eyes stay under 0.47, drawn ones under 0.59


@dataclass(frozen=True, slots=True)
class Line:
    """The widest dark line across a picture.

    `width` as a share of the picture's, `place` its height from the top (0) to the bottom (1),
    `bend` how far its middle lies below its ends, over half its width.
    """

    width: float
    place: float
    bend: float


def _shrunk(pixels: NDArray[np.uint8], width: int) -> NDArray[np.float32]:
    rows = int(np.clip(round(width * pixels.shape[0] / pixels.shape[1]), 16, 4 * width))
    how = cv2.INTER_AREA if pixels.shape[1] > width else cv2.INTER_LINEAR
    return cv2.resize(pixels, (width, rows), interpolation=how).astype(np.float32)


def lash_line(small: NDArray[np.float32]) -> Line:
    """Find the row of lashes, which is all that closed lids show.

    Parameters
    ----------
    small : (h, 160) float32
        Grey.

    Returns
    -------
    Line
        Of width 0 when there is none. Lines that touch the top or bottom are brows or the
        frame, and not looked at.
    """
    calm = cv2.GaussianBlur(small, (0, 0), 0.6)
    dark = cv2.morphologyEx(calm, cv2.MORPH_CLOSE, np.ones((15, 1), np.uint8)) - calm
    dark[:2] = dark[-2:] = 0
    line = (dark > max(0.5 * float(calm.std()), 12.0)).astype(np.uint8)
    line = cv2.dilate(line, np.ones((3, 5), np.uint8))
    count, labels, stats, centres = cv2.connectedComponentsWithStats(line)
    free = [k for k in range(1, count) if stats[k, 1] > 1 and sum(stats[k, [1, 3]]) < len(line) - 1]
    if not free:
        return Line(0.0, 0.5, 0.0)
    widest = max(free, key=lambda k: int(stats[k, cv2.CC_STAT_WIDTH]))
    left, width = int(stats[widest, 0]), int(stats[widest, 2])
    part = np.where(labels == widest, dark, 0)[:, left : left + width]
    weight = part.sum(axis=0) + 1e-6
    height = (part * np.arange(len(part))[:, None]).sum(axis=0) / weight
    bend = 0.0
    if width > 20:
        along = np.linspace(-1, 1, width)
        bend = -float(np.polyfit(along, height, 2, w=np.sqrt(weight))[0]) / (width / 2)
    return Line(width / _WIDTH, float(centres[widest][1]) / len(line), bend)


def signs(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the figures behind the cause, in the order of `SIGNS`."""
    small = _shrunk(pixels, _WIDTH)
    line = lash_line(small)
    spread, height = float(small.std()), len(small)
    fine = cv2.GaussianBlur(_shrunk(pixels, 2 * _WIDTH), (0, 0), 1.0)
    detail = cv2.Laplacian(fine, cv2.CV_32F)
    calm = cv2.GaussianBlur(small, (0, 0), 1.5)
    gx, gy = np.abs(cv2.Sobel(calm, cv2.CV_32F, 1, 0)), np.abs(cv2.Sobel(calm, cv2.CV_32F, 0, 1))
    edges = cv2.magnitude(gx, gy) + 1e-3
    share = edges / edges.sum()
    middle = small[height // 3 : 2 * height // 3, _WIDTH // 3 : 2 * _WIDTH // 3]
    down = (np.arange(height) / height - 0.5) @ share.sum(axis=1)
    aside = np.sqrt((np.arange(_WIDTH) / _WIDTH - 0.5) ** 2 @ share.sum(axis=0))
    base = np.array(
        [
            line.width,
            float(np.clip(line.bend, -0.5, 0.5)) if line.width > 0.25 else 0.0,
            2 * line.place - 1 if line.width > 0.2 else 0.0,
            np.log(np.abs(detail).mean() / (spread + 2) + 0.01),
            np.log((spread + 2) / (small.mean() + 10)),
            np.log((gy.mean() + 0.1) / (gx.mean() + 0.1)),
            (middle.mean() - small.mean()) / (spread + 3),
            (small[: max(height // 8, 1)].mean() - np.median(small)) / (spread + 3),
            10 * down,
            10 * (aside - 0.25),
        ],
        np.float64,
    )
    return np.concatenate([[1.0], base, base**2])


_WEIGHTS = np.array(
    [
        [-0.71, -0.42, 1.13],  # bias
        [-0.43, 2.46, -2.03],  # line_width
        [-2.20, 1.59, 0.62],  # line_bend
        [-0.89, 1.86, -0.97],  # line_place
        [-2.41, -1.73, 4.15],  # fine_detail
        [0.30, -2.12, 1.82],  # spread_of_greys
        [1.84, 0.38, -2.21],  # edges_run_across
        [-1.90, 2.15, -0.25],  # middle_bright
        [0.09, -0.59, 0.50],  # top_bright
        [-2.07, 1.20, 0.87],  # edges_high_or_low
        [1.36, -1.43, 0.07],  # edges_sideways
        [0.63, -1.11, 0.48],  # line_width²
        [-0.24, 1.38, -1.14],  # line_bend²
        [1.26, -3.94, 2.68],  # line_place²
        [-0.64, -0.63, 1.27],  # fine_detail²
        [-0.22, -1.36, 1.58],  # spread_of_greys²
        [-1.81, 0.79, 1.02],  # edges_run_across²
        [0.15, 0.28, -0.43],  # middle_bright²
        [-0.50, -0.40, 0.90],  # top_bright²
        [-2.06, 0.58, 1.47],  # edges_high_or_low²
        [-1.67, -0.69, 2.35],  # edges_sideways²
    ]
)


def likely_cause(pixels: NDArray[np.uint8]) -> tuple[str, float]:
    """Tell the likeliest of `CAUSES` and its probability."""
    if crowded(pixels) > CROWDED:
        return "none", 1.0
    z = signs(pixels) @ _WEIGHTS
    p = np.exp(z - z.max())
    return CAUSES[int(np.argmax(p))], float(p.max() / p.sum())


def crowded(pixels: NDArray[np.uint8]) -> float:
    """Share of the greys' spread that lies within a fiftieth of the picture's width, 0 to 1.

    Ridges, letters and noise fill a picture with steps; eyes and skin are mostly smooth.
    """
    small = _shrunk(pixels, _WIDTH)
    near = small - cv2.GaussianBlur(small, (0, 0), 3.0)
    return float(near.std() / (small.std() + 2.0))
