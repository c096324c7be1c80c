"""Listen and Steer pages: recommendations, search, player, feedback, steering."""

import pytest

pytestmark = pytest.mark.slow


def titles(page, where: str = "#for-you") -> list[str]:
    return page.locator(f"{where} track-row:not(.is-leaving) .row-title").all_inner_texts()


ARTISTS = "[...document.querySelectorAll('#for-you track-row:not(.is-leaving) .row-artist')]"
SHOWN = "[...document.querySelectorAll('#for-you track-row:not(.is-leaving) .row-title')]"


def wait_for_change(page, until, before: list[str]) -> list[str]:
    until(page, f"before => {SHOWN}.map(e => e.textContent).join('|') !== before", "|".join(before))
    return titles(page)


def test_list_shows_score_and_influences(shared, visit):
    page = visit(shared)
    assert len(titles(page)) == 20
    first = page.locator("track-row").first
    parts = first.locator("why-bar").get_attribute("aria-label")
    first.locator(".row-why").click()
    assert "Overall similarity" in parts
    assert first.get_by_role("heading", name="Score breakdown").is_visible()
    assert first.locator(".influences li").count() >= 1


def test_search_title_prefix_finds_track(shared, visit, until):
    page = visit(shared)
    page.keyboard.press("/")
    page.keyboard.type("piece 07")
    until(page, "document.querySelector('#found .row-title')?.textContent === 'Piece 07'")
    assert not page.locator("#for-you").is_visible()
    page.keyboard.press("Escape")
    page.locator("#for-you").wait_for()


def test_search_shows_last_query_and_clears(shared, visit, until):
    page = visit(shared)
    asked = []
    page.on("request", lambda one: asked.append(one.url) if "/search" in one.url else None)
    page.locator("#search").press_sequentially("piece 0711", delay=1)
    page.locator("#search").press("Backspace")
    page.locator("#search").press("Backspace")
    until(page, "document.querySelector('#found-title')?.textContent.includes('“piece 07”')")
    page.wait_for_timeout(300)
    assert page.locator("#found-title").inner_text() == "Results for “piece 07”"
    page.locator("#search").press_sequentially("113", delay=1)
    page.keyboard.press("Escape")
    page.locator("#for-you").wait_for()
    page.wait_for_timeout(300)
    assert page.locator("#for-you").is_visible()
    assert not page.locator("#found").is_visible()
    assert "q=" not in page.url
    assert len(asked) < 15


def test_search_without_match_shows_no_results(shared, visit):
    page = visit(shared)
    page.fill("#search", "qqqxyz")
    page.get_by_text("No results").wait_for()


def test_player_plays_and_skips_to_next_track(server, visit, until):
    page = visit(server)
    listed = titles(page)
    asked = []
    page.on("request", lambda one: asked.append(one) if "/audio" in one.url else None)
    page.locator("track-row .cover").first.click()
    page.locator("track-row.is-playing").wait_for()
    assert page.locator("now-playing .names span").first.inner_text() == listed[0]
    until(page, "document.querySelector('now-playing .seek input').value > 50")
    assert asked[0].headers["range"] == "bytes=0-"
    page.get_by_role("button", name="Next track").click()
    until(
        page,
        "was => document.querySelector('now-playing .names span').textContent !== was",
        listed[0],
    )


def test_like_moves_nothing_until_the_list_is_updated(server, visit, until):
    page = visit(server)
    before = titles(page)
    places = "[...document.querySelectorAll('#for-you track-row')].map(e => e.offsetTop).join()"
    was = page.evaluate(places)
    page.locator("track-row .act-like").first.click()
    page.locator(".notification", has_text=f"Liked {before[0]}.").wait_for()
    update = page.get_by_role("button", name="Update list")
    update.wait_for()
    assert (titles(page), page.evaluate(places)) == (before, was)
    update.click()
    after = wait_for_change(page, until, before)
    assert after[0] == before[0]  # the liked row keeps its place
    assert page.locator("track-row .act-like").first.get_attribute("aria-pressed") == "true"
    assert page.locator("track-row.is-new").count() >= 1
    assert not update.is_visible()
    page.locator(".notification", has_text="new").get_by_role("button", name="Undo").click()
    until(page, f"before => {SHOWN}.map(e => e.textContent).join('|') === before", "|".join(before))


def test_like_shows_before_the_server_answers(server, visit):
    page = visit(server)
    page.route("**/api/v1/feedback", lambda route: None)  # no answer arrives
    like = page.locator("track-row .act-like").first
    like.click()
    assert like.get_attribute("aria-pressed") == "true"


def test_dislike_is_marked_in_place_and_undone(server, visit, until):
    page = visit(server)
    before = titles(page)
    page.locator("track-row .act-dislike").first.click()
    page.locator("track-row.is-rejected", has_text=before[0]).wait_for()
    page.get_by_role("button", name="Update list").click()
    until(page, f"title => !{SHOWN}.some(e => e.textContent === title)", before[0])
    page.locator(".notification", has_text="Disliked").get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Update list").click()
    until(page, f"title => {SHOWN}.some(e => e.textContent === title)", before[0])


def test_menu_works_with_keys_and_returns_the_focus(shared, visit):
    page = visit(shared)
    button = page.locator("track-row .act-menu").first
    button.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("menu")
    menu.wait_for()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    focused = "document.activeElement.textContent"
    assert page.evaluate(focused) == "Play next"
    page.keyboard.press("a")
    page.keyboard.press("a")  # the second entry that begins with this letter
    page.keyboard.press("ArrowRight")
    page.get_by_role("menuitem", name="New playlist").wait_for()
    page.keyboard.press("ArrowLeft")
    page.get_by_role("menuitem", name="Start radio").wait_for()
    page.keyboard.press("Escape")
    menu.wait_for(state="detached")
    assert page.evaluate("document.activeElement.classList.contains('act-menu')")


def test_radio_starts_at_one_click(server, visit, until):
    page = visit(server)
    genre = page.locator("button.radio", has_text="low").first
    genre.wait_for()
    with page.expect_request("**/api/v1/radio") as sent:
        genre.click()
    assert sent.value.post_data_json["like"]
    page.get_by_role("button", name="Up next", exact=True).click()
    until(page, "document.querySelectorAll('.queue-list li').length >= 5")


def test_artist_cap_is_set_on_the_listen_page(shared, visit, until):
    page = visit(shared)
    page.get_by_label("Tracks per artist").select_option("1")
    once = f"new Set({ARTISTS}.map(e => e.textContent.split(' · ')[0]))"
    until(page, f"{once}.size === {ARTISTS}.length")
    page.get_by_role("button", name="Reset").click()
    until(page, f"{once}.size < {ARTISTS}.length")


def test_slider_drag_previews_and_release_saves(shared, visit, until):
    page = visit(shared)
    page.goto(f"{shared.url}#/steer")
    page.locator("weight-slider").first.wait_for()
    page.locator(".steer-list track-row").first.wait_for()
    slider = page.get_by_label("Deep cuts or hits")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(10, -1, -1):  # towards deep cuts: tracks that ben plays leave the list
        page.mouse.move(box["x"] + 9 + step * (box["width"] - 18) / 20, box["y"] + 12)
    page.locator(".steer-list .changes-line.is-in .chip").first.wait_for()
    assert page.evaluate("localStorage.getItem('segue.steer.anna')") is None  # not saved yet
    page.mouse.up()
    until(page, "localStorage.getItem('segue.steer.anna') !== null")
    page.get_by_role("button", name="Reset").click()
    until(page, "localStorage.getItem('segue.steer.anna') === null")


def test_excluded_genre_stays_after_a_reset(shared, visit, until):
    page = visit(shared)
    page.goto(f"{shared.url}#/steer")
    page.get_by_label("Exclude by").select_option("genres")
    page.get_by_label("Name to exclude").fill("low")
    page.get_by_role("button", name="Exclude").click()
    page.get_by_label("Time of day").select_option("night")
    page.get_by_role("button", name="Reset").click()
    page.locator("exclusion-chips .chip", has_text="low").wait_for()
    assert page.get_by_label("Time of day").input_value() == ""
    page.goto(f"{shared.url}#/listen")
    until(
        page,
        "[...document.querySelectorAll('#for-you track-row:not(.is-leaving) .row-artist')]"
        ".every(e => !e.textContent.startsWith('low'))",
    )


def test_never_play_artist_holds_on_every_device(server, visit, until):
    page = visit(server)
    artist = page.locator("track-row .row-artist").first.inner_text().split(" · ")[0]
    page.locator("track-row .act-menu").first.click()
    page.get_by_role("menuitem", name="Never play this artist").click()
    page.locator(".notification", has_text=f"{artist} will not be played again.").wait_for()
    page.locator("track-row.is-rejected").first.wait_for()
    page.get_by_role("button", name="Update list").click()
    gone = f"artist => {ARTISTS}.every(e => !e.textContent.startsWith(artist))"
    until(page, gone, artist)
    phone = visit(server)
    until(phone, gone, artist)
    phone.goto(f"{server.url}#/steer")
    phone.get_by_role("button", name=f"Remove Artist {artist}").click()
    phone.get_by_text("Everything may be played.").wait_for()
    page.reload()
    until(page, f"artist => {ARTISTS}.some(e => e.textContent.startsWith(artist))", artist)


def test_rule_and_private_session_are_set_on_the_page(server, visit):
    page = visit(server)
    page.goto(f"{server.url}#/steer")
    page.get_by_label("Do not learn from: kind").select_option("hours")
    page.get_by_label("Do not learn from: name").fill("20-7")
    page.get_by_label("Do not learn from: name").press("Enter")
    page.get_by_role("group", name="Not learned from").get_by_text("20:00-07:00").wait_for()
    page.get_by_role("button", name="Begin a private session").click()
    page.get_by_role("button", name="End the private session").click()
    page.get_by_role("button", name="Begin a private session").wait_for()
    page.get_by_role("button", name="Remove Private session").wait_for()


def test_plays_say_whether_segue_proposed_the_track(server, visit):
    page = visit(server)
    page.locator("track-row .cover").first.click()
    page.locator("track-row.is-playing").wait_for()
    with page.expect_request("**/api/v1/feedback") as sent:
        page.get_by_role("button", name="Next track").click()
    assert sent.value.post_data_json["events"][0]["recommended"] is True


def test_two_listeners_have_separate_lists(server, visit, until):
    anna, ben = visit(server, "anna"), visit(server, "ben")
    of_ben = titles(ben)
    assert titles(anna) != of_ben
    both = next(title for title in titles(anna) if title in of_ben)
    row = "track-row:not(.is-leaving)"
    anna.locator(row, has_text=both).locator(".act-dislike").click()
    anna.get_by_role("button", name="Update list").click()
    until(anna, f"title => !{SHOWN}.some(e => e.textContent === title)", both)
    ben.reload()
    ben.locator("track-row").first.wait_for()
    dislike = ben.locator(row, has_text=both).locator(".act-dislike")
    assert dislike.get_attribute("aria-pressed") == "false"
    assert ben.get_by_role("button", name="Update list").is_hidden()


def test_like_on_another_device_updates_the_list(server, visit, until):
    here, there = visit(server), visit(server)
    before = titles(here)
    there.locator("track-row .act-like").first.click()
    here.get_by_role("button", name="Update list").click()
    assert before[0] not in wait_for_change(here, until, before)


def test_new_listener_sees_that_taste_is_unknown(shared, visit):
    page = visit(shared, "somebody new")
    page.get_by_text("We don't know your taste yet").first.wait_for()


def test_server_restart_keeps_unsent_feedback(server_process, visit, until):
    page = visit(server_process)
    before = titles(page)
    server_process.stop()
    page.locator("track-row .act-like").first.click()
    page.get_by_text("The server is not responding").wait_for()
    assert "t" in page.evaluate("localStorage.getItem('segue.outbox.anna')")
    server_process.start()
    page.get_by_text("The server is not responding").wait_for(state="detached")
    page.get_by_role("button", name="Update list").click()
    assert wait_for_change(page, until, before)[0] == before[0]  # the liked row stays
    until(page, "localStorage.getItem('segue.outbox.anna') === null")
    page.reload()
    page.locator("track-row").first.wait_for()
    assert before[0] not in titles(page)
