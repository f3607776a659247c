"""Speed and memory of the face scorer as ratios.

Run ``python -m benchmarks.face_speed [PHOTO]``.

Three figures, all CPU time of one process and measured in one run: our measures against what
mediapipe's own networks take on the same photo, the whole assessment in yardsticks (one
yardstick is zlib compressing a fixed MiB), and the peak memory.
"""

import resource
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ektp_biocheck import face
from ektp_biocheck.face import landmarks
from ektp_biocheck.opencv import cv2


def yardstick() -> float:
    """CPU seconds of zlib at level 6 on a fixed MiB: a machine's size in one number."""
    rng = np.random.Generator(np.random.PCG64(20161109))
    one, two = (rng.integers(0, 64, 1 << 20, dtype=np.uint8) for _ in range(2))
    block = (one & two).tobytes()
    return fastest(lambda: zlib.compress(block, 6))


def fastest(call: Callable[[], object], repeats: int = 15) -> float:
    """Least CPU seconds of one call."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


class Watch:
    """The CPU time spent inside a runtime's networks."""

    def __init__(self, runtime: object) -> None:
        self.seconds = 0.0
        for name in ("detect", "mesh", "person", "looks_like_face"):
            setattr(runtime, name, self._timed(getattr(runtime, name)))

    def _timed(self, call: Callable[..., object]) -> Callable[..., object]:
        def timed(*arguments: object) -> object:
            start = time.process_time()
            try:
                return call(*arguments)
            finally:
                self.seconds += time.process_time() - start

        return timed


def photo() -> NDArray[np.uint8]:
    """Return the photo named on the command line, or the free portrait, as 1200×1600."""
    if len(sys.argv) > 1:
        from PIL import Image

        with Image.open(Path(sys.argv[1])) as image:
            pixels = np.array(image.convert("RGB"))
    else:
        from fixtures.face import portrait

        pixels = portrait()
    return np.asarray(cv2.resize(pixels, (1200, 1600), interpolation=cv2.INTER_CUBIC), np.uint8)


def main() -> None:
    """Print the figures."""
    pixels = photo()
    for level in ("full", "fast"):
        face.assess(pixels, level=level)
        with landmarks._ready() as runtime:
            watch = Watch(runtime)
        shares = []
        for _ in range(15):
            watch.seconds = 0.0
            start = time.process_time()
            face.assess(pixels, level=level)
            whole = time.process_time() - start
            shares.append((whole, watch.seconds))
        whole, networks = min(shares)
        unit = yardstick()
        print(
            f"{level}: networks {networks * 1e3:.1f} ms, our measures "
            f"{(whole - networks) * 1e3:.1f} ms = {(whole - networks) / networks:.2f} of them; "
            f"whole {whole / unit:.2f} yardsticks of {unit * 1e3:.0f} ms"
        )
        face.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
