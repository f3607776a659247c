"""What is enough for a record: a small typed expression, read without `eval`.

::

    expression = and ("or" and)*
    and        = not ("and" not)*
    not        = "not" not | comparison
    comparison = value (("<" | "<=" | "==" | "!=" | ">=" | ">") value)?
    value      = number | name | "(" expression ")"

Counts can be compared, yes-or-no names can be joined; anything else is an error that says where.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang, in_language
from ektp_biocheck.positions import SINGLE_FINGERS, EyeLabel, Instance, Modality

__all__ = ["NAMES", "Expression", "parse", "part_names"]

Kind = Literal["number", "yes or no"]

_WORDS = {
    "fingers": ("jari yang memenuhi batas", "fingers at or above the bar"),
    "fingers_kept": ("jari yang tersimpan", "fingers kept, also below the bar"),
    "irises": ("iris yang memenuhi batas", "irises at or above the bar"),
    "irises_kept": ("iris yang tersimpan", "irises kept, also below the bar"),
    "excepted": ("bagian yang dikecualikan", "excepted parts"),
    "face": ("wajah memenuhi batas", "the face is at or above the bar"),
    "face_kept": ("foto wajah tersimpan", "a face photo is kept, also below the bar"),
    "any_index": (
        "salah satu telunjuk memenuhi batas",
        "an index finger is at or above the bar",
    ),
    "both_index": ("kedua telunjuk memenuhi batas", "both index fingers are at or above the bar"),
}
_COUNTS = ("fingers", "fingers_kept", "irises", "irises_kept", "excepted")


def part_names() -> dict[Instance, str]:
    """Return the name of each of the ten fingers and two eyes in an expression."""
    fingers = {Instance(Modality.FINGER, f): f.name.lower() for f in SINGLE_FINGERS}
    eyes = {EyeLabel.RIGHT: "right_eye", EyeLabel.LEFT: "left_eye"}
    return fingers | {Instance(Modality.IRIS, eye): name for eye, name in eyes.items()}


_PARTS = {name: instance for instance, name in part_names().items()}

NAMES: Final[Mapping[str, Kind]] = {
    **{name: "number" if name in _COUNTS else "yes or no" for name in _WORDS},
    **dict.fromkeys(_PARTS, "yes or no"),
}
"""Every name of an expression and its kind; a finger's or eye's own means: at or above the bar."""

_COMPARE: dict[str, tuple[Callable[[int, int], bool], str]] = {
    "<=": (operator.le, "≤"),
    ">=": (operator.ge, "≥"),
    "==": (operator.eq, "="),
    "!=": (operator.ne, "≠"),
    "<": (operator.lt, "<"),
    ">": (operator.gt, ">"),
}
_TOKEN = re.compile(r"\s*(?:([0-9]+)|([A-Za-z_]\w*)|(<=|>=|==|!=|<|>)|([()]))")
_RESERVED = ("and", "or", "not")
_DEEPEST = 40  # brackets and "not" inside one another

Values = Mapping[str, int | bool]


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression or a part of it.

    Parameters
    ----------
    kind : {"number", "yes or no"}
        What it comes to.
    operator : str
        ``"and"``, ``"or"``, ``"not"``, a comparison, ``"name"`` or ``"number"``.
    parts : tuple of Expression
    text : str
        The name or number of a leaf.
    """

    kind: Kind
    operator: str
    parts: tuple["Expression", ...] = ()
    text: str = ""

    def holds(self, values: Values) -> bool:
        """Work a yes-or-no expression out.

        Parameters
        ----------
        values : Mapping of str to int or bool
            All of `NAMES`.
        """
        return bool(self._value(values))

    def in_words(self, lang: Lang) -> str:
        """Say it in Indonesian or English."""
        if self.operator == "number":
            return self.text
        if self.operator == "name":
            if self.text in _WORDS:
                return in_language(lang, *_WORDS[self.text])
            part = _PARTS[self.text].display_name(lang)
            return in_language(lang, f"{part} memenuhi batas", f"{part} at or above the bar")
        said = [part.in_words(lang) for part in self.parts]
        if self.operator in _COMPARE:
            return f"{said[0]} {_COMPARE[self.operator][1]} {said[1]}"
        bracketed = [
            f"({text})" if part.operator in ("and", "or") else text
            for part, text in zip(self.parts, said, strict=True)
        ]
        if self.operator == "not":
            return f"{in_language(lang, 'bukan:', 'not:')} {bracketed[0]}"
        words = {"and": ("dan", "and"), "or": ("atau", "or")}[self.operator]
        return f" {in_language(lang, *words)} ".join(bracketed)

    def _value(self, values: Values) -> int | bool:
        if self.operator == "number":
            return int(self.text)
        if self.operator == "name":
            return values[self.text]
        if self.operator == "and":
            return all(part._value(values) for part in self.parts)
        if self.operator == "or":
            return any(part._value(values) for part in self.parts)
        if self.operator == "not":
            return not self.parts[0]._value(values)
        first, second = (int(part._value(values)) for part in self.parts)
        return _COMPARE[self.operator][0](first, second)


def parse(text: str) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text : str
        Such as ``"(fingers >= 4 and any_index) or irises >= 1"``.

    Returns
    -------
    Expression
        A yes-or-no one.

    Raises
    ------
    InputError
        When it is none; the text says at which character, and which name may have been meant.
    """
    reader = _Reader(text)
    found = reader.joined("or")
    reader.end()
    if found.kind != "yes or no":
        raise InputError(f"{text!r} is a number: compare it, such as in 'fingers >= 4'")
    return found


class _Reader:
    """Walks over the tokens once."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.depth = text, 0, 0
        self.tokens = self._tokens()
        self.at = 0

    def _tokens(self) -> list[tuple[str, int]]:
        tokens, place = [], 0
        while self.text[place:].strip():
            match = _TOKEN.match(self.text, place)
            if match is None:
                column = place + len(self.text[place:]) - len(self.text[place:].lstrip())
                raise self._error(f"{self.text[column]!r} means nothing here", column)
            tokens.append((match[match.lastindex or 0], match.start(match.lastindex or 0)))
            place = match.end()
        return tokens

    def _error(self, what: str, column: int) -> InputError:
        return InputError(f"at character {column + 1} of {self.text!r}: {what}")

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def column(self) -> int:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else len(self.text)

    def take(self, token: str) -> bool:
        if self.peek() != token:
            return False
        self.at += 1
        return True

    def end(self) -> None:
        if self.peek():
            raise self._error(f"{self.peek()!r} was not expected", self.column())

    def joined(self, word: Literal["and", "or"]) -> Expression:
        inner = self.negated if word == "and" else lambda: self.joined("and")
        column = self.column()
        parts = [inner()]
        while self.take(word):
            parts.append(inner())
        if len(parts) == 1:
            return parts[0]
        self._all(parts, "yes or no", f"{word!r} joins yes-or-no parts", column)
        return Expression("yes or no", word, tuple(parts))

    def negated(self) -> Expression:
        column = self.column()
        if not self.take("not"):
            return self.compared()
        self._deeper(column)
        part = self.negated()
        self.depth -= 1
        self._all([part], "yes or no", "'not' turns a yes-or-no part round", column)
        return Expression("yes or no", "not", (part,))

    def compared(self) -> Expression:
        column = self.column()
        first = self.value()
        sign = self.peek()
        if sign not in _COMPARE:
            return first
        self.at += 1
        parts = [first, self.value()]
        self._all(parts, "number", f"{sign!r} compares numbers", column)
        return Expression("yes or no", sign, tuple(parts))

    def value(self) -> Expression:
        token, column = self.peek(), self.column()
        self.at += 1
        if token.isdigit():
            return Expression("number", "number", text=token)
        if token == "(":  # noqa: S105 - a bracket
            self._deeper(column)
            inside = self.joined("or")
            if not self.take(")"):
                raise self._error("a ')' is missing", self.column())
            self.depth -= 1
            return inside
        if token in NAMES:
            return Expression(NAMES[token], "name", text=token)
        if token and token not in _RESERVED and (token[0].isalpha() or token[0] == "_"):
            near = get_close_matches(token, NAMES, n=2, cutoff=0.5)
            cure = f"did you mean {' or '.join(near)}?" if near else f"use {', '.join(NAMES)}"
            raise self._error(f"no name {token!r}: {cure}", column)
        what = "it ends too early" if not token else f"{token!r} was not expected"
        raise self._error(f"{what}; a name, a number or '(' should stand here", column)

    def _deeper(self, column: int) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._error("too many brackets inside one another", column)

    def _all(self, parts: list[Expression], kind: Kind, what: str, column: int) -> None:
        if any(part.kind != kind for part in parts):
            raise self._error(f"{what}, and this is a mixture of numbers and yes-or-no", column)
