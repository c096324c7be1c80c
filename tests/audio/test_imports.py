"""Importing the package is cheap, and its public names exist."""

import subprocess
import sys

import segue.audio

HEAVY = ("av", "librosa", "pandas", "scipy", "sklearn", "soundfile", "soxr", "tensorflow")


def test_import_loads_only_numpy() -> None:
    program = f"import sys, segue.audio; print([m for m in {HEAVY} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert result.stdout.decode().strip() == "[]"


def test_public_names_exist_and_are_documented() -> None:
    for name in segue.audio.__all__:
        assert hasattr(segue.audio, name), name
        if callable(getattr(segue.audio, name)):
            assert getattr(segue.audio, name).__doc__, name
