"""Work for worker processes that goes wrong on purpose; a module of its own, so that a
worker process can import it without the tests."""

import os
import time
from pathlib import Path

from ektp_biocheck.batch.outcome import Options
from ektp_biocheck.batch.work import Answer, Job, score_entry


def nothing() -> None:
    """Prepare nothing."""


def die_at_once() -> None:
    os._exit(5)


def obey(item: str) -> str:
    """Do what the item says."""
    if item == "die":
        os.kill(os.getpid(), 9)
    if item == "exit":
        os._exit(7)
    if item == "raise":
        raise RuntimeError("raised on purpose")
    if item == "hang":
        time.sleep(600)
    if item.startswith("sleep"):
        time.sleep(float(item.removeprefix("sleep")))
    return item.upper()


def core_limit(_: str) -> int:
    """Return how large a core dump of this worker may be."""
    import resource

    return resource.getrlimit(resource.RLIMIT_CORE)[0]


def report_pid(item: Path) -> int:
    """Write our process id where the test looks, then hang; "quick" waits for another to."""
    if item.name == "quick":
        wait_for_pid(item.with_name("pid"))
        return 0
    item.write_text(str(os.getpid()))
    time.sleep(600)
    return 1


def wait_for_pid(item: Path) -> int:
    """Wait until a worker has written its process id."""
    until = time.monotonic() + 30
    while not (item.exists() and item.read_text()):
        if time.monotonic() > until:
            raise TimeoutError("no worker has started")
        time.sleep(0.05)
    return int(item.read_text())


def score_or_misbehave(options: Options, job: Job) -> Answer:
    """Score as usual, except the files whose name asks for trouble."""
    name = job.entry.name
    if "crash" in name:
        os.kill(os.getpid(), 11)
    if "hang" in name:
        time.sleep(600)
    return score_entry(options, job)


def kill_parent_once(options: Options, job: Job) -> Answer:
    """Score, but on the file named "fuse" kill the parent, if the fuse is still there."""
    fuse = Path(os.environ["SABOTEUR_FUSE"])
    if "fuse" in job.entry.name and fuse.exists():
        time.sleep(0.5)  # let others come in before
        fuse.unlink()
        os.kill(os.getppid(), 9)
        time.sleep(600)
    return score_entry(options, job)


def die_once(options: Options, job: Job) -> Answer:
    """Score, but on the file named "fuse" die, if the fuse is still there."""
    fuse = Path(os.environ["SABOTEUR_FUSE"])
    if "fuse" in job.entry.name and fuse.exists():
        fuse.unlink()
        os.kill(os.getpid(), 9)
    return score_entry(options, job)


def score_with_a_newer_scorer(options: Options, job: Job) -> Answer:
    """Score as a later version would, as far as its name goes."""
    from ektp_biocheck import fingerprint

    fingerprint.ALGORITHM = "ektp-biocheck/fingerprint 9.9.9"
    return score_entry(options, job)


def die_if_fuse() -> None:
    """Die while loading, the first time."""
    fuse = Path(os.environ["SABOTEUR_FUSE"])
    if fuse.exists():
        fuse.unlink()
        os._exit(9)
