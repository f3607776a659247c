"""What every section of the page draws on: the captures, what each needs, and the words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from ektp_biocheck import defects
from ektp_biocheck.batch.needs import Limits, Need
from ektp_biocheck.batch.outcome import MODALITIES
from ektp_biocheck.batch.report.words import Words
from ektp_biocheck.batch.results import Row
from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang
from ektp_biocheck.positions import Modality, display_name, parse_eye, parse_finger

__all__ = ["Cell", "Head", "Table", "View", "modality_name", "position_name", "shown", "title_of"]


@dataclass(frozen=True, slots=True)
class View:
    """The captures of a page, what each needs, thresholds, words, and pictures by path."""

    rows: Sequence[Row]
    needs: Sequence[Need]
    limits: Limits
    words: Words
    pictures: Mapping[str, str]

    @property
    def lang(self) -> Lang:
        """The page's language."""
        return self.words.lang

    def modalities(self) -> list[str]:
        """Return the modalities that occur, in the usual order."""
        there = {row.modality for row in self.rows}
        return [modality for modality in MODALITIES if modality in there]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column; `kind` is its style, such as ``"number"`` or ``"path"``."""

    title: str
    kind: str = ""
    sortable: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what is shown, and what it is sorted by when that is not the text itself."""

    shown: object
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table for the template: id, caption, heads, rows, and lines of text below it."""

    name: str
    caption: object
    heads: Sequence[Head]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[object] = ()


def printable(text: str) -> str:
    """Return `text` with control, direction and undecodable characters written as escapes."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def shown(text: str) -> Markup:
    """Return a text from outside, such as a file name, so that it cannot disguise itself.

    Control and direction characters are written as escapes; the rest keeps to itself (`bdi`).
    """
    return Markup("<bdi>{}</bdi>").format(printable(text))


def title_of(code: str, lang: Lang) -> str:
    """Return the short name of a defect; a code of another version stands for itself."""
    return defects.title(code, lang) if code in defects.CATALOGUE else code


@lru_cache(maxsize=256)
def modality_name(modality: str, lang: Lang) -> str:
    """Return what people call a modality."""
    known = {"finger": Modality.FINGER, "iris": Modality.IRIS, "face": Modality.FACE}
    return display_name(known[modality], lang) if modality in known else "?"


@lru_cache(maxsize=256)
def position_name(position: str | None, modality: str, lang: Lang) -> str:
    """Return what people call a position; of a face, the face."""
    if not position:
        return modality_name(modality, lang)
    for parse in (parse_finger, parse_eye):
        try:
            return display_name(parse(position.removesuffix("_eye")), lang)
        except InputError:
            continue
    return printable(position)
