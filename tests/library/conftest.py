"""Tests of the library's tables run on SQLite and on PostgreSQL."""

import pytest

ON_BOTH = (
    *("accounts", "entities", "identity", "library", "merged_tracks", "player_store", "playlists"),
    *("read_connection", "replaced_listens", "track_names", "library_copies"),
)
"""Modules whose tests run on both in the gate; `make nightly` runs all of them on PostgreSQL."""


def pytest_generate_tests(metafunc):
    module = metafunc.module.__name__.rpartition(".test_")[2]
    if module in ON_BOTH and not any(
        mark.name == "sqlite" for mark in metafunc.definition.iter_markers()
    ):
        metafunc.fixturenames.append("database_system")
        systems = ["sqlite", "postgresql"]
        if metafunc.config.getoption("--database") == "postgresql":
            systems = ["postgresql"]
        metafunc.parametrize("database_system", systems, indirect=True)


@pytest.fixture
def database_system(request, monkeypatch) -> str:
    """The database system of new libraries of the test."""
    if request.param == "postgresql":
        monkeypatch.setenv("SEGUE_DATABASE", request.getfixturevalue("postgresql_url"))
    return str(request.param)
