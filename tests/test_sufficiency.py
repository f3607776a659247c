"""What is enough: a grammar that means what it says and says where it does not understand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.capture.sufficiency import NAMES, parse
from ektp_biocheck.errors import InputError

COUNTS = sorted(name for name, kind in NAMES.items() if kind == "number")
FLAGS = sorted(name for name, kind in NAMES.items() if kind == "yes or no")
VALUES = st.fixed_dictionaries(
    {name: st.integers(0, 10) if name in COUNTS else st.booleans() for name in NAMES}
)
SIGNS = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b, ">=": lambda a, b: a >= b, ">": lambda a, b: a > b,
}  # fmt: skip


def numbers():
    """Pairs of text and meaning."""
    named = st.sampled_from(COUNTS).map(lambda n: (n, lambda v, n=n: v[n]))
    plain = st.integers(0, 12).map(lambda i: (str(i), lambda v, i=i: i))
    return named | plain


def compared():
    def build(first, sign, second):
        text = f"{first[0]} {sign} {second[0]}"
        return text, lambda v: SIGNS[sign](first[1](v), second[1](v))

    return st.builds(build, numbers(), st.sampled_from(sorted(SIGNS)), numbers())


def joined(inner):
    def both(a, word, b):
        if word == "and":
            return f"({a[0]}) and ({b[0]})", lambda v: a[1](v) and b[1](v)
        return f"({a[0]}) or ({b[0]})", lambda v: a[1](v) or b[1](v)

    pair = st.builds(both, inner, st.sampled_from(["and", "or"]), inner)
    return pair | inner.map(lambda a: (f"not ({a[0]})", lambda v: not a[1](v)))


flags = st.sampled_from(FLAGS).map(lambda n: (n, lambda v, n=n: v[n]))
expressions = st.recursive(flags | compared(), joined, max_leaves=8)


@given(expressions, VALUES)
def test_an_expression_means_what_it_says(expression, values):
    text, meaning = expression
    assert parse(text).holds(values) == meaning(values)
    for lang in ("id", "en"):
        assert parse(text).in_words(lang)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    try:
        parse(text)
    except InputError as error:
        said = str(error)
    else:
        said = "number"
    assert "character" in said or "number" in said


@pytest.mark.parametrize(
    ("text", "values", "enough"),
    [
        ("fingers >= 4 and any_index or irises >= 1", {"irises": 1}, True),
        ("fingers >= 4 and (any_index or irises >= 1)", {"irises": 1}, False),
        ("not face and fingers > 0", {"fingers": 1}, True),
        ("not (face and fingers > 0)", {}, True),
        ("right_index and left_eye", {"right_index": True, "left_eye": True}, True),
        ("fingers_kept==irises_kept", {}, True),
    ],
)
def test_what_binds_more_closely(text, values, enough):
    everything = {name: 0 if name in COUNTS else False for name in NAMES}
    assert parse(text).holds({**everything, **values}) == enough


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fingrs >= 4", r"character 1 .*did you mean fingers"),
        ("face and iris >= 1", r"character 10 .*irises"),
        ("fingers", "compare it"),
        ("4 >= fingers >= 2", "was not expected"),
        ("fingers and face", "mixture"),
        ("not fingers", "mixture"),
        ("face >= 1", "mixture"),
        ("(face", r"'\)' is missing"),
        ("face)", "was not expected"),
        ("face or", "ends too early"),
        ("", "ends too early"),
        ("face; import os", "means nothing"),
        ("__import__('os')", "character 12 .*means nothing"),
        ("(" * 100 + "face" + ")" * 100, "too many brackets"),
        ("not " * 100 + "face", "too many brackets"),
        ("and face", "was not expected"),
    ],
)
def test_what_cannot_be_read_says_where(text, told):
    with pytest.raises(InputError, match=told):
        parse(text)


def test_in_both_languages():
    expression = parse("(fingers >= 4 and any_index) or irises >= 1")
    assert expression.in_words("id") == (
        "(jari yang memenuhi batas ≥ 4 dan salah satu telunjuk memenuhi batas) "
        "atau iris yang memenuhi batas ≥ 1"
    )
    assert "fingers at or above the bar ≥ 4" in expression.in_words("en")
