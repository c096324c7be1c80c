"""Take the pictures of README.md from the library of `make demo`.

    python benchmarks/pictures.py demo.segue [--program /usr/bin/chromium]

Writes docs/images/. Use a copy of the library, because a like is written to it.
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from served import Server, listeners_of

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
PAGE = {"width": 1360, "height": 850}
PHONE = {"width": 390, "height": 844}
REPORT_WIDTH = 1060
SETTLED = 1_500  # milliseconds after which nothing moves


def open_page(page: Page, server: Server, listener: str) -> None:
    """Open the page as a listener."""
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_label("Name").fill(listener)
    page.get_by_role("button", name="Continue").click()
    page.locator("track-row").first.wait_for()


def picture_page(browser: Browser, server: Server, listener: str) -> None:
    """Take the list of a listener after a like, with the queue open."""
    page = browser.new_page(viewport=PAGE)
    open_page(page, server, listener)
    page.locator("track-row .act-like").nth(1).click()
    page.locator("track-row .act-like[aria-pressed=true]").wait_for()
    page.locator("track-row .cover").first.click()
    page.locator("track-row.is-playing").wait_for()
    page.get_by_role("button", name="Up next").first.click()
    page.wait_for_timeout(6 * SETTLED)  # until the notifications are gone
    page.screenshot(path=IMAGES / "page-listen.png")
    page.close()


def picture_library(browser: Browser, server: Server, listener: str) -> None:
    """Take the albums on a computer, and the player on a phone."""
    page = browser.new_page(viewport=PAGE)
    open_page(page, server, listener)
    page.goto(f"http://127.0.0.1:{server.port}/#/library")
    page.locator(".page-library h1").wait_for()
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=IMAGES / "page-library.png")
    page.close()
    phone = browser.new_page(viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark")
    open_page(phone, server, listener)
    phone.locator("track-row .cover").first.click()
    phone.locator("track-row.is-playing").wait_for()
    phone.locator("now-playing .now-open").click()
    phone.wait_for_timeout(SETTLED)
    phone.screenshot(path=IMAGES / "page-phone.png")
    phone.close()


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
            browser = playwright.chromium.launch(
                executable_path=asked.program,
                args=["--autoplay-policy=no-user-gesture-required", "--no-sandbox"],
            )
            picture_page(browser, server, listener)
            picture_library(browser, server, listener)
            picture_report(browser, asked.library)
            browser.close()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
