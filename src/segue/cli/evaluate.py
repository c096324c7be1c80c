"""`segue evaluate`."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any

import typer

from segue.cli.options import (
    DEFAULT_LIBRARY,
    LOCAL_RUNNER,
    JsonOption,
    LibraryOption,
    RunnerOption,
)
from segue.cli.output import print_json, print_table, say, with_interval
from segue.cli.progress import terminal_progress
from segue.text import plural


class Subject(StrEnum):
    """Subjects that can be evaluated."""

    cnn = "cnn"
    rnn = "rnn"
    transformer = "transformer"
    knn = "knn"
    ensemble = "ensemble"
    similarity = "similarity"
    recommendations = "recommendations"
    sessions = "sessions"
    all = "all"


class SplitOption(StrEnum):
    """Splits of the tracks."""

    train = "train"
    valid = "valid"
    test = "test"


class ProtocolOption(StrEnum):
    """Published protocols of recommendations."""

    global_temporal = "global-temporal"
    playlist_continuation = "playlist-continuation"


METRICS = {
    "classification": ("accuracy", "f1_macro"),
    "tagging": ("roc_auc_macro", "average_precision_macro"),
    "recommendation": ("ndcg@10", "recall@10", "ndcg@20", "recall@20"),
    "sessions": ("precision@20", "mrr@20", "hit_rate@20"),
}
"""Metrics that are printed for each task."""


def evaluate(
    subject: Annotated[
        str,
        typer.Argument(
            help="What to evaluate: cnn, rnn, transformer, knn, ensemble, a classifier such as"
            " genre-on-musicnn, similarity, recommendations, sessions or all."
        ),
    ] = Subject.all.value,
    target: Annotated[
        str | None,
        typer.Option(
            help="Column that similar tracks should share; by default the labels that models"
            " were trained on."
        ),
    ] = None,
    split: Annotated[SplitOption, typer.Option(help="Split to evaluate on.")] = SplitOption.test,
    protocol: Annotated[
        ProtocolOption | None,
        typer.Option(
            help="Published protocol for recommendations: the last day of all listeners (Yambda),"
            " or continued playlists (Million Playlist Dataset)."
        ),
    ] = None,
    organic_only: Annotated[
        bool,
        typer.Option(
            "--organic-only",
            help="With global-temporal: count only plays that were not recommended.",
        ),
    ] = False,
    listens: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help="With global-temporal: evaluate on events in Parquet, in the layout of Yambda,"
            " that need not fit into memory; no library is read (the extra duckdb).",
        ),
    ] = None,
    memory: Annotated[
        str, typer.Option(help="With --listens: memory for counting, such as 4GB.")
    ] = "4GB",
    seed: Annotated[int, typer.Option(min=0, help="Random seed of resampling and baselines.")] = 0,
    runner: RunnerOption = LOCAL_RUNNER,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Evaluate models and recommendations against baselines, and write a report."""
    if subject not in set(Subject) and "-on-" not in subject:
        known = ", ".join(Subject)
        raise typer.BadParameter(
            f"{subject!r} is not one of {known}, or a classifier such as genre-on-vgg"
        )
    if target is not None and subject not in (Subject.similarity, Subject.all):
        raise typer.BadParameter(
            "--target is for similarity: a model is evaluated on the labels it was trained on"
        )
    if protocol is not None and subject == Subject.all:
        subject = Subject.recommendations.value
    if listens is not None:
        if protocol != ProtocolOption.global_temporal or subject != Subject.recommendations:
            raise typer.BadParameter(
                "--listens is for segue evaluate recommendations --protocol global-temporal"
            )
        _evaluate_events(
            listens, organic_only=organic_only, memory=memory, seed=seed, runner=runner, json=json
        )
        return
    from segue.evaluation.report.templates import detail_findings
    from segue.library import Library
    from segue.pipeline.evaluate import evaluate as run

    found = run(
        Library(library, create=False),
        subject,
        target=target,
        split=split.value,
        protocol=None if protocol is None else protocol.value,
        organic_only=organic_only,
        seed=seed,
        runner=runner,
        progress=terminal_progress(),
    )
    document = found.report.to_document()
    if json:
        print_json({**document, "report": str(found.page)})
        return
    show_document(document)
    for lists in found.report.recommendations:
        show_points(detail_findings(lists.details))
    say("", f"Report: {found.page}", "Open it in a web browser.")


def _evaluate_events(
    path: Path, *, organic_only: bool, memory: str, seed: int, runner: str, json: bool
) -> None:
    """Evaluate on events in Parquet, and print the metrics."""
    from segue.pipeline.analysis.runners import task_runner
    from segue.pipeline.experiments.large_histories import evaluate_events

    with task_runner(runner) as tasks:
        report = evaluate_events(
            path,
            organic_only=organic_only,
            memory_limit=memory,
            seed=seed,
            runner=tasks,
            progress=terminal_progress(),
        )
    document = report.to_document()
    if json:
        print_json(document)
    else:
        show_document(document)


def show_points(sentences: Sequence[str]) -> None:
    """Print sentences as a bulleted list."""
    for sentence in sentences:
        say(*wrap(sentence, 100, initial_indent="- ", subsequent_indent="  "))


def show_document(document: dict[str, Any]) -> None:
    """Print the main metrics of an evaluation with their intervals."""
    seen = set()
    if "task" not in document:
        say("Nothing could be evaluated.")
    for report in (document, *document["other_results"]):
        if "task" not in report:
            continue
        if report["task"] == "similarity":
            show_similarity(report)
            continue
        title, metrics = _title(report), report.get("shown") or METRICS[report["task"]]
        if title in seen:
            continue
        seen.add(title)
        rows = []
        ranked = report["task"] in ("recommendation", "sessions")
        models = report["models"] if ranked else _all_models(report)
        for name, values in models.items():
            bounds = report["model_intervals"].get(name) or {}
            cells = [with_interval(values.get(m), bounds.get(m)) for m in metrics]
            rows.append((name, *cells))
        print_table(f"{title}, {report['split']} split", ("", *metrics), rows, right=len(metrics))
        say("")
    for note in document["notes"]:
        say(note)


def _title(report: dict[str, Any]) -> str:
    if report["task"] == "recommendation":
        simulated = " (simulated)" if report["simulated"] else ""
        by = f" by {report['protocol']}" if report["protocol"] else ""
        return f"Recommendations to {plural(report['n'], 'listener')}{simulated}{by}"
    if report["task"] == "sessions":
        plays = plural(report["n"], "play")
        return f"Next track at {plays} of {plural(report['n_sessions'], 'session')}"
    if report["task"] == "tagging":
        return f"Tagging {plural(report['n'], 'track')} with {plural(report['judged_tags'], 'tag')}"
    return f"Classification of {report['target']}, {plural(report['n'], 'track')}"


def _all_models(first: dict[str, Any]) -> dict[str, Any]:
    """Return each classifier once, baselines last."""
    baselines = first["baselines"]
    names = sorted(first["models"], key=lambda name: name in baselines)
    return {name: first["models"][name] for name in names}


_CUT = 10
_PRECISIONS = {
    "precision": "{target}, other artist",
    "precision_unfiltered": "{target}",
    "artist_precision": "artist",
    "album_precision": "album",
}
_HUBS = {"hub_skewness": "skewness", "largest_hub": "largest hub", "never_retrieved": "in no list"}


def show_similarity(document: Mapping[str, Any]) -> None:
    """Print the precision of neighbors in every space, and the effect of hub reduction."""
    _neighbours(document, document, f"{document['split']} split")
    if document["all_tracks"]:
        _neighbours(
            document, document["all_tracks"], "all tracks, by signals that learned no labels"
        )
    _hubs(document)


def _neighbours(document: Mapping[str, Any], found: Mapping[str, Any], part: str) -> None:
    shown = _shown(document, found["models"])
    rows = []
    for name, values in found["models"].items():
        bounds = found["model_intervals"].get(name) or {}
        cells = [with_interval(values.get(metric), bounds.get(metric)) for metric in shown]
        rows.append((name, *cells))
    shown_part = "all tracks" if part == "all split" else part
    title = f"Share of the {_CUT} nearest tracks with the same ..., for {shown_part}"
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
    print_table(
        f"Hubs in lists of {_CUT}; * marks the method that is used",
        columns,
        rows,
        right=len(columns) - 2,
    )
    say("")


def _shown(document: Mapping[str, Any], models: Mapping[str, Any]) -> dict[str, str]:
    """Return the metrics that any model has, with their column heads."""
    target = document["target"] or "class"
    return {
        f"{metric}@{_CUT}": head.format(target=target)
        for metric, head in _PRECISIONS.items()
        if any(f"{metric}@{_CUT}" in values for values in models.values())
    }


def _figure(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
