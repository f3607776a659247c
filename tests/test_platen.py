"""An old print on the glass: found behind changing fingers, and nowhere else."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ektp_biocheck.errors import InputError
from ektp_biocheck.fingerprint.analysis import analyse
from ektp_biocheck.fingerprint.platen import same_ghost
from ektp_biocheck.samples import open_sample
from fixtures.fingerprint import Condition, finger, render

GREY = {"background": 150.0, "texture": 1.0, "noise": 0.2, "vignette": 1.0}


@cache
def pixels(seed, ghost=0.0, ghost_seed=8, **sensor):
    """A finger a little off the middle, on a glass that leaves room beside it."""
    x, y = np.random.Generator(np.random.PCG64(seed)).uniform(-2.5, 2.5, 2)
    condition = Condition(ghost=ghost, ghost_seed=ghost_seed, offset_mm=(x, y), **sensor)
    return render(finger(seed), condition, size_mm=(24, 25), impression=1).pixels


def capture(seed, **condition):
    return analyse(pixels(seed, **condition), with_minutiae=False)


def group(start, count=3, **condition):
    return [capture(start + n, **condition) for n in range(count)]


@pytest.mark.parametrize("ghost", [0.05, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("start", [310, 320, 330])
def test_an_old_print_is_found_from_faint_to_strong(start, ghost):
    defect = same_ghost(group(start, ghost=ghost, ghost_seed=start + 5))
    assert defect is not None
    assert defect.code == "FP_GHOST_PLATEN"
    assert defect.evidence["captures"] == 3
    assert defect.evidence["ghost_area_mm2"] > 5
    assert 0.5 < defect.evidence["stays"] <= 1
    assert 0 < defect.severity <= 1


def test_its_amplitude_is_told_and_grows_with_the_ghost():
    told = [
        same_ghost(group(320, ghost=g, ghost_seed=325)).evidence["ghost_amplitude"]
        for g in (0.05, 0.1, 0.3)
    ]
    assert told[0] < told[1] < told[2]
    assert told[1] == pytest.approx(2 * told[0], rel=0.3)


def test_the_region_lies_where_the_old_print_lies_and_not_behind_the_fingers():
    captures = group(320, ghost=0.2, ghost_seed=325)
    region = same_ghost(captures).region
    height, width = captures[0].pixels.shape
    assert 0 <= region.x < region.x + region.width <= width
    assert 0 <= region.y < region.y + region.height <= height
    alone = render(finger(325), Condition(pressure=0.2, rotation_deg=17, offset_mm=(1.5, -1)),
                   size_mm=(24, 25), impression=1)  # fmt: skip
    inside = alone.mask[region.y : region.y + region.height, region.x : region.x + region.width]
    assert inside.mean() > 0.5
    doubled = same_ghost(captures, ppi=1000).region
    assert (doubled.x, doubled.width) == (2 * region.x, 2 * region.width)


def test_behind_a_noisy_grey_sensor_it_is_found_when_it_stands_out():
    assert same_ghost(group(320, 4, ghost=0.5, ghost_seed=325, **GREY)) is not None


@pytest.mark.parametrize("condition", [{}, GREY, {"wetness": 0.6}, {"dryness": 0.7}, {"dirt": 0.5}])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_clean_captures_raise_no_alarm(condition, count):
    for start in (300, 310, 320):
        assert same_ghost(group(start, count, **condition)) is None


def sensor_pattern(shape, kind):
    """What a sensor adds to every capture, in grey levels."""
    rng = np.random.Generator(np.random.PCG64(3))
    y, x = np.mgrid[: shape[0], : shape[1]]
    if kind == "columns":
        return np.broadcast_to(rng.normal(0, 12, shape[1]), shape)
    if kind == "grain":
        return rng.normal(0, 15, shape)
    if kind == "shade":
        return -80 * np.hypot(x / shape[1] - 0.5, y / shape[0] - 0.5)
    frame = (x < 9) | (y < 9) | (x > shape[1] - 12) | (y > shape[0] - 7)
    return -200.0 * frame


@pytest.mark.parametrize("kind", ["columns", "grain", "shade", "frame"])
def test_a_fixed_pattern_of_the_sensor_is_no_old_print(kind):
    captures = []
    for seed in (300, 301, 302, 303):
        bare = pixels(seed, background=200.0, noise=0.05)
        added = bare + sensor_pattern(bare.shape, kind)
        captures.append(analyse(np.clip(added, 0, 255).astype(np.uint8), with_minutiae=False))
    assert same_ghost(captures) is None


def test_an_old_print_that_moves_from_capture_to_capture_is_none():
    """As when each finger leaves its own: no two captures share it."""
    captures = [capture(300 + n, ghost=0.3, ghost_seed=340 + n) for n in range(3)]
    assert same_ghost(captures) is None


def test_the_empty_glass_shows_it_best():
    blank = [
        analyse(
            render(
                finger(350 + n), Condition(contact=0, ghost=0.1, ghost_seed=325), size_mm=(24, 25)
            ).pixels,
            with_minutiae=False,
        )
        for n in range(2)
    ]
    beside = same_ghost(group(320, 2, ghost=0.1, ghost_seed=325))
    alone = same_ghost(blank)
    assert alone is not None
    assert alone.evidence["ghost_area_mm2"] > 2 * beside.evidence["ghost_area_mm2"]


def test_blank_captures_hold_nothing():
    blank = analyse(np.full((374, 388), 255, np.uint8), with_minutiae=False)
    assert same_ghost([blank, blank]) is None


def test_one_capture_or_none_tells_nothing():
    assert same_ghost([]) is None
    assert same_ghost(group(300, 1, ghost=0.4)) is None


def test_captures_of_different_size_are_refused():
    small = analyse(render(finger(300)).pixels, with_minutiae=False)
    with pytest.raises(InputError, match="one size"):
        same_ghost([small, capture(301)])


@pytest.mark.data
@pytest.mark.parametrize(
    "sensor",
    ["FVC2000_DB1_B", "FVC2000_DB2_B", "FVC2000_DB3_B", "FVC2002_DB1_B", "FVC2002_DB3_B"],
)
def test_real_captures_of_different_fingers_raise_no_alarm(data_root: Path, sensor):
    folder = data_root / "fingerprint/images" / sensor
    for take in (1, 5):
        looked = [
            analyse(open_sample(path, modality="finger").pixels, with_minutiae=False)
            for path in sorted(folder.glob(f"*_{take}.png"))
        ]
        for count in (2, 3, 5):
            for start in range(0, 10 - count + 1):
                assert same_ghost(looked[start : start + count]) is None
