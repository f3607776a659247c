"""Draw the pictures of docs/iris from the eye generator.

    python docs/build_iris.py

Every picture shows drawn eyes with what the scorer says of them; no real eye is shown.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the fixtures are not installed

import numpy as np  # noqa: E402
from PIL import Image, ImageDraw, ImageFont  # noqa: E402

from ektp_biocheck import iris  # noqa: E402
from fixtures.iris import draw_eye, middle_faults, random_eye  # noqa: E402

FOLDER = ROOT / "docs" / "iris"
_SIZE = (240, 180)

MEASURES = {
    "usable_iris_area": {"opening_up": 1.5},
    "upper_lid_cover": {"opening_up": 1.5},
    "lash_cover": {"lashes": 60, "lash_reach": 5.0, "opening_up": 5.6},
    "reflection_cover": {"glare": 0.25},
    "eye_opening": {"opening_up": 1.5, "opening_down": 4.2},
    "room_below_pupil": {"opening_down": 3.2},
    "gaze_sideways": {"gaze": (30.0, 0.0)},
    "edge_width": {"defocus_mm": 0.3},
    "motion_blur": {"motion_mm": 1.0},
    "interlacing": {"interlace_mm": 0.3},
    "haze": {"haze": 0.5},
    "iris_pupil_contrast": {"cataract": 0.6},
    "limbal_ring": {"arcus": 0.8},
    "pupil_iris_ratio": {"pupil_mm": 8.0},
    "pupil_unevenness": {"pupil_wobble": 0.08},
    "margin_adequacy": {"centre": (-13.0, 0.0)},
    "fine_pattern": {"lens": 0.8},
}


def _tile(label: str, pixels: np.ndarray) -> Image.Image:
    tile = Image.new("RGB", (_SIZE[0], _SIZE[1] + 20), "white")
    tile.paste(Image.fromarray(pixels).resize(_SIZE), (0, 20))
    ImageDraw.Draw(tile).text((4, 3), label, font=ImageFont.load_default(12), fill="black")
    return tile


def _sheet(tiles: list[Image.Image], columns: int, name: str) -> None:
    rows = -(-len(tiles) // columns)
    width, height = tiles[0].size
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    for k, tile in enumerate(tiles):
        sheet.paste(tile, (k % columns * width, k // columns * height))
    sheet.quantize(64).save(FOLDER / name, optimize=True)


def _value(pixels: np.ndarray, name: str) -> str:
    measure = iris.assess(pixels).measures[name]
    return "missing" if measure.value is None else f"{measure.value:.3g} {measure.unit}"


def main() -> None:
    """Draw good beside bad for every measure, and every defect at middle strength."""
    pairs = []
    for name, changes in MEASURES.items():
        for what in ({}, changes):
            pixels, _ = draw_eye(random_eye(11, width=480, height=360, px_per_mm=14.0, **what))
            pairs.append(_tile(f"{name}: {_value(pixels, name)}", pixels))
    _sheet(pairs, 4, "measures.png")
    faults = []
    for code, changes in middle_faults().items():
        pixels, _ = draw_eye(random_eye(100, **({"width": 640, "height": 480} | changes)))
        result = iris.assess(pixels)
        faults.append(_tile(f"{code[3:]}: {'-' if result.score is None else result.score}", pixels))
    _sheet(faults, 4, "defects.png")
    pixels, _ = draw_eye(random_eye(1, width=640, height=480, opening_up=2.4))
    Image.fromarray(iris.overlay(pixels, iris.assess(pixels))).save(
        FOLDER / "overlay.png", optimize=True
    )


if __name__ == "__main__":
    main()
