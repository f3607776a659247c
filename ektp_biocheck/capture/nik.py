"""The NIK: checked, turned into a reference that cannot be turned back, and forgotten.

Sixteen digits: six of the region where it was issued (province, regency, district), six of the
date of birth as DDMMYY with 40 added to a woman's day, four of a serial number. No error here
repeats any part of it.
"""

import hashlib
import hmac
from datetime import date

from ektp_biocheck.errors import InputError

__all__ = ["age_contradicts", "check_nik", "subject_reference"]

_PROVINCES = ((11, 19), (21, 21), (31, 36), (51, 54), (61, 65), (71, 76), (81, 82), (91, 99))
"""Codes of provinces by islands, with room for new ones in Papua; 54 until 1999 (East Timor)."""
_WOMEN = 40


def check_nik(nik: str) -> None:
    """Check that a NIK can be one.

    Parameters
    ----------
    nik : str
        Exactly as issued: sixteen digits, nothing else.

    Raises
    ------
    InputError
        When it cannot be one. The text says which part is wrong and never repeats it.
    """
    if not isinstance(nik, str) or len(nik) != 16 or not (nik.isascii() and nik.isdigit()):
        raise InputError("a NIK has sixteen digits and nothing else: type it again from the card")
    if not any(first <= int(nik[:2]) <= last for first, last in _PROVINCES):
        raise InputError("the NIK's first two digits are no province: type it again")
    if not (1 <= int(nik[2:4]) <= 79 and int(nik[4:6]) >= 1):
        raise InputError("the NIK's digits 3 to 6 are no regency and district: type it again")
    if not _possible_births(nik):
        raise InputError(
            "the NIK's digits 7 to 12 are no date of birth (day, month, year; women's day plus "
            "40): type it again"
        )
    if nik[12:] == "0000":
        raise InputError("the NIK's serial number is 0000, which is never issued: type it again")


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


def subject_reference(nik: str, key: bytes) -> str:
    """Return the reference under which a person's capture is kept: an HMAC-SHA-256, in hex.

    Parameters
    ----------
    nik : str
        Checked here.
    key : bytes
        The station's own; without it the reference tells nothing, though NIKs could be listed.

    Raises
    ------
    InputError
        When it is no NIK.
    """
    check_nik(nik)
    return hmac.new(key, nik.encode("ascii"), hashlib.sha256).hexdigest()
