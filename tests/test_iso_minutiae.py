"""The four native measures that need minutiae, against counts made by hand."""

import numpy as np
import pytest

from ektp_biocheck.fingerprint.iso.minutiae_quality import NAMES, minutiae_measures

CENTRAL, COUNT, DARKER, CERTAIN = NAMES


def measured(pixels, points):
    x, y = np.array(points, np.float32).reshape(-1, 2).T
    return minutiae_measures(pixels, x, y)


def stripes(shape=(320, 320)):
    return np.tile(np.where(np.arange(shape[1]) // 4 % 2, 60, 200).astype(np.uint8), (shape[0], 1))


def test_minutiae_are_counted_whole_and_around_their_middle():
    corners = [(10, 10), (310, 10), (10, 310), (310, 310)]
    figures = measured(stripes(), [*corners, (160, 160), (150, 170), (260, 160), (261, 160)])
    # The middle is x = (10+310+10+310+160+150+260+261) // 8 = 183, y = 161.
    assert figures[COUNT] == 8
    assert figures[CENTRAL] == 4


def test_stripes_have_one_direction_everywhere_and_noise_nowhere():
    points = [(40, 40), (100, 200), (250, 90)]
    assert measured(stripes(), points)[CERTAIN] == 1
    noise = np.random.default_rng(3).integers(0, 256, (320, 320), dtype=np.uint8)
    assert measured(noise, points)[CERTAIN] == 0


@pytest.mark.parametrize(("grey", "share"), [(114, 1), (40, 0), (200, 0)])
def test_a_place_slightly_darker_than_the_whole_counts(grey, share):
    pixels = np.full((320, 320), 100, np.uint8)
    pixels[:, 160:] = 140  # mean 120, deviation 20
    pixels[40:104, 40:104] = grey
    mean, deviation = pixels.mean(), pixels.std()
    assert (0 < (mean - grey) / deviation <= 0.5) == bool(share)
    assert measured(pixels, [(72, 72)])[DARKER] == share


def test_windows_at_the_edge_are_cut_or_moved_inside():
    points = [(0, 0), (319, 319), (319, 0)]
    figures = measured(stripes(), points)
    assert figures[CERTAIN] == 1
    assert 0 <= figures[DARKER] <= 1


def test_without_minutiae_there_are_none_and_no_shares():
    assert measured(stripes(), []) == {CENTRAL: 0.0, COUNT: 0.0, DARKER: None, CERTAIN: None}
