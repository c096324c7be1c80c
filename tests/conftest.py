"""Fixtures for every room's tests."""

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
