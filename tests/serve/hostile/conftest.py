"""Servers to be attacked."""

import shutil

import pytest
from tests.serve.hostile.process import Server


@pytest.fixture
def serve(directory):
    """Start servers of one library, and stop those that a test left running."""
    started = []

    def start(*options):
        started.append(Server(directory, *options))
        return started[-1]

    yield start
    for server in started:
        if not server.said.closed:
            server.stop()


@pytest.fixture(scope="module")
def server(original, tmp_path_factory):
    """One server for the tests of a module, which logs no requests."""
    directory = shutil.copytree(original, tmp_path_factory.mktemp("served") / "my.segue")
    server = Server(directory, "--no-access-log")
    yield server
    assert "Traceback" not in server.stop()
