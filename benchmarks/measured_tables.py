"""Markdown tables of docs/measured.md, from documents of ``segue evaluate --json``.

A table is made from one evaluation of each seed; means over seeds have no interval. Intervals of
95 % are in brackets, in the unit of the metric.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from statistics import mean
from typing import Any

Document = Mapping[str, Any]
Rows = Iterable[Sequence[str]]

LISTS = ("ndcg@10", "recall@10", "ndcg@20", "recall@20", "coverage@20")
DIALS = ("ndcg@10", "coverage@10", "gini@10", "novelty@10", "off_taste@10")
NAMES = {"personal": "personal weights (used for recommendations)", "global": "global weights"}
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Table:
    """Commands of a part of the page, its seeds, and the tables of an evaluation."""

    commands: Sequence[Sequence[str]]
    render: Callable[[Sequence[Document]], list[str]]
    seeds: Sequence[int] = (0,)


def commands(table: str, data: Path | None, seed: int, place: Path) -> list[list[str]]:
    """Return the arguments of each segue command of a table; `place` is for made-up data."""
    filled = {"{data}": str(data), "{seed}": str(seed), "{place}": str(place)}
    found = [[filled.get(word, word) for word in one] for one in TABLES[table].commands]
    if data is None and any("{data}" in one for one in TABLES[table].commands):
        raise SystemExit(f"The table {table} needs the data set: give --data.")
    return found


def tables(found: Document) -> str:
    """Return all tables of a part of the page, with what they cost."""
    table = TABLES[found["table"]]
    documents = [run["evaluation"] for run in found["runs"]]
    measured = documents[0].get("measured") or documents[0]["evaluation"]["measured"]
    seeds = ", ".join(map(str, found["seeds"]))
    state = (
        f"Seed {seeds}; intervals from {measured['n_resamples']:,} resamples; commit"
        f" `{found['commit']}`, {str(measured['created'])[:10]}."
    )
    steps = [
        (
            f"`{_label(arguments)}`",
            f"{step['cpu_seconds']:,.0f} s",
            f"{step['seconds']:,.0f} s",
            f"{step['megabytes']:,.0f} MB",
        )
        for arguments, step in zip(table.commands, found["runs"][0]["steps"], strict=True)
    ]
    cost = _table(("command", "CPU time", "time", "memory"), steps)
    return "\n\n".join([state, *table.render(documents), cost])


def _label(arguments: Sequence[str]) -> str:
    """Return a command without its data and options.

    >>> _label(["train", "cnn", "--seed", "{seed}"]), _label(["preprocess", "{data}"])
    ('train cnn', 'preprocess')
    """
    return " ".join(takewhile(lambda word: word[0] not in "-{", arguments))


# one task ----------------------------------------------------------------------------------------


def classifiers(documents: Sequence[Document]) -> list[str]:
    """Return the accuracy and macro-F1 of each classifier by seed, best first."""
    parts = [
        next(one for one in results(document) if one["task"] == "classification")
        for document in documents
    ]
    names = sorted(parts[0]["models"], key=lambda name: -_mean(parts, name, "accuracy"))
    rows = []
    for name in names:
        shown = name.replace("_", " ")
        if len(parts) > 1:
            accuracy, f1 = (_mean(parts, name, metric) for metric in ("accuracy", "f1_macro"))
            each = [_number(part["models"][name]["accuracy"]) for part in parts]
            rows.append((shown, f"{_number(accuracy)} / {_number(f1)}", *each))
        else:
            rows.append((shown, *_cells(parts[0], name, ("accuracy", "f1_macro"))))
    if len(parts) > 1:
        seeds = [f"seed {part['measured']['seed']}" for part in documents]
        return [_table(("", "accuracy / macro-F1", *seeds), rows), f"On {parts[0]['n']} tracks."]
    return [_table(("", "accuracy", "macro-F1"), rows), f"On {parts[0]['n']} tracks."]


def similarity(documents: Sequence[Document]) -> list[str]:
    """Return the share of the ten nearest tracks with the same label, in each space."""
    found = next((one for one in results(documents[0]) if one["task"] == "similarity"), None)
    if found is None:
        return []
    part = found["all_tracks"] or found
    names = sorted(part["models"], key=lambda name: -(part["models"][name]["precision@10"] or 0))
    rows = [(name, *_cells(part, name, ("precision@10",))) for name in names]
    heading = f"ten nearest of the same {found['target']}, other artists"
    return [_table(("", heading), rows)]


def recommendations(documents: Sequence[Document]) -> list[str]:
    """Return all tables of ``segue evaluate recommendations``."""
    found = next(one for one in results(documents[0]) if one["task"] == "recommendation")
    names = sorted(found["models"], key=lambda name: -found["models"][name]["ndcg@20"])
    main = [(NAMES.get(name, name), *_cells(found, name, LISTS)) for name in names]
    parts = [
        f"{found['n']:,} listeners, {found['n_tracks']:,} tracks.",
        _table(("", *map(_metric, LISTS)), main),
        _comparisons(found["comparisons"]),
        *_groups(found),
        *_cold(found),
        *_control(found["control"]),
        *_dials(found["dials"]),
        *_faithfulness(found["faithfulness"]),
        *_next_track(found["next_track"]),
    ]
    return [part for part in parts if part]


def results(document: Document) -> list[Document]:
    """Return all results of an evaluation."""
    document = document.get("evaluation", document)  # that of `segue demo --json`
    return [document, *document["other_results"]]


# parts of recommendations ------------------------------------------------------------------------


def _comparisons(found: Sequence[Document]) -> str:
    metrics = list(dict.fromkeys(one["metric"] for one in found))
    by_pair: dict[str, dict[str, str]] = {}
    for one in found:
        pair = f"{one['first']} {_MINUS} {one['second']}"
        by_pair.setdefault(pair, {})[one["metric"]] = _difference(one)
    rows = [(pair, *(own[metric] for metric in metrics)) for pair, own in by_pair.items()]
    return _table(("paired difference", *map(_metric, metrics)), rows)


def _groups(found: Document) -> list[str]:
    groups = [group for own in found["groups"].values() for group in own]
    if not groups:
        return []
    names = list(groups[0]["models"])
    single = f"personal {_MINUS} {found['best_single']}"
    rows = [
        (
            group["name"],
            f"{group['n']:,}",
            *(_number(group["models"][name]["ndcg@10"]) for name in names),
            _difference(group["personal_minus_global"]["ndcg@10"], p=False),
            _difference(group["personal_minus_best_single"]["ndcg@10"], p=False),
        )
        for group in groups
    ]
    columns = ("nDCG@10 of listeners", "n", *names, f"personal {_MINUS} global", single)
    return [_table(columns, rows)]


def _cold(found: Document) -> list[str]:
    tracks, listeners = found["cold"]["tracks"], found["cold"]["listeners"]
    counts, columns = [], ["nDCG@20 / recall@20"]
    if tracks:
        counts.append(
            f"New tracks: {tracks['n_tracks']:,} without a listen, ranked among themselves for"
            f" {tracks['n']:,} listeners."
        )
        columns += ["new tracks", "divided by that of tags"]
    if listeners:
        counts.append(f"New listeners: {next(iter(listeners.values()))['n']:,}.")
        columns += [f"new listeners, {picks} picks" for picks in listeners]
    kinds = [*([tracks] if tracks else []), *listeners.values()]
    names = sorted(
        {name for kind in kinds for name in kind["models"]},
        key=lambda name: -(kinds[0]["models"].get(name, {}).get("ndcg@20") or 0),
    )
    rows = []
    for name in names:
        row = [NAMES.get(name, name)]
        if tracks:
            ratio = tracks["by_tags"].get(name)
            row.append(_pair(tracks, name))
            row.append(_spanned(ratio["ratio"], ratio["interval"], 2) if ratio else "")
        row += [_pair(kind, name) for kind in listeners.values()]
        rows.append(row)
    return [" ".join(counts), _table(columns, rows)] if counts else []


def _control(found: Document | None) -> list[str]:
    if not found:
        return []
    rows = [
        (
            name,
            *_cells(found["real"], name, ("ndcg@20",)),
            *_cells(found["shuffled"], name, ("ndcg@20",)),
            *_cells(found["chance"], "random", ("ndcg@20",)),
        )
        for name in found["real"]["models"]
    ]
    columns = ("control: nDCG@20", "content", "exchanged between tracks", "random lists")
    return [_table(columns, rows)]


def _dials(found: Document | None) -> list[str]:
    if not found:
        return []
    rows = []
    for dial, points in found["curves"].items():
        for point in points:
            setting = "off" if point["setting"] is None else f"{point['setting']:g}"
            values = [point["metrics"].get(metric) for metric in DIALS]
            numbers = [_number(value) for value in values[:3]]
            numbers += [_number(value, 2) for value in values[3:]]
            rows.append((f"{dial.replace('_', ' ')} {setting}".replace("-", _MINUS), *numbers))
    return [_table(("dial", *map(_metric, DIALS)), rows)]


def _faithfulness(found: Document | None) -> list[str]:
    if not found or not found["n_tracks"]:
        return []
    sentence = (
        f"Explanations: {found['named']:.1%} of {found['n_tracks']:,} recommended tracks have a"
        f" strongest signal, and {found['share'] or 0:.1%} of these fall without it"
        f" ({found['by_largest']:.1%} of all fall without the largest contribution)."
    )
    return [sentence]


def _next_track(found: Document | None) -> list[str]:
    if not found:
        return []
    metrics = list(found["ahead_of_best_baseline"])
    names = sorted(found["models"], key=lambda name: -found["models"][name][metrics[0]])
    rows = [(name, *_cells(found, name, metrics)) for name in names]
    ahead = [_difference(found["ahead_of_best_baseline"][metric], p=False) for metric in metrics]
    rows.append((f"{found['model']} {_MINUS} best baseline", *ahead))
    counted = f"Next track, at {found['n_plays']:,} held-out plays of {found['n']:,} listeners:"
    return [counted, _table(("", *map(_metric, metrics)), rows)]


# cells -------------------------------------------------------------------------------------------


def _table(columns: Sequence[str], rows: Rows) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cells(found: Document, name: str, metrics: Sequence[str]) -> list[str]:
    values, spans = found["models"][name], found["model_intervals"].get(name) or {}
    return [_spanned(values.get(metric), spans.get(metric)) for metric in metrics]


def _pair(found: Document, name: str) -> str:
    if name not in found["models"]:
        return ""
    recall = _number(found["models"][name]["recall@20"])
    return f"{_cells(found, name, ('ndcg@20',))[0]} / {recall}"


def _difference(found: Document, *, p: bool = True) -> str:
    low, high = found["interval"]
    if found["mean"] is None or low is None:
        return _number(found["mean"])
    span = f"{_signed(found['mean'])} [{_signed(low)}, {_signed(high)}]"
    return f"{span}, p {found['p']:.3f}" if p and found["p"] is not None else span


def _spanned(value: float | None, span: Sequence[float | None] | None, digits: int = 3) -> str:
    if not span or span[0] is None or span[1] is None:
        return _number(value, digits)
    low, high = (_number(bound, digits) for bound in span)
    return f"{_number(value, digits)} [{low}, {high}]"


def _number(value: float | None, digits: int = 3) -> str:
    """Return a number without the zero before its point.

    >>> _number(0.1234), _number(4.6, 2)
    ('.123', '4.60')
    """
    if value is None:
        return "\N{EN DASH}"
    text = f"{abs(value):.{digits}f}"
    return (_MINUS if value < 0 else "") + (text[1:] if text.startswith("0.") else text)


def _signed(value: float) -> str:
    return ("+" if value >= 0 else "") + _number(value, 4)


def _metric(name: str) -> str:
    """Return the heading of a metric.

    >>> _metric("ndcg@10"), _metric("new_hit_rate@20")
    ('nDCG@10', 'new hit rate@20')
    """
    return name.replace("ndcg", "nDCG").replace("mrr", "MRR").replace("_", " ")


def _mean(parts: Sequence[Document], name: str, metric: str) -> float:
    return mean(part["models"][name][metric] for part in parts)


TABLES: dict[str, Table] = {
    "gtzan": Table(
        (
            ("preprocess", "{data}"),
            ("train", "all", "--seed", "{seed}"),
            ("evaluate", "--split", "valid", "--seed", "{seed}"),
        ),
        classifiers,
        (0, 1, 2),
    ),
    "soundtracks": Table(
        (
            ("preprocess", "{data}", "--encoder", "musicnn"),
            ("train", "all", "--target", "collection", "--seed", "{seed}"),
            ("train", "collection", "--on", "musicnn", "--seed", "{seed}"),
            ("evaluate", "--seed", "{seed}"),
        ),
        lambda documents: classifiers(documents) + similarity(documents),
    ),
    "lastfm": Table(
        (
            ("preprocess", "{data}"),
            ("train", "collaborative", "--seed", "{seed}"),
            ("evaluate", "recommendations", "--seed", "{seed}"),
        ),
        recommendations,
    ),
    "lastfm1k": Table(
        (
            ("preprocess", "{data}"),
            ("train", "sequence", "--seed", "{seed}"),
            ("train", "collaborative", "--seed", "{seed}"),
            ("evaluate", "recommendations", "--seed", "{seed}"),
        ),
        recommendations,
    ),
    "starter": Table(
        (("demo", "--directory", "{place}", "--seed", "{seed}"),),
        lambda documents: classifiers(documents) + similarity(documents),
    ),
}
"""Parts of the page by name, in the order of the page."""
