"""Drawing by hand: SVG elements whose texts and attributes are escaped, and plain scales."""

from collections.abc import Iterable

from markupsafe import Markup, escape

__all__ = ["Scale", "chart", "line", "path", "rect", "tag", "text"]


class Scale:
    """Maps values to places: `low` to `begin`, `high` to `end`."""

    def __init__(self, low: float, high: float, begin: float, end: float) -> None:
        self.low, self.high, self.begin, self.end = low, high, begin, end

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.begin + share * (self.end - self.begin), 1)


def tag(name: str, *inside: object, **attributes: object) -> Markup:
    """Return one element; ``class_`` and ``text_anchor`` become ``class`` and ``text-anchor``."""
    listed = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value)
        for key, value in attributes.items()
        if value is not None
    )
    content = Markup("").join(escape(part) for part in inside)
    return Markup("<{}{}>{}</{}>").format(Markup(name), listed, content, Markup(name))  # noqa: S704


def rect(x: float, y: float, width: float, height: float, kind: str, *inside: object) -> Markup:
    """Return a filled box of class `kind`."""
    size = {"width": round(max(width, 0), 1), "height": round(max(height, 0), 1)}
    return tag("rect", *inside, x=x, y=y, **size, class_=kind)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """Return a straight line of class `kind`."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def path(points: Iterable[tuple[float, float]], kind: str, *, closed: bool = False) -> Markup:
    """Return a line through points, or the area inside it."""
    steps = " L".join(f"{x} {y}" for x, y in points)
    return tag("path", d=f"M{steps}{'Z' if closed else ''}", class_=kind)


def text(x: float, y: float, words: object, kind: str, anchor: str = "middle") -> Markup:
    """Return a label of class `kind`."""
    return tag("text", words, x=x, y=y, text_anchor=anchor, class_=kind)


def chart(width: int, height: int, title: str, parts: Iterable[Markup], kind: str = "") -> Markup:
    """Return a whole picture; `title` says in words what it shows, for those who do not see it."""
    return tag(
        "svg",
        *parts,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=title,
        class_=f"chart {kind}".strip(),
    )
