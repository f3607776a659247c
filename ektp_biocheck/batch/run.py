"""A folder in, tables out: leads the work, keeps the journal, writes what was found."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ektp_biocheck.batch.folders import make_folder, refuse_inside
from ektp_biocheck.batch.how import How, Progress
from ektp_biocheck.batch.identity import (
    file_hash,
    machine,
    told_folder,
    told_options,
    versions,
)
from ektp_biocheck.batch.journal import Journal, packed
from ektp_biocheck.batch.manifest import read_manifest
from ektp_biocheck.batch.outcome import Options, Outcome, document, scorer
from ektp_biocheck.batch.parquet import need_pyarrow
from ektp_biocheck.batch.plan import columns, plan, without_manifest
from ektp_biocheck.batch.pool import Loss, cores, run_pool
from ektp_biocheck.batch.publish import write_results
from ektp_biocheck.batch.results import SCHEMA
from ektp_biocheck.batch.scan import is_remote, on_this_machine, scan
from ektp_biocheck.batch.table import sweep
from ektp_biocheck.batch.work import SLAP, UNKNOWN, Answer, Job, prepare_worker, score_entry

__all__ = ["Engine", "How", "Progress", "run_batch"]

_ADVICE = {
    "TIMEOUT": "Look at this file, or allow more time.",
    "CRASHED": "The file may be damaged; the others are not affected.",
}
_ATTEMPTS = 2  # a worker that dies twice on a file died of it

Engine = Callable[..., Generator[tuple[int, Any], None, None]]
"""`run_pool` or `cluster.run_cluster`: the same work, here or elsewhere."""


def run_batch(
    folder: str | Path,
    out: Path,
    options: Options,
    how: How | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score every file below `folder` and write the tables and the summary into `out`.

    The files appear complete or not at all; those of an earlier run in `out` are replaced only
    then. Nothing is ever written below `folder`. The tables are the same to the byte whatever
    the number of workers, the machine they run on and how often the run was interrupted.

    Parameters
    ----------
    folder : Path or str
        An existing folder, or an address; see `scan` for what counts as a file.
    out : Path
        Folder for the results, made when missing. What a killed run left there is used.
    options : Options
        How to open and score each file.
    how : How, optional
        How to go about it.
    progress : Progress, optional
        Is told how it goes.

    Returns
    -------
    dict
        What is written to ``run.json``.

    Raises
    ------
    InputError
        When `out` is `folder` or lies below it, another run writes there, or the manifest has a
        mistake.
    InstallationError
        When the scorer cannot be loaded or an extra is missing.
    OSError
        When `out` cannot be written.
    """
    how, progress = how or How(), progress or Progress()
    begun, clock = datetime.now(UTC), time.monotonic()
    folder = on_this_machine(folder)
    if not is_remote(folder):
        refuse_inside(Path(folder), out)
    job = _Run(str(folder) if is_remote(folder) else str(Path(folder).absolute()), options, how)
    progress.start(len(job.items))
    make_folder(out)
    with closing(Journal(out / "journal.sqlite")) as journal, journal.in_words():
        sweep(out)
        kept = job.score(journal, progress)
        summary = {
            "schema": SCHEMA,
            "folder": told_folder(folder),
            "started": begun.isoformat(timespec="seconds"),
            "options": told_options(options, how, job.workers),
            **job.identity(),
        }
        summary |= {"kept_from_earlier_runs": kept}
        return write_results(out, journal, summary, job.measures, how, progress, clock=clock)


def _policy_hash(file: Path) -> str:
    """Hash of a policy that can be meant; what is none is refused, not recorded."""
    from ektp_biocheck.capture.policy_file import load_policy

    load_policy(file)
    return file_hash(file)


class _Run:
    """What is settled before the first file is opened."""

    def __init__(self, folder: str, options: Options, how: How) -> None:
        self.options, self.how = options, how
        self.manifest = None if how.manifest is None else read_manifest(how.manifest)
        self.policy = None if how.policy is None else _policy_hash(how.policy)
        self.engine = _engine(how)  # here, so that a missing extra is told before the work
        if how.parquet:
            need_pyarrow()
        entries = without_manifest(scan(folder), folder, how.manifest)
        items = plan(entries, folder, options, self.manifest)
        self.found = len(items)
        self.modalities, self.measures = columns(items, options)
        self.items = [i for i in items if how.shard is None or how.shard.holds(i.job.entry.name)]
        self.workers = max(min(how.workers or cores(), len(self.items)), 1)

    def identity(self) -> dict[str, Any]:
        """Return what must be equal for shards of one run."""
        shard = None if self.how.shard is None else asdict(self.how.shard)
        return {
            "options_digest": self.options.digest(),
            "manifest_sha256": None if self.manifest is None else self.manifest.sha256,
            "policy_sha256": self.policy,
            "modalities": list(self.modalities),
            "algorithms": {m: scorer(m).ALGORITHM for m in self.modalities},
            "found": self.found,
            "shard": shard,
            "versions": versions(),
            "machine": machine(),
        }

    def score(self, journal: Journal, progress: Progress) -> int:
        """Bring a row of every item into the journal; return how many were kept before."""
        known = journal.begin()
        kept = 0
        for index, answer in self._answers(known):
            item = self.items[index]
            name = item.job.entry.name
            if answer.own is not None:
                status, own = answer.own
                journal.add_row(name, item.facts, key=None, document=own)
            else:
                if answer.result is not None:
                    journal.keep(answer.result)
                    status = answer.result.status
                else:
                    kept += 1
                    status = journal.status(answer.key)
                journal.add_row(name, item.facts, key=answer.key, document=None)
            known_already = answer.own is None and answer.result is None
            progress.step(name, status, kept=known_already)
        journal.commit()
        return kept

    def _answers(self, known: bytes) -> Iterator[tuple[int, Answer]]:
        openable = []
        for index, item in enumerate(self.items):
            problem = item.job.entry.problem
            if problem is None:
                openable.append(index)
            else:
                yield index, _without_result(item.job, "UNREADABLE", problem)
        results = self.engine(
            [self.items[index].job for index in openable],
            partial(score_entry, self.options),
            prepare=partial(prepare_worker, self._loaded_first(), known),
            workers=self.workers,
            timeout=self.how.timeout,
            attempts=_ATTEMPTS,
        )
        with closing(results):
            for place, result in results:
                index = openable[place]
                if isinstance(result, Loss):
                    reason = f"{result.reason}. {_ADVICE[result.status]}"
                    result = _without_result(self.items[index].job, result.status, reason)
                yield index, result

    def _loaded_first(self) -> tuple[str, ...]:
        wanted = {item.job.modality for item in self.items}
        return tuple(
            m for m in self.modalities if m in wanted or (m == "finger" and "auto" in wanted)
        )


def _engine(how: How) -> Engine:
    if how.cluster is None:
        return run_pool
    from ektp_biocheck.batch.cluster import run_cluster

    return partial(run_cluster, how.cluster)


def _without_result(job: Job, status: str, reason: str) -> Answer:
    shown = {"auto": UNKNOWN, SLAP: "finger"}.get(job.modality, job.modality)
    outcome = Outcome(job.entry.name, shown, status, reason)
    return Answer(None, None, (status, packed(document(outcome, None, None))))
