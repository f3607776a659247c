"""A folder in, `results.csv` and `run.json` out."""

import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ektp_biocheck
from ektp_biocheck.batch import table
from ektp_biocheck.batch.outcome import (
    STATUSES,
    TIMEOUT_SECONDS,
    Options,
    Outcome,
    assess_file,
    measure_names,
    scorer,
    without_maps,
)
from ektp_biocheck.batch.pool import Loss, cores, run_pool
from ektp_biocheck.batch.scan import Entry, scan
from ektp_biocheck.errors import InputError

if TYPE_CHECKING:
    from ektp_biocheck.samples import Modality

__all__ = ["run_batch"]

_ADVICE = {
    "TIMEOUT": "Look at this file, or allow more time.",
    "CRASHED": "The file may be damaged; the others are not affected.",
}


def run_batch(
    folder: Path,
    out: Path,
    options: Options,
    *,
    workers: int | None = None,
    timeout: float = TIMEOUT_SECONDS,
    started: Callable[[int], object] | None = None,
    scored: Callable[[Outcome], object] | None = None,
) -> dict[str, Any]:
    """Score every file below `folder` and write the table and the summary into `out`.

    Both files appear complete or not at all; those of an earlier run in `out` are replaced
    only then. Nothing is ever written below `folder`. The table is the same to the byte
    whatever the number of workers and the order in which they finish.

    Parameters
    ----------
    folder : Path
        An existing folder; see `scan` for what counts as a file.
    out : Path
        Folder for the results, made when missing.
    options : Options
        How to open and score each file.
    workers : int, optional
        Number of processes; all cores that may be used when left out.
    timeout : float
        Seconds that one file may take.
    started : callable, optional
        Called once with the number of files.
    scored : callable, optional
        Called with each outcome as it comes, in no fixed order.

    Returns
    -------
    dict
        What is written to ``run.json``.

    Raises
    ------
    InputError
        When `out` is `folder` or lies below it.
    InstallationError
        When the scorer cannot be loaded.
    """
    refuse_inside(folder, out)
    entries = scan(folder)
    workers = max(min(workers or cores(), len(entries)), 1)
    measures = measure_names(options.modality)
    if started is not None:
        started(len(entries))
    out.mkdir(parents=True, exist_ok=True)
    tally = _Tally(scored)
    begun, clock = datetime.now(UTC), time.monotonic()
    results = score_entries(entries, options, workers=workers, timeout=timeout)
    with closing(results), table.atomic(out / "results.csv") as handle:
        handle.writelines(table.csv_lines(in_order(tally.watch(results)), measures))
    seconds = time.monotonic() - clock
    summary = {
        "folder": str(folder.resolve()),
        "started": begun.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "files_per_second": round(len(entries) / seconds, 3) if entries else None,
        **tally.counts(),
        "options": {**asdict(options), "workers": workers, "timeout_seconds": timeout},
        "versions": _versions(options.modality),
        "machine": _machine(),
    }
    table.write_json(out / "run.json", summary)
    return summary


def score_entries(
    entries: Sequence[Entry], options: Options, *, workers: int, timeout: float
) -> Generator[tuple[int, Outcome], None, None]:
    """Score `entries` in a pool and yield (index, outcome) as they come, each index once.

    The caller says which entries need work and what to keep, so that a journal fits around it.
    """
    openable = []
    for index, entry in enumerate(entries):
        if entry.problem is None:
            openable.append(index)
        else:
            yield index, Outcome(entry.name, options.modality, "UNREADABLE", entry.problem)
    results = run_pool(
        [entries[index] for index in openable],
        partial(score_entry, options),
        prepare=partial(prepare_worker, options.modality),
        workers=workers,
        timeout=timeout,
    )
    with closing(results):
        for place, result in results:
            index = openable[place]
            if isinstance(result, Loss):
                name, advice = entries[index].name, _ADVICE[result.status]
                reason = f"{result.reason}. {advice}"
                result = Outcome(name, options.modality, result.status, reason)
            yield index, result


def score_entry(options: Options, entry: Entry) -> Outcome:
    """Score one entry, in a worker."""
    outcome, _ = assess_file(entry.file, options, name=entry.name)
    return without_maps(outcome)


def prepare_worker(modality: "Modality") -> None:
    """Load the scorer on one thread: the pool already keeps every core busy."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    scorer(modality)
    from ektp_biocheck.opencv import cv2

    cv2.setNumThreads(1)


def refuse_inside(folder: Path, out: Path) -> None:
    """Raise InputError when writing into `out` would write below `folder`."""
    resolved = out.resolve()
    for place in (resolved, *resolved.parents):
        if place.exists() and place.samefile(folder):
            raise InputError(
                f"the results ({out}) would lie in the folder of captures ({folder}), where "
                "nothing is ever written: choose a folder outside it"
            )


def in_order(results: Iterable[tuple[int, Outcome]]) -> Iterator[Outcome]:
    """Yield outcomes by index, holding back only those that overtook a slower one."""
    held: dict[int, Outcome] = {}
    following = 0
    for index, outcome in results:
        held[index] = outcome
        while following in held:
            yield held.pop(following)
            following += 1


class _Tally:
    """Counts of what passed by."""

    def __init__(self, tell: Callable[[Outcome], object] | None) -> None:
        self.tell = tell
        self.statuses: Counter[str] = Counter()
        self.defects: Counter[str] = Counter()
        self.with_defects = 0

    def watch(self, results: Iterable[tuple[int, Outcome]]) -> Iterator[tuple[int, Outcome]]:
        for index, outcome in results:
            self.statuses[outcome.status] += 1
            self.defects.update(set(outcome.codes))
            self.with_defects += bool(outcome.codes)
            if self.tell is not None:
                self.tell(outcome)
            yield index, outcome

    def counts(self) -> dict[str, Any]:
        return {
            "files": self.statuses.total(),
            "statuses": {status: self.statuses[status] for status in STATUSES},
            "with_defects": self.with_defects,
            "defects": dict(sorted(self.defects.items(), key=lambda d: (-d[1], d[0]))),
        }


def _versions(modality: "Modality") -> dict[str, str]:
    import numpy
    import PIL

    from ektp_biocheck.opencv import cv2

    return {
        "ektp-biocheck": ektp_biocheck.__version__,
        "algorithm": scorer(modality).ALGORITHM,
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "opencv": cv2.__version__,
        "pillow": PIL.__version__,
    }


def _machine() -> dict[str, Any]:
    return {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()}
