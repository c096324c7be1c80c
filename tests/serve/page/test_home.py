"""Home rows of the Listen page, and switches of the Steer page."""

import pytest

pytestmark = pytest.mark.slow


def test_home_shows_mixes_and_rows(shared, visit):
    page = visit(shared)
    page.locator(".mix").first.wait_for()
    page.locator("#home .tile").first.wait_for()
    assert "Daily mix" in page.locator(".mix small").first.inner_text()
    assert page.locator("#home h2").count() >= 1


def test_tile_plays_the_track(server, visit):
    page = visit(server)
    tile = page.locator("#home .tile").first
    tile.wait_for()
    title = tile.locator(".row-title").inner_text()
    tile.click()
    page.locator("now-playing .names span", has_text=title).first.wait_for()


def test_mix_opens_as_a_playlist_to_save(server, visit):
    page = visit(server)
    name = page.locator(".mix a span").first
    name.wait_for()
    text = name.inner_text()
    name.click()
    page.locator(".playlist-view track-row").first.wait_for()
    assert page.locator("input.playlist-name").input_value() == text
    page.get_by_role("button", name="Save").click()
    page.locator(".playlist-head", has_text="Daily mix").wait_for()
    assert page.locator(".playlist-view track-row").count()


def test_switch_for_versions_is_saved(shared, visit, until):
    page = visit(shared)
    page.goto(f"{shared.url}#/steer")
    box = page.get_by_label("Allow several versions of a song")
    box.check()
    until(page, "localStorage.getItem('segue.steer.anna')?.includes('\"versions\":true')")
    box.uncheck()
    until(page, "localStorage.getItem('segue.steer.anna') === null")
