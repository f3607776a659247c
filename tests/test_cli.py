"""What a person or a script sees of the commands: texts, exit codes, files."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ektp_biocheck import __version__, samples
from ektp_biocheck.batch.outcome import STATUSES
from ektp_biocheck.cli import main
from ektp_biocheck.cli.quiet import quiet_libraries
from ektp_biocheck.console import Meter, printable
from ektp_biocheck.defects import CATALOGUE
from ektp_biocheck.demo import captures as demo_captures

ROOT = Path(__file__).parents[1]


def run(*words, code=0):
    """Run a command in this process; return what it printed where."""
    result = CliRunner().invoke(main, [str(word) for word in words], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result


def strict_json(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def blank(tmp_path):
    """A picture in which nothing is."""
    file = tmp_path / "blank.png"
    Image.fromarray(np.full((300, 300), 255, np.uint8)).save(file, dpi=(500, 500))
    return file


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "text.png"
    file.write_text("not a picture")
    return file


@pytest.fixture(scope="module")
def fine():
    """A demo capture without a defect."""
    (file,) = sorted(demo_captures().glob("*_clean.png"))
    return file


def test_the_version_is_told():
    assert run("--version").output == f"ektp-biocheck, version {__version__}\n"


@pytest.mark.parametrize("command", ["score", "batch"])
def test_help_lists_the_exit_codes(command):
    printed = run(command, "--help").output
    assert "Exit codes:" in printed
    assert all(f"\n    {code}  " in printed for code in (0, 1, 2, 3))


def test_the_allowed_resolutions_are_those_of_samples(fine):
    run("score", fine, "--ppi", samples.MIN_PPI - 1, code=2)
    run("score", fine, "--ppi", samples.MAX_PPI + 1, code=2)


# --- score --------------------------------------------------------------------------------


def test_a_fine_capture_has_a_score_and_exit_code_0(fine):
    printed = run("score", fine).output
    assert fine.name in printed
    assert "fine" in printed


def test_a_capture_that_cannot_be_assessed_says_why_in_the_language_asked_for(blank):
    english = run("score", blank, code=1).output
    indonesian = run("score", blank, "--lang", "id", code=1).output
    result = strict_json(run("score", blank, "--json", code=1).output)["results"][0]
    assert result["status"] == "FAILURE_TO_ASSESS"
    assert result["score"] is None
    worst = CATALOGUE[result["defects"][0]["code"]]
    assert worst.title_en in english
    assert worst.advice_en in english
    assert worst.title_id in indonesian
    assert worst.advice_id in indonesian


def test_an_unreadable_file_is_reported_and_the_rest_is_scored(fine, text, tmp_path):
    printed = run("score", text, tmp_path / "gone.png", fine, code=3).output
    assert "no such file" in printed
    assert fine.name in printed
    results = strict_json(run("score", text, fine, "--json", code=3).output)["results"]
    assert [result["status"] for result in results] == ["UNREADABLE", "OK"]
    assert results[0]["failure"]
    assert results[0]["score"] is None


def test_json_holds_the_assessment_and_the_advice(fine, blank):
    document = strict_json(run("score", fine, blank, "--json", "--lang", "id", code=1).output)
    assert document["ektp_biocheck"] == __version__
    good, bad = document["results"]
    assert good["path"] == str(fine)
    assert 0 <= good["score"] <= 100
    assert good["failure"] is None
    assert good["algorithm"].startswith("ektp-biocheck/fingerprint ")
    for defect in bad["defects"]:
        assert defect["advice"] == CATALOGUE[defect["code"]].advice_id


def test_iso_adds_the_native_measures(fine):
    without = strict_json(run("score", fine, "--json").output)["results"][0]["measures"]
    within = strict_json(run("score", fine, "--json", "--iso").output)["results"][0]["measures"]
    assert "OCL_Bin10_Mean" not in without
    assert "OCL_Bin10_Mean" in within
    assert len(within) - len(without) == 69


def test_a_resolution_is_asked_for_not_guessed(fine, tmp_path):
    file = tmp_path / "print.bmp"
    with Image.open(fine) as picture:
        Image.fromarray(np.asarray(picture.convert("L"))).save(file)
    printed = run("score", file, code=3).output
    assert "ppi" in printed
    run("score", file, "--ppi", 500)


def test_raw_files_are_read_with_their_size(fine, tmp_path):
    with Image.open(fine) as picture:
        pixels = np.asarray(picture.convert("L"))
    file = tmp_path / "print.raw"
    file.write_bytes(pixels.tobytes())
    height, width = pixels.shape
    of_raw = run("score", file, "--raw-size", f"{width}x{height}", "--ppi", 500, "--json").output
    of_png = run("score", fine, "--json").output
    from_raw, from_png = (strict_json(out)["results"][0]["score"] for out in (of_raw, of_png))
    assert from_raw == from_png is not None
    run("score", file, "--raw-size", f"{width}x{height + 1}", "--ppi", 500, code=3)


@pytest.mark.parametrize("size", ["388", "0x10", "axb", "388x", "-3x5", "3x3x3"])
def test_a_mistyped_raw_size_is_wrong_usage(fine, size):
    assert "such as 388x374" in run("score", fine, f"--raw-size={size}", code=2).output


def test_overlays_never_replace_an_input_or_one_another(fine, tmp_path):
    folder = tmp_path / "overlays"
    inputs = [
        tmp_path / "a" / "thumb.png",
        tmp_path / "b" / "thumb.png",
        folder / "thumb.overlay.png",
    ]
    for file in inputs:
        file.parent.mkdir()
        file.write_bytes(fine.read_bytes())
    run("score", *inputs, "--overlay", folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "thumb-2.overlay.png",
        "thumb-3.overlay.png",
        "thumb.overlay.overlay.png",
        "thumb.overlay.png",
    ]
    assert inputs[2].read_bytes() == fine.read_bytes()
    with Image.open(folder / "thumb-2.overlay.png") as drawn:
        assert drawn.mode == "RGB"


def test_no_files_are_wrong_usage():
    run("score", code=2)


def test_names_from_outside_cannot_steer_the_terminal():
    assert printable("a\x1b[31mred\n‮gnp.exe\udcff é") == "a\\x1b[31mred\\n\\u202egnp.exe\\udcff é"


def test_a_console_without_the_letters_of_a_name_shows_escapes(tmp_path):
    (tmp_path / "sidik-jari-é.png").touch()
    command = [sys.executable, "-m", "ektp_biocheck", "score", str(tmp_path / "sidik-jari-é.png")]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, capture_output=True, env=environment, cwd=ROOT, check=False)  # noqa: S603
    assert done.returncode == 3
    assert b"sidik-jari-\\xe9.png" in done.stdout


# --- batch --------------------------------------------------------------------------------


@pytest.fixture
def folder(fine, blank, tmp_path):
    folder = tmp_path / "captures"
    folder.mkdir()
    (folder / "fine.png").write_bytes(fine.read_bytes())
    (folder / "blank.png").write_bytes(blank.read_bytes())
    return folder


def test_a_batch_ends_with_its_counts_and_says_where_the_results_are(folder, tmp_path):
    out = tmp_path / "out"
    result = run("batch", folder, "--out", out, "--workers", 1, code=1)
    assert str(out / "results.csv") in result.stdout
    assert all(status in result.stdout for status in STATUSES)
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        assert [row["path"] for row in csv.DictReader(file)] == ["blank.png", "fine.png"]


def test_a_batch_with_an_unreadable_file_ends_with_3(folder, tmp_path):
    (folder / "notes.txt").write_text("notes")
    run("batch", folder, "--out", tmp_path / "out", "--workers", 1, code=3)


def test_a_batch_of_fine_captures_ends_with_0(folder, tmp_path):
    (folder / "blank.png").unlink()
    run("batch", folder, "--out", tmp_path / "out", "--workers", 1)


def test_results_inside_the_captures_are_wrong_usage(folder):
    printed = run("batch", folder, "--out", folder / "out", code=2).output
    assert "choose a folder outside" in printed
    assert sorted(path.name for path in folder.iterdir()) == ["blank.png", "fine.png"]


def test_a_folder_that_does_not_exist_is_wrong_usage(tmp_path):
    run("batch", tmp_path / "gone", "--out", tmp_path / "out", code=2)


def test_an_empty_folder_is_said_to_be_empty_and_is_no_success(tmp_path):
    (tmp_path / "captures").mkdir()
    words = ("batch", tmp_path / "captures", "--out", tmp_path / "out")
    assert "The folder is empty" in run(*words, code=1).output
    assert "Folder itu kosong" in run(*words, "--lang", "id", code=1).output


def test_progress_for_programs_is_json_lines(folder, tmp_path):
    out = tmp_path / "out"
    printed = run("batch", folder, "--out", out, "--workers", 1, "--json", code=1).stdout
    told = [strict_json(line) for line in printed.splitlines()]
    events = [line["event"] for line in told if line["event"] != "progress"]  # every five seconds
    assert events == ["start", "duplicates", "writing", "end"]
    assert told[0]["files"] == told[-1]["done"] == 2
    assert told[-1]["summary"] == strict_json((out / "run.json").read_text(encoding="utf-8"))


def test_the_summary_is_in_the_language_asked_for(folder, tmp_path):
    (folder / "notes.txt").write_text("notes")
    words = ("batch", folder, "--out", tmp_path / "out", "--workers", 1, "--modality", "finger")
    english = run(*words, code=3).output
    indonesian = run(*words, "--lang", "id", code=3).output
    assert "has a score" in english
    assert "This is no picture that can be read" in english
    assert "ada nilainya" in indonesian
    assert "Ini bukan gambar yang dapat dibaca" in indonesian


@pytest.mark.parametrize("shard", ["0/4", "5/4", "x", "1", "1/0"])
def test_a_shard_that_is_none_is_wrong_usage(folder, tmp_path, shard):
    printed = run("batch", folder, "--out", tmp_path / "out", "--shard", shard, code=2).output
    assert "they count from 1" in printed


def test_a_place_that_cannot_be_written_is_named_without_a_traceback(folder, tmp_path):
    (tmp_path / "file").touch()
    result = run("batch", folder, "--out", tmp_path / "file" / "out", "--workers", 1, code=2)
    assert "Traceback" not in result.output
    assert "file" in result.output


def test_progress_tells_rate_time_left_and_what_went_wrong():
    meter = Meter()
    meter.start(10)
    meter.statuses.update({"OK": 3, "UNREADABLE": 1})
    meter.begun -= 2.0
    assert meter.line().startswith("4/10 files, 2.0 files/s, 0:00:03 left, 1 UNREADABLE")


def session_is_empty(leader, seconds=10.0):
    """Tell whether every process of a session ends within a time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(leader, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
def test_ctrl_c_ends_with_130_one_line_and_what_was_scored_is_kept(folder, fine, tmp_path):
    for number in range(400):
        (folder / f"{number}.png").write_bytes(fine.read_bytes())
    command = [sys.executable, "-c", "from ektp_biocheck.cli import main; main()"]
    out = tmp_path / "out"
    command += ["batch", str(folder), "--out", str(out), "--workers", "2"]
    started = subprocess.Popen(  # noqa: S603
        command, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    )
    until = time.monotonic() + 30
    while not (out / "journal.sqlite").exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1.5)
    os.killpg(started.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    _, errors = started.communicate(timeout=30)
    assert started.returncode == 130
    assert "Interrupted. What was scored is kept: run the same command again" in errors
    assert "Traceback" not in errors
    assert [path.name for path in out.iterdir()] == ["journal.sqlite"]
    assert session_is_empty(started.pid)


# --- demo ---------------------------------------------------------------------------------


def test_the_demo_scores_every_capture_and_draws_it(tmp_path):
    out = tmp_path / "demo"
    printed = run("demo", "--out", out).output
    files = sorted(path.name for path in demo_captures().iterdir())
    assert files
    assert all(name in printed for name in files)
    assert str(out) in printed
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["path"] for row in table] == files
    assert {row["status"] for row in table} <= {"OK", "FAILURE_TO_ASSESS"}
    assert sorted(path.name for path in (out / "overlays").iterdir()) == [
        f"{Path(name).stem}.overlay.png" for name in files
    ]
    strict_json((out / "run.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "options",
    [("--ppi", "nan"), ("--timeout", "nan"), ("--timeout", "inf"), ("--timeout", "1e300")],
)
def test_numbers_that_are_none_are_wrong_usage(options, tmp_path):
    (tmp_path / "in").mkdir()
    run("batch", tmp_path / "in", "--out", tmp_path / "out", *options, code=2)
    assert not (tmp_path / "out").exists()


def test_native_libraries_are_silenced_and_our_own_words_are_not(capfd):
    with quiet_libraries():
        os.write(2, b"W0000 chatter of a library")
        print("our own word", file=sys.stderr)
    os.write(2, b"after")
    assert capfd.readouterr().err == "our own word\nafter"


def test_an_unreadable_file_is_told_in_indonesian_too(tmp_path):
    (tmp_path / "empty.png").touch()
    told = CliRunner().invoke(main, ["score", "--lang", "id", str(tmp_path / "empty.png")])
    assert told.exit_code == 3
    assert "kosong" in told.output
    assert "empty." not in told.output.replace("empty.png", "")
