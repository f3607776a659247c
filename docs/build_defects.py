"""Write the pages of the FP_* defects and draw their pictures: ``python docs/build_defects.py``.

Names, advice and steps come from the catalogue, limits from the code, weights from the model:
nothing on a page can differ from what the operator is told. A test compares the pages with
fresh ones.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]  # neither fixtures nor texts are installed

import numpy as np  # noqa: E402
from defect_texts import PAGES, Page  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image  # noqa: E402

from ektp_biocheck.defects import CATALOGUE, STEPS, DefectInfo  # noqa: E402
from ektp_biocheck.defects.info import ALWAYS  # noqa: E402
from ektp_biocheck.fingerprint.causes import model  # noqa: E402
from ektp_biocheck.opencv import cv2  # noqa: E402
from fixtures.fingerprint import Condition, finger, render  # noqa: E402

FOLDER = ROOT / "docs" / "defects"
SEED = 7  # the finger on all pictures
CLEAN = Page("", "", "", "", Condition())
_GREYS = 16  # few, so that the files stay small
_LABEL = 18  # pixels above a picture
_WITNESSES = 4


def witnesses(cause: str) -> str:
    """Name the figures that speak loudest for a cause against a clean print, with their sign."""
    fitted = model()["causes"]
    weights = dict(zip(fitted["causes"], np.array(fitted["weights"]), strict=True))
    gain = weights[cause] - weights["clean"]
    order = np.argsort(-np.abs(gain))[:_WITNESSES]
    told = (
        f"{fitted['figures'][i].removeprefix('log ')} {'up' if gain[i] > 0 else 'down'}"
        for i in order
    )
    return "What speaks loudest for it, against a clean print: " + ", ".join(told) + "."


def _hard(info: DefectInfo) -> str:
    if info.hard_from is None:
        return "never"
    return "always" if info.hard_from == ALWAYS else f"from severity {info.hard_from:g}"


def render_page(code: str) -> str:
    """Return the whole page of one defect."""
    page, info = PAGES[code], CATALOGUE[code]
    steps = [f"{n}. {STEPS[s].text_en} *{STEPS[s].text_id}*" for n, s in enumerate(info.chain, 1)]
    told = page.told if page.cause is None else f"{page.told}\n\n{witnesses(page.cause)}"
    lines = [
        f"# {info.title_en} · *{info.title_id}*",
        "<!-- Written by docs/build_defects.py; change docs/defect_texts.py or the catalogue. -->",
        f"`{code}` · cured by: {info.cured_by} · hard: {_hard(info)}"
        + ("" if info.counted else " · the attempt is not counted"),
        page.seen,
        f"![A clean print and this one]({code}.png)",
        "## What the operator reads",
        f"> {info.advice_en}\n>\n> *{info.advice_id}*",
        "Then, in this order:",
        "\n".join(steps),
        "## How it is told",
        told,
        f"**Severity.** {page.severity}",
        "## What is known to fail",
        page.fails,
        f"Code: {page.source} [All defects](index.md)",
    ]
    return "\n\n".join(lines) + "\n"


def _page_of_text() -> NDArray[np.uint8]:
    paper = np.full((374, 388), 255, np.uint8)
    for line in range(16):
        place = (4, 22 + 22 * line)
        cv2.putText(paper, "Republik Indonesia 0123456", place, 0, 0.6, 0, 1, cv2.LINE_AA)
    return paper


def picture(page: Page) -> NDArray[np.uint8]:
    """Return what a page shows at full size, (374, 388) uint8."""
    if isinstance(page.shown, tuple):  # side by side, the glass between them
        pair = np.hstack([render(finger(SEED + n), c).pixels for n, c in enumerate(page.shown)])
        return np.ascontiguousarray(pair[:, 194:-194])
    return _page_of_text() if page.shown is None else render(finger(SEED), page.shown).pixels


def draw(code: str) -> Path:
    """Write a clean print and the defective one side by side, at half size."""
    cells = []
    for label, page in (("clean", CLEAN), (code, PAGES[code])):
        pixels = picture(page)
        small = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        cell = np.full((small.shape[0] + _LABEL + 6, small.shape[1] + 8), 255, np.uint8)
        cell[_LABEL : _LABEL + small.shape[0], 4:-4] = small
        cv2.putText(cell, label, (6, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 0, 1, cv2.LINE_AA)
        cell[_LABEL - 1 : -5, 3] = cell[_LABEL - 1 : -5, -4] = 170
        cell[_LABEL - 1, 3:-3] = cell[-6, 3:-3] = 170
        cells.append(cell)
    path = FOLDER / f"{code}.png"
    Image.fromarray(np.hstack(cells)).quantize(_GREYS, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    return path


def main() -> None:
    """Write and draw every page."""
    for code in PAGES:
        (FOLDER / f"{code}.md").write_text(render_page(code), encoding="utf-8", newline="\n")
        size = draw(code).stat().st_size
        print(f"{code}: {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
