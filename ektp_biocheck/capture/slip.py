"""The citizen's slip: what was recorded, what is missing and why, what happens next.

    slip = make_slip(finished.manifest, office="Kecamatan Ngargoyoso")
    slip_print.slip_html(slip)  # one file to print
    slip_print.slip_text(slip)  # for a receipt printer

It holds the queue number and a receipt number; no NIK, no name, no score.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any, Literal, get_args

from ektp_biocheck.capture.paper import REASONS, reason_text
from ektp_biocheck.capture.printed import (
    local_time,
    long_date,
    no_long_numbers,
    receipt_number,
)
from ektp_biocheck.capture.slip_words import BEFORE_COMING, KIND, PLAINER, UNTAKEN, VERDICT, WORDS
from ektp_biocheck.defects import CATALOGUE, title
from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang, in_language
from ektp_biocheck.positions import instance_from_mosip

__all__ = ["Delivery", "Group", "Line", "Slip", "make_slip"]

Delivery = Literal["waiting", "sent", "held"]

_FINGERS = 10
_EYES = ("rightEye", "leftEye")
_GROUPS = (  # outcome, heading, sign; the sign repeats in print what colour says on a screen
    ("ACQUIRED", "good", "✓"),
    ("ACQUIRED_BELOW_THRESHOLD", "weak", "~"),
    ("FAILURE_TO_ACQUIRE", "missing", "–"),
    ("PENDING", "missing", "–"),
    ("EXCEPTED", "excepted", "○"),
    ("NOT_REQUIRED", "none_needed", " "),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One part of the body and why it stands where it stands; `why` may be empty."""

    part: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading, with the sign and the class that mark them."""

    heading: str
    name: str
    sign: str
    lines: tuple[Line, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """A slip in words, ready to be set as a page or as plain text.

    Parameters
    ----------
    lang : {"id", "en"}
    title, verdict : str
    facts : tuple of (str, str)
        Office, date, queue number, receipt number.
    groups : tuple of Group
        What was recorded, best first.
    after, before : tuple of str
        What happens next; what helps before coming again.
    ask : tuple of str
        How to ask.
    """

    lang: Lang
    title: str
    verdict: str
    facts: tuple[tuple[str, str], ...]
    groups: tuple[Group, ...]
    after: tuple[str, ...]
    before: tuple[str, ...]
    ask: tuple[str, ...]


def make_slip(
    manifest: Mapping[str, Any],
    *,
    lang: Lang = "id",
    office: str | None = None,
    contact: str | None = None,
    delivery: Delivery = "waiting",
    send_by: date | None = None,
    zone: tzinfo | None = None,
) -> Slip:
    """Put a record's manifest into words for the person.

    Parameters
    ----------
    manifest : Mapping
        As `Station.finish` returns it.
    lang : {"id", "en"}
        Indonesian (default) or English.
    office : str, optional
        Name of the office for people; without it "this office".
    contact : str, optional
        Where to ask: a telephone number, an address, opening hours.
    delivery : {"waiting", "sent", "held"}
        How far the record is: on the station, sent, or known to be kept by the centre.
    send_by : date, optional
        Day by which a waiting record is sent, when the office promises one.
    zone : tzinfo, optional
        The office's time zone; that of the computer when omitted.

    Returns
    -------
    Slip

    Raises
    ------
    InputError
        When the manifest is no manifest, or `delivery` or `lang` is unknown.
    """
    if delivery not in get_args(Delivery):
        raise InputError(f"delivery must be one of {get_args(Delivery)}, got {delivery!r}")
    words = {name: in_language(lang, *pair) for name, pair in WORDS.items()}
    record = _Record(manifest)
    place = no_long_numbers(office) if office else words["this_office"]
    number = receipt_number(record.record_id)
    facts = [
        (words["office"], place),
        (words["date"], _day(record.finished, words, lang, zone)),
        (words["receipt"], number),
    ]
    if record.queue_number:
        facts.insert(0, (words["queue"], no_long_numbers(record.queue_number)))
    ask = [words["ask_with"].format(number=number, office=place)]
    if contact:
        # Twelve digits may be a telephone number here: the office wrote it itself.
        ask.append(f"{words['contact']}: {contact}")
    return Slip(
        lang=lang,
        title=words["title"],
        verdict=in_language(lang, *VERDICT[record.state]),
        facts=tuple(facts),
        groups=tuple(_groups(record, words, lang)),
        after=tuple(_after(record, words, lang, delivery, send_by)),
        before=tuple(_before(record, lang)),
        ask=(*ask, words["keep"]),
    )


class _Record:
    """The parts of a manifest that a slip needs, checked."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        try:
            self.record_id = str(manifest["record_id"])
            self.state = manifest["verdict"]["state"]
            self._reasons = list(manifest["verdict"]["reasons"])
            self.instances: Mapping[str, Mapping[str, Any]] = dict(manifest["instances"])
            self.outcomes = {name: one["outcome"] for name, one in self.instances.items()}
            self.finished: Mapping[str, Any] = manifest["finished"]
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"this is no manifest of a record: {error!r} is missing") from None
        self.queue_number = str(manifest.get("queue_number") or "")
        self.exceptions = {one["instance"]: one for one in manifest.get("exceptions", ())}
        if self.state not in VERDICT:
            raise InputError(f"unknown verdict {self.state!r}: use one of {', '.join(VERDICT)}")
        unknown = set(self.outcomes.values()) - {outcome for outcome, _, _ in _GROUPS}
        if unknown:
            raise InputError(f"unknown outcome {', '.join(sorted(map(str, unknown)))}")

    def defects(self, name: str) -> list[str]:
        """Return the codes of one instance, worst first; only those the catalogue knows."""
        codes = (
            d["code"] if isinstance(d, Mapping) else d for d in self.instances[name]["defects"]
        )
        return [code for code in codes if code in CATALOGUE]

    def reasons(self, name: str) -> list[str]:
        """Return the codes of the verdict's reasons that concern one instance."""
        return [str(one["code"]) for one in self._reasons if one["instance"] == name]

    def temporary(self) -> list[str]:
        """Return the excepted instances that may be recorded later."""
        return [n for n, e in self.exceptions.items() if e.get("permanence") == "TEMPORARY"]


def _day(
    finished: Mapping[str, Any], words: Mapping[str, str], lang: Lang, zone: tzinfo | None
) -> str:
    if finished.get("clock_suspect"):
        return words["no_date"]
    moment = local_time(finished["at"], zone)
    return f"{long_date(moment.date(), lang)}, {moment:%H.%M}"


def _groups(record: _Record, words: Mapping[str, str], lang: Lang) -> Iterable[Group]:
    for name in dict.fromkeys(name for _, name, _ in _GROUPS):
        wanted = {outcome for outcome, group, _ in _GROUPS if group == name}
        sign = next(sign for _, group, sign in _GROUPS if group == name)
        members = [n for n, outcome in record.outcomes.items() if outcome in wanted]
        if not members:
            continue
        lines = (
            _in_short(members, words, lang)
            if name in ("good", "none_needed")
            else [Line(_part(n, lang), _why(record, n, name, words, lang)) for n in members]
        )
        note = words["kept"] if name == "weak" else ""
        yield Group(words[name], name, sign, tuple(lines), note)


def _in_short(members: Sequence[str], words: Mapping[str, str], lang: Lang) -> list[Line]:
    """Name whole sets as such: ten fingers are one line, not ten."""
    fingers = [n for n in members if n not in (*_EYES, "face")]
    eyes = [n for n in members if n in _EYES]
    lines = []
    if len(fingers) == _FINGERS:
        lines.append(Line(words["all_fingers"]))
    elif fingers:
        lines.append(Line(", ".join(_part(n, lang) for n in fingers)))
    if len(eyes) == len(_EYES):
        lines.append(Line(words["both_eyes"]))
    elif eyes:
        lines.append(Line(_part(eyes[0], lang)))
    if "face" in members:
        lines.append(Line(words["face"]))
    return lines


def _part(name: str, lang: Lang) -> str:
    return instance_from_mosip(name).display_name(lang)


def _why(record: _Record, name: str, group: str, words: Mapping[str, str], lang: Lang) -> str:
    if group == "excepted":
        return _why_excepted(record.exceptions.get(name, {}), lang)
    told = [code for code in record.reasons(name) if code in UNTAKEN]
    if group == "missing" and told:
        return in_language(lang, *UNTAKEN[told[0]])
    for code in record.defects(name):
        if code in PLAINER:
            return in_language(lang, *PLAINER[code])
        text = title(code, lang)
        return text[0].lower() + text[1:]
    return words["why_unknown"]


def _why_excepted(exception: Mapping[str, Any], lang: Lang) -> str:
    reason, kind = str(exception.get("reason")), str(exception.get("kind"))
    if reason in REASONS:
        return reason_text(reason, lang)
    return in_language(lang, *KIND[kind]) if kind in KIND else ""


def _after(
    record: _Record,
    words: Mapping[str, str],
    lang: Lang,
    delivery: Delivery,
    send_by: date | None,
) -> Iterable[str]:
    by = words["by"].format(date=long_date(send_by, lang)) if send_by else ""
    yield words[delivery].format(by=by)
    temporary = record.temporary()
    if temporary:
        dates = [str(d) for n in temporary if (d := record.exceptions[n].get("review_by"))]
        until = words["by"].format(date=long_date(_date(min(dates)), lang)) if dates else ""
        parts = ", ".join(_part(name, lang) for name in temporary)
        yield words["healed"].format(parts=parts, by=until)
    if any(_approval(one) == "DEFERRED" for one in record.exceptions.values()):
        yield words["deferred"]
    if record.state == "BELOW_POLICY":
        yield words["reviewed"]
    elif not temporary:
        yield words["done"]


def _before(record: _Record, lang: Lang) -> Iterable[str]:
    """Return what helps next time, for those who are likely to come again."""
    if record.state != "BELOW_POLICY" and not record.temporary():
        return []
    weak = [n for n, outcome in record.outcomes.items() if outcome != "ACQUIRED"]
    codes = dict.fromkeys(code for name in weak for code in record.defects(name))
    texts = (in_language(lang, *BEFORE_COMING[code]) for code in codes if code in BEFORE_COMING)
    return list(dict.fromkeys(texts))


def _approval(exception: Mapping[str, Any]) -> str | None:
    approval = exception.get("approval")
    mode = approval.get("mode") if isinstance(approval, Mapping) else approval
    return None if mode is None else str(mode)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise InputError(f"review_by must be an ISO date, got {text!r}") from None
