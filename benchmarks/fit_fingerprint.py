"""Fit the fingerprint score and the causes, and say how well they hold.

    python benchmarks/fit_fingerprint.py [--write] [--cache FILE] [--degrade FOLDER]

Needs the development captures (EKTP_BIOCHECK_DATA) and, for the causes, the folder that holds
`degrade_prints.py`. Prints error-versus-discard ratios leave-one-sensor-out, the paired
bootstrap over fingers against NFIQ 1 and the NFIQ 2 approximation, the table of score and
expected false non-match rate, and the confusion of causes. `--write` replaces
`ektp_biocheck/fingerprint/model.json`.
"""

import argparse
import csv
import importlib.util
import json
import os
import pickle
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.optimize import minimize

from ektp_biocheck.fingerprint import causes, score
from ektp_biocheck.fingerprint.analysis import analyse
from ektp_biocheck.samples import open_sample

DATA = Path(os.environ.get("EKTP_BIOCHECK_DATA", "../shared/data")) / "fingerprint"
MODEL = Path("ektp_biocheck/fingerprint/model.json")
SENSORS = ("FVC2000_DB1_B", "FVC2000_DB2_B", "FVC2000_DB3_B", "FVC2002_DB1_B", "FVC2002_DB3_B")
NO_DEFECT_BEST = 13  # prints of each sensor that are degraded on purpose
FAILED_SHARES = (0.1, 0.2, 0.3)  # genuine comparisons called failed, so that labels are many
L2_SCORE, L2_CAUSES = 0.003, 1e-3
LEAST_WEIGHT = 0.05  # standardised: no term may be dropped, or its defect would go unpunished

Key = tuple[str, str]
Terms = dict[Key, NDArray[np.float64]]


class Pairs(NamedTuple):
    """Genuine comparisons of one sensor by one matcher."""

    sensor: str
    matcher: str
    first: list[Key]
    second: list[Key]
    similarity: NDArray[np.float64]
    failed: NDArray[np.bool_]


def read_reference() -> dict[Key, dict[str, str]]:
    with (DATA / "reference" / "per_image.csv").open() as file:
        return {(r["set"], r["image"]): r for r in csv.DictReader(file) if r["set"] in SENSORS}


def read_pairs() -> list[Pairs]:
    """Genuine pairs with their failure at a false match rate of 1 %."""
    found = []
    for path in sorted((DATA / "reference").glob("scores_*.csv")):
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


def measure(pixels: NDArray[np.uint8]) -> dict[str, Any] | None:
    analysis = analyse(pixels)
    if analysis.skin is None:
        return None
    return {
        "terms": np.array(list(score.terms(analysis).values())),
        "figures": causes.figures(analysis),
    }


def load_degrade(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("degrade_prints", folder / "degrade_prints.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{folder} holds no degrade_prints.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measure_all(reference: Mapping[Key, Mapping[str, str]], degrade: Any) -> dict[str, Any]:
    """Terms and figures of every development print, whole and degraded."""
    result: dict[str, Any] = {"whole": {}, "degraded": []}
    best: set[Key] = set()
    for sensor in SENSORS:
        keys = [k for k in reference if k[0] == sensor]
        keys.sort(key=lambda k: -float(reference[k]["surrogate_nfiq2"] or 0))
        best |= set(keys[:NO_DEFECT_BEST])
    for number, key in enumerate(track(sorted(reference), "measuring", console=None)):
        pixels = open_sample(DATA / "images" / key[0] / f"{key[1]}.png", modality="finger").pixels
        result["whole"][key] = measure(pixels)
        if key not in best:
            continue
        for kind in degrade.KINDS:
            for level in (1, 2, 3):
                worse = degrade.degrade(pixels, kind, level, seed=number)
                result["degraded"].append((key, kind, level, measure(worse)))
    return result


# --- error versus discard -----------------------------------------------------------------


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


def discard_ratio(quality: Mapping[Key, float], pairs: Pairs, rows: Any = slice(None)) -> float:
    """Area as a ratio to that of random discard; lower is better."""
    low = np.array(
        [min(quality[a], quality[b]) for a, b in zip(pairs.first, pairs.second, strict=True)]
    )[rows]
    failed = pairs.failed[rows]
    if not failed.any():
        return float("nan")
    return discard_area(low, failed) / discard_area(np.zeros(len(low)), failed)


def mean_ratio(quality: Mapping[Key, float], pairs: list[Pairs], matcher: str) -> float:
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


# --- the score ----------------------------------------------------------------------------


def fit_score(terms: Terms, pairs: list[Pairs]) -> NDArray[np.float64]:
    """Weights (3,) of the terms: logistic regression of failure on the worse print's quality.

    A pair's quality is a soft minimum of its two prints'; each sensor, matcher and share of
    failures has its own offset, so only the order within a set teaches.
    """
    spread = np.std([terms[k] for p in pairs for k in p.first], axis=0)
    first, second, label, group, weight = [], [], [], [], []
    groups = 0
    for p in pairs:
        matchers = sum(q.sensor == p.sensor for q in pairs)
        for share in FAILED_SHARES:
            first.append(np.array([terms[k] for k in p.first]) / spread)
            second.append(np.array([terms[k] for k in p.second]) / spread)
            label.append(p.similarity <= np.quantile(p.similarity, share))
            group.append(np.full(len(p.first), groups))
            weight.append(np.full(len(p.first), 1.0 / matchers))
            groups += 1
    a, b, y, g, w = (np.concatenate(v) for v in (first, second, label, group, weight))
    centre = np.concatenate([a, b]).mean(axis=0)
    a, b, n = a - centre, b - centre, a.shape[1]

    def loss(p: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        qa, qb = a @ p[:n], b @ p[:n]
        z = p[n:][g] + np.logaddexp(-3 * qa, -3 * qb) / 3
        off = (1 / (1 + np.exp(-z)) - y) * w / w.sum()
        share = 1 / (1 + np.exp(-3 * (qb - qa)))
        slope = -(a.T @ (off * share) + b.T @ (off * (1 - share)))
        value = (w * (np.logaddexp(0, z) - y * z)).sum() / w.sum() + L2_SCORE * (p[:n] ** 2).sum()
        return value, np.concatenate([slope + 2 * L2_SCORE * p[:n], np.bincount(g, off, groups)])

    start = np.concatenate([np.full(n, 0.3), np.full(groups, -1.0)])
    bounds = [(LEAST_WEIGHT, None)] * n + [(None, None)] * groups
    fitted = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B")
    return np.asarray(fitted.x[:n] / spread)


def weighted(terms: Terms, weights: NDArray[np.float64]) -> dict[Key, float]:
    return {key: float(value @ weights) for key, value in terms.items()}


def without_own_sensor(terms: Terms, pairs: list[Pairs]) -> dict[Key, float]:
    """Quality of each print by weights that its sensor had no part in."""
    quality: dict[Key, float] = {}
    for sensor in SENSORS:
        weights = fit_score(terms, [p for p in pairs if p.sensor != sensor])
        quality |= {k: float(v @ weights) for k, v in terms.items() if k[0] == sensor}
    return quality


def scale(terms: Terms, weights: NDArray[np.float64]) -> dict[str, Any]:
    """Turn weights into points: the 2nd and 90th percentile prints stand at 10 and 85."""
    values = np.array(list(terms.values()))
    low, high = np.quantile(values @ weights, [0.02, 0.90])
    points = weights * 75 / (high - low)
    reference = np.quantile(values, 0.9, axis=0)
    at_reference = 85 + float(points @ reference - high * 75 / (high - low))
    return {
        "points": dict(zip(score.TERMS, points.round(4).tolist(), strict=True)),
        "reference": dict(zip(score.TERMS, reference.round(4).tolist(), strict=True)),
        "at_reference": round(at_reference, 3),
    }


def expected_failures(quality: Mapping[Key, float], pairs: list[Pairs]) -> list[dict[str, Any]]:
    """False non-match rate at FMR 1 % by the lower score of a pair, with 90 % intervals."""
    rng = np.random.default_rng(2)
    chosen = [p for p in pairs if p.matcher == "bozorth3"]
    low = np.concatenate(
        [
            [min(quality[a], quality[b]) for a, b in zip(p.first, p.second, strict=True)]
            for p in chosen
        ]
    )
    failed = np.concatenate([p.failed for p in chosen])
    finger = np.array([f"{k[0]}/{k[1].split('_')[0]}" for p in chosen for k in p.first])
    names, table = np.unique(finger), []
    rows_of = {name: np.flatnonzero(finger == name) for name in names}
    draws = [
        np.concatenate([rows_of[n] for n in rng.choice(names, len(names))]) for _ in range(500)
    ]
    for start, stop in (
        (0, 20),
        (20, 30),
        (30, 40),
        (40, 50),
        (50, 60),
        (60, 70),
        (70, 80),
        (80, 101),
    ):
        inside = (low >= start) & (low < stop)
        if inside.sum() < 20:
            continue
        rates = [failed[d][inside[d]].mean() for d in draws if inside[d].any()]
        interval = np.quantile(rates, [0.05, 0.95]).round(3).tolist()
        rate = round(float(failed[inside].mean()), 3)
        table.append(
            {
                "score": [start, min(stop, 100)],
                "pairs": int(inside.sum()),
                "fnmr": rate,
                "interval_90": interval,
            }
        )
    return table


# --- the causes ---------------------------------------------------------------------------

NAMES = tuple(causes.CAUSES)


def cause_rows(measured: dict[str, Any], reference: Mapping[Key, Mapping[str, str]]) -> list[Any]:
    """(key, cause, level, figures): degraded prints, and those whole ones that match well."""
    rows = [(k, kind, level, m["figures"]) for k, kind, level, m in measured["degraded"] if m]
    for sensor in SENSORS:
        mine = {
            k: float(r["mean_genuine_bozorth3"]) for k, r in reference.items() if k[0] == sensor
        }
        middle = np.quantile(list(mine.values()), 0.4)
        rows += [
            (k, "clean", 0, measured["whole"][k]["figures"])
            for k, mean in mine.items()
            if mean >= middle and measured["whole"][k]
        ]
    return rows


def fit_causes(rows: list[Any]) -> dict[str, Any]:
    """Multinomial logistic regression; slight degradations count little, whole prints much."""
    x = np.array([r[3] for r in rows])
    y = np.array([NAMES.index(r[1]) for r in rows])
    by_level = {0: 1.0, 1: 0.2, 2: 1.0, 3: 1.0}
    weight = np.array([by_level[r[2]] for r in rows])
    weight *= np.where(
        y == 0, 2 * (weight * (y > 0)).sum() / len(NAMES) / max((y == 0).sum(), 1), 1
    )
    mean, spread = x.mean(axis=0), x.std(axis=0)
    a = np.hstack([(x - mean) / spread, np.ones((len(x), 1))])
    shape, wanted = (a.shape[1], len(NAMES)), np.eye(len(NAMES))[y]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w = flat.reshape(shape)
        z = a @ w
        z -= z.max(axis=1, keepdims=True)
        odds = np.exp(z)
        odds /= odds.sum(axis=1, keepdims=True)
        penalty = np.vstack([w[:-1], np.zeros((1, shape[1]))])
        value = -(weight * np.log(odds[np.arange(len(y)), y] + 1e-12)).sum() / weight.sum()
        slope = a.T @ ((odds - wanted) * weight[:, None]) / weight.sum() + 2 * L2_CAUSES * penalty
        return value + L2_CAUSES * (penalty**2).sum(), slope.ravel()

    w = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B").x.reshape(shape)
    return {
        "figures": list(causes.FIGURES),
        "causes": list(NAMES),
        "mean": mean.round(5).tolist(),
        "spread": spread.round(5).tolist(),
        "weights": w[:-1].T.round(4).tolist(),
        "offsets": w[-1].round(4).tolist(),
    }


def name_causes(fitted: dict[str, Any], figures: NDArray[np.float64]) -> NDArray[np.intp]:
    scaled = (figures - np.array(fitted["mean"])) / np.array(fitted["spread"])
    logits = scaled @ np.array(fitted["weights"]).T + np.array(fitted["offsets"])
    return np.asarray(logits.argmax(axis=1))


def confusion(rows: list[Any]) -> NDArray[np.int64]:
    """Levels 2 and 3 and whole prints, each sensor by a model fitted on the others."""
    table = np.zeros((len(NAMES), len(NAMES)), np.int64)
    for sensor in SENSORS:
        fitted = fit_causes([r for r in rows if r[0][0] != sensor])
        test = [r for r in rows if r[0][0] == sensor and r[2] != 1]
        for row, told in zip(
            test, name_causes(fitted, np.array([r[3] for r in test])), strict=True
        ):
            table[NAMES.index(row[1]), told] += 1
    return table


# --- main ---------------------------------------------------------------------------------


def report_score(
    terms: Terms, pairs: list[Pairs], reference: Mapping[Key, Mapping[str, str]]
) -> dict[str, Any]:
    peers: dict[str, Callable[[Mapping[str, str]], float]] = {
        "NFIQ 1": lambda r: -float(r["nfiq1"]),
        "NFIQ 2 approximation": lambda r: float(r["surrogate_nfiq2"] or -1e9),
    }
    held_out = without_own_sensor(terms, pairs)
    ratios = {m: mean_ratio(held_out, pairs, m) for m in ("bozorth3", "openafis")}
    print("error versus discard, leave-one-sensor-out:")
    for p in pairs:
        print(f"  {p.sensor:15s} {p.matcher:9s} {discard_ratio(held_out, p):.3f}")
    for matcher, ratio in ratios.items():
        print(f"  mean {matcher}: {ratio:.3f}")
    for name, value in peers.items():
        theirs = {k: value(r) for k, r in reference.items()}
        for matcher in ratios:
            low, middle, high = bootstrap_gain(held_out, theirs, pairs, matcher)
            print(
                f"  {matcher}: {name} {mean_ratio(theirs, pairs, matcher):.3f}, gain {middle:.3f} [{low:.3f}, {high:.3f}]"
            )
    fitted = scale(terms, fit_score(terms, pairs))
    print("points:", fitted)
    return fitted | {"held_out_ratios": {m: round(r, 3) for m, r in ratios.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="replace model.json")
    parser.add_argument("--cache", type=Path, help="keep what was measured here between runs")
    parser.add_argument("--degrade", type=Path, default=DATA.parent.parent / "tools")
    options = parser.parse_args()
    if not (DATA / "reference").is_dir():
        sys.exit(f"{DATA} is not there; set EKTP_BIOCHECK_DATA to the development captures")
    reference, pairs = read_reference(), read_pairs()
    if options.cache and options.cache.exists():
        measured = pickle.loads(options.cache.read_bytes())  # noqa: S301 - our own file
    else:
        measured = measure_all(reference, load_degrade(options.degrade))
        if options.cache:
            options.cache.write_bytes(pickle.dumps(measured))
    nothing = np.array([0.0, -score.FILLED, -5.0])
    terms = {k: m["terms"] if m else nothing for k, m in measured["whole"].items()}
    fitted = report_score(terms, pairs, reference)
    total = np.array([fitted["points"][n] for n in score.TERMS])
    base = fitted["at_reference"] - sum(total * np.array(list(fitted["reference"].values())))
    points = {k: float(np.clip(base + v @ total, 0, 100)) for k, v in terms.items()}
    fitted["expected"] = expected_failures(points, pairs)
    for row in fitted["expected"]:
        print(
            f"  score {row['score']}: FNMR {row['fnmr']:.1%} {row['interval_90']} over {row['pairs']} pairs"
        )
    rows = cause_rows(measured, reference)
    table = confusion(rows)
    print("causes, leave-one-sensor-out:", *NAMES)
    for name, line in zip(NAMES, table, strict=True):
        print(f"  {name:13s}", *(f"{v:4d}" for v in line))
    print(
        f"  right at levels 2 and 3: {np.trace(table[1:, 1:]) / table[1:].sum():.1%}; whole prints called clean: {table[0, 0] / table[0].sum():.1%}"
    )
    if options.write:
        model = {
            "made_by": "benchmarks/fit_fingerprint.py",
            "made_on": date.today().isoformat(),
            "from": {
                "sensors": list(SENSORS),
                "prints": len(terms),
                "matchers": ["bozorth3", "openafis"],
            },
            "score": fitted,
            "causes": fit_causes(rows),
        }
        MODEL.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {MODEL}")


if __name__ == "__main__":
    main()
