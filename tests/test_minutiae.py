"""Minutiae found beside those the generator put there."""

import tracemalloc
from functools import cache

import numpy as np
import pytest
from gratings import slanted
from truth import field_of, minutiae_agreement, places_of_singular_points

from ektp_biocheck.fingerprint import minutiae as minutiae_module
from ektp_biocheck.fingerprint.foreground import find_foreground
from ektp_biocheck.fingerprint.minutiae import BORDER_PX, PAIR_PX, find_minutiae, value_at
from ektp_biocheck.fingerprint.ridges import CELL, ridge_field
from fixtures.fingerprint import Condition, finger, render

SEEDS = range(600, 620)
RELIABLE = 0.16


def believed(minutiae):
    return minutiae.take(minutiae.confirmed & (minutiae.reliability > RELIABLE))


def everything(minutiae):
    return minutiae


@cache
def found_in(seed, condition):
    capture = render(finger(seed), condition)
    field = field_of(capture)
    foreground = find_foreground(field).mask
    return capture, foreground, find_minutiae(field, foreground)


def agreement(condition, chosen, seeds=SEEDS):
    prints = [found_in(seed, condition) for seed in seeds]
    return [minutiae_agreement(c, mask, chosen(minutiae)) for c, mask, minutiae in prints]


def share(rows, part, whole):
    return sum(row[part] for row in rows) / sum(row[whole] for row in rows)


@pytest.mark.parametrize("chosen", [believed, everything])
def test_clean_prints_show_their_minutiae_and_few_others(chosen):
    rows = agreement(Condition(), chosen)
    assert sum(row["true"] for row in rows) > 600
    assert share(rows, "found", "true") > 0.93
    assert share(rows, "right", "seen") > 0.93
    assert min(row["found"] / row["true"] for row in rows) > 0.8
    assert min(row["right"] / row["seen"] for row in rows) > 0.75


def test_position_and_direction_are_right_and_the_type_mostly():
    rows = agreement(Condition(), believed)
    gap, turn, same = (np.concatenate([r[k] for r in rows]) for k in ("gap", "turn", "same_type"))
    assert np.median(gap) < 2.5
    assert np.median(turn) < 3
    assert (turn < 30).mean() > 0.95
    assert (turn > 150).mean() < 0.01  # none points backwards
    assert same.mean() > 0.7  # rough skin joins and parts ridges just there
    ideal = agreement(Condition(roughness=0), believed, range(600, 604))
    assert np.concatenate([row["same_type"] for row in ideal]).mean() > 0.84
    assert np.median(np.concatenate([row["gap"] for row in ideal])) < 1.5


def test_the_false_ones_of_clean_prints_stand_at_cores_and_deltas():
    far = 0
    for seed, row in zip(SEEDS, agreement(Condition(), believed), strict=True):
        places = places_of_singular_points(found_in(seed, Condition())[0])
        for place in row["false_at"]:
            far += np.hypot(*(places - place).T).min(initial=np.inf) > 25
    assert far <= 2


@pytest.mark.parametrize(
    ("condition", "recall", "precision"),
    [
        (Condition(noise=0.6, background=170), 0.9, 0.93),
        (Condition(rotation_deg=30), 0.9, 0.93),
        (Condition(wetness=0.5), 0.87, 0.92),
        (Condition(dryness=0.5), 0.7, 0.9),
        (Condition(wear=0.6, creases=3), 0.88, 0.9),
    ],
    ids=["noisy", "turned", "wet", "dry", "worn"],
)
def test_poor_prints_lose_some_and_gain_few(condition, recall, precision):
    rows = agreement(condition, believed, range(600, 604))
    assert share(rows, "found", "true") > recall
    assert share(rows, "right", "seen") > precision


def test_noise_has_minutiae_that_nobody_believes():
    rng = np.random.default_rng(4)
    noise = rng.normal(128, 60, (320, 320)).clip(0, 255).astype(np.float32)
    found = find_minutiae(ridge_field(noise), np.ones(noise.shape, bool))
    assert len(found) > 30
    assert found.confirmed.mean() < 0.85
    assert found.reliability.max() < RELIABLE
    assert found_in(600, Condition())[2].confirmed.mean() > 0.95


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, -60])
def test_straight_ridges_have_none(degrees):
    field = ridge_field(slanted(9, degrees))
    assert len(find_minutiae(field, np.ones(field.shape, bool))) == 0


def dislocation(turn, shape=(240, 240), period=9.0):
    """Upright ridges, one more below the middle than above it (turn 1), or one less (-1)."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    dx, dy = x - shape[1] / 2, y - shape[0] / 2
    phase = 2 * np.pi * dx / period + turn * np.arctan2(dy, dx)
    return (128 - 90 * np.cos(phase)).astype(np.float32)


@pytest.mark.parametrize(("turn", "pointing"), [(1, 90.0), (-1, 270.0)])
def test_one_dislocation_is_one_minutia_where_it_is(turn, pointing):
    field = ridge_field(dislocation(turn))
    found = find_minutiae(field, np.ones(field.shape, bool))
    assert len(found) == 1
    assert found.confirmed.all()
    assert (found.x[0], found.y[0]) == pytest.approx((120, 120), abs=1.5)
    fuller = np.degrees(found.angle[0])
    rows = field.shape[0]
    wave = dislocation(turn) < 128
    ridges = [np.count_nonzero(np.diff(wave[r].astype(int)) == 1) for r in (20, rows - 20)]
    assert ridges[0] != ridges[1]
    assert fuller == pytest.approx(90.0 if ridges[0] > ridges[1] else 270.0, abs=5)
    assert fuller == pytest.approx(pointing, abs=5)


def test_a_broken_ridge_is_no_pair_of_minutiae():
    pixels = slanted(9, 0, shape=(240, 240), mean=128, amplitude=90)
    whole = len(find_minutiae(ridge_field(pixels), np.ones(pixels.shape, bool)))
    pixels[117:123, 112:122] = 220  # a gap of 6 px in one ridge
    broken = find_minutiae(ridge_field(pixels), np.ones(pixels.shape, bool))
    assert whole == len(broken) == 0
    for found in (found_in(seed, Condition())[2] for seed in (601, 602)):
        gap = np.hypot(*(np.subtract.outer(v, v) for v in (found.x, found.y)))
        opposite = np.cos(np.subtract.outer(found.angle, found.angle)) < -0.8
        assert gap[opposite].min(initial=np.inf) > PAIR_PX / 2


def test_none_lies_near_the_border_of_the_foreground():
    capture = render(finger(603))
    mask = np.zeros(capture.mask.shape, bool)
    mask[100:260, 90:300] = True
    found = find_minutiae(field_of(capture), mask)
    assert len(found) > 8
    for values, low, high in ((found.x, 90, 300), (found.y, 100, 260)):
        assert values.min() > low + BORDER_PX - 2
        assert values.max() < high - BORDER_PX + 2


def test_without_foreground_there_are_none():
    field = ridge_field(slanted(9, 10))
    found = find_minutiae(field, np.zeros(field.shape, bool))
    assert len(found) == 0
    assert len(found.take(found.confirmed)) == 0


@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (16, 16), (40, 40)])
def test_any_size_of_picture(shape):
    rng = np.random.default_rng(6)
    field = ridge_field(rng.uniform(0, 255, shape).astype(np.float32))
    found = find_minutiae(field, np.ones(shape, bool))
    inside = (found.x >= 0) & (found.x < shape[1]) & (found.y >= 0) & (found.y < shape[0])
    assert inside.all()


def test_minutiae_move_with_the_finger():
    master = finger(604)
    plain = render(master, Condition(roughness=0), size_mm=(24, 24))
    moved = render(master, Condition(roughness=0, offset_mm=(1.6256, -0.8128)), size_mm=(24, 24))
    one, other = (believed(find_minutiae(field_of(c), c.mask)) for c in (plain, moved))
    gap = np.hypot(one.x[:, None] + 32 - other.x, one.y[:, None] - 16 - other.y)
    assert (gap.min(axis=1) < 2).mean() > 0.9


def test_values_are_read_between_the_cells():
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    centre = (CELL - 1) / 2
    x = np.array([centre, centre + CELL, centre + CELL / 2], np.float32)
    y = np.array([centre, centre + CELL, centre], np.float32)
    assert value_at(grid, x, y) == pytest.approx([0, 5, 0.5], abs=0.02)


def test_memory_grows_with_the_minutiae_not_with_their_square():
    """A picture far larger than a finger: 40,000 points must not need gigabytes."""
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 20_000, (2, 40_000)).astype(np.float32)
    turn = np.where(np.arange(40_000) % 2, 1, -1).astype(np.int8)
    tracemalloc.start()
    keep = minutiae_module._without_pairs(x, y, turn)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
    assert 0 < (~keep).sum() < 40_000


@pytest.mark.parametrize(
    ("turned", "confirmed"), [(0, True), (25, True), (60, False), (180, False)]
)
def test_a_minutia_is_confirmed_only_by_one_of_like_direction(turned, confirmed):
    def at(x, degrees):
        angle = np.deg2rad(degrees)
        side = np.array([[np.cos(angle), np.sin(angle)]], np.float32)
        return np.array([x], np.float32), np.array([50], np.float32), side

    assert minutiae_module._confirmed(at(50, 10), at(54, 10 + turned)).tolist() == [confirmed]
    assert minutiae_module._confirmed(at(50, 10), at(70, 10)).tolist() == [False]
