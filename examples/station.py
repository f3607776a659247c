"""A capture station in the terminal: plays a day of people through the real scorers, offline.

    python examples/station.py                    # the people of examples/day.toml
    python examples/station.py --lang id
    python examples/station.py --people 100       # a whole day, summed up

Whatever the station decides here it decides from pictures: nothing is told to it about the
people. The officer of the example does what is asked, step by step; the power cut drops the
whole station object and opens its folder again.
"""

import argparse
import json
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from bodies import COST, PPI, Body, body_of  # noqa: E402
from crowd import crowd  # noqa: E402
from printing import Teller, day_summary  # noqa: E402

from ektp_biocheck.capture import Station, StationConfig  # noqa: E402
from ektp_biocheck.capture.dayplan import Plan  # noqa: E402
from ektp_biocheck.capture.daysheet import make_sheet  # noqa: E402
from ektp_biocheck.capture.daysheet_print import sheet_text  # noqa: E402
from ektp_biocheck.capture.facts import attribute_of  # noqa: E402
from ektp_biocheck.capture.outcomes import Action, Decision  # noqa: E402
from ektp_biocheck.capture.paper import REASONS  # noqa: E402
from ektp_biocheck.capture.views import Finished, Presented  # noqa: E402
from ektp_biocheck.positions import FingerPosition, Instance, Modality  # noqa: E402

MOST_PRESENTATIONS = 60  # far above what the rules ask for: a person is never played for ever


@dataclass
class Clock:
    """The time of the story: it moves when something takes time, so every run is the same."""

    now: datetime

    def __call__(self) -> datetime:
        """Tell the time."""
        self.now += timedelta(milliseconds=5)
        return self.now

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Played:
    """What became of one person, and what it cost."""

    queue: str
    finished: Finished
    scoring: float = 0.0
    presentations: int = 0
    first: dict[str, tuple[int | None, tuple[str, ...]]] = field(default_factory=dict)


class Officers:
    """The officers of the example: they present, do what is asked, and decide nothing."""

    def __init__(self, folder: Path, story: Mapping[str, Any], tell: Teller) -> None:
        self.config = StationConfig(story["station"], story["office"], folder)
        self.first, self.second = story["operators"]
        self.clock = Clock(story["begins"])
        self.tell = tell
        self.station = Station(self.config, clock=self.clock)
        self.scoring = 0.0

    def play(self, number: int, told: Mapping[str, Any]) -> Played:
        """Record one person, from the chair to the slip."""
        body, began = body_of(told), self.scoring
        self.tell.person(told)
        who = self.station.begin(
            nik_of(number, told["age"], self.clock.now.year),
            operator=self.first,
            queue_number=told["queue"],
            village=told["village"],
            age_years=told["age"],
        )
        played = Played(told["queue"], None)  # type: ignore[arg-type]
        self.clock.passes(45)
        for question in self.station.ask_first(who):
            body.help(question.step)
            self.station.record_fallback(who, None, question.step, by=self.first)
        self.except_known(who, body, told)
        happens = {one["at"]: one["what"] for one in told.get("happens", ())}
        while (what := self.station.review(who).next_up) is not None:
            if attribute_of(what) in happens:
                self.go_wrong(who, what, happens.pop(attribute_of(what)))
                continue
            if played.presentations == told.get("leaves_after"):
                break  # the record is finished with what there is
            played.presentations += 1
            if played.presentations > MOST_PRESENTATIONS:
                raise RuntimeError(f"queue number {told['queue']}: no end of presentations")
            self.present(who, what, body, played)
        self.paper(who, body)
        played.finished = self.station.finish(who, operator=self.first)
        self.clock.passes(20)
        self.tell.verdict(played.finished)
        played.scoring = self.scoring - began
        return played

    def present(self, who: str, what: Instance, body: Body, played: Played) -> None:
        """Take one capture and do what the station asks for."""
        pixels = body.capture(what, played.presentations)
        self.clock.passes(9 if what.modality == Modality.FINGER else 14)
        shown = self.timed(
            lambda: self.station.present(
                who,
                what,
                pixels,
                ppi=PPI if what.modality == Modality.FINGER else None,
                device="camera" if what.modality == Modality.FACE else str(what.modality),
                operator=self.first,
            )
        )
        for one in shown.results:
            codes = tuple(defect.code for defect in one.assessment.defects)
            played.first.setdefault(attribute_of(one.instance), (one.assessment.score, codes))
        self.tell.presented(what, shown)
        self.answer(who, shown, body)

    def answer(self, who: str, shown: Presented, body: Body) -> None:
        """Do what each open decision asks for, each step once."""
        done: set[str] = set()
        for one in shown.results:
            decision = self.station.review(who).of(one.instance).next or one.decision
            if decision.settled and decision.action != Action.EXCEPTION:
                continue
            if decision.action == Action.EXCEPTION:
                self.offer(who, decision)
            elif decision.step is not None:
                self.station.record_fallback(who, one.instance, decision.step, by=self.first)
                if decision.step not in done:
                    body.help(decision.step)
                    self.clock.passes(20)
                done.add(decision.step)
        if shown.device is not None and shown.device.step is not None:
            self.station.record_fallback(who, None, shown.device.step, by=self.first)

    def offer(self, who: str, decision: Decision) -> None:
        """Except what could not be captured; the person agrees."""
        finger = decision.instance.modality == Modality.FINGER
        code = "WORN_SMOOTH" if finger else "NOT_VISIBLE"
        if decision.instance.modality == Modality.FACE:
            code = "CANNOT_BE_PLACED"
        self.mark(who, decision.instance, code, "PERMANENT")

    def except_known(self, who: str, body: Body, told: Mapping[str, Any]) -> None:
        """Except what everybody can see before the first capture."""
        for position in sorted(body.missing):
            self.mark(who, Instance(Modality.FINGER, position), "NOT_THERE", "PERMANENT")
        for name in told.get("bandaged", ()):
            finger = Instance(Modality.FINGER, FingerPosition[name.upper()])
            until = (self.clock.now + timedelta(days=14)).date().isoformat()
            self.mark(who, finger, "BANDAGED", "TEMPORARY", until)
            body.missing |= {FingerPosition[name.upper()]}

    def mark(
        self, who: str, part: Instance, code: str, permanence: str, until: str | None = None
    ) -> None:
        """Mark an exception."""
        self.station.except_instance(
            who,
            part,
            kind=REASONS[code].kind,
            permanence=permanence,
            reason=code,
            by=self.first,
            review_by=until,
        )
        self.tell.excepted(part, code)

    def paper(self, who: str, body: Body) -> None:
        """Take the evidence photo and let the second officer approve, when anything is excepted."""
        exceptions = self.station.review(who).exceptions
        if not exceptions:
            return
        if any("EVIDENCE" in one.missing for one in exceptions):
            photo = body.evidence()
            found = self.timed(lambda: self.station.add_evidence(who, photo, by=self.first))
            self.clock.passes(25)
            self.tell.evidence(found)
        for one in exceptions:
            self.station.approve(who, one.instance, by=self.second, mode="ON_SITE")

    def go_wrong(self, who: str, what: Instance, how: str) -> None:
        """Let the device hang, or the power fail."""
        if how == "hang":
            shown = self.station.device_fault(
                who, what, "DEV_HANG", device=str(what.modality), operator=self.first
            )
            self.tell.fault(what, shown)
            self.station.record_fallback(who, None, "FB_RESTART", by=self.first)
            self.clock.passes(60)
            return
        # Nothing is saved: all is on the disk already. Closing lets the folder's lock go, as the
        # end of the process does in a real power cut.
        self.station.close()
        self.station = Station(self.config, clock=self.clock)
        self.clock.passes(240)
        self.tell.power_cut(self.station.review(who))

    def timed(self, work: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Count the CPU of scoring, apart from the CPU of drawing."""
        began = time.process_time()
        try:
            return work()
        finally:
            self.scoring += time.process_time() - began


def nik_of(number: int, age: int, year: int) -> str:
    """Return a number that could be a NIK: this regency, a birth year that fits, a serial."""
    return (
        f"331305{1 + number % 28:02d}{1 + number % 12:02d}{(year - age - 1) % 100:02d}{number:04d}"
    )


def played_day(officers: Officers, people: list[Mapping[str, Any]]) -> Iterator[Played]:
    """Play everybody, in the order of the queue."""
    for number, told in enumerate(people, 1):
        yield officers.play(number, told)


def main() -> int:
    """Play a day and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--story", type=Path, default=Path(__file__).with_name("day.toml"))
    parser.add_argument("--people", type=int, metavar="N", help="a made-up day of N people")
    parser.add_argument("--seed", type=int, default=1, help="of the made-up day")
    parser.add_argument("--lang", choices=("id", "en"), default="en")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures")
    told = parser.parse_args()
    story = tomllib.loads(told.story.read_text(encoding="utf-8"))
    people = crowd(told.people, told.seed) if told.people else story["person"]
    tell = Teller(told.lang, quiet=bool(told.people), total=len(people))
    with tempfile.TemporaryDirectory() as folder, tell:
        officers = Officers(Path(folder), story, tell)
        played = []
        for one in played_day(officers, people):
            played.append(one)
            tell.step()
        day = officers.station.day(story["begins"].date().isoformat())
        officers.station.close()
    if told.people:
        figures = day_summary(played, COST.drawing, tell)
        if told.json:
            told.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    else:
        tell.slip(played[0].finished)
    plan = msgspec.convert(story["plan"], Plan)
    tell.sheet(sheet_text(make_sheet(day, plan, lang=told.lang)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
