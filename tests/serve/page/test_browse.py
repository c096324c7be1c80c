"""Browse the library on the page: albums, artists, genres, liked tracks, history, search."""


def test_album_is_browsed_played_and_left_where_it_was(shared, visit, until):
    page = visit(shared)
    page.goto(f"{shared.url}#/library")
    page.get_by_role("link", name="low album", exact=True).first.click()
    page.get_by_role("heading", name="low album", level=1).wait_for()
    assert page.title() == "low album · segue"
    page.locator("main").get_by_role("button", name="Play", exact=True).click()
    page.locator("track-row.is-playing").wait_for()
    page.locator(".collection-facts").get_by_role("link").first.click()
    page.get_by_text("Artist", exact=True).wait_for()
    page.get_by_role("heading", name="Albums").wait_for()
    page.go_back()
    page.get_by_role("heading", name="low album", level=1).wait_for()
    page.go_back()
    page.get_by_role("heading", name="Library", level=1).wait_for()
    page.locator(".media-tile:not(.is-loading)").first.wait_for()


def test_albums_are_filtered_by_letter_and_genre(shared, visit, until):
    page = visit(shared)
    page.goto(f"{shared.url}#/library")
    tiles = page.locator(".media-tile:not(.is-loading)")
    tiles.first.wait_for()
    everything = tiles.count()
    page.get_by_role("group", name="First letter").get_by_role("button", name="L").click()
    until(page, f"document.querySelectorAll('.media-tile').length < {everything}")
    assert "letter=L" in page.url
    page.reload()
    tiles.first.wait_for()
    assert 0 < tiles.count() < everything


def test_artist_is_never_played_until_undone(server, visit):
    page = visit(server)
    page.goto(f"{server.url}#/library?tab=artists")
    page.get_by_role("link", name="low band 0", exact=True).first.click()
    page.get_by_role("heading", name="low band 0", level=1).wait_for()
    page.get_by_role("button", name="More for low band 0").click()
    page.get_by_role("menuitem", name="Never play this artist").click()
    page.locator("#notifications").get_by_text("low band 0 will not be played again.").wait_for()
    page.get_by_role("button", name="Undo").click()


def test_liked_tracks_and_history_are_shown(server, visit):
    page = visit(server)
    page.goto(f"{server.url}#/history")
    row = page.locator(".history-row").first
    row.wait_for()
    row.get_by_role("button", name="Don't learn from this play").click()
    page.locator("#notifications").get_by_text("no longer counts").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_label("Search your history").fill("peice 00")
    page.locator(".history-row", has_text="Piece 00").wait_for()
    page.goto(f"{server.url}#/liked")
    page.get_by_text("No liked tracks yet").wait_for()


def test_search_shows_artists_and_albums_despite_errors(shared, visit):
    page = visit(shared)
    page.goto(f"{shared.url}#/listen")
    page.locator("#search").fill("nosie")
    page.locator(".search-section").get_by_role(
        "link", name="noise album", exact=True
    ).first.wait_for()
    assert page.locator(".search-section", has_text="Artists").is_visible()
