"""Fixtures of tests that attack a server."""

import pytest
from tests.factories import copy_of_library
from tests.serve.served import Server


@pytest.fixture(scope="module")
def server(original, tmp_path_factory):
    """One server for the tests of a module, which logs no requests."""
    directory = copy_of_library(original, tmp_path_factory.mktemp("served") / "my.segue")
    server = Server(directory, "--no-access-log").start()
    yield server
    assert "Traceback" not in server.stop()
