"""Worker processes that lose one item, not the run, when an item kills its worker.

`concurrent.futures` declares the whole pool broken when one worker dies and cannot stop an
item that hangs. Here each worker works on one item at a time, over a pipe of its own, so that
a death or a timeout has a name. A worker whose parent is gone ends by itself.
"""

import contextlib
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import (
    connection,
    current_process,
    get_context,
    parent_process,
    resource_tracker,
)
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from ektp_biocheck.errors import InstallationError

__all__ = ["Loss", "Worker", "cores", "run_pool"]

_START_SECONDS = 300.0  # a cold disk and a virus scanner; loading takes a second or two
_LAST_BREATH_SECONDS = 10.0  # between closing the pipe and being gone
AHEAD = 2  # items that a worker has at once
_STRIKES = 3  # workers in a row that do not get ready; one alone may have been killed
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
    attempts: int = 1,
    idle: "list[Worker] | None" = None,
) -> Generator[tuple[int, Result | Loss], None, None]:
    """Run `work` on every item and yield (index, result) as they come, each index once.

    Closing the generator, or an exception in the loop around it, ends the workers.

    Parameters
    ----------
    items : sequence
        What to work on; a worker is sent the next while it works on one, never more.
    work : callable
        Called in a worker process, so it must be importable there. An exception costs the
        worker and the item.
    prepare : callable
        Called once in each worker before its first item, outside the time limit.
    workers : int
        Number of processes; never more than items.
    timeout : float
        Seconds that one item may take before its worker is stopped.
    attempts : int
        How often an item is tried whose worker died: another process may have been the reason.
    idle : list of Worker, optional
        Workers of an earlier call to use first; those of this call are put there at its end.
        Whoever owns the list ends them.

    Raises
    ------
    InstallationError
        When workers do not survive `prepare`.
    """
    lead = _Lead(items, work, prepare, workers, timeout, attempts, idle)
    try:
        while lead.waiting or lead.pool:
            lead.hire()
            for worker in _stirring(lead.pool):
                yield from lead.hear(worker)
    finally:
        for worker in lead.pool:
            worker.end()


@dataclass(slots=True)
class _Lead:
    """Who works on what; a worker has one item more than it works on, so that it never waits."""

    items: Sequence[Any]
    work: Callable[[Any], Any]
    prepare: Callable[[], object]
    workers: int
    timeout: float
    attempts: int
    idle: "list[Worker] | None"
    pool: "list[Worker]" = field(default_factory=list)
    waiting: deque[int] = field(init=False)
    deaths: Counter[int] = field(default_factory=Counter)
    strikes: int = 0

    def __post_init__(self) -> None:
        self.waiting = deque(range(len(self.items)))

    def hire(self) -> None:
        """Bring the pool to strength."""
        while self.waiting and len(self.pool) < self.workers:
            if self.idle:
                self.pool.append(self.idle.pop())
                self.hand_out(self.pool[-1])
            else:
                self.pool.append(Worker(self.work, self.prepare))

    def hear(self, worker: "Worker") -> Iterator[tuple[int, Any]]:
        """Take in what a worker has to say, and give it more to do or let it go."""
        was_ready = worker.ready
        answer = worker.answer()
        if not was_ready:
            self.strikes = self.strikes + 1 if worker.lost else 0
            if self.strikes == _STRIKES:
                raise _cannot_start(answer)
        else:
            index = worker.queue.popleft()
            if self._again(answer, index):
                self.waiting.append(index)
            else:
                yield index, answer
        if not worker.lost:
            self.hand_out(worker)
        if worker.lost or not worker.queue:
            self._let_go(worker)

    def hand_out(self, worker: "Worker") -> None:
        """Fill a worker's queue; near the end leave what another may begin at once."""
        while self.waiting and len(worker.queue) < AHEAD:
            if worker.queue and len(self.waiting) < len(self.pool):
                break
            index = self.waiting.popleft()
            worker.give(index, self.items[index], self.timeout)
        worker.start_clock(self.timeout)

    def _again(self, answer: object, index: int) -> bool:
        """Count a death; tell whether its item is to be tried again."""
        if not isinstance(answer, Loss) or answer.status != "CRASHED":
            return False
        self.deaths[index] += 1
        return self.deaths[index] < self.attempts

    def _let_go(self, worker: "Worker") -> None:
        self.waiting.extendleft(reversed(worker.queue))  # it had not begun these
        self.pool.remove(worker)
        if self.idle is None or worker.lost:
            worker.end()
        else:
            self.idle.append(worker)


class Worker:
    """One process, its pipe, and the items it has: the first is the one it works on."""

    def __init__(self, work: Callable[..., Any], prepare: Callable[[], object]) -> None:
        self.queue: deque[int] = deque()
        self.ready = self.lost = False
        self.start_clock(_START_SECONDS)
        self.pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_serve, args=(theirs, work, prepare))
        with _interrupts_held(), _children_allowed():
            self.process.start()
        theirs.close()  # else the end of the process would not close the pipe

    def give(self, index: int, item: object, timeout: float) -> None:
        """Send an item; its time starts when those before it are done."""
        if not self.queue:
            self.start_clock(timeout)
        self.queue.append(index)
        with contextlib.suppress(OSError):  # it has just died: the next look will find out
            self.pipe.send(item)

    def start_clock(self, timeout: float) -> None:
        """Start the time of the item in work."""
        self.timeout, self.deadline = timeout, time.monotonic() + timeout

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
                answer = self.pipe.recv()
                self.ready = True
                return answer
            loss = Loss("TIMEOUT", f"no result after {self.timeout:g} s")
        except (EOFError, OSError):
            self.process.join(_LAST_BREATH_SECONDS)
            loss = Loss("CRASHED", f"the worker process died ({_how(self.process.exitcode)})")
        self.lost = True
        return loss

    def end(self) -> None:
        """Stop the process, whatever it is doing, and wait until it is gone."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _cannot_start(loss: Loss) -> InstallationError:
    return InstallationError(
        f"worker processes cannot start: {loss.reason}; `ektp-biocheck score` on one file says why"
    )


def _how(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return signal.strsignal(-exit_code) or f"signal {-exit_code}"
    return f"exit code {exit_code}"


def _stirring(pool: Sequence[Worker]) -> list[Worker]:
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
def _children_allowed() -> Iterator[None]:
    """Start a process from a daemonic one, as the workers of a cluster are.

    `multiprocessing` forbids it because such children would be left over. Ours leave with
    their parent.
    """
    config = current_process()._config  # type: ignore[attr-defined]
    daemon = config.get("daemon")
    config["daemon"] = False
    try:
        yield
    finally:
        config["daemon"] = daemon


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
