"""The two languages every text of this package exists in: Indonesian and English."""

from typing import Literal

from ektp_biocheck.errors import InputError

__all__ = ["Lang", "in_language"]

Lang = Literal["id", "en"]


def in_language(lang: Lang, indonesian: str, english: str) -> str:
    """Return the text in the language asked for.

    Parameters
    ----------
    lang : {"id", "en"}
        Language code of ISO 639-1.
    indonesian, english : str
        The same text in both.

    Returns
    -------
    str
        One of the two, unchanged.

    Raises
    ------
    InputError
        When `lang` is neither.
    """
    if lang == "id":
        return indonesian
    if lang == "en":
        return english
    raise InputError(f'no texts in language {lang!r}: use "id" (Indonesian) or "en" (English)')
