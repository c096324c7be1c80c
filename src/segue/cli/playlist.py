"""`segue playlist`: from likes, a radio, a path, a blend."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.dials import dials as dial_options
from segue.cli.dials import exclusions as exclusion_options
from segue.cli.dials import options
from segue.cli.failures import told
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import hint, name_of, print_json, print_picks, print_table, say, say_chance

if TYPE_CHECKING:
    from segue.engine import Dials, Exclusions

playlist = typer.Typer(help="Put tracks that belong together in an order.", no_args_is_help=True)

CountOption = Annotated[int, typer.Option("-k", min=1, help="How many tracks.")]
DislikeOption = Annotated[
    list[str] | None, typer.Option(help="Track id that is disliked; may be repeated.")
]


@playlist.command()
@told
@options("dials", dial_options, artist_cap=2, diversity=0.2)
@options("exclusions", exclusion_options)
def like(
    dials: "Dials",
    exclusions: "Exclusions",
    tracks: Annotated[list[str], typer.Argument(help="Track ids that are liked.")],
    dislike: DislikeOption = None,
    user: Annotated[str | None, typer.Option(help="Listener whose history counts as well.")] = None,
    k: CountOption = 20,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Make a playlist of tracks like some, and unlike others."""
    from segue.library import Library
    from segue.pipeline.playlists import from_likes

    found = from_likes(
        Library(library, create=False),
        tracks,
        dislike or [],
        k,
        user=user,
        dials=dials,
        exclusions=exclusions,
    ).to_dict()
    _show(found, json, "Like these")


@playlist.command()
@told
@options("dials", dial_options, familiar=0.5, variety=0.1)
@options("exclusions", exclusion_options)
def radio(
    dials: "Dials",
    exclusions: "Exclusions",
    user: Annotated[str | None, typer.Option(help="Listener to play for.")] = None,
    like: Annotated[
        list[str] | None, typer.Option(help="Track id that is liked; may be repeated.")
    ] = None,
    dislike: DislikeOption = None,
    k: CountOption = 20,
    window: Annotated[int, typer.Option(min=0, help="Tracks before one may come again.")] = 100,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Play on and on: the next tracks of a radio for a listener."""
    if user is None and not like:
        raise typer.BadParameter("name a listener with --user, or a track with --like")
    from segue.library import Library
    from segue.pipeline.playlists import Radio

    station = Radio(
        Library(library, create=False),
        user,
        like=like or [],
        dislike=dislike or [],
        dials=dials,
        exclusions=exclusions,
        window=window,
    )
    _show(station.take(k).to_dict(), json, f"Radio for {user}" if user else "Radio")


@playlist.command()
@told
@options("exclusions", exclusion_options)
def path(
    exclusions: "Exclusions",
    start: Annotated[str, typer.Argument(help="Track id to start from.")],
    end: Annotated[str, typer.Argument(help="Track id to arrive at.")],
    k: Annotated[int, typer.Option("-k", min=2, help="How many tracks, both included.")] = 12,
    signal: Annotated[
        str | None, typer.Option(help="In whose space to go: knn, timbre, temporal, metadata.")
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Lead from one track to another in even steps."""
    from segue.library import Library
    from segue.pipeline.playlists import path as run

    found = run(
        Library(library, create=False), start, end, k, signal=signal, exclusions=exclusions
    ).to_dict()
    if json:
        print_json(found)
        return
    hint(found.get("hints", ()))
    rows = [
        (
            str(step["rank"]),
            name_of(step, nameless="(untitled)"),
            step["track_id"],
            f"{step['progress']:.2f}",
            f"{step['step']:.0f}°" if step["rank"] > 1 else "",
        )
        for step in found["tracks"]
    ]
    columns = ("", "track", "id", "progress", "step")
    print_table(f"From {start} to {end}, by {found['signal']}", columns, rows, right=2)
    say("", f"evenness: {found['evenness']:.2f} (largest step by mean step; 1 is even)")


@playlist.command()
@told
@options("dials", dial_options, familiar=0.5, artist_cap=2)
@options("exclusions", exclusion_options)
def blend(
    dials: "Dials",
    exclusions: "Exclusions",
    user: Annotated[list[str], typer.Option(help="Listener; repeat it for each.")],
    k: CountOption = 20,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Make one playlist for several listeners, fair to each."""
    user = list(dict.fromkeys(user))
    if len(user) < 2:
        raise typer.BadParameter("name two or more listeners, each with --user")
    from segue.library import Library
    from segue.pipeline.playlists import blend as run

    found = run(
        Library(library, create=False), user, k, dials=dials, exclusions=exclusions
    ).to_dict()
    if json:
        print_json(found)
        return
    hint(found.get("hints", ()))
    if not found["tracks"]:
        say("Nothing is left to play: exclude less, or allow more known tracks with --familiar 1.")
        return
    rows = [
        (
            str(track["rank"]),
            name_of(track, nameless="(untitled)"),
            track["track_id"],
            *(f"{track['tastes'][one]:+.2f}" for one in user),
            track["serves"],
        )
        for track in found["tracks"]
    ]
    columns = ("", "track", "id", *user, "serves most")
    print_table(f"For {' and '.join(user)}", columns, rows, right=len(user) + 1)
    mean = ", ".join(f"{one} {taste:+.2f}" for one, taste in found["mean_taste"].items())
    say("", f"mean taste for the list, in standard deviations: {mean}")
    say_chance(found)


def _show(found: Mapping[str, Any], json: bool, title: str) -> None:
    if json:
        print_json(found)
        return
    hint(found.get("hints", ()))
    if not found["tracks"]:
        say("Nothing is left to play: exclude less, or allow known tracks with --familiar 1.")
        return
    print_picks(title, found)
    say_chance(found, "")
