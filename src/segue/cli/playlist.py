"""`segue playlist`: playlists from likes, a radio, a path, a blend or a daily mix."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.dials import options
from segue.cli.error_reporting import report_errors
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import (
    add_files,
    hint,
    name_of,
    print_json,
    print_recommendations,
    print_seed,
    print_table,
    say,
)
from segue.cli.playlist_kinds import KINDS
from segue.text import plural

if TYPE_CHECKING:
    from segue.cli.playlist_kinds import Make

playlist = typer.Typer(
    help="Make playlists: from liked tracks, a radio, a path, a blend of listeners, or a daily"
    " mix.",
    no_args_is_help=True,
)


_NOTHING_LEFT = "No tracks left to play: exclude less, or allow known tracks (--max-known-share 1)."


def show(
    make: "Make",
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Make a playlist and print it."""
    from segue.pipeline.recommender.service import RecommenderService

    service = RecommenderService.open(library)
    found = make(service.state()).to_dict()
    if json:
        print_json(found)
        return
    if not found["tracks"]:
        *hints, cause = found.get("hints") or [_NOTHING_LEFT]
        hint(hints)
        say(cause)
        return
    hint(found.get("hints", ()))
    add_files(service.library, found)
    _PRINTED[found["playlist"]](found)


for _name, _kind in KINDS.items():
    playlist.command(_name, help=_kind.__doc__)(report_errors(options("make", _kind)(show)))


@playlist.command()
@report_errors
def weekly(
    user: Annotated[str, typer.Option(help="Listener whose ListenBrainz playlists to fetch.")],
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Fetch the weekly playlists of ListenBrainz: see segue user forward --weekly."""
    from dataclasses import asdict

    from segue.library import Library
    from segue.pipeline.playlists.weekly_playlists import WEEKLY_NAMES, fetch_weekly_playlists

    found = fetch_weekly_playlists(Library(library, create=False), user)
    if json:
        print_json({"user": user, "playlists": [asdict(one) for one in found]})
        return
    if not found:
        say(f"ListenBrainz has made no weekly playlists for {user} yet.")
    for one in found:
        of_all = one.matched + one.missing
        say(f"{WEEKLY_NAMES[one.name]}: {one.matched} of {of_all} tracks are in the library.")


@playlist.command()
@report_errors
def refresh(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """Make the saved playlists again that their owners keep up to date."""
    from segue.library import Library
    from segue.pipeline.playlists.saved_playlists import refresh_all

    done = refresh_all(Library(library, create=False))
    if json:
        print_json(done)
        return
    say(f"{plural(done['refreshed'], 'playlist')} refreshed.")
    for problem in done["problems"]:
        hint(problem)


def _print_like(found: Mapping[str, Any]) -> None:
    print_recommendations("Similar to the liked tracks", found)
    print_seed(found, "")


def _print_radio(found: Mapping[str, Any]) -> None:
    print_recommendations(f"Radio for {found['user']}" if found["user"] else "Radio", found)
    print_seed(found, "")


def _print_path(found: Mapping[str, Any]) -> None:
    rows = [
        (
            str(step["rank"]),
            name_of(step, nameless="(untitled)"),
            step["file"],
            f"{step['progress']:.2f}",
            f"{step['step']:.0f}°" if step["rank"] > 1 else "",
        )
        for step in found["tracks"]
    ]
    columns = ("", "track", "file", "progress", "step")
    title = f"From {found['from']} to {found['to']}, by {found['signal']}"
    print_table(title, columns, rows, right=2)
    say("", f"evenness: {found['evenness']:.2f} (largest step divided by mean step; 1 is even)")


def _print_blend(found: Mapping[str, Any]) -> None:
    users = found["users"]
    rows = [
        (
            str(track["rank"]),
            name_of(track, nameless="(untitled)"),
            track["file"],
            *(f"{track['tastes'][one]:+.2f}" for one in users),
            track["serves"],
        )
        for track in found["tracks"]
    ]
    columns = ("", "track", "file", *users, "best for")
    print_table(f"For {' and '.join(users)}", columns, rows, right=len(users) + 1)
    mean = ", ".join(f"{one} {taste:+.2f}" for one, taste in found["mean_taste"].items())
    say("", f"mean score of the list, in standard deviations: {mean}")
    print_seed(found)


def _print_mix(found: Mapping[str, Any]) -> None:
    of = found["interest"] or "all interests"
    if found["daypart"]:
        of += f", {found['daypart']}"
    print_recommendations(f"Mix of {found['date']} for {found['user']}: {of}", found)
    print_seed(found, "")


_PRINTED = {
    "like": _print_like,
    "radio": _print_radio,
    "path": _print_path,
    "blend": _print_blend,
    "mix": _print_mix,
}
