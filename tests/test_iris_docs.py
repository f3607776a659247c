"""Every measure and defect has a page, and the pages say what the code does."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from ektp_biocheck.iris.measures import UNITS
from fixtures.iris import middle_faults

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def build():
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location("build_iris", DOCS / "build_iris.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def test_every_measure_has_a_current_page_and_picture(build):
    assert set(build.SHOWN) == set(UNITS)
    folder = build.FOLDER / "measures"
    for name in UNITS:
        page = (folder / f"{name}.md").read_text("utf-8")
        assert page == build.measure_page(name), "run: python docs/build_iris.py"
        assert (folder / f"{name}.png").stat().st_size < 60_000


def test_every_drawn_defect_has_a_current_page_and_picture(build):
    folder = build.FOLDER / "defects"
    for code in middle_faults():
        page = (folder / f"{code}.md").read_text("utf-8")
        assert page == build.defect_page(code), "run: python docs/build_iris.py"
        assert (folder / f"{code}.png").stat().st_size < 60_000


def test_units_and_links_of_the_tables_are_right():
    page = (DOCS / "iris" / "measures.md").read_text("utf-8")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|([^|]*)\|", page, re.MULTILINE)
    told = {name: unit.strip() for names, unit in rows for name in re.findall(r"`(\w+)`", names)}
    assert told == UNITS
    for target in re.findall(r"\]\((measures/\w+\.md)\)", page):
        assert (DOCS / "iris" / target).is_file()
