"""The ISO measures on pictures and profiles whose figures can be worked out on paper.

Only gratings at 0° and 90° have simple answers: at every other angle the reference's missing
factor of two turns the window away from the ridges.
"""

import itertools

import numpy as np
import pytest
from gratings import SIDE, waves

from ektp_biocheck.fingerprint.iso import NAMES, native_measures
from ektp_biocheck.fingerprint.iso.blocks import Blocks, Profiles, crop_white_border
from ektp_biocheck.fingerprint.iso.fda import frequency_domain_analysis
from ektp_biocheck.fingerprint.iso.lcs import local_clarity
from ektp_biocheck.fingerprint.iso.ocl import coherence, orientation_certainty
from ektp_biocheck.fingerprint.iso.of import orientation_flow
from ektp_biocheck.fingerprint.iso.roi import region_of_interest
from ektp_biocheck.fingerprint.iso.rvup import ridge_valley_uniformity

DARK, LIGHT = 28, 228
BOTH_WAYS = pytest.mark.parametrize("upright", [True, False], ids=["0 degrees", "90 degrees"])


def bins(figures, name):
    return [figures[f"{name}_Bin10_{i}"] for i in range(10)]


def made(profile="", *, windows=None, theta=((0.0,),), valid=((True,),), across=None):
    """Blocks of one handmade profile such as "VVRRR...": R ridge, V valley."""
    ridge = np.array([[letter == "R" for letter in profile]]).reshape(-1, 32)
    if windows is None:
        windows = np.where(ridge[:, None, :], DARK, LIGHT).repeat(16, axis=1).astype(np.uint8)
    profiles = Profiles(windows, np.full(ridge.shape, 128.0), ridge)
    across = np.zeros((0, 32)) if across is None else np.asarray(across, float)
    return Blocks(np.array(theta), np.array(valid), profiles, profiles, across)


# --- frequency domain analysis


@BOTH_WAYS
def test_one_pure_tone_holds_all_of_the_spectrum(upright):
    figures = native_measures(waves((8, 100), upright=upright))
    assert figures["FDA_Bin10_Mean"] == pytest.approx(1, abs=1e-9)
    assert figures["FDA_Bin10_StdDev"] == pytest.approx(0, abs=1e-9)
    assert sum(bins(figures, "FDA")) == 25


@BOTH_WAYS
def test_side_tones_count_three_tenths_and_distant_ones_not_at_all(upright):
    figures = native_measures(waves((5, 50), (6, 20), (11, 30), upright=upright))
    assert figures["FDA_Bin10_Mean"] == pytest.approx((50 + 0.3 * 20) / 100, abs=0.01)
    assert bins(figures, "FDA") == [0] * 8 + [25, 0]  # 0.50 <= 0.56 < 1
    figures = native_measures(waves((5, 40), (4, 30), (11, 30), upright=upright))
    assert figures["FDA_Bin10_Mean"] == pytest.approx((40 + 0.3 * 30) / 100, abs=0.01)
    assert bins(figures, "FDA") == [0] * 7 + [25, 0, 0]  # 0.44 <= 0.49 < 0.50


def test_a_slow_shade_that_outweighs_the_ridges_counts_as_one():
    figures = native_measures(waves((1, 60), (5, 40)))
    assert bins(figures, "FDA") == [0] * 9 + [25]
    assert figures["FDA_Bin10_Mean"] == 1


def test_the_total_ends_at_fifteen_cycles():
    n = np.arange(32)
    rows = [
        40 * np.cos(2 * np.pi * 4 * n / 32) + 20 * np.cos(2 * np.pi * last * n / 32)
        for last in (15, 16)
    ]
    assert frequency_domain_analysis(made(across=rows)) == pytest.approx([40 / 60, 1])


def test_a_block_without_any_wave_has_no_share():
    assert frequency_domain_analysis(made(across=np.full((1, 32), 7.0))) == pytest.approx([1.0])


@pytest.mark.parametrize(("shape", "blocks"), [((100, 100), 9), ((68, 164), 10)])
def test_frequency_domain_analysis_asks_for_ten_blocks(shape, blocks):
    figures = native_measures(waves((5, 90), shape=shape))
    assert sum(bins(figures, "LCS")) == blocks
    assert (figures["FDA_Bin10_Mean"] is not None) == (blocks >= 10)
    assert (figures["FDA_Bin10_3"] is not None) == (blocks >= 10)


# --- local clarity


@BOTH_WAYS
def test_ridges_without_a_stray_pixel_are_perfectly_clear(upright):
    figures = native_measures(waves((4, 100), upright=upright))
    assert figures["LCS_Bin10_Mean"] == 1
    assert bins(figures, "LCS") == [0] * 9 + [25]


@BOTH_WAYS
def test_stray_pixels_are_counted_by_side_and_averaged(upright):
    lines = np.tile(np.repeat([DARK, LIGHT], 4), 21)[:SIDE]
    picture = np.tile(lines, (SIDE, 1)).astype(np.uint8)
    for row in (2, 3):
        picture[row::16] = DARK  # two sixteenths of the valley pixels
    for row in (7, 8, 9):
        picture[row::16] = LIGHT  # three sixteenths of the ridge pixels
    figures = native_measures(picture if upright else picture.T)
    assert figures["LCS_Bin10_Mean"] == pytest.approx(1 - (2 / 16 + 3 / 16) / 2)
    assert bins(figures, "LCS") == [0, 0, 0, 0, 0, 0, 0, 25, 0, 0]  # 0.83 <= 0.84 < 0.85


def test_each_kind_of_stray_pixel_is_taken_over_its_own_kind():
    profile = "VVVRRRRR" * 4  # 12 valley and 20 ridge columns of 16 px
    windows = np.where([c == "R" for c in profile], DARK, LIGHT) * np.ones((1, 16, 1))
    windows = windows.astype(np.uint8)
    windows[0, :3, 0] = DARK  # 3 of 192 valley pixels
    windows[0, :6, 5] = LIGHT  # 6 of 320 ridge pixels
    windows[0, 7, 5] = 128  # as light as the trend: a stray ridge pixel,
    windows[0, 7, 0] = 128  # but no stray valley pixel
    assert local_clarity(made(profile, windows=windows)) == pytest.approx(
        [1 - (3 / 192 + 7 / 320) / 2]
    )


@pytest.mark.parametrize(
    ("profile", "clear"),
    [
        ("VVVVRRRRVVVVRRRRVVVVRRRRVVVVRRRR", True),
        ("VVVRRRVVVRRRVVVVVVVVVVVVVVVVVVVV", True),  # ridges of 3: just wide enough
        ("VVVRRRVVVRRRVVVRRRVVVVVVVVVVVVVV", False),  # three of 3: (0.15 * 3) / 3 is below 0.15
        ("RRRVVVRRRVVVVVVVVVVVVVVVVVVVVVVV", False),  # the first of them is counted one short
        ("VVVRRVVVRRRVVVVVVVVVVVVVVVVVVVVV", False),  # ridges of 2.5
        ("VVVRRRRRRRRRRVVVVVVVVVVVVVVVVVVV", True),  # a ridge of 10
        ("VVVRRRRRRRRRRRVVVVVVVVVVVVVVVVVV", False),  # 11
        ("VVVRRRRRRRRRRVVVRRRRRRRRRRRVVVVV", False),  # 10 and 11
        ("VVVRRRRVVRRRRVVVVVVVVVVVVVVVVVVV", True),  # valleys of 2 and (one short) 2
        ("VVVRRRRVRRRRVVVVVVVVVVVVVVVVVVVV", False),  # valleys of 2 and 1
        ("RRRRRVVVVVVVVVVRRRRRRRRRRRRRRRRR", True),  # a valley of 10; the open ridge is left out
        ("RRRRRVVVVVVVVVVVRRRRRRRRRRRRRRRR", False),  # 11
        ("RRRRRRVVVVVVVVVVVVVVVVVVVVVVVVVV", False),  # no closed valley
        ("RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR", False),
    ],
)
def test_clarity_is_zero_where_the_widths_are_no_fingers(profile, clear):
    assert local_clarity(made(profile)) == pytest.approx([1.0 if clear else 0.0])


def test_a_clarity_of_zero_is_counted_as_below_seventy_hundredths():
    figures = native_measures(waves((1, 100)))  # ridges of 16 px
    assert bins(figures, "LCS") == [0, 25] + [0] * 8
    assert figures["LCS_Bin10_Mean"] == 0


# --- ridge valley uniformity


@BOTH_WAYS
def test_even_ridges_and_valleys_have_ratio_one(upright):
    picture = np.tile(np.tile(np.repeat([DARK, LIGHT], 4), 21)[:SIDE], (SIDE, 1)).astype(np.uint8)
    figures = native_measures(picture if upright else picture.T)
    assert figures["RVUP_Bin10_Mean"] == 1
    assert figures["RVUP_Bin10_StdDev"] == 0
    counted = bins(figures, "RVUP")
    assert counted == [0, 0, 0, 0, sum(counted), 0, 0, 0, 0, 0]
    assert sum(counted) == 25 * 4  # 7 changes, 6 runs, the first left out, 4 ratios


@pytest.mark.parametrize(
    ("profile", "ratios"),
    [
        # runs V3 R4 V2 R6 V3 R2 V4 R5 V3: the open ends and the first whole one (R4) are left
        # out; ridge over valley: 5/4, 2/4, 2/3, 6/3, 6/2
        ("VVVRRRRVVRRRRRRVVVRRVVVVRRRRRVVV", [5 / 4, 2 / 4, 2 / 3, 6 / 3, 6 / 2]),
        # the same with ridge and valley exchanged
        ("RRRVVVVRRVVVVVVRRRVVRRRRVVVVVRRR", [4 / 5, 4 / 2, 3 / 2, 3 / 6, 2 / 6]),
        # an odd number of runs: the reference turns to valley over ridge
        ("VVVRRRRVVRRRRRRVVVRRRRRRRRRRRRRR", [3 / 6, 2 / 6]),
        # the last step is never looked at, so the final V3 stays open
        ("VVVRRRRVVRRRRRRRRRRRRRRRRRRRVVVR", [19 / 2]),
        ("VVVRRRRVVRRRRRRRRRRRRRRRRRRVVVRR", [3 / 18, 2 / 18]),
        ("VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV", []),
        ("VVVVVVVVRRRRRRRRVVVVVVVVRRRRRRRR", []),
    ],
)
def test_ratios_of_neighbouring_runs(profile, ratios):
    found = ridge_valley_uniformity(made(profile))
    assert sorted(found) == pytest.approx(sorted(ratios))


def test_ratios_of_all_blocks_make_one_list():
    one, other = "VVVRRRRVVRRRRRRVVVRRVVVVRRRRRVVV", "RRRRVVVV" * 4
    together = ridge_valley_uniformity(made(one + "V" * 32 + other))
    apart = [*ridge_valley_uniformity(made(one)), *ridge_valley_uniformity(made(other))]
    assert sorted(together) == pytest.approx(sorted(apart))


# --- orientation flow


@BOTH_WAYS
def test_straight_ridges_do_not_flow_and_are_left_out(upright):
    figures = native_measures(waves((4, 100), upright=upright))
    assert bins(figures, "OF") == [0] * 10
    assert figures["OF_Bin10_Mean"] is None
    assert figures["OF_Bin10_StdDev"] is None


def flow_of(centre, around):
    theta = np.radians([[*around[:3]], [around[3], centre, around[4]], [*around[5:]]])
    return orientation_flow(made(theta=theta, valid=np.ones((3, 3), bool)))


def test_flow_is_the_mean_turn_beyond_four_degrees_in_86ths():
    assert flow_of(0, [12] * 8) == pytest.approx([8 / 86])
    assert flow_of(10, [-10, 30, 10, 10, 50, 10, 10, 10]) == pytest.approx([(80 / 8 - 4) / 86])
    assert flow_of(0, [4.01] * 8) == pytest.approx([0.01 / 86])
    assert flow_of(0, [3.99] * 8).size == 0
    assert flow_of(0, [4] * 8).size == 0  # "more than", to the last bit


def test_89_and_minus_89_degrees_count_as_178_apart():
    assert flow_of(89, [-89] * 8) == pytest.approx([174 / 86])


@pytest.mark.parametrize("hole", list(itertools.product(range(3), range(3))))
def test_flow_needs_all_nine_blocks(hole):
    valid = np.ones((3, 3), bool)
    theta = np.radians(np.where(np.eye(3, dtype=bool), 0, 40.0))
    assert orientation_flow(made(theta=theta, valid=valid)).size == 1
    valid[hole] = False
    assert orientation_flow(made(theta=theta, valid=valid)).size == 0


@pytest.mark.parametrize("shape", [(2, 5), (5, 2), (0, 0), (1, 1)])
def test_a_grid_without_a_middle_has_no_flow(shape):
    assert orientation_flow(made(theta=np.zeros(shape), valid=np.ones(shape, bool))).size == 0


# --- orientation certainty and coherence


@BOTH_WAYS
def test_one_direction_is_certain_and_coherent(upright):
    figures = native_measures(waves((4, 100), upright=upright))
    assert figures["OCL_Bin10_Mean"] == 1
    assert figures["OCL_Bin10_StdDev"] == 0
    assert bins(figures, "OCL") == [0] * 9 + [25]
    assert figures["OrientationMap_ROIFilter_CoherenceRel"] == 1
    assert figures["OrientationMap_ROIFilter_CoherenceSum"] >= 1
    assert figures["OrientationMap_ROIFilter_CoherenceSum"] % 1 == 0


def test_certainty_is_one_less_the_ratio_of_the_axes():
    sums = np.array([[3.0, 1.0, 2.0, 2.0, 0.0]]), np.array([[1.0, 3.0, 2.0, 2.0, 0.0]])
    mixed = np.array([[0.0, 0.0, 1.0, 0.0, 0.0]])
    # eigenvalues 3, 1 - 3, 1 - 3, 1 - 2, 2 - none
    assert orientation_certainty(*sums, mixed) == pytest.approx([2 / 3, 2 / 3, 2 / 3, 0])
    assert coherence(*sums, mixed) == pytest.approx(np.array([[1 / 2, 1 / 2, 1 / 2, 0, 0]]))


def test_two_crossing_gratings_have_no_direction_of_their_own():
    cross = waves((4, 50)).astype(int) + waves((4, 50), upright=False) - 128
    figures = native_measures(cross[:160, :160].astype(np.uint8))
    assert figures["OCL_Bin10_Mean"] == pytest.approx(0, abs=1e-3)
    assert figures["OrientationMap_ROIFilter_CoherenceRel"] == pytest.approx(0, abs=1e-3)
    assert bins(figures, "OCL")[0] == 25


def test_certainty_is_taken_over_whole_tiles_background_included():
    picture = waves((4, 100), shape=(127, 95))  # 3 rows and 2 columns of whole tiles
    picture[32:64, 32:64] = 200  # a flat tile has no certainty at all
    assert sum(bins(native_measures(picture), "OCL")) == 5


# --- grey means


def test_mean_over_tiles_gives_cut_tiles_the_same_weight():
    picture = np.full((33, 34), 100, np.uint8)
    picture[:32, 32:] = 140
    picture[32, :32] = 60
    picture[32, 32:] = (30, 50)
    figures = native_measures(picture)
    assert figures["MMB"] == pytest.approx((100 + 140 + 60 + 40) / 4)
    assert figures["Mu"] == pytest.approx((1024 * 100 + 64 * 140 + 32 * 60 + 80) / (33 * 34))


def disc(shape, centre, radius):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.hypot(x - centre[0], y - centre[1]) <= radius


def test_the_region_of_interest_is_the_dark_part():
    finger = disc((320, 300), (140, 170), 90)
    picture = np.where(finger, 90, 240).astype(np.uint8)
    region = region_of_interest(picture)
    assert (region & finger).sum() / (region | finger).sum() > 0.9
    figures = native_measures(picture)
    assert figures["ImgProcROIArea_Mean"] == pytest.approx(picture[region].mean())
    assert 90 <= figures["ImgProcROIArea_Mean"] < 100


def test_a_white_hole_belongs_to_the_finger():
    finger, hole = disc((320, 300), (150, 160), 120), disc((320, 300), (150, 160), 50)
    region = region_of_interest(np.where(finger & ~hole, 80, 240).astype(np.uint8))
    assert region[hole].all()
    with_island = finger & ~hole | disc((320, 300), (150, 160), 12)
    assert region_of_interest(np.where(with_island, 80, 240).astype(np.uint8))[hole].all()


def test_the_piece_with_the_largest_box_is_kept_not_the_heaviest():
    picture = np.full((500, 500), 240, np.uint8)
    picture[40:220, 40:220] = 80  # 32400 px
    picture[300:460, 20:60] = 80
    picture[420:460, 20:480] = 80  # an angle of 23200 px in a box of 73600
    region = region_of_interest(picture)
    assert region[440, 240]
    assert not region[130, 130]


def test_pieces_that_touch_at_a_corner_are_two():
    picture = np.full((300, 300), 255, np.uint8)
    picture[:148, :148] = picture[152:, 152:] = 0  # the erosion closes the gap of 2 px each
    region = region_of_interest(picture)
    assert region[:148, :148].all()
    assert not region[152:, 152:].any()


def test_no_dark_part_no_region():
    assert not region_of_interest(np.full((100, 100), 255, np.uint8)).any()


# --- edges of the picture


def test_white_lines_are_cut_off_each_side_and_none_inside():
    picture = np.full((120, 100), 128, np.uint8)
    picture[:3], picture[-5:], picture[:, :7], picture[60] = 255, 255, 255, 255
    assert crop_white_border(picture).shape == (112, 93)
    edge = np.full((40, 40), 250, np.uint8)
    assert crop_white_border(edge).shape == (40, 40)
    edge[0, 0] = 251  # just above 250 on average, by row and by column
    assert crop_white_border(edge).shape == (39, 39)


@pytest.mark.parametrize("shape", [(1, 1), (32, 32), (300, 300), (1, 500)])
@pytest.mark.parametrize("grey", [251, 255])
def test_a_white_picture_has_no_figures(shape, grey):
    assert native_measures(np.full(shape, grey, np.uint8)) == dict.fromkeys(NAMES)


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1)])
def test_a_line_is_no_picture(shape):
    assert native_measures(np.full(shape, 100, np.uint8)) == dict.fromkeys(NAMES)


def test_a_flat_picture_has_means_and_nothing_else():
    figures = native_measures(np.full((300, 260), 100, np.uint8))
    assert figures["Mu"] == 100
    assert figures["MMB"] == 100
    for name in ("FDA", "LCS", "OCL", "OF", "RVUP"):
        assert not any(bins(figures, name)), name
        assert figures[f"{name}_Bin10_Mean"] is None
    assert figures["OrientationMap_ROIFilter_CoherenceSum"] == 0


@pytest.mark.parametrize(
    ("shape", "whole_tiles", "blocks"),
    [
        ((2, 2), 0, 0),
        ((31, 31), 0, 0),
        ((32, 32), 1, 0),
        ((33, 33), 1, 0),
        ((35, 35), 1, 0),
        ((36, 36), 1, 1),
        ((36, 67), 2, 1),
        ((36, 68), 2, 2),
        ((68, 35), 2, 0),
        ((1200, 1200), 37 * 37, 37 * 37),
    ],
)
def test_as_many_blocks_as_fit(shape, whole_tiles, blocks):
    rng = np.random.default_rng(1)
    figures = native_measures(rng.integers(0, 200, shape, dtype=np.uint8))
    assert list(figures) == list(NAMES)
    assert sum(bins(figures, "OCL")) == whole_tiles
    assert sum(bins(figures, "LCS")) == blocks
    for name, value in figures.items():
        if value is not None:
            assert np.isfinite(value), name


def test_noise_is_neither_certain_nor_coherent_nor_smooth():
    figures = native_measures(np.random.default_rng(3).integers(0, 250, (388, 374), dtype=np.uint8))
    assert bins(figures, "OCL")[0] == sum(bins(figures, "OCL"))
    assert figures["OCL_Bin10_Mean"] < 0.2
    assert figures["OrientationMap_ROIFilter_CoherenceRel"] < 0.12
    assert figures["LCS_Bin10_Mean"] < 0.5
    assert figures["OF_Bin10_Mean"] > 0.3
    assert figures["FDA_Bin10_Mean"] < 0.4


def test_a_flat_corner_is_background_a_faint_one_is_not():
    picture = waves((4, 100), shape=(168, 168))
    picture[:64, :64] = 128
    assert sum(bins(native_measures(picture), "LCS")) == 25 - 4  # any flat tile under a block
    spread = picture.std()
    for share, missing in ((0.11, 0), (0.09, 4)):
        faint = waves((4, share * spread * np.sqrt(2)), shape=(64, 64)).astype(int)
        picture[:64, :64] = faint
        picture[::, 100:] = waves((4, 100), shape=(168, 168))[::, 100:]
        actual = faint.std() / picture.std()
        assert (actual > 0.1) == (missing == 0)
        assert sum(bins(native_measures(picture), "LCS")) == 25 - missing


def test_the_picture_is_left_as_it_was():
    picture = waves((4, 100))
    picture.setflags(write=False)
    before = picture.copy()
    turned = native_measures(picture[::-1, ::2])
    assert turned == native_measures(np.ascontiguousarray(picture[::-1, ::2]))
    assert np.array_equal(picture, before)
