"""How the figures of ``segue evaluate similarity`` are printed."""

from collections.abc import Mapping
from typing import Any

from segue.cli.output import print_table, say, with_interval

_CUT = 10
_PRECISIONS = {
    "precision": "{target}, other artist",
    "precision_unfiltered": "{target}",
    "artist_precision": "artist",
    "album_precision": "album",
}
_HUBS = {"hub_skewness": "skewness", "largest_hub": "largest hub", "never_retrieved": "in no list"}


def show_similarity(document: Mapping[str, Any]) -> None:
    """Print which neighbours are of a kind in every space, and what taking hubs away does."""
    _neighbours(document, document, f"{document['split']} part")
    if document["all_tracks"]:
        _neighbours(document, document["all_tracks"], "all tracks, by what learned no labels")
    _hubs(document)


def _neighbours(document: Mapping[str, Any], found: Mapping[str, Any], part: str) -> None:
    shown = _shown(document, found["models"])
    rows = []
    for name, values in found["models"].items():
        bounds = found["model_intervals"].get(name) or {}
        cells = [with_interval(values.get(metric), bounds.get(metric)) for metric in shown]
        rows.append((name, *cells))
    said = "all tracks" if part == "all part" else part
    title = f"Share of the {_CUT} nearest that are of the same ..., asked for {said}"
    counts = document["queries"] if found is document else found["n"]
    heads = [f"{head} ({counts[metric]:,})" for metric, head in shown.items()]
    print_table(title, ("", *heads), rows, right=len(shown))
    say("")


def _hubs(document: Mapping[str, Any]) -> None:
    hubs: Mapping[str, Any] = document["hubs"]
    shown = _shown(document, {name: each["methods"]["cosine"] for name, each in hubs.items()})
    rows = []
    for name, each in hubs.items():
        for method, values in each["methods"].items():
            mark = "*" if method == each["used"] else ""
            cells = [_figure(values.get(metric), "{:.3f}") for metric in shown]
            cells += [
                _figure(values[f"{metric}@{_CUT}"], form)
                for metric, form in zip(_HUBS, ("{:.2f}", "{:.0f}", "{:.1%}"), strict=True)
            ]
            rows.append((name, f"{method.replace('_', ' ')}{mark}", *cells))
    columns = ("", "compared by", *shown.values(), *_HUBS.values())
    print_table(f"Hubs in lists of {_CUT}; * is used", columns, rows, right=len(columns) - 2)
    say("")


def _shown(document: Mapping[str, Any], models: Mapping[str, Any]) -> dict[str, str]:
    """Return the metrics that any model has, with their heads."""
    target = document["target"] or "class"
    return {
        f"{metric}@{_CUT}": head.format(target=target)
        for metric, head in _PRECISIONS.items()
        if any(f"{metric}@{_CUT}" in values for values in models.values())
    }


def _figure(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
