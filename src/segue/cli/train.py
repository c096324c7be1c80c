"""`segue train`."""

from enum import StrEnum
from typing import Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, print_table, say
from segue.cli.progress import terminal_progress


class Model(StrEnum):
    """What can be trained."""

    cnn = "cnn"
    rnn = "rnn"
    transformer = "transformer"
    knn = "knn"
    all = "all"


def train(
    model: Annotated[
        str,
        typer.Argument(
            help="Which model: cnn, rnn, knn, or all that there is data for. With --on, a column."
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            help="What the networks learn to tell apart: genre, tag, artist or any metadata column."
        ),
    ] = "genre",
    on: Annotated[
        str | None,
        typer.Option(
            help="A pretrained ear, musicnn or vgg: learn to tell the classes of a column"
            " (segue train genre --on musicnn) on top of what it heard."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, crops and augmentation.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Train again what is up to date.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Train the networks and the nearest neighbours, or a head on a pretrained ear."""
    if on is None and model not in set(Model):
        known = ", ".join(Model)
        raise typer.BadParameter(f"{model!r} is not one of {known}; a column needs --on musicnn")
    from segue.library import Library
    from segue.pipeline.train import train as run

    results = run(
        Library(library, create=False),
        model,
        target=target,
        on=on,
        seed=seed,
        force=force,
        progress=terminal_progress(),
    )
    if json:
        print_json({"models": [result.to_dict() for result in results]})
        return
    rows = []
    for result in results:
        valid = [
            f"{result.metrics.get(name, float('nan')):.3f}" for name in ("accuracy", "f1_macro")
        ]
        shown = ["-" if value == "nan" else value for value in valid]
        learned = str(result.tracks.get("train", ""))
        rows.append((result.model, result.state, learned, *shown, f"{result.seconds:.0f} s"))
    columns = ("model", "", "train tracks", "valid accuracy", "valid macro-F1", "time")
    target = results[0].target or target
    print_table(f"Trained on {target}", columns, rows, right=4)
    left_out = next((result.left_out for result in results if result.left_out), ())
    if left_out:
        named = ", ".join(left_out[:5]) + (" ..." if len(left_out) > 5 else "")
        say(f"Left out, with one track each: {len(left_out)} of {target} ({named}).")
    for result in results:
        if result.reason:
            say(f"{result.model}: {result.reason}")
