"""`segue evaluate`."""

from collections.abc import Sequence
from enum import StrEnum
from textwrap import wrap
from typing import Annotated, Any

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, print_table, say, with_interval
from segue.cli.progress import terminal_progress
from segue.cli.similarity import show_similarity


class Subject(StrEnum):
    """What can be measured."""

    cnn = "cnn"
    rnn = "rnn"
    transformer = "transformer"
    knn = "knn"
    ensemble = "ensemble"
    similarity = "similarity"
    recommendations = "recommendations"
    all = "all"


class Part(StrEnum):
    """Parts of a split."""

    train = "train"
    valid = "valid"
    test = "test"


METRICS = {
    "classification": ("accuracy", "f1_macro"),
    "tagging": ("roc_auc_macro", "average_precision_macro"),
    "recommendation": ("ndcg@10", "recall@10", "ndcg@20", "recall@20"),
}
"""What is printed of each task."""


def evaluate(
    subject: Annotated[
        str,
        typer.Argument(
            help="What to measure: cnn, rnn, transformer, knn, ensemble, a head such as"
            " genre-on-musicnn, similarity, recommendations or all."
        ),
    ] = Subject.all.value,
    target: Annotated[
        str | None,
        typer.Option(
            help="Column that similar tracks should share; by default what models are trained on."
        ),
    ] = None,
    split: Annotated[Part, typer.Option(help="Part to judge on.")] = Part.test,
    seed: Annotated[int, typer.Option(min=0, help="Of resampling and of random baselines.")] = 0,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Measure models and recommendations against baselines, and write a report."""
    if subject not in set(Subject) and "-on-" not in subject:
        known = ", ".join(Subject)
        raise typer.BadParameter(
            f"{subject!r} is not one of {known}, or a head such as genre-on-vgg"
        )
    if target is not None and subject not in (Subject.similarity, Subject.all):
        raise typer.BadParameter(
            "--target is for similarity: a model is judged on what it was trained on"
        )
    from segue.evaluation import detail_findings
    from segue.library import Library
    from segue.pipeline.evaluate import evaluate as run

    found = run(
        Library(library, create=False),
        subject,
        target=target,
        split=split.value,
        seed=seed,
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


def show_points(sentences: Sequence[str]) -> None:
    """Print sentences as a list, the lines of each set in."""
    for sentence in sentences:
        say(*wrap(sentence, 100, initial_indent="- ", subsequent_indent="  "))


def show_document(document: dict[str, Any]) -> None:
    """Print the main figures of an evaluation with their intervals."""
    reports = document["reports"] if document["task"] == "all" else [document]
    seen = set()
    for report in reports:
        if report["task"] == "similarity":
            show_similarity(report)
            continue
        title, metrics = _title(report), METRICS[report["task"]]
        if title in seen:
            continue
        seen.add(title)
        rows = []
        ranked = report["task"] == "recommendation"
        models = report["models"] if ranked else _all_models(report)
        for name, values in models.items():
            bounds = report["model_intervals"].get(name) or {}
            cells = [with_interval(values.get(m), bounds.get(m)) for m in metrics]
            rows.append((name, *cells))
        print_table(f"{title}, {report['split']} part", ("", *metrics), rows, right=len(metrics))
        say("")
    for note in document["notes"]:
        say(note)


def _title(report: dict[str, Any]) -> str:
    if report["task"] == "recommendation":
        simulated = " (simulated)" if report["simulated"] else ""
        return f"Recommendations to {report['n']:,} listeners{simulated}"
    if report["task"] == "tagging":
        return f"Giving {report['judged_tags']:,} tags to {report['n']:,} tracks"
    return f"Telling {report['target']} apart, {report['n']:,} tracks"


def _all_models(first: dict[str, Any]) -> dict[str, Any]:
    """Return each classifier once, the baselines last."""
    baselines = first["baselines"]
    names = sorted(first["models"], key=lambda name: name in baselines)
    return {name: first["models"][name] for name in names}
