"""The same work on a Dask cluster (extra ``cluster``): `run_pool` with other machines.

Chunks of files go to the cluster's workers, a few at a time. Each Dask worker keeps a process
of ours for the scoring, so that a file that crashes or hangs costs its row there as it does
here, and never the Dask worker. A Dask worker that is lost costs time only: its chunk goes to
another one.
"""

import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from threading import Lock
from typing import Any

import ektp_biocheck
from ektp_biocheck.batch.pool import Loss, Worker, run_pool
from ektp_biocheck.errors import BiocheckError, InputError, InstallationError

try:
    import distributed
    from distributed import KilledWorker, WorkerPlugin
except ImportError:
    raise InstallationError(
        "--cluster needs the extra `cluster`: pip install 'ektp-biocheck[cluster]'"
    ) from None

__all__ = ["run_cluster"]

_dask: Any = distributed  # most of it has no types

CHUNK = 16
AHEAD = 2  # chunks in flight for each thread of the cluster
CONNECT_SECONDS = 30
WORKERLESS_SECONDS = 120.0
_LOOK_SECONDS = 5.0
_KEPT = "What was scored is kept: then run the same command again."


class _Crew(WorkerPlugin):
    """Lives in each Dask worker and lends our own worker processes to its tasks."""

    def __init__(
        self, work: Callable[[Any], Any], prepare: Callable[[], object], timeout: float, tries: int
    ) -> None:
        self.work, self.prepare, self.timeout, self.tries = work, prepare, timeout, tries
        self.version = ektp_biocheck.__version__

    def setup(self, worker: Any) -> None:  # noqa: ANN401 - Dask's own
        self.idle: list[Worker] = []
        self.lock = Lock()

    def teardown(self, worker: Any) -> None:  # noqa: ANN401
        with self.lock:
            while self.idle:
                self.idle.pop().end()

    def serve(self, items: Sequence[Any]) -> list[tuple[int, Any]]:
        """Do the work on every item, in a process apart."""
        if ektp_biocheck.__version__ != self.version:
            raise InputError(
                f"a worker of the cluster has ektp-biocheck {ektp_biocheck.__version__}, this "
                f"machine {self.version}: install the same version everywhere"
            )
        with self.lock:
            mine = [self.idle.pop()] if self.idle else []
        results = run_pool(
            items,
            self.work,
            prepare=self.prepare,
            workers=1,
            timeout=self.timeout,
            attempts=self.tries,
            idle=mine,
        )
        try:
            return list(results)
        finally:
            with self.lock:
                self.idle += mine


def _serve(name: str, items: Sequence[Any]) -> list[tuple[int, Any]]:
    results: list[tuple[int, Any]] = _dask.get_worker().plugins[name].serve(items)
    return results


def run_cluster(
    address: str,
    items: Sequence[Any],
    work: Callable[[Any], Any],
    *,
    prepare: Callable[[], object],
    workers: int,
    timeout: float,
    attempts: int = 1,
) -> Generator[tuple[int, Any], None, None]:
    """Run `work` on every item and yield (index, result) as they come, each index once.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``"tcp://head:8786"``.
    items, work, prepare, timeout, attempts
        As for `run_pool`; `work` and `prepare` must be importable on the cluster.
    workers : int
        Not used: the cluster says how many there are.

    Raises
    ------
    InstallationError
        When the workers cannot load this package.
    InputError
        When the workers have another version of it.
    OSError
        When the scheduler cannot be reached or goes away, or no worker is left.
    """
    if not items:
        return
    client = _connect(address)
    flight = _Flight(client, address, items)
    try:
        flight.register(_Crew(work, prepare, timeout, attempts))
        while flight.waiting or flight.flying:
            flight.fill()
            for future in flight.landed():
                yield from flight.unload(future)
    finally:
        flight.end()


class _Flight:
    """The chunks that are under way."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401
        address: str,
        items: Sequence[Any],
    ) -> None:
        self.client, self.address, self.items = client, address, items
        self.name = f"ektp-biocheck-{uuid.uuid4()}"
        starts = range(0, len(items), CHUNK)
        self.waiting = deque(list(range(s, min(s + CHUNK, len(items)))) for s in starts)
        self.flying: dict[Any, list[int]] = {}
        self.lost: Counter[int] = Counter()
        self.seen_worker = time.monotonic()

    def register(self, crew: _Crew) -> None:
        """Bring our part to every worker there is or will be."""
        try:
            self.client.wait_for_workers(1, timeout=CONNECT_SECONDS)
            self.client.register_plugin(crew, name=self.name)
        except TimeoutError:
            raise OSError(self._workerless()) from None
        except Exception as error:  # noqa: BLE001 - whatever a worker says that cannot load us
            raise InstallationError(
                f"the workers at {self.address} cannot load ektp-biocheck ({_short(error)}): "
                "install the same version there"
            ) from None

    def fill(self) -> None:
        """Send out chunks, never more than the cluster has hands for, and a few ahead."""
        hands = max(1, sum(self.client.nthreads().values()))
        while self.waiting and len(self.flying) < AHEAD * hands:
            indices = self.waiting.popleft()
            future = self.client.submit(
                _serve, self.name, [self.items[i] for i in indices], pure=False, retries=2
            )
            self.flying[future] = indices

    def landed(self) -> list[Any]:
        """Wait a while for chunks to come back."""
        try:
            with self.client.as_current():
                under_way = list(self.flying)
                landed = _dask.wait(under_way, _LOOK_SECONDS, return_when="FIRST_COMPLETED")
            return list(landed.done)
        except TimeoutError:
            self._check_workers()
            return []
        except Exception as error:  # noqa: BLE001 - a dozen ways to lose a connection
            raise self._gone(error) from None

    def unload(
        self,
        future: Any,  # noqa: ANN401
    ) -> Generator[tuple[int, Any], None, None]:
        """Yield the results of a chunk, or put it back."""
        indices = self.flying.pop(future)
        if future.status == "finished":
            try:
                results = future.result(timeout=_LOOK_SECONDS * 6)
            except (KilledWorker, TimeoutError, OSError):  # its worker died with the result
                self.waiting.append(indices)
                return
            self.seen_worker = time.monotonic()
            yield from ((indices[place], result) for place, result in results)
        elif future.status == "error":
            yield from self._failed(future.exception(), indices)
        elif self.client.status != "running":
            raise self._gone(None)
        else:
            self.waiting.append(indices)

    def _failed(
        self, error: BaseException, indices: list[int]
    ) -> Generator[tuple[int, Any], None, None]:
        if isinstance(error, BiocheckError):
            raise error
        if not isinstance(error, KilledWorker):
            raise OSError(f"the cluster could not do the work ({_short(error)}). {_KEPT}")
        if len(indices) > 1:  # one by one, so that only the one at fault is lost
            self.waiting.extend([index] for index in indices)
            return
        (index,) = indices
        self.lost[index] += 1
        if self.lost[index] < 2:
            self.waiting.append(indices)
        else:
            yield index, Loss("CRASHED", "the cluster lost its worker on this file")

    def _check_workers(self) -> None:
        if self.client.status != "running":
            raise self._gone(None)
        if self.client.nthreads():
            self.seen_worker = time.monotonic()
        elif time.monotonic() - self.seen_worker > WORKERLESS_SECONDS:
            raise OSError(self._workerless())

    def _workerless(self) -> str:
        return f"no worker at {self.address}: start one with `dask worker {self.address}`. {_KEPT}"

    def _gone(self, error: BaseException | None) -> OSError:
        why = "" if error is None else f" ({_short(error)})"
        return OSError(f"the scheduler at {self.address} is gone{why}: start it. {_KEPT}")

    def end(self) -> None:
        """Take everything back from the cluster, as far as it still listens."""
        try:
            if self.client.status == "running":
                self.client.cancel(list(self.flying))
                self.client.unregister_worker_plugin(self.name)
        except Exception:  # noqa: BLE001, S110 - the results are in; workers clean up at their end
            pass
        finally:
            self.client.close(timeout=_LOOK_SECONDS)


def _connect(address: str) -> Any:  # noqa: ANN401 - a client
    try:
        return _dask.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise OSError(
            f"no scheduler answers at {address} ({_short(error)}): start one with "
            "`dask scheduler`, and check address, port and firewall"
        ) from None
    except ValueError as error:
        raise InputError(f"{address} is no address ({error}): write tcp://host:8786") from None


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
