"""Numbers, days and texts as a reader of either language writes them."""

from collections.abc import Mapping

from markupsafe import Markup

from ektp_biocheck.batch.statistics import Estimate
from ektp_biocheck.errors import InputError
from ektp_biocheck.lang import Lang, in_language

__all__ = ["Words"]

_MONTHS: dict[str, tuple[str, ...]] = {
    "id": ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


class Words:
    """The texts of one language; `texts` maps a key to (Indonesian, English).

    Calling it gives a text with its gaps filled: what fills them is escaped for HTML, the text
    itself may hold tags.
    """

    def __init__(self, lang: Lang, texts: Mapping[str, tuple[str, str]]) -> None:
        in_language(lang, "", "")
        self.lang = lang
        self.texts = texts

    def __call__(self, key: str, **gaps: object) -> Markup:
        """Return the text `key`; raise InputError when there is none."""
        if key not in self.texts:
            raise InputError(f"no text {key!r}")
        return Markup(in_language(self.lang, *self.texts[key])).format(**gaps)  # noqa: S704

    def integer(self, number: float) -> str:
        """Return a whole number with its thousands marked: 20.000 or 20,000."""
        return self._marks(f"{round(number):,}")

    def decimal(self, number: float | None, places: int = 1) -> str:
        """Return a number with its decimals, or a dash when there is none."""
        if number is None:
            return "–"
        plain = round(number, places) + 0.0  # nothing is never "−0.0"
        return self._marks(f"{plain:,.{places}f}").replace("-", "−")

    def percent(self, rate: float | None) -> str:
        """Return a rate, 0 to 1, in per cent; small ones never round to nothing."""
        if rate is None:
            return "–"
        if 0 < rate < 0.0005:
            return "< " + self.decimal(0.1) + in_language(self.lang, " %", "%")
        return self.decimal(100 * rate) + in_language(self.lang, " %", "%")

    def with_error(self, estimate: Estimate) -> str:
        """Return a mean with half its interval, such as ``"60.9 ± 2.7"``."""
        if estimate.value is None or estimate.high is None:
            return self.decimal(estimate.value)
        return f"{self.decimal(estimate.value)} ± {self.decimal(estimate.high - estimate.value)}"

    def whole_percent(self, rate: float) -> str:
        """Return a rate without decimals, for axes."""
        return f"{100 * rate:.0f}" + in_language(self.lang, " %", "%")

    def span(self, estimate: Estimate, *, rate: bool = False) -> str:
        """Return the interval of an estimate, such as ``"4.2–6.0"``, or nothing."""
        if estimate.low is None or estimate.high is None:
            return ""
        scale = 100 if rate else 1
        low, high = (self.decimal(scale * end) for end in (estimate.low, estimate.high))
        joined = f"{low} … {high}" if "−" in low else f"{low}–{high}"
        return joined + (in_language(self.lang, " %", "%") if rate else "")

    def chance(self, p: float) -> str:
        """Return a p value in words of its size."""
        return f"< {self.decimal(0.001, 3)}" if p < 0.001 else self.decimal(p, 3)

    def day(self, day: str, *, year: bool = False) -> str:
        """Return ``"2026-11-21"`` as ``"21 Nov"``, with the year when asked for."""
        number, month = int(day[8:10]), _MONTHS[self.lang][int(day[5:7]) - 1]
        return f"{number} {month} {day[:4]}" if year else f"{number} {month}"

    def _marks(self, text: str) -> str:
        return text.translate(str.maketrans(",.", ".,")) if self.lang == "id" else text
