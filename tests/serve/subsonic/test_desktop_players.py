"""Strawberry and Sublime Music on a virtual screen against a running server.

Each is configured by its own file, gets a few clicks where it waits for its user, and is judged by
the database that it fills.
"""

import base64
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest
from tests.serve.subsonic.conftest import TRACKS

pytestmark = pytest.mark.nightly

WAIT_SECONDS = 120
TITLES = {track[1] or track[0] for track in TRACKS}
ALBUMS = {"First", "Second", "Dritte", "Mixed", "[Unknown Album]"}


class Desktop:
    """A virtual screen, and a home directory for the programs on it."""

    def __init__(self, home):
        for program in ("Xvfb", "xdotool", "dbus-run-session"):
            if shutil.which(program) is None:
                pytest.skip(f"{program} is missing: install xvfb, xdotool and dbus-daemon")
        self.home = home
        self._log = (home / "log").open("wb")
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1200x900x24"]
        self._processes = [subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)]
        os.close(writing)
        with os.fdopen(reading) as number:
            display = f":{number.readline().strip()}"
        for name in ("run", "tmp"):
            (home / name).mkdir(mode=0o700)
        self._environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "DISPLAY": display,
            "XDG_RUNTIME_DIR": str(home / "run"),
            "NO_AT_BRIDGE": "1",
            "TMPDIR": str(home / "tmp"),  # where a program looks whether it runs already
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CACHE_HOME": str(home / "cache"),
        }

    def start(self, program):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt-get install {program}")
        self._processes.append(
            subprocess.Popen(
                ["dbus-run-session", "--", f"/usr/bin/{program}"],
                env=self._environment,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
            )
        )

    def click(self, x, y):
        command = ["xdotool", "mousemove", str(x), str(y), "click", "1"]
        subprocess.run(command, env=self._environment, check=True, capture_output=True)
        time.sleep(1)

    def close(self):
        for process in reversed(self._processes[1:]):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)
        self._processes[0].terminate()
        self._processes[0].wait(timeout=30)
        self._log.close()


@pytest.fixture
def desktop(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    opened = Desktop(home)
    yield opened
    opened.close()


def wait(done, step=lambda: time.sleep(1)):
    """Repeat a step until something is done; return whether it ever was."""
    end = time.monotonic() + WAIT_SECONDS
    while not done():
        if time.monotonic() > end:
            return False
        step()
    return True


def values(home, pattern, query):
    """Return a column of another program's database; an empty set before it has made it."""
    for path in home.rglob(pattern):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            try:
                return {row[0] for row in connection.execute(query)}
            except sqlite3.OperationalError:
                return set()
    return set()


def test_strawberry_syncs_songs_and_covers(desktop, serve, secrets):
    server = serve()
    folder = desktop.home / "config" / "strawberry"
    folder.mkdir(parents=True)
    password = base64.b64encode(secrets["anna"][0].encode()).decode()
    (folder / "strawberry.conf").write_text(
        f"[Subsonic]\nenabled=true\nurl={server.url}\nusername=anna\n"
        f"password=@ByteArray({password})\nauthmethod=1\n"
        "downloadalbumcovers=true\nhttp2=false\nverifycertificate=false\n"
    )
    desktop.start("strawberry")

    def titles():
        return values(desktop.home, "strawberry.db", "SELECT title FROM subsonic_songs")

    def choose():
        for y in (610, 590, 630):  # the tab at the bottom, by fonts
            desktop.click(41, y)
            desktop.click(165, 200)  # "click here to retrieve music"

    assert wait(titles, choose), (desktop.home / "log").read_text()
    assert titles() == TITLES
    albums = values(desktop.home, "strawberry.db", "SELECT album FROM subsonic_songs")
    assert albums == ALBUMS
    ids = values(desktop.home, "strawberry.db", "SELECT song_id FROM subsonic_songs")
    assert ids == {track[0] for track in TRACKS}
    covers = list(desktop.home.rglob("subsonicalbumcovers/*.jpg"))
    assert len(covers) == len(ALBUMS)
    assert all(cover.read_bytes()[:2] in (b"\xff\xd8", b"\x89P") for cover in covers)
    assert " 500 " not in server.stop()


def test_sublime_music_caches_albums_artists_and_songs(desktop, serve, secrets):
    server = serve()
    folder = desktop.home / "config" / "sublime-music"
    folder.mkdir(parents=True)
    account = {
        "server_address": server.url.rstrip("/"),
        "username": "anna",
        "password": ["plaintext", secrets["anna"][0]],
        "salt_auth": True,
        "verify_cert": False,
        "sync_enabled": True,
    }
    provider = {
        "id": "one",
        "name": "segue",
        "ground_truth_adapter_type": "SubsonicAdapter",
        "ground_truth_adapter_config": account,
        "caching_adapter_type": "FilesystemAdapter",
        "caching_adapter_config": {},
    }
    (folder / "config.json").write_text(
        json.dumps({"version": 5, "current_provider_id": "one", "providers": {"one": provider}})
    )
    desktop.start("sublime-music")

    def cached(query):
        return values(desktop.home, "cache.db", query)

    assert wait(lambda: cached("SELECT name FROM album") == ALBUMS), (
        desktop.home / "log"
    ).read_text()
    artists = {"The Alphas", "Beta & Co", "Ärger", "Guest"}
    query = "SELECT name FROM artist"
    assert wait(lambda: artists <= cached(query), lambda: desktop.click(615, 28))
    query = "SELECT name FROM directory"
    assert wait(lambda: artists <= cached(query), lambda: desktop.click(736, 28))

    def open_album():
        desktop.click(493, 28)
        desktop.click(150, 200)

    assert wait(lambda: cached("SELECT title FROM song"), open_album)
    assert cached("SELECT title FROM song") <= TITLES
    assert cached("SELECT name FROM genre") == {"rock", "pop", "jazz"}
    log = server.stop()
    assert "getCoverArt" in log
    assert " 500 " not in log
