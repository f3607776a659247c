"""More than one machine: shards and merge, a Dask cluster, captures that lie elsewhere."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from batch_captures import ROOT, command, ridges, rows, run_here, save, summary, tables

from ektp_biocheck.batch.merge import merge_runs
from ektp_biocheck.batch.outcome import Options
from ektp_biocheck.batch.plan import Shard, parse_shard
from ektp_biocheck.batch.run import How, run_batch
from ektp_biocheck.batch.scan import Entry, read_entry, scan
from ektp_biocheck.errors import InputError, InstallationError, UnreadableError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("district") / "captures"
    for seed in range(6):
        save(folder / f"{seed % 2}" / f"{seed}.png", ridges(seed))
    save(folder / "again.bmp", ridges(0))
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def whole(folder):
    out = folder.parent / "whole"
    run_here(folder, out, Options(), How(workers=1))
    return out


@pytest.fixture(scope="module")
def parts(folder):
    outs = []
    for index in (1, 2, 3):
        outs.append(folder.parent / f"part{index}")
        run_here(folder, outs[-1], Options(), How(workers=1, shard=Shard(index, 3)))
    return outs


def test_every_file_belongs_to_one_shard_by_its_name_alone():
    names = [f"3313/{number}.png" for number in range(300)]
    shards = [Shard(index, 4) for index in (1, 2, 3, 4)]
    sizes = [sum(shard.holds(name) for name in names) for shard in shards]
    assert sum(sizes) == 300
    assert min(sizes) > 50
    assert all(sum(shard.holds(name) for shard in shards) == 1 for name in names)
    assert parse_shard(" 3/16 ") == Shard(3, 16)


def test_merged_shards_are_the_same_bytes_as_one_run(parts, whole, tmp_path):
    assert sum(len(rows(part)) for part in parts) == len(rows(whole)) == 8
    merged = merge_runs([parts[2], parts[0], parts[1]], tmp_path / "merged")
    assert tables(tmp_path / "merged") == tables(whole)
    assert rows(whole)["again.bmp"]["duplicate_of"] == "0/0.png"
    assert merged["files"] == merged["found"] == 8
    assert [part["index"] for part in merged["shards"]] == [1, 2, 3]


def test_a_merged_folder_goes_on_as_one_run(parts, whole, folder, tmp_path):
    out = tmp_path / "merged"
    merge_runs(parts, out)
    told = run_here(folder, out, Options(), How(workers=1))
    assert told["kept_from_earlier_runs"] == 8
    assert tables(out) == tables(whole)


def test_shards_that_do_not_make_a_whole_are_refused(parts, whole, folder, tmp_path):
    out = tmp_path / "merged"
    with pytest.raises(InputError, match="shards are missing: 2/3"):
        merge_runs([parts[0], parts[2]], out)
    with pytest.raises(InputError, match="shard 1/3 is there twice"):
        merge_runs([*parts, parts[0].parent / "part1" / ".." / "part1"], out)
    with pytest.raises(InputError, match="is no shard"):
        merge_runs([*parts, whole], out)
    with pytest.raises(InputError, match="is one of the shards"):
        merge_runs(parts, parts[1])
    with pytest.raises(InputError, match="no finished run"):
        merge_runs([*parts[:2], tmp_path], out)
    other = tmp_path / "other"
    run_here(folder, other, Options(ppi=500), How(workers=1, shard=Shard(3, 3)))
    with pytest.raises(InputError, match="the options or version differs"):
        merge_runs([*parts[:2], other], out)
    assert not out.exists()


def test_counts_that_do_not_add_up_are_refused(parts, folder, tmp_path):
    grown = tmp_path / "captures"
    shutil.copytree(folder, grown)
    for number in range(6):
        (grown / f"late{number}.txt").write_text("late")
    late = tmp_path / "part3"
    run_here(grown, late, Options(), How(workers=1, shard=Shard(3, 3)))
    with pytest.raises(InputError, match="number of files in the folder differs"):
        merge_runs([*parts[:2], late], tmp_path / "merged")


def test_a_shard_that_was_started_again_and_did_not_end_is_refused(parts, tmp_path):
    from ektp_biocheck.batch.journal import Journal

    broken = tmp_path / "part1"
    shutil.copytree(parts[0], broken)
    journal = Journal(broken / "journal.sqlite")
    journal.begin()
    journal.close()
    with pytest.raises(InputError, match="did not end"):
        merge_runs([broken, *parts[1:]], tmp_path / "merged")
    assert not (tmp_path / "merged" / "results.csv").exists()


def test_merge_from_the_command_line(parts, whole, tmp_path):
    from click.testing import CliRunner

    from ektp_biocheck.cli import main

    words = ["merge", *map(str, parts), "--out", str(tmp_path / "merged"), "--lang", "id"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 3, result.output
    assert "Hasil:" in result.output
    assert tables(tmp_path / "merged") == tables(whole)
    refused = CliRunner().invoke(main, ["merge", str(parts[0]), "--out", str(tmp_path / "m")])
    assert refused.exit_code == 2
    assert "shards are missing: 2/3, 3/3" in refused.output


# --- captures that lie elsewhere ----------------------------------------------------------


def test_an_archive_is_read_as_the_folder_it_holds(folder, whole, tmp_path):
    """Through fsspec, in worker processes: the same way as s3:// or sftp://."""
    archive = tmp_path / "day.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(folder.rglob("*.*")):
            packed.write(file, file.relative_to(folder).as_posix())
    before = archive.read_bytes()
    run_batch(f"zip://::{archive}", tmp_path / "out", Options(), How(workers=1))
    assert tables(tmp_path / "out") == tables(whole)
    assert archive.read_bytes() == before


def test_an_object_store_is_listed_and_read():
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    store.pipe("/bucket/day/b/2.png", b"two")
    store.pipe("/bucket/day/1.png", b"one")
    store.pipe("/bucket/other.png", b"no")
    entries = scan("memory://bucket/day")
    assert [entry.name for entry in entries] == ["1.png", "b/2.png"]
    assert [read_entry(entry) for entry in entries] == [b"one", b"two"]
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_entry(Entry("gone.png", "memory://bucket/day"))
    with pytest.raises(InputError, match="is no folder"):
        scan("memory://bucket/nothing")


def test_an_address_of_this_machine_is_a_folder_of_this_machine(folder, whole, tmp_path):
    run_here(f"file://{folder}", tmp_path / "out", Options(), How(workers=1))
    assert tables(tmp_path / "out") == tables(whole)
    with pytest.raises(InputError, match="choose a folder outside"):
        run_here(f"file://{folder}", folder / "out", Options(), How(workers=1))


def test_an_address_nobody_knows_is_refused_with_words():
    with pytest.raises(InputError, match="cannot be opened"):
        scan("nonsense://x/y")


def test_a_missing_extra_says_how_to_install_it(monkeypatch, tmp_path):
    for name in ("fsspec", "fsspec.core"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InstallationError, match=r"pip install 'ektp-biocheck\[remote\]'"):
        scan("s3-like://bucket/one")
    monkeypatch.delitem(sys.modules, "ektp_biocheck.batch.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    (tmp_path / "captures").mkdir()
    with pytest.raises(InstallationError, match=r"pip install 'ektp-biocheck\[cluster\]'"):
        run_here(tmp_path / "captures", tmp_path / "out", Options(), How(cluster="tcp://x:1"))
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InstallationError, match=r"pip install 'ektp-biocheck\[table\]'"):
        run_here(tmp_path / "captures", tmp_path / "out", Options(), How(parquet=True))


# --- a cluster ----------------------------------------------------------------------------


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers on this machine, each a process tree of its own."""
    pytest.importorskip("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    started = [_dask("scheduler", "--host", address, "--no-dashboard")]
    for number in (1, 2):
        scratch = str(tmp_path / f"worker{number}")
        options = ("--nthreads", "1", "--no-dashboard", "--local-directory", scratch)
        started.append(_dask("worker", address, *options))
    yield address, started[1:]
    for process in reversed(started):
        _end_tree(process)


def _dask(*words):
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    line = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
    return subprocess.Popen(  # noqa: S603
        line,
        env=os.environ | {"PYTHONPATH": paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _end_tree(process):
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_number)
        except ProcessLookupError:
            break
        time.sleep(0.3)
    process.wait()


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="ends process groups")
def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(cluster, tmp_path):
    address, workers = cluster
    folder = tmp_path / "captures"
    for seed in range(250):
        save(folder / f"{seed % 7}" / f"{seed}.png", ridges(seed))
    (folder / "empty.png").touch()
    words = ("batch", folder, "--modality", "finger")
    command(*words, "--workers", 2, "--out", tmp_path / "here").wait()
    run = command(*words, "--out", tmp_path / "there", "--cluster", address)
    until = time.monotonic() + 60
    while not _busy(workers[0]) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(1.0)
    assert run.poll() is None
    os.killpg(workers[0].pid, signal.SIGKILL)
    assert run.wait(timeout=300) == 3
    assert tables(tmp_path / "there") == tables(tmp_path / "here")
    assert summary(tmp_path / "there")["statuses"]["CRASHED"] == 0
    again = command(*words, "--out", tmp_path / "there", "--cluster", address)
    assert again.wait(timeout=120) == 3
    assert summary(tmp_path / "there")["kept_from_earlier_runs"] == 251


def _busy(dask_worker):
    """Tell whether a process of ours runs below a Dask worker (its nanny, its process, ours)."""
    return (
        sum(
            f"\x20{dask_worker.pid}\x20" in f" {_session_of(path)} "
            for path in Path("/proc").glob("[0-9]*")
        )
        >= 4
    )


def _session_of(path):
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()[3]
    except OSError:
        return ""


@pytest.mark.long
def test_a_cluster_that_is_not_there_is_said_so(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    from ektp_biocheck.batch import cluster as module

    monkeypatch.setattr(module, "CONNECT_SECONDS", 1)
    save(tmp_path / "captures" / "a.png", ridges(1))
    with pytest.raises(OSError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        run_batch(
            tmp_path / "captures", tmp_path / "out", Options(), How(cluster="tcp://127.0.0.1:9")
        )
