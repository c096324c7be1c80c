"""Measure the start of ``segue --help``, compared with Python that does nothing.

Run it on a quiet machine: ``python benchmarks/startup.py``. Prints the medians of 15 alternating
runs, and their ratio.
"""

import statistics
import subprocess
import sys
import time

RUNS = 15
HELP = "import sys; sys.argv = ['segue', '--help']; from segue.cli import main; main()"


def seconds(code: str) -> float:
    """Return how long one fresh interpreter takes to run `code`."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Time both in turn and print."""
    pairs = [(seconds(HELP), seconds("pass")) for _ in range(RUNS)]
    ours, nothing = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"segue --help  {ours:.3f} s")
    print(f"python        {nothing:.3f} s")
    print(f"ratio         {ours / nothing:.1f}")


if __name__ == "__main__":
    main()
