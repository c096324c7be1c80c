"""`segue export playlist`: playlists as files for other players."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.dials import options
from segue.cli.error_reporting import report_errors
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import hint, print_json, say
from segue.cli.playlist_kinds import KINDS
from segue.text import plural

if TYPE_CHECKING:
    from segue.cli.playlist_kinds import Make

export = typer.Typer(help="Export playlists for other programs.", no_args_is_help=True)
playlist = typer.Typer(help="Write a playlist to a file: M3U8, XSPF or JSPF.", no_args_is_help=True)
export.add_typer(playlist, name="playlist")


class Format(StrEnum):
    """Formats of playlist files."""

    m3u8 = "m3u8"
    xspf = "xspf"
    jspf = "jspf"


_BY_SUFFIX = {
    ".m3u8": Format.m3u8,
    ".m3u": Format.m3u8,
    ".xspf": Format.xspf,
    ".jspf": Format.jspf,
    ".json": Format.jspf,
}


def write(
    make: "Make",
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    format: Annotated[
        Format | None, typer.Option(help="File format; by default from the file name.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the playlist; by default the file name.")
    ] = None,
    no_paths: Annotated[
        bool,
        typer.Option(
            "--no-paths",
            help="Leave out file paths, for another machine or another copy of the music.",
        ),
    ] = False,
    identified: Annotated[
        bool,
        typer.Option(
            "--identified",
            help="Only tracks with a MusicBrainz recording: ListenBrainz takes no others.",
        ),
    ] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Make a playlist and write it to a file."""
    written = format or _BY_SUFFIX.get(output.suffix.lower())
    if written is None:
        known = ", ".join(Format)
        raise typer.BadParameter(
            f"{output.name!r} does not end in a known format: choose --format from {known}"
        )
    from segue.pipeline.playlists.playlist_files import (
        save_playlist,
        without_recording,
        write_playlist,
    )
    from segue.pipeline.recommender.service import RecommenderService

    service = RecommenderService.open(library)
    state = service.state()
    found = make(state)
    track_ids = [track.track_id for track in found.tracks]
    nameless = set(without_recording(state.catalogue, track_ids))
    hints = list(found.hints)
    if identified:
        track_ids = [one for one in track_ids if one not in nameless]
    elif nameless and written is Format.jspf:
        hints.append(
            f"{len(nameless)} of {plural(len(track_ids), 'track')} without a MusicBrainz recording:"
            " ListenBrainz refuses such a file, use --identified to leave them out."
        )
    data = write_playlist(
        state.catalogue,
        track_ids,
        written.value,
        name or output.stem,
        place=None if no_paths else output.parent,
        creator=found.about.get("user"),
    )
    save_playlist(output, data)
    hint(hints)
    n = len(track_ids)
    if json:
        document = {"file": str(output), "format": written.value, "tracks": n, "bytes": len(data)}
        print_json({**document, **({"hints": hints} if hints else {})})
        return
    say(f"{output}: {plural(n, 'track')}.")


for _name, _kind in KINDS.items():
    playlist.command(_name, help=_kind.__doc__)(report_errors(options("make", _kind)(write)))
