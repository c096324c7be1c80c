"""Run personas over seeds, and print the tables."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from .ceiling import ceiling
from .checks import checks_of
from .libraries import open_persona, prepare_base
from .measure import measure_persona, opinion_measures
from .people import Persona

Results = list[dict[str, Any]]
"""One row per seed, persona and check: their names, and the value."""


def run_suite(
    personas: Sequence[Persona],
    seeds: Sequence[int],
    work: Path,
    keep: Path,
    *,
    n_tracks: int,
    n_artists: int,
) -> Results:
    """Return the values of all checks; analyzed libraries are made in `keep`."""
    results: Results = []
    for seed in seeds:
        base = keep / f"{n_tracks}-{n_artists}-{seed}"
        world = prepare_base(seed, base, n_tracks=n_tracks, n_artists=n_artists)
        for persona in personas:
            started = time.monotonic()
            opened = open_persona(persona, world, seed, base, directory=work / "own")
            values = measure_persona(opened, seed)
            results += [
                {"seed": seed, "persona": persona.name, "check": name, "value": value}
                for name, value in values.items()
            ]
            took = time.monotonic() - started
            print(f"seed {seed}: {persona.name}, {took:.0f} s", file=sys.stderr, flush=True)
    return results


def run_opinions(
    personas: Sequence[Persona],
    seeds: Sequence[int],
    keep: Path,
    *,
    n_tracks: int,
    n_artists: int,
) -> Results:
    """Return rank correlation, disliked favorites and the ceiling of each person.

    The libraries have no sound, and nothing is trained: opinions need neither.
    They are made in `keep`, and opened again by a later call.
    """
    results: Results = []
    for seed in seeds:
        base = keep / f"silent-{n_tracks}-{n_artists}-{seed}"
        world = prepare_base(seed, base, n_tracks=n_tracks, n_artists=n_artists, silent=True)
        names = "-".join(persona.name for persona in personas) if len(personas) < 5 else "everyone"
        everyone = Persona(
            name="everyone",
            about="all people in one library",
            people=tuple(person for persona in personas for person in persona.people),
        )
        opened = open_persona(
            everyone, world, seed, base, directory=base / names, models=(), reuse=True
        )
        for one in opened.people:
            if len(one.judged) <= 20:
                continue
            values = opinion_measures(opened, one)
            results.append(
                {
                    "seed": seed,
                    "person": one.person.name,
                    "rank": values["opinion rank"],
                    "ceiling": ceiling(one),
                    "disliked": values["disliked favorites"] / len(one.favorites),
                }
            )
    return results


def markdown(personas: Sequence[Persona], results: Results) -> str:
    """Return the table of the suite, and the number of checks that pass on every seed."""
    lines = [
        "| persona | check | threshold | mean | seeds that pass |",
        "|---|---|---|---|---|",
    ]
    n_passed = n_checks = 0
    for persona in personas:
        only = all(person.scrobbles_only for person in persona.people)
        own = [row for row in results if row["persona"] == persona.name]
        for name in dict.fromkeys(row["check"] for row in own):
            check = checks_of(name, scrobbles_only=only)
            values = [row["value"] for row in own if row["check"] == name]
            passed = fmean(check.passes(value) for value in values)
            mean = fmean(values)
            shown = "not available" if mean != mean else f"{mean:.2f}"  # noqa: PLR0124
            lines.append(f"| {persona.name} | {name} | {check.rule} | {shown} | {passed:.0%} |")
            n_passed, n_checks = n_passed + (passed == 1), n_checks + 1
    lines += ["", f"{n_passed} of {n_checks} checks pass on every seed."]
    return "\n".join(lines)


def opinion_table(results: Results) -> str:
    """Return the table of opinions: means over seeds."""
    lines = [
        "| person | Spearman(opinion, affinity) | least | ceiling | favorites below zero |",
        "|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row["person"] for row in results):
        own = [row for row in results if row["person"] == name]
        ranks = [row["rank"] for row in own]
        disliked = fmean(row["disliked"] for row in own)
        best = fmean(row["ceiling"] for row in own)
        lines.append(
            f"| {name} | {fmean(ranks):.3f} | {min(ranks):.3f} | {best:.3f} | {disliked:.1%} |"
        )
    return "\n".join(lines)
