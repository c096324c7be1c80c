"""Playlists, library, quality and welcome pages."""

import json
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.slow


def choose(page, label: str, words: str) -> None:
    """Type into a track picker and choose the first result with Enter."""
    page.get_by_role("combobox", name=label).fill(words)
    page.locator(".picker-list li[id]").first.wait_for()
    page.keyboard.press("Enter")


def made(page) -> list[str]:
    page.locator(".playlist-view track-row").first.wait_for()
    return page.locator(".playlist-view .row-title").all_inner_texts()


def test_playlist_from_tracks_saved_exported_imported(server, visit, tmp_path):
    page = visit(server)
    page.goto(f"{server.url}#/playlists")
    choose(page, "Similar to", "Piece 03")
    page.get_by_role("button", name="Create", exact=True).click()
    titles = made(page)
    page.get_by_label("Playlist name").fill("Evening")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".playlist-head").get_by_role("button", name="More for Evening").click()
    page.get_by_role("menuitem", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="M3U8").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.name == "Evening.m3u8"
    text = file.read_text(encoding="utf-8")
    assert all(title in text for title in titles)
    assert str(server.library.parent) not in text
    page.goto(f"{server.url}#/playlists")
    page.locator(".saved-playlist", has_text="Evening").wait_for()
    page.set_input_files("#import", str(file))
    page.get_by_label("Playlist name").wait_for()
    assert made(page) == titles


def test_saved_playlist_is_kept_up_to_date(server, visit):
    page = visit(server)
    page.goto(f"{server.url}#/playlists")
    choose(page, "Similar to", "Piece 03")
    page.get_by_role("button", name="Create", exact=True).click()
    made(page)
    page.get_by_label("Playlist name").fill("Evening")
    page.get_by_role("button", name="Save", exact=True).click()
    head = page.locator(".playlist-head")
    menu = head.get_by_role("button", name="More for Evening")
    for entry, is_kept in (("Keep up to date", True), ("Stop keeping it up to date", False)):
        menu.click()
        page.get_by_role("menuitem", name=entry, exact=True).click()
        head.get_by_text("Made again every day").wait_for(
            state="visible" if is_kept else "detached"
        )
        page.reload()
        head.get_by_text("tracks").first.wait_for()
        assert head.get_by_text("Made again every day").count() == is_kept


def test_import_with_unknown_tracks_lists_them(shared, visit):
    page = visit(shared)
    page.goto(f"{shared.url}#/playlists")
    text = b"#EXTM3U\n#EXTINF:5,low band 0 - Piece 00\na.wav\n#EXTINF:5,Nobody - Nothing\nb.wav\n"
    mine = {"name": "mine.m3u8", "mimeType": "audio/x-mpegurl", "buffer": text}
    page.set_input_files("#import", files=[mine])
    page.get_by_text("1 track of the file is not in this library: Nobody - Nothing.").wait_for()
    assert made(page) == ["Piece 00"]


def test_path_starts_and_ends_at_chosen_tracks(shared, visit):
    page = visit(shared)
    page.goto(f"{shared.url}#/playlists?make=path")
    choose(page, "From", "Piece 00")
    choose(page, "To", "Piece 01")
    page.get_by_role("button", name="Create", exact=True).click()
    titles = made(page)
    assert (titles[0], titles[-1]) == ("Piece 00", "Piece 01")


def test_blend_with_keyboard_alone_is_created(shared, visit):
    page = visit(shared)
    page.goto(f"{shared.url}#/playlists")
    page.get_by_role("tab", name="From tracks").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.get_by_label("ben", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Create", exact=True).focus()
    page.keyboard.press("Enter")
    assert made(page)
    assert page.locator(".playlist-view .why-line", has_text="For ").count() > 0


def test_radio_fetches_more_tracks(server, visit, until):
    page = visit(server)
    page.goto(f"{server.url}#/playlists?make=radio")
    page.get_by_label("How many tracks").select_option("10")
    page.get_by_role("button", name="Create", exact=True).click()
    made(page)
    page.locator(".playlist-view track-row .cover").last.click()
    page.get_by_role("button", name="Up next", exact=True).click()
    until(page, "document.querySelectorAll('.queue-list li').length >= 5")


def test_playlist_is_filled_reordered_deleted_and_restored(server, visit, until):
    page = visit(server)
    names = page.locator("#for-you .row-title").all_inner_texts()[:4]
    page.locator("#for-you .row-main").nth(0).click(modifiers=["Control"])
    page.locator("#for-you .row-main").nth(3).click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Selected tracks")
    bar.get_by_text("4 selected").wait_for()
    bar.get_by_role("button", name="Add to playlist").click()
    page.get_by_role("menuitem", name="New playlist").click()
    page.locator(".notification", has_text="created").wait_for()
    assert not bar.is_visible()
    page.goto(f"{server.url}#/playlists")
    page.locator(".saved-playlist a").click()
    rows = page.locator("track-list").first.locator("track-row")
    rows.nth(3).wait_for()
    row = ".is-page > track-list track-row:not(.is-leaving)"
    shown = f"[...document.querySelectorAll('{row} .row-title')]"
    is_shown = f"names => {shown}.map(e => e.textContent).join('|') === names"
    until(page, is_shown, "|".join(names))
    handle = rows.nth(0).locator(".act-move")
    handle.focus()
    page.keyboard.press("ArrowDown")
    names = [names[1], names[0], *names[2:]]
    until(page, is_shown, "|".join(names))
    from_box = rows.nth(3).locator(".act-move").bounding_box()
    to_box = rows.nth(0).bounding_box()
    page.mouse.move(from_box["x"] + 8, from_box["y"] + 10)
    page.mouse.down()
    page.mouse.move(from_box["x"] + 8, to_box["y"] + 5, steps=5)
    page.mouse.up()
    names = [names[3], *names[:3]]
    until(page, is_shown, "|".join(names))
    rows.nth(1).locator(".act-menu").click()
    page.get_by_role("menuitem", name="Remove from this playlist").click()
    until(page, is_shown, "|".join([names[0], *names[2:]]))
    page.locator(".notification", has_text="removed").get_by_role("button", name="Undo").click()
    until(page, is_shown, "|".join(names))
    suggested = page.locator(".suggestions track-row").first
    name = suggested.locator(".row-title").inner_text()
    assert name not in names
    suggested.locator(".act-own").click()
    until(page, is_shown, "|".join([*names, name]))
    page.get_by_label("Playlist name").fill("Mine")
    page.keyboard.press("Enter")
    page.locator(".notification", has_text="Renamed to Mine.").wait_for()
    address = page.url
    page.locator(".playlist-head .icon-button").click()
    page.get_by_role("menuitem", name="Delete playlist").click()
    page.get_by_text("No playlists yet.").wait_for()
    page.locator(".notification", has_text="deleted").get_by_role("button", name="Undo").click()
    until(page, is_shown, "|".join([*names, name]))
    assert page.get_by_label("Playlist name").input_value() == "Mine"
    assert page.url == address


def test_smart_playlist_follows_its_rules(server, visit, until):
    page = visit(server)
    page.goto(f"{server.url}#/playlists?make=rules")
    page.get_by_label("Name", exact=True).fill("low")
    page.get_by_role("button", name="Add rule").click()
    page.get_by_label("Rule", exact=True).nth(1).select_option("plays")
    page.get_by_label("From", exact=True).fill("1")
    page.get_by_role("button", name="Create", exact=True).click()
    assert made(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".playlist-head").wait_for()
    page.locator(".rules-part summary").click()
    page.get_by_label("Rule", exact=True).nth(1).select_option("liked")
    page.get_by_role("button", name="Apply rules").click()
    page.locator(".notification", has_text="Refreshed").wait_for()
    assert page.locator("track-list").first.locator("track-row").count() == 0


def test_manage_page_shows_counts(shared, visit):
    page = visit(shared)
    page.goto(f"{shared.url}#/manage")
    page.locator(".stat-tile", has_text="tracks").locator("b", has_text="48").wait_for()


def test_quality_page_shows_model_cards(shared, visit):
    page = visit(shared)
    page.goto(f"{shared.url}#/quality")
    page.locator(".model summary", has_text="Nearest neighbors").click()
    page.get_by_text("Split", exact=True).wait_for()
    page.get_by_text("No evaluation yet").wait_for()


def test_welcome_page_analyzes_folder_then_shows_list(empty_server, visit, music):
    page = visit(empty_server, None)
    page.get_by_label("Name").fill("anna")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Add your music").wait_for()
    assert page.get_by_role("button", name="Create the starter library").is_visible()
    page.get_by_text("Enter a path").click()
    page.get_by_label("Music folder on the server").fill(str(music))
    page.get_by_role("button", name="Scan and analyze").click()
    page.get_by_text("Scanning and analyzing music").first.wait_for()
    page.get_by_role("heading", name="For you").wait_for(timeout=120_000)
    page.locator("track-row").first.wait_for()


@pytest.mark.skipif(
    not all(map(find_spec, ("keras", "midirenderer", "music21", "pretty_midi"))),
    reason="not all is installed: pip install 'segue[train,demo]'",
)
@pytest.mark.nightly  # three minutes; `make demo` runs the same steps
@pytest.mark.parametrize("ending", [1_200], indirect=True)
def test_starter_library_job_creates_playable_library(empty_server, visit, until):
    """The whole job, with sixty short pieces and without the encoder that would be downloaded."""
    page = visit(empty_server, None)
    asked = []

    def made_smaller(route):
        if route.request.method == "POST":
            asked.append(route.request.post_data_json)
            smaller = {"verb": "demo", "arguments": {"tracks": 60, "seconds": 3}}
            route.continue_(post_data=json.dumps(smaller))
        else:
            route.continue_()

    page.route("**/api/v1/jobs", made_smaller)
    page.get_by_label("Name").fill("anna")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Create the starter library").click()
    page.locator(".job.is-running", has_text="Creating the starter library").wait_for()
    assert asked == [{"verb": "demo", "arguments": {}}]
    # recommendations appear after the analysis, while networks are still being trained
    page.get_by_role("heading", name="For you").wait_for(timeout=400_000)
    page.goto(f"{empty_server.url}#/manage")
    page.locator(".job.is-done", has_text="Creating the starter library").wait_for(timeout=700_000)
    page.goto(f"{empty_server.url}#/quality")
    page.locator(".model summary", has_text="CNN").wait_for()
    page.goto(f"{empty_server.url}#/listen")
    page.locator("track-row .cover").first.click()
    page.locator("track-row.is-playing").wait_for()
    until(page, "document.querySelector('now-playing .seek input').value > 0")
