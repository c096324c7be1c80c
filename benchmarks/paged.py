"""Probe in the browser, and input events, for `benchmarks/page.py`.

An action is timed from its event, by the time at which the browser received it, to the end of the
frame that shows its effect, all by the browser's own clock.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from playwright.sync_api import Page

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
  const p = (window.probe = {
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


class Bench:
    """The page, and what its actions took."""

    def __init__(self, page: Page, repeats: int) -> None:
        self.page, self.repeats = page, repeats

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
        """Print what an action took."""
        first, final = np.array(taken).T
        print(
            f"{name:44} {np.median(first):7.0f} {first.max():6.0f} {np.median(final):9.0f}"
            f" {final.max():6.0f}",
            flush=True,
        )
