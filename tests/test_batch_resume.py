"""Interrupted, killed, run again: the same bytes, and nothing scored twice."""

import contextlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import saboteur
from batch_captures import ROOT, command, ridges, rows, run_here, save, snapshot, summary, tables

from ektp_biocheck.batch import journal as journal_module
from ektp_biocheck.batch import run as run_module
from ektp_biocheck.batch import work
from ektp_biocheck.batch.journal import Journal, Result
from ektp_biocheck.batch.outcome import Options
from ektp_biocheck.batch.run import How, Progress, run_batch
from ektp_biocheck.batch.scan import Entry
from ektp_biocheck.errors import InputError, InstallationError, UnreadableError

POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
ONE = How(workers=1)


class Count(Progress):
    def __init__(self):
        self.scored, self.kept = [], []

    def step(self, name, status, *, kept):
        (self.kept if kept else self.scored).append(name)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "captures"
    for seed in range(4):
        save(folder / f"{seed}.png", ridges(seed))
    save(folder / "fuse.png", ridges(9))
    (folder / "empty.png").touch()
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def undisturbed(folder, tmp_path):
    run_here(folder, tmp_path / "undisturbed", Options(), ONE)
    return tables(tmp_path / "undisturbed")


def again(folder, out, how=None):
    """Run in this process, or as `how` says."""
    counted = Count()
    (run_batch if how else run_here)(folder, out, Options(), how or ONE, counted)
    return counted


def test_running_again_scores_nothing_and_writes_the_same_bytes(folder, tmp_path):
    out = tmp_path / "out"
    assert not again(folder, out).kept
    before = tables(out)
    counted = again(folder, out)
    assert counted.scored == []
    assert len(counted.kept) == 7
    assert tables(out) == before
    assert summary(out)["kept_from_earlier_runs"] == 7


def test_a_moved_file_costs_its_hash_a_changed_one_is_scored_again(folder, tmp_path):
    out = tmp_path / "out"
    again(folder, out)
    (folder / "0.png").rename(folder / "moved.png")
    save(folder / "1.png", ridges(77))
    counted = again(folder, out)
    assert counted.scored == ["1.png"]
    assert "moved.png" in counted.kept
    assert "0.png" not in rows(out)


def test_a_changed_scorer_scores_again(folder, tmp_path, monkeypatch):
    out = tmp_path / "out"
    again(folder, out)
    monkeypatch.setattr(run_module, "score_entry", saboteur.score_with_a_newer_scorer)
    assert len(again(folder, out, ONE).scored) == 7
    assert rows(out)["0.png"]["algorithm"] == "ektp-biocheck/fingerprint 9.9.9"
    assert len(again(folder, out, ONE).kept) == 7


@pytest.mark.parametrize(
    "changed", [{"ppi": 600.0}, {"iso": True}, {"bits": 12}, {"modality": "iris"}]
)
def test_b8_every_option_that_changes_a_result_scores_again(changed):
    """BQAT has an option that is never applied, for a mistyped key."""
    assert Options(**changed).digest() != Options().digest()


@POSIX
def test_b2_a_killed_run_leaves_nothing_that_looks_like_results_and_goes_on(
    folder, undisturbed, tmp_path
):
    """BQAT leaves a table without a header, which the next run takes for its own."""
    out, fuse = tmp_path / "out", tmp_path / "fuse"
    fuse.touch()
    before = snapshot(folder)
    code = (
        "import saboteur\n"
        "from pathlib import Path\n"
        "from ektp_biocheck.batch import journal, run\n"
        "from ektp_biocheck.batch.outcome import Options\n"
        "if __name__ == '__main__':\n"
        "    run.score_entry = saboteur.kill_parent_once\n"
        "    journal.COMMIT_SECONDS = 0.0\n"
        f"    run.run_batch(Path({str(folder)!r}), Path({str(out)!r}), Options(),\n"
        "                  run.How(workers=2))\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    environment = os.environ | {"PYTHONPATH": paths, "SABOTEUR_FUSE": str(fuse)}
    done = subprocess.run([sys.executable, str(script)], env=environment, check=False)  # noqa: S603
    assert done.returncode == -9
    assert {path.name for path in out.iterdir()} <= {"journal.sqlite", "journal.sqlite-journal"}
    (out / ".results.csv.4711.tmp").write_text("half a table")
    counted = again(folder, out)
    assert counted.kept
    assert tables(out) == undisturbed
    assert {path.name for path in out.iterdir()} == {
        *("journal.sqlite", "results.csv", "results.jsonl", "run.json")
    }
    assert snapshot(folder) == before


@POSIX
def test_a_worker_that_is_killed_once_costs_nothing(folder, undisturbed, tmp_path, monkeypatch):
    fuse = tmp_path / "fuse"
    fuse.touch()
    monkeypatch.setenv("SABOTEUR_FUSE", str(fuse))
    monkeypatch.setattr(run_module, "score_entry", saboteur.die_once)
    again(folder, tmp_path / "out", how=How(workers=2))
    assert not fuse.exists()
    assert tables(tmp_path / "out") == undisturbed


@POSIX
def test_what_crashed_or_hung_is_tried_again_by_the_next_run(
    folder, undisturbed, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    (folder / "fuse.png").rename(folder / "crash.png")
    with monkeypatch.context() as patched:
        patched.setattr(run_module, "score_entry", saboteur.score_or_misbehave)
        again(folder, out, ONE)
    assert rows(out)["crash.png"]["status"] == "CRASHED"
    (folder / "crash.png").rename(folder / "fuse.png")
    counted = again(folder, out)
    assert counted.scored == ["fuse.png"]
    assert tables(out) == undisturbed


@pytest.mark.parametrize(
    "error",
    [
        InstallationError("WSQ needs an extra: pip install 'ektp-biocheck[wsq]'"),
        UnreadableError("\0: there is not enough memory for this picture. Close other programs"),
        RuntimeError("a scorer that breaks"),
    ],
)
def test_what_may_change_is_not_kept(folder, monkeypatch, error):
    """A decoder that is missing today may be installed tomorrow."""

    def broken(*_, **__):
        raise error

    job = work.Job(Entry("0.png", str(folder)), "finger")
    assert work.score_entry(Options(), job).key is not None
    monkeypatch.setattr("ektp_biocheck.samples.decode_sample", broken)
    answer = work.score_entry(Options(), job)
    assert answer.key is None
    assert answer.own[0] in ("UNREADABLE", "CRASHED")


def test_two_runs_never_write_to_one_folder(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    journal = Journal(out / "journal.sqlite")
    with pytest.raises(InputError, match="another run is writing"):
        run_batch(folder, out, Options(), ONE)
    journal.close()
    again(folder, out)


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"\0" * 4096])
def test_a_file_that_is_no_journal_is_named_with_the_cure(folder, tmp_path, content):
    out = tmp_path / "out"
    out.mkdir()
    (out / "journal.sqlite").write_bytes(content)
    with pytest.raises(InputError, match="move that file away"):
        run_batch(folder, out, Options(), ONE)


def test_a_full_disk_is_said_in_words_and_what_was_scored_is_kept(
    folder, undisturbed, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    real = Journal.begin

    def small_disk(journal):
        known = real(journal)
        journal.base.execute("COMMIT")
        journal.base.execute("PRAGMA max_page_count = 6")
        journal.base.execute("BEGIN EXCLUSIVE")
        return known

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "begin", small_disk)
        patched.setattr(journal_module, "COMMIT_SECONDS", 0.0)
        with pytest.raises(OSError, match=r"disk is full.*run the same command again"):
            again(folder, out)
    assert again(folder, out).kept
    assert tables(out) == undisturbed


def test_another_programs_database_is_not_written_over(folder, tmp_path):
    import sqlite3

    out = tmp_path / "out"
    out.mkdir()
    base = sqlite3.connect(out / "journal.sqlite")
    base.execute("PRAGMA application_id = 7")
    base.execute("CREATE TABLE t (x)")
    base.close()
    before = (out / "journal.sqlite").read_bytes()
    with pytest.raises(InputError, match="choose another"):
        run_batch(folder, out, Options(), ONE)
    assert (out / "journal.sqlite").read_bytes() == before


def test_results_are_on_the_disk_soon(tmp_path, monkeypatch):
    monkeypatch.setattr(journal_module, "COMMIT_SECONDS", 0.0)
    journal = Journal(tmp_path / "journal.sqlite")
    journal.begin()
    journal.keep(Result(b"k" * 16, "OK", "finger", "ab", b"", None))
    journal.add_row("a", {}, key=b"k" * 16, document=None)
    import sqlite3

    copy = tmp_path / "copy.sqlite"
    copy.write_bytes((tmp_path / "journal.sqlite").read_bytes())
    base = sqlite3.connect(copy)
    assert base.execute("SELECT count(*) FROM result").fetchone() == (1,)
    base.close()
    journal.close()


@POSIX
@pytest.mark.long
def test_killed_at_random_times_again_and_again_gives_the_same_bytes(tmp_path):
    """The parent, then its workers, die at times nobody chose."""
    folder = tmp_path / "captures"
    for seed in range(400):
        save(folder / f"{seed % 7}" / f"{seed}.png", ridges(seed))
    (folder / "empty.png").touch()
    words = ("batch", folder, "--modality", "finger", "--workers", 2)
    command(*words, "--out", tmp_path / "undisturbed").wait()
    expected = tables(tmp_path / "undisturbed")
    rng = random.Random(7)  # noqa: S311
    out = tmp_path / "out"
    kills = 0
    while True:
        run = command(*words, "--out", out, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        until = time.monotonic() + rng.uniform(1.0, 4.0)
        while run.poll() is None and time.monotonic() < until:
            time.sleep(rng.uniform(0.2, 0.6))
            for worker in _children(run.pid):
                if rng.random() < 0.3:
                    _kill(worker)
                    kills += 1
        if run.poll() is not None:
            break
        workers = _children(run.pid)
        run.kill()
        run.wait()
        kills += 1
        assert all(_gone(worker) for worker in workers)
    command(*words, "--out", out).wait()
    assert kills >= 2
    assert tables(out) == expected


def _children(pid):
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 9)


def _gone(pid, seconds=30.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False
