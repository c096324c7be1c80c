"""`segue library`: what is kept, and what could not be used."""

from typing import Annotated, Any

import typer

from segue.cli.failures import told
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, print_table, say

library = typer.Typer(
    help="Look into a library: what is kept, and what could not be used.", no_args_is_help=True
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
        "report": last["result"]["page"] if last else None,
    }
    if json:
        print_json(document)
        return
    say(
        f"{library}: {document['tracks']:,} tracks, {document['listens']:,} listens by"
        f" {document['listeners']:,} listeners, {document['problems']:,} problems."
    )
    names = ", ".join(f"{model['name']} (on {model['target']})" for model in models)
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
        fields = ("track_id", "title", "artist", "album", "year", "genres", "tempo", "duration")
        rows = [{name: getattr(track, name) for name in fields} for track in found[:most]]
        print_json({"n": len(found), "tracks": rows})
        return
    cells = [
        (track.track_id, track.title or "", track.artist or "", ", ".join(track.genres))
        for track in found[:most]
    ]
    print_table(f"{len(found):,} tracks", ("id", "title", "artist", "genre"), cells)
    if len(found) > most:
        say(f"... and {len(found) - most:,} more: --most {len(found)} shows all.")


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
