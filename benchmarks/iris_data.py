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


def _inside(shape: tuple[int, ...], x: float, y: float, r: float) -> NDArray[np.float32]:
    """1 inside a disc, 0 outside, over three pixels."""
    yy, xx = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return np.asarray(np.clip((r - np.hypot(xx - x, yy - y)) / 3 + 0.5, 0, 1), np.float32)


def veiled(
    pixels: NDArray[np.uint8], b: dict[str, float], strength: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Veil the cornea with an uneven, blurring haze where the lids leave it open."""
    grey = pixels.astype(np.float32)
    column = np.arange(grey.shape[1], dtype=np.float32)
    row = np.arange(grey.shape[0], dtype=np.float32)[:, None]
    upper, lower = (
        b[f"{lid}_y0"] + b[f"{lid}_a"] * (column - b[f"{lid}_x0"]) ** 2
        for lid in ("upper", "lower")
    )
    between = ((row > upper) & (row < lower)).astype(np.float32)
    disc = _inside(grey.shape, b["ix"], b["iy"], rng.uniform(0.95, 1.05) * b["ir"])
    cover = cv2.GaussianBlur(disc * between, (0, 0), 0.02 * b["ir"])
    clouds = cv2.GaussianBlur(rng.normal(0, 1, grey.shape), (0, 0), 0.3 * b["ir"])
    cover *= np.clip(strength * (1 + 0.08 * clouds / clouds.std()), 0, 1)
    # about as bright as the sclera beside it
    around = _inside(grey.shape, b["ix"], b["iy"], 1.3 * b["ir"]) * between
    sclera = grey[(around > 0.5) & (disc == 0)]
    light = float(np.median(sclera if sclera.size else grey)) * rng.uniform(0.85, 1.2)
    soft = cv2.GaussianBlur(grey, (0, 0), (0.01 + 0.02 * strength) * b["ir"])
    hazy = np.where(cover > 0.02, soft, grey)
    return np.clip(hazy + cover * (light - hazy), 0, 255).astype(np.uint8)


def lid_lowered(pixels: NDArray[np.uint8], b: dict[str, float], share: float) -> NDArray[np.uint8]:
    """Draw the upper lid down by a share of the opening; 1 closes the eye.

    The lashes with the edge move as they are; the skin above them is stretched.
    """
    height, width = pixels.shape
    xx, yy = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    off = xx[0] - b["upper_x0"]
    upper = b["upper_y0"] + b["upper_a"] * off**2
    lower = b["lower_y0"] + b["lower_a"] * (xx[0] - b["lower_x0"]) ** 2
    by = np.maximum(share * (lower + 0.05 * b["ir"] - upper), 0)
    band, reach = 0.3 * b["ir"], 1.5 * b["ir"]
    lid = upper + by
    stretch = (yy - (upper - reach)) * (reach - band) / np.maximum(reach - band + by, 1)
    skin = upper - reach + stretch
    source = np.where(yy < lid - band, np.where(yy < upper - reach, yy, skin), yy - by)
    source = np.where(yy >= lid, yy, source)
    return np.asarray(cv2.remap(pixels, xx, source.astype(np.float32), cv2.INTER_LINEAR), np.uint8)


def vary(
    pixels: NDArray[np.uint8], b: dict[str, float], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """One fault at random strength on a real eye, boundaries unmoved."""
    grey = pixels.astype(np.float32)
    strength = rng.uniform(0.15, 0.85)
    match int(rng.integers(8)):
        case 0:
            return veiled(pixels, b, strength, rng)
        case 1:
            pupil = _inside(grey.shape, b["px"], b["py"], b["pr"])
            grey += pupil * strength * (rng.uniform(100, 170) - grey)
        case 2:
            grey = cv2.GaussianBlur(grey, (0, 0), strength * 0.08 * b["ir"])
        case 3:
            grey *= 1 - 0.85 * strength
        case 4:
            x, y = b["ix"] + rng.normal(0, 0.3) * b["ir"], b["iy"] + rng.normal(0, 0.3) * b["ir"]
            grey += _inside(grey.shape, x, y, strength * 0.6 * b["ir"]) * (255 - grey)
        case 5:
            length = max(round(strength * 0.35 * b["ir"]), 1)
            grey = cv2.filter2D(grey, -1, np.full((1, length), 1 / length, np.float32))
        case 6:
            return lid_lowered(pixels, b, 0.6 * strength)
        case _:
            grey = grey * rng.uniform(0.7, 1.3) + rng.normal(0, 12 * strength, grey.shape)
    return np.clip(grey, 0, 255).astype(np.uint8)


def beside_eye(
    pixels: NDArray[np.uint8], b: dict[str, float], rng: np.random.Generator
) -> NDArray[np.uint8] | None:
    """Crop and enlarge a part beside the eye, at most a rim of the iris in it, often its lashes."""
    height, width = pixels.shape
    for _ in range(30):
        w = int(rng.uniform(0.25, 0.5) * width)
        h = int(w * height / width)
        x, y = int(rng.integers(0, width - w)), int(rng.integers(0, height - h))
        dx = max(x - b["ix"], b["ix"] - x - w, 0)
        dy = max(y - b["iy"], b["iy"] - y - h, 0)
        far = np.hypot(dx, dy) / b["ir"]
        if far > 0.8 and rng.random() < (1.0 if far < 1.6 else 0.3):
            return np.asarray(cv2.resize(pixels[y : y + h, x : x + w], (width, height)), np.uint8)
    return None


def no_eyes(root: Path, rng: np.random.Generator, count: int) -> Iterator[NDArray[np.uint8]]:
    """Pictures without an open eye: skin, closed eyes, faces, prints, noise, blobs, text."""
    truth = boundaries(root)
    eyes = captures(root)
    for index in rng.choice(len(eyes), count, replace=False):
        name, image, path = eyes[index]
        skin = beside_eye(read_grey(path), truth[name, image], rng)
        if skin is not None:
            yield skin
    for index in rng.choice(len(eyes), count, replace=False):
        name, image, path = eyes[index]
        yield lid_lowered(read_grey(path), truth[name, image], rng.uniform(0.9, 1.05))
    for seed in range(count // 2):
        yield draw_eye(random_eye(7000 + seed, closed=True))[0]
    yield from strangers(root, rng, count)


def strangers(root: Path, rng: np.random.Generator, count: int) -> Iterator[NDArray[np.uint8]]:
    """Pictures of other things: faces, prints, noise, text."""
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
