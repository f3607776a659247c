"""Development captures and what the scripts here share: paths, boundaries, own variations.

The captures are found through EKTP_BIOCHECK_DATA (default: ``../shared/data`` beside the
repository); nothing of them is written into it.
"""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck.opencv import cv2
from fixtures.iris import draw_eye, random_eye

SETS = ("CASIA_Iris_Lamp", "MMU2")


def data_root() -> Path:
    """Folder of the development captures."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    root = Path(os.environ.get("EKTP_BIOCHECK_DATA", default))
    if not (root / "iris" / "images").is_dir():
        raise SystemExit(f"{root} holds no iris/images; set EKTP_BIOCHECK_DATA to the captures")
    return root


def captures(root: Path) -> list[tuple[str, str, Path]]:
    """Set, name and path of every development iris, in a fixed order."""
    found = []
    for name in SETS:
        folder = root / "iris" / "images" / name
        found += [(name, path.stem, path) for path in sorted(folder.iterdir())]
    return found


def boundaries(root: Path) -> dict[tuple[str, str], dict[str, float]]:
    """Approximate circles of every development iris (a first segmentation, no ground truth)."""
    path = root / "iris" / "reference" / "boundaries.csv"
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {
        (row["set"], row["image"]): {
            key: float(value) for key, value in row.items() if key not in ("set", "image")
        }
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Genuine comparisons of one set by one matcher, judged at a false match rate of 1 %.

    `shortfall` is the threshold minus the similarity; positive is a failure.
    """

    set: str
    matcher: str
    first: NDArray[np.str_]
    second: NDArray[np.str_]
    shortfall: NDArray[np.float64]

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Comparisons below the threshold."""
        return self.shortfall > 0

    def take(self, rows: NDArray[np.int64]) -> "Comparisons":
        """Return some of the comparisons."""
        return Comparisons(
            self.set, self.matcher, self.first[rows], self.second[rows], self.shortfall[rows]
        )

    def worse(self, quality: dict[tuple[str, str], float]) -> NDArray[np.float64]:
        """Lower quality of the two captures."""
        a = np.array([quality[self.set, name] for name in self.first])
        b = np.array([quality[self.set, name] for name in self.second])
        return np.minimum(a, b)


def comparisons(root: Path) -> list[Comparisons]:
    """Read every set's genuine comparisons by every matcher."""
    found = []
    for name in SETS:
        for matcher in ("gabor", "openiris"):
            path = root / "iris" / "reference" / f"scores_{name}_{matcher}.csv"
            with path.open(newline="") as stream:
                rows = [
                    (r["a"], r["b"], r["genuine"], float(r["score"]))
                    for r in csv.DictReader(stream)
                ]
            impostor = np.sort([score for *_, genuine, score in rows if genuine == "0"])
            bar = np.nextafter(impostor[int(np.ceil(0.99 * len(impostor))) - 1], np.inf)
            genuine = [row for row in rows if row[2] == "1"]
            found.append(
                Comparisons(
                    name,
                    matcher,
                    np.array([row[0] for row in genuine]),
                    np.array([row[1] for row in genuine]),
                    bar - np.array([row[3] for row in genuine]),
                )
            )
    return found


def discard_ratio(
    c: Comparisons, quality: dict[tuple[str, str], float], limit: float = 0.3
) -> float:
    """Area under error versus discard, relative to random discard; lower is better.

    P. Grother and E. Tabassi, "Performance of biometric quality measures", IEEE PAMI 29(4),
    2007, doi:10.1109/TPAMI.2007.1019; pairs leave in order of their worse capture, to 30 %.
    NaN when nothing failed.
    """
    failed = c.failed.astype(np.float64)
    if failed.sum() == 0:
        return float("nan")
    worse = c.worse(quality)
    order = np.argsort(worse, kind="stable")
    _, group, size = np.unique(worse[order], return_inverse=True, return_counts=True)
    expected = (np.bincount(group, failed[order]) / size)[group]  # ties share
    removed = np.concatenate([[0.0], np.cumsum(expected)])
    fraction = np.linspace(0.0, limit, 301)
    at = fraction * len(worse)
    low = np.floor(at).astype(int)
    gone = removed[low] + (at - low) * expected[np.minimum(low, len(worse) - 1)]
    rate = (failed.sum() - gone) / (len(worse) - at)
    return float(np.mean((rate[1:] + rate[:-1]) / 2) / failed.mean())


def read_grey(path: Path) -> NDArray[np.uint8]:
    """Read a picture as 8-bit grey."""
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)


def vary(
    pixels: NDArray[np.uint8], b: dict[str, float], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """One fault at random strength on a real eye, boundaries unmoved."""
    grey = pixels.astype(np.float32)
    yy, xx = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
    iris = np.clip((b["ir"] - np.hypot(xx - b["ix"], yy - b["iy"])) / 3 + 0.5, 0, 1)
    pupil = np.clip((b["pr"] - np.hypot(xx - b["px"], yy - b["py"])) / 3 + 0.5, 0, 1)
    strength = rng.uniform(0.15, 0.85)
    match int(rng.integers(6)):
        case 0:
            veil = float(np.percentile(grey, 60))
            grey += iris * strength * (veil - grey)
        case 1:
            grey += pupil * strength * (rng.uniform(100, 170) - grey)
        case 2:
            grey = cv2.GaussianBlur(grey, (0, 0), strength * 0.08 * b["ir"])
        case 3:
            grey *= 1 - 0.85 * strength
        case 4:
            radius = strength * 0.6 * b["ir"]
            x, y = b["ix"] + rng.normal(0, 0.3) * b["ir"], b["iy"] + rng.normal(0, 0.3) * b["ir"]
            grey[np.hypot(xx - x, yy - y) < radius] = 255
        case _:
            grey = grey * rng.uniform(0.7, 1.3) + rng.normal(0, 12 * strength, grey.shape)
    return np.clip(grey, 0, 255).astype(np.uint8)


def no_eyes(root: Path, rng: np.random.Generator, count: int) -> Iterator[NDArray[np.uint8]]:
    """Pictures without an open eye: skin, closed eyes, faces, prints, noise, blobs, text."""
    truth = boundaries(root)
    eyes = captures(root)
    for index in rng.choice(len(eyes), count, replace=False):
        name, image, path = eyes[index]
        pixels, b = read_grey(path), truth[name, image]
        height, width = pixels.shape
        for _ in range(30):
            w = int(rng.uniform(0.25, 0.5) * width)
            h = int(w * height / width)
            x, y = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
            dx = max(x - b["ix"], b["ix"] - x - w, 0)
            dy = max(y - b["iy"], b["iy"] - y - h, 0)
            if np.hypot(dx, dy) > 1.15 * b["ir"]:
                yield cv2.resize(pixels[y : y + h, x : x + w], (width, height))
                break
    for seed in range(count // 2):
        yield draw_eye(random_eye(7000 + seed, closed=True))[0]
    others = sorted((root / "face" / "images").rglob("*.*")) if (root / "face").is_dir() else []
    prints = sorted((root / "fingerprint" / "images").rglob("*.*"))
    for path in [*others[:: max(1, len(others) // count)], *prints[:: max(1, len(prints) // 30)]]:
        pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if pixels is not None:
            yield np.asarray(pixels, np.uint8)
    for k in range(30):
        blobs = cv2.GaussianBlur(rng.normal(0, 1, (480, 640)), (0, 0), 1.0 + 2 * k)
        yield cv2.normalize(blobs, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    for k in range(10):
        page = np.full((480, 640), 230, np.uint8)
        for row in range(30, 470, 30):
            cv2.putText(page, "0123 Oo dolor sit amet"[k:], (10, row), k % 3, 0.5 + 0.1 * k, 20, 2)
        yield page
