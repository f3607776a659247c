"""Two runs side by side: what differs is found, what does not is not."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from ektp_biocheck.batch.compare import compare
from ektp_biocheck.batch.needs import Limits, Need
from ektp_biocheck.batch.pairs import pair_up
from ektp_biocheck.cli import main
from tests.report_runs import HOSTILE, district, document_of, row, write_run

LIMITS = Limits("test", {"finger": 40}, {"finger": 20}, {"finger": 3})


def run_of(scores, name="", **known):
    return [row(f"{name}{n}.png", score=int(s), **known) for n, s in enumerate(scores)]


def scores_of(n=200, seed=1, shift=0):
    return np.clip(np.random.default_rng(seed).normal(60 + shift, 12, n).round(), 0, 100)


def rate(found, what):
    return next(one for one in found.rates if one.what == what)


def test_the_same_run_twice_differs_in_nothing():
    found = compare(run_of(scores_of()), run_of(scores_of()), LIMITS)
    assert found.paired
    assert not found.differs
    assert found.changes == ()
    assert found.scores[0].difference.value == 0.0
    assert found.scores[0].effect == 0.5


def test_files_are_paired_by_content_wherever_they_lie_and_a_changed_file_is_another():
    a = [
        row("x/1.png", sha256="1"),
        row("x/2.png", sha256="2"),
        row("x/3.png", sha256=None),
        row("x/4.png", sha256="4"),
        row("x/5.png", sha256="5"),
        row("x/6.png", sha256="5"),
    ]
    b = [
        row("y/1.png", sha256="1"),
        row("x/2.png", sha256="2"),
        row("x/3.png", sha256="3"),
        row("x/4.png", sha256="changed"),
        row("x/6.png", sha256="5"),
        row("x/5.png", sha256="5"),
    ]
    pairs = pair_up(a, b)

    assert {(one.path, other.path) for one, other in pairs.both} == {
        ("x/1.png", "y/1.png"),
        ("x/2.png", "x/2.png"),
        ("x/3.png", "x/3.png"),
        ("x/5.png", "x/5.png"),
        ("x/6.png", "x/6.png"),
    }
    assert [one.path for one in pairs.only_a] == [one.path for one in pairs.only_b] == ["x/4.png"]


def test_a_small_loss_on_the_same_files_is_clear_though_the_runs_overlap():
    old = scores_of()
    found = compare(run_of(old), run_of(np.clip(old - 1, 0, 100)), LIMITS)
    (score,) = found.scores

    assert score.difference.value == pytest.approx(-1.0, abs=0.02)
    assert (score.up, score.effect) == (0, pytest.approx(0.0, abs=0.01))
    assert score.clear
    assert found.differs


def test_other_files_are_two_samples_and_a_small_loss_among_them_is_not_clear():
    a = run_of(scores_of(seed=1), "a")
    b = run_of(scores_of(seed=2, shift=-1), "b")
    found = compare(a, b, LIMITS)

    assert not found.paired
    assert found.changes == ()
    assert not found.scores[0].clear
    assert compare(a, run_of(scores_of(seed=2, shift=-8), "b"), LIMITS).scores[0].clear


def test_changed_files_come_worst_first():
    a = [
        row("kept.png"),
        row("fell.png", score=60),
        row("lost.png", score=60),
        row("fell-more.png", score=60),
        row("rose.png", score=10),
        row("dry.png", score=90),
    ]
    b = [
        row("kept.png"),
        row("fell.png", score=30),
        row("lost.png", failure="crash"),
        row("fell-more.png", score=20),
        row("rose.png", score=80),
        row("dry.png", score=90, defects={"FP_DRY": 0.3}),
    ]
    changes = compare(a, b, LIMITS).changes

    assert [change.path for change in changes] == [
        "lost.png",
        "fell-more.png",
        "fell.png",
        "dry.png",
        "rose.png",
    ]
    assert (changes[0].need_a, changes[0].need_b) == (Need.FINE, Need.NO_SCORE)
    assert changes[3].gained == ("FP_DRY",)


def test_mcnemar_counts_only_files_that_changed():
    a = run_of([70] * 90 + [30] * 10)
    b = run_of([30] * 9 + [70] * 81 + [70] + [30] * 9)
    person = rate(compare(a, b, LIMITS), "person")

    assert (person.gained, person.lost) == (9, 1)
    assert person.difference.value == pytest.approx(0.08)
    assert person.chance == pytest.approx(22 / 1024)  # exact, of 10 coins at most one other


def test_a_defect_is_counted_among_captures_that_can_have_it():
    a = [row("1.png", defects={"FP_DRY": 0.3}), row("2.png")]
    a += [row(f"eye{n}.png", modality="iris") for n in range(8)]
    dry = rate(compare(a, a, LIMITS), "FP_DRY")
    assert (dry.a.value, dry.a.n) == (0.5, 2)


def test_ten_fingers_of_one_person_count_as_one():
    """One changed person of forty is no change, though it is ten captures."""

    def rows(changed, person):
        return [
            row(f"{p}-{f}.png", score=20 if p < changed else 70, person=f"p{p}" if person else None)
            for p in range(40)
            for f in range(10)
        ]

    assert rate(compare(rows(0, False), rows(1, False), LIMITS), "person").clear
    assert not rate(compare(rows(0, True), rows(1, True), LIMITS), "person").clear
    assert rate(compare(rows(0, True), rows(12, True), LIMITS), "person").clear


def test_many_defects_by_chance_are_not_called_a_difference():
    random = np.random.default_rng(3)
    codes = [
        "FP_DRY",
        "FP_WET",
        "FP_PARTIAL",
        "FP_ROTATED",
        "FP_LOW_PRESSURE",
        "FP_BLUR",
        "FP_NOISE",
    ]

    def rows(name):
        return [
            row(f"{name}{n}.png", defects={c: 0.3 for c in codes if random.random() < 0.1})
            for n in range(300)
        ]

    assert sum(compare(rows("a"), rows("b"), LIMITS).differs for _ in range(40)) <= 5


def _fingers(documents):
    return [document for document in documents if document["modality"] == "finger"]


@pytest.fixture
def folders(tmp_path):
    documents = district(60)
    changed = json.loads(json.dumps(documents))
    for document in changed:
        if document["score"] is not None and document["modality"] == "finger":
            document["score"] = max(0, document["score"] - 9)
            document["algorithm"] = "ektp-biocheck/fingerprint 1.1.0"
    (tmp_path / "p.toml").write_text("[finger]\naccept = 40\n")
    return write_run(tmp_path / "a", documents), write_run(tmp_path / "b", changed)


def test_the_command_says_what_changed_in_both_languages(folders, tmp_path):
    runs = [str(folder) for folder in folders]
    policy = ["--policy", str(tmp_path / "p.toml")]
    english = CliRunner().invoke(main, ["compare", *runs, *policy, "--top", "3"])
    assert english.exit_code == 1, english.output
    assert "More captures of B need a person" in english.output
    assert "The scorers differ" in english.output
    changed = sum(d["score"] is not None and d["score"] > 0 for d in _fingers(district(60)))
    assert f"3 of {changed} are shown." in english.output
    indonesian = CliRunner().invoke(main, ["compare", *runs, *policy, "--lang", "id"])
    assert "Di B lebih banyak rekaman perlu" in indonesian.output
    same = CliRunner().invoke(main, ["compare", runs[0], runs[0], *policy])
    assert same.exit_code == 0
    assert "No difference is more than chance." in same.output


def test_b8_every_option_of_compare_takes_effect(folders, tmp_path):
    page = tmp_path / "c.html"
    options = ["--where", "modality == 'iris'", "--html", str(page), "--json"]
    result = CliRunner().invoke(main, ["compare", *map(str, folders), *options])

    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert [score["modality"] for score in document["scores"]] == ["iris"]
    assert document["pairs"] == 120
    assert document["changes"] == []
    assert "default-src &#39;none&#39;" in page.read_text()
    assert "No difference is more than chance." in page.read_text()


def test_hostile_names_of_changed_files_stay_text(tmp_path):
    a = write_run(tmp_path / "a", [document_of(name, score=90) for name in HOSTILE])
    b = write_run(tmp_path / "b", [document_of(name, score=10) for name in HOSTILE])
    page = tmp_path / "c.html"
    result = CliRunner().invoke(main, ["compare", str(a), str(b), "--html", str(page)])

    assert "Traceback" not in result.output
    html = page.read_text()
    assert "<img" not in html
    assert "\u202e" not in html
    assert "\x1b" not in result.output
