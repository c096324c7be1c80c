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
    knn = "knn"
    all = "all"


def train(
    model: Annotated[Model, typer.Argument(help="Which model; all trains what there is data for.")],
    target: Annotated[
        str,
        typer.Option(
            help="What the networks learn to tell apart: genre, tag, artist or any metadata column."
        ),
    ] = "genre",
    seed: Annotated[int, typer.Option(min=0, help="Of weights, crops and augmentation.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Train again what is up to date.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Train the networks and the nearest neighbours on the library."""
    from segue.library import Library
    from segue.pipeline.train import train as run

    results = run(
        Library(library, create=False),
        model.value,
        target=target,
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
    print_table(f"Trained on {target}", columns, rows, right=4)
    left_out = next((result.left_out for result in results if result.left_out), ())
    if left_out:
        named = ", ".join(left_out[:5]) + (" ..." if len(left_out) > 5 else "")
        say(f"Left out, with one track each: {len(left_out)} of {target} ({named}).")
    for result in results:
        if result.reason:
            say(f"{result.model}: {result.reason}")
