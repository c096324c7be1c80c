"""`segue library`: show the contents of a library and its problems."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.error_reporting import report_errors
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import plural, print_json, print_table, say

if TYPE_CHECKING:
    from segue.types import Track

library = typer.Typer(
    help="Show the contents of a library, its problems and duplicates.", no_args_is_help=True
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
    if document["waiting"]:
        say(f"{plural(document['waiting'], 'imported listen')} without a track in the library yet.")
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
        (
            problem.source + (f", row {problem.row}" if problem.row else ""),
            problem.subject or "",
            problem.reason,
        )
        for problem in found
    ]
    print_table(plural(len(found), "problem"), ("where", "what", "why"), rows)


@library.command()
@report_errors
def tracks(
    word: Annotated[
        str | None, typer.Argument(help="Word in the id, title, artist or album.")
    ] = None,
    most: Annotated[
        int, typer.Option("--most", min=1, help="Largest number of tracks to list.")
    ] = 50,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """List or search tracks and their ids."""
    from segue.library import Library

    wanted = (word or "").casefold()
    found = [
        track
        for track in Library(library, create=False).catalogue().tracks
        if any(
            wanted in (text or "").casefold()
            for text in (track.track_id, track.title, track.artist, track.album)
        )
    ]
    if json:
        rows = [{name: getattr(track, name) for name in _FIELDS} for track in found[:most]]
        print_json({"n": len(found), "tracks": rows})
        return
    cells = [
        (
            track.track_id + _note(track),
            track.title or "",
            track.artist or "",
            ", ".join(track.genres),
            track.key or "",
            f"{track.tempo:.0f}" if track.tempo else "",
        )
        for track in found[:most]
    ]
    columns = ("id", "title", "artist", "genre", "key", "tempo")
    print_table(plural(len(found), "track"), columns, cells, right=1)
    if len(found) > most:
        say(f"... and {len(found) - most:,} more: --most {len(found)} shows all.")


@library.command()
@report_errors
def duplicates(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List duplicates: recordings that exist in several files."""
    from segue.library import Library
    from segue.pipeline.analysis.duplicates import duplicates as find

    found = find(Library(library, create=False))
    if json:
        print_json(found.to_dict())
        return
    if not found.recordings:
        say("No duplicates.")
        return
    rows = [
        (
            f"{number}" if not place else "",
            track.track_id,
            " - ".join(part for part in (track.artist, track.title) if part),
            "" if track.duration is None else _minutes(track.duration),
        )
        for number, tracks in enumerate(found.recordings, start=1)
        for place, track in enumerate(tracks)
    ]
    title = f"{plural(len(found.recordings), 'recording')} in {len(rows):,} files"
    print_table(title, ("", "id", "track", "length"), rows, right=1)


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
