"""The pages of docs/fingerprint/iso say what is measured."""

import importlib.util
import re
from pathlib import Path

import pytest

from ektp_biocheck.fingerprint.iso import NAMES

DOCS = Path(__file__).parents[1] / "docs"


def load():
    spec = importlib.util.spec_from_file_location("build_iso", DOCS / "build_iso.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build_iso = load()


def cells(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


@pytest.mark.parametrize("page", build_iso.PAGES, ids=lambda page: page.name)
def test_the_figures_on_a_page_are_those_of_its_prints(page):
    shown, fresh = cells(build_iso.table_on_page(page)), cells(build_iso.table(page))
    assert shown[:2] == fresh[:2]
    for one, other in zip(shown[2:], fresh[2:], strict=True):
        assert one[0] == other[0]
        for name, told, found in zip(page.measures, one[1:], other[1:], strict=True):
            # Prints differ by a grey level here and there between platforms.
            slack = {"abs": 1} if name[-1].isdigit() else {"rel": 0.03}
            assert float(told) == pytest.approx(float(found), **slack), "run docs/build_iso.py"
    assert f"]({page.name}.png)" in (build_iso.FOLDER / f"{page.name}.md").read_text("utf-8")
    assert (build_iso.FOLDER / f"{page.name}.png").is_file()


def test_every_measure_has_a_page():
    index = (build_iso.FOLDER / "index.md").read_text("utf-8")
    rows = re.findall(r"^\| \[.*?\]\((\w+\.md)\) \| `(\w+?)\*?` \|", index, re.MULTILINE)
    assert {name for name, _ in rows} == {f"{page.name}.md" for page in build_iso.PAGES}
    for name in NAMES:
        assert sum(name == stem or name.startswith(stem) for _, stem in rows) >= 1, name


def test_the_limits_on_the_pages_are_those_of_the_code():
    for name in ("fda", "lcs", "ocl", "of", "rvup"):
        page = (build_iso.FOLDER / f"{name}.md").read_text("utf-8")
        told = re.search(r"^\| bin limits \| (.*) \|$", page, re.MULTILINE)[1].split()
        module = importlib.import_module(f"ektp_biocheck.fingerprint.iso.{name}")
        assert [float(each) for each in told] == list(module.LIMITS)
