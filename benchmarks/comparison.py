"""How well the own comparator tells fingers apart, and what its threshold means.

    python benchmarks/comparison.py

Needs the development captures (EKTP_BIOCHECK_DATA). Compares every pair of prints of each
sensor and prints the tables of docs/fingerprint/comparison.md: false non-match rates at fixed
false match rates, with the reference matchers' where their scores lie beside the captures, and
false alarms and finds at `comparison.SAME_FINGER`. Takes about a minute.
"""

import csv
import os
import time
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from ektp_biocheck.fingerprint.analysis import analyse
from ektp_biocheck.fingerprint.comparison import SAME_FINGER, compare
from ektp_biocheck.fingerprint.minutiae import Minutiae
from ektp_biocheck.samples import open_sample

DATA = Path(os.environ.get("EKTP_BIOCHECK_DATA", "../shared/data")) / "fingerprint"
SENSORS = ("FVC2000_DB1_B", "FVC2000_DB2_B", "FVC2000_DB3_B", "FVC2002_DB1_B", "FVC2002_DB3_B")
FALSE_MATCH_RATES = (0.01, 0.001)
DRAWS = 2000

Prints = dict[str, Minutiae]  # by FINGER_IMPRESSION


class Scores(NamedTuple):
    """Similarities of all pairs of one sensor, and which finger each pair's first print shows."""

    genuine: NDArray[np.float64]
    finger: NDArray[np.intp]
    impostor: NDArray[np.float64]


def read_prints(sensor: str) -> Prints:
    """Minutiae of every print of a sensor; a print without a contact area has none."""
    found = {}
    for path in track(sorted((DATA / "images" / sensor).glob("*.png")), sensor):
        minutiae = analyse(open_sample(path, modality="finger").pixels).minutiae
        if minutiae is None:
            none = np.empty(0, np.float32)
            minutiae = Minutiae(none, none, none, none.astype(bool), none, none.astype(bool))
        found[path.stem] = minutiae
    return found


def own_scores(prints: Prints) -> tuple[Scores, float]:
    """Compare all pairs; also the CPU seconds per pair."""
    start = time.process_time()
    rows = [(a, b, compare(prints[a], prints[b])) for a, b in combinations(prints, 2)]
    seconds = (time.process_time() - start) / len(rows)
    return _split(rows), seconds


def _split(rows: list[tuple[str, str, float]]) -> Scores:
    genuine, finger, impostor = [], [], []
    for a, b, similarity in rows:
        if a.split("_")[0] == b.split("_")[0]:
            genuine.append(similarity)
            finger.append(int(a.split("_")[0]))
        else:
            impostor.append(similarity)
    return Scores(np.array(genuine), np.array(finger), np.array(impostor))


def reference_scores(sensor: str) -> dict[str, Scores]:
    """Scores of other matchers on the same pairs, by name."""
    found = {}
    for path in sorted((DATA / "reference").glob(f"scores_{sensor}_*.csv")):
        with path.open() as file:
            rows = [(r["a"], r["b"], float(r["score"])) for r in csv.DictReader(file)]
        found[path.stem.rsplit("_", 1)[1]] = _split(rows)
    return found


def limit_at(impostor: NDArray[np.float64], rate: float) -> float:
    """Smallest similarity that at most this share of different fingers reach."""
    ranked = np.sort(impostor)[::-1]
    return float(np.nextafter(ranked[int(np.floor(rate * len(ranked)))], np.inf))


def missed(scores: Scores, rate: float) -> float:
    """Return the false non-match rate at a false match rate."""
    return float((scores.genuine < limit_at(scores.impostor, rate)).mean())


def missed_interval(scores: Scores, rate: float) -> tuple[float, float]:
    """Bootstrap over fingers: 90 % interval of `missed`."""
    rng = np.random.Generator(np.random.PCG64(20161109))
    failed = scores.genuine < limit_at(scores.impostor, rate)
    fingers = np.unique(scores.finger)
    share = np.array([failed[scores.finger == f].mean() for f in fingers])
    drawn = share[rng.integers(0, len(fingers), (DRAWS, len(fingers)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.05, 0.95])
    return float(low), float(high)


def pooled(parts: list[Scores]) -> Scores:
    """All sensors together; fingers of different sensors stay apart."""
    finger = np.concatenate([p.finger + 10000 * n for n, p in enumerate(parts)])
    return Scores(
        np.concatenate([p.genuine for p in parts]),
        finger,
        np.concatenate([p.impostor for p in parts]),
    )


def persons_alarmed(prints: Prints) -> tuple[int, int]:
    """One impression each of ten fingers stands for a person: how many raise a false alarm."""
    fingers = sorted({name.split("_")[0] for name in prints})
    takes = sorted({name.split("_")[1] for name in prints})
    alarms = 0
    for take in takes:
        own = [prints[f"{f}_{take}"] for f in fingers]
        alarms += any(compare(a, b) >= SAME_FINGER for a, b in combinations(own, 2))
    return alarms, len(takes)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def main() -> None:
    """Measure and print the tables."""
    own: dict[str, Scores] = {}
    lines, at_threshold, speed = [], [], []
    alarmed = persons = 0
    for sensor in SENSORS:
        prints = read_prints(sensor)
        own[sensor], seconds = own_scores(prints)
        count = np.median([len(m) for m in prints.values()])
        speed.append(f"{sensor}: {1e3 * seconds:.2f} ms per pair, {count:g} minutiae (median)")
        alarms, people = persons_alarmed(prints)
        alarmed, persons = alarmed + alarms, persons + people
    for sensor, scores in [*own.items(), ("all pooled", pooled(list(own.values())))]:
        cells = []
        for rate in FALSE_MATCH_RATES:
            low, high = missed_interval(scores, rate)
            cells.append(f"{_percent(missed(scores, rate))} ({_percent(low)}…{_percent(high)})")
            cells.append(f"{limit_at(scores.impostor, rate):.2f}")
        others = [
            f"{name} {' / '.join(_percent(missed(s, rate)) for rate in FALSE_MATCH_RATES)}"
            for name, s in reference_scores(sensor).items()
        ]
        lines.append(f"| {sensor} | {' | '.join(cells)} | {', '.join(others)} |")
        false, found = scores.impostor >= SAME_FINGER, scores.genuine >= SAME_FINGER
        at_threshold.append(
            f"| {sensor} | {100 * false.mean():.2f} ({false.sum()} of {len(false)}) "
            f"| {_percent(found.mean())} |"
        )
    print("| sensor | FNMR % at FMR 1 % | limit | FNMR % at FMR 0.1 % | limit | other matchers |")
    print("|---|---|---|---|---|---|", *lines, sep="\n")
    print(f"\n| sensor | false alarms % at {SAME_FINGER} | repeated fingers found % |")
    print("|---|---|---|", *at_threshold, sep="\n")
    print(f"\nfalsely alarmed: {alarmed} of {persons} stand-in persons of ten fingers\n")
    print(*speed, sep="\n")


if __name__ == "__main__":
    main()
