"""Fill the table of docs/fingerprint/measures.md and draw overlay.jpg.

python docs/build_measures.py
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the fixtures are not installed

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from ektp_biocheck import fingerprint  # noqa: E402
from ektp_biocheck.opencv import cv2  # noqa: E402
from fixtures.fingerprint import Condition, finger, render  # noqa: E402

FOLDER = ROOT / "docs" / "fingerprint"
PAGE = FOLDER / "measures.md"
SEEDS = range(7, 11)
SHOWN = {
    "clean": Condition(),
    "dry": Condition(dryness=0.75),
    "wet": Condition(wetness=0.75),
    "worn": Condition(wear=0.9),
    "blurred": Condition(blur_mm=0.13),
    "noisy": Condition(noise=0.7),
    "a third": Condition(contact=0.35),
}
_TABLE = re.compile(
    r"(?<=<!-- written by docs/build_measures.py -->\n).*?(?=<!-- until here -->)", re.DOTALL
)


def medians(condition: Condition) -> dict[str, float]:
    """Return the median of each measure that every print of a condition has."""
    rows = [fingerprint.assess(render(finger(seed), condition).pixels).measures for seed in SEEDS]
    return {
        name: float(np.median([row[name].value for row in rows]))
        for name in rows[0]
        if all(row[name].value is not None for row in rows)
    }


def table() -> str:
    """Return the medians as a Markdown table."""
    columns = [medians(condition) for condition in SHOWN.values()]
    lines = [f"| | {' | '.join(SHOWN)} |", "|---" * (len(SHOWN) + 1) + "|"]
    for name in columns[0]:
        values = (column.get(name) for column in columns)
        cells = ["–" if v is None else f"{v:.0f}" if abs(v) >= 20 else f"{v:.2f}" for v in values]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def draw() -> None:
    """Write the overlay of a dry print at half of its size."""
    pixels = render(finger(7), SHOWN["dry"]).pixels
    picture = fingerprint.overlay(pixels, fingerprint.assess(pixels))
    small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    Image.fromarray(small).save(FOLDER / "overlay.jpg", quality=72, optimize=True)


def main() -> None:
    """Fill in the page and draw the picture."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_TABLE.sub(lambda _: table(), text), encoding="utf-8", newline="\n")
    draw()


if __name__ == "__main__":
    main()
