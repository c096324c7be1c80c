"""`segue import`."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import day, print_json, print_table, say
from segue.cli.progress import terminal_progress
from segue.text import clean_id, plural

if TYPE_CHECKING:
    from segue.pipeline.history.import_listens import ImportResult
    from segue.pipeline.history.import_summary import ImportedFile

_MAX_NAMES = 3
_MAX_LISTED = 50
"""Unmatched tracks that are printed; --json has all."""


def import_listens(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Exports of services (ListenBrainz, Last.fm, Spotify, Apple Music, YouTube Music,"
            " zipped or not), tables of listens, or the databases and libraries of players and"
            " media servers. The format is detected from the content; docs/listening.md lists all."
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            help="Listener of these listens; by default the user name in the file, or else 'me'."
            " Tables and databases that name several users keep the names. With --unmatched: list"
            " only this listener's."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=NAME",
            help="Column of a table, if segue does not know its name: when=entry_date. Fields:"
            " user, artist, title, album, when, plays, ms_played, rating, loved, skipped.",
        ),
    ] = None,
    unmatched: Annotated[
        bool,
        typer.Option(
            "--unmatched",
            help="List imported listens without a track in the library, with the reason.",
        ),
    ] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Import listening histories. Import again to add new plays only."""
    from segue.pipeline.history.import_listens import import_listens as run

    if user is not None and not user.strip():
        raise typer.BadParameter("--user is empty: give a name")
    columns = _columns(column or [])
    if not files and not unmatched:
        raise typer.BadParameter("name the files to import, or give --unmatched")
    result = None
    if files:
        result = run(library, files, user, columns=columns, progress=terminal_progress())
        if not json:
            _print_result(result, library, user)
    if unmatched:
        _list_unmatched(library, user, json=json)
    elif result is not None and json:
        print_json(result.to_dict())


def _columns(chosen: list[str]) -> dict[str, str]:
    columns = {}
    for text in chosen:
        field, equals, name = text.partition("=")
        if not equals or not field.strip() or not name.strip():
            raise typer.BadParameter(f"--column {text}: write FIELD=NAME, such as when=entry_date")
        columns[field.strip()] = name.strip()
    return columns


def _print_result(result: "ImportResult", library: Path, user: str | None) -> None:
    from segue.sources.history_import import FORMAT_NAMES

    rows = [
        (
            file.file,
            FORMAT_NAMES[file.format],
            _listeners(file),
            _matched(file),
            *(
                f"{number:,}"
                for number in (
                    file.read,
                    file.new + file.changed,
                    file.known,
                    file.unmatched,
                    sum(file.left_out.values()),
                )
            ),
        )
        for file in result.files
    ]
    columns = ("file", "format", "for", "matched by", "read", "new", "known", "unmatched")
    print_table(f"Imported into {library}", (*columns, "left out"), rows, right=5)
    for file in result.files:
        for reason, count in file.left_out.items():
            say(f"{count:,} of {file.file} not imported: {reason}.")
        for old, new in file.joined.items():
            say(f"Listens of {old} in {file.file} are {new}'s now, because the two were joined.")
        if user is not None and file.users and list(file.users) != [_present_name(user, file)]:
            say(f"{file.file} names its own listeners, so --user did not replace them.")
        n_doubled = file.doubled + file.replaced
        if n_doubled:
            say(
                f"{plural(n_doubled, 'listen')} of {file.file} also recorded by another service:"
                " counted once."
            )
    if result.arrived:
        say(f"{plural(result.arrived, 'earlier listen')} now matched to a track.")
    if result.read and not any(sum(file.matched.values()) for file in result.files):
        say(
            "None of these listens is of a track in the library: segue import --unmatched lists"
            " them with the reason, segue library problems what could not be read."
        )
    if result.unmatched:
        say(
            f"{plural(result.unmatched, 'listen')} without a track in the library: segue preprocess"
            " matches them when their tracks are added; segue import --unmatched lists them."
        )
    if result.same_person:
        first, *others = result.same_person
        say(
            f"This service has listens of {', '.join(result.same_person)}."
            f" If they are one person, use segue user join {quote(others[0])} {quote(first)},"
            f" and import with --user {quote(first)} from now on."
        )
    problems = sum(file.problems for file in result.files)
    if problems:
        say(f"{plural(problems, 'problem')}: see segue library problems.")


def _list_unmatched(library: Path, user: str | None, *, json: bool) -> None:
    from segue.library import Library
    from segue.pipeline.history.unmatched import REASONS, unmatched_listens

    opened = Library(library, create=False)
    entries = unmatched_listens(opened, user)
    if json:
        print_json({"unmatched": [entry.to_dict() for entry in entries]})
        return
    if not entries:
        if user is None and not opened.counts()["unmatched"]:
            say("All imported listens have a track in the library.")
        else:
            say("No track is missing: skips and private listens do not count.")
        return
    rows = [
        (
            entry.artist or "",
            entry.title or entry.track_id or "",
            REASONS[entry.reason],
            day(entry.last) if entry.last is not None else "",
            f"{entry.listens:,}",
        )
        for entry in entries[:_MAX_LISTED]
    ]
    title = f"{plural(len(entries), 'track')} with listens, not in the library"
    print_table(title, ("artist", "title", "reason", "last", "listens"), rows, right=1)
    if len(entries) > _MAX_LISTED:
        say(f"{len(entries) - _MAX_LISTED:,} more: --json lists all.")


def _present_name(user: str, file: "ImportedFile") -> str:
    """Return the name under which the listens of a file are stored for ``--user``."""
    name = clean_id(user.replace("\x00", ""))
    return file.joined.get(name, name)


def _listeners(file: "ImportedFile") -> str:
    more = len(file.users) - _MAX_NAMES
    return ", ".join(file.users[:_MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def _matched(file: "ImportedFile") -> str:
    return ", ".join(f"{by} {count:,}" for by, count in file.matched.items())
