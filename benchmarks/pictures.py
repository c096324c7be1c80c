"""Take the pictures of README.md from the library of `make demo`.

    python benchmarks/pictures.py demo.segue [--program /usr/bin/chromium]

Writes docs/images/. Use a copy of the library, because a like is written to it.
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from served import Server, listeners_of

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
PAGE = {"width": 1360, "height": 850}
REPORT_WIDTH = 1060
SETTLED = 1_500  # milliseconds after which nothing moves


def picture_page(browser: Browser, server: Server, listener: str) -> None:
    """Take the list of a listener after a like, with an explanation and the queue open."""
    page = browser.new_page(viewport=PAGE)
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_label("Name").fill(listener)
    page.get_by_role("button", name="Continue").click()
    page.locator("track-row").first.wait_for()
    page.locator("track-row .act-like").nth(1).click()
    page.locator("list-changes", has_text="Liked").wait_for()
    page.wait_for_timeout(SETTLED)
    for key in (*5 * ["k"], "Shift+Tab", "Enter", *5 * ["k"], "j", "w"):
        page.keyboard.press(key)
        page.wait_for_timeout(100)
    page.get_by_role("heading", name="Score breakdown").wait_for()
    page.get_by_role("button", name="Up next").first.click()
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=IMAGES / "page-listen.png")
    page.close()


def picture_report(browser: Browser, library: Path) -> None:
    """Take two parts of the latest report."""
    report = sorted(library.glob("reports/[!.]*/report.html"))[-1]
    page = browser.new_page(viewport={"width": REPORT_WIDTH, "height": 880})
    page.goto(report.resolve().as_uri())
    page.screenshot(path=IMAGES / "report-verdict.png")
    page.set_viewport_size({"width": REPORT_WIDTH, "height": 740})
    page.locator("#lists-1").evaluate("one => one.scrollIntoView()")
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=IMAGES / "report-recommendations.png")


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--program", default=shutil.which("chromium"))
    asked = parser.parse_args()
    server = Server(asked.library, workers=1)
    listener = listeners_of(asked.library, 1)[0]
    server.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=asked.program)
            picture_page(browser, server, listener)
            picture_report(browser, asked.library)
            browser.close()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
