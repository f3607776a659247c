"""Fit what the iris scorer has fitted.

::

    python -m benchmarks.fit_iris confidence             # weights of iris/search.py
    python -m benchmarks.fit_iris score [--out FOLDER]   # weights and table of iris/score.py

Needs the development captures (see `iris_data`). ``score`` prints the weights, the error
versus discard by people-disjoint cross-validation with a bootstrap over people, and the table
of score against false non-match rate; ``--out`` keeps the cross-validated scores as CSV.
"""

import argparse
import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.iris_data import (
    Comparisons,
    boundaries,
    captures,
    comparisons,
    data_root,
    discard_ratio,
    no_eyes,
    read_grey,
    vary,
)
from ektp_biocheck import iris
from ektp_biocheck.iris import search
from ektp_biocheck.iris.score import FITTED, POLICY, WORST, Term
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
    """Print the weights of `search._WEIGHTS`: are both boundaries right."""
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


Name = tuple[str, str]
_SOFT = 0.02  # similarity over which a comparison turns from failed to passed
_RIDGE = 0.3  # towards equal weights of nothing; 0.02 to 1 differ by less than 0.03
_FOLDS = 5


def _badness(root: Path) -> dict[Name, NDArray[np.float64]]:
    """Each capture's fitted terms, 0 (good) to 1 (bad), weights left out; 1 for a failure."""
    found = {}
    for name, image, path in captures(root):
        result = iris.assess(read_grey(path))
        unit = [Term(term.good, term.bad, 1.0) for term in FITTED.values()]
        values = [result.measures[measure].value for measure in FITTED]
        row = [term(value) for term, value in zip(unit, values, strict=True)]
        found[name, image] = np.array(row if result.failure is None else [1.0] * len(row))
    return found


def _person(name: Name) -> str:
    return f"{name[0]}/{name[1][:3]}"


def _weights(
    bad: dict[Name, NDArray[np.float64]], sets: list[Comparisons], people: set[str]
) -> NDArray[np.float64]:
    """Non-negative logistic weights for the sum over both captures; a bias per set and matcher.

    A comparison's target is soft: near the threshold half failed, so that comparisons that
    barely pass teach too. Sets and matchers count alike.
    """
    xs, ys, ws, gs = [], [], [], []
    for g, c in enumerate(sets):
        use = np.array([_person((c.set, a)) in people for a in c.first])
        pairs = zip(c.first[use], c.second[use], strict=True)
        xs.append(np.array([bad[c.set, a] + bad[c.set, b] for a, b in pairs]))
        y = 1 / (1 + np.exp(-c.shortfall[use] / _SOFT))
        ys.append(y)
        ws.append(np.full(len(y), 1 / max(y.sum(), 1.0)))
        gs.append(np.full(len(y), g))
    x, y, w, g = np.vstack(xs), np.concatenate(ys), np.concatenate(ws), np.concatenate(gs)
    beta, bias = np.full(x.shape[1], 0.5), np.full(len(sets), -5.0)
    for _ in range(120):
        p = 1 / (1 + np.exp(-np.clip(x @ beta + bias[g], -30, 30)))
        error, curve = w * (p - y), w * p * (1 - p) + 1e-9
        slope = x.T @ error + _RIDGE * beta
        hessian = (x * curve[:, None]).T @ x + _RIDGE * np.eye(len(beta))
        new = beta.copy()
        for _ in range(10):
            for j in range(len(beta)):
                new[j] = max(0.0, new[j] - (slope[j] + hessian[j] @ (new - beta)) / hessian[j, j])
        beta = beta + 0.7 * (new - beta)
        for k in range(len(sets)):
            bias[k] -= 0.7 * error[g == k].sum() / curve[g == k].sum()
    return beta


def _bootstrap(
    quality: dict[Name, float], sets: list[Comparisons], matcher: str, rounds: int = 300
) -> tuple[float, float]:
    """5 % and 95 % of the mean ratio when people are drawn with replacement."""
    rng = np.random.default_rng(8)
    means = []
    for _ in range(rounds):
        ratios = []
        for c in (c for c in sets if c.matcher == matcher):
            owner = np.array([a[:3] for a in c.first])
            people = np.unique(owner)
            drawn = rng.choice(people, len(people))
            rows = np.concatenate([np.nonzero(owner == person)[0] for person in drawn])
            ratio = discard_ratio(c.take(rows), quality)
            if np.isfinite(ratio):
                ratios.append(ratio)
        means.append(float(np.mean(ratios)))
    return float(np.percentile(means, 5)), float(np.percentile(means, 95))


def _table(quality: dict[Name, float], sets: list[Comparisons]) -> None:
    """Print the false non-match rate by score of the worse capture, sets and matchers alike."""
    edges = [0, 40, 50, 60, 70, 80, 90, 101]
    for low, high in pairwise(edges):
        rates, count = [], 0
        for c in sets:
            worse = c.worse(quality)
            rows = (worse >= low) & (worse < high)
            count += int(rows.sum())
            rates.append((int(c.failed[rows].sum()), int(rows.sum())))
        known = [(f + 0.5) / (n + 1) for f, n in rates if n >= 20]
        rate = f"{np.mean(known):.4f}" if known else "too few"
        print(f"score {low:3d}..{high - 1:3d}: FNMR {rate} ({count} comparisons)")


def score(out: Path | None) -> None:
    """Print the weights of `score.FITTED` and how well they predict failed comparisons."""
    root = data_root()
    bad, sets = _badness(root), comparisons(root)
    everyone = sorted({_person(name) for name in bad})
    fold = {p: k % _FOLDS for k, p in enumerate(np.random.default_rng(1).permutation(everyone))}
    quality: dict[Name, float] = {}
    for k in range(_FOLDS):
        beta = _weights(bad, sets, {p for p in everyone if fold[p] != k})
        for name, row in bad.items():
            if fold[_person(name)] == k:
                quality[name] = 100 - 100 * float(row @ beta) / WORST
    for c in sets:
        print(f"{c.set:18s} {c.matcher:10s} ratio {discard_ratio(c, quality):.3f}")
    for matcher in ("gabor", "openiris"):
        mean = np.mean([discard_ratio(c, quality) for c in sets if c.matcher == matcher])
        low, high = _bootstrap(quality, sets, matcher)
        print(f"mean {matcher:10s} {mean:.3f}, 90 % over people {low:.2f} to {high:.2f}")
    _table(quality, sets)
    for name, value in zip(FITTED, _weights(bad, sets, set(everyone)), strict=True):
        print(f"{name:28s} {value:.2f}")
    print(f"set by hand, not fitted: {', '.join(POLICY)}")
    if out is not None:
        with (out / "iris_scores_cross_validated.csv").open("w", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["set", "image", "score"])
            rows.writerows([*name, f"{value:.3f}"] for name, value in sorted(quality.items()))


def main() -> None:
    """Run one of the fits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["confidence", "score"])
    parser.add_argument("--every", type=int, default=4, help="confidence: every n-th capture")
    parser.add_argument("--out", type=Path, help="score: folder for the cross-validated scores")
    arguments = parser.parse_args()
    if arguments.what == "confidence":
        confidence(arguments.every)
    else:
        score(arguments.out)


if __name__ == "__main__":
    main()
