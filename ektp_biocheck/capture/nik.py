"""The NIK: checked, turned into a reference that cannot be turned back, and forgotten.

Sixteen digits: six of the region where it was issued (province, regency, district), six of the
date of birth as DDMMYY with 40 added to a woman's day, four of a serial number. No error here
repeats any part of it.
"""

import hashlib
import hmac
import re
from datetime import date

from ektp_biocheck.errors import InputError

__all__ = [
    "NikDoubtError",
    "age_contradicts",
    "check_nik",
    "clean_nik",
    "nik_doubts",
    "subject_reference",
]

_PROVINCES = ((11, 19), (21, 21), (31, 36), (51, 54), (61, 65), (71, 76), (81, 82), (91, 99))
"""Codes of provinces by islands, with room for new ones in Papua; 54 until 1999 (East Timor)."""
_WOMEN = 40
_DOUBTS = {
    "NIK_PROVINCE": "the NIK's first two digits are no province",
    "NIK_REGENCY": "the NIK's digits 3 to 6 are no regency and district",
    "NIK_BIRTH": "the NIK's digits 7 to 12 are no date of birth (day, month, year; women's day "
    "plus 40)",
    "NIK_SERIAL": "the NIK's serial number is 0000, which is never issued",
}


class NikDoubtError(InputError):
    """Sixteen digits that no office should have issued; the card may say them all the same."""


def clean_nik(typed: str) -> str:
    """Return a NIK without the spaces, dots and dashes it may be typed with."""
    return re.sub(r"[\s.\-\u2010-\u2015]", "", typed) if isinstance(typed, str) else typed


def nik_doubts(nik: str) -> tuple[str, ...]:
    """Return what is odd about sixteen digits, as codes that hold none of them.

    Parameters
    ----------
    nik : str
        Exactly as issued: sixteen digits, nothing else.

    Returns
    -------
    tuple of str
        ``"NIK_PROVINCE"``, ``"NIK_REGENCY"``, ``"NIK_BIRTH"``, ``"NIK_SERIAL"``.

    Raises
    ------
    InputError
        When it is not sixteen digits; it is not repeated.
    """
    if not isinstance(nik, str) or len(nik) != 16 or not (nik.isascii() and nik.isdigit()):
        raise InputError("a NIK has sixteen digits and nothing else: type it again from the card")
    odd = {
        "NIK_PROVINCE": not any(first <= int(nik[:2]) <= last for first, last in _PROVINCES),
        "NIK_REGENCY": not (1 <= int(nik[2:4]) <= 79 and int(nik[4:6]) >= 1),
        "NIK_BIRTH": not _possible_births(nik),
        "NIK_SERIAL": nik[12:] == "0000",
    }
    return tuple(code for code, is_odd in odd.items() if is_odd)


def check_nik(nik: str) -> None:
    """Check that a NIK can be one.

    Parameters
    ----------
    nik : str
        Exactly as issued: sixteen digits, nothing else.

    Raises
    ------
    InputError
        When it cannot be one; `NikDoubtError` when it is sixteen digits all the same. The text
        says which part is wrong and never repeats it.
    """
    doubts = nik_doubts(nik)
    if doubts:
        raise NikDoubtError(f"{_DOUBTS[doubts[0]]}: type it again")


def _possible_births(nik: str) -> list[date]:
    """Return the dates that the six digits can mean; the century is not written."""
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    day -= _WOMEN if day > _WOMEN else 0
    births = []
    for century in (1900, 2000):
        try:
            births.append(date(century + year, month, day))
        except ValueError:
            continue
    return births


def age_contradicts(nik: str, age_years: int, today: date) -> bool:
    """Tell whether the stated age cannot go with the NIK's date of birth.

    The NIK is a cross-check only, never the source of the age: the century is not written in
    it, and it keeps the date that was known when it was issued.

    Parameters
    ----------
    nik : str
        A valid one.
    age_years : int
        As stated.
    today : date
        Local.

    Returns
    -------
    bool
        True when no century brings the two within a year of each other.
    """
    ages = [
        today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        for born in _possible_births(nik)
    ]
    return all(abs(age - age_years) > 1 for age in ages)


def subject_reference(nik: str, key: bytes, *, confirmed: bool = False) -> str:
    """Return the reference under which a person's capture is kept: an HMAC-SHA-256, in hex.

    Parameters
    ----------
    nik : str
        Checked here.
    key : bytes
        The station's own; without it the reference tells nothing, though NIKs could be listed.
    confirmed : bool
        An officer looked at the card again: it says this. Sixteen digits are enough then.

    Raises
    ------
    InputError
        When it is no NIK.
    """
    if confirmed:
        nik_doubts(nik)
    else:
        check_nik(nik)
    return hmac.new(key, nik.encode("ascii"), hashlib.sha256).hexdigest()
