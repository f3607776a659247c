"""The score: it adds up, it falls with every harm, it ignores what does not matter."""

from itertools import pairwise

import numpy as np
import pytest
from conditions import CASES, FALLING, assessed
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from ektp_biocheck import fingerprint
from ektp_biocheck.fingerprint.analysis import analyse
from ektp_biocheck.fingerprint.causes import CAUSES, FIGURES, cause_likelihoods, model
from ektp_biocheck.fingerprint.score import (
    PREVIEW_TERMS,
    TERMS,
    dependability,
    score_preview,
    score_print,
    terms,
)
from fixtures.fingerprint import Condition, finger, render

FEW = range(8200, 8204)
MANY = range(8300, 8320)
LEVELS = np.linspace(0.1, 1.0, 10)


def falls(name, seeds, levels):
    """Spearman of strength and score, mean over fingers; no score counts as none left."""
    found = []
    for seed in seeds:
        scores = [assessed(seed, CASES[name].at(t)).score for t in levels]
        found.append(spearmanr(levels, [-1 if s is None else s for s in scores]).statistic)
    return float(np.mean(found))


@pytest.mark.parametrize("name", FALLING)
def test_the_score_falls_with_the_harm(name):
    assert falls(name, FEW, LEVELS[1::2]) <= -0.9  # five levels leave room for one swap


@pytest.mark.parametrize("name", FALLING)
def test_great_harm_costs_many_points(name):
    lost = []
    for seed in FEW:
        worst = assessed(seed, CASES[name].at(1.0)).score
        lost.append(assessed(seed).score - (-1 if worst is None else worst))
    assert min(lost) > 0
    assert np.mean(lost) > 10


@pytest.mark.long
def test_the_score_of_twenty_fingers_falls_over_ten_levels(capsys):
    found = {name: falls(name, MANY, LEVELS) for name in FALLING}
    with capsys.disabled():
        print("\n" + "\n".join(f"{name:10s} Spearman {rho:.3f}" for name, rho in found.items()))
    assert max(found.values()) <= -0.95


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("name", ["dry", "wet", "partial", "noise"])
def test_contributions_add_up_to_the_score(name, strength):
    result = assessed(FEW[0], CASES[name].at(strength))
    assert tuple(result.contributions) == TERMS
    total = model()["score"]["at_reference"] + sum(result.contributions.values())
    assert result.score == int(np.clip(round(total), 0, 100))


@settings(max_examples=40, deadline=None)
@given(
    dryness=st.floats(0, 1),
    wetness=st.floats(0, 1),
    contact=st.floats(0.3, 1),
    noise=st.floats(0, 1),
    pressure=st.floats(-1, 1),
)
def test_contributions_add_up_in_any_mixture(dryness, wetness, contact, noise, pressure):
    condition = Condition(
        dryness=dryness, wetness=wetness, contact=contact, noise=noise, pressure=pressure
    )
    analysis = analyse(render(finger(FEW[1]), condition).pixels)
    if analysis.skin is None:
        return
    score, points = score_print(analysis)
    total = model()["score"]["at_reference"] + sum(points.values())
    assert score == int(np.clip(round(total), 0, 100))
    preview, points = score_preview(analysis)
    total = model()["preview"]["offset"] + sum(points.values())
    assert preview == int(np.clip(round(total), 0, 100))
    assert tuple(points) == PREVIEW_TERMS


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_losing_minutiae_never_raises_the_score(seed, kept_share):
    whole = assessed(FEW[2]).maps
    kept = np.random.default_rng(seed).random(len(whole.minutiae)) < kept_share
    fewer = type(whole)(
        whole.pixels, whole.field, whole.foreground, whole.blocks, whole.skin,
        whole.minutiae.take(kept),
    )  # fmt: skip
    assert dependability(fewer).sum() <= dependability(whole).sum()
    assert score_print(fewer)[0] <= score_print(whole)[0]


def test_no_term_may_be_dropped_or_reward_harm():
    fitted = model()["score"]
    assert set(fitted["points"]) == set(fitted["reference"]) == set(TERMS)
    assert all(points > 0 for points in fitted["points"].values())
    assert fitted["at_reference"] > 80


def test_dependable_minutiae_are_a_part_of_those_confirmed():
    for name in ("dry", "wet", "noise"):
        analysis = assessed(FEW[0], CASES[name].at(0.7)).maps
        trust = dependability(analysis)
        assert ((trust >= 0) & (trust <= 1)).all()
        assert not trust[~analysis.minutiae.confirmed].any()
        assert trust.sum() < dependability(assessed(FEW[0]).maps).sum()


@pytest.mark.parametrize("condition", [Condition(), Condition(dryness=0.6), Condition(wetness=0.6)])
def test_a_mirrored_or_upturned_print_scores_about_the_same(condition):
    for seed in FEW:
        pixels = render(finger(seed), condition).pixels
        known = assessed(seed, condition).score
        for other in (pixels[:, ::-1], pixels[::-1], pixels.T):
            assert abs(fingerprint.assess(other).score - known) <= 10


def test_a_white_margin_changes_little():
    for seed in FEW:
        wider = np.pad(render(finger(seed), Condition()).pixels, 48, constant_values=255)
        assert abs(fingerprint.assess(wider).score - assessed(seed).score) <= 6


def test_a_print_without_contact_has_no_terms():
    blank = analyse(np.full((374, 388), 255, np.uint8))
    for ask in (terms, score_print, score_preview):
        with pytest.raises(ValueError, match="no score"):
            ask(blank)
    assert dependability(blank).size == 0


def test_likelihoods_are_shares_of_one():
    for name in CASES:
        likely = cause_likelihoods(assessed(FEW[3], CASES[name].at(0.7)).maps)
        assert tuple(likely) == tuple(CAUSES)
        assert sum(likely.values()) == pytest.approx(1)
        assert min(likely.values()) >= 0


def test_the_model_is_whole_and_says_where_it_comes_from():
    fitted = model()
    assert fitted["made_by"] == "benchmarks/fit_fingerprint.py"
    assert len(fitted["from"]["sensors"]) == 5
    assert fitted["causes"]["figures"] == list(FIGURES)
    assert fitted["causes"]["causes"] == list(CAUSES)
    assert np.shape(fitted["causes"]["weights"]) == (len(CAUSES), len(FIGURES))
    assert set(fitted["preview"]["points"]) == set(PREVIEW_TERMS)


def test_the_published_table_is_in_order():
    rows = model()["score"]["expected"]
    assert rows[0]["score"][0] == 0
    assert rows[-1]["score"][1] == 100
    for row in rows:
        low, high = row["interval_90"]
        assert 0 <= low <= row["fnmr"] <= high <= 1
        assert row["pairs"] >= 20
    assert all(a["score"][1] == b["score"][0] for a, b in pairwise(rows))
    assert spearmanr([r["score"][0] for r in rows], [r["fnmr"] for r in rows]).statistic < -0.8
