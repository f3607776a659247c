"""Write the page and draw the picture of every iris measure and defect: docs/iris.

    python docs/build_iris.py

What a page says of a measure comes from the table of docs/iris/measures.md and the code's own
words, of a defect from docs/iris/defects.md and the catalogue. Every picture shows drawn eyes
with what the scorer says of them; no real eye is shown. A test compares the pages.
"""

import inspect
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the fixtures are not installed

import numpy as np  # noqa: E402
from PIL import Image, ImageDraw, ImageFont  # noqa: E402

from ektp_biocheck import iris  # noqa: E402
from ektp_biocheck.defects import CATALOGUE, STEPS  # noqa: E402
from ektp_biocheck.defects.info import ALWAYS  # noqa: E402
from ektp_biocheck.iris import contrast, gaze, limbus, segmentation, sharpness, visibility  # noqa: E402
from fixtures.iris import draw_eye, middle_faults, random_eye  # noqa: E402

FOLDER = ROOT / "docs" / "iris"
_SIZE = (240, 180)

_EYE = {"width": 480, "height": 360, "px_per_mm": 14.0}
_BLUR = {"defocus_mm": 0.3}
_LID = {"opening_up": 1.5}
SHOWN: dict[str, tuple[dict[str, object], object]] = {
    "usable_iris_area": (_LID, visibility.usable_iris_area),
    "iris_sclera_contrast": ({"sclera_grey": 100.0}, contrast.iris_sclera_contrast),
    "iris_pupil_contrast": ({"cataract": 0.6}, contrast.iris_pupil_contrast),
    "pupil_boundary_circularity": ({"pupil_wobble": 0.08}, gaze.pupil_circularity),
    "greyscale_utilisation": ({"exposure": 0.15}, contrast.greyscale_utilisation),
    "iris_radius": ({"px_per_mm": 6.5}, limbus.fit_limbus),
    "pupil_iris_ratio": ({"pupil_mm": 8.0}, gaze.pupil_ratio),
    "iris_pupil_concentricity": ({"pupil_offset": (-0.9, 0.3)}, gaze.concentricity),
    "margin_adequacy": ({"centre": (-13.0, 0.0)}, visibility.margin_adequacy),
    "sharpness": (_BLUR, sharpness.iso_sharpness),
    "upper_lid_cover": (_LID, visibility.covered_shares),
    "lower_lid_cover": ({"opening_down": 2.8}, visibility.covered_shares),
    "lash_cover": (
        {"lashes": 170, "lash_reach": 4.5, "opening_up": 4.8},
        visibility.covered_shares,
    ),
    "reflection_cover": ({"glare": 0.25}, visibility.covered_shares),
    "outside_cover": ({"centre": (-13.0, 0.0)}, visibility.covered_shares),
    "reflection_spots": ({"lens": 0.9, "px_per_mm": 18.0}, visibility.reflection_spots),
    "eye_opening": ({"opening_up": 1.5, "opening_down": 4.2}, visibility.eye_opening),
    "room_below_pupil": ({"opening_down": 3.2}, visibility.room_below_pupil),
    "pupil_edge_seen": ({"opening_up": 1.0}, segmentation.fit_pupil),
    "limbus_edge_seen": ({"sclera_grey": 100.0, "lash_reach": 2.5}, limbus.fit_limbus),
    "limbus_misfit": ({"sclera_grey": 100.0}, limbus.fit_limbus),
    "gaze_sideways": ({"gaze": (30.0, 0.0)}, gaze.gaze_angle),
    "gaze_vertical": ({"gaze": (0.0, 30.0)}, gaze.gaze_angle),
    "pupil_unevenness": ({"pupil_wobble": 0.08}, gaze.pupil_circularity),
    "edge_width": (_BLUR, sharpness.pupil_edge),
    "motion_blur": ({"motion_mm": 1.0}, sharpness.pupil_edge),
    "interlacing": ({"interlace_mm": 0.3}, sharpness.interlacing),
    "haze": ({"haze": 0.5}, contrast.haze),
    "limbal_ring": ({"arcus": 0.8}, limbus.bright_ring),
    "texture_energy": (_BLUR, sharpness.measure_texture),
    "upper_clutter": ({"lashes": 110, "lash_reach": 3.0}, sharpness.measure_texture),
    "fine_pattern": ({"lens": 0.8}, sharpness.measure_texture),
    "saturation": ({"glare": 0.25}, contrast.measure_greys),
    "segmentation_confidence": ({"haze": 0.6, "opening_up": 2.0}, segmentation.segment),
}
"""What makes each measure bad, and the function whose own words explain it."""
_ROW = re.compile(r"^\| (`\w+`(?:, `\w+`)*) \|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
_DEFECT_ROW = re.compile(r"^\| (IR_\w+) \|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)


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


def _draw(seed: int, changes: dict[str, object]) -> np.ndarray:
    return draw_eye(random_eye(seed, **(_EYE | changes)))[0]


def _value(pixels: np.ndarray, name: str) -> str:
    measure = iris.assess(pixels).measures[name]
    return "missing" if measure.value is None else f"{measure.value:.3g} {measure.unit}"


def measure_page(name: str) -> str:
    """Return the page of one measure."""
    rows = {
        n: row
        for row in _ROW.findall((FOLDER / "measures.md").read_text("utf-8"))
        for n in re.findall(r"`(\w+)`", row[0])
    }
    _, unit, better, what = rows[name]
    function = SHOWN[name][1]
    source = Path(inspect.getfile(function)).relative_to(ROOT).as_posix()
    words = inspect.cleandoc(inspect.getdoc(function) or "").split("\n\nParameters\n")[0]
    words = re.split(r"\n\n(?:Returns|References)\n", words)[0].replace("`", "")
    return (
        "\n\n".join(
            [
                f"# {name}",
                "<!-- Written by docs/build_iris.py from measures.md and the code. -->",
                f"Unit: {unit.strip() or 'none'} · better: {better.strip()}",
                what.strip()[:1].upper() + what.strip()[1:] + ".",
                f"![Good and bad, on drawn eyes]({name}.png)",
                f"`{function.__name__}` in [`{source}`](../../../{source}) says of itself:",
                "> " + words.replace("\n", "\n> ").replace("> \n", ">\n"),
                "Names are those of ISO/IEC 29794-6:2015 where the standard has the measure."
                " [All measures](../measures.md)",
            ]
        )
        + "\n"
    )


def defect_page(code: str) -> str:
    """Return the page of one defect."""
    rows = {row[0]: row for row in _DEFECT_ROW.findall((FOLDER / "defects.md").read_text("utf-8"))}
    info = CATALOGUE[code]
    if info.hard_from is None:
        hard = "never"
    else:
        hard = "always" if info.hard_from == ALWAYS else f"from severity {info.hard_from:g}"
    _, rests, begins, severe = rows[code]
    steps = [f"{n}. {STEPS[s].text_en} *{STEPS[s].text_id}*" for n, s in enumerate(info.chain, 1)]
    return (
        "\n\n".join(
            [
                f"# {info.title_en} · *{info.title_id}*",
                "<!-- Written by docs/build_iris.py from defects.md and the catalogue. -->",
                f"`{code}` · cured by: {info.cured_by} · hard: {hard}",
                f"![A clean eye and this one]({code}.png)",
                f"Rests on: {rests.strip()}. Named from: {begins.strip()}."
                f" Hard or as bad from: {severe.strip()}.",
                "## What the operator reads",
                f"> {info.advice_en}\n>\n> *{info.advice_id}*",
                "\n".join(steps),
                "What is not told well stands on [the page of all defects](../defects.md).",
            ]
        )
        + "\n"
    )


def _write(folder: Path, name: str, text: str, tiles: list[Image.Image]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.md").write_text(text, encoding="utf-8", newline="\n")
    width, height = tiles[0].size
    sheet = Image.new("RGB", (2 * width, height), "white")
    for k, tile in enumerate(tiles):
        sheet.paste(tile, (k * width, 0))
    sheet.quantize(24).save(folder / f"{name}.png", optimize=True)


def main() -> None:
    """Write and draw every page, and the sheet of all defects."""
    for name, (changes, _) in SHOWN.items():
        tiles = []
        for what in ({}, changes):
            pixels = _draw(11, what)
            tiles.append(_tile(f"{name}: {_value(pixels, name)}"[:44], pixels))
        _write(FOLDER / "measures", name, measure_page(name), tiles)
    faults, clean = [], _tile("clean", draw_eye(random_eye(100, width=640, height=480))[0])
    for code, changes in middle_faults().items():
        pixels, _ = draw_eye(random_eye(100, **({"width": 640, "height": 480} | changes)))
        result = iris.assess(pixels)
        faults.append(_tile(f"{code[3:]}: {'-' if result.score is None else result.score}", pixels))
        _write(FOLDER / "defects", code, defect_page(code), [clean, faults[-1]])
    _sheet(faults, 4, "defects.png")
    pixels, _ = draw_eye(random_eye(1, width=640, height=480, opening_up=2.4))
    Image.fromarray(iris.overlay(pixels, iris.assess(pixels))).save(
        FOLDER / "overlay.png", optimize=True
    )


if __name__ == "__main__":
    main()
