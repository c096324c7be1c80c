"""Two machines of one library whose files lie in object storage: one analyzes, the other serves."""

import json
import subprocess
import sys
import tomllib

import numpy as np
import pytest
from tests.factories import RATE, make_library, rows, write_dataset
from tests.s3_server import s3_environment
from tests.serve.conftest import Client

from segue.library import Library
from segue.library.database_address import database_address, set_address
from segue.pipeline.recommender.recommend import recommend
from segue.serve.app import make_app

pytestmark = [pytest.mark.slow, pytest.mark.nightly]  # analyzes, trains and starts programs


@pytest.fixture(scope="module")
def store():
    """A local S3 server."""
    with s3_environment() as server:
        yield server


@pytest.fixture(scope="module")
def machine(store, tmp_path_factory, postgresql_url):
    """Return a function that gives the directory of a machine's copy."""
    place = tmp_path_factory.mktemp("machines")

    def directory_of(name):
        directory = place / name
        if not directory.exists():
            url = f"s3://segue/{place.name}"
            set_address(directory, database_address(postgresql_url, directory, url))
        return directory

    return directory_of


@pytest.fixture(scope="module")
def analyzed(machine, tmp_path_factory):
    """The directory of the machine that has analyzed and trained."""
    time = np.arange(2 * RATE) / RATE
    sounds = {f"{i}.wav": 0.2 * np.sin(2 * np.pi * (200 + 150 * i) * time) for i in range(8)}
    tracks = [(f"t{i}", f"audio/{i}.wav", f"Piece {i}", f"Band {i % 3}") for i in range(8)]
    listens = [(user, f"t{i}", 1_000 + i) for user in ("anna", "ben") for i in range(3)]
    dataset = write_dataset(
        tmp_path_factory.mktemp("music"),
        rows("track_id path title artist", tracks),
        listens=rows("user_id track_id timestamp", listens),
        sounds=sounds,
    )
    library = make_library(machine("first"), dataset, "knn")
    library.close()
    return library.directory


def listed(directory):
    return [one.track_id for one in recommend(directory, "anna", 5).tracks]


def test_other_machine_serves_the_same_list(analyzed, machine):
    expected = listed(analyzed)
    second = machine("second")
    with Client(make_app(second)) as client:
        answer = client.log_in("anna").get("/api/v1/recommend?k=5")
    assert [one["track"]["track_id"] for one in answer.json()["tracks"]] == expected
    assert not (second / "features").exists()  # they were not needed
    snapshots = [(place / "models/.snapshot/manifest.json") for place in (analyzed, second)]
    assert len({path.read_text() for path in snapshots}) == 1  # built once


def test_other_machine_has_the_same_features(analyzed, machine):
    third = machine("third")
    library = Library(third)
    stored = [store.rows().tolist() for store in library.stores(lambda _: True)]
    library.close()
    assert max(map(len, stored)) == 8
    first = Library(analyzed)
    assert [store.rows().tolist() for store in first.stores(lambda _: True)] == stored
    first.close()


def test_address_files_and_cache_are_options(analyzed, tmp_path):
    settings = tomllib.loads((analyzed / "library.toml").read_text())
    done = run_segue(
        *("--library", f"{settings['database']}&schema={settings['schema']}"),
        *("--files", settings["files"], "--cache", str(tmp_path / "cache")),
    )
    found = [one["track_id"] for one in json.loads(done.stdout)["tracks"]]
    assert found == listed(analyzed)


def run_segue(*options):
    code = "from segue.cli import main; main()"
    command = [sys.executable, "-c", code, "recommend", "--user", "anna", "-k", "5", "--json"]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


def test_machine_without_the_store_answers_transient_errors(analyzed, machine, store):
    fourth = machine("fourth")
    with Client(make_app(machine("second"))) as client:
        client.log_in("anna")
        assert client.get("/api/v1/recommend?k=5").status_code == 200
        store.stop()
        try:
            # what a machine has is enough
            assert client.get("/api/v1/recommend?k=4").status_code == 200
            with Client(make_app(fourth)) as other:
                answer = other.log_in("anna").get("/api/v1/recommend?k=5")
                assert answer.status_code == 503, answer.text
                assert "retry-after" in answer.headers
            done = run_segue("--library", str(fourth))
            assert done.returncode == 1
            assert done.stdout == ""
            assert "try again later" in done.stderr
        finally:
            store.start()
