"""The API against generated requests: right ones, wrong ones, and sequences of them.

    python benchmarks/fuzz_api.py LIBRARY [--examples 100] [--seed 0]

LIBRARY is copied first. The copy gets an account, `segue serve` serves it as users start it, and
schemathesis asks every operation of the document that the server gives of itself: the examples in
it, its edges, random requests that fit it and that do not, and sequences along its links. It checks
that no answer is a failure of the server (5xx), that status, content type, headers and body are
those that the document tells, and that what does not fit the document is refused. Twice: with the
API key of an admin, and as a visitor whom nobody knows, to whom 401 is the answer. Jobs are not
asked for, since each would train for minutes; requests that fit the document may be refused for
what they say (422), since no schema tells that one year must not come after another.

Printed are operations, requests and failures; the exit code is 1 if there are any of those. The
server's own memory is printed before and after.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from served import Server

from segue.library import Library
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.sessions import create_key

LEFT_OUT = r"^/api/v1/events$"  # which never ends: its tests follow it
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "415", "422", "429"]
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "413", "415", "422", "429"]
[[operations]]
include-name = "POST /api/v1/jobs"
enabled = false
"""


def fuzz(port: int, key: str | None, examples: int, seed: int, place: Path) -> dict[str, int]:
    """Ask everything; return how many operations, requests and failures there were."""
    settings, report = place / "schemathesis.toml", place / "report.json"
    settings.write_text(SETTINGS)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run"]
    command += [f"http://127.0.0.1:{port}/api/v1/openapi.json", "--no-color"]
    command += ["--seed", str(seed), "--max-examples", str(examples), "--workers", "1"]
    command += ["--exclude-path-regex", LEFT_OUT, "--report-json-path", str(report)]
    if key is not None:
        # the key that is given comes with all requests, so that none has a wrong one
        command += ["-H", f"Authorization: Bearer {key}", "--exclude-checks", "ignored_auth"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    counts = {
        "operations": r"Tested: (\d+)",
        "requests": r"(\d+) generated",
        "failures": r"found (\d+) unique failures",
    }
    found = {name: re.search(pattern, done.stdout) for name, pattern in counts.items()}
    if found["operations"] is None:
        raise SystemExit(f"schemathesis did not run: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    if done.returncode:
        print(re.sub(r"\n{2,}", "\n", done.stdout)[:20_000])
    numbers = {name: int(one[1]) if one else 0 for name, one in found.items()}
    return numbers | {"failed": int(done.returncode != 0)}


def main() -> None:
    """Serve a copy, ask it everything, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--examples", type=int, default=100, help="of each operation and kind")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        copy = shutil.copytree(given.library, place / "my.segue")
        library = Library(copy, create=False)
        add_account(library, "fuzz", "four words do well", admin=True)
        key = create_key(library, "fuzz", "fuzz")
        library.close()
        server = Server(copy, workers=1)
        server.start()
        failed = 0
        try:
            for name, asks in (("admin", key), ("visitor", None)):
                began, before = time.monotonic(), server.memory()
                found = fuzz(server.port, asks, given.examples, given.seed, place)
                failed += found.pop("failed")
                found["seconds"] = round(time.monotonic() - began)
                megabytes = f"{before:.0f} to {server.memory():.0f} MB"
                print(f"{name}: {json.dumps(found)}, memory {megabytes}", flush=True)
        finally:
            server.stop()
    raise SystemExit(int(failed > 0))


if __name__ == "__main__":
    main()
