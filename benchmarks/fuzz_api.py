"""Fuzz the API: valid requests, invalid requests and sequences of requests.

    python benchmarks/fuzz_api.py LIBRARY [--examples 100] [--seed 0]

The script copies LIBRARY, adds an account to the copy and starts `segue serve` on it. Schemathesis
calls every operation of the server's OpenAPI document: its examples, edge values, random requests
that match the document and that do not, and sequences along its links. It checks that no response
is a failure of the server (5xx), that status, content type, headers and body match the document,
and that requests that do not match are rejected. It does so twice: with the API key of an admin,
and as an unknown visitor, who must get 401. Jobs are left out, because each would train for
minutes. Requests that match the document may be rejected for their values (422): a schema cannot
say that one year must not come after another.

Prints the numbers of operations, requests and failures, and the memory of the server before and
after. The exit code is 1 if there are failures.
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
