"""Simulate people on a music library, and check their recommendations as they would.

Run: ``python benchmarks/personas.py [--seeds 20] [--persona NAME] [--json FILE] [--opinions]``. It
prints a table: persona, check, threshold, mean over seeds, share of seeds that pass. One seed takes
about three minutes. docs/evaluation.md describes the checks; they are in `persona_suite.checks`,
the people in `persona_suite.people`, the rules of their behavior in `persona_suite.behavior` with
numbers and sources in `persona_suite.parameters`.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from persona_suite.people import PERSONAS, Persona
from persona_suite.run import markdown, opinion_table, run_opinions, run_suite

if __name__ == "__main__":
    names = [persona.name for persona in PERSONAS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="number of simulated worlds")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--persona", action="append", choices=names, help="only these")
    parser.add_argument("--tracks", type=int, default=3_000, help="about this many tracks")
    parser.add_argument("--artists", type=int, default=400)
    parser.add_argument("--json", type=Path, help="write the values of every seed to a file")
    parser.add_argument("--opinions", action="store_true", help="only opinions: takes seconds")
    parser.add_argument(
        "--keep", type=Path, help="keep analyzed and imported libraries, and use them again"
    )
    given = parser.parse_args()
    chosen: Sequence[Persona] = [
        one for one in PERSONAS if not given.persona or one.name in given.persona
    ]
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    size = {"n_tracks": given.tracks, "n_artists": given.artists}
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        if given.opinions:
            results = run_opinions(chosen, seeds, given.keep or work, **size)
            print(opinion_table(results))
        else:
            results = run_suite(chosen, seeds, work, given.keep or work, **size)
            print(markdown(chosen, results))
    if given.json:
        given.json.write_text(json.dumps(results, indent=1), "utf-8")
