"""A station's working day in a process of its own, to be killed at a named place or at random.

Started as a program it reads one job a line (JSON), forks, lets the fork work, and tells how it
ended. Receipts handed to citizens are appended to a file, as a printer would keep the paper.
"""

import errno
import json
import os
import random
import signal
import sys
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ektp_biocheck.records import audit, clock, crash, space, store
from ektp_biocheck.records.database import writing
from tests.crash_kit import Kit, add_events, captures, make_kit, receipt_of

SACRIFICED = "given-up"
"""The transaction whose file the day destroys, so that there is something LOST."""
STRAY_BYTES = 50
"""Size of the file that does not belong among the sealed ones."""


class Captures:
    """Files of the person in the chair, in a folder per transaction."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, transaction: str) -> None:
        (self.folder / transaction).mkdir(parents=True, exist_ok=True)
        (self.folder / transaction / "face").write_bytes(b"encrypted")

    def transactions(self) -> tuple[str, ...]:
        return tuple(path.name for path in self.folder.iterdir()) if self.folder.exists() else ()

    def remove(self, transaction: str) -> None:
        if (self.folder / transaction).exists():
            (self.folder / transaction / "face").unlink(missing_ok=True)
            (self.folder / transaction).rmdir()


def work(root: Path, acks: Path, seed: int) -> None:
    """Sweep, serve some persons, hear from the centre, erase, with mishaps in between."""
    rng = random.Random(seed)  # noqa: S311
    kit = make_kit(root)
    vault = Captures(kit.place.vault)
    kit.sweep(vault=vault)
    if not kit.place.ballast.exists():
        space.keep_ballast(kit.place, 1_000)
    (kit.root / "stray").write_bytes(rng.randbytes(STRAY_BYTES))
    (kit.root / "stray").replace(kit.place.sealed / "Thumbs.db")
    (kit.place.sealed / "left.sealed.tmp").write_bytes(b"half")
    for number in range(3):
        name = f"day-{seed}-{number}"
        _serve(kit, vault, name, acks, full=number == 1)
    _give_up_one(kit)
    _forget_one(kit, rng.randbytes(4).hex())
    kit.sweep(vault=vault)
    for row in store.due(kit.connection, clock.now())[:2]:
        _send(kit, row)
    store.erase_due(kit.connection, kit.root, clock.now(), retention_days=0)
    audit.checkpoint(kit.connection, kit.keys.station_private)
    kit.connection.close()


def _serve(kit: Kit, vault: Captures, name: str, acks: Path, *, full: bool) -> None:
    add_events(kit.connection, name)
    vault.put(name)
    files = captures(name)
    made = _manifest(kit, name, files)
    with _disk_full_once() if full else _as_usual():
        sealed = store.seal_record(kit.connection, kit.root, files, made, kit.keys, vault=vault)
    _append(acks, {"transaction": name, "sha256": sealed.sha256})  # the citizen's receipt


def _manifest(kit: Kit, name: str, files: dict[str, bytes]) -> dict[str, Any]:
    from tests.crash_kit import manifest

    return manifest(store.next_record_id(kit.connection), name, files)


def _give_up_one(kit: Kit) -> None:
    row = store.of_transaction(kit.connection, SACRIFICED)
    if row is None:
        made = kit.seal(SACRIFICED)
        made.path.unlink()


def _forget_one(kit: Kit, name: str) -> None:
    """Leave a sealed file without its row, as a crash before the commit does."""

    def stop(label: str) -> None:
        if label == "seal:rows-written":
            raise KeyboardInterrupt

    hook, crash.hook = crash.hook, stop
    try:
        kit.seal(f"forgotten-{name}")
    except KeyboardInterrupt:
        pass
    finally:
        crash.hook = hook


def _send(kit: Kit, row: store.RecordRow) -> None:
    kit.moves(row.record_id, "SENT")
    with writing(kit.connection):
        store.save_receipt(kit.connection, row.record_id, receipt_of(row))
        kit.moves(row.record_id, "RECEIPTED")
    kit.moves(row.record_id, "HELD", "CLOSED")


@contextmanager
def _disk_full_once():
    real, failed = os.write, []

    def write(handle: int, data: bytes) -> int:
        if not failed:
            failed.append(True)
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, data)

    os.write = write
    try:
        yield
    finally:
        os.write = real


@contextmanager
def _as_usual():
    yield


def _append(path: Path, entry: dict[str, str]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(handle, json.dumps(entry).encode() + b"\n")
    os.close(handle)


def _killer(label: str, nth: int):
    passed = 0

    def hook(here: str) -> None:
        nonlocal passed
        if here == label:
            passed += 1
            if passed == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    return hook


def _run(job: dict[str, Any]) -> None:
    try:
        if job["label"]:
            crash.hook = _killer(job["label"], job["nth"])
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - alarms are expected
        work(Path(job["root"]), Path(job["acks"]), job["seed"])
    except BaseException:  # noqa: BLE001 - told to the parent
        Path(job["acks"]).with_suffix(".error").write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)


def serve() -> None:
    """Do jobs until standard input ends."""
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(job)
        if job["after_ms"] is not None:
            time.sleep(job["after_ms"] / 1000)
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
