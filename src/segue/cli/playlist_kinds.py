"""Kinds of playlists: options of each kind, and functions that make it.

`segue playlist` and `segue export playlist` share these options.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.dials import dials as dial_options
from segue.cli.dials import exclusions as exclusion_options
from segue.cli.dials import options
from segue.cli.options import TRACK_NAME
from segue.text import plural

if TYPE_CHECKING:
    from segue.engine import Dials, Exclusions, Playlist
    from segue.pipeline.recommender.serving_state import ServingState

    Make = Callable[[ServingState], Playlist]
    """Makes the playlist from an opened library."""


class Daypart(StrEnum):
    """Parts of the day that a mix can be made for."""

    morning = "morning"
    afternoon = "afternoon"
    evening = "evening"
    night = "night"


CountOption = Annotated[int, typer.Option("-k", min=1, help="Number of tracks.")]
DislikeOption = Annotated[
    list[str] | None, typer.Option(help=f"A disliked track: {TRACK_NAME}. May be repeated.")
]
_SHOWN = 5


@options("dials", dial_options, diversity=0.1)
@options("exclusions", exclusion_options)
def like(
    dials: "Dials",
    exclusions: "Exclusions",
    tracks: Annotated[
        list[str] | None, typer.Argument(help=f"Liked tracks, each by {TRACK_NAME}.")
    ] = None,
    seeds: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Playlist file (M3U, XSPF, JSPF) of liked tracks."
        ),
    ] = None,
    dislike: DislikeOption = None,
    user: Annotated[str | None, typer.Option(help="Also use the history of this listener.")] = None,
    k: CountOption = 20,
) -> "Make":
    """Make a playlist of tracks similar to liked ones."""
    if not tracks and seeds is None:
        raise typer.BadParameter("name a liked track, or a playlist file with --from")

    def make(state: "ServingState") -> "Playlist":
        from dataclasses import replace

        from segue.pipeline.playlists.generate import from_likes

        liked, hints = _with_seeds(state, tracks or (), seeds)
        found = from_likes(
            state, liked, dislike or [], k, user=user, dials=dials, exclusions=exclusions
        )
        return replace(found, hints=[*hints, *found.hints])

    return make


@options("dials", dial_options, max_known_share=0.5, randomness=0.2)
@options("exclusions", exclusion_options)
def radio(
    dials: "Dials",
    exclusions: "Exclusions",
    user: Annotated[str | None, typer.Option(help="Listener to play for.")] = None,
    like: Annotated[
        list[str] | None, typer.Option(help=f"A liked track: {TRACK_NAME}. May be repeated.")
    ] = None,
    dislike: DislikeOption = None,
    k: CountOption = 20,
    window: Annotated[
        int | None,
        typer.Option(
            min=0, help="Number of other tracks before a track may be repeated; by default all."
        ),
    ] = None,
) -> "Make":
    """Make the next tracks of an endless radio."""
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
    start: Annotated[str, typer.Argument(help="Id of the first track.")],
    end: Annotated[str, typer.Argument(help="Id of the last track.")],
    k: Annotated[
        int, typer.Option("-k", min=2, help="Number of tracks, including both ends.")
    ] = 12,
    signal: Annotated[
        str | None,
        typer.Option(help="Signal that measures distance: knn, timbre, temporal, tags, metadata."),
    ] = None,
) -> "Make":
    """Make a path from one track to another in even steps."""

    def make(state: "ServingState") -> "Playlist":
        from segue.pipeline.playlists.generate import path as run

        return run(state, start, end, k, signal=signal, exclusions=exclusions)

    return make


@options("dials", dial_options, max_known_share=0.5, artist_cap=2)
@options("exclusions", exclusion_options)
def blend(
    dials: "Dials",
    exclusions: "Exclusions",
    user: Annotated[list[str], typer.Option(help="Listener. Repeat it for each listener.")],
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


@options("dials", dial_options, max_known_share=0.5, randomness=0.3, seed=0)
@options("exclusions", exclusion_options)
def mix(
    dials: "Dials",
    exclusions: "Exclusions",
    user: Annotated[str, typer.Option(help="Listener to make the mix for.")],
    interest: Annotated[
        str | None,
        typer.Option(
            help="Number or name of one interest: see segue user interests. By default all"
            " interests, in proportion."
        ),
    ] = None,
    daypart: Annotated[
        Daypart | None,
        typer.Option(help="Part of the day: calmer tracks in the evening and at night."),
    ] = None,
    k: CountOption = 25,
) -> "Make":
    """Make the daily mix of a listener: the same all day, other tracks tomorrow."""

    def make(state: "ServingState") -> "Playlist":
        from segue.pipeline.playlists.mixes import daily_mix

        return daily_mix(
            state,
            user,
            k,
            interest=interest,
            daypart=daypart.value if daypart else None,
            dials=dials,
            exclusions=exclusions,
        )

    return make


KINDS = {"like": like, "radio": radio, "path": path, "blend": blend, "mix": mix}


def _with_seeds(
    state: "ServingState", tracks: Sequence[str], seeds: Path | None
) -> tuple[list[str], list[str]]:
    """Return the ids of liked tracks with those of a file, and hints about the file."""
    if seeds is None:
        return list(tracks), []
    from segue.errors import PlaylistError
    from segue.pipeline.playlists.playlist_files import load_playlist

    read = load_playlist(state.catalogue, seeds)
    hints = [f"{seeds}: {problem}." for problem in read.problems]
    if read.unmatched:
        named = ", ".join(read.unmatched[:_SHOWN])
        more = ", ..." if len(read.unmatched) > _SHOWN else ""
        of_all = len(read.unmatched) + len(read.tracks)
        hints.append(
            f"{len(read.unmatched)} of {plural(of_all, 'track')} of {seeds}"
            f" {'is' if len(read.unmatched) == 1 else 'are'} not in the library:"
            f" {named}{more}."
        )
    liked = list(dict.fromkeys([*tracks, *read.tracks]))
    if not liked:
        raise PlaylistError(
            f"No track of {seeds} is in the library: find track ids with segue library tracks WORD."
        )
    return liked, hints
