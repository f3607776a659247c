"""`report` on the command line: every option takes effect, pictures only when asked."""

import hashlib

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ektp_biocheck.cli import main
from tests.report_runs import document_of, write_run
from tests.test_report import POLICY


@pytest.fixture
def captured(tmp_path):
    """A run of three pictures, and the pictures."""
    captures = tmp_path / "captures"
    captures.mkdir()
    documents = []
    for n in range(3):
        pixels = np.random.default_rng(n).integers(0, 255, (120, 90), np.uint8)
        Image.fromarray(pixels).save(captures / f"{n}.png", dpi=(500, 500))
        digest = hashlib.sha256((captures / f"{n}.png").read_bytes()).hexdigest()
        documents.append(document_of(f"{n}.png", sha256=digest, ppi=500))
    return write_run(tmp_path / "out", documents), captures


def test_pictures_are_there_only_when_asked_and_only_of_what_was_scored(captured, tmp_path):
    out, captures = captured
    (captures / "2.png").write_bytes((captures / "0.png").read_bytes())  # changed since
    result = CliRunner().invoke(main, ["report", str(out), "--thumbnails", str(captures)])
    html = (out / "report.html").read_text()

    assert result.exit_code == 0, result.output
    assert html.count('<img src="data:image/jpeg;base64,') == 2
    assert "holds biometric pictures" in html
    plain = CliRunner().invoke(main, ["report", str(out), "--out", str(tmp_path / "plain.html")])
    assert plain.exit_code == 0
    assert "<img" not in (tmp_path / "plain.html").read_text()


def test_b8_every_option_of_report_takes_effect(captured, tmp_path):
    out, captures = captured
    policy = tmp_path / "p.toml"
    policy.write_text(POLICY.replace("accept = 40", "accept = 99"))

    def run(*options):
        result = CliRunner().invoke(main, ["report", str(out), *options])
        assert "Traceback" not in result.output
        file = tmp_path / "b8.html" if "--out" in options else out / "report.html"
        return result, file.read_text() if file.exists() else ""

    plain, page = run()
    assert (plain.exit_code, page.count("<tr>")) == (0, page.count("<tr>"))
    assert run("--out", str(tmp_path / "b8.html"))[1] == page
    assert '<html lang="id">' in run("--lang", "id")[1]
    strict, judged = run("--policy", str(policy))
    assert strict.exit_code == 1
    assert "3 of 3 captures need a person" in strict.output
    assert "below the threshold of 99" in judged
    assert "1 of 3" in run("--where", "path == '1.png'")[1]
    assert run("--thumbnails", str(captures))[1].count("<img") == 3
    overlaid = run("--thumbnails", str(captures), "--overlays", "1")[1]
    assert overlaid.count("<img") == 3
    assert len(overlaid) > len(run("--thumbnails", str(captures))[1]) + 1000
    lone, _ = run("--overlays", "1")
    assert lone.exit_code == 2
    assert "--overlays needs --thumbnails" in lone.output


def test_wrong_folders_are_one_line_with_the_cure(tmp_path):
    result = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert result.exit_code == 2
    assert "no finished run" in result.output
    assert CliRunner().invoke(main, ["report", str(tmp_path / "no")]).exit_code == 2
    assert not (tmp_path / "report.html").exists()
