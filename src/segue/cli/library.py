"""`segue library`: show the contents of a library and its problems; back it up and repair it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.error_reporting import report_errors
from segue.cli.library_location import DATABASE_SCHEMES, place_of_files
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import confirm, print_json, print_table, say
from segue.text import plural

if TYPE_CHECKING:
    from segue.library import Library
    from segue.types import Track

library = typer.Typer(
    help="Show the contents of a library, back it up, check and repair it.", no_args_is_help=True
)


_FIELDS = (
    "track_id",
    "title",
    "artist",
    "album",
    "year",
    "genres",
    "tempo",
    "tempo_confidence",
    "key",
    "key_confidence",
    "loudness",
    "duration",
    "missing",
    "left_out",
)


@library.command()
@report_errors
def show(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """Show the counts and models of a library."""
    from segue.library import Library

    opened = Library(library, create=False)
    models: list[dict[str, Any]] = []
    for name in opened.models.names():
        manifest = opened.models.manifest(name)
        if "kind" in manifest:
            models.append({key: manifest.get(key) for key in ("name", "target", "seed", "metrics")})
    last = opened.last_run("evaluate")
    document: dict[str, Any] = {
        "library": str(library),
        **opened.counts(),
        "models": models,
        # by name: the library may have been moved
        "report": str(opened.reports / Path(last["result"]["page"]).parent.name / "report.html")
        if last
        else None,
    }
    if json:
        print_json(document)
        return
    absent = ", ".join(
        f"{document[name]:,} {words}"
        for name, words in (("missing", "missing"), ("left_out", "excluded"))
        if document[name]
    )
    say(
        f"{library}: {plural(document['tracks'], 'track')}{absent and f' ({absent})'},"
        f" {plural(document['listens'], 'listen')} by {plural(document['listeners'], 'listener')},"
        f" {plural(document['problems'], 'problem')}."
    )
    if document["unmatched"]:
        unmatched = plural(document["unmatched"], "imported listen")
        say(f"{unmatched} without a track in the library yet.")
    names = ", ".join(
        f"{model['name']} (on {model['target']})" if model["target"] else str(model["name"])
        for model in models
    )
    say(f"Models: {names or 'none yet: run segue train all'}.")
    if last:
        say(f"Last report: {document['report']}")


@library.command()
@report_errors
def problems(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List files and rows that could not be used, with the reasons."""
    from dataclasses import asdict

    from segue.library import Library

    found = Library(library, create=False).problems()
    if json:
        print_json({"problems": [asdict(problem) for problem in found]})
        return
    if not found:
        say("No problems: every file and row was used.")
        return
    rows = [
        (problem.source + (f", row {problem.row}" if problem.row else ""), problem.reason)
        for problem in found
    ]
    print_table(plural(len(found), "problem"), ("file or row", "problem"), rows)


@library.command()
@report_errors
def tracks(
    word: Annotated[
        str | None, typer.Argument(help="Word in the path, id, title, artist or album.")
    ] = None,
    most: Annotated[
        int, typer.Option("--most", min=1, help="Largest number of tracks to list.")
    ] = 50,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """List or search tracks and their files."""
    from segue.artist_names import credits_of
    from segue.library import Library
    from segue.pipeline.catalogue.shown_files import shown_files, tracks_with
    from segue.sources.file_tags.path_names import FROM_PATH

    opened = Library(library, create=False)
    found = tracks_with(opened, word or "")
    if json:
        shown = _moods_of(opened, found[:most])
        rows = [
            {name: getattr(track, name) for name in _FIELDS}
            | shown[track.track_id]
            | {
                "path": None if track.path is None else str(track.path),
                "artists": [credit.name for credit in credits_of(track.artist, track.artists)],
                "from_path": [
                    name for name in track.metadata.get(FROM_PATH, "").split("|") if name
                ],
            }
            for track in found[:most]
        ]
        print_json({"n": len(found), "tracks": rows})
        return
    names = shown_files(opened, [track.track_id for track in found[:most]])
    cells = [
        (
            names.get(track.track_id, track.track_id) + _note(track),
            track.title or "",
            _artists(track),
            ", ".join(track.genres),
            track.key or "",
            f"{track.tempo:.0f}" if track.tempo else "",
        )
        for track in found[:most]
    ]
    columns = ("file", "title", "artist", "genre", "key", "tempo")
    print_table(plural(len(found), "track"), columns, cells, right=1)
    if len(found) > most:
        say(f"... and {len(found) - most:,} more: --most {len(found)} shows all.")


def _moods_of(library: "Library", tracks: Sequence["Track"]) -> dict[str, dict[str, Any]]:
    """Return energy, valence and mood words of tracks with their confidences, by track id."""
    from math import isnan

    from segue.pipeline.analysis.moods import DIMENSIONS, track_moods

    catalogue = library.catalogue()
    moods = track_moods(library, catalogue)
    found: dict[str, dict[str, Any]] = {}
    for track in tracks:
        position = catalogue.positions[track.track_id]
        found[track.track_id] = {"moods": moods.words(position)}
        for name in (name for one in DIMENSIONS for name in (one, f"{one}_confidence")):
            value = float(getattr(moods, name)[position])
            found[track.track_id][name] = None if isnan(value) else round(value, 3)
    return found


@library.command()
@report_errors
def duplicates(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List duplicates: recordings that exist in several files."""
    from segue.library import Library
    from segue.pipeline.analysis.duplicates import duplicates as find
    from segue.pipeline.catalogue.shown_files import shown_files

    opened = Library(library, create=False)
    found = find(opened)
    if json:
        print_json(found.to_dict())
        return
    if not found.recordings:
        say("No duplicates.")
        return
    shown = [track.track_id for tracks in found.recordings for track in tracks]
    names = shown_files(opened, shown)
    rows = [
        (
            f"{number}" if not place else "",
            names.get(track.track_id, track.track_id),
            " - ".join(part for part in (track.artist, track.title) if part),
            "" if track.duration is None else _minutes(track.duration),
        )
        for number, tracks in enumerate(found.recordings, start=1)
        for place, track in enumerate(tracks)
    ]
    title = f"{plural(len(found.recordings), 'recording')} in {len(rows):,} files"
    print_table(title, ("", "file", "track", "length"), rows, right=1)


@library.command("drop-windows")
@report_errors
def drop_windows(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """Delete data that only training needs, about 90 %. Restore it: segue preprocess --windows."""
    from segue.library import Library
    from segue.pipeline.analysis.inputs import drop_windows as drop

    n_bytes = drop(Library(library, create=False))
    if json:
        print_json({"freed_bytes": n_bytes})
        return
    say(f"{n_bytes / 1e6:,.1f} MB freed.")


@library.command()
@report_errors
def backup(
    destination: Annotated[Path, typer.Argument(help="New directory for the copy.")],
    only_database: Annotated[
        bool,
        typer.Option(
            "--only-database",
            help="Copy listens, feedback, playlists and accounts only; the rest can be computed"
            " again.",
        ),
    ] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Copy the library and verify the copy. A server may be running."""
    from segue.cli.progress import terminal_progress
    from segue.library import Library, back_up

    opened = Library(library, create=False)
    made = back_up(opened, destination, only_database=only_database, progress=terminal_progress())
    if json:
        print_json(made.to_dict())
        return
    one = {"feedback": "feedback event"}
    rows = ", ".join(
        plural(count, one.get(name, name.rstrip("s"))) for name, count in made.rows.items()
    )
    say(f"{made.path}: {made.bytes / 1e6:,.1f} MB, verified ({rows}).")


@library.command("copy")
@report_errors
def copy_to(
    target: Annotated[
        str, typer.Argument(help="New directory, or the address of a PostgreSQL database.")
    ],
    target_files: Annotated[
        str | None,
        typer.Option(
            "--target-files",
            metavar="DIRECTORY",
            help="New directory for features and models, or the address of object storage, where"
            " TARGET is an address.",
        ),
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Copy the library to another directory or database server, verified row by row."""
    from segue.cli.progress import terminal_progress
    from segue.errors import ContradictionError
    from segue.library import Library, copy_library

    address, place = None, Path(target)
    if target.startswith(DATABASE_SCHEMES):
        if target_files is None:
            raise ContradictionError(
                "The target is the address of a database: add --target-files DIR, a new directory"
                " for features and models."
            )
        place, address = place_of_files(target, target_files)
    elif target_files is not None:
        raise ContradictionError("--target-files is for addresses of databases: leave it out.")
    source = Library(library, create=False)
    made = copy_library(source, place, address, progress=terminal_progress())
    if json:
        print_json(made.to_dict())
        return
    n_rows = sum(made.rows.values())
    say(f"{made.path}: {plural(n_rows, 'row')} of {len(made.rows)} tables, verified.")


@library.command()
@report_errors
def restore(
    copy: Annotated[
        Path, typer.Argument(help="Directory of a backup, or a file from backups/ of a library.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Replace the library by a copy. The replaced database is kept in backups/."""
    from segue.cli.progress import terminal_progress
    from segue.library import library_exists
    from segue.library import restore as restore_copy

    if library_exists(library):
        confirm(f"Replace the library {library} by {copy}?", yes=yes)
    done = restore_copy(library, copy, progress=terminal_progress())
    if json:
        print_json(done.to_dict())
        return
    say(f"Restored {', '.join(done.restored)} of {library}.")
    if done.replaced:
        say(f"The replaced database is kept: {done.replaced}")
    if "features" not in done.restored:
        say("Run segue preprocess on your datasets, then segue train all.")


@library.command()
@report_errors
def check(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """Find everything that is damaged. The exit code is 1 if something is."""
    from segue.pipeline.maintenance.repair import check as find

    found = find(library)
    if json:
        print_json(found.to_dict())
    elif found.ok:
        say("Nothing is damaged.")
    else:
        say(*(one.text for one in found.damage))
        if found.missing:
            say(f"The analysis of {plural(found.missing, 'track')} is missing.")
        database = any(one.kind == "database" for one in found.damage)
        way_out = "segue library restore COPY" if database else "segue library repair"
        say(f"{plural(len(found.damage) or 1, 'damaged part')}: run {way_out}.")
    if not found.ok:
        raise typer.Exit(1)


@library.command()
@report_errors
def repair(
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes for analysis; by default one per core.")
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Compute again what is damaged. Listens, feedback and playlists are never changed."""
    from segue.cli.progress import terminal_progress
    from segue.pipeline.maintenance.repair import repair as run

    done = run(library, workers=workers, progress=terminal_progress())
    if json:
        print_json(done.to_dict())
    elif not done.damage and not done.done:
        say("Nothing is damaged.")
    else:
        say(*done.done, *done.left)
    if done.left:
        raise typer.Exit(1)


def _artists(track: "Track") -> str:
    """Return all artists of a track; in brackets if its path names them, not its tags."""
    from segue.artist_names import display_artist
    from segue.sources.file_tags.path_names import FROM_PATH

    shown = display_artist(track.artist, track.artists) or ""
    return f"({shown})" if "artist" in track.metadata.get(FROM_PATH, "").split("|") else shown


def _note(track: "Track") -> str:
    return " (excluded)" if track.left_out else " (missing)" if track.missing else ""


def _minutes(seconds: float) -> str:
    return f"{int(seconds + 0.5) // 60}:{int(seconds + 0.5) % 60:02}"


@library.command()
@report_errors
def listeners(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List the listeners of the library."""
    from segue.library import Library

    found = Library(library, create=False).listeners()
    if json:
        print_json({"listeners": found})
        return
    say(*(found or ["No listeners yet: import listening histories with segue import."]))
