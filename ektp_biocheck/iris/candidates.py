"""Where could an eye be? Radial voting for dark discs, with a bright ring of the right size.

Every edge pixel votes, for each radius, for the centre it would have if it lay on the rim of
a disc that is darker inside (G. Loy and A. Zelinsky, "Fast radial symmetry", IEEE PAMI 25(8),
2003, doi:10.1109/TPAMI.2003.1217601, here with votes limited to the dark side and weighted by
a saturating edge strength, so that a faint limbus counts nearly as much as a sharp pupil).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.opencv import cv2

__all__ = ["Candidate", "propose", "propose_discs"]

_PUPIL_RADII = np.asarray(
    np.geomspace(3.2, 33.0, 15), np.float64
)  # in pixels of the coarse picture (160 on the long side)
_LIMBUS_RADII = np.asarray(np.geomspace(11.0, 72.0, 14), np.float64)
Index = NDArray[np.int64]
_RATIO_RANGE = (0.16, 0.78)  # pupil over limbus: anatomy with room for drugs and small pupils


@dataclass(frozen=True, slots=True)
class Candidate:
    """A pupil and limbus guess, in pixels of the picture given to `propose`."""

    x: float
    y: float
    pupil: float
    limbus: float
    votes: float


def _edges(picture: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Edge pixels as columns: x, y, unit gradient (towards bright), weight 0..1."""
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.0)
    gx = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32)
    gy = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32)
    magnitude = cv2.magnitude(gx, gy)
    level = float(np.median(magnitude)) + 0.15
    row, column = np.nonzero(magnitude > 1.3 * level)
    strength = magnitude[row, column]
    return (
        column.astype(np.float32),
        row.astype(np.float32),
        gx[row, column] / strength,
        gy[row, column] / strength,
        strength / (strength + 4.0 * level),
    )


def _vote(
    edges: tuple[NDArray[np.float32], ...],
    radii: NDArray[np.float64],
    shape: tuple[int, int],
    *,
    careful: bool = False,
) -> NDArray[np.float32]:
    """Votes per radius and centre, about 1 when the whole rim agrees."""
    x, y, ux, uy, weight = edges
    height, width = shape
    stack = np.empty((len(radii), height, width), np.float32)
    for k, radius in enumerate(radii):
        cx = np.rint(x - radius * ux).astype(np.int32)
        cy = np.rint(y - radius * uy).astype(np.int32)
        inside = (cx >= 0) & (cx < width) & (cy >= 0) & (cy < height)
        flat = np.bincount(
            cy[inside] * width + cx[inside], weight[inside], minlength=height * width
        )
        sigma = 0.6 + 0.10 * radius
        votes = flat.reshape(shape).astype(np.float32)
        # The scale undoes how a full rim's votes spread over the blur's own area.
        if careful:
            votes *= sigma * sigma / (1.5 * radius)
            stack[k] = cv2.GaussianBlur(votes, (0, 0), sigma)
        else:  # twice a box is nearly a Gaussian at a fraction of its time
            box = 2 * round((np.sqrt(6 * sigma * sigma + 1) - 1) / 2) + 1
            votes *= box * box / (9.4 * radius)
            stack[k] = cv2.blur(cv2.blur(votes, (box, box)), (box, box))
    return stack


def _limbus_near(
    stack: NDArray[np.float32],
    radii: NDArray[np.float64],
    x: Index,
    y: Index,
    pupil: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Best limbus votes around each pupil and the radius that got them."""
    best: NDArray[np.float64] = np.zeros(len(x))
    limbus: NDArray[np.float64] = pupil / 0.4
    for k, radius in enumerate(radii):
        reach = 2 * max(1, int(0.18 * radius)) + 1
        votes = cv2.dilate(stack[k], np.ones((reach, reach), np.uint8))[y, x].astype(np.float64)
        ratio = pupil / radius
        # Anatomy as a weak prior: ratios near 0.4 are usual under station lights.
        votes *= np.exp(-0.5 * (np.log(ratio / 0.38) / 0.6) ** 2)
        better = (votes > best) & (ratio > _RATIO_RANGE[0]) & (ratio < _RATIO_RANGE[1])
        best = np.asarray(np.where(better, votes, best), np.float64)
        limbus = np.asarray(np.where(better, radius, limbus), np.float64)
    return best, limbus


def propose(
    picture: NDArray[np.float32], limit: int = 6, *, careful: bool = False, quick: bool = False
) -> list[Candidate]:
    """List where a pupil inside an iris may be, best first.

    Parameters
    ----------
    picture : (h, w) float32
        Grey picture of at most 160 pixels on the long side, reflections removed.
    limit : int
        How many to return at most.
    careful : bool
        Blur the votes exactly: slower, and finds small pupils that boxes miss.
    quick : bool
        Vote for every second radius only.

    Returns
    -------
    list of Candidate
        May be empty.
    """
    edges = _edges(picture)
    shape = (picture.shape[0], picture.shape[1])
    discs, rings = (radii[:: 2 if quick else 1] for radii in (_PUPIL_RADII, _LIMBUS_RADII))
    pupils = _vote(edges, discs, shape, careful=careful)
    lateral = np.abs(edges[2]) > 0.6  # lids hide the top and bottom of the limbus
    limbs = _vote(tuple(column[lateral] for column in edges), rings, shape, careful=careful)
    strength = pupils.max(axis=0)
    peaks = strength >= cv2.dilate(strength, np.ones((5, 5), np.uint8))
    rows, columns = np.nonzero(peaks & (strength > 0.2 * strength.max()))
    order = np.argsort(-strength[rows, columns], kind="stable")[:24]
    x, y = np.repeat(columns[order], 2), np.repeat(rows[order], 2)
    which = np.argsort(-pupils[:, rows[order], columns[order]], axis=0)[:2].T.ravel()
    radius = discs[which]
    votes, limbus = _limbus_near(limbs, rings, x, y, radius)
    likeness = pupils[which, y, x].astype(np.float64) + 1.3 * votes
    total = likeness * _darkness(picture, x, y, radius, limbus)
    found = [
        Candidate(float(x[k]), float(y[k]), float(radius[k]), float(limbus[k]), float(total[k]))
        for k in np.argsort(-total, kind="stable")
    ]
    return _distinct(found, limit)


def propose_discs(picture: NDArray[np.float32], limit: int = 3) -> list[Candidate]:
    """List where an iris may be whose pupil is not dark: limbus votes alone, best first.

    Same picture as `propose`; the pupil radius given is only the usual share of the limbus.
    """
    edges = _edges(picture)
    lateral = np.abs(edges[2]) > 0.6
    shape = (picture.shape[0], picture.shape[1])
    stack = _vote(tuple(column[lateral] for column in edges), _LIMBUS_RADII, shape)
    # Small rims fill up by chance; an iris that nearly fills the picture cannot.
    best = (stack * np.sqrt(_LIMBUS_RADII / 24)[:, None, None].astype(np.float32)).copy()
    found = []
    for _ in range(limit):
        k, y, x = np.unravel_index(int(np.argmax(best)), best.shape)
        radius = float(_LIMBUS_RADII[k])
        found.append(Candidate(float(x), float(y), 0.4 * radius, radius, float(best[k, y, x])))
        reach = int(0.5 * radius) + 1
        best[:, max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = 0
    return found


def _darkness(
    picture: NDArray[np.float32],
    x: Index,
    y: Index,
    pupil: NDArray[np.float64],
    limbus: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return 0.4..1: is each disc darker than its ring, and that darker than the sclera."""
    width = picture.shape[1]
    calm = cv2.blur(picture, (3, 3))

    def beside(distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean grey at a distance to both sides, of those inside the picture."""
        total, count = np.zeros(len(x)), np.zeros(len(x))
        for sign in (-1, 1):
            column = x + np.rint(sign * distance).astype(np.int64)
            inside = (column >= 0) & (column < width)
            total += np.where(inside, calm[y, np.clip(column, 0, width - 1)], 0)
            count += inside
        return np.where(count > 0, total / np.maximum(count, 1), calm[y, x])

    core = np.minimum(calm[y, x], beside(0.4 * pupil))
    iris = beside(np.minimum(1.5 * pupil, 0.5 * (pupil + limbus)))
    sclera = beside(1.2 * limbus)
    return 0.4 + 0.3 * (core < iris) + 0.3 * (iris < sclera)


def _distinct(found: list[Candidate], limit: int) -> list[Candidate]:
    kept: list[Candidate] = []
    for c in found:
        near = (
            np.hypot(c.x - k.x, c.y - k.y) < 0.5 * k.pupil and abs(np.log(c.pupil / k.pupil)) < 0.25
            for k in kept
        )
        if not any(near):
            kept.append(c)
        if len(kept) == limit:
            break
    return kept
