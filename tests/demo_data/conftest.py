"""Fixtures of the starter library's tests."""

from importlib.util import find_spec
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpus() -> Path:
    """music21's corpus; tests that need it are skipped where the extra `demo` is missing."""
    for package in ("music21", "midirenderer", "pretty_midi"):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed: pip install 'segue[demo]'")
    from segue.demo_data.scores import package_directory

    return package_directory("music21") / "corpus"
