"""What the command line prints: results on standard output, everything else on standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any


def print_json(document: Any) -> None:
    """Print one JSON document, the only thing on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def say(*lines: str) -> None:
    """Print lines for people to standard output, as they are."""
    sys.stdout.write("\n".join(lines) + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: int = 0
) -> None:
    """Print a table; the last `right` columns hold numbers."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
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
        # titles come from strangers' files: never read as markup
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else 120
    Console(width=width).print(table)


def print_picks(title: str, document: Mapping[str, Any]) -> None:
    """Print recommended tracks with what each signal added, the strongest first."""
    rows = []
    for pick in document["tracks"]:
        name = " - ".join(part for part in (pick["artist"], pick["title"]) if part)
        why = sorted(pick["why"].items(), key=lambda part: -abs(part[1]))
        reasons = ", ".join(f"{signal} {part:+.2f}" for signal, part in why if abs(part) >= 0.005)
        rows.append(
            (
                str(pick["rank"]),
                name or "(untitled)",
                pick["track_id"],
                reasons,
                f"{pick['score']:.2f}",
            )
        )
    print_table(title, ("", "track", "id", "why", "score"), rows, right=1)


def with_interval(value: float | None, interval: Sequence[float | None] | None) -> str:
    """Return a figure with its interval, as tables show it.

    >>> with_interval(0.5, [0.25, 0.75]), with_interval(None, None)
    ('0.500 [0.250, 0.750]', '-')
    """
    if value is None:
        return "-"
    if not interval or interval[0] is None or interval[1] is None:
        return f"{value:.3f}"
    return f"{value:.3f} [{interval[0]:.3f}, {interval[1]:.3f}]"
