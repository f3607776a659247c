"""Findings on a generated print beside what is true of it."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from ektp_biocheck.fingerprint.minutiae import BORDER_PX
from ektp_biocheck.fingerprint.ridges import CELL, ridge_field
from ektp_biocheck.opencv import cv2
from fixtures.fingerprint import ridge_maps

NEAR_PX = 8


def field_of(capture):
    return ridge_field(capture.pixels.astype(np.float32))


def deeper(mask, pixels):
    """The mask without its rim; the picture's edge is rim too."""
    padded = np.pad(mask, 1).astype(np.uint8)
    return cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1] > pixels


def overlap(one, other):
    """Intersection over union."""
    return (one & other).sum() / max(1, (one | other).sum())


def at_cells(grid, field):
    """Values of a pixel map in the middle of every cell that lies in the picture."""
    places = [
        np.minimum(CELL // 2 + CELL * np.arange(count), side - 1)
        for count, side in zip(field.clarity.shape, grid.shape, strict=True)
    ]
    return grid[np.ix_(*places)]


def field_errors(capture):
    """Direction error (degrees) and relative period error, cells well inside the contact."""
    field = field_of(capture)
    along, period_mm = ridge_maps(capture)
    inside = at_cells(deeper(capture.mask, 20), field)
    across = -(at_cells(along, field) + np.pi / 2)  # counter-clockwise there, y down here
    apart = np.abs(np.angle(np.exp(2j * (field.direction - across)))) / 2
    period = at_cells(period_mm, field) / 25.4 * capture.ppi
    return np.degrees(apart[inside]), (field.period / period - 1)[inside]


def inside_at(mask, points):
    column, row = np.rint(points).astype(int).T
    height, width = mask.shape
    return mask[row.clip(0, height - 1), column.clip(0, width - 1)]


def minutiae_agreement(capture, foreground, minutiae):
    """Counts of true, found, seen, right; errors of position, direction and type.

    Each true minutia has at most one found one within 8 px. Those nearer than 14 px to the
    outline of the contact are left out of the counts, but may be partners.
    """
    truth = np.array([(m.x, m.y) for m in capture.minutiae])
    seen = np.stack([minutiae.x, minutiae.y], axis=1)
    gap = np.hypot(*(truth[:, None] - seen[None]).transpose(2, 0, 1))
    rows, columns = linear_sum_assignment(np.minimum(gap, NEAR_PX))
    close = gap[rows, columns] < NEAR_PX
    rows, columns = rows[close], columns[close]
    counted = deeper(capture.mask, BORDER_PX) & deeper(foreground, BORDER_PX)
    truth_in, seen_in = inside_at(counted, truth), inside_at(counted, seen)
    pairs = truth_in[rows]
    direction = np.array([m.direction for m in capture.minutiae])[rows]
    ending = np.array([m.kind == "ending" for m in capture.minutiae])[rows]
    turn = np.abs(np.angle(np.exp(1j * (direction - minutiae.angle[columns]))))
    return {
        "true": int(truth_in.sum()),
        "found": int(pairs.sum()),
        "seen": int(seen_in.sum()),
        "right": int(seen_in[columns].sum()),
        "gap": gap[rows, columns][pairs],
        "turn": np.degrees(turn)[pairs],
        "same_type": (ending == minutiae.ending[columns])[pairs],
        "false_at": seen[seen_in & ~np.isin(np.arange(len(seen)), columns)],
    }


def places_of_singular_points(capture):
    """Cores and deltas in pixels, (N, 2) x and y."""
    places = capture.master.places
    skin = np.array([*places.cores, *places.deltas], float).reshape(-1, 2)
    middle = (np.array(capture.pixels.shape[::-1]) - 1) / 2
    return capture.placement.to_glass(skin) / 25.4 * capture.ppi + middle
