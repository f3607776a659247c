"""Show that no gate follows the skin's tone.

Run ``python -m benchmarks.face_skin [DATA]``. Every fourth colour photo is darkened and tinted
step by step in linear light, as darker skin or less light would; nothing is lost but a few
grey levels. Printed are the medians of the measures at each step and, per defect, the share of
photos that gain or lose it against the photo as it is.
"""

import os
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ektp_biocheck import face
from ektp_biocheck.quality import Assessment
from fixtures.face import tint

STEPS = (
    ("as it is", (1.0, 1.0, 1.0), 1.0),
    ("lighter, gamma 0.7", (1.0, 1.0, 1.0), 0.7),
    ("darker, gamma 1.4", (1.0, 1.0, 1.0), 1.4),
    ("darker, gamma 1.8", (1.0, 1.0, 1.0), 1.8),
    ("light to 45 %", (0.45, 0.45, 0.45), 1.0),
    ("light to 20 %", (0.2, 0.2, 0.2), 1.0),
    ("brown", (0.5, 0.38, 0.3), 1.0),
    ("dark brown", (0.3, 0.2, 0.14), 1.0),
)
MEASURES = (
    *("LuminanceMean", "DynamicRange", "IlluminationUniformity", "EyesOpen", "MouthClosed"),
    *("sharpness", "lower_face_cover", "eye_cover", "glasses", "lost_in_dark", "brightest"),
)


def photos(root: Path) -> list[NDArray[np.uint8]]:
    """Return the colour photos used."""
    found = []
    for name, step in (("mask_without", 4), ("aflw2000", 2)):
        for path in sorted((root / "face" / "images" / name).iterdir())[::step]:
            with Image.open(path) as image:
                found.append(np.array(ImageOps.exif_transpose(image).convert("RGB")))
    return found


def main() -> None:
    """Print the table."""
    default = os.environ.get("EKTP_BIOCHECK_DATA", "../shared/data")
    pictures = photos(Path(sys.argv[1] if len(sys.argv) > 1 else default))
    base: list[Assessment] = []
    print(f"{len(pictures)} photos\n{'':20s}" + " ".join(f"{name[:12]:>12s}" for name in MEASURES))
    for label, gains, gamma in STEPS:
        results = [face.assess(tint(picture, gains, gamma)) for picture in pictures]
        base = base or results
        both = [
            (a, b) for a, b in zip(base, results, strict=True) if a.failure is b.failure is None
        ]
        middle = [
            np.median(
                [b.measures[name].value for _, b in both if b.measures[name].value is not None]
            )
            for name in MEASURES
        ]
        print(f"{label:20s}" + " ".join(f"{value:12.3f}" for value in middle))
        changed: dict[str, int] = {}
        for a, b in both:
            for code in {d.code for d in a.defects} ^ {d.code for d in b.defects}:
                changed[code] = changed.get(code, 0) + 1
        lost = len(pictures) - len(both)
        print(
            f"  gates changed in {len(both)} photos (not assessed: {lost}): "
            + ", ".join(f"{code} {n}" for code, n in sorted(changed.items()))
        )


if __name__ == "__main__":
    main()
