"""The card of media servers on the page Manage, with a simulated server."""

import pytest
from tests.factories import copy_of_library
from tests.serve.served import Server
from tests.servers.lyrion import PASSWORD, USER, SimulatedLyrion

pytestmark = pytest.mark.slow


@pytest.fixture
def lyrion():
    simulated = SimulatedLyrion(4, is_protected=True)
    yield simulated
    simulated.close()


@pytest.fixture
def own_server(trained, tmp_path):
    """A server in a process of its own: it runs jobs."""
    server = Server(copy_of_library(trained, tmp_path / "my.segue"), "--no-access-log").start()
    yield server
    server.stop()


def fill_form(page, lyrion, password):
    card = page.locator("server-connections")
    card.get_by_label("Kind of server").select_option("lyrion")
    card.get_by_label("Server address").fill(lyrion.url)
    card.get_by_label("User name").fill(USER)
    card.get_by_label("Password").fill(password)
    card.get_by_role("button", name="Connect", exact=True).click()


def test_media_server_is_added_synchronized_removed(own_server, lyrion, visit):
    page = visit(own_server, "anna")
    page.goto(f"{own_server.url}#/manage")
    card = page.locator("server-connections")
    assert card.get_by_role("button", name="Sync now").count() == 0
    card.get_by_text("Connect a media server").click()
    fill_form(page, lyrion, "wrong")
    page.get_by_text("refuses the account").wait_for()
    assert card.get_by_label("Server address").input_value() == lyrion.url
    fill_form(page, lyrion, PASSWORD)
    card.get_by_text("0 of 0 tracks found here").wait_for()
    assert PASSWORD not in page.content()
    card.get_by_role("button", name="Sync now").click()
    card.get_by_text("0 of 4 tracks found here").wait_for(timeout=90_000)
    card.get_by_text("Last sync").wait_for()
    lyrion.is_protected, lyrion.answer = False, lambda _: (401, b"")
    card.get_by_role("button", name="Sync now").click()
    card.get_by_text("The last sync failed").wait_for(timeout=90_000)
    page.once("dialog", lambda dialog: dialog.dismiss())
    card.get_by_role("button", name="Remove the connection lyrion").click()
    card.get_by_text(lyrion.url, exact=True).wait_for()
    page.once("dialog", lambda dialog: dialog.accept())
    card.get_by_role("button", name="Remove the connection lyrion").click()
    card.get_by_text(lyrion.url, exact=True).wait_for(state="detached")


def test_form_of_media_servers_asks_what_each_kind_needs(own_server, visit):
    page = visit(own_server, "anna")
    page.goto(f"{own_server.url}#/manage")
    card = page.locator("server-connections")
    card.get_by_text("Connect a media server").click()
    for kind, shown, required in (
        ("navidrome", {"User name", "Password"}, {"User name", "Password"}),
        ("plex", {"User name", "Token"}, {"Token"}),
        ("mpd", {"User name", "Password"}, set()),
    ):
        card.get_by_label("Kind of server").select_option(kind)
        for label in ("User name", "Password", "Token"):
            field = card.get_by_label(label)
            assert field.is_visible() == (label in shown)
            assert (field.get_attribute("required") is not None) == (label in required)
