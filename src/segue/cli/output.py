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
