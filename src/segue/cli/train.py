"""`segue train`."""

from enum import StrEnum
from typing import Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, say
from segue.cli.progress import terminal_progress
from segue.cli.standings import show_listening, show_standings


class Model(StrEnum):
    """What can be trained."""

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
            help="Which model: cnn, rnn, transformer, knn, ensemble, collaborative, sequence,"
            " map (of all tracks, to look at), or all that there is data for. With --on, a column."
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(
            help="What the networks learn to tell apart: genre, tags, any metadata column; or"
            " artist or album, by contrast. By default genre if there are enough, else artist."
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            help="A pretrained encoder, musicnn or vgg: train a classifier of a column"
            " (segue train genre --on musicnn) on its embeddings."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, crops and augmentation.")] = 0,
    force: Annotated[bool, typer.Option("--force", help="Train again what is up to date.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Train networks, neighbors and listening models, or a head on a pretrained encoder."""
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
        progress=terminal_progress(),
    )
    from segue.pipeline.learning.weights import everyones_weights
    from segue.pipeline.training.standings import standings

    learned_on = next((result.target for result in results if result.target), None)
    compared = standings(opened, learned_on) if learned_on else None
    weights = everyones_weights(opened)
    if json:
        print_json(
            {
                "models": [result.to_dict() for result in results],
                "standings": compared.to_dict() if compared else None,
                "weights": weights,
            }
        )
        return
    show_standings(results, compared)
    show_listening(results, weights)
    left_out = next((result.left_out for result in results if result.left_out), ())
    if left_out:
        named = ", ".join(left_out[:5]) + (" ..." if len(left_out) > 5 else "")
        say(f"Left out, with one track each: {len(left_out)} of {learned_on} ({named}).")
    for reason in dict.fromkeys(result.reason for result in results if result.reason):
        names = ", ".join(result.model for result in results if result.reason == reason)
        say(f"{names}: {reason}")
