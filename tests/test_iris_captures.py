"""On real eyes, where the development captures are at hand."""

import csv

import numpy as np
import pytest

from ektp_biocheck import iris
from ektp_biocheck.opencv import cv2

pytestmark = pytest.mark.data


def _sample(data_root, name, every):
    files = sorted((data_root / "iris" / "images" / name).iterdir())[::every]
    return {f.stem: np.asarray(cv2.imread(str(f), cv2.IMREAD_GRAYSCALE), np.uint8) for f in files}


@pytest.mark.parametrize(("name", "every"), [("CASIA_Iris_Lamp", 40), ("MMU2", 20)])
def test_boundaries_agree_with_a_first_segmentation(data_root, name, every):
    with (data_root / "iris" / "reference" / "boundaries.csv").open(newline="") as stream:
        rows = {row["image"]: row for row in csv.DictReader(stream) if row["set"] == name}
    wrong = hard = 0
    sample = _sample(data_root, name, every)
    for image, pixels in sample.items():
        result, row = iris.assess(pixels), rows[image]
        hard += any(defect.hard for defect in result.defects)
        eye = result.maps
        off = np.hypot(eye.pupil.x - float(row["px"]), eye.pupil.y - float(row["py"]))
        wrong += off > 0.3 * float(row["pr"]) or abs(eye.limbus.r / float(row["ir"]) - 1) > 0.2
    assert wrong <= 1
    assert hard <= 1
