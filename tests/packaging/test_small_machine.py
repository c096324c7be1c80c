"""Analysis and serving fit into a small machine: little memory, no TensorFlow."""

import resource
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from segue.library import Library

MIB = 1024 * 1024
MAX_ADDRESS_SPACE = 3 * 1024 * MIB
MAX_RESIDENT = 700 * MIB
CODE = """
import sys
from pathlib import Path
from segue.cli import app
app(sys.argv[1:], standalone_mode=False)
from segue.serve.app import make_app
from segue.serve.settings import Settings
app = make_app(Path("my.segue"), Settings())
app.state.app_state.service.warm_up()
app.state.app_state.close()
heavy = {"tensorflow", "keras", "jax", "torch"} & {name.partition(".")[0] for name in sys.modules}
# not ru_maxrss: it includes the process that this one was forked from
status = Path("/proc/self/status").read_text().split()
print(*sorted(heavy), status[status.index("VmHWM:") + 1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_analysis_and_serving_fit_into_little_memory(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "music").mkdir()
    for number in range(3):
        sound = 0.1 * rng.normal(size=(60 * 44_100, 2))
        soundfile.write(tmp_path / "music" / f"{number}.flac", sound, 44_100)

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_SPACE, MAX_ADDRESS_SPACE))

    done = subprocess.run(
        [sys.executable, "-c", CODE, "preprocess", "music", "--workers", "1", "--encoder", "none"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *heavy, peak = done.stdout.splitlines()[-1].split()
    assert heavy == []
    assert int(peak) * 1024 < MAX_RESIDENT
    library = Library(tmp_path / "my.segue", create=False)
    assert library.analyzed()["analyzed"] == 3
    library.close()
