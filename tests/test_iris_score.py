"""The score is additive and monotone, and its parts are in plain sight."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ektp_biocheck.iris.measures import UNITS
from ektp_biocheck.iris.score import FITTED, POLICY, expected_fnmr, risk, score
from ektp_biocheck.quality import Measure

_NAMES = sorted({*FITTED, *POLICY})


def _measures(**changes):
    good = {name: term.good for name, term in (POLICY | FITTED).items()} | changes
    return {name: Measure(good.get(name, 0.0), unit) for name, unit in UNITS.items()}


def test_nothing_wrong_is_a_hundred():
    value, points = score(_measures())
    assert value == 100
    assert all(part == 0 for part in points.values())


def test_contributions_add_up_to_what_is_missing():
    measures = _measures(pupil_edge_seen=80.0, upper_clutter=0.5)
    value, points = score(measures)
    assert value == round(100 + sum(points.values()))
    assert points["pupil_edge_seen"] < 0
    assert points["eye_opening"] == 0


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(_NAMES), st.floats(0, 1), st.floats(0, 1))
def test_worse_measures_never_score_better(name, a, b):
    term = FITTED.get(name, POLICY.get(name))
    low, high = sorted((a, b))
    values = [
        score(_measures(**{name: term.good + share * (term.bad - term.good)}))[0]
        for share in (low, high)
    ]
    assert values[0] >= values[1]


def test_every_fitted_term_matters():
    for name, term in FITTED.items():
        assert risk(_measures(**{name: term.bad}))[name] >= term.weight


def test_expected_failures_fall_with_the_score():
    rates = [expected_fnmr(value) for value in range(101)]
    assert np.all(np.diff(rates) <= 0)
    assert 0 < rates[-1] < rates[0] < 1
    assert expected_fnmr(55) == pytest.approx(0.086)
