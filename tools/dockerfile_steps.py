"""Run the steps of the Dockerfile in an empty directory: ``python tools/dockerfile_steps.py DIR``.

For machines without Docker. No image is built: the base images are this machine's Python and npm,
and absolute paths of the file (/src, /opt, /data, /music) lie below DIR. Steps that set owners are
left out. At the end DIR/opt/segue is an installation, with which the health check can be tried.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = ("src", "opt", "data", "music")


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile: their names and the rest of their lines."""
    joined = re.sub(r"\\\n\s*", "", text)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def argument_list(text: str) -> list[str]:
    """Return the words of an instruction in its JSON form."""
    words: list[str] = json.loads(text[text.index("[") :])
    return words


def context() -> list[str]:
    """Return the files of the checkout that .dockerignore lets through."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").split()
    wanted = [line[1:] for line in lines if line.startswith("!")]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        name
        for name in listed.stdout.splitlines()
        if any(name == one or name.startswith(f"{one}/") for one in wanted)
        and not any(fnmatch(name, line) for line in lines[1:] if not line.startswith("!"))
    ]


def below(prefix: Path, text: str) -> str:
    """Return a text in which the absolute paths of the Dockerfile lie below a directory."""
    return re.sub(rf"(?<![\w.])/({'|'.join(PLACES)})\b", rf"{prefix}/\1", text)


def run(prefix: Path) -> None:
    """Run all steps."""
    prefix.mkdir(parents=True)
    work = prefix
    for name, rest in instructions((ROOT / "Dockerfile").read_text("utf-8")):
        place = below(prefix, rest)
        if name == "WORKDIR":
            work = Path(place)
            work.mkdir(parents=True, exist_ok=True)
        elif name == "COPY" and "--from=" not in rest:
            *sources, _ = rest.split()
            for file in context() if sources == ["."] else sources:
                (work / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / file, work / file)
        elif name == "RUN" and "--owner" not in rest:
            print(f"RUN {rest}", flush=True)  # noqa: T201
            environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
            subprocess.run(shlex.split(place), cwd=work, check=True, env=environment)  # noqa: S603


if __name__ == "__main__":
    run(Path(sys.argv[1]).absolute())
