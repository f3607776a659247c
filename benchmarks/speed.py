# ruff: noqa: E402 (threads are set before numpy is loaded)
"""CPU time of `fingerprint.assess` and of each of its stages, in milliseconds and in yardsticks.

    python benchmarks/speed.py                  # a table; --json for programs
    python benchmarks/speed.py --profile        # where the time goes
    python benchmarks/speed.py --memory 10000   # does memory stay flat in one process?

`benchmarks/README.md` says how to read it.
"""

import argparse
import cProfile
import json
import os
import pstats
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy is loaded
    os.environ.setdefault(_library, "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the fixtures are not installed

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from ektp_biocheck import fingerprint
from ektp_biocheck.fingerprint.analysis import analyse
from ektp_biocheck.fingerprint.enhancement import enhance
from ektp_biocheck.fingerprint.findings import find_defects
from ektp_biocheck.fingerprint.foreground import find_foreground
from ektp_biocheck.fingerprint.iso import fda, lcs, ocl, of, rvup
from ektp_biocheck.fingerprint.iso.blocks import gradient_sums, make_blocks
from ektp_biocheck.fingerprint.iso.roi import region_of_interest
from ektp_biocheck.fingerprint.minutiae import find_minutiae
from ektp_biocheck.fingerprint.ridges import ridge_field
from ektp_biocheck.fingerprint.score import score_print
from ektp_biocheck.fingerprint.skin import describe_skin
from ektp_biocheck.opencv import cv2
from fixtures.fingerprint import Condition, finger, render

Pixels = NDArray[np.uint8]
Stages = dict[str, Callable[[], object]]

SIZES = ((300, 300), (388, 374), (448, 478))  # width and height in px at 500 ppi
CONDITIONS = (Condition(), Condition(dryness=0.5), Condition(wear=0.6, noise=0.3, background=190))
PROFILED = SIZES[1]
SECTIONS = ("iso29794_4", "find_defects")  # a line below these: whole calls, parts of ours, of ISO


def yardstick() -> float:
    """Return the CPU seconds of compressing 1 MiB of fixed bytes with zlib at level 6, once."""
    draws = np.random.Generator(np.random.PCG64(20161109)).integers(0, 64, (2, 1 << 20), np.uint8)
    fixed = (draws[0] & draws[1]).tobytes()  # compresses to two thirds: neither noise nor text
    start = time.process_time()
    zlib.compress(fixed, 6)
    return time.process_time() - start


def prints(size: tuple[int, int], seeds: range = range(1)) -> list[Pixels]:
    """Return generated prints of `size`, one in each condition for each seed."""
    size_mm = (size[0] / 500 * 25.4, size[1] / 500 * 25.4)
    return [
        render(finger(700 + seed), condition, size_mm=size_mm).pixels
        for seed in seeds
        for condition in CONDITIONS
    ]


def stages_of(pixels: Pixels) -> Stages:
    """Return every stage, ready to run on what the stages before it hand over."""
    grey, wide = pixels.astype(np.float32), pixels.astype(np.int32)
    field = ridge_field(grey)
    foreground = find_foreground(field)
    blocks = make_blocks(pixels, wide)
    analysis = analyse(pixels)
    sums = gradient_sums(wide)
    return {
        "assess": lambda: fingerprint.assess(pixels),
        "assess with ISO": lambda: fingerprint.assess(pixels, iso=True),
        "assess fast": lambda: fingerprint.assess(pixels, level="fast"),
        "iso29794_4": lambda: fingerprint.iso29794_4(pixels),
        "ridge_field": lambda: ridge_field(grey),
        "find_foreground": lambda: find_foreground(field),
        "enhance": lambda: enhance(field),
        "find_minutiae": lambda: find_minutiae(field, foreground.mask),
        "describe_skin": lambda: describe_skin(pixels, field, foreground, blocks),
        "score_print": lambda: score_print(analysis),
        "find_defects": lambda: find_defects(analysis, 50, 20.0),
        "make_blocks": lambda: make_blocks(pixels, wide),
        "gradient_sums": lambda: gradient_sums(wide),
        "region_of_interest": lambda: region_of_interest(pixels),
        "OCL, coherence": lambda: (
            ocl.orientation_certainty(*sums),
            ocl.coherence(*sums),
        ),
        "FDA": lambda: fda.frequency_domain_analysis(blocks),
        "LCS": lambda: lcs.local_clarity(blocks),
        "RVUP": lambda: rvup.ridge_valley_uniformity(blocks),
        "OF": lambda: of.orientation_flow(blocks),
    }


def measure(size: tuple[int, int], repeats: int) -> tuple[dict[str, float], float]:
    """Return CPU seconds of every stage (mean over prints of the minimum), and of a yardstick.

    Stages and yardstick take turns, so that a slow spell of the machine meets all of them.
    """
    every = [stages_of(pixels) for pixels in prints(size)]
    best = [dict.fromkeys(stages, float("inf")) for stages in every]
    stick = float("inf")
    for _ in range(repeats):
        stick = min(stick, yardstick())
        for stages, fastest in zip(every, best, strict=True):
            for name, run in stages.items():
                start = time.process_time()
                run()
                fastest[name] = min(fastest[name], time.process_time() - start)
    return {name: float(np.mean([each[name] for each in best])) for name in best[0]}, stick


def report(repeats: int, as_json: bool) -> None:
    """Print the times of all stages at all sizes."""
    measured = {f"{w}×{h}": measure((w, h), repeats) for w, h in SIZES}
    stick = min(each for _, each in measured.values())
    figures: dict[str, Any] = {
        size: {
            name: {"ms": round(s * 1e3, 3), "yardsticks": round(s / stick, 4)}
            for name, s in seconds.items()
        }
        for size, (seconds, _) in measured.items()
    }
    if as_json:
        print(json.dumps({"yardstick_ms": round(stick * 1e3, 2), "sizes": figures}, indent=1))
        return
    table = Table(title=f"CPU time of one thread; 1 yardstick = {stick * 1e3:.1f} ms", box=SIMPLE)
    table.add_column("stage")
    for size in figures:
        table.add_column(f"{size}\nms", justify="right")
        table.add_column("yard-\nsticks", justify="right")
    for name in next(iter(figures.values())):
        cells = [each[name] for each in figures.values()]
        texts = [(f"{c['ms']:.2f}", f"{c['yardsticks']:.3f}") for c in cells]
        row = [text for pair in texts for text in pair]
        table.add_row(name, *row, end_section=name in SECTIONS)
    Console().print(table)


def profile(runs: int = 50) -> None:
    """Print the 25 functions that take the longest."""
    pixels = prints(PROFILED)
    fingerprint.assess(pixels[0], iso=True)
    profiler = cProfile.Profile(time.process_time)
    profiler.enable()
    for number in range(runs):
        fingerprint.assess(pixels[number % len(pixels)], iso=True)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def resident_mb() -> float:
    """Return how much memory this process holds (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def memory(runs: int) -> None:
    """Assess `runs` prints and print the memory held at eleven points on the way."""
    if not Path("/proc/self/statm").exists():
        raise SystemExit("--memory reads /proc, which this system does not have")
    pool = [pixels for size in SIZES for pixels in prints(size, range(5))]
    for pixels in pool:  # every table and cache is filled once
        fingerprint.assess(pixels, iso=True)
    held = [resident_mb()]
    print(f"{0:>7} assessed  {held[0]:7.1f} MB", flush=True)
    for number in range(1, runs + 1):
        fingerprint.assess(pool[number % len(pool)], iso=True)
        if number % max(1, runs // 10) == 0:
            held.append(resident_mb())
            print(f"{number:>7} assessed  {held[-1]:7.1f} MB", flush=True)
    middle = held[len(held) // 2]
    print(f"start {held[0]:.1f}, middle {middle:.1f}, end {held[-1]:.1f} MB")


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15, help="the fastest of so many counts")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    parser.add_argument("--profile", action="store_true", help="print cProfile's top 25 instead")
    parser.add_argument("--memory", type=int, metavar="N", help="assess N prints, print memory")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.profile:
        profile()
    elif options.memory is not None:
        memory(options.memory)
    else:
        report(options.repeats, options.json)


if __name__ == "__main__":
    main()
