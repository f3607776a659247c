"""What the tests of the face scorer share: the portrait with its landmarks, and the data sets."""

import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ektp_biocheck import face
from ektp_biocheck.quality import Assessment
from fixtures import face as painted

Pixels = NDArray[np.uint8]


@lru_cache(maxsize=1)
def good() -> tuple[Pixels, Assessment, NDArray[np.float64]]:
    """Return the free portrait, what is said of it, and its landmarks."""
    photo = painted.portrait(480)
    photo.setflags(write=False)
    result = face.assess(photo)
    return photo, result, result.maps.faces[0].points


def codes(result: Assessment) -> set[str]:
    return {defect.code for defect in result.defects}


def value(result: Assessment, name: str) -> float:
    measured = result.measures[name].value
    assert measured is not None, f"{name}: {result.measures[name].why_missing}"
    return measured


def load(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.array(ImageOps.exif_transpose(image).convert("RGB"))


def rows(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def auc(higher: list[float], lower: list[float]) -> float:
    """Chance that one of `higher` is above one of `lower`; ties count half."""
    one, two = np.asarray(higher)[:, None], np.asarray(lower)[None]
    return float((one > two).mean() + 0.5 * (one == two).mean())
