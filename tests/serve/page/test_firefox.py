"""Main journeys in Firefox; the other modules test the page in Chromium."""

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.nightly]

PROGRAM = Path(__file__).with_name("firefox_journeys.js")
PUPPETEER = Path(__file__).parents[3] / "node_modules" / "puppeteer-core"
LONGEST = 600  # seconds of a journey; the program ends earlier by itself


@pytest.fixture(autouse=True)
def ending():
    """Replace the fixture that starts Chromium, which these tests do not need."""


@pytest.fixture
def journey():
    """A function that makes a journey with a server; the test is skipped without Firefox."""
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    if firefox is None:
        pytest.skip("no Firefox: apt-get install firefox-esr")
    node = shutil.which("node")
    if node is None or not PUPPETEER.exists():
        pytest.skip("no Node.js or no puppeteer-core: run npm ci")

    def make(name: str, server) -> None:
        done = subprocess.run(
            [node, PROGRAM, firefox, name, server.url],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        assert done.returncode == 0, done.stderr

    return make


def test_firefox_first_run_gives_a_playing_track(home_server, journey):
    journey("first run", home_server)


def test_firefox_search_finds_a_track_that_plays(server, journey):
    journey("search", server)


def test_firefox_like_changes_the_list(server, journey):
    journey("like", server)


def test_firefox_queue_is_reordered(server, journey):
    journey("queue", server)


def test_firefox_playlist_is_created(server, journey):
    journey("playlist", server)


def test_firefox_map_opens_and_plays_a_track(server, journey):
    journey("map", server)
