"""Kill −9 at every labelled step and at random: no record with a receipt is lost."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ektp_biocheck.records import crash
from tests.crash_child import SACRIFICED, STRAY_BYTES
from tests.crash_kit import check_invariant

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills processes with signals")

CHILD = Path(__file__).with_name("crash_child.py")


class Station:
    """Runs working days in processes that may be killed, and checks what is left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def day(self, name: str, seed: int, *, label="", nth=1, after_ms: float | None = None) -> int:
        job = {
            **{"root": str(self.folder / name), "acks": str(self.folder / f"{name}.acks")},
            **{"seed": seed, "label": label, "nth": nth, "after_ms": after_ms},
        }
        print(json.dumps(job), file=self.process.stdin, flush=True)
        ended = int(self.process.stdout.readline())
        error = self.folder / f"{name}.error"
        assert not error.exists(), error.read_text()
        return ended

    def check(self, name: str) -> int:
        acks = self.folder / f"{name}.acks"
        lines = acks.read_text().splitlines() if acks.exists() else []
        receipts = [json.loads(line) for line in lines]
        known = {one["transaction"]: one["sha256"] for one in receipts}
        check_invariant(self.folder / name, known, sacrificed=(SACRIFICED,), strangers=True)
        put_aside = (self.folder / name / "quarantine").glob("*")
        assert {path.stat().st_size for path in put_aside} <= {STRAY_BYTES}  # nothing half written
        return len(known)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    running = Station(tmp_path)
    yield running
    running.close()


def test_a_day_without_a_crash_serves_everybody(station: Station) -> None:
    assert station.day("calm", 1) == 0
    assert station.check("calm") == 3


def test_killed_at_every_labelled_step(station: Station) -> None:
    for number, label in enumerate(crash.POINTS):
        assert station.day(label, number, label=label) == -9, f"{label} was never passed"
        station.check(label)
        assert station.day(label, 100 + number) == 0  # and the station works on
        assert station.check(label) >= 3


def test_killed_at_random(station: Station) -> None:
    assert _kill_at_random(station, kills=12, seed=1) > 0


@pytest.mark.long
def test_killed_five_hundred_times(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    killed = 0
    for nth in (1, 2, 3):
        for number, label in enumerate(crash.POINTS):
            killed += station.day(f"{label}-{nth}", number, label=label, nth=nth) == -9
            station.check(f"{label}-{nth}")
    receipts = _kill_at_random(station, kills=500, seed=2)
    with capsys.disabled():
        print(f"\nkilled {killed} times at labels, 500 at random; {receipts} receipts kept")
    assert killed >= 2 * len(crash.POINTS)


def _kill_at_random(station: Station, *, kills: int, seed: int) -> int:
    """Kill stations at random moments of their days; return how many receipts they had given."""
    rng = random.Random(seed)  # noqa: S311
    longest, killed, receipts = 100.0, 0, dict[str, int]()
    for run in range(5 * kills):
        name = f"random-{run // 20}"  # the damage of twenty days piles up in one folder
        ended = station.day(name, run, after_ms=rng.uniform(0, longest))
        killed += ended == -9
        longest *= 1.05 if ended == -9 else 0.8  # about the length of a day, on any machine
        if (station.folder / name / "station.db").exists():
            receipts[name] = station.check(name)
        if killed == kills:
            return sum(receipts.values())
    raise AssertionError(f"only {killed} of {5 * kills} days were cut off: kill earlier")
