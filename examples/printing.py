"""What the example station prints."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from statistics import median
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from ektp_biocheck.capture.daysheet_words import REASON
from ektp_biocheck.capture.facts import attribute_of
from ektp_biocheck.capture.outcomes import Action, Outcome, advice_of
from ektp_biocheck.capture.paper import reason_text
from ektp_biocheck.capture.printed import receipt_number
from ektp_biocheck.capture.slip import make_slip
from ektp_biocheck.capture.slip_print import slip_text
from ektp_biocheck.capture.views import Finished, InstanceResult, PersonView, Presented
from ektp_biocheck.defects import title
from ektp_biocheck.lang import Lang, in_language
from ektp_biocheck.positions import Instance

if TYPE_CHECKING:
    from station import Played

__all__ = ["Teller", "day_summary"]

WIB = timezone(timedelta(hours=7))
_SIGNS = {
    Outcome.ACQUIRED: ("✓", "green"),
    Outcome.ACQUIRED_BELOW_THRESHOLD: ("~", "yellow"),
    Outcome.FAILURE_TO_ACQUIRE: ("✗", "red"),
    Outcome.EXCEPTED: ("–", "blue"),
}
_DO = {
    Action.RETAKE: ("ulangi", "again"),
    Action.FALLBACK: ("cara lain", "another way"),
    Action.EXCEPTION: ("tawarkan pengecualian", "offer an exception"),
    Action.STOP: ("periksa alat", "check the device"),
}


class Teller:
    """Tells the day, person by person, or shows how far it is."""

    def __init__(self, lang: Lang, *, quiet: bool, total: int) -> None:
        self.lang, self.quiet = lang, quiet
        self.console = Console(highlight=False)
        self.bar = Progress(
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not quiet,
        )
        self.task = self.bar.add_task("", total=total)

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def step(self) -> None:
        """One person more is done."""
        self.bar.advance(self.task)

    def say(self, *parts: str | tuple[str, str], indent: int = 0) -> None:
        """Print one line; a tuple is text with a style."""
        if self.quiet:
            return
        if parts == ("",):
            self.console.print()
            return
        line = Text()
        for part in parts:
            line.append(*(part if isinstance(part, tuple) else (part, "")))
        self.console.print(Padding(line, (0, 0, 0, indent), expand=False))

    def word(self, indonesian: str, english: str) -> str:
        """Return one of the two."""
        return in_language(self.lang, indonesian, english)

    def person(self, told: Mapping[str, Any]) -> None:
        """Introduce a person as the scenario does; the station knows nothing of it."""
        if not self.quiet:
            who = f"{told['who'][self.lang]} ({told['age']})"
            head = self.word("Antrean", "Queue number")
            self.say("")
            self.say((f"{head} {told['queue']}: {who}", "bold"))

    def presented(self, what: Instance, shown: Presented) -> None:
        """Tell what the station says to a capture."""
        parts: list[str | tuple[str, str]] = [f"{what.display_name(self.lang)}: "]
        for one in shown.results:
            parts += [self._result(one), " "]
        self.say(*parts, indent=2)
        for one in shown.results:
            decision = one.decision
            if decision.action == Action.ACCEPT or (decision.settled and not decision.step):
                continue
            told = advice_of(decision, self.lang)
            head = f"{one.instance.display_name(self.lang)}, " if len(shown.results) > 1 else ""
            action = self.word(*_DO[decision.action])
            self.say((f"{head}{action} [{decision.rule}]: {told}", "yellow"), indent=4)
        if shown.device is not None:
            self.say((advice_of(shown.device, self.lang), "yellow"), indent=4)

    def _result(self, one: InstanceResult) -> tuple[str, str]:
        settled = one.decision.settled
        sign, colour = _SIGNS[one.decision.outcome] if settled else ("?", "yellow")
        score = "–" if one.assessment.score is None else str(one.assessment.score)
        codes = [defect.code for defect in one.assessment.defects]
        why = f" {title(codes[0], self.lang).lower()}" if codes and sign != "✓" else ""
        return f"{sign}{score}{why}", colour

    def excepted(self, part: Instance, code: str) -> None:
        """Tell of an exception."""
        why = reason_text(code, self.lang)
        head = self.word("dikecualikan", "excepted")
        self.say((f"{head}: {part.display_name(self.lang)} ({why})", "blue"), indent=4)

    def evidence(self, found: Mapping[str, Any]) -> None:
        """Tell what the evidence photo shows."""
        head = self.word("foto bukti", "evidence photo")
        good = self.word("wajah dan kedua tangan terlihat", "the face and both hands show")
        look = self.word("petugas memeriksa sendiri", "the officer looks for himself")
        codes = [d["code"] if isinstance(d, Mapping) else str(d) for d in found["defects"]]
        told = good if found["complete"] else f"{title(codes[0], self.lang).lower()}; {look}"
        self.say(f"{head}: {told}", indent=2)

    def fault(self, what: Instance, shown: Presented) -> None:
        """Tell of a fault of the device."""
        advice = "" if shown.device is None else advice_of(shown.device, self.lang)
        self.say((f"{what.display_name(self.lang)}: {advice}", "red"), indent=2)

    def power_cut(self, view: PersonView) -> None:
        """Tell what the station knows after its power failed."""
        done = sum(one.outcome != Outcome.PENDING for one in view.instances)
        used = sum(one.attempts_used for one in view.instances)
        self.say(
            (
                self.word(
                    f"LISTRIK PADAM. Dibuka lagi: {done} dari 13 bagian dan {used} percobaan "
                    "masih ada.",
                    f"POWER CUT. Opened again: {done} of 13 parts and {used} attempts are still "
                    "there.",
                ),
                "red",
            ),
            indent=2,
        )

    def verdict(self, finished: Finished) -> None:
        """Tell how the record stands and why."""
        reasons = [
            " ".join(
                filter(
                    None,
                    (
                        None if one.instance is None else one.instance.display_name(self.lang),
                        in_language(self.lang, *REASON[one.code]),
                    ),
                )
            )
            for one in finished.verdict.reasons
        ]
        colour = {"READY": "green", "BELOW_POLICY": "red"}.get(finished.verdict.state, "blue")
        told = f": {'; '.join(reasons)}" if reasons else ""
        self.say(("→ " + finished.verdict.state.value, f"bold {colour}"), told, indent=2)

    def slip(self, finished: Finished) -> None:
        """Print one citizen's slip; its number differs from run to run and is masked here."""
        self.say("")
        self.say((self.word("Tanda terima orang pertama:", "The first person's slip:"), "bold"))
        self.say("")
        slip = make_slip(finished.manifest, office="Kecamatan Ngargoyoso", zone=WIB)
        number = receipt_number(finished.manifest["record_id"])
        for line in slip_text(slip, 60).replace(number, "*****-*****").splitlines():
            self.say(line, indent=4)

    def sheet(self, text: str) -> None:
        """Print the day sheet."""
        self.console.print()
        self.console.print(Text(text.rstrip("\n")))


def day_summary(played: "Sequence[Played]", drawing: float, tell: Teller) -> dict[str, Any]:
    """Sum up a day and print it; nothing may be unexplained."""
    figures = {
        "people": len(played),
        "verdicts": dict(Counter(one.finished.verdict.state.value for one in played)),
        "outcomes": _outcomes(played),
        "reasons": _counts(r.code for one in played for r in one.finished.verdict.reasons),
        "flags_at_first_capture": _flags(played),
        "steps": _counts(
            step["step"] for one in played for step in one.finished.manifest["fallbacks"]
        ),
        "presentations_per_person": _spread([one.presentations for one in played]),
        "minutes_per_person": _spread([one.finished.manifest["seconds"] / 60 for one in played]),
        "scoring_cpu_s_per_person": _spread([one.scoring for one in played]),
        "drawing_cpu_s_in_all": round(drawing, 1),
        "unexplained": [one.queue for one in played if _unexplained(one.finished)],
    }
    _print_figures(figures, tell)
    return figures


def _unexplained(finished: Finished) -> bool:
    """Whether anything is not plainly acquired and no reason of the verdict says why."""
    told = {r.instance for r in finished.verdict.reasons}
    names = {None if i is None else attribute_of(i) for i in told}
    short = [
        name
        for name, one in finished.manifest["instances"].items()
        if one["outcome"] not in (Outcome.ACQUIRED, Outcome.NOT_REQUIRED)
    ]
    return any(name not in names for name in short)


def _outcomes(played: "Sequence[Played]") -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in ("finger", "iris", "face")}
    for one in played:
        for name, told in one.finished.manifest["instances"].items():
            kind = "face" if name == "face" else "iris" if name.endswith("Eye") else "finger"
            counts[kind][told["outcome"]] += 1
    return {kind: dict(count.most_common()) for kind, count in counts.items()}


def _flags(played: "Sequence[Played]") -> dict[str, str]:
    """Return how many first captures of a part carry each defect."""
    taken: Counter[str] = Counter()
    flagged: Counter[str] = Counter()
    for one in played:
        for name, (_, codes) in one.first.items():
            kind = "FA" if name == "face" else "IR" if name.endswith("Eye") else "FP"
            taken[kind] += 1
            flagged.update(set(codes))
    return {
        code: f"{count} of {taken[code[:2]]} ({count / taken[code[:2]]:.1%})"
        for code, count in flagged.most_common()
        if code[:2] in taken
    }


def _counts(codes: Any) -> dict[str, int]:  # noqa: ANN401
    return dict(Counter(codes).most_common())


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "mean": round(sum(ordered) / len(ordered), 2),
        "median": round(median(ordered), 2),
        "p90": round(ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))], 2),
        "most": round(ordered[-1], 2),
    }


def _print_figures(figures: Mapping[str, Any], tell: Teller) -> None:
    console = tell.console
    for name, value in figures.items():
        if isinstance(value, dict):
            console.print(Text(name, style="bold"))
            for key, one in value.items():
                console.print(Text(f"  {key:32} {one}"))
        else:
            console.print(Text(f"{name}: {value if value != [] else 'nobody'}"))
