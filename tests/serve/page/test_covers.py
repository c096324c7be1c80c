"""Covers on the page: every track has a picture, and no request for one fails."""

import pytest

pytestmark = pytest.mark.slow

LOADED = """[...document.querySelectorAll('track-row img')].slice(0, 3)
  .every((one) => one.complete && one.naturalWidth > 0)"""


def test_covers_are_shown_and_reserve_their_place(shared, visit, until):
    page = visit(shared)
    page.locator("track-row img").first.wait_for()
    until(page, LOADED)
    picture = page.locator("track-row img").first
    assert picture.get_attribute("alt") == ""
    assert picture.get_attribute("width") == picture.get_attribute("height")
    box = picture.bounding_box()
    assert abs(box["width"] - box["height"]) < 1
