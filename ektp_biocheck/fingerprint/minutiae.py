"""Minutiae as singular points of the ridge phase.

A ridge ending or bifurcation is where the number of ridges changes, that is where the phase
of the ridge wave winds once around a point. The wave is the enhanced print; its quadrature is
its own slope across the ridges. No binarisation and no thinning is needed, and position is
not bound to the skeleton's pixels.

Source of the idea: Larkin & Fletcher, "A coherent framework for fingerprint analysis: are
fingerprints holograms?", Optics Express 15 (2007), doi:10.1364/OE.15.008667.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.fingerprint.enhancement import enhance
from ektp_biocheck.fingerprint.ridges import BROAD, CELL, NARROW, RidgeField, at_pixels
from ektp_biocheck.opencv import cv2

__all__ = ["Minutiae", "find_minutiae", "phase_singularities", "value_at"]

PAIR_PX = 9.0  # two opposite ones this near are a break, a bridge or a pore, not minutiae
CONFIRM_PX = 8.0
CONFIRM_COSINE = 0.82  # 35°
BORDER_PX = 14.0  # nearer to where the ridges end nothing is certain


@dataclass(frozen=True, slots=True)
class Minutiae:
    """Minutiae of one print, one row each.

    Parameters
    ----------
    x, y : (N,) float32
        Position in px at 500 ppi, from the centre of the top left pixel.
    angle : (N,) float32
        Radians, 0..2π, counter-clockwise from the right as seen: along the ending ridge, or
        along the valley between the branches (ISO/IEC 19794-2).
    ending : (N,) bool
        True for a ridge ending, False for a bifurcation.
    reliability : (N,) float32
        Clarity of the ridges around, 0..1.
    confirmed : (N,) bool
        Found again with a broader filter: not made by noise or by the filter itself.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    angle: NDArray[np.float32]
    ending: NDArray[np.bool_]
    reliability: NDArray[np.float32]
    confirmed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Minutiae":
        """Return the chosen rows."""
        return Minutiae(
            self.x[rows], self.y[rows], self.angle[rows], self.ending[rows],
            self.reliability[rows], self.confirmed[rows],
        )  # fmt: skip


def _quadrature(
    wave: NDArray[np.float32], field: RidgeField
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Quadrature of the wave, and the unit vector across the ridges (sign not consistent)."""
    cosine = at_pixels(np.cos(2 * field.direction), field.shape)
    sine = at_pixels(np.sin(2 * field.direction), field.shape)
    nx = np.sqrt(np.clip(0.5 + 0.5 * cosine / np.hypot(cosine, sine).clip(1e-6), 0, 1))
    ny = np.copysign(np.sqrt(np.clip(1 - nx * nx, 0, 1)), sine)
    rate = at_pixels(2 * np.pi / field.period, field.shape)
    slope_x = cv2.Scharr(wave, cv2.CV_32F, 1, 0, scale=1 / 32)
    slope_y = cv2.Scharr(wave, cv2.CV_32F, 0, 1, scale=1 / 32)
    return -(nx * slope_x + ny * slope_y) / np.sin(rate.clip(0.2, 1.6)), nx, ny


def _corners(a: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Return the four corners of every 2×2 square, in the order x then y."""
    return a[:-1, :-1], a[:-1, 1:], a[1:, 1:], a[1:, :-1]


def _candidates(
    wave: NDArray[np.float32], quadrature: NDArray[np.float32], ny: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find the squares where both parts change sign, or where the direction's sign flips."""

    def mixed(a: NDArray[np.float32]) -> NDArray[np.bool_]:
        negative = a < 0
        first = negative[:-1, :-1]
        return (
            (negative[:-1, 1:] ^ first) | (negative[1:, 1:] ^ first) | (negative[1:, :-1] ^ first)
        )

    rows, columns = np.nonzero(mixed(wave) & (mixed(quadrature) | mixed(ny)))
    return rows, columns


def phase_singularities(
    wave: NDArray[np.float32], field: RidgeField
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int8], NDArray[np.float32]]:
    """Find every point around which the phase of the wave winds once.

    Returns
    -------
    x, y : (N,) float32
        Centre of the 2×2 square.
    turn : (N,) int8
        +1 or -1.
    side : (N, 2) float32
        Unit vector along the ridges towards the side with one more of them.
    """
    quadrature, nx, ny = _quadrature(wave, field)
    row, column = _candidates(wave, quadrature, ny)
    index = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
    across_x, across_y = nx[row, column], ny[row, column]
    phases = []
    for at in index:
        same = np.where(nx[at] * across_x + ny[at] * across_y < 0, -1, 1)
        phases.append(np.arctan2(quadrature[at] * same, wave[at]))
    steps = np.stack([phases[(i + 1) % 4] - phases[i] for i in range(4)])
    turn = np.rint(-np.rint(steps / (2 * np.pi)).sum(axis=0)).astype(np.int8)
    real = turn != 0
    side = np.stack([across_y, -across_x], axis=-1)[real] * turn[real, None]
    x = column[real].astype(np.float32) + np.float32(0.5)
    y = row[real].astype(np.float32) + np.float32(0.5)
    return x, y, turn[real], side


def _is_ending(
    wave: NDArray[np.float32],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    side: NDArray[np.float32],
    period: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Tell where the extra line on the fuller side is a ridge (dark), not a valley."""
    reach = 0.6 * period
    map_x, map_y = x + side[:, 0] * reach, y + side[:, 1] * reach
    there = cv2.remap(wave, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return there.ravel() < 0


def _within(
    a: tuple[NDArray[np.float32], ...], b: tuple[NDArray[np.float32], ...], reach: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Rows of a and b at most `reach` apart, and how far; memory grows with the pairs found."""
    from scipy.spatial import cKDTree  # only prints need it

    trees = [cKDTree(np.stack(points[:2], axis=1)) for points in (a, b)]
    near = trees[0].sparse_distance_matrix(trees[1], reach, output_type="ndarray")
    return near["i"], near["j"], near["v"]


def _without_pairs(
    x: NDArray[np.float32], y: NDArray[np.float32], turn: NDArray[np.int8]
) -> NDArray[np.bool_]:
    """Drop opposite neighbours, nearest first: the ridges between them only broke or touched."""
    keep = np.ones(len(x), bool)
    if not len(x):
        return keep
    first, second, apart = _within((x, y), (x, y), PAIR_PX)
    opposite = (first < second) & (turn[first] != turn[second])
    first, second, apart = first[opposite], second[opposite], apart[opposite]
    for at in np.lexsort((second, first, apart)):
        if keep[first[at]] and keep[second[at]]:
            keep[first[at]] = keep[second[at]] = False
    return keep


def value_at(
    grid: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Interpolate a cell map at points."""
    column, row = (x + 0.5) / CELL - 0.5, (y + 0.5) / CELL - 0.5
    return cv2.remap(grid, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).ravel()


def _confirmed(
    first: tuple[NDArray[np.float32], ...], second: tuple[NDArray[np.float32], ...]
) -> NDArray[np.bool_]:
    """Rows (x, y, side) of the first that the second holds too, within half a ridge period."""
    found = np.zeros(len(first[0]), bool)
    if len(first[0]) and len(second[0]):
        i, j, _ = _within(first, second, CONFIRM_PX)
        along = np.einsum("nk,nk->n", first[2][i], second[2][j]) > CONFIRM_COSINE
        found[i[along]] = True
    return found


def _inside(
    wave: NDArray[np.float32], field: RidgeField, distance: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """x, y and fuller side of the unpaired singularities away from the border."""
    x, y, turn, side = phase_singularities(wave, field)
    inside = distance[y.astype(np.intp), x.astype(np.intp)] > BORDER_PX
    x, y, turn, side = x[inside], y[inside], turn[inside], side[inside]
    keep = _without_pairs(x, y, turn)
    return x[keep], y[keep], side[keep]


def find_minutiae(field: RidgeField, foreground: NDArray[np.bool_]) -> Minutiae:
    """Find the minutiae of a print.

    The print is filtered twice, narrowly and broadly. True minutiae stay where they are;
    those that noise makes often move with the filter and are marked unconfirmed. Clarity is
    the other half of the judgement: three quarters of those in pure noise stay.

    Parameters
    ----------
    field : RidgeField
    foreground : (H, W) bool
        Where ridges are; minutiae nearer than `BORDER_PX` to its edge are left out.

    Returns
    -------
    Minutiae
        In raster order; `reliability` and `confirmed` are for the caller to cut at.

    References
    ----------
    Larkin & Fletcher 2007 (see the module).
    """
    padded = np.pad(foreground, 1).astype(np.uint8)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    wave = enhance(field, NARROW)
    x, y, side = found = _inside(wave, field, distance)
    if not len(x):
        none = np.empty(0, np.float32)
        return Minutiae(none, none, none, np.empty(0, bool), none, np.empty(0, bool))
    confirmed = _confirmed(found, _inside(enhance(field, BROAD), field, distance))
    ending = _is_ending(wave, x, y, side, value_at(field.period, x, y))
    angle = np.mod(np.arctan2(-side[:, 1], side[:, 0]), 2 * np.pi).astype(np.float32)
    return Minutiae(x, y, angle, ending, value_at(field.clarity, x, y), confirmed)
