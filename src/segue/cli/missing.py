"""`segue missing`."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import day, print_json, print_table, say
from segue.text import plural

if TYPE_CHECKING:
    from segue.pipeline.history.missing_music import MissingMusic

_MAX_TRACKS = 3


def missing(
    user: Annotated[str, typer.Option(help="Listener, as segue import names them.")] = "me",
    k: Annotated[int, typer.Option("-k", min=1, max=1_000, help="Length of each list.")] = 20,
    similar_artists: Annotated[
        bool,
        typer.Option(
            "--similar-artists",
            help="Also ask ListenBrainz for artists similar to the most played ones. Sends their"
            " MusicBrainz ids over the network.",
        ),
    ] = False,
    similar_artists_url: Annotated[
        str | None,
        typer.Option(
            envvar="SEGUE_SIMILAR_ARTISTS_URL", help="Address of the service of similar artists."
        ),
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """List artists and tracks that a listener played and the library lacks. Downloads nothing."""
    from segue.library import Library
    from segue.pipeline.history.missing_music import missing_music
    from segue.sources.similar_artists import URL
    from segue.sources.similar_artists import similar_artists as ask

    opened = Library(library, create=False)
    asking = partial(ask, url=similar_artists_url or URL) if similar_artists else None
    found = missing_music(opened, user, k, ask_similar=asking)
    if json:
        print_json(found.to_dict())
        return
    if not found.artists and not found.tracks and not found.suggested:
        say(
            f"Nothing is missing: no imported listen of {user} lacks its track in the library."
            " segue import adds histories."
        )
    _print_played(found)
    _print_suggested(found)


def _print_played(found: "MissingMusic") -> None:
    if found.artists:
        rows = [
            (
                one.artist,
                ", ".join(one.tracks[:_MAX_TRACKS]) + (", ..." if one.tracks[_MAX_TRACKS:] else ""),
                "other tracks" if one.in_library else "nothing",
                f"{one.listens:,}",
            )
            for one in found.artists
        ]
        title = f"Artists that {found.user} played and the library lacks"
        print_table(title, ("artist", "tracks", "in the library", "listens"), rows, right=1)
    if found.tracks:
        tracks = [
            (
                one.artist or "",
                one.title or "",
                one.album or "",
                day(one.last) if one.last is not None else "",
                f"{one.listens:,}",
            )
            for one in found.tracks
        ]
        title = f"Tracks that {found.user} played and the library lacks"
        print_table(title, ("artist", "title", "album", "last", "listens"), tracks, right=1)


def _print_suggested(found: "MissingMusic") -> None:
    if found.suggested:
        rows = [
            (one.artist, ", ".join(one.similar_to), f"{one.score:.2f}") for one in found.suggested
        ]
        title = "Similar artists that the library lacks (ListenBrainz)"
        print_table(title, ("artist", "similar to", "score"), rows, right=1)
    elif found.suggested is not None and not found.without_id:
        say("ListenBrainz names no similar artist that the library lacks.")
    if found.suggested is not None and found.without_id:
        say(
            f"{plural(found.without_id, 'played artist')} without a MusicBrainz id not asked for:"
            " tag your files with MusicBrainz Picard or beets, and run segue preprocess."
        )
