"""Probe in the browser, and input events, for `benchmarks/page.py`.

An action is timed from its event, by the time at which the browser received it, to the end of the
frame that shows its effect, all by the browser's own clock.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

REST = 700  # milliseconds between two actions

PROBE = """(() => {
  const ends = new MessageChannel();
  let ended = [];
  ends.port1.onmessage = () => ended.splice(0).forEach((tell) => tell(performance.now()));
  // what is so at a frame, and when that frame was drawn: a task of its own comes after it
  const atFrame = (look) => new Promise((done, failed) => requestAnimationFrame(() => {
    try {
      const value = look();
      ended.push((now) => done({ value, now }));
      ends.port2.postMessage(0);
    } catch (error) {
      failed(error);
    }
  }));
  const app = document.querySelector("script[type=module]").src;
  const p = (window.probe = {
    // a module of the page; not where the modules are bundled
    module: (name) => import(new URL(name, app)),
    q: (selector) => document.querySelector(selector),
    // pictures of rows that leave a list are none of it any more
    all: (selector) => [...document.querySelectorAll(selector)].filter(
      (one) => !one.closest(".is-leaving")),
    // whether an element was filled again since the action began
    refilled: (selector) =>
      p.q(selector)?.firstChild && p.q(selector).firstChild !== p.was[selector],
    wait(kind, noted, first, final) {
      p.was = Object.fromEntries(noted.map((one) => [one, p.q(one)?.firstChild]));
      p.taken = new Promise((done, failed) => addEventListener(kind, async (event) => {
        const start = event.timeStamp;
        let soonest = null;
        try {
          for (;;) {
            const shows = await atFrame(() => [first(), final()]);
            if (shows.value[0] || shows.value[1]) soonest ??= shows.now;
            if (shows.value[1]) return done([soonest - start, shows.now - start]);
            if (shows.now - start > 20000) throw new Error("It did not show.");
          }
        } catch (error) {
          failed(error);
        }
      }, { capture: true, once: true }));
    },
    async frames(n) {
      const took = [];
      let before = (await atFrame(() => 0)).now;
      for (let at = 0; at < n; at++) {
        const { now } = await atFrame(() => 0);
        took.push(now - before);
        before = now;
      }
      return took;
    },
  });
})()"""


@contextmanager
def browsing(port: int, listener: str, program: str) -> Iterator[Page]:
    """Open the page of a server in a browser as a listener."""
    with sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
        page.goto(f"http://127.0.0.1:{port}/")
        page.get_by_label("Name").fill(listener)
        page.get_by_role("button", name="Continue").click()
        page.locator("track-row").first.wait_for()
        page.evaluate(PROBE)
        yield page
        browser.close()


class Bench:
    """The page, and what its actions took: ``(first, all)`` in milliseconds by action."""

    def __init__(self, page: Page, repeats: int) -> None:
        self.page, self.repeats = page, repeats
        self.taken: dict[str, list[tuple[float, float]]] = {}

    def until(self, expression: str) -> None:
        """Wait until something is true in the page; text is not evaluated inside it."""
        for _ in range(1_000):
            if self.page.evaluate(f"Boolean({expression})"):
                return
            self.page.wait_for_timeout(20)
        raise SystemExit(f"{expression} did not come true.")

    def go(self, name: str) -> None:
        """Show a page of the page, and let it rest."""
        self.page.evaluate(f"location.hash = '#/{name}'")
        self.page.wait_for_timeout(2 * REST)

    def once(
        self, act: Callable[[], Any], kind: str, first: str, final: str, noted: str = "[]"
    ) -> tuple[float, float]:
        """Do something, and return when it showed first, and all of it."""
        self.page.evaluate(f"probe.wait({kind!r}, {noted}, () => {first or final}, () => {final})")
        act()
        taken = self.page.evaluate("probe.taken")
        self.page.wait_for_timeout(REST)
        return taken[0], taken[1]

    def show(self, name: str, taken: list[tuple[float, float]]) -> None:
        """Print and keep what an action took."""
        self.taken[name] = taken
        numbers = (np.percentile(one, [50, 95, 100]) for one in np.array(taken).T)
        shown = "  ".join(" ".join(f"{one:6.0f}" for one in three) for three in numbers)
        print(f"{name:44} {shown}", flush=True)
