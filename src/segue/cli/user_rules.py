"""`segue user forget`, `never-play` and `rules`: what counts for a listener, and what is played."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.dials import options
from segue.cli.options import DEFAULT_LIBRARY, TRACK_NAME, JsonOption, LibraryOption
from segue.cli.output import hint, print_json, print_table, say
from segue.cli.user import NameArgument
from segue.text import plural

if TYPE_CHECKING:
    from segue.library import Library, ListenerRule, RuleEffect, RuleKind

_MUSIC = "Music"
_EFFECTS = {"learn": "not learned from", "play": "never played"}


def _names(text: str, panel: str | None = None) -> Any:
    return typer.Option(help=f"{text} May be repeated.", rich_help_panel=panel)


def named(
    artist: Annotated[list[str] | None, _names("An artist.", _MUSIC)] = None,
    album: Annotated[list[str] | None, _names("An album, or ARTIST - ALBUM.", _MUSIC)] = None,
    track: Annotated[list[str] | None, _names(f"A track: {TRACK_NAME}.", _MUSIC)] = None,
    genre: Annotated[list[str] | None, _names("A genre.", _MUSIC)] = None,
    tag: Annotated[list[str] | None, _names("A tag.", _MUSIC)] = None,
    folder: Annotated[
        list[str] | None, _names("A folder: a path or a folder name.", _MUSIC)
    ] = None,
) -> list[tuple["RuleKind", str]]:
    """Return the kind and value of each rule that the options name."""
    given: dict[RuleKind, list[str] | None] = {
        "artist": artist,
        "album": album,
        "track": track,
        "genre": genre,
        "tag": tag,
        "folder": folder,
    }
    return [(kind, value) for kind, values in given.items() for value in values or ()]


@options("values", named)
def forget(
    name: NameArgument,
    values: list[tuple["RuleKind", str]],
    playlist: Annotated[
        list[str] | None, _names("A playlist of the listener; later changes of it count.")
    ] = None,
    hours: Annotated[
        list[str] | None, _names("Hours of every day, like 20:00-07:00, see --zone.")
    ] = None,
    source: Annotated[
        list[str] | None,
        _names("Where the plays come from: live, spotify, lastfm, or the name of a dataset."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Start of a session: now, 18:00, yesterday 18:00, or 2026-01-05 18:00. Without"
            " --to it lasts until segue user rules NAME --end NUMBER.",
        ),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="End of that session.")] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            help="Time zone of --hours, --from and --to, like Europe/Berlin; by default that of"
            " this computer."
        ),
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Do not learn from some plays of a listener, past and future ones.

    Nothing is deleted: the plays stay in the history, likes and ratings still count, and segue user
    rules NAME --remove NUMBER undoes it.
    """
    from segue.library import Library
    from segue.pipeline.filters.moments import local_zone

    place = zone or local_zone()
    values = [*values, *(("playlist", one) for one in playlist or ())]
    values += [("hours", f"{one} {place}") for one in hours or ()]
    values += [("source", one) for one in source or ()]
    if start is not None or end is not None:
        values.append(("session", _session(start, end, place)))
    opened = Library(library, create=False)
    added = _added(opened, name, "learn", values)
    if json:
        _print_added(opened, name, added)
        return
    for rule in added:
        say(f"{_described(opened, rule)}: these plays of {name} no longer count.")
        _hint(opened, rule)
    say(
        "Nothing is deleted, and recommendations change at once. Trained models still contain the"
        " plays: run segue train all."
    )


@options("values", named)
def never_play(
    name: NameArgument,
    values: list[tuple["RuleKind", str]],
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Never choose some tracks for a listener: in no list, radio, mix or playlist that segue makes.

    Nothing is deleted: the listener can still play them, and segue user rules NAME --remove NUMBER
    undoes it.
    """
    from segue.library import Library

    opened = Library(library, create=False)
    added = _added(opened, name, "play", values)
    if json:
        _print_added(opened, name, added)
        return
    for rule in added:
        say(f"{_described(opened, rule)}: segue no longer chooses this for {name}.")
        _hint(opened, rule)


def rules(
    name: NameArgument,
    remove: Annotated[
        list[int] | None,
        typer.Option(help="Remove the rule with this number: what it ignored counts again."),
    ] = None,
    end: Annotated[
        int | None, typer.Option(help="End the session with this number now; its plays stay out.")
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """List what segue does not learn from and never plays for a listener, or remove rules."""
    from segue.library import Library
    from segue.pipeline.filters.rule_values import end_session, rule_document
    from segue.pipeline.maintenance.user_data import check_known

    opened = Library(library, create=False)
    check_known(opened, name)
    removed = [opened.rules.remove(name, number) for number in remove or ()]
    if end is not None:
        end_session(opened, name, end)
    left = opened.rules.of(name)
    if json:
        print_json({"listener": name, "rules": [rule_document(opened, one) for one in left]})
        return
    for rule in removed:
        say(f"Removed: {_described(opened, rule)} ({_EFFECTS[rule.effect]}).")
    if not left:
        say(f"{name} has no rules: segue learns from every play and may choose every track.")
        return
    rows = [
        (str(one.number), _EFFECTS[one.effect], *_described(opened, one).split(" ", 1))
        for one in left
    ]
    title = f"{plural(len(left), 'rule')} of {name}"
    print_table(title, ("number", "effect", "kind", "value"), rows)


def _session(start: str | None, end: str | None, zone: str) -> str:
    from datetime import UTC, datetime

    from segue.pipeline.filters.moments import read_moment
    from segue.pipeline.filters.rule_values import session_value

    if start is None:
        raise typer.BadParameter("--to needs --from: give the start of the session")
    now = datetime.now(UTC)
    last = None if end is None else read_moment(end, zone, now)
    return session_value(read_moment(start, zone, now), last)


def _added(
    library: "Library", name: str, effect: "RuleEffect", values: list[tuple["RuleKind", str]]
) -> list["ListenerRule"]:
    from segue.pipeline.filters.rule_values import add_rule

    if not values:
        raise typer.BadParameter("name something, for example --artist NAME")
    return [add_rule(library, name, effect, kind, value) for kind, value in values]


def _print_added(library: "Library", name: str, added: list["ListenerRule"]) -> None:
    from segue.pipeline.filters.rule_values import rule_document

    print_json({"listener": name, "added": [rule_document(library, one) for one in added]})


def _described(library: "Library", rule: "ListenerRule") -> str:
    from segue.pipeline.filters.rule_values import describe

    return f"{rule.kind} {describe(library, rule)}"


def _hint(library: "Library", rule: "ListenerRule") -> None:
    from segue.pipeline.filters.exclusion_index import ExclusionIndex
    from segue.pipeline.filters.rule_filters import EXCLUSIONS
    from segue.pipeline.filters.rule_values import hints_of

    if rule.kind in EXCLUSIONS:
        index = ExclusionIndex.of(library, library.catalogue())
        hint(hints_of(index, rule))
