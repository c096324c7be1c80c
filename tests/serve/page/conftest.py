"""Fixtures: the page in a real browser, with a real server and a small library.

The library has tones and noise of three kinds, script in every field of one track, and two
listeners with plays. It is trained once; every test that changes something gets
a copy and a server of its own, in a thread of this process; `server_process` is for the others.
"""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from mutagen.flac import FLAC
from soundfile import write
from tests.factories import SOUND_KINDS, copy_of_library, make_library, rows, sound, write_dataset
from tests.serve.served import LocalServer, Server

RATE = 16_000
SECONDS = 5
N_TRACKS = 48
GENRES = {"low": "Ambient", "high": "Techno", "noise": "Noise"}
LONGEST = 180.0  # seconds of a test
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
HOSTILE_ID = 'h/../<b>?a=1&b="2"#%2e \'é'


@pytest.fixture(scope="session")
def chromium():
    """Chromium controlled by Playwright; tests are skipped if either is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: see [dev]")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium: apt-get install chromium")
    with playwright.sync_playwright() as running:
        options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = running.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def ending(chromium, request):
    """Kill the browser of a test that takes too long, since evaluation in a page has no time limit.

    A test sets a longer limit with ``pytest.mark.parametrize("ending", [540], indirect=True)``.
    """
    session = chromium.new_browser_cdp_session()
    running = session.send("SystemInfo.getProcessInfo")["processInfo"]
    browser = next(each["id"] for each in running if each["type"] == "browser")
    longest = getattr(request, "param", LONGEST)
    timer = threading.Timer(longest, os.kill, (browser, signal.SIGKILL))
    timer.start()
    yield
    timer.cancel()


@pytest.fixture(scope="session")
def music(tmp_path_factory) -> Path:
    """A dataset directory; tracks of one kind share genre and artists."""
    rng = np.random.default_rng(0)
    tracks: list[tuple[object, ...]] = []
    sounds = {}
    for i in range(N_TRACKS):
        kind = SOUND_KINDS[i % len(SOUND_KINDS)]
        sounds[f"{i:02}.wav"] = sound(kind, rng, SECONDS, RATE)
        file, artist = f"audio/{i:02}.wav", f"{kind} band {i // 3 % 5}"
        tracks.append((f"t{i:02}", file, f"Piece {i:02}", artist, kind, f"{kind} album"))
    genre = f"noise|{HOSTILE}"
    tracks[20] = (HOSTILE_ID, "audio/20.wav", f"Zebra {HOSTILE}", HOSTILE, genre, HOSTILE)
    listens = [
        (user, f"t{i:02}", 1_700_000_000 + 1_000 * n)
        for user, first in (("anna", 0), ("ben", 1))
        for n, i in enumerate(range(first, 18, 3))
    ]
    return write_dataset(
        tmp_path_factory.mktemp("music"),
        rows("track_id path title artist genre album", tracks),
        listens=rows("user_id track_id timestamp", listens),
        sounds=sounds,
        rate=RATE,
    )


@pytest.fixture(scope="session")
def trained(music, tmp_path_factory) -> Path:
    """The directory of a library of `music`, analyzed and trained. Read-only."""
    library = make_library(tmp_path_factory.mktemp("trained") / "my.segue", music, "knn")
    library.close()
    return library.directory


@pytest.fixture(scope="session")
def until():
    """A function that waits until an expression is true in a page.

    Playwright's own function evaluates text inside the page, which the page's policy forbids.
    """

    def wait(page, expression: str, arg: object = None, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not page.evaluate(expression, arg):
            assert time.monotonic() < end, f"{expression} did not come true"
            page.wait_for_timeout(40)

    return wait


@pytest.fixture
def hostile() -> str:
    """Text in every field of one track."""
    return HOSTILE


@pytest.fixture
def server(trained, tmp_path) -> Iterator[LocalServer]:
    """A server of a copy of the library."""
    server = LocalServer(copy_of_library(trained, tmp_path / "my.segue")).start()
    yield server
    server.stop()


@pytest.fixture
def server_process(trained, tmp_path) -> Iterator[Server]:
    """A server of a copy of the library that can be stopped and started again."""
    library = copy_of_library(trained, tmp_path / "my.segue")
    server = Server(library, "--no-access-log").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shared(trained, tmp_path_factory) -> Iterator[LocalServer]:
    """A server for tests that change nothing."""
    library = copy_of_library(trained, tmp_path_factory.mktemp("shared") / "my.segue")
    server = LocalServer(library).start()
    yield server
    server.stop()


@pytest.fixture
def empty_server(tmp_path, monkeypatch) -> Iterator[Server]:
    """A server of an empty library, whose jobs download nothing."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    server = Server(tmp_path / "empty.segue", "--no-access-log").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """A folder with 24 short tagged tracks by six artists, next to a hidden one."""
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("home")
    (root / ".private").mkdir()
    kinds = list(GENRES)
    for i in range(24):
        artist, kind = f"Band {i % 6}", kinds[i % 3]
        directory = root / "My Music" / artist
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{i:02}.flac"
        write(path, np.clip(sound(kind, rng, 4, RATE), -1, 1), RATE)
        tags = FLAC(path)
        tags.update(title=f"Piece {i:02}", artist=artist, album=f"{artist} live")
        tags["genre"] = GENRES[kind]
        tags.save()
    return root


@pytest.fixture
def home_server(folder, tmp_path, monkeypatch) -> Iterator[Server]:
    """A server of an empty library whose administrators may browse the folder."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    options = ("--no-access-log", "--music-root", str(folder))
    server = Server(tmp_path / "empty.segue", *options).start()
    yield server
    server.stop()
    shutil.rmtree(tmp_path / "empty.segue", ignore_errors=True)


@pytest.fixture
def visit(chromium, request):
    """A function that opens the page as a listener; script errors fail the test at its end."""
    contexts, faults = [], []

    def open_page(server: Server | LocalServer, listener: str | None = "anna", **options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda told: _note(told, faults))
        page.goto(server.url)
        if listener is not None:
            page.get_by_label("Name").fill(listener)
            page.get_by_role("button", name="Continue").click()
            page.locator("track-row").first.wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


def _note(told, faults: list[str]) -> None:
    """Collect console errors, except those of requests to a stopped server."""
    away = "Failed to load resource" in told.text or "net::ERR_" in told.text
    if told.type == "error" and not away:
        faults.append(told.text)
