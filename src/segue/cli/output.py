"""Print results to standard output and hints to standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from segue.text import terminal_text

if TYPE_CHECKING:
    from segue.library import Library


def print_json(document: Any) -> None:
    """Print one JSON document, the only thing on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def say(*lines: str) -> None:
    """Print lines to standard output and flush them."""
    sys.stdout.write(terminal_text("\n".join(lines)) + "\n")
    sys.stdout.flush()


def day(seconds: float) -> str:
    """Return the day of a time in seconds since 1970, in the zone of this computer."""
    from datetime import datetime

    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d")


def confirm(question: str, *, yes: bool) -> None:
    """Ask on the terminal whether to go on; without a terminal, `yes` must be given."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask on: add --yes")
    typer.confirm(question, abort=True, err=True)


def print_seed(document: Mapping[str, Any], *before: str) -> None:
    """Print the seed that repeats a random list, after the lines `before`."""
    if "seed" in document:
        say(*before, f"random list: --seed {document['seed']} makes the same list again")


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: int = 0
) -> None:
    """Print a table; the last `right` columns hold numbers."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(terminal_text(title), style="bold"),  # a title_style applies to plain str only
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for place, name in enumerate(columns):
        numeric = place >= len(columns) - right
        table.add_column(
            name,
            justify="right" if numeric else "left",
            no_wrap=numeric,
            overflow="fold",
            header_style="dim",
        )
    for row in rows:
        # titles come from files of others: do not parse them as markup
        table.add_row(*(Text(terminal_text(cell)) for cell in row))
    width = None if sys.stdout.isatty() else 120
    Console(width=width).print(table)


def print_recommendations(title: str, document: Mapping[str, Any]) -> None:
    """Print recommended tracks with the contribution of each signal, largest first."""
    rows = []
    for pick in document["tracks"]:
        why = sorted(pick["why"].items(), key=lambda part: -abs(part[1]))
        parts = ", ".join(f"{signal} {part:+.2f}" for signal, part in why if abs(part) >= 0.005)
        reason = pick.get("reason")
        rows.append(
            (
                str(pick["rank"]),
                name_of(pick, nameless="(untitled)"),
                pick.get("file") or pick["track_id"],
                f"{reason}\n{parts}" if reason else parts,
                f"{pick['score']:.2f}",
            )
        )
    print_table(title, ("", "track", "file", "why", "score"), rows, right=1)


def add_files(library: "Library", document: Mapping[str, Any]) -> None:
    """Add the names under which lists show tracks to the tracks of a document."""
    from segue.pipeline.catalogue.shown_files import shown_files

    names = shown_files(library, [pick["track_id"] for pick in document["tracks"]])
    for pick in document["tracks"]:
        pick["file"] = names.get(pick["track_id"], pick["track_id"])


def print_reasons(title: str, document: Mapping[str, Any]) -> None:
    """Print recommended tracks, each with a block of its reasons."""
    say(title)
    for pick in document["tracks"]:
        name = name_of(pick, nameless="(untitled)")
        say(
            "",
            f"{pick['rank']}. {name} ({pick.get('file') or pick['track_id']})",
            *(f"   {line}" for line in reasons(pick)),
        )


def reasons(pick: Mapping[str, Any]) -> list[str]:
    """Return the reasons for a track, one a line.

    >>> for line in reasons({
    ...     "score": 1.5, "why": {"timbre": 2.0, "diversity": -0.5}, "top_signal": "timbre",
    ...     "influenced_by": [{"artist": "A", "title": "B", "pull": 0.75, "track_id": "1"}],
    ...     "in_common": {"artist": None, "genres": [], "tags": ["calm"]},
    ...     "reason": "Sounds similar to A - B, which you like",
    ...     "interest": "sleep, piano",
    ... }):
    ...     print(line)
    Sounds similar to A - B, which you like
    score 1.50 = timbre +2.00, diversity -0.50
    strongest reason: timbre (without it, the track would fall furthest)
    because you like A - B (+0.75)
    because you like: sleep, piano
    in common with tracks you like: the tag calm
    """
    parts = sorted(pick["why"].items(), key=lambda part: -abs(part[1]))
    sums = ", ".join(f"{name} {part:+.2f}" for name, part in parts if abs(part) >= 0.005)
    top, shared = pick["top_signal"], pick["in_common"]
    lines = [
        *([pick["reason"]] if pick.get("reason") else []),
        f"score {pick['score']:.2f}" + (f" = {sums}" if sums else ""),
        f"strongest reason: {top} (without it, the track would fall furthest)"
        if top
        else "no strongest reason: the track keeps its rank without any single signal",
    ]
    if pick["influenced_by"]:
        named = ", ".join(f"{name_of(own)} ({own['pull']:+.2f})" for own in pick["influenced_by"])
        lines.append(f"because you like {named}")
    if pick.get("interest"):
        lines.append(f"because you like: {pick['interest']}")
    common = [f"the artist {shared['artist']}"] if shared["artist"] else []
    for kind in ("genre", "tag"):
        names = shared[f"{kind}s"]
        if names:
            common.append(f"the {kind}{'s' if len(names) > 1 else ''} {', '.join(names)}")
    if common:
        lines.append(f"in common with tracks you like: {'; '.join(common)}")
    return lines


def name_of(track: Mapping[str, Any], nameless: str | None = None) -> str:
    """Return artist and title of a track; `nameless` or its id if both are missing.

    >>> name_of({"artist": None, "title": None, "track_id": "t1"})
    't1'
    """
    name = " - ".join(part for part in (track["artist"], track["title"]) if part)
    return name or nameless or str(track["track_id"])


def hint(sentences: Sequence[str]) -> None:
    """Print hints to standard error, one a line."""
    for sentence in sentences:
        sys.stderr.write(terminal_text(f"segue: {sentence}") + "\n")


def with_interval(value: float | None, interval: Sequence[float | None] | None) -> str:
    """Return a number with its interval, as shown in tables.

    >>> with_interval(0.5, [0.25, 0.75]), with_interval(None, None)
    ('0.500 [0.250, 0.750]', '-')
    """
    if value is None:
        return "-"
    if not interval or interval[0] is None or interval[1] is None:
        return f"{value:.3f}"
    return f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"
