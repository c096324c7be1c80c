"""`segue recommend` and `segue similar`."""

from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.dials import dials as dial_options
from segue.cli.dials import exclusions as exclusion_options
from segue.cli.dials import options
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import hint, print_json, print_picks, print_reasons, say, say_chance

if TYPE_CHECKING:
    from segue.engine import Dials, Exclusions

_NOTHING_NEW = "Nothing is left to recommend: --include-known brings back what was met already."
_NOTHING_LEFT = "Nothing is left to recommend: exclude less, or bring back with --include-known."

CountOption = Annotated[int, typer.Option("-k", min=1, help="How many tracks.")]


@options("dials", dial_options)
@options("exclusions", exclusion_options)
def recommend(
    dials: "Dials",
    exclusions: "Exclusions",
    user: Annotated[str | None, typer.Option(help="Listener to recommend to.")] = None,
    k: CountOption = 10,
    like: Annotated[
        list[str] | None, typer.Option(help="Track id that is liked; may be repeated.")
    ] = None,
    dislike: Annotated[
        list[str] | None, typer.Option(help="Track id that is disliked; may be repeated.")
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Tell the reasons of each track at length.")
    ] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Recommend what comes next, and say why."""
    if user is None and not like:
        raise typer.BadParameter("name a listener with --user, or a track with --like")
    from segue.library import Library
    from segue.pipeline.recommender.recommend import recommend as run

    found = run(
        Library(library, create=False),
        user,
        k,
        like=like or [],
        dislike=dislike or [],
        dials=dials,
        exclusions=exclusions,
    ).to_dict()
    if json:
        print_json(found)
        return
    hint(found.get("hints", ()))
    if not found["tracks"]:
        say(_NOTHING_LEFT if exclusions else _NOTHING_NEW)
        return
    title = f"For {user}" if user else "For somebody who likes these"
    (print_reasons if why else print_picks)(title, found)
    weights = sorted(found["weights"].items(), key=lambda part: -part[1])
    told = [f"{name} {weight:.2f}" for name, weight in weights if weight >= 0.005]
    say("", f"weights: {', '.join(told)}")
    say_chance(found)


def similar(
    track: Annotated[str, typer.Argument(help="Track id.")],
    k: CountOption = 10,
    signal: Annotated[
        str | None,
        typer.Option(
            help="One signal alone: timbre, temporal, knn, metadata, or a pretrained encoder:"
            " musicnn, vgg, instruments."
        ),
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """List the tracks that are most like one."""
    from segue.library import Library
    from segue.pipeline.recommender.recommend import similar as run

    found = run(Library(library, create=False), track, k, signal=signal).to_dict()
    if json:
        print_json(found)
        return
    print_picks(f"Like {track}", found)
