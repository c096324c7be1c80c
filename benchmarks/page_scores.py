"""Lighthouse scores of each page for `benchmarks/page.py`, as a phone on a slow 4G network.

The first visit has no session; the others have one. Each figure is the median of three runs.
"""

import json
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

PROGRAM = Path(__file__).parents[1] / "node_modules" / ".bin" / "lighthouse"
RUNS = 3
TRIES = 3
FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage"
PAGES = ("listen", "library", "playlists", "map", "steer", "quality", "manage", "liked", "history")
FIGURES = {
    "FCP s": ("first-contentful-paint", 1000),
    "LCP s": ("largest-contentful-paint", 1000),
    "SI s": ("speed-index", 1000),
    "TBT ms": ("total-blocking-time", 1),
    "CLS": ("cumulative-layout-shift", 1),
    "KiB": ("total-byte-weight", 1024),
}


def report_of(url: str, cookie: str, chrome: str | None) -> dict:
    """Return what Lighthouse reports about the performance of an address."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "report.json"
        headers = json.dumps({"Cookie": cookie}) if cookie else "{}"
        command = [PROGRAM, url, "--quiet", "--only-categories=performance", "--output=json"]
        command += [f"--output-path={path}", f"--chrome-flags={FLAGS}"]
        environment = {**os.environ} | ({"CHROME_PATH": chrome} if chrome else {})
        command += [f"--extra-headers={headers}"]
        for _ in range(TRIES):  # Chromium sometimes misses the start of the load
            with suppress(subprocess.CalledProcessError):
                subprocess.run(command, check=True, timeout=150, env=environment)
                return json.loads(path.read_text("utf-8"))
        raise SystemExit(f"Lighthouse failed at {url}.")


def scores(address: str, listener: str, chrome: str | None, names: list[str] | None = None) -> None:
    """Print the scores of the pages of a server at an address, one line each."""
    body = json.dumps({"listener": listener}).encode()
    asked = Request(f"{address}api/v1/session", body, {"Content-Type": "application/json"})
    with urlopen(asked) as answer:  # noqa: S310
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
    pages = {"first visit": (address, "")}
    pages |= {name: (f"{address}#/{name}", cookie) for name in PAGES}
    for kind in ("albums", "artists"):
        asked = Request(f"{address}api/v1/{kind}?limit=1", headers={"Cookie": cookie})
        with urlopen(asked) as answer:  # noqa: S310
            if items := json.load(answer)["items"]:
                (identity,) = (v for k, v in items[0].items() if k in ("id", f"{kind[:-1]}_id"))
                pages[kind[:-1]] = (f"{address}#/{kind[:-1]}?id={identity}", cookie)
    print(f"{'phone, slow 4G':16} {'score':>6}", *(f"{name:>7}" for name in FIGURES), flush=True)
    for name, (url, with_cookie) in pages.items():
        if names and name not in names:
            continue
        found = [report_of(url, with_cookie, chrome) for _ in range(RUNS)]
        score = median(one["categories"]["performance"]["score"] for one in found)
        figures = [
            median(one["audits"][audit]["numericValue"] for one in found) / unit
            for audit, unit in FIGURES.values()
        ]
        texts = (
            f"{value:7.3f}" if label == "CLS" else f"{value:7.{1 if label[-1] == 's' and 'ms' not in label else 0}f}"
            for label, value in zip(FIGURES, figures, strict=True)
        )
        print(f"{name:16} {score:6.2f}", *texts, flush=True)
