"""`segue tag`: write what segue knows to the tags of files, and take it back."""

from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.error_reporting import report_errors
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, print_table, say
from segue.text import plural

if TYPE_CHECKING:
    from segue.pipeline.tagging.write_tags import TagWriteResult

tag = typer.Typer(
    help="Write tempo, key, mood and MusicBrainz ids to the tags of files, and undo it.",
    no_args_is_help=True,
)
_MAX_ROWS = 40
_YES = "Write to the files. Without it, the differences are shown and nothing is changed."

TracksOption = Annotated[
    list[str] | None, typer.Option("--track", help="Only this track. May be repeated.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help=_YES)]


def _filter(kind: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(
        f"--{kind}", help=f"Only tracks of this {kind}. May be repeated."
    )
    return found


@tag.command()
@report_errors
def write(
    track: TracksOption = None,
    artist: Annotated[list[str] | None, _filter("artist")] = None,
    album: Annotated[list[str] | None, _filter("album")] = None,
    genre: Annotated[list[str] | None, _filter("genre")] = None,
    word: Annotated[list[str] | None, _filter("tag")] = None,
    folder: Annotated[
        list[str] | None, typer.Option(help="Only tracks in this folder. May be repeated.")
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(
            help="Only tempo, key, mood, energy or musicbrainz (ids, ISRC, all artists). May be"
            " repeated. By default all; mood and energy only of tracks with a pretrained encoder."
        ),
    ] = None,
    key_notation: Annotated[
        str, typer.Option(help="Notation of keys: standard (Am), camelot (8A) or open-key (1m).")
    ] = "standard",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also replace values that files have already.")
    ] = False,
    yes: YesOption = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Write tempo, key, mood and MusicBrainz ids to files. Shows differences; --yes writes."""
    from segue.cli.progress import terminal_progress
    from segue.library import Library
    from segue.pipeline.tagging.write_tags import write_tags

    done = write_tags(
        Library(library, create=False),
        tracks=track or (),
        artists=artist or (),
        albums=album or (),
        genres=genre or (),
        tags=word or (),
        folders=folder or (),
        fields=field or (),
        key_notation=key_notation,
        overwrite=overwrite,
        dry_run=not yes,
        progress=terminal_progress(),
    )
    _print(done, "Wrote", json=json, nothing="All files have these tags already.")


@tag.command()
@report_errors
def undo(
    track: TracksOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Undo every segue tag write, not only the last.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also restore tags that were changed by others since."),
    ] = False,
    yes: YesOption = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Restore the tags that files had before segue tag write. Shows differences; --yes writes."""
    from segue.cli.progress import terminal_progress
    from segue.library import Library
    from segue.pipeline.tagging.undo_tags import undo_tags

    done = undo_tags(
        Library(library, create=False),
        tracks=track or (),
        everything=everything,
        force=force,
        dry_run=not yes,
        progress=terminal_progress(),
    )
    _print(done, "Restored", json=json, nothing="There is nothing to undo.")


def _print(done: "TagWriteResult", verb: str, *, json: bool, nothing: str) -> None:
    """Print a result; a run in which no file takes its tags has failed."""
    if json:
        print_json(done.to_dict())
    else:
        _print_table(done, verb, nothing)
    if done.failed:
        raise typer.Exit(1)


def _print_table(done: "TagWriteResult", verb: str, nothing: str) -> None:
    rows = [(one.track_id, one.field, one.before, one.after) for one in done.changes[:_MAX_ROWS]]
    if rows:
        title = f"{plural(len(done.changes), 'difference')} in {plural(done.n_files, 'file')}"
        print_table(title, ("track", "tag", "before", "after"), rows)
    if len(done.changes) > _MAX_ROWS:
        say(f"... and {len(done.changes) - _MAX_ROWS:,} more: --json lists all.")
    for one in done.left:
        say(f"Left as it is: {one.path}: {one.reason}.")
    if not rows:
        say(nothing if not done.left else "Nothing else to do.")
    elif done.dry_run:
        say("Nothing was changed: add --yes to write.")
    else:
        say(f"{verb} the tags of {plural(done.n_files, 'file')}.")
        if verb == "Wrote":
            say("segue tag undo restores the old ones.")
