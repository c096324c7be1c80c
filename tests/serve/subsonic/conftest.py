"""Fixtures: a small library with albums, covers and track numbers, and a player client."""

import hashlib
from io import BytesIO
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from mutagen.flac import FLAC, Picture
from PIL import Image
from tests.factories import RATE, copy_of_library, make_library, rows, write_dataset
from tests.serve.conftest import PASSWORD, Client

from segue.library import Library
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.player_passwords import new_player_password
from segue.pipeline.accounts.sessions import create_key
from segue.serve.app import make_app

SECONDS = 4
SQUARE = 300  # pixels per edge of the embedded cover
COLUMNS = "track_id path title artist albumartist album tracknumber year genre"
TRACKS = [
    ("one", "One", "The Alphas", "", "First", "2", 1990, "rock"),
    ("two", "Two", "The Alphas", "", "First", "1", 1990, "rock"),
    ("three", "Three", "Beta & Co", "", "Second", "1/2", 2000, "pop|rock"),
    ("four", 'Four "4" <&>', "Beta & Co", "", "Second", "2/2", 2000, "pop"),
    ("five", "Fünf", "Ärger", "", "Dritte", "", 2010, "pop"),
    ("six", "Six", "Guest", "Various", "Mixed", "1", 2005, "jazz"),
    ("seven", "Seven", "The Alphas feat. Guest", "Various", "Mixed", "2", 2005, "jazz"),
    ("a/b %2F?#ü", "", "", "", "", "", "", ""),
]
ODD = TRACKS[-1][0]


@pytest.fixture(scope="session")
def shelved(tmp_path_factory):
    """The directory of a library of eight tracks. Not to be changed."""
    rng = np.random.default_rng(1)
    time = np.arange(SECONDS * RATE) / RATE
    sounds = {}
    for i in range(len(TRACKS)):
        tone = np.sin(2 * np.pi * (200 + 150 * i) * time)
        sounds[f"{i}.flac"] = 0.2 * tone + 0.01 * rng.normal(size=len(tone))
    tracks = [(track[0], f"audio/{i}.flac", *track[1:]) for i, track in enumerate(TRACKS)]
    listens = [
        (user, track_id, 10**9) for user in ("dora", "emil") for track_id in ("seven", "five")
    ]
    dataset = write_dataset(
        tmp_path_factory.mktemp("shelved"),
        rows(COLUMNS, tracks),
        listens=rows("user_id track_id timestamp", listens),
        sounds=sounds,
    )
    _add_cover(dataset / "audio/0.flac")
    library = make_library(tmp_path_factory.mktemp("kept") / "my.segue", dataset, "knn")
    library.close()
    return library.directory


def _add_cover(path):
    file = FLAC(path)
    picture = Picture()
    written = BytesIO()
    Image.new("RGB", (SQUARE, SQUARE), "red").save(written, "PNG")
    picture.data, picture.type, picture.mime = written.getvalue(), 3, "text/html"
    file.add_picture(picture)
    file.save()


@pytest.fixture
def directory(shelved, tmp_path):
    """The directory of a library that a test may change."""
    return copy_of_library(shelved, tmp_path / "my.segue")


class Player:
    """A music player: it says who it is with every call."""

    def __init__(self, client, **identity):
        self.client = client
        self.identity = {"v": "1.16.1", "c": "test", **identity}

    def ask(self, method, f="json", **parameters):
        """Return what a method answers, whatever that is."""
        wanted = {**self.identity, "f": f, **parameters}
        return self.client.get(f"/rest/{method}", params=wanted)

    def call(self, method, **parameters):
        """Return the document of a call that succeeds."""
        document = self.ask(method, **parameters).json()["subsonic-response"]
        assert document["status"] == "ok", document
        return document

    def xml(self, method, **parameters):
        """Return the element of a call that succeeds."""
        answer = self.ask(method, f="xml", **parameters)
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        root = ET.fromstring(answer.content)  # noqa: S314  # our own
        assert root.get("status") == "ok"
        return root

    def code(self, method, **parameters):
        """Return the code with which a call fails."""
        document = self.ask(method, **parameters).json()["subsonic-response"]
        assert document["status"] == "failed", document
        assert document["error"]["message"]
        return document["error"]["code"]

    def song(self, track_id):
        return self.call("getSong", id=track_id)["song"]


@pytest.fixture
def client(directory):
    with Client(make_app(directory)) as client:
        yield client


@pytest.fixture
def anna(client):
    """The player of a listener, where there are no accounts."""
    return Player(client, u="anna", p="anything")


@pytest.fixture(scope="module")
def told(shelved, tmp_path_factory):
    """A player of a listener with plays, stars and saved things, and ids of items.

    The tests of a module share it: their calls do not depend on each other.
    """
    directory = copy_of_library(shelved, tmp_path_factory.mktemp("told") / "my.segue")
    with Client(make_app(directory)) as client:
        anna = Player(client, u="anna", p="anything")
        found = anna.call("search3", query="first")["searchResult3"]
        artist = anna.call("getTopSongs", artist="alphas")["topSongs"]["song"][0]["artistId"]
        ids = {"album": found["album"][0]["id"], "artist": artist}
        anna.call("star", id="one", albumId=ids["album"], artistId=artist)
        anna.call("scrobble", id="one", time="1600000000000")
        anna.call("scrobble", id="one", submission="false")
        anna.call("savePlayQueue", id=["one", "two"], current="two", position=1_500)
        anna.call("createBookmark", id="three", position=2_500, comment="here")
        anna.call("createInternetRadioStation", name="Noise", streamUrl="https://radio.test/live")
        made = anna.call("createPlaylist", name="Mine", songId=["one", "two", "one"])
        yield anna, {**ids, "playlist": made["playlist"]["id"]}


@pytest.fixture
def library(directory):
    """The library that is served, opened a second time."""
    opened = Library(directory)
    yield opened
    opened.close()


@pytest.fixture
def secrets(directory):
    """The player password and the key of anna, who is admin, and of ben."""
    return add_two_accounts(directory)


def add_two_accounts(directory):
    """Add anna, who is admin, and ben; return the player password and the key of each."""
    library = Library(directory)
    found = {}
    for name in ("anna", "ben"):
        add_account(library, name, PASSWORD, admin=name == "anna")
        found[name] = new_player_password(library, name), create_key(library, name, "phone")
    library.close()
    return found


def token(password, salt):
    return hashlib.md5((password + salt).encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def mine(client, secrets):
    """Anna's player, where there are accounts."""
    return Player(client, u="anna", t=token(secrets["anna"][0], "abcdef"), s="abcdef")


@pytest.fixture
def bens(client, secrets):
    """Ben's player, where there are accounts."""
    return Player(client, u="ben", t=token(secrets["ben"][0], "abcdef"), s="abcdef")
