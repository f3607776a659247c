"""Fill the tables of docs/fingerprint/score.md from the model: ``python docs/build_score.py``."""

from pathlib import Path

from ektp_biocheck.fingerprint.causes import model

PAGE = Path(__file__).parent / "fingerprint" / "score.md"


def _points() -> str:
    fitted = model()["score"]
    rows = [
        f"| {name} | {points:.1f} | {fitted['reference'][name]:.2f} |"
        for name, points in fitted["points"].items()
    ]
    base = f"| *base* | {fitted['at_reference']:.1f} | |"
    return "\n".join(["| term | points | reference |", "|---|---|---|", *rows, base])


def _expected() -> str:
    head = [
        "| score of the worse print | false non-match rate | 90 % interval | pairs |",
        "|---" * 4 + "|",
    ]
    rows = []
    for row in model()["score"]["expected"]:
        (start, stop), (low, high) = row["score"], row["interval_90"]
        rows.append(
            f"| {start} – {stop} | {row['fnmr']:.1%} | {low:.1%} – {high:.1%} | {row['pairs']} |"
        )
    return "\n".join([*head, *rows])


def _held_out() -> str:
    ratios = model()["score"]["held_out_ratios"]
    return (
        "| | bozorth3 (5 sets) | OpenAFIS (2 sets) |\n|---|---|---|\n"
        f"| **this score** | **{ratios['bozorth3']:.3f}** | **{ratios['openafis']:.3f}** |"
    )


def _preview() -> str:
    error = model()["preview"]["mean_error"]
    return f"Mean difference from the full score on the development prints: {error:.1f} points."


TABLES = {"points": _points, "expected": _expected, "held out": _held_out, "preview": _preview}


def render(page: str) -> str:
    """Return a page with fresh tables."""
    for name, table in TABLES.items():
        start, end = f"<!-- written by docs/build_score.py: {name} -->\n", "<!-- until here -->"
        before, found, rest = page.partition(start)
        if not found or end not in rest:
            raise ValueError(f"{PAGE.name} has no place for {name}")
        page = f"{before}{start}{table()}\n{rest[rest.index(end) :]}"
    return page


def main() -> None:
    """Fill in the page."""
    text = render(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
