"""Lighthouse scores of each page for `benchmarks/page.py`, as a phone on a slow 4G network.

The first visit has no session; the others have that of the listener. Each figure is the median of
three runs. Lighthouse simulates the network and a processor four times as slow from an unthrottled
load, so that a busy machine shows up in the blocking time (TBT).
"""

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

PROGRAM = Path(__file__).parents[1] / "node_modules" / ".bin" / "lighthouse"
RUNS, TRIES = 3, 3
FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage"
PAGES = ("listen", "library", "playlists", "map", "steer", "quality", "manage", "liked", "history")
FIGURES = {  # name: audit, unit, decimals
    "FCP s": ("first-contentful-paint", 1000, 1),
    "LCP s": ("largest-contentful-paint", 1000, 1),
    "SI s": ("speed-index", 1000, 1),
    "TBT ms": ("total-blocking-time", 1, 0),
    "CLS": ("cumulative-layout-shift", 1, 3),
    "KiB": ("total-byte-weight", 1024, 0),
}


def report_of(url: str, cookie: str) -> dict[str, Any]:
    """Return what Lighthouse reports about the performance of an address."""
    headers = json.dumps({"Cookie": cookie}) if cookie else "{}"
    environment = {"CHROME_PATH": shutil.which("chromium") or "", **os.environ}
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "report.json"
        command = [PROGRAM, url, "--quiet", "--only-categories=performance", "--output=json"]
        command += [
            f"--output-path={path}",
            f"--chrome-flags={FLAGS}",
            f"--extra-headers={headers}",
        ]
        for _ in range(TRIES):  # Chromium sometimes misses the start of a load
            with suppress(subprocess.CalledProcessError):
                subprocess.run(command, check=True, timeout=150, env=environment)
                found: dict[str, Any] = json.loads(path.read_text("utf-8"))
                return found
    raise SystemExit(f"Lighthouse failed at {url}.")


def addresses_of(address: str, cookie: str) -> dict[str, tuple[str, str]]:
    """Return the address and the cookie of the first visit and of each page."""
    pages = {"first visit": (address, "")}
    pages |= {name: (f"{address}#/{name}", cookie) for name in PAGES}
    for kind in ("album", "artist"):
        asked = Request(f"{address}api/v1/{kind}s?limit=1", headers={"Cookie": cookie})  # noqa: S310
        with urlopen(asked) as answer:  # noqa: S310
            for item in json.load(answer)["items"]:
                pages[kind] = (f"{address}#/{kind}?id={item['id']}", cookie)
    return pages


def print_scores(address: str, cookie: str) -> None:
    """Print the scores of the pages of a server at an address, one line each."""
    print(f"{'phone, slow 4G':16} {'score':>6}", *(f"{name:>7}" for name in FIGURES), flush=True)
    for name, (url, with_cookie) in addresses_of(address, cookie).items():
        found = [report_of(url, with_cookie) for _ in range(RUNS)]
        score = median(one["categories"]["performance"]["score"] for one in found)
        figures = (
            f"{median(one['audits'][audit]['numericValue'] for one in found) / unit:7.{decimals}f}"
            for audit, unit, decimals in FIGURES.values()
        )
        print(f"{name:16} {score:6.2f}", *figures, flush=True)
