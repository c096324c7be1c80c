"""Prepare the page's section on similar tracks from a `SimilarityReport`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from segue.evaluation.report.names import display_name
from segue.evaluation.report.similarity import HubReduction, NeighborScores, SimilarityReport
from segue.evaluation.report.tables import Cell, ScoreTable, model_table, number, spread
from segue.text import plural

CUT = 10
"""The length of the lists of neighbors that are shown."""

HUB_METRICS = (f"hub_skewness@{CUT}", f"largest_hub@{CUT}", f"never_retrieved@{CUT}")
HUB_HEADS = ("Hub skewness", "Largest hub", "In no list")


@dataclass(frozen=True, slots=True)
class HubRow:
    """One method of comparing in one space, as the page shows it."""

    space: str
    method: str
    used: bool
    cells: Sequence[tuple[str, str]]


def similarity_section(found: SimilarityReport) -> dict[str, Any]:
    """Prepare the section for the page."""
    tables = [_table(found, found.judged, _queries(found.judged))]
    if found.everything:
        tables.append(_table(found, found.everything, _queries(found.everything)))
    shown = [metric for metric in heads(found.target) if _any_hub(found, metric)]
    return {
        "report": found,
        "tables": tables,
        "hub_heads": [*(heads(found.target)[metric] for metric in shown), *HUB_HEADS],
        "hub_rows": [
            row for name, each in found.hubs.items() for row in _hub_rows(name, each, shown)
        ],
    }


def heads(target: str | None) -> dict[str, str]:
    """Return the metrics of a table of neighbors, and their column titles.

    Examples
    --------
    >>> heads("genre")["precision@10"]
    'Same genre, other artist'
    """
    kind = target or "class"
    named = {
        "precision": f"Same {kind}, other artist",
        "precision_unfiltered": f"Same {kind}, any artist",
        "artist_precision": "Same artist",
        "album_precision": "Same album",
        "album_precision_filtered": "Same album, other artist",
    }
    return {f"{name}@{CUT}": head for name, head in named.items()}


def _queries(part: NeighborScores) -> str:
    n = max(part.n.values(), default=0)
    if part.split == "all":
        return f"All tracks ({n} have an answer), in spaces that learned no labels."
    return f"The {plural(n, 'track')} of the {part.split} part: a fair comparison of all spaces."


def _table(found: SimilarityReport, part: NeighborScores, caption: str) -> ScoreTable:
    named = heads(found.target)
    shown = [metric for metric in named if part.n.get(metric)]
    table = model_table(
        caption=f"{caption} Precision@{CUT}: best in bold; small print: intervals.",
        metrics=shown,
        models=part.models,
        intervals=part.intervals,
        best=shown,
        whiskers=shown[0] if shown else None,
        roles=dict.fromkeys(found.baselines, "baseline"),
        chosen=found.model,
    )
    rows = [
        replace(row, cells=[*row.cells, *(Cell(text) for text in _hub_cells(values))])
        for row, values in zip(table.rows, part.models.values(), strict=True)
    ]
    columns = [f"{named[metric]} ({part.n[metric]})" for metric in shown]
    scale = table.scale.rpartition(", 0 to ")[2]
    drawn = f"{named[shown[0]]}, 0 to {scale}" if shown else ""
    return ScoreTable(table.caption, [*columns, *HUB_HEADS], rows, drawn)


def _hub_cells(values: Mapping[str, float]) -> list[str]:
    skewness, largest, never = (values.get(metric, math.nan) for metric in HUB_METRICS)
    return [number(skewness, 2), number(largest, 0).split(".")[0], percent_of(never)]


def percent_of(share: float) -> str:
    r"""Return a small share in per cent.

    Examples
    --------
    >>> percent_of(0.036), percent_of(math.nan) == "\u2013"
    ('3.6%', True)
    """
    return f"{100 * share:.1f}%" if math.isfinite(share) else number(share)


def _any_hub(found: SimilarityReport, metric: str) -> bool:
    return any(metric in each.methods["cosine"] for each in found.hubs.values())


def _hub_rows(name: str, found: HubReduction, shown: Sequence[str]) -> list[HubRow]:
    return [
        HubRow(
            display_name(name),
            method.replace("_", " "),
            method == found.used,
            [
                (number(values.get(metric)), spread(found.intervals.get(method, {}).get(metric)))
                for metric in shown
            ]
            + [(text, "") for text in _hub_cells(values)],
        )
        for method, values in found.methods.items()
    ]
