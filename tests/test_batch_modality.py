"""Finger, iris or face, told by looking."""

import random

import numpy as np
import pytest
from batch_captures import ridges, rows, run_here, save

from ektp_biocheck import open_sample
from ektp_biocheck.batch.how import How
from ektp_biocheck.batch.modality import tell_modality
from ektp_biocheck.batch.outcome import Options
from ektp_biocheck.samples import to_grey
from fixtures.face import portrait
from fixtures.fingerprint import Condition, finger, render
from fixtures.iris import EyeSpec, draw_eye


@pytest.mark.parametrize(
    "condition",
    [Condition(), Condition(dryness=0.7), Condition(wetness=0.7), Condition(wear=0.8)],
    ids=["clean", "dry", "wet", "worn"],
)
def test_a_print_is_a_print_in_any_condition(condition):
    master = finger(12, pattern="right_loop", pad_mm=(12.5, 16.5))
    pixels = render(master, condition, size_mm=(14.0, 17.0)).pixels
    assert tell_modality(pixels, 500) == "finger"
    assert tell_modality(pixels, None) == "finger"


def test_an_eye_is_an_eye_and_a_face_a_face_in_colour_and_in_grey():
    eye, _ = draw_eye(EyeSpec(seed=3))
    assert tell_modality(eye, None) == "iris"
    assert tell_modality(portrait(), None) == "face"
    assert tell_modality(to_grey(portrait()), None) == "face"


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((300, 300), 250, np.uint8),
        np.random.default_rng(1).integers(0, 255, (300, 300)).astype(np.uint8),
        np.zeros((3, 3), np.uint8),
        np.indices((240, 320)).sum(axis=0).astype(np.uint8) // 3,
    ],
    ids=["blank", "noise", "tiny", "shading"],
)
def test_what_nobody_can_tell_stays_unknown(pixels):
    assert tell_modality(pixels, None) is None
    assert tell_modality(pixels, 300) is None


def test_a_blank_glass_comes_from_a_finger_scanner_when_its_file_says_so():
    assert tell_modality(np.full((300, 300), 250, np.uint8), 500) == "finger"


def test_each_gets_its_scorer_and_what_is_unknown_a_reason(tmp_path):
    folder = tmp_path / "captures"
    save(folder / "1.png", ridges(1))
    save(folder / "2.png", draw_eye(EyeSpec(seed=3))[0], ppi=None)
    save(folder / "3.png", portrait(), ppi=None)
    save(folder / "4.png", np.full((300, 300), 250, np.uint8), ppi=None)
    run_here(folder, tmp_path / "out", Options(modality="auto"), How())
    table = rows(tmp_path / "out")
    assert [row["modality"] for row in table.values()] == ["finger", "iris", "face", "unknown"]
    assert [row["algorithm"].partition("/")[2].partition(" ")[0] for row in table.values()] == [
        *("fingerprint", "iris", "face", "")
    ]
    assert table["4.png"]["failure_code"] == "CANNOT_TELL"


@pytest.mark.data
@pytest.mark.long
def test_on_development_captures_next_to_none_is_told_wrong(data_root):
    chosen = random.Random(5)  # noqa: S311
    told = wrong = 0
    for kind, folder in (("finger", "fingerprint"), ("iris", "iris"), ("face", "face")):
        files = sorted(p for p in (data_root / folder / "images").rglob("*.*") if p.is_file())
        for file in chosen.sample(files, 80):
            sample = open_sample(file)
            found = tell_modality(sample.pixels, sample.ppi)
            told += found == kind
            wrong += found not in (kind, None)
    assert wrong <= 2
    assert told >= 230
