"""Draw the pictures of docs/fingerprint/iso and fill in their figures.

    python docs/build_iso.py

Every page shows three synthetic prints with what its measure says of them: nothing on the pages
is typed in by hand. A test compares them with fresh figures.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the fixtures are not installed

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from ektp_biocheck.fingerprint import iso29794_4  # noqa: E402
from ektp_biocheck.opencv import cv2  # noqa: E402
from fixtures.fingerprint import Condition, Print, finger, render  # noqa: E402

FOLDER = ROOT / "docs" / "fingerprint" / "iso"
_TABLE = re.compile(r"(?<=<!-- written by docs/build_iso.py -->\n).*?(?=<!-- until here -->)", re.S)
_LABEL = 18  # pixels above a picture
_GREYS = 16  # few, so that the files stay small


@dataclass(frozen=True)
class Page:
    """Prints and the measures they are shown with; the first print is the good one."""

    name: str
    measures: tuple[str, ...]
    prints: dict[str, tuple[str, Condition]]


_LOOP = "right_loop"
_CLEAN = (_LOOP, Condition())
PAGES = (
    Page(
        "fda",
        ("FDA_Bin10_Mean", "FDA_Bin10_StdDev", "FDA_Bin10_9"),
        {
            "clean": _CLEAN,
            "wet": (_LOOP, Condition(wetness=0.6)),
            "blurred": (_LOOP, Condition(blur_mm=0.12)),
        },
    ),
    Page(
        "lcs",
        ("LCS_Bin10_Mean", "LCS_Bin10_StdDev", "LCS_Bin10_1"),
        {
            "clean": _CLEAN,
            "dry": (_LOOP, Condition(dryness=0.6)),
            "smeared": (_LOOP, Condition(smear_mm=0.6, smear_deg=20)),
        },
    ),
    Page(
        "ocl",
        ("OCL_Bin10_Mean", "OCL_Bin10_StdDev", "OCL_Bin10_9"),
        {
            "clean": _CLEAN,
            "dry": (_LOOP, Condition(dryness=0.6)),
            "noisy": (_LOOP, Condition(noise=0.6)),
        },
    ),
    Page(
        "of",
        ("OF_Bin10_Mean", "OF_Bin10_StdDev", "OF_Bin10_9"),
        {
            "loop": _CLEAN,
            "loop, smeared": (_LOOP, Condition(smear_mm=0.6, smear_deg=20)),
            "arch, clean": ("plain_arch", Condition()),
        },
    ),
    Page(
        "rvup",
        ("RVUP_Bin10_Mean", "RVUP_Bin10_StdDev", "RVUP_Bin10_4"),
        {
            "clean": _CLEAN,
            "dry": (_LOOP, Condition(dryness=0.6)),
            "wet": (_LOOP, Condition(wetness=0.6)),
        },
    ),
    Page(
        "mu",
        ("Mu",),
        {
            "clean": _CLEAN,
            "light": (_LOOP, Condition(pressure=-1)),
            "pressed": (_LOOP, Condition(pressure=1)),
        },
    ),
    Page(
        "mmb",
        ("MMB", "Mu"),
        {
            "clean": _CLEAN,
            "light": (_LOOP, Condition(pressure=-1)),
            "pressed": (_LOOP, Condition(pressure=1)),
        },
    ),
    Page(
        "roi",
        ("ImgProcROIArea_Mean", "Mu"),
        {  # a background just too dark to be cut off
            "clean": (_LOOP, Condition(background=240)),
            "half of it": (_LOOP, Condition(background=240, contact=0.4)),
            "wet": (_LOOP, Condition(background=240, wetness=0.6)),
        },
    ),
    Page(
        "coherence",
        ("OrientationMap_ROIFilter_CoherenceRel", "OrientationMap_ROIFilter_CoherenceSum"),
        {
            "clean": _CLEAN,
            "worn": (_LOOP, Condition(wear=0.8)),
            "half of it": (_LOOP, Condition(contact=0.4)),
        },
    ),
)


def captures(page: Page) -> dict[str, Print]:
    """Return the prints of a page by label."""
    return {
        label: render(finger(7, pattern=pattern), condition)
        for label, (pattern, condition) in page.prints.items()
    }


def figures(page: Page) -> dict[str, list[float | None]]:
    """Return what the page's measures say of its prints, by label."""
    measured = {label: iso29794_4(capture.pixels) for label, capture in captures(page).items()}
    return {label: [row[name] for name in page.measures] for label, row in measured.items()}


def table(page: Page) -> str:
    """Return the figures as a Markdown table."""
    lines = [f"| | {' | '.join(f'`{name}`' for name in page.measures)} |"]
    lines.append("|---" * (len(page.measures) + 1) + "|")
    for label, values in figures(page).items():
        cells = ["–" if v is None else f"{v:.0f}" if v > 200 else f"{v:.3g}" for v in values]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def table_on_page(page: Page) -> str:
    """Return the table as the page has it."""
    found = _TABLE.search((FOLDER / f"{page.name}.md").read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{page.name}.md has no place for its figures")
    return found.group()


def draw(page: Page) -> Path:
    """Write the prints of a page side by side, labelled, at half size."""
    cells = []
    for label, capture in captures(page).items():
        small = cv2.resize(capture.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        cell = np.full((small.shape[0] + _LABEL + 6, small.shape[1] + 8), 255, np.uint8)
        cell[_LABEL : _LABEL + small.shape[0], 4:-4] = small
        cv2.putText(cell, label, (6, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 0, 1, cv2.LINE_AA)
        cells.append(cell)
    path = FOLDER / f"{page.name}.png"
    picture = Image.fromarray(np.hstack(cells))
    picture.quantize(_GREYS, dither=Image.Dither.NONE).save(path, optimize=True)
    return path


def main() -> None:
    """Draw and fill in every page."""
    for page in PAGES:
        drawn = draw(page)
        path = FOLDER / f"{page.name}.md"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(table_on_page(page), table(page), 1), encoding="utf-8")
        print(f"{path.name}, {drawn.name} ({drawn.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
