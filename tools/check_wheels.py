"""Check that wheels of all base dependencies exist: ``python tools/check_wheels.py``.

Asks the package index, through pip, for the versions of constraints.txt on other machines, and
installs nothing. It needs a network, so the tests do not run it.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
MACHINES = {
    "Linux arm64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    "Linux x86-64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
}
PYTHONS = ("3.11", "3.12", "3.13")


def missing(platforms: tuple[str, ...], python: str) -> str:
    """Return what pip says where a wheel is missing; nothing where all are there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed"]
    command += ["--only-binary", ":all:", "--python-version", python]
    command += [f"--platform={name}" for name in platforms]
    command += ["--constraint", str(ROOT / "constraints.txt"), *project["dependencies"]]
    with tempfile.TemporaryDirectory() as target:
        command += ["--target", target, "--disable-pip-version-check"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stderr if done.returncode else ""


if __name__ == "__main__":
    failed = False
    for machine, platforms in MACHINES.items():
        for python in PYTHONS:
            said = missing(platforms, python)
            failed = failed or bool(said)
            print(f"{machine}, Python {python}: {said or 'all wheels are there'}")  # noqa: T201
    sys.exit(failed)
