"""A small library, analyzed and trained once; each test serves a copy of its own."""

import warnings

import numpy as np
import pytest
from tests.factories import RATE, copy_of_library, make_library, rows, write_dataset
from tests.serve.served import Server

from segue.library import Library
from segue.pipeline.accounts.login import add_account
from segue.serve.app import make_app
from segue.serve.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the test client would rather have the next httpx
    from starlette.testclient import TestClient

N_TRACKS = 12
ODD = "a/b %2F?#ü"
"""The id of a track with everything in it that an address could take for something else."""
PASSWORD = "four words do well"  # noqa: S105


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """A library of twelve short tracks and three users with listens. Not to be changed."""
    rng = np.random.default_rng(0)
    time = np.arange(2 * RATE) / RATE
    tracks, sounds = [], {}
    for i in range(N_TRACKS):
        pitch = rng.uniform(150, 250) if i % 2 else rng.uniform(2_000, 3_000)
        tone = 0.2 * np.sin(2 * np.pi * pitch * time)
        sounds[f"{i}.wav"] = tone + 0.01 * rng.normal(size=len(tone))
        genre = "low" if i % 2 else "high"
        track_id = ODD if i == N_TRACKS - 1 else f"t{i:02}"
        tracks.append((track_id, f"audio/{i}.wav", f"Piece {i}", f"Band {i % 4}", genre))
    listens = [
        (user, f"t{i:02}", 1_000 + 10 * n)
        for user, first in (("anna", 0), ("ben", 1), ("carl", 2))
        for n, i in enumerate(range(first, 10, 3))
    ]
    dataset = write_dataset(
        tmp_path_factory.mktemp("music"),
        rows("track_id path title artist genre", tracks),
        listens=rows("user_id track_id timestamp", listens),
        sounds=sounds,
    )
    library = make_library(tmp_path_factory.mktemp("kept") / "my.segue", dataset, "knn")
    library.close()
    return library.directory


@pytest.fixture
def directory(original, tmp_path):
    """The directory of a library that a test may change."""
    return copy_of_library(original, tmp_path / "my.segue")


@pytest.fixture
def serve(directory):
    """Start servers of one library, and stop those that a test left running."""
    started = []

    def start(*options):
        started.append(Server(directory, *options))
        return started[-1].start()

    yield start
    for server in started:
        server.stop()


class Client(TestClient):
    """A browser: keeps its cookies, and sends what belongs to its session."""

    def __init__(self, app):
        super().__init__(app, base_url="http://127.0.0.1:8765/", raise_server_exceptions=False)

    def log_in(self, listener, password=None):
        body = {"listener": listener} | ({"password": password} if password else {})
        answer = self.post("/api/v1/session", json=body)
        assert answer.status_code == 200, answer.text
        self.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return self


@pytest.fixture
def app(directory):
    """The application of a library without accounts."""
    return make_app(directory)


@pytest.fixture
def client(app):
    """A client that is not logged in, of a library without accounts."""
    with Client(app) as client:
        yield client


@pytest.fixture
def anna(client):
    """A listener with a history, in a library without accounts."""
    return client.log_in("anna")


@pytest.fixture
def guarded(directory):
    """The application of a library with two accounts: anna, who is admin, and ben."""
    library = Library(directory)
    add_account(library, "anna", PASSWORD, admin=True)
    add_account(library, "ben", PASSWORD)
    library.close()
    return make_app(directory, Settings(names=("music.test",)))


def is_problem(answer, status, kind):
    """Whether an answer is problem details of a kind."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert set(document) >= {"type", "title", "status", "detail", "instance"}
    assert document["status"] == status
    assert document["type"] == f"/api/v1/problem-types/{kind}"
    return True
