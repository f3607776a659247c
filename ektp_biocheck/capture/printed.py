"""What the printed pages share: a template with its style inside, dates, receipt numbers.

A printed page is one file that asks nothing of any network. Its content security policy names
the hash of its one style and allows nothing else, so that text from outside can never act.
"""

import base64
import hashlib
import re
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang, in_language

__all__ = [
    "local_time",
    "long_date",
    "no_long_numbers",
    "page",
    "receipt_number",
    "style_source",
]

_FOLDER = Path(__file__).parent / "templates"
_MONTHS = (
    *(("Januari", "January"), ("Februari", "February"), ("Maret", "March"), ("April", "April")),
    *(("Mei", "May"), ("Juni", "June"), ("Juli", "July"), ("Agustus", "August")),
    *(("September", "September"), ("Oktober", "October"), ("November", "November")),
    ("Desember", "December"),
)
_DAYS = (
    *(("Senin", "Monday"), ("Selasa", "Tuesday"), ("Rabu", "Wednesday"), ("Kamis", "Thursday")),
    *(("Jumat", "Friday"), ("Sabtu", "Saturday"), ("Minggu", "Sunday")),
)
_LONG_NUMBER = re.compile(r"\d(?:[\s.-]?\d){11,}")


def page(name: str, **values: Any) -> str:  # noqa: ANN401 - a template takes anything
    """Fill ``templates/<name>.html``, with ``templates/<name>.css`` inside it."""
    from markupsafe import Markup

    # Safe: fixed words and base64. Escaped quotes would be as right, but hard to read.
    policy = Markup(  # noqa: S704
        f"default-src 'none'; style-src {style_source(name)}; base-uri 'none'; form-action 'none'"
    )
    template = _environment().get_template(f"{name}.html")
    return str(template.render(style=_style(name), policy=policy, **values))


def style_source(name: str) -> str:
    """Return the source expression by which a policy allows the style of one page."""
    digest = hashlib.sha256(_style(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _style(name: str) -> str:
    return (_FOLDER / f"{name}.css").read_text(encoding="utf-8")


@cache
def _environment() -> Any:  # noqa: ANN401 - jinja2's own type, imported late
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def local_time(at: str, zone: tzinfo | None) -> datetime:
    """Return an ISO 8601 moment in the station's own time.

    Raises
    ------
    InputError
        When `at` is no such moment or carries no offset.
    """
    try:
        moment = datetime.fromisoformat(at)
    except (TypeError, ValueError):
        raise InputError(f"{at!r} is no ISO 8601 moment") from None
    if moment.tzinfo is None:
        raise InputError(f"{at!r} carries no offset from UTC")
    return moment.astimezone(zone)


def long_date(day: date, lang: Lang) -> str:
    """Return a date in words: ``"Sabtu, 17 September 2016"``."""
    weekday = in_language(lang, *_DAYS[day.weekday()])
    return f"{weekday}, {day.day} {in_language(lang, *_MONTHS[day.month - 1])} {day.year}"


def receipt_number(record_id: str) -> str:
    """Return the short number a person asks with: the end of the record id, in two groups.

    Parameters
    ----------
    record_id : str
        A UUIDv7; its end is random, so that ten characters tell a station's records apart.

    Returns
    -------
    str
        Such as ``"7F3A9-0C41E"``.

    Raises
    ------
    InputError
        When it is no such id.
    """
    text = str(record_id).replace("-", "").upper()
    if not re.fullmatch(r"[0-9A-F]{32}", text):
        raise InputError("record_id is no UUID")
    return f"{text[-10:-5]}-{text[-5:]}"


def no_long_numbers(text: str) -> str:
    """Return the text with every run of twelve digits or more left out: it could be a NIK."""
    return _LONG_NUMBER.sub("…", text)
