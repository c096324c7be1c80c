"""Fixtures for every room's tests."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the repository; tests that need it are skipped where it is absent."""
    directory = REPOSITORY.parent / "shared" / "data"
    if not directory.is_dir():
        pytest.skip(f"no real data: {directory.name}/ is not beside this repository")
    return directory


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator of random numbers, the same in every test."""
    return np.random.default_rng(20_261_122)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 256 KiB, mounted for real; skipped where mounting is not allowed."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place],
        capture_output=True,
        check=False,
    )
    if os.geteuid() != 0 or mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)
