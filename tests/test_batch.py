"""Folders to tables: every file keeps its row, whatever it is and whatever befalls it."""

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import saboteur
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ektp_biocheck.batch import run as run_module
from ektp_biocheck.batch.outcome import (
    STATUSES,
    Options,
    Outcome,
    assess_file,
    document,
    exit_code,
    measure_names,
)
from ektp_biocheck.batch.pool import Loss, run_pool
from ektp_biocheck.batch.results import read_run
from ektp_biocheck.batch.run import How, Progress, run_batch
from ektp_biocheck.batch.scan import scan
from ektp_biocheck.batch.table import FIRST_COLUMNS, atomic, csv_lines, json_line, write_json
from ektp_biocheck.errors import InputError, InstallationError
from ektp_biocheck.quality import Assessment, Defect, Measure

POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX file names and signals")
ROOT = Path(__file__).parents[1]


def draw(path, ppi=500, period=9.0):
    """Write a small picture of parallel ridges."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = 128 + 90 * np.sin(np.arange(260) * 2 * np.pi / period)
    picture = np.tile(columns.astype(np.uint8), (240, 1))
    Image.fromarray(picture).save(path, format="PNG", dpi=(ppi, ppi) if ppi else None)


class Seen(Progress):
    """Remembers what a run told."""

    def __init__(self, stop_at=None):
        self.totals, self.names, self.kept, self.stop_at = [], [], 0, stop_at

    def start(self, total):
        self.totals.append(total)

    def step(self, name, status, *, kept):
        self.names.append(name)
        self.kept += kept
        if len(self.names) == self.stop_at:
            raise KeyboardInterrupt


def rows(out):
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def summary(out):
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


def snapshot(folder):
    """Everything a write below `folder` would change."""
    return {
        path: (path.lstat().st_mtime_ns, path.lstat().st_size, path.is_file() and path.read_bytes())
        for path in [folder, *folder.rglob("*")]
    }


@pytest.fixture
def captures(tmp_path):
    """A folder as districts send them: two captures, and what else lies about."""
    folder = tmp_path / "captures"
    draw(folder / "a.png")
    draw(folder / "3313" / "b.png", period=10.0)
    draw(folder / "3313" / "no-ppi.png", ppi=None)
    (folder / "3313" / "readme.txt").write_text("not a picture")
    (folder / "text.png").write_text("not a picture either")
    (folder / "empty.bmp").touch()
    (folder / ".hidden").write_text("x")
    (folder / "an empty folder").mkdir()
    return folder


EVERY_FILE = [
    ".hidden",
    "3313/b.png",
    "3313/no-ppi.png",
    "3313/readme.txt",
    "a.png",
    "empty.bmp",
    "text.png",
]


# --- scan ---------------------------------------------------------------------------------


def test_every_file_is_found_once_in_one_order_with_slashes(captures):
    assert [entry.name for entry in scan(captures)] == EVERY_FILE
    assert all(entry.file == captures / entry.name for entry in scan(captures))


@POSIX
def test_links_to_files_are_followed_and_links_to_folders_are_named_not_entered(tmp_path):
    folder = tmp_path / "captures"
    draw(folder / "real.png")
    (folder / "again.png").symlink_to("real.png")
    (folder / "gone.png").symlink_to("nowhere")
    (folder / "up").symlink_to(".", target_is_directory=True)
    found = {entry.name: entry.problem for entry in scan(folder)}
    assert set(found) == {"again.png", "gone.png", "real.png", "up"}
    assert "link to a folder" in found.pop("up")
    assert set(found.values()) == {None}


def test_a_folder_that_cannot_be_listed_is_an_entry_that_says_so(captures, monkeypatch):
    really_scandir = os.scandir

    def scandir(path):
        if Path(path).name == "3313":
            raise PermissionError(13, "Permission denied")
        return really_scandir(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = {entry.name: entry.problem for entry in scan(captures)}
    assert "Permission denied" in found["3313"]
    assert "a.png" in found


# --- pool ---------------------------------------------------------------------------------


def obey(items, *, workers=2, timeout=30.0, prepare=saboteur.nothing):
    return run_pool(items, saboteur.obey, prepare=prepare, workers=workers, timeout=timeout)


@POSIX
def test_a_dead_a_failing_and_a_hanging_worker_each_cost_one_item():
    items = ["a", "die", "b", "exit", "hang", "raise", *"cdefgh"]
    results = list(obey(items, timeout=1.5))
    assert sorted(index for index, _ in results) == list(range(len(items)))
    found = {items[index]: result for index, result in results}
    assert found.pop("die") == Loss("CRASHED", "the worker process died (Killed)")
    assert found.pop("exit") == Loss("CRASHED", "the worker process died (exit code 7)")
    assert found.pop("hang") == Loss("TIMEOUT", "no result after 1.5 s")
    assert found.pop("raise").status == "CRASHED"
    assert found == {item: item.upper() for item in "abcdefgh"}


def test_the_time_limit_counts_one_item_not_the_run():
    items = ["sleep0.4"] * 6
    assert [result for _, result in obey(items, workers=1, timeout=2.0)] == ["SLEEP0.4"] * 6


def test_a_worker_that_cannot_load_ends_the_run_with_an_error():
    with pytest.raises(InstallationError, match="exit code 5"):
        list(obey(["a", "b"], prepare=saboteur.die_at_once))


def test_no_items_need_no_worker():
    assert list(obey([])) == []


@pytest.fixture
def allow_core_dumps():
    """Let this process, and what it starts, write core dumps."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


@POSIX
def test_a_crash_leaves_no_picture_behind_in_a_core_dump(allow_core_dumps):
    results = run_pool(
        ["x"], saboteur.core_limit, prepare=saboteur.nothing, workers=1, timeout=30.0
    )
    assert list(results) == [(0, 0)]


def gone(pid, seconds=10.0):
    """Tell whether a process ends within a time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        state = Path(f"/proc/{pid}/stat")
        try:
            if state.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@LINUX
def test_closing_the_pool_ends_a_busy_worker(tmp_path):
    results = run_pool(
        [tmp_path / "quick", tmp_path / "pid"],
        saboteur.report_pid,
        prepare=saboteur.nothing,
        workers=2,
        timeout=60.0,
    )
    assert next(results) == (0, 0)
    pid = saboteur.wait_for_pid(tmp_path / "pid")
    results.close()
    assert gone(pid)


@LINUX
def test_workers_leave_when_their_parent_is_killed(tmp_path):
    code = (
        "from pathlib import Path\n"
        "import saboteur\n"
        "from ektp_biocheck.batch.pool import run_pool\n"
        "if __name__ == '__main__':\n"
        f"    items = [Path({str(tmp_path / 'pid')!r})]\n"
        "    list(run_pool(items, saboteur.report_pid, prepare=saboteur.nothing,\n"
        "                  workers=1, timeout=60.0))\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    parent = subprocess.Popen([sys.executable, str(script)], env=environment)  # noqa: S603
    pid = saboteur.wait_for_pid(tmp_path / "pid")
    parent.kill()
    parent.wait()
    assert gone(pid)


# --- table --------------------------------------------------------------------------------


def record(path="a.png", **values):
    """Return a row as results hold it."""
    measures = {name: Measure(value) for name, value in values.items()}
    defects = (Defect("FP_WET", 0.2, hard=False), Defect("FP_DRY", 0.9, hard=True))
    found = Assessment("finger", "test 0", 50, None, measures, defects)
    return {"path": path} | document(Outcome(path, "finger", "OK", None, found), None, "ab")


def failed(path, status, failure):
    return {"path": path} | document(Outcome(path, "finger", status, failure), None, None)


def parsed(records, measures=()):
    lines = list(csv_lines(records, measures))
    return list(csv.DictReader(io.StringIO("".join(lines), newline=""))), lines


def test_the_first_columns_are_the_contract():
    assert parsed([])[1] == [
        "path,modality,status,score,failure,defects,position,ppi,station,device,operator,"
        "age_band,captured_at,person,sha256,algorithm,duplicate_of,hard_defects,failure_code\n"
    ]


def test_a_row_holds_what_was_found_and_leaves_cells_of_missing_measures_empty():
    (row,), _ = parsed([record(Mu=0.1 + 0.2)], ["MMB", "Mu"])
    filled = {name: cell for name, cell in row.items() if cell}
    assert filled == {
        "path": "a.png",
        "modality": "finger",
        "status": "OK",
        "score": "50",
        "defects": "FP_DRY;FP_WET",
        "hard_defects": "FP_DRY",
        "sha256": "ab",
        "algorithm": "test 0",
        "Mu": "0.30000000000000004",
    }


def test_a_failure_has_a_reason_and_no_score():
    (row,), _ = parsed([failed("x", "UNREADABLE", "the file is empty")])
    assert (row["score"], row["failure"]) == ("", "the file is empty")


@pytest.mark.parametrize("first", [*"=+-@", "＝"])
def test_no_cell_is_a_formula_and_the_path_still_leads_to_the_file(first):
    table, _ = parsed([record(f"{first}cmd|calc.png"), failed("x", "CRASHED", first)])
    assert table[0]["path"] == f"./{first}cmd|calc.png"
    assert table[1]["failure"] == f"./{first}"


def test_what_cannot_be_seen_is_written_as_escapes():
    """A name that turns the direction of writing shows another ending than it has."""
    names = [os.fsdecode(b"finger-\xff.png"), "\u202egnp.exe", "a\nb\rc\td", "\x1b[31m", "é 指.png"]
    table, lines = parsed([record(name) for name in names])
    assert [row["path"] for row in table] == [
        "finger-\\udcff.png",
        "\\u202egnp.exe",
        "a\\nb\\rc\\td",
        "\\x1b[31m",
        "é 指.png",
    ]
    assert len(lines) == len(names) + 1


NAMES = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=40)


@given(st.lists(NAMES, max_size=5))
def test_whatever_the_names_a_row_is_a_line_and_json_has_the_exact_name(names):
    records = [record(name, Mu=1.5) for name in names]
    table, lines = parsed(records, ["Mu"])
    assert len(table) == len(lines) - 1 == len(names)
    assert "".join(lines).count("\n") == len(lines)
    assert all(None not in row and row["Mu"] == "1.5" for row in table)
    assert [json.loads(json_line(row))["path"] for row in records] == names


def test_a_file_takes_its_name_only_when_complete(tmp_path):
    target = tmp_path / "results.csv"
    target.write_text("an earlier run")

    def write_half():
        with atomic(target) as handle:
            handle.write("half of a ne")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert target.read_text() == "an earlier run"
    assert list(tmp_path.iterdir()) == [target]


def test_json_never_holds_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "run.json", {"seconds": float("nan")})
    assert list(tmp_path.iterdir()) == []


# --- one file -----------------------------------------------------------------------------


def test_the_reason_does_not_repeat_the_path(captures):
    found, sample = assess_file(captures / "empty.bmp", Options(), name="empty.bmp")
    assert found.status == "UNREADABLE"
    assert found.failure.startswith("the file is empty")
    assert str(captures) not in found.failure
    assert sample is None


def test_a_scorer_that_breaks_costs_this_file_only(captures, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError(f"broke on {captures / 'a.png'}")

    monkeypatch.setattr("ektp_biocheck.fingerprint.assess", broken)
    found, _ = assess_file(captures / "a.png", Options())
    assert found.status == "CRASHED"
    assert found.failure == "unexpected RuntimeError: broke on the file"


@pytest.mark.parametrize(
    ("statuses", "with_defects", "code"),
    [
        ({}, 0, 0),
        ({"OK": 3}, 0, 0),
        ({"OK": 3}, 1, 1),
        ({"OK": 3, "FAILURE_TO_ASSESS": 1}, 0, 1),
        ({"OK": 3, "FAILURE_TO_ASSESS": 1, "UNREADABLE": 1}, 1, 3),
        ({"TIMEOUT": 1}, 0, 3),
        ({"CRASHED": 1}, 0, 3),
    ],
)
def test_exit_codes(statuses, with_defects, code):
    assert exit_code(statuses, with_defects) == code


# --- the whole run ------------------------------------------------------------------------


def test_every_file_is_a_row_and_the_counts_add_up(captures, tmp_path):
    before = snapshot(captures)
    seen = Seen()
    returned = run_batch(captures, tmp_path / "out", Options(iso=True), How(workers=2), seen)
    table, told = rows(tmp_path / "out"), summary(tmp_path / "out")
    assert [row["path"] for row in table] == EVERY_FILE
    assert [*table[0]][: len(FIRST_COLUMNS)] == list(FIRST_COLUMNS)
    assert [*table[0]][len(FIRST_COLUMNS) :] == list(measure_names("finger"))
    statuses = Counter(row["status"] for row in table)
    assert statuses["UNREADABLE"] == 5
    assert statuses["OK"] + statuses["FAILURE_TO_ASSESS"] == 2
    assert told == returned
    assert told["statuses"] == {status: statuses[status] for status in STATUSES}
    assert sum(told["statuses"].values()) == told["files"] == len(EVERY_FILE)
    assert told["defects"] == Counter(c for row in table for c in row["defects"].split(";") if c)
    assert seen.totals == [len(EVERY_FILE)]
    assert sorted(seen.names) == EVERY_FILE
    assert snapshot(captures) == before


def test_a_row_without_a_score_has_a_reason_and_no_figure_in_its_place(captures, tmp_path):
    """BQAT prints an edge density in the score column of a finger that has no score."""
    run_batch(captures, tmp_path / "out", Options(iso=True), How(workers=1))
    for row in rows(tmp_path / "out"):
        assert (row["score"] == "") == (row["failure"] != "")
        if row["status"] == "UNREADABLE":
            assert not any(list(row.values())[len(FIRST_COLUMNS) :])
    reasons = {row["path"]: row["failure"] for row in rows(tmp_path / "out")}
    assert "ppi" in reasons["3313/no-ppi.png"]


def test_the_same_files_give_the_same_bytes_wherever_they_lie_and_whatever_the_workers(
    captures, tmp_path
):
    for number in range(6):
        draw(captures / "more" / f"{number}.png", period=7 + number)
    moved = tmp_path / "elsewhere" / "captures"
    moved.parent.mkdir()
    run_batch(captures, tmp_path / "one", Options(iso=True), How(workers=1))
    captures.rename(moved)
    run_batch(moved, tmp_path / "three", Options(iso=True), How(workers=3))
    one, three = ((tmp_path / out / "results.csv").read_bytes() for out in ("one", "three"))
    assert one == three


@POSIX
def test_crashes_and_hangs_are_named_rows_and_the_rest_is_scored(captures, tmp_path, monkeypatch):
    for name in ("crash.png", "hang.png"):
        draw(captures / name)
    monkeypatch.setattr(run_module, "score_entry", saboteur.score_or_misbehave)
    run_batch(captures, tmp_path / "out", Options(), How(workers=2, timeout=3.0))
    table = {row["path"]: row for row in rows(tmp_path / "out")}
    assert table["crash.png"]["status"] == "CRASHED"
    assert "Segmentation fault" in table["crash.png"]["failure"]
    assert table["hang.png"]["status"] == "TIMEOUT"
    assert "3 s" in table["hang.png"]["failure"]
    assert {path for path, row in table.items() if row["status"] == "UNREADABLE"} == {
        *EVERY_FILE
    } - {"a.png", "3313/b.png"}
    assert summary(tmp_path / "out")["statuses"]["CRASHED"] == 1


@POSIX
def test_hostile_file_names_are_data(tmp_path):
    folder = tmp_path / "captures"
    names = ["=1+1.png", 'a"b,c.png', "line\nbreak.png", "carriage\rreturn.png", "‮gnp.exe", "<img>"]
    for name in names:
        draw(folder / name)
    undecodable = os.fsencode(folder) + b"/\xff.png"
    draw(folder / "plain.png")
    with contextlib.suppress(OSError):  # some file systems take UTF-8 only
        os.rename(folder / "plain.png", undecodable)  # noqa: PTH104
    run_batch(folder, tmp_path / "out", Options(), How(workers=1))
    table = rows(tmp_path / "out")
    paths = [row["path"] for row in table]
    assert set(paths) >= {
        "./=1+1.png",
        'a"b,c.png',
        "line\\nbreak.png",
        "carriage\\rreturn.png",
        "\\u202egnp.exe",
        "<img>",
    }
    assert len(paths) == 7
    exact = {row.path for row in read_run(tmp_path / "out").rows}
    assert exact >= set(names)
    assert all(row["status"] in ("OK", "FAILURE_TO_ASSESS") for row in table)


def test_an_empty_folder_gives_an_empty_table(tmp_path):
    (tmp_path / "captures").mkdir()
    told = run_batch(tmp_path / "captures", tmp_path / "out", Options())
    assert rows(tmp_path / "out") == []
    assert told["files"] == 0


@pytest.mark.parametrize("inside", [".", "out", "3313/out", "../captures/new/out"])
def test_results_never_go_below_the_captures(captures, inside):
    before = snapshot(captures)
    with pytest.raises(InputError, match="choose a folder outside"):
        run_batch(captures, captures / inside, Options())
    assert snapshot(captures) == before


@POSIX
def test_a_link_into_the_captures_is_seen_through(captures, tmp_path):
    (tmp_path / "innocent").symlink_to(captures / "3313", target_is_directory=True)
    with pytest.raises(InputError, match="choose a folder outside"):
        run_batch(captures, tmp_path / "innocent" / "out", Options())


def results_of(out):
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != "journal.sqlite"}


def test_results_of_an_earlier_run_stay_until_new_ones_are_complete(captures, tmp_path):
    out = tmp_path / "out"
    run_batch(captures, out, Options(), How(workers=1))
    before = results_of(out)
    with pytest.raises(KeyboardInterrupt):
        run_batch(captures, out, Options(), How(workers=1), Seen(stop_at=1))
    assert results_of(out) == before
    (captures / "a.png").unlink()
    run_batch(captures, out, Options(), How(workers=1))
    assert [row["path"] for row in rows(out)] == [name for name in EVERY_FILE if name != "a.png"]
