"""The page while the server cannot store anything: it says so, and nothing is lost."""

import sqlite3
from contextlib import closing

import pytest
from tests.factories import copy_of_library
from tests.serve.served import Server
from tests.serve.test_refused_storage import LISTENS, busy, full

pytestmark = pytest.mark.slow

REFUSALS = [
    pytest.param(busy, "Another program is writing to the library.", id="busy"),
    pytest.param(full, "The disk of the server is full.", id="full"),
]


@pytest.fixture
def place(trained, small_disk):
    return copy_of_library(trained, small_disk / "my.segue")


@pytest.fixture
def on_small_disk(place):
    server = Server(place, "--no-access-log").start()
    yield server
    server.stop()


def opinions(place):
    with closing(sqlite3.connect(place / "library.db")) as reader:
        return reader.execute(f"{LISTENS} AND rating IS NOT NULL").fetchone()[0]


@pytest.mark.parametrize("small_disk", ["size=64m"], indirect=True)
@pytest.mark.parametrize(("refuse", "sentence"), REFUSALS)
def test_likes_are_kept_and_sent_when_the_server_can_store_again(
    place, on_small_disk, visit, until, refuse, sentence
):
    page = visit(on_small_disk)
    with refuse(place):
        for row in range(3):
            page.locator("track-row .act-like").nth(row).click()
            page.wait_for_timeout(200)
        banner = page.locator("#unsent")
        banner.wait_for()
        said = banner.inner_text()
        assert sentence in said
        assert "Your changes are saved in this browser and sent again." in said
        assert len(page.evaluate("localStorage.getItem('segue.outbox.anna')")) > 10
        page.reload()
        page.locator("track-row").first.wait_for()
        banner.wait_for()
        assert opinions(place) == 0
    until(page, "localStorage.getItem('segue.outbox.anna') === null", seconds=60)
    banner.wait_for(state="detached")
    assert opinions(place) == 3
