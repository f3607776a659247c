"""The report in a real browser: fast, silent, usable by keyboard, readable, printable."""

import re
import shutil
from itertools import pairwise

import pytest

from ektp_biocheck.batch.needs import Limits
from ektp_biocheck.batch.report.page import build_page
from ektp_biocheck.batch.results import read_run
from tests.report_runs import HOSTILE, district, hostile, write_run

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LIMITS = Limits("test 7", {"finger": 40, "iris": 60, "face": 65}, {"finger": 20}, {"finger": 3})

CONTRAST = """
() => {
  const parse = (text) => (text.match(/[0-9.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = (c) => (c / 255 <= 0.04045 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0.99) return color;
    }
    return [255, 255, 255];
  };
  const poor = [], seen = new Set();
  let measured = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim()) continue;
    if (/^(SCRIPT|STYLE|TITLE)$/i.test(element.tagName)) continue;
    const style = getComputedStyle(element);
    const front = parse(element instanceof SVGElement ? style.fill : style.color);
    const back = behind(element);
    const key = [front, back, element.tagName].join();
    if (seen.has(key)) continue;
    seen.add(key);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    measured += 1;
    if (ratio < 4.5) poor.push(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
  }
  return { poor, measured };
}
"""


@pytest.fixture(scope="module")
def browser():
    """Return headless Chromium, or skip with the reason."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no Chromium to open the page in: none of {', '.join(BROWSERS)}")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Write one report of 20,000 captures and one of hostile names, in both languages."""
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, documents in (("large", district(1540)), ("hostile", hostile())):
        run = read_run(write_run(folder / name, documents))
        for lang in ("id", "en"):
            file = folder / f"{name}-{lang}.html"
            file.write_text(build_page(run, lang=lang, limits=LIMITS), encoding="utf-8")
            written[name, lang] = file
    return written


@pytest.fixture
def open_page(browser):
    """Open a file in a page that lets no request out; fail on any complaint of the console."""
    pages, said, asked = [], [], []

    def opened(file, **options):
        page = browser.new_page(viewport={"width": 1280, "height": 800}, **options)
        pages.append(page)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on(
            "dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss())
        )

        def gate(route):
            if route.request.url == file.as_uri():
                route.continue_()
            else:
                asked.append(route.request.url)
                route.abort()

        page.route("**/*", gate)
        page.goto(file.as_uri())
        return page

    yield opened
    for page in pages:
        page.close()
    assert said == []
    assert asked == []


def rows_of(page, column, count=6):
    cells = page.locator(f"#captures tbody tr td:nth-child({column})")
    return [text.strip() for text in cells.all_inner_texts()[:count]]


def test_b6_the_page_opens_offline_without_a_request_or_a_complaint(open_page, files):
    page = open_page(files["large", "en"])
    assert page.locator("h1").inner_text().endswith("(8.8%).")
    assert page.locator("#captures tbody tr").count() == 2000
    page.wait_for_timeout(200)  # what a page does later is caught too


def test_the_policy_of_the_page_stops_what_would_be_put_into_it(browser, files, tmp_path):
    html = files["hostile", "en"].read_text()
    file = tmp_path / "tampered.html"
    added = '<img src="https://example.org/x.png"><script>window.owned = 1</script></main>'
    file.write_text(html.replace("</main>", added))
    page = browser.new_page()
    stopped, said = [], []
    page.on("requestfailed", lambda request: stopped.append((request.url, request.failure)))
    page.on("console", lambda message: said.append(message.text))
    page.goto(file.as_uri())

    assert page.evaluate("window.owned") is None
    assert stopped == [("https://example.org/x.png", "csp")]
    assert sum("Content Security Policy" in text for text in said) == 2
    page.close()


@pytest.mark.parametrize("lang", ["id", "en"])
def test_hostile_names_are_shown_as_text_and_nothing_of_them_runs(open_page, files, lang):
    page = open_page(files["hostile", lang])
    shown = set(rows_of(page, 1, 100))

    assert page.title() in ("Laporan mutu rekaman", "Capture quality report")
    assert page.locator("img").count() == 0
    assert "<img src=x onerror=alert(1)>.png" in shown
    assert "harmless\\u202egnp.exe" in shown
    assert "two\\nlines.png" in shown
    assert "lost\\udcff byte.png" in shown
    assert HOSTILE[1] in shown
    assert len(HOSTILE[1].encode()) == 255
    # The longest name does not push the page wider than the window.
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_the_table_is_sorted_by_keyboard_alone_and_says_how(open_page, files):
    page = open_page(files["large", "en"])
    score = page.locator("#captures thead button", has_text="Score")
    score.focus()
    page.keyboard.press("Enter")

    head = page.locator("#captures thead th", has_text="Score")
    assert head.get_attribute("aria-sort") == "ascending"
    shown = [int(text) for text in rows_of(page, 4, 200)]
    assert shown == sorted(shown)
    assert page.locator("#told").inner_text() == "Sorted by Score, ascending"

    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    shown = [int(text) for text in rows_of(page, 4, 200)]
    assert shown == sorted(shown, reverse=True)
    assert rows_of(page, 4, 2000)[-1] == "–"  # what is missing stays last either way

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#captures thead th[aria-sort]").count() == 1
    assert page.evaluate("document.activeElement.textContent").startswith("What is wrong")


def test_everything_that_scrolls_or_sorts_can_be_reached_by_tab(open_page, files):
    page = open_page(files["hostile", "id"])
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 60)"))
    wanted = page.evaluate(
        "Array.from(document.querySelectorAll('button, a, input, summary, .scroll'),"
        " (e) => e.outerHTML.slice(0, 60))"
    )
    assert set(wanted) <= reached


def test_typing_narrows_the_table(open_page, files):
    page = open_page(files["large", "en"])
    page.get_by_label("Search the table").fill("3313-b glass")
    page.locator("#left", has_text="rows").wait_for()

    left = int(re.match(r"\d+", page.locator("#left").inner_text())[0])
    visible = page.locator("#captures tbody tr:visible")
    assert 0 < visible.count() == left < 2000
    assert "3313-B" in visible.first.inner_text()


@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("name", ["large", "hostile"])
def test_every_text_has_the_contrast_of_wcag_aa(open_page, files, name, media):
    page = open_page(files[name, "id"])
    page.emulate_media(media=media)
    found = page.evaluate(CONTRAST)

    assert found["measured"] > 10
    assert found["poor"] == []


def test_tables_have_captions_and_heads_and_headings_leave_no_step_out(open_page, files):
    page = open_page(files["large", "id"])
    assert page.evaluate("document.documentElement.lang") == "id"
    bare = "Array.from(document.querySelectorAll('table')).filter((t) => !t.caption ||"
    assert page.evaluate(f"{bare} !t.caption.textContent.trim()).length") == 0
    assert page.locator("th:not([scope=col])").count() == 0
    levels = page.evaluate(
        "Array.from(document.querySelectorAll('h1,h2,h3'), (h) => Number(h.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.locator("svg:not([aria-label])").count() == 0
    for anchor in page.locator("nav a").all():
        assert page.locator(anchor.get_attribute("href")).count() == 1


def test_the_printed_page_shows_what_matters_in_black_on_white(open_page, files):
    page = open_page(files["large", "en"])
    page.emulate_media(media="print")

    assert page.locator("#captures tbody tr:visible").count() == 100
    assert not page.locator("nav").is_visible()
    assert not page.locator("#search").is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.querySelector('#captures thead')).display") == (
        "table-header-group"
    )
    pages = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    assert 8 <= pages <= 30


def test_the_page_fits_a_small_laptop_and_a_telephone(open_page, files):
    page = open_page(files["large", "id"])
    for width in (1366, 1024, 390):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.long
def test_it_loads_within_two_seconds_and_sorts_2000_rows_within_one(open_page, files):
    """In the browser's own working time, which other programs on the machine do not lengthen."""
    page = open_page(files["large", "en"])
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked():
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")

    page.reload()
    loaded = worked()
    sorts = []
    for column in range(8):
        before = worked()
        page.evaluate(
            "(n) => { document.querySelectorAll('#captures thead button')[n].click();"
            " return document.body.offsetHeight; }",
            column,
        )
        sorts.append(worked() - before)
    assert 0 < loaded < 2.0
    assert 0 < max(sorts) < 1.0
