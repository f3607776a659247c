"""What the office has planned for its queue: target, quotas, queue numbers; from a TOML file.

::

    persons = 1728
    until = 2016-09-30
    closed_weekdays = [7]
    numbers = "1-100"

    [quota]
    Berjo = 40
"""

import tomllib
from datetime import date
from pathlib import Path

import msgspec

from ektp_biocheck.errors import InputError, UnreadableError

__all__ = ["Plan", "numbers_of", "ranges_of", "read_plan"]


class Plan(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the office has planned; every part may be left out.

    Parameters
    ----------
    persons : int
        How many are due in all; 0 for no target.
    until : date, optional
        The day by which they are due.
    since : date, optional
        The first day that counts towards the target.
    done_before : int
        Persons recorded before `since` or at other stations.
    hours : float
        Working hours of a day.
    closed : tuple of date
        Days without service.
    closed_weekdays : tuple of int
        1 Monday to 7 Sunday.
    numbers : str
        Queue numbers handed out for the day: ``"1-60, 63"``.
    quota : Mapping of str to int
        Persons expected that day, by village.
    """

    persons: int = 0
    until: date | None = None
    since: date | None = None
    done_before: int = 0
    hours: float = 8.0
    closed: tuple[date, ...] = ()
    closed_weekdays: tuple[int, ...] = ()
    numbers: str = ""
    quota: dict[str, int] = {}

    def __post_init__(self) -> None:
        if self.persons < 0 or self.done_before < 0 or any(n < 0 for n in self.quota.values()):
            raise ValueError("numbers of persons must not be negative")
        if not 0 < self.hours <= 24:
            raise ValueError("hours must be above 0, at most 24")
        if self.persons and self.until is None:
            raise ValueError("persons needs until, the day by which they are due")
        if not set(self.closed_weekdays) <= set(range(1, 8)) or len(set(self.closed_weekdays)) == 7:
            raise ValueError("closed_weekdays are 1 (Monday) to 7 (Sunday), not all of them")
        numbers_of(self.numbers)

    def works_on(self, day: date) -> bool:
        """Whether the office serves people on `day`."""
        return day not in self.closed and day.isoweekday() not in self.closed_weekdays


def read_plan(path: Path | str) -> Plan:
    """Read a plan from a TOML file.

    Raises
    ------
    UnreadableError
        When there is no such file.
    InputError
        When it is no TOML, or holds an unknown key or an impossible value; the text names it.
    """
    where = Path(path)
    try:
        return msgspec.convert(tomllib.loads(where.read_text(encoding="utf-8")), Plan)
    except OSError as error:
        raise UnreadableError(f"{where.name}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise InputError(f"{where.name}: {error}") from error


def ranges_of(numbers: set[int]) -> str:
    """Return numbers with runs joined: ``"1-23, 25"``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in runs)


def numbers_of(text: str) -> set[int]:
    """Read ``"1-60, 63"``; a hundred thousand numbers are a slip of the pen."""
    found: set[int] = set()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = part.partition("-")
        low, high = first.strip(), (last if dash else first).strip()
        if not (low.isdecimal() and high.isdecimal()) or not int(low) <= int(high) <= 99_999:
            raise ValueError(f'numbers must look like "1-60, 63", not {part[:20]!r}')
        found.update(range(int(low), int(high) + 1))
    return found
