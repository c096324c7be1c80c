"""Run the documented commands on a public data set, and write its tables of docs/measured.md.

    python benchmarks/measured.py --table lastfm --data lastfm          # prints the tables
    python benchmarks/measured.py --table lastfm --data lastfm --write  # into docs/measured.md
    python benchmarks/measured.py --table all --data DIR --write        # DIR/gtzan, DIR/lastfm, ...
    python benchmarks/measured.py --table lastfm --from lastfm.json     # tables of an earlier run

Each command runs in a process of its own, on a fresh library in a temporary directory or in
`--keep DIR`, which also keeps ``TABLE.json``: the commands with their CPU seconds and memory, and
the document of ``segue evaluate --json``, from which the tables are made again with `--from`.
docs/data.md says where the data sets come from. `--write` replaces the text between the markers
``<!-- measured: TABLE -->`` and ``<!-- end -->``.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measured_tables import TABLES, commands, tables

PAGE = Path(__file__).parents[1] / "docs" / "measured.md"
_MARKED = "(<!-- measured: {} -->\n).*?(<!-- end -->)"


def run(arguments: list[str], library: Path) -> dict[str, Any]:
    """Run one segue command; return its cost, and the document that it printed."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "segue", *arguments, "--library", str(library), "--json"],
            stdout=out,
        )
        _, status, used = os.wait4(process.pid, 0)
        code = process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    if code:
        raise SystemExit(f"segue {' '.join(arguments)} ended with exit code {code}.")
    return {
        "command": " ".join(arguments),
        "seconds": time.perf_counter() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / 1024,
        "document": json.loads(text),
    }


def measure(table: str, data: Path | None, library: Path, seeds: list[int]) -> dict[str, Any]:
    """Run the commands of a table with each seed; return what they cost and printed."""
    found: dict[str, Any] = {"table": table, "commit": commit(), "seeds": seeds, "runs": []}
    for seed in seeds:
        place = library.with_name(f"{library.name}-{seed}") if len(seeds) > 1 else library
        if place.exists():
            raise SystemExit(f"{place} exists: the tables need a fresh library.")
        steps = []
        for arguments in commands(table, data, seed, place.with_name(f"{place.name}.music")):
            print(f"segue {' '.join(arguments)}", file=sys.stderr, flush=True)
            steps.append(run(arguments, place))
        evaluation = steps[-1].pop("document")
        for step in steps:
            step.pop("document", None)
        found["runs"].append({"seed": seed, "steps": steps, "evaluation": evaluation})
    return found


def commit() -> str:
    """Return the short name of the checkout's commit, or "unknown"."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def written(page: str, table: str, text: str) -> str:
    """Return a page with the text between the markers of one table replaced."""
    pattern = re.compile(_MARKED.format(re.escape(table)), re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"The page has no part <!-- measured: {table} -->.")
    return pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page, count=1)


def main() -> None:
    """Measure, then print or write the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", choices=[*TABLES, "all"], required=True)
    parser.add_argument("--data", type=Path, help="the data set; with all, their parent directory")
    parser.add_argument("--seeds", type=int, nargs="+", help="by default those of docs/measured.md")
    parser.add_argument("--keep", type=Path, help="directory for libraries and TABLE.json")
    parser.add_argument("--from", type=Path, dest="earlier", help="a TABLE.json instead of a run")
    parser.add_argument("--write", action="store_true", help="write into docs/measured.md")
    parser.add_argument("--page", type=Path, default=PAGE, help="another page to write into")
    given = parser.parse_args()
    if given.earlier and given.table == "all":
        parser.error("--from holds one table: name it with --table.")
    with tempfile.TemporaryDirectory() as scratch:
        place = given.keep or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        for table in TABLES if given.table == "all" else [given.table]:
            data = given.data / table if given.data and given.table == "all" else given.data
            if given.earlier:
                found = json.loads(given.earlier.read_text("utf-8"))
            else:
                seeds = given.seeds or list(TABLES[table].seeds)
                found = measure(table, data, place / f"{table}.segue", seeds)
                (place / f"{table}.json").write_text(json.dumps(found, indent=1), "utf-8")
            text = tables(found)
            if given.write:
                page = given.page.read_text("utf-8")
                given.page.write_text(written(page, table, text), "utf-8")
            else:
                print(text)


if __name__ == "__main__":
    main()
