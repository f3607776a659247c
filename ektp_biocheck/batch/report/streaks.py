"""The same fault on one person after the other at one device: dirty glass, bad light, a fault.

A finger is dry by itself; an old print on the glass meets everyone who comes next. So the persons
of a device are put in the order in which they came, and the longest row of persons that share a
fault is held against what the other devices' rate of that fault would bring about by chance:
their rate over all days, or in the same hours when that is higher (heat wets all fingers).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ektp_biocheck.batch.fields import day_of
from ektp_biocheck.batch.needs import modality_of
from ektp_biocheck.batch.report.groups import keys_of
from ektp_biocheck.batch.results import Row
from ektp_biocheck.batch.significance import benjamini_hochberg, fewer_runs, longest_run_chance
from ektp_biocheck.defects import CATALOGUE, CuredBy

__all__ = ["FAULTS", "Streak", "find_streaks", "orderable"]

FAULTS = tuple(
    code
    for code, info in CATALOGUE.items()
    if info.cured_by is CuredBy.DEVICE or {"FB_CLEAN_PLATEN", "FB_CLEAN_FINGER"} & set(info.chain)
)
"""Codes that a device, its room or its dirt can bring about."""

SHORTEST = 3  # persons in a row
FEWEST = 10  # persons at the other devices in the same time, to speak of their rate
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Streak:
    """One fault at one device.

    Parameters
    ----------
    station, device, code : str
        Where and what; `station` is ``""`` when unknown.
    persons, affected, longest : int
        Persons who came, those with the fault, and the longest row of them.
    begins, ends : str
        Capture times of the first and the last person of that row.
    elsewhere : float or None
        Share of persons with the fault at all other devices; ``None`` with one device only.
    chance : float
        Corrected p of such a row at the rate of the others.
    in_order : float
        p of the runs test: whether the affected follow each other, or are spread all over.
    """

    station: str
    device: str
    code: str
    persons: int
    affected: int
    longest: int
    begins: str
    ends: str
    elsewhere: float | None
    chance: float
    in_order: float


@dataclass(frozen=True, slots=True)
class _Visit:
    person: str
    begins: str
    ends: str
    modalities: frozenset[str]
    codes: frozenset[str]


def orderable(rows: Sequence[Row]) -> int:
    """Return how many captures say device (or station), person and time."""
    return sum(_told(row) for row in rows)


def find_streaks(rows: Sequence[Row]) -> list[Streak]:
    """Find faults that stay at a device while the persons change.

    Returns
    -------
    list of Streak
        Rows of at least three persons that are beyond chance after correction for the number
        of devices and faults looked at (Benjamini and Hochberg), the least likely first.
    """
    queues = _queues(rows)
    seen = {code for row in rows for code in row.defects}
    pairs = [(place, code) for place in queues for code in FAULTS if code in seen]
    tried = [s for place, code in pairs if (s := _streak(place, code, queues)) is not None]
    # Those with too few affected were looked at too, and count.
    spared = [1.0] * (len(pairs) - len(tried))
    corrected = benjamini_hochberg([streak.chance for streak in tried] + spared)[: len(tried)]
    found = [replace(s, chance=c) for s, c in zip(tried, corrected, strict=True)]
    found = [s for s in found if s.longest >= SHORTEST and s.chance < LEVEL]
    return sorted(found, key=lambda s: (s.chance, -s.longest, s.station, s.device, s.code))


def _told(row: Row) -> bool:
    return bool((row.device or row.station) and row.person and day_of(row.captured_at))


def _queues(rows: Sequence[Row]) -> dict[tuple[str, str], list[_Visit]]:
    """Return each device's persons in the order in which they came."""
    visits: dict[tuple[str, str], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row, device in zip(rows, keys_of(rows, "device"), strict=True):
        if _told(row):
            place = (row.station or "", device or "")
            visits[place][str(row.person)].append(row)
    queues = {}
    for place, persons in visits.items():
        queue = []
        for person, captures in persons.items():
            times = sorted(str(row.captured_at) for row in captures)
            codes = frozenset(code for row in captures for code in row.defects)
            kinds = frozenset(row.modality for row in captures if row.score is not None)
            queue.append(_Visit(person, times[0], times[-1], kinds, codes))
        queues[place] = sorted(queue, key=lambda visit: (visit.begins, visit.person))
    return queues


def _streak(
    place: tuple[str, str], code: str, queues: dict[tuple[str, str], list[_Visit]]
) -> Streak | None:
    visits = _asked(queues[place], code)
    flags = [code in visit.codes for visit in visits]
    if sum(flags) < SHORTEST:
        return None
    first, longest = _longest(flags)
    begins, ends = visits[first].begins, visits[first + longest - 1].ends
    others = [v for other, q in queues.items() if other != place for v in _asked(q, code)]
    in_order = fewer_runs(flags)
    chance = in_order
    if others:
        rate = max(_rate(part, code) for part in (others, _meanwhile(others, begins, ends)))
        chance = longest_run_chance(len(flags), longest, rate)
    return Streak(
        station=place[0],
        device=place[1],
        code=code,
        persons=len(flags),
        affected=sum(flags),
        longest=longest,
        begins=begins,
        ends=ends,
        elsewhere=sum(code in v.codes for v in others) / len(others) if others else None,
        chance=chance,
        in_order=in_order,
    )


def _asked(queue: Sequence[_Visit], code: str) -> list[_Visit]:
    """Return the persons who gave a capture that can show the fault."""
    modality = modality_of(code)
    return [v for v in queue if modality is None or modality in v.modalities or code in v.codes]


def _meanwhile(others: list[_Visit], begins: str, ends: str) -> list[_Visit]:
    """Return who came to other devices in the same hours, on the same days if those are few."""
    hours = [v for v in others if begins <= v.begins <= ends]
    days = [v for v in others if begins[:10] <= v.begins[:10] <= ends[:10]]
    return next((part for part in (hours, days) if len(part) >= FEWEST), others)


def _rate(visits: Sequence[_Visit], code: str) -> float:
    """Return the rate of a fault, with one more of each: none seen is not impossible."""
    return (sum(code in visit.codes for visit in visits) + 1) / (len(visits) + 2)


def _longest(flags: Sequence[bool]) -> tuple[int, int]:
    best, length, at = 0, 0, 0
    for place, flag in enumerate(flags):
        length = length + 1 if flag else 0
        if length > best:
            best, at = length, place - length + 1
    return at, best
