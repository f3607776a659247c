"""The office's day sheet: who was served, who is carried over, and whether the target holds.

    sheet = make_sheet(station.day("2016-09-17"), read_plan("plan.toml"), lang="id")
    daysheet_print.sheet_text(sheet), daysheet_print.sheet_html(sheet)

A pure function of the day's facts and of a plan that the office writes. Queue numbers only.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import mean, median

from ektp_biocheck.capture.dayplan import Plan, numbers_of, ranges_of
from ektp_biocheck.capture.daysheet_words import ABANDONED, CALL_BACK, REASON, WORDS
from ektp_biocheck.capture.outcomes import VerdictState
from ektp_biocheck.capture.printed import long_date, no_long_numbers
from ektp_biocheck.capture.views import DayFacts, PersonDay, Reason
from ektp_biocheck.defects import STEPS, title
from ektp_biocheck.lang import Lang, in_language

__all__ = ["CallBack", "Sheet", "Village", "figure", "make_sheet"]


@dataclass(frozen=True, slots=True)
class Village:
    """Persons recorded from one village beside its quota, when it has one."""

    name: str
    served: int
    quota: int | None

    @property
    def left(self) -> int | None:
        """How many of the quota have not been recorded."""
        return None if self.quota is None else max(0, self.quota - self.served)


@dataclass(frozen=True, slots=True)
class CallBack:
    """A person to call back: queue number, why, and by when."""

    number: str
    village: str
    why: str
    when: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A day sheet in words and figures.

    Parameters
    ----------
    lang : {"id", "en"}
    station, office, day : str
    served : Mapping
        Persons by `VerdictState`.
    numbers : str
        Queue numbers served, runs joined.
    carried_begun, carried_waiting : tuple of str, str
        Those begun and not finished; the runs of those never called.
    given_up : tuple of (str, str)
        Queue number and reason.
    villages : tuple of Village
    minutes : tuple of float or None
        Median, mean, longest of the finished persons.
    longest : str
        Queue number of the longest.
    steps : tuple of (str, int)
        What was done to help and for how many persons.
    forecast : tuple of str
    call_back : tuple of CallBack
    """

    lang: Lang
    station: str
    office: str
    day: str
    served: Mapping[VerdictState, int]
    numbers: str
    carried_begun: tuple[str, ...]
    carried_waiting: str
    waiting: int
    given_up: tuple[tuple[str, str], ...]
    villages: tuple[Village, ...]
    minutes: tuple[float, float, float] | None
    longest: str
    steps: tuple[tuple[str, int], ...]
    forecast: tuple[str, ...]
    call_back: tuple[CallBack, ...]


def make_sheet(
    facts: DayFacts,
    plan: Plan | None = None,
    *,
    earlier: Sequence[int] = (),
    lang: Lang = "id",
) -> Sheet:
    """Put a day's facts beside the office's plan.

    Parameters
    ----------
    facts : DayFacts
        As `Station.day` returns them.
    plan : Plan, optional
        Target, quotas and queue numbers; without it those parts stay empty.
    earlier : sequence of int
        Persons finished on each earlier day with service that counts towards the target.
    lang : {"id", "en"}

    Returns
    -------
    Sheet
    """
    plan = plan or Plan()
    day = date.fromisoformat(facts.date)
    done = [person for person in facts.persons if person.state is not None]
    gone = [person for person in facts.persons if person.abandoned is not None]
    begun = [p for p in facts.persons if p.state is None and p.abandoned is None]
    # A number that was given up came once; one that is open shows as begun.
    waiting = numbers_of(plan.numbers) - _plain_numbers(facts.persons)
    longest = max(done, key=lambda person: person.minutes, default=None)
    times = [person.minutes for person in done]
    return Sheet(
        lang=lang,
        station=facts.station,
        office=facts.office,
        day=long_date(day, lang),
        served={state: sum(p.state == state for p in done) for state in VerdictState},
        numbers=_runs(done, lang),
        carried_begun=tuple(_number(person, lang) for person in begun),
        carried_waiting=ranges_of(waiting),
        waiting=len(waiting),
        given_up=tuple((_number(p, lang), _word(ABANDONED, p.abandoned or "", lang)) for p in gone),
        villages=tuple(_villages(done, plan, lang)),
        minutes=(median(times), mean(times), max(times)) if times else None,
        longest=_number(longest, lang) if longest else "",
        steps=tuple(_steps(facts.persons, lang)),
        forecast=tuple(_forecast(day, len(done), plan, earlier, lang)),
        call_back=tuple(
            _call_back(person, lang) for person in (*facts.persons, *facts.lost) if person.call_back
        ),
    )


def _forecast(
    day: date, today: int, plan: Plan, earlier: Sequence[int], lang: Lang
) -> Iterable[str]:
    """Say how many are left, how many a day that takes, and when today's pace gets there."""
    if not plan.persons or plan.until is None:
        return
    words = {name: in_language(lang, *pair) for name, pair in WORDS.items()}
    done = plan.done_before + sum(earlier) + today
    left = max(0, plan.persons - done)
    until = long_date(plan.until, lang)
    yield words["target"].format(persons=plan.persons, until=until, done=done, left=left)
    if not left:
        yield words["reached"]
        return
    days = sum(plan.works_on(one) for one in _days(day, plan.until))
    if days:
        needed = left / days
        yield words["needed"].format(
            days=days,
            needed=figure(needed, lang),
            minutes=figure(60 * plan.hours / needed, lang),
            hours=f"{plan.hours:g}",
        )
    else:
        yield words["no_days"].format(left=left)
    pace = (sum(earlier) + today) / (len(earlier) + 1)
    if not pace:
        yield words["no_pace"]
        return
    finish = _working_day(day, math.ceil(left / pace), plan)
    told = words["pace"].format(pace=figure(pace, lang), finish=long_date(finish, lang))
    late = sum(plan.works_on(one) for one in _days(max(plan.until, day), finish))
    yield f"{told} {words['late'].format(days=late) if late else words['in_time']}"


def _days(after: date, until: date) -> Iterable[date]:
    return (after + timedelta(n) for n in range(1, (until - after).days + 1))


def _working_day(day: date, number: int, plan: Plan) -> date:
    """Return the day of service that is `number` days of service after `day`."""
    while number:
        day += timedelta(1)
        number -= plan.works_on(day)
    return day


def _villages(done: Sequence[PersonDay], plan: Plan, lang: Lang) -> Iterable[Village]:
    served = Counter(person.village for person in done)
    unknown = served.pop(None, 0)
    for name in sorted({*served, *plan.quota} - {None}, key=str):
        yield Village(no_long_numbers(str(name)), served[name], plan.quota.get(str(name)))
    if unknown:
        yield Village(in_language(lang, *WORDS["unknown_village"]), unknown, None)


def _steps(persons: Sequence[PersonDay], lang: Lang) -> Iterable[tuple[str, int]]:
    """Yield each step and how many persons it was taken for, the most common first."""
    counts = Counter(step for person in persons for step in set(person.steps))
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        known = STEPS.get(code)
        yield (in_language(lang, known.text_id, known.text_en) if known else code), count


def _call_back(person: PersonDay, lang: Lang) -> CallBack:
    whys = [_word(CALL_BACK, code, lang) for code in person.call_back]
    parts = dict.fromkeys(_reason(reason, lang) for reason in person.reasons)
    when = long_date(date.fromisoformat(person.review_by[:10]), lang) if person.review_by else ""
    if person.day:
        whys[0] += f" ({long_date(date.fromisoformat(person.day), lang)})"
    told = "; ".join(whys) + (f": {', '.join(parts)}" if parts else "")
    return CallBack(_number(person, lang), no_long_numbers(person.village or ""), told, when)


def _reason(reason: Reason, lang: Lang) -> str:
    what = _word(REASON, reason.code, lang)
    if reason.instance is not None:
        what = f"{reason.instance.display_name(lang)} {what}"
    if reason.defects:
        text = title(reason.defects[0], lang)
        what += f" ({text[0].lower()}{text[1:]})"
    return what


def _word(words: Mapping[str, tuple[str, str]], code: str, lang: Lang) -> str:
    return in_language(lang, *words[code]) if code in words else code


def _number(person: PersonDay, lang: Lang) -> str:
    if person.queue_number:
        return no_long_numbers(person.queue_number)
    return in_language(lang, *WORDS["without_number"])


def _is_plain(number: str | None) -> bool:
    return bool(number and number.isdecimal() and len(number) <= 6)


def _plain_numbers(persons: Iterable[PersonDay]) -> set[int]:
    return {int(p.queue_number or 0) for p in persons if _is_plain(p.queue_number)}


def _runs(persons: Sequence[PersonDay], lang: Lang) -> str:
    """Return the queue numbers, runs joined: ``"1-23, 25, A7"``; one given twice stands twice."""
    plain = _plain_numbers(persons)
    counts = Counter(int(p.queue_number or 0) for p in persons if _is_plain(p.queue_number))
    others = [str(number) for number, count in counts.items() for _ in range(count - 1)]
    others += [_number(p, lang) for p in persons if not _is_plain(p.queue_number)]
    return ", ".join(part for part in [ranges_of(plain), *sorted(others)] if part)


def figure(value: float, lang: Lang) -> str:
    """Return a figure with one decimal, a comma in Indonesian."""
    text = f"{value:.1f}"
    return text.replace(".", ",") if lang == "id" else text
