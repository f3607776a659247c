"""What a run leaves: every input a row, no figure where there is none, nothing among the inputs.

B1 to B8 are the weak points of BQAT, the batch checker that others use; B2 and B8 are in
test_batch_resume.py, B6 is about its report.
"""

import json
import os
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from batch_captures import in_this_process, ridges, rows, run_here, save, snapshot, summary, tables
from click.testing import CliRunner
from PIL import Image

from ektp_biocheck.batch import pool as pool_module
from ektp_biocheck.batch.outcome import STATUSES, Options, measure_names
from ektp_biocheck.batch.pool import run_pool
from ektp_biocheck.batch.reasons import REASONS, may_change, reason_code, reason_text
from ektp_biocheck.batch.results import read_documents, read_run
from ektp_biocheck.batch.run import How, run_batch
from ektp_biocheck.batch.table import FIRST_COLUMNS
from ektp_biocheck.cli import main
from ektp_biocheck.errors import InputError
from ektp_biocheck.samples import RawLayout
from fixtures.iris import EyeSpec, draw_eye

ONE = How(workers=1)

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def district(tmp_path_factory):
    """A folder as districts send them, and what it looked like before."""
    folder = tmp_path_factory.mktemp("district") / "captures"
    save(folder / "finger" / "right_thumb.png", ridges(1))
    save(folder / "finger" / "right_thumb.jpg", ridges(2), quality=90)  # a converter's neighbour
    save(folder / "finger" / "no-ppi.png", ridges(3), ppi=None)
    save(folder / "finger" / "blank.png", np.full((300, 300), 250, np.uint8))
    save(folder / "eyes" / "left_eye.png", draw_eye(EyeSpec(seed=3))[0], ppi=None)
    (folder / "text.png").write_text("no picture")
    (folder / "empty.bmp").touch()
    (folder / "cut.png").write_bytes((folder / "finger" / "right_thumb.png").read_bytes()[:3000])
    return folder, snapshot(folder)


@pytest.fixture(scope="module")
def out(district):
    out = district[0].parent / "out"
    run_here(district[0], out, Options(modality="auto", iso=True), ONE)
    return out


def test_b1_a_capture_without_a_score_has_no_figure_in_its_place(out):
    """BQAT prints an edge density in the score column of a finger that has no score."""
    for row in rows(out).values():
        assert (row["score"] == "") == (row["failure"] != "")
        if row["status"] == "UNREADABLE":
            assert not any(list(row.values())[len(FIRST_COLUMNS) :])
    blank = rows(out)["finger/blank.png"]
    assert blank["status"] == "FAILURE_TO_ASSESS"
    assert blank["score"] == ""
    assert blank["dependable_minutiae"] == ""


def test_b3_nothing_is_written_among_the_captures(district, out):
    """BQAT leaves converted copies there, and may overwrite x.png when it converts x.jpg."""
    folder, before = district
    assert out.is_dir()
    assert snapshot(folder) == before


def test_b4_what_cannot_be_read_is_a_row_and_no_success(district, tmp_path):
    """BQAT leaves such files out of its table and ends with 0."""
    folder, _ = district
    words = ["batch", str(folder), "--out", str(tmp_path / "out"), "--workers", "1"]
    assert CliRunner().invoke(main, words).exit_code == 3  # through the pool, as people do
    table = rows(tmp_path / "out")
    assert len(table) == 8
    codes = {path: row["failure_code"] for path, row in table.items() if row["failure_code"]}
    assert codes == {
        "cut.png": "DAMAGED",
        "empty.bmp": "EMPTY",
        "finger/no-ppi.png": "NO_RESOLUTION",
        "text.png": "NOT_A_PICTURE",
    }


class _Watched(list):
    """Items that know how many were asked for."""

    asked = 0

    def __getitem__(self, index):
        self.asked += 1
        return super().__getitem__(index)


def test_b5_work_is_handed_out_as_it_is_done_and_every_file_is_counted():
    """BQAT queues everything at once, and its progress bar jumps over the last ten files."""
    import saboteur

    items = _Watched(f"item{number}" for number in range(40))
    results = run_pool(items, saboteur.obey, prepare=saboteur.nothing, workers=2, timeout=30.0)
    done = 0
    for _ in results:
        done += 1
        assert items.asked - done <= 2 * pool_module.AHEAD
    assert done == 40


def test_b7_a_resolution_is_never_assumed_and_no_iris_is_resized_unseen(out, district, tmp_path):
    """BQAT takes 500 ppi for granted, and resizes irises without a word."""
    table = rows(out)
    assert table["finger/no-ppi.png"]["status"] == "UNREADABLE"
    assert "ppi" in table["finger/no-ppi.png"]["failure"]
    with Image.open(district[0] / "eyes" / "left_eye.png") as eye:
        size = eye.size
    (document,) = (d for d in read_documents(out) if d["path"] == "eyes/left_eye.png")
    assert (document["width"], document["height"]) == size
    assert document["notes"] == []
    folder = tmp_path / "captures"
    save(folder / "500.png", ridges(4, (300, 300)))
    doubled = Image.fromarray(ridges(4, (300, 300))).resize((600, 600), Image.Resampling.BICUBIC)
    save(folder / "1000.png", np.asarray(doubled), ppi=1000)
    run_here(folder, tmp_path / "out", Options(), ONE)
    scores = {path: int(row["score"]) for path, row in rows(tmp_path / "out").items()}
    assert abs(scores["500.png"] - scores["1000.png"]) <= 5
    assert rows(tmp_path / "out")["1000.png"]["ppi"] == "1000"


def test_b8_what_is_asked_for_is_done(tmp_path):
    """BQAT has a conversion of colours that is never applied, for a mistyped key."""
    folder = tmp_path / "captures"
    grey = ridges(5)
    save(folder / "grey.png", grey, ppi=None)
    save(folder / "colour.png", np.dstack([grey] * 3), ppi=None)
    (folder / "headerless.raw").write_bytes(grey.tobytes())
    run_here(folder, tmp_path / "none", Options(), ONE)
    assert {row["status"] for row in rows(tmp_path / "none").values()} == {"UNREADABLE"}
    run_here(folder, tmp_path / "ppi", Options(ppi=500), ONE)
    table = rows(tmp_path / "ppi")
    assert table["grey.png"]["score"] == table["colour.png"]["score"] != ""
    layout = RawLayout(grey.shape[1], grey.shape[0])
    run_here(folder, tmp_path / "raw", Options(ppi=500, raw=layout), ONE)
    assert rows(tmp_path / "raw")["headerless.raw"]["score"] == table["grey.png"]["score"]
    run_here(folder, tmp_path / "iris", Options(modality="iris"), ONE)
    assert rows(tmp_path / "iris")["grey.png"]["algorithm"].startswith("ektp-biocheck/iris")


def test_what_a_capture_shows_is_told_by_name_and_by_looking(out):
    table = rows(out)
    assert table["eyes/left_eye.png"]["modality"] == "iris"
    assert table["eyes/left_eye.png"]["position"] == "left_eye"
    assert table["eyes/left_eye.png"]["status"] == "OK"
    assert table["finger/right_thumb.png"]["position"] == "right_thumb"
    assert table["text.png"]["modality"] == "unknown"


def test_the_columns_are_those_of_every_modality_that_can_occur(out, district, tmp_path):
    header = (out / "results.csv").read_text(encoding="utf-8").partition("\n")[0].split(",")
    names = [name for m in ("finger", "iris", "face") for name in measure_names(m)]
    assert header == [*FIRST_COLUMNS, *dict.fromkeys(names)]
    eyes = district[0] / "eyes"
    run_here(eyes, tmp_path / "out", Options(modality="iris"), ONE)
    header = (tmp_path / "out" / "results.csv").read_text(encoding="utf-8").partition("\n")[0]
    assert header.split(",") == [*FIRST_COLUMNS, *measure_names("iris")]


def test_the_rows_the_lines_and_the_summary_say_the_same(out):
    table, run, told = rows(out), read_run(out), summary(out)
    assert [row.path for row in run.rows] == list(table)
    assert sum(told["statuses"].values()) == told["files"] == told["found"] == len(run.rows)
    assert list(told["statuses"]) == list(STATUSES)
    for row in run.rows:
        line = table[row.path]
        assert line["score"] == ("" if row.score is None else str(row.score))
        assert line["defects"] == ";".join(row.defects)
        assert line["hard_defects"] == ";".join(row.hard)
        assert line["sha256"] == (row.sha256 or "")
        for name, value in row.measures.items():
            assert line[name] == ("" if value is None else repr(value))


def test_lines_hold_the_evidence_and_why_a_measure_is_missing(out):
    documents = {document["path"]: document for document in read_documents(out)}
    blank = documents["finger/blank.png"]
    assert blank["measures"]["dependable_minutiae"]["why_missing"] == "no finger found"
    assert {"code", "severity", "hard", "evidence", "region"} == set(blank["defects"][0])
    assert documents["finger/right_thumb.jpg"]["format"] == "JPEG"


def test_a_note_about_the_file_reaches_the_lines(tmp_path):
    deep = ridges(1).astype(np.uint16) * 16
    (tmp_path / "captures").mkdir()
    Image.fromarray(deep).save(tmp_path / "captures" / "12bit.png", dpi=(500, 500))
    run_here(tmp_path / "captures", tmp_path / "out", Options(), ONE)
    (document,) = read_documents(tmp_path / "out")
    assert any("bit" in note for note in document["notes"])


def invoke(words):
    with in_this_process():
        assert CliRunner().invoke(main, words).exit_code == 3


def test_excel_and_parquet_and_the_policy_are_there_when_asked_for(district, out, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    policy = tmp_path / "policy.toml"
    policy.write_bytes((ROOT / "ektp_biocheck" / "capture" / "policy.toml").read_bytes())
    more = tmp_path / "out"
    words = ["batch", str(district[0]), "--out", str(more), "--workers", "1"]
    words += ["--bom", "--parquet", "--policy", str(policy)]
    invoke(words)
    assert (more / "results.csv").read_bytes() == b"\xef\xbb\xbf" + (
        out / "results.csv"
    ).read_bytes()
    assert summary(more)["policy_sha256"]
    table = parquet.read_table(more / "results.parquet").to_pylist()
    csv = list(rows(out).values())
    assert [row["path"] for row in table] == [row["path"] for row in csv]
    for typed, text in zip(table, csv, strict=True):
        assert text["score"] == ("" if typed["score"] is None else str(typed["score"]))
        assert text["defects"] == ";".join(typed["defects"])
        for name in measure_names("finger"):
            assert text[name] == ("" if typed[name] is None else repr(typed[name]))
    first = (more / "results.parquet").read_bytes()
    invoke(words)
    assert (more / "results.parquet").read_bytes() == first
    invoke(words[:6])
    assert not (more / "results.parquet").exists()


# --- reading a run ------------------------------------------------------------------------


@pytest.fixture
def copied(out, tmp_path):
    import shutil

    shutil.copytree(out, tmp_path / "run")
    return tmp_path / "run"


def test_a_folder_that_is_no_run_is_said_so(tmp_path):
    with pytest.raises(InputError, match="holds no finished run"):
        read_run(tmp_path)
    with pytest.raises(InputError, match="holds no finished run"):
        read_run(tmp_path / "gone")


def test_files_of_two_runs_are_not_read_as_one(copied):
    file = copied / "results.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"status":"OK"', b'"status":"ok"', 1))
    with pytest.raises(InputError, match="is not the one that"):
        read_run(copied)


def test_a_cut_table_is_not_read(copied):
    file = copied / "results.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(InputError, match=r"has 7 rows, run\.json says 8"):
        read_run(copied)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"results.jsonl, line 7"):
        read_run(copied)


def test_a_run_of_a_newer_version_is_not_read(copied):
    told = summary(copied) | {"schema": 99}
    (copied / "run.json").write_text(json.dumps(told))
    with pytest.raises(InputError, match="schema 99"):
        read_run(copied)


def test_json_is_strict(out):
    def refuse(name):
        raise AssertionError(name)

    for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=refuse)
    assert msgspec.json.decode((out / "run.json").read_bytes())["schema"] == 1


# --- where results go ---------------------------------------------------------------------


def test_odd_places_for_results_are_refused_with_a_cure(tmp_path):
    folder = tmp_path / "captures"
    save(folder / "a.png", ridges(1))
    (tmp_path / "file").touch()
    for out in ("file", "file/below"):
        with pytest.raises(OSError, match="a file stands there or on the way"):
            run_here(folder, tmp_path / out, Options(), ONE)
    if sys.platform == "linux":
        with pytest.raises(OSError, match=r"/proc/nowhere .*Choose another --out"):
            run_here(folder, type(folder)("/proc/nowhere"), Options(), ONE)
    with pytest.raises(OSError, match="Choose another --out"):
        run_here(folder, tmp_path / ("x" * 300), Options(), ONE)


def test_leftovers_of_killed_runs_go_others_files_stay(tmp_path):
    folder, out = tmp_path / "captures", tmp_path / "out"
    save(folder / "a.png", ridges(1))
    out.mkdir()
    for name in (".results.csv.12.tmp", ".run.json.7.tmp", ".results.parquet.9.tmp"):
        (out / name).write_text("half")
    kept = {".mine.tmp", "results.csv.bak", "notes.txt"}
    for name in kept:
        (out / name).write_text("mine")
    run_here(folder, out, Options(), ONE)
    assert {path.name for path in out.iterdir()} == kept | {
        *("journal.sqlite", "results.csv", "results.jsonl", "run.json")
    }


def test_the_same_bytes_whatever_the_workers(district, out, tmp_path):
    run_batch(district[0], tmp_path / "out", Options(modality="auto", iso=True), How(workers=3))
    assert tables(tmp_path / "out") == tables(out)


# --- reasons ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ("the file is empty. Copy it again", "EMPTY"),
        ("this is text. Read are PNG, BMP; save", "NOT_A_PICTURE"),
        ("the resolution (pixels per inch) is not known, and", "NO_RESOLUTION"),
        ("the file says 300 ppi, the caller 500. Give none", "RESOLUTION_CONFLICT"),
        ("the WSQ data are damaged (the decoder did not end within 30 s).", "TOO_SLOW"),
        ("the WSQ data are damaged or cut short (no frame).", "DAMAGED"),
        ("no result after 60 s. Look at this file", "TOO_SLOW"),
        ("the worker process died (Killed). The file", "BROKE"),
        ("no finger on the glass", None),
        (None, None),
    ],
)
def test_a_reason_has_a_code(failure, code):
    assert reason_code(failure) == code


def test_every_code_is_told_in_both_languages():
    for code in REASONS:
        assert reason_text(code, "id") != reason_text(code, "en")
    assert may_change("you may not read this file.")
    assert not may_change("the file is empty.")
    with pytest.raises(InputError):
        reason_text("EMPTY", "fr")


def test_a_worker_that_was_killed_while_it_loaded_does_not_end_the_run(monkeypatch, tmp_path):
    import saboteur

    flag = tmp_path / "flag"
    flag.touch()
    monkeypatch.setenv("SABOTEUR_FUSE", str(flag))
    results = run_pool(
        ["a", "b"], saboteur.obey, prepare=saboteur.die_if_fuse, workers=1, timeout=30.0
    )
    assert sorted(results) == [(0, "A"), (1, "B")]
    assert pool_module._STRIKES == 3
    assert os.environ["SABOTEUR_FUSE"]


def test_a_policy_that_is_none_is_refused_and_not_recorded(district, tmp_path):
    folder, _ = district
    policy = tmp_path / "policy.toml"
    policy.write_text("foo = nan\n")
    words = ["batch", str(folder), "--out", str(tmp_path / "out"), "--policy", str(policy)]
    told = CliRunner().invoke(main, words)
    assert told.exit_code == 2
    assert "policy.toml" in told.output
    assert not (tmp_path / "out" / "results.csv").exists()
