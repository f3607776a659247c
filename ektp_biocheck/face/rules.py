"""The e-KTP's own rules for a face photo, as a named and dated set that can be switched off.

Colours: red for odd years of birth and blue for even ones is what the civil registry offices
publish (Trenggalek, 20 June 2025); orange for resident foreigners is known from the press only.
No regulation with exact shades was found, so wide ranges of hue are accepted. Glasses off: the
director general of the civil registry, October 2023.
"""

from dataclasses import dataclass

from ektp_biocheck.errors import InputError

__all__ = ["EKTP_2025", "NO_RULES", "Rules", "expected_background"]


@dataclass(frozen=True, slots=True)
class Rules:
    """One office's rules beyond the ISO standards.

    Parameters
    ----------
    name : str
        Stored with results, so that a report can tell which rules held.
    dated : str
        ISO date of the newest source.
    background_colours : bool
        Whether the colour depends on the year of birth.
    glasses_off : bool
        Whether clear glasses are a defect.
    """

    name: str
    dated: str
    background_colours: bool = True
    glasses_off: bool = True


EKTP_2025 = Rules("e-KTP", "2025-06-20")
"""Red, blue or orange background; glasses off."""

NO_RULES = Rules("none", "2025-06-20", background_colours=False, glasses_off=False)
"""Only what ISO/IEC 29794-5 and 39794-5 ask."""

HUES = {"red": (342.0, 16.0), "orange": (16.0, 48.0), "blue": (188.0, 258.0)}
"""Accepted hues in degrees, from and to, by colour."""

LEAST_SATURATION = 0.35
"""Below this a background has no colour that could be judged."""


def expected_background(
    rules: Rules, birth_year: int | None, *, foreign_resident: bool = False
) -> str | None:
    """Return ``"red"``, ``"blue"`` or ``"orange"``, or None when the rules ask for nothing.

    Parameters
    ----------
    rules : Rules
    birth_year : int or None
        Four digits. Used here and forgotten.
    foreign_resident : bool
        A foreigner with a residence permit.

    Raises
    ------
    InputError
        When the year is not between 1850 and 2200.
    """
    if not rules.background_colours:
        return None
    if foreign_resident:
        return "orange"
    if birth_year is None:
        return None
    if not 1850 <= birth_year <= 2200:
        raise InputError("birth_year must be a year such as 1987")
    return "red" if birth_year % 2 else "blue"


def is_colour(colour: str, hue: float, saturation: float) -> bool:
    """Tell whether a hue in degrees counts as the colour."""
    low, high = HUES[colour]
    inside = low <= hue <= high if low < high else (hue >= low or hue <= high)
    return inside and saturation >= LEAST_SATURATION
