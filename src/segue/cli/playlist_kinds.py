"""The kinds of playlists, each as the options that it takes and how it is made of them.

`segue playlist` shows what `segue export playlist` writes: both have these options.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.dials import dials as dial_options
from segue.cli.dials import exclusions as exclusion_options
from segue.cli.dials import options

if TYPE_CHECKING:
    from segue.engine import Dials, Exclusions, Playlist
    from segue.pipeline.recommender.serving_state import ServingState

    Make = Callable[[ServingState], Playlist]
    """Makes the playlist from an opened library."""

CountOption = Annotated[int, typer.Option("-k", min=1, help="How many tracks.")]
DislikeOption = Annotated[
    list[str] | None, typer.Option(help="Track id that is disliked; may be repeated.")
]
_SHOWN = 5


@options("dials", dial_options, artist_cap=2, diversity=0.2)
@options("exclusions", exclusion_options)
def like(
    dials: "Dials",
    exclusions: "Exclusions",
    tracks: Annotated[list[str] | None, typer.Argument(help="Track ids that are liked.")] = None,
    seeds: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Playlist file (M3U, XSPF, JSPF) of tracks liked, too."
        ),
    ] = None,
    dislike: DislikeOption = None,
    user: Annotated[str | None, typer.Option(help="Listener whose history counts as well.")] = None,
    k: CountOption = 20,
) -> "Make":
    """Gather tracks like some, and unlike others."""
    if not tracks and seeds is None:
        raise typer.BadParameter("name a track that is liked, or a playlist file with --from")

    def make(state: "ServingState") -> "Playlist":
        from dataclasses import replace

        from segue.pipeline.playlists.generate import from_likes

        liked, said = _with_seeds(state, tracks or (), seeds)
        found = from_likes(
            state, liked, dislike or [], k, user=user, dials=dials, exclusions=exclusions
        )
        return replace(found, hints=[*said, *found.hints])

    return make


@options("dials", dial_options, max_known_share=0.5, randomness=0.1)
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
) -> "Make":
    """Play on and on: the next tracks of a radio for a listener."""
    if user is None and not like:
        raise typer.BadParameter("name a listener with --user, or a track with --like")

    def make(state: "ServingState") -> "Playlist":
        from segue.pipeline.playlists.radio import RadioSession

        station = RadioSession(
            state,
            user,
            like=like or [],
            dislike=dislike or [],
            dials=dials,
            exclusions=exclusions,
            window=window,
        )
        return station.take(k)

    return make


@options("exclusions", exclusion_options)
def path(
    exclusions: "Exclusions",
    start: Annotated[str, typer.Argument(help="Track id to start from.")],
    end: Annotated[str, typer.Argument(help="Track id to arrive at.")],
    k: Annotated[int, typer.Option("-k", min=2, help="How many tracks, both included.")] = 12,
    signal: Annotated[
        str | None, typer.Option(help="In whose space to go: knn, timbre, temporal, metadata.")
    ] = None,
) -> "Make":
    """Lead from one track to another in even steps."""

    def make(state: "ServingState") -> "Playlist":
        from segue.pipeline.playlists.generate import path as run

        return run(state, start, end, k, signal=signal, exclusions=exclusions)

    return make


@options("dials", dial_options, max_known_share=0.5, artist_cap=2)
@options("exclusions", exclusion_options)
def blend(
    dials: "Dials",
    exclusions: "Exclusions",
    user: Annotated[list[str], typer.Option(help="Listener; repeat it for each.")],
    k: CountOption = 20,
) -> "Make":
    """Make one playlist for several listeners, fair to each."""
    users = list(dict.fromkeys(user))
    if len(users) < 2:
        raise typer.BadParameter("name two or more listeners, each with --user")

    def make(state: "ServingState") -> "Playlist":
        from segue.pipeline.playlists.generate import blend as run

        return run(state, users, k, dials=dials, exclusions=exclusions)

    return make


KINDS = {"like": like, "radio": radio, "path": path, "blend": blend}


def _with_seeds(
    state: "ServingState", tracks: Sequence[str], seeds: Path | None
) -> tuple[list[str], list[str]]:
    """Return the ids of liked tracks with those of a file, and what should be told of it."""
    if seeds is None:
        return list(tracks), []
    from segue.errors import PlaylistError
    from segue.pipeline.playlists.playlist_files import load_playlist

    read = load_playlist(state.catalogue, seeds)
    said = [f"{seeds}: {problem}." for problem in read.problems]
    if read.unmatched:
        named = ", ".join(read.unmatched[:_SHOWN])
        more = ", ..." if len(read.unmatched) > _SHOWN else ""
        of_all = len(read.unmatched) + len(read.tracks)
        said.append(
            f"{len(read.unmatched)} of {of_all} tracks of {seeds} are not in the library:"
            f" {named}{more}."
        )
    liked = list(dict.fromkeys([*tracks, *read.tracks]))
    if not liked:
        raise PlaylistError(
            f"No track of {seeds} is in the library, so there is nothing to go by:"
            " segue library tracks WORD finds ids to name."
        )
    return liked, said
