"""What may and what may not change the ISO measures.

Not everything one expects holds: the offset grid, the rotation about a pixel's corner and the
unfolded angles of the reference make most figures depend on how the picture lies.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ektp_biocheck.fingerprint.iso import native_measures
from ektp_biocheck.fingerprint.iso.blocks import crop_white_border
from ektp_biocheck.fingerprint.iso.histogram import summarise
from fixtures.fingerprint import Condition, finger, render

SEEDS = st.integers(300, 305)
SKINS = st.sampled_from(
    [Condition(), Condition(dryness=0.5), Condition(wetness=0.6), Condition(wear=0.7, noise=0.3)]
)


def of(figures, *prefixes):
    return {k: v for k, v in figures.items() if k.startswith(prefixes)}


def piece(seed, skin, shape):
    """The middle of a print: ridges up to all four edges, no white line to cut off."""
    pixels = render(finger(seed), skin).pixels
    top, left = (pixels.shape[0] - shape[0]) // 2, (pixels.shape[1] - shape[1]) // 2
    middle = pixels[top : top + shape[0], left : left + shape[1]]
    assert crop_white_border(middle).shape == shape
    return middle


@settings(max_examples=10, deadline=None)
@given(SEEDS, SKINS, st.integers(0, 3), st.integers(0, 4))
def test_all_figures_move_with_the_print_by_whole_blocks(seed, skin, down, right):
    small = piece(seed, skin, (160, 150))

    def on_glass(row, column):
        glass = np.full((388, 400), 225, np.uint8)  # too dark to be cut off
        glass[row : row + 160, column : column + 150] = small
        return native_measures(glass)

    middle, moved = on_glass(96, 96), on_glass(64 + 32 * down, 64 + 32 * right)
    assert moved == pytest.approx(middle, rel=1e-9, abs=1e-9)
    askew = on_glass(96 + 7, 96 + 5)
    assert of(askew, "OCL") != pytest.approx(of(middle, "OCL"), rel=1e-3)


@settings(max_examples=10, deadline=None)
@given(SEEDS, SKINS, st.integers(1, 3), st.booleans())
def test_a_turned_or_mirrored_print_is_as_certain_as_before(seed, skin, quarter, mirror):
    picture = piece(seed, skin, (256, 192))
    turned = np.rot90(picture, quarter)
    turned = turned[:, ::-1] if mirror else turned
    kept = ("OCL", "OrientationMap", "ImgProcROI", "Mu", "MMB")
    expected = pytest.approx(of(native_measures(picture), *kept), rel=1e-9, abs=1e-9)
    assert of(native_measures(turned), *kept) == expected


@settings(max_examples=10, deadline=None)
@given(SEEDS, SKINS, st.booleans())
def test_a_mirrored_print_flows_as_before(seed, skin, sideways):
    skin = replace(skin, noise=0.4)  # no flat tile: their grid is not that of the blocks
    picture = piece(seed, skin, (36 + 32 * 6, 36 + 32 * 4))  # the offset grid lies in the middle
    mirrored = picture[:, ::-1] if sideways else picture[::-1]
    expected = of(native_measures(picture), "OF")
    assert sum(v for k, v in expected.items() if k[-1].isdigit()) > 5
    assert of(native_measures(mirrored), "OF") == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(SEEDS, SKINS, st.integers(1, 60))
def test_brighter_light_raises_the_means_only(seed, skin, more):
    dim = (piece(seed, skin, (264, 200)) * 0.7).astype(np.uint8)  # at most 178: no clipping
    before, after = native_measures(dim), native_measures(dim + np.uint8(more))
    same = ("OCL", "OF", "OrientationMap", "LCS")
    assert of(after, *same) == pytest.approx(of(before, *same), rel=1e-6, abs=1e-9)
    for name in ("Mu", "MMB", "ImgProcROIArea_Mean"):
        assert after[name] == pytest.approx(before[name] + more)


@settings(max_examples=10, deadline=None)
@given(SEEDS, SKINS)
def test_a_negative_is_as_certain_as_its_positive(seed, skin):
    dim = (piece(seed, skin, (256, 192)) * 0.8).astype(np.uint8)
    same = ("OCL", "OF")
    expected = pytest.approx(of(native_measures(dim), *same), rel=1e-9, abs=1e-9)
    assert of(native_measures(220 - dim), *same) == expected


@given(
    st.lists(st.floats(-2, 40), min_size=1, max_size=60),
    st.lists(st.floats(0, 30), min_size=9, max_size=9, unique=True).map(sorted),
)
def test_every_value_falls_into_one_bin(values, limits):
    summary = summarise("x", np.array(values), tuple(limits))
    edges = [-np.inf, *limits, np.inf]
    for i in range(10):
        assert summary[f"x_{i}"] == sum(edges[i] <= v < edges[i + 1] for v in values)
    assert summary["x_Mean"] == pytest.approx(np.mean(values), abs=1e-9)
    assert summary["x_StdDev"] == pytest.approx(np.std(values), abs=1e-9)


def test_without_values_bins_are_empty_and_means_missing():
    summary = summarise("x", np.empty(0), tuple(range(9)))
    assert summary == {f"x_{i}": 0.0 for i in range(10)} | {"x_Mean": None, "x_StdDev": None}
