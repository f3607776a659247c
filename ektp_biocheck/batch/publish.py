"""From the journal to the tables: duplicates, rows, counts, all published at once."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ektp_biocheck.batch.duplicates import find_duplicates
from ektp_biocheck.batch.how import How, Progress
from ektp_biocheck.batch.journal import Journal
from ektp_biocheck.batch.outcome import STATUSES
from ektp_biocheck.batch.parquet import write_parquet
from ektp_biocheck.batch.records import records
from ektp_biocheck.batch.table import Staged, csv_lines, json_line

__all__ = ["write_results"]


def write_results(
    out: Path,
    journal: Journal,
    summary: dict[str, Any],
    measures: Sequence[str],
    how: How,
    progress: Progress,
    *,
    clock: float,
) -> dict[str, Any]:
    """Write the tables from the journal, then the summary; return it.

    Raises
    ------
    RuntimeError
        When the rows are not as many as the summary says: then nothing is published.
    """
    progress.stage("duplicates")
    copies = find_duplicates(list(journal.candidates()))
    progress.stage("writing")
    tally = _Tally()
    with Staged(out) as staged:
        rows = tally.watch(records(journal, copies))
        if how.bom:
            staged.write("results.csv", b"\xef\xbb\xbf")
        staged.write("results.jsonl", b"")
        rows = _written(rows, staged)
        for line in csv_lines(rows, measures):
            staged.write("results.csv", line.encode())
        if how.parquet:
            write_parquet(staged.adopt("results.parquet"), records(journal, copies), measures)
        seconds = time.monotonic() - clock
        files = tally.statuses.total()
        summary |= {
            "seconds": round(seconds, 3),
            "files_per_second": round(files / seconds, 3) if files else None,
            **tally.counts(),
            "sha256": staged.digests(),
        }
        staged.publish(summary)
    return summary


def _written(rows: Iterable[dict[str, Any]], staged: Staged) -> Iterator[dict[str, Any]]:
    for row in rows:
        staged.write("results.jsonl", json_line(row))
        yield row


class _Tally:
    """Counts of the rows that were written."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.modalities: Counter[str] = Counter()
        self.defects: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.with_defects = self.duplicates = 0

    def watch(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in rows:
            self.statuses[row["status"]] += 1
            self.modalities[row["modality"]] += 1
            self.defects.update({defect["code"] for defect in row["defects"]})
            self.with_defects += bool(row["defects"])
            self.duplicates += row["duplicate_of"] is not None
            if row["failure_code"] is not None:
                self.reasons[row["failure_code"]] += 1
            yield row

    def counts(self) -> dict[str, Any]:
        return {
            "files": self.statuses.total(),
            "statuses": {status: self.statuses[status] for status in STATUSES},
            "by_modality": _most_first(self.modalities),
            "with_defects": self.with_defects,
            "defects": _most_first(self.defects),
            "reasons": _most_first(self.reasons),
            "duplicates": self.duplicates,
        }


def _most_first(counts: "Counter[str]") -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
