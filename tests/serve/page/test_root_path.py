"""The page below a path of a host, behind nginx."""

import time

import pytest
from tests.factories import copy_of_library
from tests.serve.proxied import Nginx
from tests.serve.served import Server

ROOT = "/segue"


@pytest.fixture
def below(trained, tmp_path):
    """nginx that offers a server below a path."""
    library = copy_of_library(trained, tmp_path / "my.segue")
    options = ("--behind-proxy", "--open-to-all", "--root-path", ROOT, "--no-access-log")
    server = Server(library, *options).start()
    nginx = Nginx(tmp_path / "nginx", server, ROOT, tls=False)
    yield nginx
    nginx.stop()
    server.stop()


def test_page_below_path_asks_for_nothing_outside(below, visit):
    page = visit(below, None)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(below.url.removesuffix("/"))  # nginx adds the slash
    page.get_by_label("Name").fill("anna")
    page.get_by_role("button", name="Continue").click()
    page.locator("track-row").first.wait_for()
    page.get_by_role("button", name="Play", exact=True).first.click()
    end = time.monotonic() + 30
    while not any("/audio" in url for url in asked):
        assert time.monotonic() < end, "nothing plays"
        page.wait_for_timeout(50)
    page.goto(f"{below.url}#/library")
    scope = "async () => (await navigator.serviceWorker.ready).scope"
    assert page.evaluate(scope) == below.url
    manifest = page.evaluate("() => document.querySelector('link[rel=manifest]').href")
    assert manifest.startswith(below.url)
    start = page.evaluate("async (url) => (await (await fetch(url)).json()).start_url", manifest)
    assert start == "./"
    assert any("/covers/" in url or "/events" in url for url in asked)
    outside = [url for url in asked if not url.startswith(below.url)]
    assert set(outside) <= {below.url.removesuffix("/")}
