"""Full-text index of names: it needs SQLite's full-text search, whatever else is loaded."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

WRITE_INDEX = """
import numpy as np
from pathlib import Path
from segue.errors import LibraryError
from segue.library.names import NameIndex
from segue.types import Track
track = Track(track_id="t1", title="Grândola, Vila Morena", artist="José Afonso")
try:
    NameIndex.write(Path("names.db"), [track], np.zeros(1, np.float32))
    print(NameIndex(Path("names.db")).having("grandola").tolist())
except LibraryError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("tensorflow"), reason="TensorFlow is not installed")
@pytest.mark.skipif(sys.platform != "linux", reason="symbols are shared on Linux only")
@pytest.mark.parametrize(
    ("first", "answer"),
    [("import tensorflow", "[0]"), ("import tensorflow, sqlite3", "SQLite has no full-text")],
)
def test_names_are_found_in_a_process_with_tensorflow(tmp_path, first, answer):
    done = subprocess.run(
        [sys.executable, "-c", f"{first}\n{WRITE_INDEX}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(answer), done.stdout
