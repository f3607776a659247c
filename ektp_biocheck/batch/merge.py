"""Shards into one run: the same bytes as if one machine had done it all."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ektp_biocheck.batch.folders import make_folder
from ektp_biocheck.batch.how import How, Progress
from ektp_biocheck.batch.journal import Journal
from ektp_biocheck.batch.outcome import measure_names
from ektp_biocheck.batch.publish import write_results
from ektp_biocheck.batch.results import SCHEMA, read_summary
from ektp_biocheck.batch.table import sweep
from ektp_biocheck.errors import InputError

__all__ = ["merge_runs"]

# What is equal in all parts of one run, and how a person calls it.
_EQUAL = {
    "options_digest": "options or version",
    "algorithms": "scorers",
    "manifest_sha256": "manifest",
    "policy_sha256": "policy",
    "modalities": "modalities",
    "found": "number of files in the folder",
}


def merge_runs(
    parts: Sequence[Path], out: Path, how: How | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Bring the shards of a run together.

    Parameters
    ----------
    parts : sequence of Path
        The ``--out`` folders of ``--shard 1/n`` to ``--shard n/n``, in any order.
    out : Path
        Where the whole goes; none of `parts`.
    how : How, optional
        Whether to write Parquet and the mark for Excel.
    progress : Progress, optional
        Is told how it goes.

    Returns
    -------
    dict
        What is written to ``run.json``.

    Raises
    ------
    InputError
        When a shard is missing, there twice, unfinished, of another run, or the counts do not
        add up.
    OSError
        When `out` cannot be written.
    """
    how, progress = how or How(), progress or Progress()
    begun, clock = datetime.now(UTC), time.monotonic()
    if any(part.resolve() == out.resolve() for part in parts):
        raise InputError(f"{out} is one of the shards: choose another --out")
    summaries = {part: read_summary(part) for part in parts}
    _check(summaries)
    first = summaries[parts[0]]
    progress.start(first["found"])
    make_folder(out)
    with closing(Journal(out / "journal.sqlite")) as journal, journal.in_words():
        sweep(out)
        journal.begin()
        rows = 0
        for part, summary in summaries.items():
            journal.take(part / "journal.sqlite")
            rows = _grown(journal, rows, part, summary["files"])
        same = ("folder", "options", *_EQUAL, "versions", "machine")
        merged = {
            "schema": SCHEMA,
            "started": begun.isoformat(timespec="seconds"),
            **{name: first[name] for name in same},
            "shard": None,
            "shards": [_told(summary) for summary in _in_order(summaries)],
            "kept_from_earlier_runs": rows,
        }
        names = dict.fromkeys(name for m in first["modalities"] for name in measure_names(m))
        return write_results(out, journal, merged, tuple(names), how, progress, clock=clock)


def _check(summaries: Mapping[Path, Mapping[str, Any]]) -> None:
    """Raise InputError unless these are all the shards of one run, each once."""
    for part, summary in summaries.items():
        if not summary.get("shard"):
            raise InputError(f"{part} is no shard: run `batch` with --shard 1/n to n/n")
    first, *others = summaries
    for other in others:
        for name, called in _EQUAL.items():
            if summaries[first][name] != summaries[other][name]:
                raise InputError(
                    f"{first} and {other} are not shards of one run: the {called} differs "
                    f"({_brief(summaries[first][name])}, {_brief(summaries[other][name])}). Run "
                    "them again on the same files with the same options"
                )
    of = summaries[first]["shard"]["of"]
    strangers = [str(p) for p, s in summaries.items() if s["shard"]["of"] != of]
    if strangers:
        raise InputError(f"{first} is one of {of} shards, {', '.join(strangers)} of another number")
    _check_indices(summaries, of)
    total = sum(summary["files"] for summary in summaries.values())
    if total != summaries[first]["found"]:
        raise InputError(
            f"the shards have {total} files, the folder had {summaries[first]['found']}: files "
            "came or went in between. Run the shards again"
        )


def _check_indices(summaries: Mapping[Path, Mapping[str, Any]], of: int) -> None:
    seen = Counter(summary["shard"]["index"] for summary in summaries.values())
    twice = [index for index, count in sorted(seen.items()) if count > 1]
    if twice:
        where = [str(p) for p, s in summaries.items() if s["shard"]["index"] == twice[0]]
        raise InputError(f"shard {twice[0]}/{of} is there twice: {', '.join(where)}")
    missing = [f"{index}/{of}" for index in range(1, of + 1) if index not in seen]
    if missing:
        raise InputError(f"shards are missing: {', '.join(missing[:10])}. Run them, or name them")


def _grown(journal: Journal, before: int, part: Path, files: int) -> int:
    """Return the number of rows; raise when a shard brought others than it says."""
    after = journal.count()
    if after - before != files:
        raise InputError(
            f"{part} says it has {files} files, its journal has {after - before}: it was started "
            "again and did not end. Run that shard again"
        )
    return after


def _in_order(summaries: Mapping[Path, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(summaries.values(), key=lambda summary: int(summary["shard"]["index"]))


def _told(summary: Mapping[str, Any]) -> dict[str, Any]:
    names = ("files", "started", "seconds", "machine")
    return {"index": summary["shard"]["index"], **{name: summary[name] for name in names}}


def _brief(value: object) -> str:
    return str(value)[:24]
