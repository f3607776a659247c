"""Killed at any step: what was answered is there, the counters are right, work goes on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from people import RIGHT_RING
from stations import NIK, Pictures, show, station

from ektp_biocheck.capture.replays import replay
from ektp_biocheck.records.events import events_of

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")


def killed(folder, at):
    """Run the station until its `at`-th commit; return what it had answered by then."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(HERE / "killed_station.py"), str(folder), str(at)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    return done.stdout.splitlines()


def check(folder, at):
    answered = killed(folder, at)
    promised = sum(line.startswith("taken") for line in answered)
    with station(folder, Pictures()) as desk:
        if not answered:
            assert len(desk.open_transactions()) <= 1
            return
        (person,) = desk.open_transactions()
        assert desk.begin(NIK, operator="op-1") == person
        takes = desk._desk.person(person).takes(RIGHT_RING)
        assert promised <= len(takes) <= promised + 1
        assert [t.score for t in takes] == [30, 28, 26, 24, 22][: len(takes)]
        assert desk.review(person).of(RIGHT_RING).attempts_used == len(takes)
        assert all(desk._desk.vault.get(person, take.sha256) for take in takes)
        pictures = Pictures()
        desk._desk.scorers._given.update(pictures.scorers())
        numbers = set(desk._desk.person(person).attempts)
        if desk.review(person).exceptions:
            desk.withdraw_exception(person, RIGHT_RING, by="o")
        again = show(desk, person, RIGHT_RING, pictures.of(90))
        assert again.attempt not in numbers
        assert again.results[0].decision.action == "ACCEPT"
        assert all(one.same for one in replay(events_of(desk._desk.connection, person)).decisions)
        finished = desk.finish(person, operator="op-1")
        assert set(desk.images(person)) == set(finished.files)


@pytest.mark.parametrize("at", [2, 4, 9, 16])
def test_killed_in_the_middle(tmp_path, at):
    check(tmp_path / "station", at)


@pytest.mark.long
@pytest.mark.parametrize("at", range(1, 33))
def test_killed_at_every_commit(tmp_path, at):
    check(tmp_path / "station", at)
