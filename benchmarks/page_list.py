"""Actions of the list and the search, for `benchmarks/page.py`."""

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


# rows stay where they are until the button that comes with the new list is pressed
_ANSWERED = "window.answers !== answered"
_COUNT = """probe.module('recommendations.js').then(({ forYou }) => {
  window.answers ??= (forYou.addEventListener('answer', () => (window.answers += 1)), 0);
  window.answered = window.answers;
})"""


def _rate(bench: Bench, kind: str) -> None:
    """Like or dislike tracks of the list, and take each back."""
    bench.go("listen")
    taken = []
    for n in range(bench.repeats):
        row = f"probe.all('#for-you track-row')[{n % 4}]"
        bench.page.evaluate(f"window.pressed = {row}.querySelector('.act-{kind}')")
        bench.page.evaluate(_COUNT)
        button = bench.page.locator("#for-you track-row").nth(n % 4).locator(f".act-{kind}")
        pressed = "pressed.ariaPressed === 'true'"
        taken.append(bench.once(button.click, "click", pressed, f"{pressed} && {_ANSWERED}"))
        button.click()
        bench.page.wait_for_timeout(2 * REST)
    bench.show(f"{kind}: button; new list", taken)


def like(bench: Bench) -> None:
    """Like a track of the list, and take it back."""
    _rate(bench, "like")


def dislike(bench: Bench) -> None:
    """Dislike a track of the list, and take it back."""
    _rate(bench, "dislike")


def skip(bench: Bench) -> None:
    """Go on from a track that is played from the list."""
    bench.go("listen")
    taken = []
    for _ in range(bench.repeats):
        bench.page.evaluate("probe.q('#for-you track-list').play(0)")
        bench.page.wait_for_timeout(REST)
        bench.page.evaluate(_COUNT)
        button = bench.page.locator("now-playing .act-skip")
        taken.append(bench.once(button.click, "click", "", _ANSWERED))
    bench.page.evaluate("probe.module('player.js').then(({ player }) => player.stop())")
    bench.show("skip: new list", taken)


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
