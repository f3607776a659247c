"""Error versus discard: does a quality score predict which comparisons fail.

Genuine pairs are discarded in order of their worse print's quality; the area under the failure
rate up to 30 % discarded, as a ratio to random discard, is the figure: 1 is chance, lower is
better. Method: Grother & Tabassi 2007 (doi:10.1109/TPAMI.2007.1019), ISO/IEC 29794-1.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Key = tuple[str, str]


class Pairs(NamedTuple):
    """Genuine comparisons of one sensor by one matcher."""

    sensor: str
    matcher: str
    first: list[Key]
    second: list[Key]
    similarity: NDArray[np.float64]
    failed: NDArray[np.bool_]


def read_pairs(reference: Path) -> list[Pairs]:
    """Genuine pairs with their failure at a false match rate of 1 %."""
    found = []
    for path in sorted(reference.glob("scores_*.csv")):
        sensor, matcher = path.stem.removeprefix("scores_").rsplit("_", 1)
        with path.open() as file:
            rows = list(csv.DictReader(file))
        values = np.array([float(r["score"]) for r in rows])
        genuine = np.array([r["genuine"] == "1" for r in rows])
        impostor = np.sort(values[~genuine])
        limit = np.nextafter(impostor[int(np.ceil(0.99 * len(impostor))) - 1], np.inf)
        first = [(sensor, r["a"]) for r, g in zip(rows, genuine, strict=True) if g]
        second = [(sensor, r["b"]) for r, g in zip(rows, genuine, strict=True) if g]
        similarity = values[genuine]
        found.append(Pairs(sensor, matcher, first, second, similarity, similarity < limit))
    return found


def discard_area(quality: NDArray[np.float64], failed: NDArray[np.bool_]) -> float:
    """Area under the failure rate while the worst 0..30 % are discarded; ties share."""
    order = np.argsort(quality, kind="stable")
    ranked, errors = quality[order], failed[order].astype(float)
    _, group, size = np.unique(ranked, return_inverse=True, return_counts=True)
    removed = np.concatenate([[0.0], np.cumsum((np.bincount(group, errors) / size)[group])])
    at = np.linspace(0, 0.3, 301) * len(quality)
    gone = np.interp(at, np.arange(len(removed)), removed)
    rate = (failed.sum() - gone) / (len(quality) - at)
    return float((rate[1:] + rate[:-1]).sum())


def discard_ratio(
    quality: Mapping[Key, float], pairs: Pairs, rows: slice | NDArray[np.intp] = slice(None)
) -> float:
    """Area as a ratio to that of random discard; lower is better."""
    low = np.array(
        [min(quality[a], quality[b]) for a, b in zip(pairs.first, pairs.second, strict=True)]
    )[rows]
    failed = pairs.failed[rows]
    if not failed.any():
        return float("nan")
    return discard_area(low, failed) / discard_area(np.zeros(len(low)), failed)


def mean_ratio(quality: Mapping[Key, float], pairs: list[Pairs], matcher: str) -> float:
    """Average the discard ratio over the sensors of one matcher."""
    return float(np.mean([discard_ratio(quality, p) for p in pairs if p.matcher == matcher]))


def bootstrap_gain(
    ours: Mapping[Key, float], theirs: Mapping[Key, float], pairs: list[Pairs], matcher: str
) -> tuple[float, float, float]:
    """5 %, 50 % and 95 % of their ratio minus ours, fingers redrawn within each sensor."""
    rng = np.random.default_rng(1)
    chosen = [p for p in pairs if p.matcher == matcher]
    gains = []
    for _ in range(500):
        differences = []
        for p in chosen:
            finger = np.array([k[1].split("_")[0] for k in p.first])
            names = np.unique(finger)
            rows = np.concatenate(
                [np.flatnonzero(finger == f) for f in rng.choice(names, len(names))]
            )
            a, b = discard_ratio(theirs, p, rows), discard_ratio(ours, p, rows)
            if np.isfinite(a) and np.isfinite(b):
                differences.append(a - b)
        gains.append(np.mean(differences))
    low, middle, high = np.quantile(gains, [0.05, 0.5, 0.95])
    return float(low), float(middle), float(high)
