"""Fixtures and settings of all tests."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from tests.postgresql_server import server_url

# property tests have no time limits: the machine may be busy
settings.register_profile(
    "segue", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", settings.get_profile("segue"), max_examples=20)
settings.register_profile("nightly", settings.get_profile("segue"), max_examples=400)
settings.load_profile("segue")

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_addoption(parser):
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="database system of the libraries that tests make",
    )


def pytest_collection_modifyitems(config, items):
    if config.getoption("--database") == "postgresql":
        for item in items:
            if item.get_closest_marker("sqlite"):
                item.add_marker(pytest.mark.skip(reason="this is about the file of SQLite"))


@pytest.fixture(scope="session")
def postgresql_url() -> str:
    """The address of a real PostgreSQL server."""
    return server_url()


@pytest.fixture(scope="session", autouse=True)
def chosen_database(request) -> None:
    """Let tests make their libraries in the database system of the option ``--database``."""
    if request.config.getoption("--database") == "postgresql":
        os.environ["SEGUE_DATABASE"] = request.getfixturevalue("postgresql_url")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The directory of real data next to the repository; without it, tests are skipped."""
    directory = REPOSITORY.parent / "shared" / "data"
    if not directory.is_dir():
        pytest.skip(f"no real data: {directory.name}/ is not next to this repository")
    return directory


@pytest.fixture(scope="session", autouse=True)
def user_data(tmp_path_factory) -> Path:
    """A data directory for the tests: it has only the encoders that a test installs."""
    directory = tmp_path_factory.mktemp("user-data")
    os.environ["XDG_DATA_HOME"] = str(directory)
    return directory


@pytest.fixture(scope="session")
def musicnn_wheel(tmp_path_factory) -> Path:
    """The real wheel of the pretrained encoders; skipped where it cannot be downloaded."""
    from segue.encoders.pretrained import download_wheel
    from segue.errors import ModelError

    try:
        return download_wheel(tmp_path_factory.mktemp("wheel"))
    except ModelError as error:
        pytest.skip(f"no wheel to test with: {error}")


@pytest.fixture(scope="session")
def notes_wheel(tmp_path_factory) -> Path:
    """The real wheel of the note model; skipped where it cannot be downloaded."""
    from segue.encoders.pretrained import NOTES_WHEEL, download_wheel
    from segue.errors import ModelError

    try:
        return download_wheel(tmp_path_factory.mktemp("notes"), NOTES_WHEEL)
    except ModelError as error:
        pytest.skip(f"no wheel to test with: {error}")


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator of random numbers, the same in every test."""
    return np.random.default_rng(20_261_122)


@pytest.fixture
def small_disk(tmp_path, request):
    """A disk of 1 MiB, mounted for real; skipped where mounting is not allowed.

    ``pytest.mark.parametrize("small_disk", ["size=32m"], indirect=True)`` sets other mount options.
    """
    options = getattr(request, "param", "size=1m")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place],
        capture_output=True,
        check=False,
    )
    if os.geteuid() != 0 or mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)
