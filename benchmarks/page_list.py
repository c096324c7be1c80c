"""Actions of the list and the search, for `benchmarks/page.py`."""

from typing import Any

from paged import REST, Bench

WORDS = ("piece", "artist", "album", "sad", "piano", "rock", "happy", "slow", "track 12", "fast")


def search(bench: Bench) -> None:
    """Type words; the last letter is timed."""
    bench.go("listen")
    taken = []
    for n in range(bench.repeats):
        word = WORDS[n % len(WORDS)]
        field = bench.page.locator("#search")
        field.fill("")
        bench.page.wait_for_timeout(REST)
        field.press_sequentially(word[:-1], delay=140)
        bench.page.wait_for_timeout(300)
        final = f"probe.q('#found-title')?.textContent.includes({'“' + word + '”'!r})"
        taken.append(bench.once(lambda: field.press(word[-1]), "keydown", "", final))  # noqa: B023
    bench.page.locator("#search").fill("")
    bench.show("search, from the last letter", taken)


def _row(bench: Bench, place: int) -> tuple[Any, str]:
    """Return a row of the list, and the id of its track."""
    at = f"probe.all('#for-you track-row')[{place}]"
    return bench.page.locator("#for-you track-row").nth(place), bench.page.evaluate(
        f"{at}.track.track_id"
    )


_HAS = "probe.all('#for-you track-row').some((row) => row.track.track_id === {!r})"
_WHOLE = "probe.all('#for-you track-row').length === 20"


def like(bench: Bench) -> None:
    """Like a track of the list, and take it back."""
    bench.go("listen")
    taken = []
    for n in range(bench.repeats):
        row, _ = _row(bench, n % 4)
        at = f"probe.all('#for-you track-row')[{n % 4}]"
        bench.page.evaluate(f"window.liked = {at}.querySelector('.act-like')")
        taken.append(
            bench.once(
                row.locator(".act-like").click,
                "click",
                "liked.ariaPressed === 'true'",
                "probe.refilled('list-changes')",
                "['list-changes']",
            )
        )
        bench.page.get_by_role("button", name="Undo").first.click()
        bench.page.wait_for_timeout(2 * REST)
    bench.show("like: heart; list re-formed", taken)


def dislike(bench: Bench) -> None:
    """Dislike a track of the list."""
    bench.go("listen")
    taken = []
    for n in range(bench.repeats):
        row, track = _row(bench, n % 4)
        gone = f"!{_HAS.format(track)}"
        final = f"{gone} && {_WHOLE}"
        taken.append(bench.once(row.locator(".act-dislike").click, "click", gone, final))
    bench.show("dislike: row gone; list re-formed", taken)


def skip(bench: Bench) -> None:
    """Go on from a track that is played from the list."""
    bench.go("listen")
    taken = []
    for _ in range(bench.repeats):
        bench.page.evaluate(
            "probe.q('#for-you track-list, track-list').play(probe.q('#for-you track-row').track)"
        )
        bench.page.wait_for_timeout(300)
        _, track = _row(bench, 0)
        gone = f"!{_HAS.format(track)}"
        button = bench.page.locator("now-playing .act-skip")
        taken.append(bench.once(button.click, "click", gone, f"{gone} && {_WHOLE}"))
    bench.page.evaluate("import('./js/player.js').then(({ player }) => player.stop())")
    bench.show("skip: row gone; list re-formed", taken)


def why(bench: Bench) -> None:
    """Open why a track is there."""
    bench.go("listen")
    taken = []
    for n in range(bench.repeats):
        row = bench.page.locator("#for-you track-row").nth(n % 6)
        final = f"probe.all('#for-you track-row')[{n % 6}].querySelector('.row-details *')"
        taken.append(bench.once(row.locator(".row-main").click, "click", "", final))
        row.locator(".row-main").click()
        bench.page.wait_for_timeout(200)
    bench.show("why, opened", taken)
