"""What each threshold would bring about, on captures whose fate is known."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.batch.needs import Limits
from ektp_biocheck.batch.thresholds import QUANTILES, expected_fnmr, what_if
from ektp_biocheck.cli import main
from tests.report_runs import ALGORITHMS, district, document_of, row, write_run

LIMITS = Limits("test", {"finger": 40}, {"finger": 20}, {"finger": 3})


def level_at(rows, threshold, limits=LIMITS):
    (whole,) = what_if(rows, limits, thresholds=[threshold])
    return whole.levels[0]


def attempts(person, *scores, position="right_index"):
    about = {"person": person, "position": position}
    return [
        row(
            f"{person}-{n}.png",
            captured_at=f"2026-11-0{n}",
            **about,
            **({"failure": "blank"} if score is None else {"score": score}),
        )
        for n, score in enumerate(scores, 1)
    ]


def test_retake_fallback_and_exception_of_five_fingers():
    rows = [
        *attempts("a", 70),  # accepted at once
        *attempts("b", 30, 50),  # retaken, then accepted
        *attempts("c", 30, 25, 35),  # spent: kept as a fallback
        *attempts("d", 10, None, 5),  # spent: nothing usable
        *attempts("e", 30),  # one attempt: nobody knows
    ]
    level = level_at(rows, 40)

    assert level.retake.value == pytest.approx(4 / 5)
    assert level.fallback_least == pytest.approx(1 / 5)
    assert level.fallback.value == pytest.approx(2 / 5)
    assert level.exception_least == level.exception.value == pytest.approx(1 / 5)


def test_equality_accepts_and_the_order_in_time_decides_not_the_path():
    assert level_at([row("a.png", score=40)], 40).retake.value == 0.0
    assert level_at([row("a.png", score=40)], 41).retake.value == 1.0
    later = [
        row("a.png", score=10, person="p", position="left_thumb", captured_at="2026-11-02"),
        row("b.png", score=90, person="p", position="left_thumb", captured_at="2026-11-01"),
    ]
    assert level_at(later, 40).retake.value == 0.0


def test_a_hard_defect_is_never_accepted_however_low_the_threshold():
    level = level_at([row("a.png", score=95, defects={"FP_GHOST_PLATEN": 0.9})], 0)
    assert level.retake.value == 1.0
    assert level.exception.value == 1.0


def test_only_the_attempts_of_the_policy_count():
    rows = attempts("a", 10, 10, 10, 90)
    assert level_at(rows, 40).exception_least == 1.0
    assert level_at(rows, 40, Limits(attempts={"finger": 4})).fallback.value == 0.0


def test_without_a_person_each_capture_stands_alone():
    rows = [row(f"{n}.png", score=30, position="left_thumb") for n in range(4)]
    (whole,) = what_if(rows, LIMITS, thresholds=[40])
    assert (whole.n, whole.captures) == (4, 4)
    assert (whole.levels[0].fallback_least, whole.levels[0].fallback.value) == (0.0, 1.0)


@given(st.lists(st.one_of(st.none(), st.integers(0, 100)), min_size=1, max_size=25))
def test_rates_never_fall_as_the_threshold_rises_and_parts_add_up(scores):
    rows = [
        row(f"{n}.png", failure="blank") if score is None else row(f"{n}.png", score=score)
        for n, score in enumerate(scores)
    ]
    (whole,) = what_if(rows, LIMITS, thresholds=range(0, 101, 10))
    retakes = [level.retake.value for level in whole.levels]

    assert retakes == sorted(retakes)
    for level in whole.levels:
        below = sum(score is None or score < level.threshold for score in scores)
        assert level.retake.value == pytest.approx(below / len(scores))
        assert level.fallback.value + level.exception.value == pytest.approx(level.retake.value)
        assert level.retake.low <= level.retake.value <= level.retake.high


def test_scores_are_described_as_they_are():
    (whole,) = what_if([row(f"{n}.png", score=n) for n in range(101)], LIMITS)
    assert (whole.least, whole.scores.value, whole.most) == (0, 50.0, 100)
    assert dict(zip(QUANTILES, whole.quantiles, strict=True))[95] == 95.0
    (none,) = what_if([row("a.png", failure="blank")], LIMITS)
    assert (none.least, none.most, none.quantiles, none.unscored) == (None, None, (), 1)


def test_groups_are_told_apart_and_small_operators_left_out():
    rows = [row(f"{n}.png", station="3301", operator="many", score=20) for n in range(40)]
    rows += [row(f"x{n}.png", station="3302", operator="few", score=90) for n in range(29)]
    found = what_if(rows, LIMITS, thresholds=[40], by=("station", "operator"))

    assert [(w.by, w.group, w.few) for w in found] == [
        ("", "", False),
        ("station", "3301", False),
        ("station", "3302", True),
        ("operator", "many", False),
    ]
    assert [w.levels[0].retake.value for w in found[1:3]] == [1.0, 0.0]


def test_the_expected_fnmr_is_that_of_the_published_table():
    algorithm = ALGORITHMS["finger"]
    # All at 45: each pair's worse score lies in 40 to 50, published as 14.8 %.
    assert expected_fnmr([45] * 10, algorithm)[:3] == pytest.approx((0.148, 0.095, 0.222))
    # Half at 45, half at 95: three pairs of four have 45 as the worse.
    mixed = expected_fnmr([45, 95] * 50, algorithm).value
    assert mixed == pytest.approx(0.75 * 0.148 + 0.25 * 0.031)
    assert expected_fnmr([45], "ektp-biocheck/fingerprint 9.0.0") is None
    assert expected_fnmr([], algorithm) is None
    scores = np.random.default_rng(0).integers(0, 101, 500)
    rates = [expected_fnmr(scores[scores >= t].tolist(), algorithm).value for t in (0, 40, 70)]
    assert rates == sorted(rates, reverse=True)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "p.toml").write_text("[finger]\naccept = 40\nfloor = 20\n[iris]\naccept = 60\n")
    return write_run(tmp_path / "out", district(80))


def test_the_command_shows_every_modality_in_both_languages(folder, tmp_path):
    policy = ["--policy", str(tmp_path / "p.toml")]
    for lang, words in (("id", ("sidik jari", "Diulang")), ("en", ("fingerprint", "Retaken"))):
        result = CliRunner().invoke(main, ["thresholds", str(folder), "--lang", lang, *policy])
        assert result.exit_code == 0, result.output
        assert all(word in result.output for word in (*words, "iris", "FNMR"))


def test_b8_every_option_of_thresholds_takes_effect(folder, tmp_path):
    table = tmp_path / "t.csv"
    options = ["--policy", str(tmp_path / "p.toml"), "--csv", str(table), "--by", "age_band"]
    options += ["--step", "20", "--where", "modality == 'finger'", "--json"]
    result = CliRunner().invoke(main, ["thresholds", str(folder), *options])

    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["policy"]["accept"] == {"finger": 40, "iris": 60}
    assert {group["modality"] for group in document["groups"]} == {"finger"}
    assert {group["by"] for group in document["groups"]} == {"", "age_band"}
    assert [level["threshold"] for level in document["groups"][0]["levels"]] == [
        0,
        20,
        40,
        60,
        80,
        100,
    ]
    with table.open(newline="") as handle:
        lines = list(csv.DictReader(handle))
    assert len(lines) == 4 * 6
    whole = document["groups"][0]["levels"][2]
    line = next(x for x in lines if x["threshold"] == "40" and not x["by"])
    assert float(line["retake"]) == whole["retake"][""]
    assert float(line["fnmr_low"]) == whole["fnmr"]["low"]


def test_a_group_name_cannot_become_a_formula_in_the_table(tmp_path):
    documents = [document_of(f"{n}.png", station="=cmd|' /C calc'!A0\n") for n in range(3)]
    folder = write_run(tmp_path / "out", documents)
    table = tmp_path / "t.csv"
    result = CliRunner().invoke(
        main, ["thresholds", str(folder), "--by", "station", "--csv", str(table)]
    )

    assert result.exit_code == 0, result.output
    with table.open(newline="") as handle:
        names = {line["group"] for line in csv.DictReader(handle)}
    assert names == {"", "'=cmd|' /C calc'!A0\\n"}


def test_a_run_without_captures_is_no_error(tmp_path):
    folder = write_run(tmp_path / "out", [])
    result = CliRunner().invoke(main, ["thresholds", str(folder), "--csv", str(tmp_path / "t.csv")])
    assert result.exit_code == 0
    assert "There is no capture." in result.output
