"""No mutant survives its tests (long; `python tests/mutants.py` prints who kills whom)."""

import pytest
from mutants import MUTANTS, every_test, kill, run_tests, workshop

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def copy():
    with workshop() as folder:
        yield folder


def test_the_unchanged_code_passes(copy):
    assert run_tests(copy, every_test()) is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mutant_is_noticed(mutant, copy):
    assert kill(mutant, copy) is not None
