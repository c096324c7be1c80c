"""Map page: points, paths, legend, keyboard, list view."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def on_map(shared, visit, until):
    """The Map page after it was drawn."""
    page = visit(shared)
    asked = page.request.get(f"{shared.url}api/v1/map")
    if asked.status == 404:
        pytest.skip("this server has no map")
    page.goto(f"{shared.url}#/map")
    page.locator(".map-legend button").first.wait_for()
    return page


def playing(page) -> str:
    return page.locator("now-playing .names span").first.inner_text()


def test_map_keyboard_announces_and_plays_track(on_map, until):
    on_map.locator(".map-above").focus()
    on_map.keyboard.press("+")
    until(on_map, "document.querySelector('#announcements').textContent.includes(' by ')")
    on_map.keyboard.press("Enter")
    until(on_map, "!document.querySelector('now-playing .names').textContent.includes('Nothing')")
    assert playing(on_map).startswith(("Piece", "Zebra"))


def test_map_drawn_line_becomes_a_playlist(on_map):
    on_map.get_by_role("button", name="Draw a path").click()
    box = on_map.locator(".map-above").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    on_map.mouse.move(x - 150, y + 100)
    on_map.mouse.down()
    for step in range(11):
        on_map.mouse.move(x - 150 + 30 * step, y + 100 - 20 * step)
    on_map.mouse.up()
    on_map.get_by_role("heading", name="Your path").wait_for()
    assert on_map.locator(".map-side track-row").count() >= 2


def test_map_highlights_genre_and_colors_by_taste(on_map):
    key = on_map.locator(".map-legend button").first
    key.click()
    assert key.get_attribute("aria-pressed") == "true"
    on_map.get_by_role("button", name="My taste").click()
    on_map.get_by_text("more like your taste").wait_for()


def test_map_list_shows_tracks_of_a_genre(on_map):
    on_map.get_by_role("button", name="List", exact=True).click()
    on_map.locator(".map-list track-row").first.wait_for()
    on_map.get_by_label("Genre", exact=True).select_option("low")
    on_map.locator(".map-list .row-artist", has_text="low band").first.wait_for()
    assert not on_map.locator(".map-above").is_visible()
