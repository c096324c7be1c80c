"""Scores of the page by independent tools: axe, Lighthouse, and the browser's own figures."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

MODULES = Path(__file__).parents[3] / "node_modules"
PAGES = ("listen", "library", "playlists", "map", "steer", "quality", "manage", "liked", "history")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOKS = {
    "phone, dark": {**PHONE, "color_scheme": "dark"},
    "phone, light": {**PHONE, "color_scheme": "light"},
    "tablet, light": {"viewport": {"width": 900, "height": 1100}, "color_scheme": "light"},
    "desktop, dark": {"color_scheme": "dark"},
}
MAX_REQUESTS = 80  # with modules of their own; a bundle needs some 20
MAX_BYTES = 200_000  # before the other pages load, with the answers of the API
MAX_SHIFT = 0.02
TABLE = re.compile(r"/(?:locales|bundle)/(de|en|es)[-.]")
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 1500);
})"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    source = MODULES / "axe-core" / "axe.min.js"
    if not source.exists():
        pytest.skip("no axe-core: run npm ci")
    return source.read_text("utf-8")


def violations(page) -> list[str]:
    """Return what axe finds, one line for each element."""
    found = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_pages_have_no_axe_violations(shared, visit, axe, look):
    page = visit(shared, **LOOKS[look])
    found = {}
    for name in PAGES:
        page.goto(f"{shared.url}#/{name}")
        page.locator(f"main.page-{name} h1").wait_for()
        page.wait_for_timeout(700)
        page.evaluate(axe)
        if faults := violations(page):
            found[name] = faults
    assert found == {}, json.dumps(found, indent=1)


def test_opened_row_menu_and_player_have_no_axe_violations(shared, visit, axe):
    page = visit(shared, **PHONE)
    page.locator("track-row .cover").first.click()
    page.locator("track-row.is-playing").wait_for()
    page.keyboard.press("j")
    page.keyboard.press("w")
    page.get_by_role("heading", name="Score breakdown").first.wait_for()
    page.wait_for_timeout(500)
    page.evaluate(axe)
    assert violations(page) == []


def test_first_load_is_small_and_stable(shared, visit):
    page = visit(shared, **PHONE)
    page.reload()
    page.locator("track-row").first.wait_for()
    entries = page.evaluate(
        "performance.getEntriesByType('resource').map((one) => [one.name, one.encodedBodySize])"
    )
    own = [(name, size) for name, size in entries if "/covers/" not in name]
    assert len(own) < MAX_REQUESTS
    assert sum(size for _, size in own) < MAX_BYTES
    assert page.evaluate(SHIFTS) < MAX_SHIFT


def test_pages_shift_nothing_while_they_load(shared, visit):
    page = visit(shared, **PHONE)
    shifts = {}
    for name in PAGES:
        page.goto("about:blank")
        page.goto(f"{shared.url}#/{name}")
        page.locator(f"main.page-{name} h1").wait_for()
        shifts[name] = page.evaluate(SHIFTS)
    assert max(shifts.values()) < MAX_SHIFT, shifts


def test_first_visit_shifts_nothing(shared, visit):
    page = visit(shared, None, **PHONE)
    page.get_by_role("button", name="anna").wait_for()
    assert page.evaluate(SHIFTS) < MAX_SHIFT


def test_only_the_language_of_the_browser_is_loaded(shared, visit):
    page = visit(shared, None, locale="de-DE")
    page.locator("nav").get_by_text("Bibliothek").wait_for()
    names = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    tables = [found[1] for name in names if (found := TABLE.search(name))]
    assert set(tables) == {"de"}


def test_second_load_requests_no_file_again(shared, visit):
    page = visit(shared)
    page.wait_for_timeout(500)
    sent = []
    page.on("response", lambda answer: sent.append((answer.url, answer.status)))
    page.reload()
    page.locator("track-row").first.wait_for()
    assert [url for url, status in sent if status == 304] == []


def test_lighthouse_scores_of_accessibility_and_practices(shared, tmp_path):
    program = MODULES / ".bin" / "lighthouse"
    chrome = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program.exists() or chrome is None:
        pytest.skip("no Lighthouse or no Chromium: run npm ci, apt-get install chromium")
    report = tmp_path / "report.json"
    subprocess.run(
        [
            program,
            shared.url,
            "--quiet",
            "--only-categories=accessibility,best-practices",
            "--output=json",
            f"--output-path={report}",
            "--chrome-flags=--headless=new --no-sandbox",
        ],
        check=True,
        timeout=150,
        env={**os.environ, "CHROME_PATH": chrome},
    )
    found = json.loads(report.read_text("utf-8"))
    scores = {name: one["score"] for name, one in found["categories"].items()}
    assert min(scores.values()) >= 0.95, scores
