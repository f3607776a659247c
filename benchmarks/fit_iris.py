"""Fit what the iris scorer has fitted: ``python -m benchmarks.fit_iris confidence``.

Prints the weights that ``search.py`` and ``score.py`` hold. Needs the development captures
(see `iris_data`).
"""

import argparse

import numpy as np
from numpy.typing import NDArray

from benchmarks.iris_data import boundaries, captures, data_root, no_eyes, read_grey, vary
from ektp_biocheck.iris import search
from ektp_biocheck.iris.segmentation import working_picture


def logistic(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64], ridge: float
) -> NDArray[np.float64]:
    """Ridge-penalised logistic regression by Newton steps; the first column is the bias."""
    w = np.zeros(x.shape[1])
    penalty = ridge * np.eye(x.shape[1])
    penalty[0, 0] = 0
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (weight * (p - y)) + penalty @ w
        curvature = (x * (weight * p * (1 - p))[:, None]).T @ x + penalty
        w -= np.linalg.solve(curvature + 1e-9 * np.eye(len(w)), gradient)
    return w


def _right(h: search.Hypothesis, b: dict[str, float], factor: float) -> bool:
    pupil, limbus = h.pupil.scaled(1 / factor), h.limbus.scaled(1 / factor)
    return bool(
        np.hypot(pupil.x - b["px"], pupil.y - b["py"]) < 0.25 * b["pr"]
        and abs(np.log(pupil.r / b["pr"])) < 0.20
        and np.hypot(limbus.x - b["ix"], limbus.y - b["iy"]) < 0.13 * b["ir"]
        and abs(np.log(limbus.r / b["ir"])) < 0.13
    )


def confidence(every: int) -> None:
    """Weights of `search._WEIGHTS`: are both boundaries right?"""
    root, rng = data_root(), np.random.default_rng(4)
    truth = boundaries(root)
    search.SURE = 2.0  # look at every candidate
    rows, right, groups = [], [], []

    def take(pixels: NDArray[np.uint8], b: dict[str, float] | None, group: int) -> None:
        _, clean, reflection, factor = working_picture(pixels)
        side = float(max(clean.shape))
        found = search.find(clean, reflection) + search.find_clouded(clean, reflection)
        for h in found:
            rows.append(search.cues(h.pupil, h.limbus, h.homogeneity, side))
            right.append(b is not None and _right(h, b, factor))
            groups.append(group)

    for n, (name, image, path) in enumerate(captures(root)[::every]):
        pixels, b = read_grey(path), truth[name, image]
        take(pixels, b, n)
        take(vary(pixels, b, rng), b, n)
    for n, pixels in enumerate(no_eyes(root, rng, 120)):
        take(pixels, None, 100_000 + n)
    x, y, g = np.array(rows), np.array(right, np.float64), np.array(groups)
    weight = np.where(y > 0, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    fold = g % 5
    out = np.zeros(len(y))
    for k in range(5):
        w = logistic(x[fold != k], y[fold != k], weight[fold != k], 2.0)
        out[fold == k] = x[fold == k] @ w
    w = logistic(x, y, weight, 2.0)
    print(f"{len(y)} hypotheses, {int(y.sum())} right")
    order = np.argsort(out)
    rank = np.empty(len(out))
    rank[order] = np.arange(len(out))
    positives = y > 0
    auc = (rank[positives].mean() - (positives.sum() - 1) / 2) / (~positives).sum()
    print(f"cross-validated AUC {auc:.4f}")
    for name, value in zip(search.CUES, w, strict=True):
        print(f"{name:18s} {value:8.3f}")
    print("_WEIGHTS = np.array([" + ", ".join(f"{v:.3f}" for v in w) + "])")


def main() -> None:
    """Run one of the fits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["confidence"])
    parser.add_argument("--every", type=int, default=3, help="take every n-th capture")
    arguments = parser.parse_args()
    confidence(arguments.every)


if __name__ == "__main__":
    main()
