"""How a run is done and what it tells meanwhile; none of it changes a result."""

from dataclasses import dataclass
from pathlib import Path

from ektp_biocheck.batch.outcome import TIMEOUT_SECONDS
from ektp_biocheck.batch.plan import Shard

__all__ = ["How", "Progress"]


@dataclass(frozen=True, slots=True)
class How:
    """How a run is done; none of it changes a result.

    Parameters
    ----------
    workers : int or None
        Number of processes; all cores that may be used when left out.
    timeout : float
        Seconds that one file may take.
    cluster : str or None
        Address of a Dask scheduler, such as ``"tcp://head:8786"``.
    shard : Shard or None
        Only this part of the files.
    manifest : Path or None
        See `read_manifest`.
    policy : Path or None
        A policy file, whose hash goes into ``run.json``.
    parquet : bool
        Write ``results.parquet`` too.
    bom : bool
        Begin ``results.csv`` with the mark by which Excel knows UTF-8.
    """

    workers: int | None = None
    timeout: float = TIMEOUT_SECONDS
    cluster: str | None = None
    shard: Shard | None = None
    manifest: Path | None = None
    policy: Path | None = None
    parquet: bool = False
    bom: bool = False


class Progress:
    """What a run tells while it goes on; every method may be left as it is."""

    def start(self, total: int) -> None:
        """Take note of the number of files."""

    def step(self, name: str, status: str, *, kept: bool) -> None:
        """Count one more file; `kept` says that it was scored by an earlier run."""

    def stage(self, name: str) -> None:
        """Take note of what is being done now: ``"duplicates"`` or ``"writing"``."""
