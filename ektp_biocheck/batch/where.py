"""Filters over the rows of a run: ``score < 40 and station == '3313'``.

A small typed grammar, read by hand and never evaluated as code::

    filter     = any
    any        = all { "or" all }
    all        = one { "and" one }
    one        = "not" one | "(" any ")" | condition
    condition  = FLAG
               | FIELD ("==" | "!=" | "<" | "<=" | ">" | ">=") literal
               | FIELD ["not"] "in" "(" literal { "," literal } ")"
               | FIELD "is" ["not"] "missing"
               | FIELD ("contains" | "has") text
    literal    = number | text in '…' or "…"

What a row does not say is unknown, not false: ``station != '3313'`` leaves out rows without a
station, and so does its ``not``. `Filter.select` counts such rows, ``is missing`` finds them.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from ektp_biocheck.batch.fields import FIELDS, Field, Kind, measure_field
from ektp_biocheck.errors import InputError

if TYPE_CHECKING:
    from ektp_biocheck.batch.results import Row

__all__ = ["Filter", "Selection", "parse"]

Truth = bool | None
Test = Callable[["Row"], Truth]

_DEEPEST = 50  # brackets and "not"s inside each other; a person never needs ten
_LONGEST = 10_000  # characters
_WORDS = ("and", "or", "not", "in", "is", "missing", "has", "contains")
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<name>[^\W\d][\w.]*|`[^`]+`)
    | (?!<>)(?P<sign>==|!=|<=|>=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_MEANT = {"=": "==", "&": "and", "|": "or", "!": "not", "~": "not", "<>": "!="}


@dataclass(frozen=True, slots=True)
class Selection:
    """What a filter leaves: the rows it holds for, and how many it could not decide on."""

    rows: "list[Row]"
    undecided: int


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that was read; `text` is what the user wrote."""

    text: str
    test: Test

    def select(self, rows: "Iterable[Row]") -> Selection:
        """Return the rows for which the filter holds, in their order.

        Rows that lack what the filter asks about, so that it is neither true nor false, are
        left out and counted.
        """
        kept, undecided = [], 0
        for row in rows:
            truth = self.test(row)
            if truth:
                kept.append(row)
            undecided += truth is None
        return Selection(kept, undecided)


def parse(text: str, measures: Collection[str] = ()) -> Filter:
    """Read a filter.

    Parameters
    ----------
    text : str
        Such as ``"score < 40 and station == '3313'"``.
    measures : collection of str
        Names of measures that may be asked about beside the fixed fields.

    Returns
    -------
    Filter
        Ready to select rows.

    Raises
    ------
    InputError
        When the text is no filter; the message shows the place and what was probably meant.
    """
    if len(text) > _LONGEST:
        raise InputError(f"the filter has {len(text)} characters; at most {_LONGEST} are read")
    reader = _Reader(text, measures)
    test = reader.any_of(0)
    if reader.kind != "end":
        reader.fail("expected 'and', 'or' or the end")
    return Filter(text, test)


class _Reader:
    """One token at a time: `kind`, `value` and `at` are those of the token under the cursor."""

    def __init__(self, text: str, measures: Collection[str]) -> None:
        self.text = text
        self.measures = measures
        self.kind, self.value, self.at, self.end = "", "", 0, 0
        self.step()

    def step(self) -> str:
        """Move to the next token and return the value of the one left behind."""
        passed = self.value
        match = _TOKEN.match(self.text, self.end)
        if match is None or match.lastgroup is None:
            self.at = len(self.text) - len(self.text[self.end :].lstrip())
            self.kind, self.value = "end", ""
            if self.at < len(self.text):
                self.bad_character()
            return passed
        self.kind = match.lastgroup
        self.value = match[self.kind]
        self.at, self.end = match.start(self.kind), match.end()
        if self.kind == "name" and self.value.lower() in _WORDS:
            self.kind, self.value = "word", self.value.lower()
        return passed

    def take(self, *values: str) -> str:
        """Step over one of these words or signs and return it, else return ``""``."""
        return self.step() if self.kind in ("word", "sign") and self.value in values else ""

    def fail(self, what: str, cure: str = "", at: int | None = None) -> NoReturn:
        at = self.at if at is None else at
        start = max(0, at - 60)
        line = re.sub(r"\s", " ", self.text[start : at + 40])
        if at >= len(self.text) and not what.endswith("end"):
            what += ", found the end"
        raise InputError(
            f"filter, character {at + 1}: {what}{'; ' + cure if cure else ''}\n"
            f"  {line}\n  {' ' * (at - start)}^"
        )

    def bad_character(self) -> NoReturn:
        rest = self.text[self.at :]
        if rest[0] in "'\"":
            self.fail("this text has no closing quote")
        if re.match(r"[+-]?[\d.]", rest):
            self.fail("this is no number", f"if it is text, write {_quoted(rest.split()[0])}")
        for sign in (rest[:2], rest[0]):
            if sign in _MEANT:
                self.fail(f"{sign!r} is no sign of a filter", f"write {_MEANT[sign]}")
        self.fail(f"{rest[0]!r} is no sign of a filter")

    def any_of(self, depth: int) -> Test:
        tests = [self.all_of(depth)]
        while self.take("or"):
            tests.append(self.all_of(depth))
        return tests[0] if len(tests) == 1 else lambda row: _any(test(row) for test in tests)

    def all_of(self, depth: int) -> Test:
        tests = [self.one(depth)]
        while self.take("and"):
            tests.append(self.one(depth))
        return tests[0] if len(tests) == 1 else lambda row: _all(test(row) for test in tests)

    def one(self, depth: int) -> Test:
        if depth > _DEEPEST:
            self.fail(f"more than {_DEEPEST} brackets inside each other")
        if self.take("not"):
            inner = self.one(depth + 1)
            return lambda row: None if (truth := inner(row)) is None else not truth
        if self.take("("):
            inner = self.any_of(depth + 1)
            if not self.take(")"):
                self.fail("expected ')'")
            return inner
        return self.condition()

    def condition(self) -> Test:
        field, at = self.field()
        if sign := self.take("==", "!=", "<", "<=", ">", ">="):
            if sign not in field.signs:
                cure = f"use {' or '.join(field.signs)}" if field.signs else field.usage()
                self.fail(f"{field.name} is {field.kind} and has no {sign}", cure, at)
            return field.comparison(sign, self.literal(field))
        if self.take("is"):
            wanted = not self.take("not")
            if not self.take("missing"):
                self.fail("expected 'missing'")
            return lambda row: (field.get(row) is None) is wanted
        turned = bool(self.take("not"))
        if word := self.take("in", *(("has",) if field.kind == Kind.CODES else ("contains",))):
            test = self.members(field) if word == "in" else field.holds(self.literal(field))
            return (lambda row: _not(test(row))) if turned else test
        if field.kind == Kind.FLAG and not turned:
            return lambda row: bool(field.get(row))
        self.fail(f"expected what to ask about {field.name}", field.usage())

    def field(self) -> tuple[Field, int]:
        at, name = self.at, self.value.strip("`")
        if self.kind != "name":
            self.fail("expected the name of a field", f"such as {', '.join(list(FIELDS)[:4])}")
        known = {known.lower(): known for known in (*self.measures, *FIELDS)}
        found = name if name in self.measures else known.get(name.lower())
        if found is None:
            near = get_close_matches(name.lower(), known, n=3)
            cure = f"did you mean {' or '.join(known[close] for close in near)}?"
            self.fail(f"no field {name!r}", cure if near else f"use one of {', '.join(FIELDS)}")
        self.step()
        return FIELDS.get(found) or measure_field(found), at

    def members(self, field: Field) -> Test:
        if field.kind in (Kind.CODES, Kind.FLAG):
            self.fail(f"{field.name} is {field.kind} and has no 'in'", field.usage())
        if not self.take("("):
            self.fail("expected '(' and a list after 'in'")
        tests = [field.comparison("==", self.literal(field))]
        while self.take(","):
            tests.append(field.comparison("==", self.literal(field)))
        if not self.take(")"):
            self.fail("expected ',' or ')'")
        return lambda row: _any(test(row) for test in tests)

    def literal(self, field: Field) -> str | float:
        """Read a value and hold it against what the field can be."""
        kind, value, at = self.kind, self.value, self.at
        if kind not in ("number", "text"):
            meant = f"write {_quoted(value)}" if kind == "name" else field.usage()
            self.fail(f"expected a value for {field.name}", meant)
        self.step()
        if kind == "number" and field.kind == Kind.NUMBER:
            return float(value)
        if kind == "number":
            self.fail(f"{field.name} is {field.kind}", f"write {_quoted(value)}", at)
        plain = value[1:-1]
        if field.kind == Kind.NUMBER:
            self.fail(f"{field.name} is a number", f"write {plain} without quotes", at)
        try:
            return field.accepted(plain)
        except InputError as error:
            self.fail(str(error), at=at)


def _any(truths: Iterable[Truth]) -> Truth:
    unknown = False
    for truth in truths:
        if truth:
            return True
        unknown |= truth is None
    return None if unknown else False


def _all(truths: Iterable[Truth]) -> Truth:
    return _not(_any(_not(truth) for truth in truths))


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _quoted(text: str) -> str:
    return "'" + text.strip("`") + "'"
