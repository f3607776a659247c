"""Worker processes that lose one item, not the run, when an item kills its worker.

`concurrent.futures` declares the whole pool broken when one worker dies and cannot stop an
item that hangs. Here each worker holds one item at a time, over a pipe of its own, so that
a death or a timeout has a name. A worker whose parent is gone ends by itself.
"""

import contextlib
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from ektp_biocheck.errors import InstallationError

__all__ = ["Loss", "cores", "run_pool"]

_START_SECONDS = 300.0  # a cold disk and a virus scanner; loading takes a second or two
_LAST_BREATH_SECONDS = 10.0  # between closing the pipe and being gone
_SPAWN = get_context("spawn")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Loss:
    """An item without a result: ``TIMEOUT`` or ``CRASHED``, and what happened."""

    status: str
    reason: str


def cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_pool(
    items: Sequence[Item],
    work: Callable[[Item], Result],
    *,
    prepare: Callable[[], object],
    workers: int,
    timeout: float,
) -> Generator[tuple[int, Result | Loss], None, None]:
    """Run `work` on every item and yield (index, result) as they come, each index once.

    Closing the generator, or an exception in the loop around it, ends the workers.

    Parameters
    ----------
    items : sequence
        What to work on; sent to a worker one at a time.
    work : callable
        Called in a worker process, so it must be importable there. An exception costs the
        worker and the item.
    prepare : callable
        Called once in each worker before its first item, outside the time limit.
    workers : int
        Number of processes; never more than items.
    timeout : float
        Seconds that one item may take before its worker is stopped.

    Raises
    ------
    InstallationError
        When a worker does not survive `prepare`.
    """
    waiting = deque(range(len(items)))
    pool: list[_Worker] = []
    try:
        while waiting or pool:
            while waiting and len(pool) < workers:
                pool.append(_Worker(work, prepare))
            for worker in _stirring(pool):
                was_on = worker.index
                answer = worker.answer()
                if was_on is not None:
                    yield was_on, answer
                if waiting and not worker.lost:
                    index = waiting.popleft()
                    worker.give(index, items[index], timeout)
                else:
                    pool.remove(worker)
                    worker.end()
    finally:
        for worker in pool:
            worker.end()


class _Worker:
    """One process, its pipe, and the item it is busy with."""

    def __init__(self, work: Callable[..., Any], prepare: Callable[[], object]) -> None:
        self.index: int | None = None
        self.lost = False
        self.timeout = _START_SECONDS
        self.deadline = time.monotonic() + self.timeout
        self.pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_serve, args=(theirs, work, prepare))
        with _interrupts_held():
            self.process.start()
        theirs.close()  # else the end of the process would not close the pipe

    def give(self, index: int, item: object, timeout: float) -> None:
        """Send the next item; its time starts now."""
        self.index, self.timeout = index, timeout
        self.deadline = time.monotonic() + timeout
        with contextlib.suppress(OSError):  # it has just died: the next look will find out
            self.pipe.send(item)

    def stirs(self) -> bool:
        """Tell whether there is an answer, a death or a timeout to look at."""
        try:
            return self.pipe.poll() or time.monotonic() >= self.deadline
        except OSError:
            return True

    def answer(self) -> Any:  # noqa: ANN401 - whatever `work` returns
        """Return the result of its item, or what befell it."""
        try:
            if self.pipe.poll():
                return self.pipe.recv()
            loss = Loss("TIMEOUT", f"no result after {self.timeout:g} s")
        except (EOFError, OSError):
            self.process.join(_LAST_BREATH_SECONDS)
            loss = Loss("CRASHED", f"the worker process died ({_how(self.process.exitcode)})")
        self.lost = True
        if self.index is None:
            raise InstallationError(
                f"worker processes cannot start: {loss.reason}; `ektp-biocheck score` on one "
                "file says why"
            )
        return loss

    def end(self) -> None:
        """Stop the process, whatever it is doing, and wait until it is gone."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _how(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return signal.strsignal(-exit_code) or f"signal {-exit_code}"
    return f"exit code {exit_code}"


def _stirring(pool: Sequence[_Worker]) -> list[_Worker]:
    """Wait until at least one worker has something to say."""
    while not (found := [worker for worker in pool if worker.stirs()]):
        patience = min(worker.deadline for worker in pool) - time.monotonic()
        connection.wait([worker.pipe for worker in pool], timeout=max(0.0, patience))
    return found


def _serve(pipe: Connection, work: Callable[[Any], Any], prepare: Callable[[], object]) -> None:
    """Work on what comes through the pipe until the parent closes it or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _no_core_dumps()
    prepare()
    with contextlib.suppress(EOFError, BrokenPipeError):
        pipe.send(None)
        while True:
            item = pipe.recv()
            pipe.send(work(item))


def _leave_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _no_core_dumps() -> None:
    """Keep a crash from leaving a copy of someone's finger on the disk."""
    try:
        import resource
    except ImportError:  # Windows writes none by itself
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let processes started inside never see Ctrl-C, not even while they load.

    A child inherits the mask. The tracker that `multiprocessing` starts with its first
    child would lift it, so that one is started before.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
