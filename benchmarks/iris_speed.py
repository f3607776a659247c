"""CPU time of `iris.assess`, in yardsticks: ``python -m benchmarks.iris_speed``.

A yardstick is the CPU time of compressing 1 MiB of fixed bytes with zlib at level 6, taken in
the same run, so that figures from different machines and loads can be compared.
"""

import time
import zlib
from collections.abc import Callable
from functools import partial

import numpy as np

from ektp_biocheck import iris
from ektp_biocheck.opencv import cv2
from fixtures.iris import draw_eye, random_eye


def yardstick(repeats: int = 9) -> float:
    """CPU seconds of one yardstick."""
    rng = np.random.Generator(np.random.PCG64(20161109))
    a, b = (rng.integers(0, 64, 1 << 20, dtype=np.uint8) for _ in range(2))
    block = (a & b).tobytes()
    return min(_cpu(lambda: zlib.compress(block, 6)) for _ in range(repeats))


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Print the median over ten clean eyes, each the best of five runs."""
    cv2.setNumThreads(1)
    unit = yardstick()
    print(f"yardstick {unit * 1e3:.1f} ms")
    for size in ((640, 480), (320, 240), (1280, 960)):
        eyes = [
            draw_eye(random_eye(s, width=size[0], height=size[1], px_per_mm=size[0] / 34))[0]
            for s in range(10)
        ]
        for level in ("full", "fast"):
            times = [
                min(_cpu(partial(iris.assess, eye, level=level)) for _ in range(5)) for eye in eyes
            ]
            print(f"{size[0]}x{size[1]} {level}: {np.median(times) / unit:.3f} yardsticks")


if __name__ == "__main__":
    main()
