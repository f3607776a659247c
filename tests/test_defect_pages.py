"""The pages of defects, measures and score say what the code does; pictures show it."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from ektp_biocheck import fingerprint
from ektp_biocheck.fingerprint import findings, score
from ektp_biocheck.fingerprint.iso import NAMES, minutiae_quality

DOCS = Path(__file__).parents[1] / "docs"


def loaded(script):
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location(script, DOCS / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture(scope="module")
def build_defects():
    return loaded("build_defects")


def test_every_defect_that_can_be_found_has_a_page(build_defects):
    package = Path(findings.__file__).parent
    source = "".join(
        (package / name).read_text("utf-8") for name in ("__init__.py", "findings.py", "causes.py")
    )
    assert set(build_defects.PAGES) == set(re.findall(r'"(FP_[A-Z_]+)"', source))


def test_the_pages_are_current(build_defects):
    for code in build_defects.PAGES:
        page = (build_defects.FOLDER / f"{code}.md").read_text("utf-8")
        assert page == build_defects.render_page(code), "run: python docs/build_defects.py"


def test_links_and_pictures_are_there_and_small(build_defects):
    for code in build_defects.PAGES:
        page = (build_defects.FOLDER / f"{code}.md").read_text("utf-8")
        for target in re.findall(r"\]\(([^)]+)\)", page):
            assert (build_defects.FOLDER / target).is_file(), (code, target)
        assert (build_defects.FOLDER / f"{code}.png").stat().st_size < 40_000


def test_each_picture_shows_its_defect(build_defects):
    for code, page in build_defects.PAGES.items():
        result = fingerprint.assess(build_defects.picture(page))
        assert (code in {defect.code for defect in result.defects}) == page.found, code
    clean = fingerprint.assess(build_defects.picture(build_defects.CLEAN))
    assert clean.defects == ()


def test_the_index_links_every_page(build_defects):
    index = (DOCS / "defects" / "index.md").read_text("utf-8")
    for code in build_defects.PAGES:
        assert f"[`{code}`]({code}.md)" in index, "run: python docs/build_catalogue.py"


def test_the_tables_of_the_score_are_those_of_the_model():
    module = loaded("build_score")
    page = module.PAGE.read_text("utf-8")
    assert page == module.render(page), "run: python docs/build_score.py"


def test_every_term_of_the_score_and_its_limits_are_explained():
    page = (DOCS / "fingerprint" / "score.md").read_text("utf-8")
    for term in score.TERMS:
        assert page.count(f"| {term} |") == 2, term  # what it is, and its points
    for limit in (score.CLEAR, score.CLEAR_SOFT, score.STRONG, score.MODULATED, score.QUIET):
        assert re.search(rf"\b{limit:g}\b", page), limit


def test_every_measure_is_explained():
    page = (DOCS / "fingerprint" / "measures.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]*\| (?:higher|lower|none|near)", page, re.MULTILINE)
    own = [name for name in fingerprint.MEASURES if name not in (*NAMES, *minutiae_quality.NAMES)]
    assert rows == own


def test_the_figures_of_the_measures_are_fresh():
    module = loaded("build_measures")
    told, fresh = (
        [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
        for text in (module._TABLE.search(module.PAGE.read_text("utf-8")).group(), module.table())
    )
    assert [row[0] for row in told] == [row[0] for row in fresh], (
        "run: python docs/build_measures.py"
    )
    assert told[0] == fresh[0]
    for one, other in zip(told[2:], fresh[2:], strict=True):
        for a, b in zip(one[1:], other[1:], strict=True):
            # Prints differ by a grey level here and there between platforms.
            assert float(a) == pytest.approx(
                float(b), rel=0.05, abs=0.5 if one[0] == "`lean`" else 0.02
            ), one[0]
