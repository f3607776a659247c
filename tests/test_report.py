"""The report: the answer first, truths found and chance left alone, nothing given away."""

import base64
import hashlib
import re
import string
from html.parser import HTMLParser

import numpy as np
import pytest

from ektp_biocheck.batch.needs import Limits, limits_of, need_of
from ektp_biocheck.batch.report.captures import MOST_ROWS
from ektp_biocheck.batch.report.groups import group_by
from ektp_biocheck.batch.report.page import build_page
from ektp_biocheck.batch.report.streaks import find_streaks
from ektp_biocheck.batch.report.text import TEXTS
from ektp_biocheck.batch.report.text_compare import COMPARE_TEXTS
from ektp_biocheck.batch.report.text_verify import VERIFY_TEXTS
from ektp_biocheck.batch.report.words import Words
from ektp_biocheck.batch.results import Run, read_run
from ektp_biocheck.batch.where import parse
from ektp_biocheck.errors import InputError
from tests.report_runs import HOSTILE, district, hostile, row, write_run

POLICY = """
[policy]
id = "test"
version = "7"
[finger]
accept = 40
floor = 20
max_attempts = 3
[iris]
accept = 60
[face]
accept = 65
"""
LIMITS = Limits("test 7", {"finger": 40, "iris": 60, "face": 65}, {"finger": 20}, {"finger": 3})


class Page(HTMLParser):
    """The page as a reader meets it: tables, headings, plain text."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.headings, self.text, self.tags, self.hidden = {}, [], [], [], 0
        self.cell = self.table = self.heading = None
        self.feed(html)
        self.words = " ".join("".join(self.text).split())

    def handle_starttag(self, tag, attributes):
        known = dict(attributes)
        self.tags.append((tag, known))
        self.hidden += tag in ("style", "script")
        if tag == "table":
            self.table = self.tables.setdefault(known.get("id", ""), [])
        elif tag == "tr" and self.table is not None:
            self.table.append([])
        elif tag in ("td", "th") and self.table is not None:
            self.cell = []
        elif tag in ("h1", "h2", "h3"):
            self.heading = []

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script")
        if tag in ("td", "th") and self.cell is not None:
            self.table[-1].append(" ".join("".join(self.cell).split()))
            self.cell = None
        elif tag == "table":
            self.table = None
        elif tag in ("h1", "h2", "h3"):
            self.headings.append((tag, " ".join("".join(self.heading).split())))
            self.heading = None

    def handle_data(self, data):
        if self.hidden:
            return
        self.text.append(data)
        for place in (self.cell, self.heading):
            if place is not None:
                place.append(data)


def run_of(rows, **summary):
    return Run(None, tuple(rows), {"started": "2026-11-21T01:00:00+00:00", **summary})


def page_of(rows, *, lang="en", limits=LIMITS, **more):
    return build_page(run_of(rows), lang=lang, limits=limits, **more)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("run"), district(800))
    return read_run(folder)


@pytest.fixture(scope="module")
def large_page(large):
    return build_page(large, lang="en", limits=LIMITS)


def test_the_answer_comes_first_and_adds_up(large, large_page):
    needs = [need_of(one, LIMITS) for one in large.rows]
    events = sum(need.person for need in needs)
    page = Page(large_page)

    level, answer = page.headings[0]
    assert level == "h1"
    share = f"{100 * events / len(needs):.1f}%"
    assert answer == f"{events:,} of {len(needs):,} captures need a person ({share})."
    at = next(group for group in group_by(large.rows, needs, "station").ranked if group.apart > 0)
    assert at.name == "3313"
    assert f"Most at station 3313: {at.events} of {at.n}, mostly “Old print on the glass”." in (
        page.words
    )


def test_what_was_put_in_is_what_is_to_be_done_first(large_page):
    words = Page(large_page).words
    begin = words.index("What to do first")
    first = words[begin : words.index("Those without a score first")]

    assert re.search(r"3313-B: “Old print on the glass” on \d+ persons in a row", first)
    assert "10 Nov 2026" in first
    assert "mostly “Wet finger”" in first
    assert "Files that could not be read" in first
    assert "Captures that occur with another person too: 1" in first


def test_failures_and_flagged_captures_stand_first_then_the_lowest_scores():
    rows = [
        row("fine.png"),
        row("low.png", score=12),
        row("noted.png", defects={"FP_DRY": 0.2}),
        row("hard.png", score=90, defects={"FP_GHOST_PLATEN": 0.9}),
        row("lost.png", status="UNREADABLE", score=None, failure="damaged: copy it again"),
        row("lower.png", score=11),
    ]
    table = Page(page_of(rows)).tables["captures"]

    assert [cells[0] for cells in table[1:]] == [
        "lost.png",
        "hard.png",
        "lower.png",
        "low.png",
        "noted.png",
        "fine.png",
    ]
    assert table[1][2:5] == ["Unreadable", "–", "damaged: copy it again"]
    assert "Clean the glass" in table[2][4]
    assert "score below the threshold of 40" in table[3][4]


def test_b4_a_file_that_could_not_be_read_is_in_the_report_with_its_reason():
    rows = [row(f"{n}.png") for n in range(40)]
    rows.append(row("lost.wsq", status="CRASHED", score=None, failure="its worker died"))
    page = Page(page_of(rows))

    assert page.headings[0][1] == "1 of 41 captures need a person (2.4%)."
    assert page.tables["captures"][1][:5] == [
        "lost.wsq",
        "fingerprint",
        "Scorer broke",
        "–",
        "its worker died",
    ]


def test_b6_the_page_needs_nothing_from_anywhere_and_forbids_it(large_page):
    page = Page(large_page)
    policy = next(
        known["content"]
        for tag, known in page.tags
        if tag == "meta" and known.get("http-equiv") == "Content-Security-Policy"
    )
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))

    assert directives["default-src"] == "'none'"
    assert directives["img-src"] == "data:"
    for kind in ("script", "style"):
        (inside,) = re.findall(rf"<{kind}>(.*?)</{kind}>", large_page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert directives[f"{kind}-src"] == f"'sha256-{digest}'"
    # Beside those two there is no style or script that the policy would block.
    assert not any(
        "style" in known or any(k.startswith("on") for k in known) for _, known in page.tags
    )
    assert not any("src" in known or tag == "link" for tag, known in page.tags)
    outside = [
        known["href"] for _, known in page.tags if not known.get("href", "#").startswith("#")
    ]
    assert outside == []
    # And it has what was missed elsewhere: stations, ages, fingers, thresholds.
    for name in ("by-station", "by-device", "by-operator", "by-position", "by-age_band"):
        assert len(page.tables[name]) > 2
    assert "threshold 40" in page.words


def test_every_number_of_the_groups_table_is_that_of_its_captures(large, large_page):
    table = Page(large_page).tables["by-station"]
    station = table[1][0]
    inside = [one for one in large.rows if one.station == station]
    events = sum(need_of(one, LIMITS).person for one in inside)

    assert table[1][1] == f"{len(inside):,}"
    assert table[1][2].startswith(f"{100 * events / len(inside):.1f}% (")
    assert table[1][4] == "more often"
    fingers = [o.score for o in inside if o.modality == "finger" and o.score is not None]
    assert table[1][5].startswith(f"{np.mean(fingers):.1f} ± ")


def test_small_groups_are_not_ranked_and_small_operators_not_named():
    rows = [row(f"{n}.png", station="3301", operator="op-many") for n in range(60)]
    rows += [row(f"s{n}.png", station="3302", operator="op-few", score=1) for n in range(29)]
    page = Page(page_of(rows))

    assert [cells[0] for cells in page.tables["by-station"][1:]] == ["3301"]
    assert "Fewer than 30 captures, not ranked: 3302 (29)" in page.words
    assert "op-few" not in page.words
    assert "1 operators with fewer than 30 captures are not shown." in page.words


def test_without_persons_or_times_no_suspect_is_looked_for_and_the_page_says_so():
    rows = [row(f"{n}.png", device="d", defects={"FP_GHOST_PLATEN": 0.4}) for n in range(50)]
    assert find_streaks(rows) == []
    assert "captures must tell device or station, person and time" in Page(page_of(rows)).words


def test_captures_that_occur_twice_are_named_another_persons_first():
    rows = [
        row("a.png", person="p1"),
        row("b.png", person="p1", duplicate_of="a.png"),
        row("c.png", person="p2", duplicate_of="a.png"),
        row("d.png", duplicate_of="a.png"),
    ]
    table = Page(page_of(rows)).tables["twins"]
    assert [(cells[0], cells[3]) for cells in table[1:]] == [
        ("c.png", "another person"),
        ("d.png", "not known"),
        ("b.png", "the same person"),
    ]


def test_no_reference_to_a_person_is_on_the_page(large, large_page):
    persons = {one.person for one in large.rows}
    assert len(persons) == 800
    assert not any(person in large_page for person in persons)
    assert not any(one.sha256 in large_page for one in large.rows[:50])
    assert "<img" not in large_page


@pytest.mark.parametrize("lang", ["id", "en"])
def test_hostile_texts_stay_text_and_cannot_disguise_themselves(tmp_path, lang):
    run = read_run(write_run(tmp_path, hostile()))
    html = build_page(run, lang=lang, limits=LIMITS, where=parse("path != '<kbd>'"))
    page = Page(html)
    shown = {cells[0] for cells in page.tables["captures"][1:]}

    foreign = {"img", "b", "i", "u", "s", "q", "em", "del", "ins", "mark", "kbd"}
    assert not foreign & {tag for tag, _ in page.tags}
    assert not any(key.startswith("on") for _, known in page.tags for key in known)
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert "\u202e" not in html
    for name in HOSTILE:
        escaped = name.encode("unicode_escape").decode() if not name.isprintable() else name
        assert escaped in shown
    html.encode("utf-8")  # bytes that are no text do not break the file


def test_a_score_at_the_threshold_is_accepted():
    needs = [need_of(row("a.png", score=score), LIMITS).name for score in (39, 40, 41)]
    assert needs == ["BELOW", "FINE", "FINE"]


def test_the_table_is_cut_and_says_where_the_rest_is():
    page = Page(page_of([row(f"{n:05}.png") for n in range(MOST_ROWS + 5)]))
    assert len(page.tables["captures"]) == MOST_ROWS + 1
    assert "2,000 of 2,005 captures are shown. The rest is in results.csv." in page.words


@pytest.mark.parametrize("lang", ["id", "en"])
def test_a_run_without_anything_still_makes_a_page(lang):
    assert Page(page_of([], lang=lang)).headings == [
        (
            "h1",
            {"id": "Tidak ada berkas dalam laporan ini.", "en": "There is no file in this report."}[
                lang
            ],
        )
    ]
    bare = Page(page_of([row("a.png", failure="nothing was found"), row("b.png")], lang=lang))
    assert len(bare.tables["captures"]) == 3


def test_a_run_that_tells_only_paths_says_what_a_manifest_would_add():
    words = Page(page_of([row(f"{n}.png") for n in range(40)])).words
    for column in ("station", "device", "operator", "position", "age_band", "captured_at"):
        assert f"Give a {column} column in the manifest" in words


def test_indonesian_pages_write_numbers_and_reasons_in_indonesian():
    rows = [row(f"{n}.png", captured_at="2026-10-05") for n in range(1234)]
    rows.append(
        row("x.png", status="UNREADABLE", score=None, failure="damaged", failure_code="DAMAGED")
    )
    page = Page(page_of(rows, lang="id"))
    assert page.headings[0][1] == "1 dari 1.235 rekaman perlu diperiksa petugas (0,1 %)."
    assert "Berkas rusak atau terpotong." in page.tables["captures"][1][4]
    assert "damaged" not in page.words


@pytest.mark.parametrize("texts", [TEXTS, COMPARE_TEXTS, VERIFY_TEXTS])
def test_every_text_is_there_in_both_languages_with_the_same_gaps(texts):
    for key, both in texts.items():
        gaps = [{gap for _, gap, *_ in string.Formatter().parse(text) if gap} for text in both]
        tags = [re.findall(r"</?\w+>", text) for text in both]
        assert gaps[0] == gaps[1], key
        assert tags[0] == tags[1], key
        assert both[0].strip(), key


def test_words_write_figures_as_their_readers_do():
    en, indonesian = Words("en", {}), Words("id", {})
    assert (en.integer(20000), indonesian.integer(20000)) == ("20,000", "20.000")
    assert (en.percent(0.1234), indonesian.percent(0.1234)) == ("12.3%", "12,3 %")
    assert en.percent(0.0001) == "< 0.1%"
    assert en.percent(0.0) == "0.0%"
    assert (en.day("2026-08-17"), indonesian.day("2026-08-17", year=True)) == (
        "17 Aug",
        "17 Agu 2026",
    )
    with pytest.raises(InputError, match="no text"):
        en("no such key")


def test_a_policy_sets_the_thresholds_and_a_foreign_scorer_is_told(tmp_path):
    file = tmp_path / "p.toml"
    file.write_text(
        POLICY.replace("[finger]", '[finger]\nscorer="x/fingerprint"\nscorer_version="1.*"')
    )
    limits = limits_of(file)
    assert (limits.name, limits.accept, limits.floor) == (
        "test 7",
        {"finger": 40, "iris": 60, "face": 65},
        {"finger": 20},
    )
    assert not limits.meant_for("finger", "ektp-biocheck/fingerprint 1.0.0")
    assert limits.meant_for("finger", "x/fingerprint 1.9")
    assert limits.meant_for("iris", "anything")
    words = Page(page_of([row("a.png")], limits=limits)).words
    assert "Thresholds of policy test 7: fingerprint 40." in words
    assert "set for another scorer than ektp-biocheck/fingerprint 1.0.0" in words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[finger\n", "cannot be read"),
        ("[other]\n", r"no thresholds"),
        ("[finger]\naccept = 140\n", "finger.accept must be a whole number 0..100"),
        ("[finger]\naccept = true\n", "finger.accept must be"),
        ("[iris]\nmax_attempts = -1\n", "iris.max_attempts must be"),
    ],
)
def test_a_policy_that_is_none_is_refused(tmp_path, text, told):
    file = tmp_path / "p.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=told):
        limits_of(file)


def test_a_filter_narrows_the_page_and_the_page_says_so(large):
    page = Page(
        build_page(large, lang="en", limits=LIMITS, where=parse("station == '3313' and score < 40"))
    )
    inside = [r for r in large.rows if r.station == "3313" and r.score is not None and r.score < 40]
    assert (
        f"Only captures for which station == '3313' and score < 40 holds: {len(inside)} of 10,400"
        in page.words
    )
    assert len(page.tables["captures"]) == len(inside) + 1
