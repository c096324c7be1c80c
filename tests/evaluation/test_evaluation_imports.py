"""The evaluation package: cheap import and public names."""

import subprocess
import sys

import segue.evaluation


def test_import_loads_nothing_heavy():
    code = "import sys, segue.evaluation; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"pandas", "matplotlib", "seaborn", "sklearn", "scipy", "jinja2", "keras", "librosa"}
    assert heavy.isdisjoint(loaded)


def test_public_names_exist_and_are_documented():
    for name in segue.evaluation.__all__:
        public = getattr(segue.evaluation, name)
        assert public.__doc__
