"""What can be asked about a row: the fields of a filter, their types and their values."""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ektp_biocheck.batch.naming import position_name
from ektp_biocheck.batch.outcome import MODALITIES, STATUSES
from ektp_biocheck.defects import CATALOGUE
from ektp_biocheck.errors import InputError
from ektp_biocheck.positions import SINGLE_FINGERS, SLAPS, EyeLabel

if TYPE_CHECKING:
    from ektp_biocheck.batch.results import Row

__all__ = ["FIELDS", "Field", "Kind", "day_of", "measure_field"]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TIME = re.compile(
    r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])"
    r"(T([01]\d|2[0-3])(:[0-5]\d(:[0-5]\d(\.\d+)?)?)?)?)?)?"
)
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?!\d)")
_POSITIONS = tuple(str(position_name(finger)) for finger in (*SINGLE_FINGERS, *SLAPS)) + tuple(
    str(position_name(eye)) for eye in (EyeLabel.RIGHT, EyeLabel.LEFT)
)


class Kind(StrEnum):
    """The types of fields, in the words of the messages."""

    NUMBER = "a number"
    TEXT = "text"
    TIME = "a time"
    CODES = "a list of defects"
    FLAG = "yes or no"


_SIGNS = {
    Kind.NUMBER: tuple(_COMPARE),
    Kind.TIME: tuple(_COMPARE),
    Kind.TEXT: ("==", "!="),
    Kind.CODES: (),
    Kind.FLAG: (),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a row says, or leaves out.

    Parameters
    ----------
    name : str
        As written in a filter.
    kind : Kind
        What may be asked.
    get : callable
        Takes a row; ``None`` when the row does not say.
    values : sequence of str
        All texts that can occur; empty when any can.
    """

    name: str
    kind: Kind
    get: "Callable[[Row], Any]"
    values: Sequence[str] = ()

    @property
    def signs(self) -> tuple[str, ...]:
        """The comparisons that make sense."""
        return _SIGNS[self.kind]

    def usage(self) -> str:
        """Return how to ask about this field."""
        name = self.name
        return {
            Kind.NUMBER: f"write {name} < 40",
            Kind.TEXT: f"write {name} == '…' or {name} contains '…'",
            Kind.TIME: f"write {name} >= '2026-11-01'",
            Kind.CODES: f"write {name} has 'FP_DRY'",
            Kind.FLAG: f"write {name} or not {name}",
        }[self.kind]

    def accepted(self, text: str) -> str:
        """Return the text as rows have it, or raise InputError when no row can."""
        if self.kind == Kind.TIME:
            text = text.strip().replace(" ", "T", 1)
            if not _TIME.fullmatch(text):
                raise InputError(f"{text!r} is no time: write '2026-11-21' or '2026-11-21T08:30'")
        if self.values:
            known = {value.lower(): value for value in self.values}
            if text.lower() not in known:
                near = get_close_matches(text.lower(), known, n=2) or list(known)[:6]
                cure = " or ".join(f"'{known[close]}'" for close in near)
                raise InputError(f"{self.name} is never {text!r}: use {cure}")
            return known[text.lower()]
        return text

    def comparison(self, sign: str, literal: str | float) -> "Callable[[Row], bool | None]":
        """Return the test ``field sign literal``; of a time, only as much as was written counts."""
        get, compare = self.get, _COMPARE[sign]
        if self.kind == Kind.TIME:
            length = len(str(literal))

            def compare_times(row: "Row") -> bool | None:
                value = _plain_time(get(row))
                return None if value is None else compare(value[:length], literal)

            return compare_times
        return lambda row: None if (value := get(row)) is None else compare(value, literal)

    def holds(self, literal: str | float) -> "Callable[[Row], bool | None]":
        """Return the test whether the list or the text of a row holds `literal`."""
        get = self.get
        return lambda row: None if (value := get(row)) is None else literal in value


def measure_field(name: str) -> Field:
    """Return the field of a measure."""
    return Field(name, Kind.NUMBER, lambda row: row.measures.get(name))


def day_of(captured_at: str | None) -> str | None:
    """Return the day, ``"2026-11-21"``, of a capture time as it was written; ``None`` if none."""
    return captured_at[:10] if captured_at and _DAY.match(captured_at) else None


def _plain_time(text: str | None) -> str | None:
    if text is None or not _DAY.match(text):
        return None
    return text.replace(" ", "T", 1)


def _attribute(name: str, kind: Kind = Kind.TEXT, values: Sequence[str] = ()) -> Field:
    def get(row: "Row") -> Any:  # noqa: ANN401 - whatever the row holds
        value = getattr(row, name)
        return None if value == "" else value

    return Field(name, kind, get, values)


FIELDS = {
    field.name: field
    for field in (
        _attribute("path"),
        _attribute("modality", values=(*MODALITIES, "unknown")),
        _attribute("status", values=STATUSES),
        _attribute("score", Kind.NUMBER),
        _attribute("failure"),
        _attribute("defects", Kind.CODES, tuple(CATALOGUE)),
        Field("hard", Kind.FLAG, lambda row: bool(row.hard)),
        _attribute("position", values=_POSITIONS),
        _attribute("ppi", Kind.NUMBER),
        _attribute("station"),
        _attribute("device"),
        _attribute("operator"),
        _attribute("age_band"),
        _attribute("captured_at", Kind.TIME),
        _attribute("person"),
        _attribute("sha256"),
        _attribute("algorithm"),
        _attribute("duplicate_of"),
    )
}
"""The fixed fields by name; every measure is a field beside them."""
