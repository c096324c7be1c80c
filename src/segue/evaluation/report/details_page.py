"""Prepare the page's sections beyond the main table of recommendations."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from segue.evaluation.report.contents import RecommendationReport
from segue.evaluation.report.details import (
    ColdTracks,
    Control,
    DialCurves,
    Figures,
    ListenerGroup,
    NextTrack,
    Organic,
)
from segue.evaluation.report.dial_plot import dial_plot
from segue.evaluation.report.formatting import signed
from segue.evaluation.report.names import (
    GROUP_TITLES,
    display_name,
    meanings,
    setting_title,
    title_of,
    upper_first,
)
from segue.evaluation.report.tables import (
    BEST_IN_BOLD,
    Cell,
    Row,
    ScoreTable,
    model_table,
    number,
    spread,
)
from segue.evaluation.significance import Difference
from segue.text import plural

_GROUP_CUTS = (10, 20)
_COLD_METRICS = ("ndcg@20", "recall@20", "ndcg@10", "recall@10")
_NEXT_METRICS = ("hit_rate@20", "mrr@20", "new_hit_rate@20", "new_mrr@20")
_ORGANIC_METRICS = ("ndcg@20", "recall@20")
_CONTROL_METRIC = "ndcg@20"


def details_section(found: RecommendationReport) -> dict[str, Any]:
    """Prepare all parts beyond the main table; None for missing ones."""
    details = found.details
    dials = details.dials
    return {
        "comparisons": [found for found in details.comparisons if found.metric == "ndcg@20"],
        "best_single": details.best_single,
        "groups": [
            {
                "title": GROUP_TITLES[by],
                "tables": [_group_table(groups, by, k) for k in _GROUP_CUTS],
            }
            for by, groups in details.groups.items()
            if len(groups) > 1
        ],
        "cold_tracks": _cold_tracks(details.cold_tracks) if details.cold_tracks else None,
        "cold_listeners": [_cold_listeners(n, own) for n, own in details.cold_listeners.items()],
        "control": _control(details.control) if details.control else None,
        "dials": dials,
        "dial_table": _dial_table(dials) if dials else None,
        "dial_plot": dial_plot(dials) if dials else None,
        "faithfulness": details.faithfulness,
        "next_track": _next_track(details.next_track) if details.next_track else None,
        "organic": details.organic,
        "organic_table": _organic(details.organic) if details.organic else None,
        "n_plays": details.next_track.n_plays if details.next_track else 0,
    }


def _group_table(groups: Sequence[ListenerGroup], by: str, k: int) -> ScoreTable:
    metric = f"ndcg@{k}"
    names = list(groups[0].figures.models)
    one_blend = all(group.gains[metric].is_none for group in groups)
    if one_blend:
        names.remove("global")
    rows = []
    for group in groups:
        models, bounds = group.figures.models, group.figures.intervals
        highest = max(round(models[name][metric], 3) for name in names)
        cells = [
            Cell(
                number(models[name][metric]),
                spread(bounds.get(name, {}).get(metric)),
                round(models[name][metric], 3) == highest,
            )
            for name in names
        ]
        gains = ({} if one_blend else group.gains, group.over_single)
        cells += [_gain(found[metric]) for found in gains if found]
        rows.append(Row(upper_first(group.name), _group_range(group, by), cells, None))
    explained = (
        " Percentages: the share of all listeners who like what the listeners of the group like."
        if by == "popularity"
        else ""
    )
    caption = f"{title_of(metric)}.{explained} {BEST_IN_BOLD.replace('Best', 'Best of each row')}"
    heads = [*map(display_name, names), *([] if one_blend else ["Personal minus global"])]
    heads += ["Personal minus best signal"] if groups[0].over_single else []
    return ScoreTable(caption, heads, rows, "")


def _group_range(group: ListenerGroup, by: str) -> str:
    """Return how many listeners a group has, and what range of values it covers."""
    n = plural(group.figures.n, "listener")
    if by == "popularity":
        return f"{n}, {100 * group.low:.1f}\u2013{100 * group.high:.1f}%"
    return f"{n}, {group.low:.0f}\u2013{group.high:.0f} likes"


def _gain(gain: Difference) -> Cell:
    low, high = gain.interval
    return Cell(signed(gain.mean), f"{signed(low)} to {signed(high)}")


def _roles(models: Mapping[str, Any]) -> dict[str, str]:
    known = meanings()
    return {name: known[name] for name in models if name in known}


def _cold_table(figures: Figures, caption: str, roles: Mapping[str, str]) -> ScoreTable:
    order = sorted(figures.models, key=lambda name: -figures.models[name][_COLD_METRICS[0]])
    return model_table(
        caption=f"{caption} {BEST_IN_BOLD}",
        metrics=_COLD_METRICS,
        models={name: figures.models[name] for name in order},
        intervals=figures.intervals,
        best=_COLD_METRICS,
        whiskers=_COLD_METRICS[0],
        roles=_roles(figures.models) | dict(roles),
        chosen="global",
    )


def _cold_tracks(found: ColdTracks) -> ScoreTable:
    caption = (
        f"{plural(found.n_tracks, 'track')} without listens, {plural(found.figures.n, 'listener')}."
    )
    table = _cold_table(
        found.figures,
        caption,
        {
            "collaborative": "predicted from content",
            "global": "all signals, same weights for everyone",
        },
    )
    if not found.ratios:
        return table
    order = sorted(found.figures.models, key=lambda n: -found.figures.models[n][_COLD_METRICS[0]])
    rows = [
        replace(row, cells=[*row.cells, _ratio(found, name)])
        for row, name in zip(table.rows, order, strict=True)
    ]
    return ScoreTable(table.caption, [*table.heads, "nDCG@20 relative to tags"], rows, table.scale)


def _ratio(found: ColdTracks, name: str) -> Cell:
    if name not in found.ratios:
        return Cell("1")
    ratio, interval = found.ratios[name]
    return Cell(number(ratio, 2), spread(interval, 2))


def _cold_listeners(picks: int, found: Figures) -> ScoreTable:
    return _cold_table(
        found,
        f"{plural(found.n, 'new listener')} with {plural(picks, 'picked track')}.",
        {"global": "what a new listener gets"},
    )


def _control(found: Control) -> ScoreTable:
    def cell(figures: Figures, name: str) -> Cell:
        return Cell(
            number(figures.models[name][_CONTROL_METRIC], 4),
            spread(figures.intervals[name][_CONTROL_METRIC], 4),
        )

    chance = next(iter(found.chance.models))
    known = meanings()
    rows = [
        Row(
            display_name(name),
            known.get(name, ""),
            [
                cell(found.real, name),
                cell(found.shuffled, name),
                cell(found.chance, chance),
                Cell("yes" if fell else "no"),
            ],
            None,
        )
        for name, fell in found.fell.items()
    ]
    who = plural(found.real.n, "listener")
    caption = f"{title_of(_CONTROL_METRIC)} of {who}; small print: 95% intervals."
    return ScoreTable(caption, ["Original", "Exchanged", "Chance", "Dropped to chance"], rows, "")


def _dial_table(found: DialCurves) -> ScoreTable:
    first = next((point.metrics for own in found.curves.values() for point in own), {})
    wanted = ("ndcg", "coverage", "gini", "novelty", "artist_diversity", "likeness", "off_taste")
    metrics = [
        name for each in wanted if math.isfinite(first.get(name := f"{each}@{found.k}", math.nan))
    ]
    rows = [
        Row(
            f"{display_name(dial)} {setting_title(point.setting)}",
            "",
            [Cell(number(point.metrics.get(metric))) for metric in metrics],
            None,
        )
        for dial, points in found.curves.items()
        for point in points
    ]
    caption = f"Lists of {found.k} for {plural(found.n, 'listener')}, one dial changed at a time."
    return ScoreTable(caption, [title_of(metric) for metric in metrics], rows, "")


def _organic(found: Organic) -> ScoreTable:
    parts = (found.on_all, found.on_organic)
    rows = [
        Row(
            display_name(name),
            meanings().get(name, ""),
            [
                Cell(number(part.models[name][metric]), spread(part.intervals[name][metric]))
                for metric in _ORGANIC_METRICS
                for part in parts
            ],
            None,
        )
        for name in found.on_all.models
    ]
    heads = [
        f"{title_of(metric)}, {kind}" for metric in _ORGANIC_METRICS for kind in ("all", "organic")
    ]
    n_all, n_organic = (part.n for part in parts)
    caption = f"All held-out tracks of {n_all:,} listeners, organic ones of {n_organic:,}."
    return ScoreTable(caption, heads, rows, "")


def _next_track(found: NextTrack) -> ScoreTable:
    models = found.figures.models
    order = sorted(models, key=lambda name: -models[name][_NEXT_METRICS[0]])
    return model_table(
        caption=(
            f"{plural(found.n_plays, 'held-out play')} of {plural(found.figures.n, 'listener')}."
            f" {BEST_IN_BOLD}"
        ),
        metrics=_NEXT_METRICS,
        models={name: models[name] for name in order},
        intervals=found.figures.intervals,
        best=_NEXT_METRICS,
        whiskers=_NEXT_METRICS[0],
        roles=dict.fromkeys(models, "baseline") | {found.model: "segue"},
        chosen=found.model,
    )
