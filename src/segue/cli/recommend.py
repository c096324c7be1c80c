"""`segue recommend` and `segue similar`."""

from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.dials import dials as dial_options
from segue.cli.dials import exclusions as exclusion_options
from segue.cli.dials import options
from segue.cli.options import DEFAULT_LIBRARY, TRACK_NAME, JsonOption, LibraryOption
from segue.cli.output import (
    add_files,
    hint,
    print_json,
    print_reasons,
    print_recommendations,
    print_seed,
    say,
)

if TYPE_CHECKING:
    from segue.engine import Dials, Exclusions

CountOption = Annotated[int, typer.Option("-k", min=1, help="Number of tracks.")]


@options("dials", dial_options)
@options("exclusions", exclusion_options)
def recommend(
    dials: "Dials",
    exclusions: "Exclusions",
    user: Annotated[str | None, typer.Option(help="Listener to recommend to.")] = None,
    k: CountOption = 10,
    like: Annotated[
        list[str] | None, typer.Option(help=f"A liked track: {TRACK_NAME}. May be repeated.")
    ] = None,
    dislike: Annotated[
        list[str] | None, typer.Option(help="A disliked track, likewise. May be repeated.")
    ] = None,
    interest: Annotated[
        str | None,
        typer.Option(
            help="Number or name of one interest of the listener: see segue user interests."
        ),
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Print the reasons for each track in full.")
    ] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Recommend tracks and explain them."""
    if user is None and not like:
        raise typer.BadParameter("name a listener with --user, or a track with --like")
    from segue.library import Library
    from segue.pipeline.recommender.recommend import recommend as run

    opened = Library(library, create=False)
    found = run(
        opened,
        user,
        k,
        like=like or [],
        dislike=dislike or [],
        dials=dials,
        exclusions=exclusions,
        interest=interest,
    ).to_dict()
    if json:
        print_json(found)
        return
    if not found["tracks"]:
        *hints, cause = found["hints"]
        hint(hints)
        say(cause)
        return
    hint(found.get("hints", ()))
    add_files(opened, found)
    title = f"For {user}" if user else "Based on the liked tracks"
    (print_reasons if why else print_recommendations)(title, found)
    weights = sorted(found["weights"].items(), key=lambda part: -part[1])
    shown = [f"{name} {weight:.2f}" for name, weight in weights if weight >= 0.005]
    say("", f"weights: {', '.join(shown)}")
    print_seed(found)


def similar(
    track: Annotated[str, typer.Argument(help=f"A track: {TRACK_NAME}.")],
    k: CountOption = 10,
    signal: Annotated[
        str | None,
        typer.Option(
            help="Use only this signal: timbre, temporal, knn, metadata, or a pretrained encoder:"
            " musicnn, vgg, instruments."
        ),
    ] = None,
    versions: Annotated[
        bool,
        typer.Option("--versions", help="Allow several versions of a song (live, remaster, demo)."),
    ] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """List the tracks that are most similar to a track."""
    from segue.library import Library
    from segue.pipeline.recommender.recommend import similar as run

    opened = Library(library, create=False)
    found = run(opened, track, k, signal=signal, versions=versions).to_dict()
    if json:
        print_json(found)
        return
    add_files(opened, found)
    hint(found.get("hints", ()))
    print_recommendations(f"Similar to {track}", found)
