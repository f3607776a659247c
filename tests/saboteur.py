"""Work for worker processes that goes wrong on purpose; a module of its own, so that a
worker process can import it without the tests."""

import os
import time
from pathlib import Path

from ektp_biocheck.batch.outcome import Options, Outcome
from ektp_biocheck.batch.run import score_entry
from ektp_biocheck.batch.scan import Entry


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


def score_or_misbehave(options: Options, entry: Entry) -> Outcome:
    """Score as usual, except the files whose name asks for trouble."""
    if "crash" in entry.name:
        os.kill(os.getpid(), 11)
    if "hang" in entry.name:
        time.sleep(600)
    return score_entry(options, entry)
