"""How fast a batch is, what the runner itself costs, and whether memory stays flat.

    python benchmarks/batch.py --overhead 2000        # files that take no time to score
    python benchmarks/batch.py --images 2000          # generated prints: images/s, memory
    python benchmarks/batch.py --images 20000 --distinct 200 --size 260x300 --efficiency 1000

`docs/batch/run.md` says what came out. Times are wall times of this machine; the ratios count.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ektp_biocheck.batch import run as run_module
from ektp_biocheck.batch.how import How, Progress
from ektp_biocheck.batch.journal import Result, content_key, packed
from ektp_biocheck.batch.outcome import Options, Outcome, document
from ektp_biocheck.batch.run import run_batch
from ektp_biocheck.batch.scan import read_entry
from ektp_biocheck.batch.work import Answer, Job, score_entry
from ektp_biocheck.quality import Assessment, Measure
from fixtures.fingerprint import Condition, finger, render

Pixels = NDArray[np.uint8]
_CONDITIONS = (
    Condition(),
    Condition(dryness=0.6),
    Condition(wetness=0.6),
    Condition(wear=0.7),
    Condition(contact=0.5),
)


def no_scorer(options: Options, job: Job) -> Answer:
    """Do all that a worker does, but score: read, hash, key, pack a result of full size."""
    import hashlib

    data = read_entry(job.entry)
    digest = hashlib.sha256(data).hexdigest()
    measures = {f"measure_{number}": Measure(number / 7) for number in range(85)}
    found = Assessment("finger", "none 0", 50, None, measures)
    outcome = Outcome(job.entry.name, "finger", "OK", None, found)
    key = content_key(digest, "none 0", options.digest())
    blob = packed(document(outcome, None, digest))
    return Answer(key, Result(key, "OK", "finger", digest, blob, None))


def measure_overhead(count: int, workers: int, scratch: Path) -> dict[str, Any]:
    """Return what the runner costs for each file that costs nothing itself."""
    folder = scratch / "small"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:06}.png").write_bytes(number.to_bytes(8, "little") * 2_000)
    real = run_module.score_entry
    run_module.score_entry = no_scorer
    try:
        figures = timed(folder, scratch / "overhead", Options(), How(workers=workers))
    finally:
        run_module.score_entry = real
    start = figures["seconds_to_first"]
    return {
        "files": count,
        "workers": workers,
        "ms_per_file": round(1e3 * (figures["seconds"] - start) / count, 3),
        "parent_cpu_ms_per_file": round(1e3 * figures["parent_cpu_seconds"] / count, 3),
        "seconds_to_first": start,
    }


def measure_images(
    count: int, distinct: int, size: tuple[int, int], workers: int, scratch: Path, efficiency: int
) -> dict[str, Any]:
    """Return images per second, memory over time, and the efficiency against one process."""
    folder, options = scratch / "prints", Options(modality="finger", iso=True)
    write_prints(folder, count, distinct, size)
    whole = timed(folder, scratch / "out", options, How(workers=workers))
    again = timed(folder, scratch / "out", options, How(workers=workers))
    figures = {"images": count, "size": size, "workers": workers, "run": whole}
    figures["run_again_seconds"] = again["seconds"]
    figures["images_per_second"] = round(count / whole["seconds"], 1)
    if efficiency:
        part = scratch / "part"
        part.mkdir()
        for file in sorted(folder.iterdir())[:efficiency]:
            os.link(file, part / file.name)
        figures |= measure_efficiency(part, options, workers, scratch)
    return figures


def measure_efficiency(
    folder: Path, options: Options, workers: int, scratch: Path
) -> dict[str, Any]:
    """Compare several processes with one.

    Runs alternate, and the best of each counts, so that whatever else the machine does meets
    both. Where it is never idle that is not enough; then the two causes of loss are told on
    their own: workers that wait for work, and CPU time that an image takes more.
    """
    files = len(list(folder.iterdir()))
    rates: dict[int, list[float]] = {1: [], workers: []}
    spent: dict[int, dict[str, float]] = {h: dict.fromkeys(_spent, 0.0) for h in rates}
    real, run_module.score_entry = run_module.score_entry, score_and_note
    try:
        for turn in range(6):
            hands = 1 if turn % 2 == 0 else workers
            notes = scratch / f"notes{turn}"
            notes.mkdir()
            os.environ["BATCH_NOTES"] = str(notes)
            took = timed(folder, scratch / f"part{turn}", options, How(workers=hands))
            rates[hands].append(
                round(files / (took["scored_seconds"] - took["seconds_to_first"]), 1)
            )
            for note in notes.iterdir():
                for name, value in json.loads(note.read_text()).items():
                    spent[hands][name] += value
    finally:
        run_module.score_entry = real
    one, many = spent[1], spent[workers]
    return {
        "efficiency_wall": round(max(rates[workers]) / max(rates[1]) / workers, 3),
        "share_of_time_workers_work": round(many["busy"] / (many["busy"] + many["idle"]), 4),
        "cpu_ms_of_one": round(1e3 * one["cpu"] / one["files"], 2),
        "cpu_ms_of_many": round(1e3 * many["cpu"] / many["files"], 2),
        "images_per_second": {str(hands): found for hands, found in rates.items()},
    }


_spent = {"busy": 0.0, "idle": 0.0, "cpu": 0.0, "files": 0.0}
_ended: float | None = None


def score_and_note(options: Options, job: Job) -> Answer:
    """Score, and write down now and then how long this worker worked and waited."""
    global _ended
    begun, cpu = time.monotonic(), time.process_time()
    if _ended is not None:
        _spent["idle"] += begun - _ended
    answer = score_entry(options, job)
    _spent["cpu"] += time.process_time() - cpu
    _spent["busy"] += time.monotonic() - begun
    _spent["files"] += 1
    if _spent["files"] % 20 == 0:
        Path(os.environ["BATCH_NOTES"], f"{os.getpid()}.json").write_text(json.dumps(_spent))
    _ended = time.monotonic()
    return answer


def write_prints(folder: Path, count: int, distinct: int, size: tuple[int, int]) -> None:
    """Write `count` prints made of `distinct` renderings: cropped, brightened, with noise."""
    folder.mkdir()
    masters = [partial(_rendered, number, size) for number in range(distinct)]
    rng = np.random.default_rng(7)
    done = 0
    for number, make in enumerate(masters):
        print_ = make()
        share = count // distinct + (number < count % distinct)
        for _ in range(share):
            noisy = print_ + rng.integers(-3, 4, print_.shape)
            pixels = np.clip(noisy + rng.integers(-6, 7), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{done:06}.bmp", dpi=(500, 500))
            done += 1


def _rendered(number: int, size: tuple[int, int]) -> Pixels:
    width, height = size
    mm = (width * 25.4 / 500, height * 25.4 / 500)
    pad = (mm[0] * 0.85, mm[1] * 0.95)
    master = finger(number % 20, pad_mm=pad)
    condition = _CONDITIONS[number % len(_CONDITIONS)]
    return render(master, condition, size_mm=mm, impression=number).pixels


class Clock(Progress):
    """Notes when the first file came, and memory every two seconds."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.first: float | None = None
        self.last = 0.0
        self.done = 0
        self.memory: list[dict[str, float]] = []
        self.stopped = threading.Event()

    def step(self, name: str, status: str, *, kept: bool) -> None:
        """Count a file."""
        self.last = time.monotonic() - self.begun
        self.first = self.last if self.first is None else self.first
        self.done += 1

    def watch(self) -> None:
        """Look at memory until told to stop."""
        while not self.stopped.wait(2.0):
            self.memory.append(
                {
                    "files": self.done,
                    "parent_mb": _megabytes("self"),
                    "workers_mb": max((_megabytes(str(c)) for c in _children()), default=0.0),
                }
            )


def timed(folder: Path, out: Path, options: Options, how: How) -> dict[str, Any]:
    """Run a batch and return its times and its memory."""
    clock = Clock()
    watcher = threading.Thread(target=clock.watch)
    watcher.start()
    cpu = time.process_time()
    try:
        told = run_batch(folder, out, options, how, clock)
    finally:
        clock.stopped.set()
        watcher.join()
    tail = clock.memory[:: max(1, len(clock.memory) // 8)]
    return {
        "seconds": round(told["seconds"], 2),
        "seconds_to_first": round(clock.first or 0.0, 2),
        "scored_seconds": round(clock.last, 2),
        "parent_cpu_seconds": round(time.process_time() - cpu, 2),
        "kept": told["kept_from_earlier_runs"],
        "duplicates": told["duplicates"],
        "statuses": told["statuses"],
        "parent_peak_mb": max((m["parent_mb"] for m in clock.memory), default=None),
        "workers_peak_mb": max((m["workers_mb"] for m in clock.memory), default=None),
        "memory": tail,
    }


def _megabytes(pid: str) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _children() -> list[int]:
    found = []
    for task in Path("/proc/self/task").iterdir():
        try:
            found += [int(pid) for pid in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> None:
    """Measure what is asked for and print it as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--overhead", type=int, metavar="FILES")
    parser.add_argument("--images", type=int, metavar="COUNT")
    parser.add_argument("--distinct", type=int, default=200)
    parser.add_argument("--size", type=_size, default=(260, 300), metavar="WxH")
    parser.add_argument("--efficiency", type=int, default=0, metavar="FILES")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scratch", type=Path)
    asked = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="batch-", dir=asked.scratch))
    try:
        figures: dict[str, Any] = {}
        if asked.overhead:
            figures["overhead"] = measure_overhead(asked.overhead, asked.workers, scratch)
        if asked.images:
            figures["images"] = measure_images(
                asked.images, asked.distinct, asked.size, asked.workers, scratch, asked.efficiency
            )
        print(json.dumps(figures, indent=2))
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
