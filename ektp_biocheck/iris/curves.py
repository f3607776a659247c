"""Nearly circular boundaries, and how to unroll a picture around them.

Pupil and limbus both follow J. Daugman's integro-differential idea ("How iris recognition
works", IEEE TCSVT 14(1), 2004, doi:10.1109/TCSVT.2003.818350): the circle across which grey
rises most. Edge strengths are clipped at the circle's own level, so that one bright lash root
or reflection cannot outvote the rest of the rim; the winning circle is then refined with one
sub-pixel point per direction and a robust fit of a circle with a second harmonic (an ellipse).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.opencv import cv2

__all__ = ["Boundary", "fit_harmonics", "peaks", "rise", "unroll"]


@dataclass(frozen=True, slots=True)
class Boundary:
    """A nearly circular boundary: radius(θ) = r + c·cos 2θ + s·sin 2θ about its centre.

    Angles run clockwise from the right, as rows run downwards. `fraction` is the share of the
    looked-at directions in which an edge lies on the curve, `strength` the median grey step
    across it there, both before anything is known about lids.
    """

    x: float
    y: float
    r: float
    c: float
    s: float
    fraction: float
    strength: float
    residual: float

    def radius(self, angle: NDArray[np.float32]) -> NDArray[np.float32]:
        """Radius in each direction (radians)."""
        curve = self.r + self.c * np.cos(2 * angle) + self.s * np.sin(2 * angle)
        return np.asarray(curve, np.float32)

    def scaled(self, factor: float) -> "Boundary":
        """Return the same curve in pixels of a picture `factor` times as large."""
        return replace(
            self,
            x=(self.x + 0.5) * factor - 0.5,
            y=(self.y + 0.5) * factor - 0.5,
            r=self.r * factor,
            c=self.c * factor,
            s=self.s * factor,
            residual=self.residual * factor,
        )

    @property
    def axis_ratio(self) -> float:
        """Short over long axis, 1 for a circle."""
        bulge = float(np.hypot(self.c, self.s))
        return (self.r - bulge) / (self.r + bulge)


def unroll(
    picture: NDArray[np.float32],
    x: float,
    y: float,
    angles: NDArray[np.float32],
    radii: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Sample a picture along rays; rows are radii, columns angles; and what lies inside it.

    `radii` is (rows,), or (rows, angles) where the rays differ.
    """
    reach = radii if radii.ndim == 2 else radii[:, None]
    px = (x + reach * np.cos(angles)).astype(np.float32)
    py = (y + reach * np.sin(angles)).astype(np.float32)
    rays = cv2.remap(picture, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    height, width = picture.shape
    return rays, (px >= 0) & (py >= 0) & (px <= width - 1) & (py <= height - 1)


def rise(rays: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Grey outside minus inside at every radius, over `reach` samples on each side."""
    total = np.cumsum(np.pad(rays, ((reach + 1, reach), (0, 0)), mode="edge"), axis=0)
    rows = rays.shape[0]
    outside = total[2 * reach + 1 :] - total[reach + 1 : reach + 1 + rows]
    inside = total[reach : reach + rows] - total[:rows]
    return np.asarray((outside - inside) / reach, np.float32)


def peaks(rise: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sub-sample row of the largest rise per column, and the rise there."""
    rows = np.clip(np.argmax(rise, axis=0), 1, rise.shape[0] - 2)
    at = np.arange(rise.shape[1])
    before, here, after = rise[rows - 1, at], rise[rows, at], rise[rows + 1, at]
    bend = before - 2 * here + after
    offset = np.where(bend < -1e-6, 0.5 * (before - after) / np.where(bend < -1e-6, bend, -1), 0)
    return (rows + np.clip(offset, -0.5, 0.5)).astype(np.float32), here


def fit_harmonics(
    angle: NDArray[np.float32],
    radius: NDArray[np.float32],
    weight: NDArray[np.float32],
    stiffness: float,
    centring: tuple[float, float, float, float] = (1e-6, 1e-6, 0.0, 0.0),
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit r + a cos θ + b sin θ + c cos 2θ + s sin 2θ, robustly.

    The ellipse part is held back by `stiffness` (in weights), since an arc alone cannot tell an
    ellipse from a shifted circle.
    `centring` holds a and b (weights, then the values they are held to).

    Returns
    -------
    (5,) float64, (n,) float64
        The coefficients and the residuals.
    """
    design = np.stack(
        [np.ones_like(angle), np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)],
        axis=1,
    ).astype(np.float64)
    hold_a, hold_b, at_a, at_b = centring
    ridge = np.array([1e-6, hold_a, hold_b, stiffness, stiffness])
    pull = ridge * np.array([0.0, at_a, at_b, 0.0, 0.0])
    # Begin without the upper sector; its points join if they lie on the curve of the others.
    robust = weight * np.where(np.sin(angle) < -0.6, 0.05, 1.0)
    solution: NDArray[np.float64] = np.zeros(5)
    residual: NDArray[np.float64] = np.zeros(len(angle))
    for _ in range(3):
        weighted = design * robust[:, None]
        solution = np.linalg.solve(design.T @ weighted + np.diag(ridge), weighted.T @ radius + pull)
        residual = np.asarray(radius - design @ solution, np.float64)
        spread = 1.5 * np.median(np.abs(residual[weight > 0])) + 0.1 if weight.any() else 1.0
        robust = np.asarray(weight, np.float64) / (1 + (residual / (1.5 * spread)) ** 2) ** 2
    return solution, residual
