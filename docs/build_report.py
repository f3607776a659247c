"""Draw the picture of docs/batch/report.md: pieces of a report on generated captures.

python docs/build_report.py
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the generated run is one of the tests'

from PIL import Image  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from ektp_biocheck.batch.needs import Limits  # noqa: E402
from ektp_biocheck.batch.report.page import build_page  # noqa: E402
from ektp_biocheck.batch.results import read_run  # noqa: E402
from tests.report_runs import district, write_run  # noqa: E402

PICTURE = ROOT / "docs" / "batch" / "report.png"
LIMITS = Limits("ektp-default 1", {"finger": 40, "iris": 60, "face": 65})
PIECES = ("header", "#part-first", "#part-groups .group >> nth=0", "#part-trend .card >> nth=0")
MARGIN = 40


def main() -> None:
    """Write the picture."""
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        run = read_run(write_run(Path(folder), district(1540)))
        file = Path(folder) / "report.html"
        file.write_text(build_page(run, lang="en", limits=LIMITS), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1240, "height": 900})
        page.goto(file.as_uri())
        shots = [page.locator(piece).screenshot() for piece in PIECES]
        browser.close()
    images = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    size = (max(i.width for i in images) + 2 * MARGIN, sum(i.height + MARGIN for i in images))
    whole, y = Image.new("RGB", size, "white"), 0
    for image in images:
        whole.paste(image, (MARGIN, y))
        y += image.height + MARGIN
    whole.quantize(256, dither=Image.Dither.NONE).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
