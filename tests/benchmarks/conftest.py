"""Make the packages of `benchmarks` importable, as they are for its programs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
