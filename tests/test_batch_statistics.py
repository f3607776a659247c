"""Intervals, tests and corrections against published figures, enumeration and simulation."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ektp_biocheck.batch import significance as sig
from ektp_biocheck.batch import statistics as figures


def test_wilsons_interval_is_the_published_one():
    # Newcombe 1998 (doi:10.1002/(SICI)1097-0258(19980430)17:8<857), table I, method 3.
    for events, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
    ):
        found = figures.rate_estimate(events, n)
        assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_newcombes_interval_of_a_difference_is_the_published_one():
    # Newcombe 1998 (17:873), table II, method 10: 56/70 - 48/80.
    found = figures.rate_difference(48, 80, 56, 70)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=6e-5)


def test_nothing_seen_has_no_figures_and_certain_ends_are_exact():
    assert figures.rate_estimate(0, 0) == (None, None, None, 0)
    assert figures.mean_estimate([]) == (None, None, None, 0)
    assert figures.mean_estimate([7.0]) == (7.0, None, None, 1)
    for n in range(1, 200):
        assert figures.rate_estimate(0, n, 1.7).low == 0.0
        assert figures.rate_estimate(n, n, 1.7).high == 1.0


def test_a_mean_has_students_interval():
    found = figures.mean_estimate([1, 2, 3, 4, 5])  # t(4, 0.975) = 2.776, s = 1.5811
    assert (found.low, found.high) == pytest.approx((3 - 1.9632, 3 + 1.9632), abs=1e-3)


def test_captures_that_are_copies_of_a_persons_first_count_once():
    persons = np.arange(60)
    flags = (persons % 3 == 0).astype(float)
    one = figures.design_effect(flags, [0] * 60, persons.tolist())
    five = figures.design_effect(np.repeat(flags, 5), [0] * 300, np.repeat(persons, 5).tolist())

    assert one == pytest.approx(1.0)
    assert five == pytest.approx(5.0)
    wide, narrow = figures.rate_estimate(100, 300, five), figures.rate_estimate(100, 300)
    assert (wide.low, wide.high) == pytest.approx(figures.rate_estimate(20, 60)[1:3])
    assert wide.high > narrow.high


def test_persons_nobody_knows_are_one_each_and_groups_have_their_own_mean():
    flags = [1.0, 1.0, 0.0, 0.0]
    assert figures.design_effect(flags, [0] * 4, [None] * 4) == pytest.approx(1.0)
    # All that differs is the group: nothing is left to cluster.
    assert figures.design_effect(flags, ["a", "a", "b", "b"], ["p", "p", "q", "q"]) == 1.0


@pytest.mark.parametrize("share", [0.03, 0.3])
def test_the_interval_with_the_design_effect_covers_the_truth_and_without_does_not(share):
    random = np.random.default_rng(3)
    covered = {"with": 0, "without": 0}
    for _ in range(300):
        proneness = random.beta(share * 2, (1 - share) * 2, 150)
        flags = (random.random((150, 10)) < proneness[:, None]).astype(float).ravel()
        effect = figures.design_effect(flags, [0] * 1500, np.repeat(np.arange(150), 10).tolist())
        for name, used in (("with", effect), ("without", 1.0)):
            found = figures.rate_estimate(int(flags.sum()), 1500, used)
            covered[name] += found.low <= share <= found.high

    assert covered["with"] >= 275  # of 300 at 95 %
    assert covered["without"] < 230


def test_redrawing_persons_gives_the_mean_and_an_interval_about_it():
    sums, counts = [10.0, 0.0, 4.0, 6.0] * 20, [2.0, 1.0, 1.0, 2.0] * 20
    found = figures.bootstrap_mean(sums, counts)

    assert found.value == pytest.approx(400 / 120)
    assert 2.5 < found.low < found.value < found.high < 4.2
    assert found == figures.bootstrap_mean(sums, counts)


def test_holm_and_benjamini_hochberg_on_a_worked_example():
    chances = [0.01, 0.04, 0.03, 0.005]
    assert sig.holm(chances) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert sig.benjamini_hochberg(chances) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert sig.holm([]) == sig.benjamini_hochberg([]) == []


@given(st.lists(st.floats(0, 1), max_size=12))
def test_corrections_keep_the_order_and_never_lower_a_p(chances):
    for corrected in (sig.holm(chances), sig.benjamini_hochberg(chances)):
        assert all(p <= q + 1e-12 and q <= 1 for p, q in zip(chances, corrected, strict=True))
        order = np.argsort(chances, kind="stable")
        assert np.all(np.diff(np.array(corrected)[order]) >= -1e-12)


@given(st.integers(1, 10), st.integers(1, 6), st.floats(0.05, 0.95))
def test_the_chance_of_a_run_is_that_of_all_orders_added_up(n, length, rate):
    total = 0.0
    for flags in product((0, 1), repeat=n):
        longest = max((len(run) for run in "".join(map(str, flags)).split("0")), default=0)
        if longest >= length:
            total += rate ** sum(flags) * (1 - rate) ** (n - sum(flags))

    assert sig.longest_run_chance(n, length, rate) == pytest.approx(total, abs=1e-12)


def test_a_tiny_chance_of_a_run_does_not_round_to_none():
    assert 0 < sig.longest_run_chance(50, 25, 0.02) < 1e-40


@given(st.lists(st.booleans(), min_size=1, max_size=9))
def test_the_runs_test_counts_orders_with_as_few_runs(flags):
    def runs(order):
        return 1 + sum(a != b for a, b in pairwise(order))

    orders = [o for o in product((False, True), repeat=len(flags)) if sum(o) == sum(flags)]
    share = sum(runs(order) <= runs(flags) for order in orders) / len(orders)
    assert sig.fewer_runs(flags) == pytest.approx(share)


def test_the_sign_test_is_mcnemars_exact_test():
    assert sig.sign_test(8, 2) == pytest.approx(0.109375)
    assert sig.sign_test(0, 0) == 1.0
    assert sig.sign_test(3, 3) == 1.0


def test_fisher_on_the_lady_tasting_tea():
    assert sig.fisher(3, 4, 1, 4) == pytest.approx(0.48571, abs=1e-5)
    assert sig.fisher(0, 0, 5, 10) == 1.0


def test_binomial_tails_and_limits():
    assert sig.binomial_tails(0, 10, 0.1) == pytest.approx((0.9**10, 1.0))
    assert sig.binomial_tails(10, 10, 0.5) == pytest.approx((1.0, 0.5**10))
    low, high = sig.binomial_limits(100, 0.1, 0.95)
    assert (low, high) == (0.05, 0.16)


def test_wilcoxon_and_mann_whitney_say_nothing_when_nothing_differs():
    assert sig.wilcoxon([0.0, 0.0]) == 1.0
    assert sig.mann_whitney([1, 2], [1, 2]) == (0.5, 1.0)
    assert sig.mann_whitney([], [1]) == (0.5, 1.0)
    assert sig.mann_whitney([5, 5], [5, 5])[1] == 1.0
    higher, p = sig.mann_whitney(range(20), range(20, 40))
    assert higher == 1.0
    assert p < 1e-6
