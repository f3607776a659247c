"""Draw docs/capture/operator-page.png: ``python docs/build_operator_page.py``.

A person half way through, at the page of a real station in a real browser; every capture is
generated. Needs the extra `station`, playwright, and Chromium where Debian puts it.
"""

import secrets
import sys
import tempfile
import threading
import time
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # fixtures are not installed

import numpy as np  # noqa: E402
import uvicorn  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.sync_api import Page, sync_playwright  # noqa: E402

from ektp_biocheck.capture import Station, StationConfig  # noqa: E402
from ektp_biocheck.operator_page.desk import Desk, Office  # noqa: E402
from ektp_biocheck.operator_page.server import guarded, listen  # noqa: E402
from ektp_biocheck.operator_page.shown import about  # noqa: E402
from fixtures.fingerprint import Condition, hand, render, slap  # noqa: E402

PICTURE = ROOT / "docs" / "capture" / "operator-page.png"
BROWSER = "/usr/bin/chromium-headless-shell"
SEED = 3


def captures() -> list[NDArray[np.uint8]]:
    """Return what is presented, in this order: no right little finger, a ruined left one."""
    right, left, thumbs = (hand(SEED, kind) for kind in ("right", "left", "thumbs"))
    ruined, dry = Condition(wear=1.0, dryness=0.5), Condition(wear=0.95, dryness=0.45)
    return [
        slap({code: right[code] for code in (2, 3, 4)}).pixels,
        slap(left, each={10: ruined}).pixels,
        *(render(left[10], ruined, impression=n).pixels for n in (2, 3, 4)),
        slap(thumbs, each={6: dry}).pixels,
        render(thumbs[6], dry, impression=2).pixels,
    ]


def draw(page: Page, address: str) -> None:
    """Record somebody with the keyboard until a finger must be taken again."""
    page.on("filechooser", lambda _: None)
    page.goto(address)
    page.wait_for_selector("#start:not([hidden])")
    for text in ("24", "3313054507450001", "79", "Berjo", "op-7"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    press(page, "3", "4", "Enter")
    while page.inner_text("#stagename") != "Kelingking kanan":
        press(page, "ArrowRight")
    press(page, "k", "Enter")
    four, other, *little, pair, thumb = captures()
    give(page, four)
    give(page, other)
    before = page.inner_text("#count")
    for pixels in little:
        if page.inner_text("#count") == before:
            give(page, pixels)
    for pixels in (pair, thumb):
        give(page, pixels)


def press(page: Page, *keys: str) -> None:
    """Press keys and wait until the page is at rest."""
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    page.wait_for_selector('body[aria-busy="false"]', timeout=60_000)
    page.wait_for_timeout(300)


def give(page: Page, pixels: NDArray[np.uint8]) -> None:
    """Hand a capture over, as the file dialog would."""
    data = BytesIO()
    Image.fromarray(pixels).save(data, "PNG", dpi=(500, 500))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("o")
    chooser.value.set_files(
        {"name": "capture.png", "mimeType": "image/png", "buffer": data.getvalue()}
    )
    press(page)
    print(page.inner_text("#stagename"), "|", page.inner_text("#verdict"))


def main() -> None:
    """Serve a station, look at it, stop it."""
    with tempfile.TemporaryDirectory() as folder, listen("127.0.0.1", 0) as listener:
        config = StationConfig("kec-01", "Ngargoyoso", Path(folder))
        port, key = listener.getsockname()[1], secrets.token_urlsafe(12)
        with Station(config) as station:
            desk = Desk(station, Office("Kecamatan Ngargoyoso"))
            told = about(config, station.policy, lang="id", device="files", camera=False)
            app = guarded(desk, told, key=key, port=port)
            server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            while not server.started:
                time.sleep(0.05)
            try:
                with sync_playwright() as driver:
                    browser = driver.chromium.launch(
                        executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"]
                    )
                    page = browser.new_page(viewport={"width": 1366, "height": 640})
                    draw(page, f"http://127.0.0.1:{port}/#{key}")
                    picture = Image.open(BytesIO(page.screenshot()))
                    browser.close()
            finally:
                server.should_exit = True
                thread.join()
    PICTURE.parent.mkdir(exist_ok=True)
    picture.convert("RGB").quantize(256).save(PICTURE, optimize=True)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
