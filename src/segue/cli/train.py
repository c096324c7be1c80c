"""`segue train`."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from segue.pipeline.training.encoder_selection import EncoderSelection
    from segue.pipeline.training.leaderboard import Leaderboard
    from segue.pipeline.training.training_result import TrainingResult


class Model(StrEnum):
    """Models that can be trained."""

    cnn = "cnn"
    rnn = "rnn"
    transformer = "transformer"
    knn = "knn"
    ensemble = "ensemble"
    collaborative = "collaborative"
    sequence = "sequence"
    map = "map"
    all = "all"


def train(
    model: Annotated[
        str,
        typer.Argument(
            help="Model to train: cnn, rnn, transformer, knn, ensemble, collaborative, sequence,"
            " map (2-D map of all tracks), or all. With --on, a metadata column."
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            help="Labels that the networks learn: genre, tags or another metadata column; artist or"
            " album for contrastive training. By default genre if enough tracks have one, else"
            " artist."
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            help="Pretrained encoder (musicnn, vgg or instruments): train a classifier of a column"
            " on its embeddings, as in segue train genre --on musicnn."
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Random seed of weights, crops and augmentation.")
    ] = 0,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Also train models that are up to date, and networks that too few labels can"
            " judge.",
        ),
    ] = False,
    folds: Annotated[
        int,
        typer.Option(
            min=1,
            help="Number of cross-validation folds; no artist is in two. Small libraries have"
            " fewer; 1 trains once, without folds.",
        ),
    ] = 5,
    hold_out_valid: Annotated[
        bool,
        typer.Option("--hold-out-valid", help="Learn nothing from the validation tracks."),
    ] = False,
    runner: RunnerOption = LOCAL_RUNNER,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Train models of sound and of listening, or a classifier on a pretrained encoder."""
    if on is None and model not in set(Model):
        known = ", ".join(Model)
        raise typer.BadParameter(f"{model!r} is not one of {known}; a column needs --on musicnn")
    from segue.library import Library
    from segue.pipeline.train import train as run

    opened = Library(library, create=False)
    results = run(
        opened,
        model,
        target=target,
        on=on,
        seed=seed,
        force=force,
        folds=folds,
        hold_out_valid=hold_out_valid,
        runner=runner,
        progress=terminal_progress(),
    )
    from segue.pipeline.training.engine_weights import everyones_weights
    from segue.pipeline.training.leaderboard import leaderboard

    learned_on = next((result.target for result in results if result.target), None)
    compared = leaderboard(opened, learned_on) if learned_on else None
    weights = everyones_weights(opened)
    if json:
        print_json(
            {
                "models": [result.to_dict() for result in results],
                "leaderboard": compared.to_dict() if compared else None,
                "weights": weights,
            }
        )
        return
    show_leaderboard(results, compared)
    show_listening(results, weights)
    left_out = next((result.left_out for result in results if result.left_out), ())
    if left_out:
        named = ", ".join(left_out[:5]) + (" ..." if len(left_out) > 5 else "")
        say(
            f"Ignored because they have only one track: {plural(len(left_out), 'value')} of"
            f" {learned_on} ({named})."
        )
    for reason in dict.fromkeys(result.reason for result in results if result.reason):
        names = ", ".join(result.model for result in results if result.reason == reason)
        say(f"{names}: {reason}")


def show_listening(results: Sequence["TrainingResult"], weights: Mapping[str, float]) -> None:
    """Print the models trained on listens, and the weights of signals."""
    from segue.pipeline.training.listening_models import LISTENING_MODELS

    learned = [result for result in results if result.model in LISTENING_MODELS]
    rows = [
        (
            result.model,
            result.state,
            *(f"{value:.3f}" for value in list(result.metrics.values())[:1] or [float("nan")]),
            f"{result.seconds:.0f} s" if result.seconds else "",
        )
        for result in learned
        if result.state != "skipped"
    ]
    if rows:
        rows = [tuple(cell.replace("nan", "-") for cell in row) for row in rows]
        columns = ("model", "", "nDCG@20", "time")
        print_table("Trained on listens, evaluated on held-out listens", columns, rows, right=2)
    if weights:
        ordered = sorted(weights.items(), key=lambda part: -part[1])
        say(
            "weights of the signals for all listeners: "
            + ", ".join(f"{name} {w:.2f}" for name, w in ordered)
        )


def show_leaderboard(results: Sequence["TrainingResult"], compared: "Leaderboard | None") -> None:
    """Print the comparison of models and baselines, and the selected encoders."""
    from segue.pipeline.training.listening_models import LISTENING_MODELS

    results = [result for result in results if result.model not in LISTENING_MODELS]
    if not results:
        return
    done = {result.model: result for result in results}
    rows = []
    for one in compared.models if compared else ():
        result = done.pop(one.name, None)
        figures = [one.metrics.get("f1_macro"), one.precision]
        rows.append(
            (
                one.name.replace("_", " "),
                "baseline" if one.baseline else result.state if result else "",
                with_interval(one.metrics.get("accuracy"), one.interval),
                *("-" if value is None else f"{value:.3f}" for value in figures),
                one.used_for or "",
                f"{result.seconds:.0f} s" if result else "",
            )
        )
    rows += [(name, result.state, "-", "-", "-", "", "") for name, result in done.items()]
    columns = ("model", "", "accuracy", "macro-F1", "neighbors", "used for", "time")
    if compared is None:
        print_table("Trained", columns, rows, right=5)
        return
    n, choice = compared.n, compared.choice
    how = (
        f"expected on new artists: {plural(n, 'track')}, each by models that did not learn its fold"
        if compared.folds
        else f"evaluated on {plural(n, 'validation track')}"
    )
    title = f"Trained on {compared.target}" + (f", {how}" if n else "")
    print_table(title, columns, rows, right=5)
    _show_choice(choice)


def _show_choice(choice: "EncoderSelection") -> None:
    """Print the comparison of the encoders with the reference, and the signals without one."""
    reference = "the descriptors" if choice.reference == "descriptors" else choice.reference
    if choice.n:
        *first, last = choice.labels
        labels = f"{', '.join(first)} or {last}" if first else last
        say(
            "neighbors: share of the ten nearest tracks by other artists with the same"
            f" {labels}; networks by tracks that they did not learn from."
        )
    rows = [
        (
            name,
            "-" if found.measured is None else f"{found.measured:+.3f}",
            f"{found.n:,}",
            f"{found.prior:+.3f}",
            f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]",
            next((signal for signal, model in choice.used.items() if model == name), ""),
        )
        for name, found in choice.advantage.items()
    ]
    if rows:
        columns = ("encoder", "this library", "tracks", "prior", "combined (95 %)", "used for")
        print_table(f"Neighbors compared with those of {reference}", columns, rows, right=4)
        n_prior = next(iter(choice.advantage.values())).n_prior
        say(f"prior: from other collections, which count as much as {n_prior} tracks.")
    for signal, model in choice.used.items():
        best = choice.best(signal)
        if best is not None and model is None:
            say(
                f"{signal} is not used: the neighbors of its best encoder, {best}, are no better"
                f" than those of {reference} ({choice.advantage[best].mean:+.3f}). It is still"
                f" available: segue similar --signal {signal}."
            )
