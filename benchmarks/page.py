"""Measure how fast the page shows the effect of each action, in a real browser, for one listener.

    python benchmarks/page.py LIBRARY [--repeats 20] [--only like ...] [--program /usr/bin/chromium]

LIBRARY is a library of `benchmarks/simulated.py` or any other with listeners. Use a copy, because
likes are written to it. The server is `segue serve`. Without a graphics card the browser draws with
the processors and takes its share of them.

Times run from the input event, as the browser received it, to the end of the frame that shows the
effect, by the browser's own clock: **first** is the first visible effect (a filled heart, a removed
row), **all** the whole effect, such as the new list. Both in milliseconds: median, 95th percentile
and worst. The page is idle between two actions. The map must exist: `segue train map`.
``--only scores`` prints Lighthouse scores of all pages instead (`npm ci`).
"""

import argparse
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from page_list import dislike, like, search, skip, why
from page_scores import print_scores
from paged import PROBE, REST, Bench, browsing
from served import Server, listeners_of


def opening(bench: Bench) -> None:
    """Load the page again, as when it is opened."""
    taken = []
    for _ in range(min(bench.repeats, 5)):
        bench.page.reload()
        bench.until("document.querySelector('track-row')")
        painted = bench.page.evaluate(
            "performance.getEntriesByType('paint').at(-1)?.startTime ?? performance.now()"
        )
        taken.append((painted, bench.page.evaluate("performance.now()")))
        bench.page.wait_for_timeout(REST)
        bench.page.evaluate(PROBE)
    bench.show("opening the page (its list)", taken)


def _sliders(bench: Bench, label: str, name: str) -> None:
    bench.go("steer")
    bench.until("document.querySelector('.steer-list track-row')")
    sliders = bench.page.locator(f"section[aria-labelledby='{label}'] input[type=range]")
    taken = []
    for n in range(bench.repeats):
        slider = sliders.nth(n // 4 % sliders.count())
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        left, top = box["x"], box["y"] + box["height"] / 2
        mouse = bench.page.mouse
        share = slider.evaluate("(it) => (it.value - it.min) / (it.max - it.min)")
        mouse.move(left + 8 + share * (box["width"] - 16), top)
        mouse.down()
        bench.page.wait_for_timeout(300)
        to = left + 8 + (0.15 + 0.7 * ((n * 0.37) % 1)) * (box["width"] - 16)
        drag = lambda mouse=mouse, to=to, top=top: mouse.move(to, top)  # noqa: E731
        bench.page.evaluate("window.output = probe.all('output').map((one) => one.textContent)")
        moved = "probe.all('output').some((one, at) => one.textContent !== output[at])"
        taken.append(
            bench.once(drag, "input", moved, "probe.refilled('list-changes')", "['list-changes']")
        )
        mouse.up()
        bench.page.wait_for_timeout(REST)
    bench.show(name, taken)


def slider(bench: Bench) -> None:
    """Move the slider of a signal."""
    _sliders(bench, "weights-title", "slider: number; what would enter and leave")


def dial(bench: Bench) -> None:
    """Move a dial."""
    _sliders(bench, "dials-title", "dial: number; what would enter and leave")


def reset(bench: Bench) -> None:
    """Go back to the learned weights."""
    bench.go("steer")
    taken = []
    for _ in range(bench.repeats):
        bench.page.locator("section[aria-labelledby='weights-title'] input").first.press("End")
        bench.page.wait_for_timeout(2 * REST)
        button = bench.page.get_by_role("button", name="Reset")
        first = "probe.all('button').some((b) => b.textContent.startsWith('Reset') && b.disabled)"
        taken.append(
            bench.once(
                button.click, "click", first, "probe.refilled('list-changes')", "['list-changes']"
            )
        )
    bench.show("reset: sliders; list", taken)


def exclusion(bench: Bench) -> None:
    """Leave an artist of the list out."""
    bench.go("steer")
    taken = []
    for _ in range(bench.repeats):
        artist = bench.page.evaluate("probe.q('.steer-list track-row').track.artist")
        field = bench.page.get_by_label("Name to exclude")
        field.fill(artist)
        n = bench.page.locator("exclusion-chips .chip").count()
        first = f"probe.all('exclusion-chips .chip').length !== {n}"
        taken.append(
            bench.once(
                lambda: field.press("Enter"),  # noqa: B023
                "keydown",
                first,
                "probe.refilled('list-changes')",
                "['list-changes']",
            )
        )
    bench.page.get_by_role("button", name="Reset").click()
    bench.show("exclusion: chip; list", taken)


VIEWS = {
    "Listen": "probe.q('#for-you track-row')",
    "Steer": "probe.q('.steer-list track-row') && probe.q('weight-slider')",
    "Map": "probe.q('.map-legend button')",
    "Playlists": "probe.q('.saved li')",
    "Quality": "probe.q('.models').childElementCount && probe.q('.metric-cards').childElementCount",
    "Library": "probe.q('main .card, main track-row')",
}


def views(bench: Bench, names: Sequence[str] = tuple(VIEWS)) -> None:
    """Go from one page to another."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(max(1, bench.repeats // 2)):
        for name in names:
            final = VIEWS[name]
            link = bench.page.locator("nav a", has_text=name)
            first = f"probe.q('main h1')?.textContent === {name!r}"
            if name == "Listen":
                first = "location.hash === '#/listen' && probe.q('#for-you h1')"
            taken[name].append(bench.once(link.click, "click", first, f"({first}) && ({final})"))
    for name, each in taken.items():
        bench.show(f"view {name}: heading; all of it", each)


def playlists(bench: Bench) -> None:
    """Make playlists of seeds, and paths."""
    read = "probe.module('recommendations.js').then(({ forYou }) => forYou.tracks)"
    tracks = bench.page.evaluate(read)
    if not tracks:
        bench.go("listen")
        tracks = bench.page.evaluate(read)
    bench.go("playlists")
    for tab, name in (("From tracks", "playlist from tracks"), ("Path", "playlist along a path")):
        bench.page.get_by_role("tab", name=tab).click()
        taken = []
        for n in range(bench.repeats):
            bench.page.evaluate(
                "([one, other]) => probe.all('.playlist-form-body track-picker')"
                ".forEach((picker, at) => (picker.tracks = [at ? other : one]))",
                [tracks[n % len(tracks)], tracks[(n * 7 + 3) % len(tracks)]],
            )
            taken.append(
                bench.once(
                    bench.page.get_by_role("button", name="Create", exact=True).click,
                    "click",
                    "probe.q('.playlist-form button.primary').disabled",
                    "probe.refilled('.playlist-view') && probe.q('.playlist-view track-row')",
                    "['.playlist-view']",
                )
            )
        bench.show(f"{name}: button; tracks", taken)


def map_frames(bench: Bench) -> None:
    """Zoom and move the map: how long a frame takes, and from a turn of the wheel to its frame."""
    bench.go("map")
    bench.until("document.querySelector('.map-legend button')")
    box = bench.page.locator(".map-above").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    bench.page.mouse.move(*middle)
    taken = [
        bench.once(
            lambda n=n: bench.page.mouse.wheel(0, -240 if n % 8 < 4 else 240),  # type: ignore[misc]
            "wheel",
            "",
            "true",
        )
        for n in range(bench.repeats)
    ]
    bench.show("map: wheel to frame", taken)
    for name, down in (("moved", True), ("zoomed", False)):
        bench.page.evaluate("void (probe.took = probe.frames(60))")
        if down:
            bench.page.mouse.down()
        for step in range(60):
            if down:
                bench.page.mouse.move(middle[0] + 3 * step, middle[1] + 2 * step)
            else:
                bench.page.mouse.wheel(0, -30)
            bench.page.wait_for_timeout(8)
        if down:
            bench.page.mouse.up()
        took = bench.page.evaluate("probe.took")
        bench.show(f"map: a frame while it is {name}", [(one, one) for one in took])


def scores(bench: Bench) -> None:
    """Print Lighthouse scores of all pages."""
    (cookie,) = bench.page.context.cookies()
    print_scores(bench.page.url.partition("#")[0], f"{cookie['name']}={cookie['value']}")


ACTIONS: dict[str, Callable[[Bench], None]] = {
    one.__name__: one
    for one in (
        opening,
        search,
        like,
        dislike,
        skip,
        why,
        slider,
        dial,
        reset,
        exclusion,
        views,
        playlists,
        map_frames,
        scores,
    )
}


def main() -> None:
    """Time what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=[*ACTIONS], default=[*ACTIONS][:-1])
    parser.add_argument("--program", default=shutil.which("chromium"))
    asked = parser.parse_args()
    listener = listeners_of(asked.library, 1)[0]
    server = Server(asked.library, 1)
    print(f"load before: {os.getloadavg()[0]:.2f}", flush=True)
    server.start()
    try:
        with browsing(server.port, listener, asked.program) as page:
            bench = Bench(page, asked.repeats)
            columns = "   median p95 worst" * 2
            print(f"{'milliseconds: first effect; all of it':44}{columns}")
            for name in asked.only:
                ACTIONS[name](bench)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
