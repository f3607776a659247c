"""Filters: a small typed grammar, three-valued, never evaluated as code."""

import hashlib
import json
import re

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.batch.where import parse
from ektp_biocheck.cli import main
from ektp_biocheck.errors import InputError
from tests.report_runs import district, row, write_run

ROWS = [
    row("low.png", score=30, station="3313", captured_at="2026-11-21T08:30:00+07:00"),
    row("fine.png", score=80, station="3313", captured_at="2026-10-31", person="p1"),
    row("dry.png", score=45, station="3314", defects={"FP_DRY": 0.4, "FP_WET": 0.2}),
    row("blank.png", failure="no finger was found", defects={"FP_BLANK": 1.0}),
    row("eye.png", modality="iris", score=60, position="left_eye", measures={"sharpness": 0.5}),
]


def chosen(text, rows=ROWS):
    measures = {name for one in rows for name in one.measures}
    return [one.path.removesuffix(".png") for one in parse(text, measures).select(rows).rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("score < 40 and station == '3313'", ["low"]),
        ("score < 45", ["low"]),
        ("score <= 45", ["low", "dry"]),
        ("score == 45.0", ["dry"]),
        ("score != 45", ["low", "fine", "eye"]),
        ("score is missing", ["blank"]),
        ("score is not missing", ["low", "fine", "dry", "eye"]),
        ("station in ('3313', '9999')", ["low", "fine"]),
        ("station not in ('3313')", ["dry"]),
        ("station != '3313'", ["dry"]),
        ("score in (30, 60)", ["low", "eye"]),
        ("defects has 'FP_DRY'", ["dry"]),
        ("not defects has 'FP_DRY'", ["low", "fine", "blank", "eye"]),
        ("defects not has 'FP_DRY'", ["low", "fine", "blank", "eye"]),
        ("hard", ["blank"]),
        ("not hard and score > 70", ["fine"]),
        ("path contains 'l' and path not contains 'b'", ["low"]),
        ("captured_at >= '2026-11'", ["low"]),
        ("captured_at == '2026-11-21'", ["low"]),
        ("captured_at < '2026-11-21T08'", ["fine"]),
        ("captured_at <= '2026-11-21 08:30'", ["low", "fine"]),
        ("person is missing", ["low", "dry", "blank", "eye"]),
        ("modality == 'IRIS'", ["eye"]),
        ("status == 'ok' and position == 'left_eye'", ["eye"]),
        ("sharpness > .4", ["eye"]),
        ("`sharpness` > 4e-1", ["eye"]),
        ("SCORE < 40 AND NOT HARD", ["low"]),
        ("score < 40 or score > 70 and station == '3313'", ["low", "fine"]),
        ("(score < 40 or score > 70) and captured_at < '2026-11'", ["fine"]),
        ("not (score < 40 or score > 70)", ["dry", "eye"]),
        ("not not score < 40", ["low"]),
        ('station == "3313" and\n\tscore<40', ["low"]),
    ],
)
def test_a_filter_keeps_what_it_says(text, expected):
    assert chosen(text) == expected


def test_what_is_not_known_is_neither_true_nor_false_and_is_counted():
    told = parse("score < 40").select(ROWS)
    turned = parse("not score < 40").select(ROWS)

    assert (len(told.rows), told.undecided) == (1, 1)
    assert (len(turned.rows), turned.undecided) == (3, 1)
    # One side that is known settles it all the same.
    assert parse("score < 40 or modality == 'finger'").select(ROWS).undecided == 0
    assert parse("score < 40 and modality == 'iris'").select(ROWS).undecided == 0


LEAVES = st.sampled_from(
    ["score < 50", "score > 20", "station == '3313'", "person is missing", "hard", "sharpness > 0"]
)
FORMULAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) and ({pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) or ({pair[1]})"),
    ),
    max_leaves=8,
)


@given(FORMULAS, FORMULAS)
def test_not_and_or_obey_de_morgan_on_rows_that_lack_things(a, b):
    for one, other in (
        (f"not (({a}) and ({b}))", f"not ({a}) or not ({b})"),
        (f"not (({a}) or ({b}))", f"not ({a}) and not ({b})"),
        (f"not (not ({a}))", a),
    ):
        left, right = parse(one, ["sharpness"]), parse(other, ["sharpness"])
        assert [left.test(r) for r in ROWS] == [right.test(r) for r in ROWS]


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("", 1, "name of a field"),
        ("scor < 40", 1, "did you mean score"),
        ("score < '40'", 9, "write 40 without quotes"),
        ("score < forty", 9, "expected a value for score"),
        ("station == 3313", 12, "write '3313'"),
        ("station == north", 12, "write 'north'"),
        ("station < '3'", 1, "use == or !="),
        ("score = 40", 7, "write =="),
        ("score < 40 && hard", 12, "write and"),
        ("score < 40 || hard", 12, "write or"),
        ("!hard", 1, "write not"),
        ("score <> 40", 7, "write !="),
        ("score < 40 hard", 12, "expected 'and', 'or' or the end"),
        ("score < 40)", 11, "expected 'and', 'or' or the end"),
        ("(score < 40", 12, "expected ')', found the end"),
        ("score <", 8, "expected a value for score"),
        ("score < 40 and", 15, "name of a field"),
        ("score", 6, "write score < 40"),
        ("score is", 9, "expected 'missing'"),
        ("station in '3313'", 12, "expected '('"),
        ("station in ('3313' '3314')", 20, "expected ',' or ')'"),
        ("station in ()", 13, "expected a value for station"),
        ("station == '3313", 12, "no closing quote"),
        ("score < 40abc", 9, "no number"),
        ("score < 1.2.3", 9, "no number"),
        ("defects has 'FP_DRI'", 13, "'FP_DRY'"),
        ("defects == 'FP_DRY'", 1, "defects has 'FP_DRY'"),
        ("defects has 7", 13, "write '7'"),
        ("score has 7", 7, "write score < 40"),
        ("hard == 'yes'", 1, "write hard or not hard"),
        ("hard in ('yes')", 9, "write hard or not hard"),
        ("modality == 'fingre'", 13, "'finger'"),
        ("position == 'left thumb'", 13, "'left_thumb'"),
        ("captured_at > 'monday'", 15, "'2026-11-21'"),
        ("captured_at > '2026-13-01'", 15, "is no time"),
        ("score < 40 and __import__('os')", 16, "no field '__import__'"),
        ("score < 40; hard", 11, "';' is no sign"),
        ("and hard", 1, "name of a field"),
        ("not", 4, "name of a field"),
        ("score < 4 # fine", 11, "'#' is no sign"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_cure(text, place, told):
    with pytest.raises(InputError) as caught:
        parse(text)

    message, line, mark = str(caught.value).split("\n")
    assert message.startswith(f"filter, character {place}: ")
    assert told in message
    assert mark.index("^") - 2 == min(place - 1, 60)
    assert line.startswith("  ")


def test_endless_nesting_and_endless_text_are_refused_not_a_crash():
    with pytest.raises(InputError, match="brackets inside each other"):
        parse("(" * 4000 + "hard" + ")" * 4000)
    with pytest.raises(InputError, match="more than 50"):
        parse("not " * 200 + "hard")
    with pytest.raises(InputError, match="at most 10000"):
        parse("hard or " * 5000 + "hard")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        parse(text).select(ROWS)
    except InputError as error:
        told = str(error)
    else:
        told = "filter, character 1: fine"
    assert told.startswith("filter, character ")


@given(st.text(min_size=1, max_size=20).filter(lambda text: "'" not in text))
def test_a_quoted_text_is_itself_whatever_it_holds(text):
    there = row("x.png", station=text)
    assert parse(f"station == '{text}'").select([there]).rows == [there]


def test_filter_lists_the_captures_and_says_how_many_are_not_known(tmp_path):
    run = write_run(tmp_path, district(60))
    table = "head\n" + "line\n" * 780
    (run / "results.csv").write_text(table)
    summary = json.loads((run / "run.json").read_text())
    summary["sha256"]["results.csv"] = hashlib.sha256(table.encode()).hexdigest()
    (run / "run.json").write_text(json.dumps(summary))
    found = CliRunner().invoke(main, ["filter", str(run), "--where", "score < 30 or noise > 1e9"])

    low = [d for d in district(60) if d["score"] is not None and d["score"] < 30]
    assert found.exit_code == 0
    assert re.search(rf"{len(low)} of 780 captures; not known for \d+", found.stderr)
    assert all(document["path"].rpartition("/")[2][:8] in found.stdout for document in low)

    lines = CliRunner().invoke(main, ["filter", str(run), "--where", "score < 30", "--csv"])
    assert lines.stdout == "head\n" + "line\n" * len(low)

    (run / "results.csv").write_text("head\n")
    torn = CliRunner().invoke(main, ["filter", str(run), "--where", "score < 30", "--csv"])
    assert torn.exit_code == 2
    assert "was changed after the run" in torn.stderr

    none = CliRunner().invoke(main, ["filter", str(run), "--where", "score > 100"])
    assert none.exit_code == 1


def test_filter_shows_a_mistake_in_one_message(tmp_path):
    run = write_run(tmp_path, district(3))
    found = CliRunner().invoke(main, ["filter", str(run), "--where", "scor < 40"])

    assert found.exit_code == 2
    assert "did you mean score" in found.stderr
    assert "Traceback" not in found.output
