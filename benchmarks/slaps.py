"""How well slaps are split and their fingers named, on generated slaps.

    python benchmarks/slaps.py [COUNT]

Prints the table of docs/fingerprint/slap.md. Every row is COUNT (default 48) slaps of different
people, hands turned by up to 20 degrees and shifted by up to 5 mm. Takes about ten minutes.
"""

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from rich.progress import track

from ektp_biocheck.fingerprint.ridges import ridge_field
from ektp_biocheck.fingerprint.slap import _read
from ektp_biocheck.fingerprint.slap.split import GRAIN, split_slap
from ektp_biocheck.positions import FingerPosition, slap_fingers
from fixtures.fingerprint import Condition, Slap, hand, slap

F = FingerPosition
KINDS = {"right": F.RIGHT_FOUR, "left": F.LEFT_FOUR, "thumbs": F.BOTH_THUMBS}
SWAPPED = {F.RIGHT_FOUR: F.LEFT_FOUR, F.LEFT_FOUR: F.RIGHT_FOUR}
SKINS = [
    {"dryness": 0.7},
    {"wetness": 0.7},
    {"wear": 0.7},
    {"pressure": -0.7},
    {"pressure": 0.8},
    {"contact": 0.4},
    {"contact": 0.4, "tip_only": True},
]
# name: (kinds, fingers left out, sensor, whether each finger has a condition of its own, size)
ROWS: dict[str, tuple[tuple[str, ...], int, dict[str, float], bool, float]] = {
    "four fingers": (("right", "left"), 0, {}, False, 1.0),
    "two thumbs": (("thumbs",), 0, {}, False, 1.0),
    "one of four missing": (("right", "left"), 1, {}, False, 1.0),
    "two of four missing": (("right", "left"), 2, {}, False, 1.0),
    "one of two thumbs missing": (("thumbs",), 1, {}, False, 1.0),
    "a child's hand (0.75)": (("right", "left"), 0, {}, False, 0.75),
    "each finger dry, wet, worn, light, hard or partial": (("right", "left"), 0, {}, True, 1.0),
    "grey noisy sensor": (
        ("right", "left"),
        0,
        {"background": 160, "texture": 1, "noise": 0.2, "vignette": 1},
        False,
        1.0,
    ),
    "dirty glass with an old print": (
        ("right", "left"),
        0,
        {"dirt": 0.8, "ghost": 0.3},
        False,
        1.0,
    ),
}
COLUMNS = ("count", "positions", "told as unknown", "wrong", "hand told", "hand wrong", "swap seen")


def make(number: int, row: str) -> tuple[Slap, F, list[F]]:
    """One slap of a row, its kind and the positions on it in the picture's order."""
    kinds, left_out, sensor, own, size = ROWS[row]
    rng = np.random.Generator(np.random.PCG64(number))
    kind = kinds[number % len(kinds)]
    fingers = hand(1000 + number, kind, scale=size)
    for code in rng.permutation(list(fingers))[:left_out]:
        del fingers[int(code)]
    x, y = rng.uniform(-5, 5, 2)
    whole = Condition(rotation_deg=float(rng.uniform(-20, 20)), offset_mm=(float(x), float(y)))
    each = {code: Condition(**SKINS[rng.integers(len(SKINS))]) for code in fingers} if own else None
    capture = slap(fingers, replace(whole, **sensor), each=each, impression=int(rng.integers(0, 4)))
    there = {finger.position for finger in capture.fingers}
    return capture, KINDS[kind], [p for p in slap_fingers(KINDS[kind]) if p in there]


def look(capture: Slap, truth: list[F], kind: F) -> dict[str, bool] | None:
    """Compare one slap with its truth, or None when the count is wrong."""
    tips, _ = split_slap(ridge_field(capture.pixels.astype(np.float32)))
    if len(tips) != len(truth):
        return None
    read: Callable[[F | None], object] = lambda e: _read(tips, capture.pixels.shape, e)  # noqa: E731
    asked, free = read(kind), read(None)
    named = asked.positions
    known = [p for p in named if p != F.UNKNOWN]
    wrong = asked.kind != kind or any(
        p not in (F.UNKNOWN, q) for p, q in zip(named, truth, strict=True)
    )
    labels = capture.labels[::GRAIN, ::GRAIN]
    overlap = [
        (tip.mask & (labels == p)).sum() / (tip.mask | (labels == p)).sum()
        for tip, p in zip(tips, truth, strict=True)
    ]
    return {
        "positions": list(named) == truth and asked.kind == kind,
        "told as unknown": not wrong and len(known) < len(truth),
        "wrong": wrong,
        "hand told": free.kind == kind,
        "hand wrong": free.kind not in (kind, F.UNKNOWN),
        "swap seen": kind in SWAPPED and read(SWAPPED[kind]).kind == kind,
        "well cut": min(overlap) > 0.8,
    }


def main() -> None:
    """Measure and print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 48
    print("| slaps | " + " | ".join((*COLUMNS, "well cut")) + " |")
    print("|---|" + "---|" * (len(COLUMNS) + 1))
    for row in ROWS:
        seen = [look(*_ordered(make(n, row))) for n in track(range(count), row)]
        right = [s for s in seen if s is not None]
        cells = [f"{100 * len(right) / count:.0f}"]
        for column in (*COLUMNS[1:], "well cut"):
            cells.append(f"{100 * sum(s[column] for s in right) / max(1, len(right)):.0f}")
        print(f"| {row} | " + " | ".join(cells) + " |", flush=True)


def _ordered(made: tuple[Slap, F, list[F]]) -> tuple[Slap, list[F], F]:
    capture, kind, truth = made
    return capture, truth, kind


if __name__ == "__main__":
    main()
