"""Player: queue, state over a reload, undo, full-screen player, lyrics, loss of the connection."""

import pytest

pytestmark = pytest.mark.slow

TITLE = "now-playing .names > span:first-child"
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}
SECONDS = (
    "(() => { const bar = document.querySelector('now-playing .seek input');"
    " return Number(bar.value) * 5 / 1000 })()"
)


def play_first(page) -> str:
    page.locator("track-row .cover").first.click()
    page.locator("track-row.is-playing").wait_for()
    return page.locator(TITLE).inner_text()


def queued(page) -> list[str]:
    return page.locator("#panel .queue-list .names span:first-child").all_inner_texts()


def open_queue(page) -> list[str]:
    page.get_by_role("button", name="Up next", exact=True).click()
    page.locator("#panel .queue-list li").first.wait_for()
    return queued(page)


def test_reload_keeps_queue_position_and_settings(server, visit, until):
    page = visit(server)
    title = play_first(page)
    upcoming = open_queue(page)
    page.get_by_role("button", name="Repeat: off").click()
    volume = page.get_by_role("slider", name="Volume")
    volume.fill("40")
    until(page, f"{SECONDS} > 1.2")
    page.keyboard.press("Space")
    before = page.evaluate(SECONDS)
    page.reload()
    page.locator("track-row").first.wait_for()
    assert page.locator(TITLE).inner_text() == title
    assert abs(page.evaluate(SECONDS) - before) < 0.2
    assert volume.input_value() == "40"
    assert page.get_by_role("button", name="Repeat: all").is_visible()
    page.keyboard.press("Space")
    until(page, f"before => {SECONDS} > before + 0.1", before)
    assert open_queue(page) == upcoming


def test_undo_of_skip_resumes_and_removes_it(server, visit, until):
    page = visit(server)
    title = play_first(page)
    until(page, f"{SECONDS} > 1")
    page.locator("now-playing .seek input").focus()  # letters are shortcuts there, too
    with page.expect_response("**/api/v1/feedback"):
        page.keyboard.press("n")
    until(page, f"title => document.querySelector('{TITLE}').textContent !== title", title)
    with page.expect_response("**/api/v1/feedback") as undone:
        page.locator(".notification").get_by_role("button", name="Undo").click()
    assert undone.value.request.post_data_json["events"][0]["kind"] == "undo"
    until(page, f"title => document.querySelector('{TITLE}').textContent === title", title)
    until(page, f"{SECONDS} > 1")
    latest = page.request.get(f"{server.url}api/v1/me/history?limit=1").json()["items"][0]
    assert latest["track"]["title"] != title


def test_queue_is_moved_cleared_and_restored(server, visit, until):
    page = visit(server)
    play_first(page)
    before = open_queue(page)
    grips = page.locator("#panel .queue-grip")
    grips.first.focus()
    page.keyboard.press("ArrowDown")
    assert queued(page)[:2] == [before[1], before[0]]
    start, end = grips.nth(3).bounding_box(), grips.nth(1).bounding_box()
    page.mouse.move(start["x"] + 5, start["y"] + 15)
    page.mouse.down()
    page.mouse.move(start["x"] + 5, start["y"] - 10)
    page.mouse.move(end["x"] + 5, end["y"] + 12)
    page.mouse.up()
    assert queued(page)[:4] == [before[1], before[3], before[0], before[2]]
    moved = queued(page)
    page.get_by_role("button", name="Clear queue").first.click()
    page.get_by_text("The queue is empty").first.wait_for()
    page.locator(".notification", has_text="removed").get_by_role("button", name="Undo").click()
    until(page, "document.querySelectorAll('#panel .queue-list li').length > 3")
    assert queued(page) == moved
    page.get_by_role("button", name="Save queue as playlist").first.click()
    page.get_by_label("Name").fill("Tonight")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".notification", has_text="Tonight").wait_for()
    saved = page.request.get(f"{server.url}api/v1/playlists").json()["items"]
    assert [(one["name"], one["n_tracks"]) for one in saved] == [("Tonight", len(moved) + 1)]


def test_next_track_starts_at_the_end(server, visit, until):
    page = visit(server)
    title = play_first(page)
    upcoming = open_queue(page)
    page.locator("now-playing .seek input").evaluate(
        "bar => { bar.value = 800; bar.dispatchEvent(new Event('change')) }"
    )
    shown = f"title => document.querySelector('{TITLE}').textContent === title"
    until(page, shown, upcoming[0])
    until(page, f"{SECONDS} > 0.2")
    page.locator("track-row.is-playing").wait_for()
    page.get_by_role("button", name="Previous track").click()
    until(page, shown, title)


def test_full_screen_player_on_a_phone(server, visit, until):
    page = visit(server, **PHONE)
    title = play_first(page)
    page.get_by_role("button", name="Open player").tap()
    full = page.get_by_role("dialog", name="Player")
    assert full.get_by_role("heading").inner_text() == title
    for name in ("Like", "Dislike", "Pause", "Next track", "Up next", "Close player"):
        box = full.get_by_role("button", name=name, exact=name != "Pause").bounding_box()
        assert min(box["width"], box["height"]) >= 43.5, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= 390, name
        assert box["y"] + box["height"] <= 780, name
    full.get_by_role("button", name="Like", exact=True).tap()
    full.locator(".act-like[aria-pressed=true]").wait_for()
    full.get_by_role("button", name="Up next", exact=True).tap()
    full.locator(".queue-list li").first.wait_for()
    page.go_back()
    full.wait_for(state="hidden")
    page.get_by_role("button", name="Open player").tap()
    page.reload()
    full.wait_for()
    full.get_by_role("button", name="Close player").tap()
    full.wait_for(state="hidden")
    assert "#/listen" in page.url or page.url == server.url


def test_lyrics_with_times_seek(server, visit, until):
    page = visit(server)
    lines = [{"start": float(n), "text": f"Line {n}"} for n in range(5)]
    page.route(
        "**/lyrics", lambda one: one.fulfill(json={"track": "t", "synced": True, "lines": lines})
    )
    play_first(page)
    page.keyboard.press("f")
    page.get_by_role("button", name="Lyrics").click()
    page.get_by_role("button", name="Line 3").click()
    page.locator(".lyrics-line[aria-current]", has_text="Line 3").wait_for()
    until(page, f"{SECONDS} > 2.9")


def test_player_waits_for_the_connection(server_process, visit, until):
    page = visit(server_process)
    play_first(page)
    page.keyboard.press("Space")
    server_process.stop()
    page.get_by_role("button", name="Next track").click()
    page.locator("#offline", has_text="The music continues when").wait_for()
    page.locator("now-playing", has_text="Waiting for the connection").wait_for()
    title = page.locator(TITLE).inner_text()
    server_process.start()
    page.locator("#offline").wait_for(state="detached")
    until(page, f"{SECONDS} > 0.2")
    assert page.locator(TITLE).inner_text() == title


def test_crossfade_overlaps_tracks_and_crosses_volumes(server, visit, until):
    page = visit(server)
    page.add_init_script(
        "const Real = Audio; window.channels = []; window.samples = [];"
        "window.Audio = class extends Real { constructor() { super(); channels.push(this); } };"
        "setInterval(() => samples.push(channels.map("
        "(one) => [!one.paused && !one.ended, one.volume, one.currentTime])), 50);"
    )
    page.reload()
    albums = "[...document.querySelectorAll('#for-you .row-artist')]"
    page.locator("#for-you track-row").nth(1).wait_for()
    place = page.evaluate(  # tracks of one album follow without a fade
        f"() => {{ const albums = {albums}.map(e => e.textContent.split(' · ')[1]);"
        " return albums.findIndex((one, at) => at + 1 < albums.length && one !== albums[at + 1]) }"
    )
    page.locator("#crossfade").evaluate(
        "bar => { bar.value = 2; bar.dispatchEvent(new Event('input')) }"
    )
    page.get_by_label("Volume leveling").select_option("off", force=True)
    page.locator("#for-you track-row .cover").nth(place).click()
    two = "(one) => one.filter(([plays]) => plays)"
    both = f"samples.map({two}).filter((one) => one.length === 2)"
    until(page, f"{both}.length > 5 && ({two})(samples.at(-1)).length < 2")
    found = page.evaluate(both)
    starts = min(range(2), key=lambda one: found[0][one][2])  # the one that began last
    incoming = [sample[starts][1] for sample in found]
    outgoing = [sample[1 - starts][1] for sample in found]
    assert incoming == sorted(incoming)
    assert outgoing == sorted(outgoing, reverse=True)
    assert incoming[0] < outgoing[0]
    assert incoming[-1] > outgoing[-1]
    assert found[-1][starts][2] - found[0][starts][2] > 1


def test_volume_controls_are_hidden_where_pages_cannot_set_it(shared, visit):
    page = visit(shared)
    page.add_init_script(  # as iOS does
        "Object.defineProperty(HTMLMediaElement.prototype, 'volume', { get: () => 1, set() {} })"
    )
    page.reload()
    page.locator("track-row").first.wait_for()
    assert page.get_by_role("slider", name="Volume").count() == 0
    assert page.get_by_role("button", name="Player settings").count() == 0
    assert page.get_by_role("button", name="Mute").is_visible()
