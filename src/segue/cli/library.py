"""`segue library`: what is kept, and what could not be used."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.error_reporting import told
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from segue.types import Track

library = typer.Typer(
    help="Look into a library: what is kept, and what could not be used.", no_args_is_help=True
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
@told
def show(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """Count what the library holds, and list its models."""
    from segue.library import Library

    opened = Library(library, create=False)
    models: list[dict[str, Any]] = []
    for name in opened.models.names():
        manifest = opened.models.manifest(name)
        if "kind" in manifest:
            models.append({key: manifest.get(key) for key in ("name", "target", "seed", "metrics")})
    last = opened.last_run("evaluate")
    document = {
        "library": str(library),
        **opened.counts(),
        "models": models,
        # by its name: the library may have moved since
        "report": str(opened.reports / Path(last["result"]["page"]).parent.name / "report.html")
        if last
        else None,
    }
    if json:
        print_json(document)
        return
    absent = ", ".join(
        f"{document[name]:,} {words}"
        for name, words in (("missing", "missing"), ("left_out", "left out"))
        if document[name]
    )
    say(
        f"{library}: {document['tracks']:,} tracks{absent and f' ({absent})'},"
        f" {document['listens']:,} listens by {document['listeners']:,} listeners,"
        f" {document['problems']:,} problems."
    )
    if document["waiting"]:
        say(f"{document['waiting']:,} imported listens wait for tracks that are not here yet.")
    names = ", ".join(
        f"{model['name']} (on {model['target']})" if model["target"] else str(model["name"])
        for model in models
    )
    say(f"Models: {names or 'none yet; segue train all makes them'}.")
    if last:
        say(f"Last report: {document['report']}")


@library.command()
@told
def problems(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List what came in and could not be used, and why."""
    from dataclasses import asdict

    from segue.library import Library

    found = Library(library, create=False).problems()
    if json:
        print_json({"problems": [asdict(problem) for problem in found]})
        return
    if not found:
        say("No problems: all that came in is used.")
        return
    rows = [
        (
            problem.source + (f", row {problem.row}" if problem.row else ""),
            problem.subject or "",
            problem.reason,
        )
        for problem in found
    ]
    print_table(f"{len(found):,} problems", ("where", "what", "why"), rows)


@library.command()
@told
def tracks(
    word: Annotated[
        str | None, typer.Argument(help="Only tracks with this in id, title, artist or album.")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="How many at most.")] = 50,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """List or search tracks, to find their ids."""
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
    print_table(f"{len(found):,} tracks", columns, cells, right=1)
    if len(found) > most:
        say(f"... and {len(found) - most:,} more: --most {len(found)} shows all.")


@library.command()
@told
def duplicates(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List recordings that lie in several files; they are never recommended beside each other."""
    from segue.library import Library
    from segue.pipeline.analysing.duplicates import duplicates as find

    found = find(Library(library, create=False))
    if json:
        print_json(found.to_dict())
        return
    if not found.recordings:
        say("No recording is there twice.")
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
    things = "recording" if len(found.recordings) == 1 else "recordings"
    title = f"{len(found.recordings):,} {things} in {len(rows):,} files"
    print_table(title, ("", "id", "track", "length"), rows, right=1)


@library.command("drop-windows")
@told
def drop_windows(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """Free what only training needs, 9 of 10 bytes; segue preprocess --windows makes it again."""
    from segue.library import Library
    from segue.pipeline.analysing.inputs import drop_windows as drop

    n_bytes = drop(Library(library, create=False))
    if json:
        print_json({"freed_bytes": n_bytes})
        return
    say(f"{n_bytes / 1e6:,.1f} MB freed.")


def _note(track: "Track") -> str:
    return " (left out)" if track.left_out else " (missing)" if track.missing else ""


def _minutes(seconds: float) -> str:
    return f"{int(seconds + 0.5) // 60}:{int(seconds + 0.5) % 60:02}"


@library.command()
@told
def listeners(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List the listeners whom the library knows."""
    from segue.library import Library

    found = Library(library, create=False).listeners()
    if json:
        print_json({"listeners": found})
        return
    say(*(found or ["No listeners yet: add a listens.csv to the dataset."]))
