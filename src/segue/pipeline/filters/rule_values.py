"""Add rules of listeners, after their values are checked; end private sessions; describe rules."""

import time
from datetime import datetime
from typing import Any

from segue.artist_names import credits_of
from segue.engine import DailyInterval, ListeningSession
from segue.engine.learning_rules import IMPORTED
from segue.errors import RuleError, UnknownPlaylistError, UnknownTrackError
from segue.library import LISTEN_KINDS, Library, ListenerRule, RuleEffect, RuleKind
from segue.pipeline.filters.exclusion_index import ExclusionIndex
from segue.pipeline.filters.rule_filters import exclusions_of

MAX_LENGTH = 1_000


def add_rule(
    library: Library, user: str, effect: RuleEffect, kind: RuleKind, value: str
) -> ListenerRule:
    """Add a rule, or return the one that is there already.

    Parameters
    ----------
    value
        See `segue.library.listener_rules`; a playlist may be given by its name, a session that
        begins as ``now``. Of several artists as one text, as they are shown, the first is meant.

    Raises
    ------
    RuleError
        If the value cannot be read, the effect has no such kind, or there are too many rules.
    UnknownTrackError, UnknownPlaylistError, UnknownListenerError
        If the library does not know what is named.
    """
    if effect == "play" and kind in LISTEN_KINDS:
        raise RuleError(
            f"A rule about tracks that are never played cannot name a {kind}: name an artist,"
            " album, track, genre, tag or folder."
        )
    checked = _checked(library, user, kind, value.strip())
    if library.accounts.find(user) is not None:
        library.histories.welcome(user)  # an account that never logged in
    return library.rules.add(user, effect, kind, checked)


def session_value(start: datetime, end: datetime | None) -> str:
    """Return the value of a rule about a session; without an end it is still going on.

    Raises
    ------
    RuleError
        If it ends before it starts.
    """
    if end is not None and end < start:
        raise RuleError(
            f"The session ends at {end}, before it starts at {start}: exchange the times."
        )
    return str(ListeningSession(start.timestamp(), None if end is None else end.timestamp()))


def end_session(library: Library, user: str, number: int) -> ListenerRule:
    """End a private session now; return its rule. A session that has ended is left as it is.

    Raises
    ------
    UnknownRuleError
        If the listener has no such rule.
    RuleError
        If the rule is no session.
    """
    rule = library.rules.get(user, number)
    if rule.kind != "session":
        raise RuleError(f"Rule {number} is about a {rule.kind}, so it cannot end: remove it.")
    session = ListeningSession.parse(rule.value)
    if session.end is not None:
        return rule
    ended = ListeningSession(session.start, max(time.time(), session.start))
    return library.rules.set_value(user, number, str(ended))


def describe(library: Library, rule: ListenerRule) -> str:
    """Return the value of a rule for people: a playlist by its name, a track by its title."""
    if rule.kind == "playlist":
        saved = library.playlists.get(rule.user, rule.value)
        return saved.name if saved else "a deleted playlist"
    if rule.kind == "track":
        row = library.reader.track_row(rule.value)
        track = None if row is None else library.reader.tracks([row])[row]
        if track is not None and track.title:
            return " - ".join(filter(None, (track.artist, track.title)))
    return rule.value


def rule_document(library: Library, rule: ListenerRule) -> dict[str, Any]:
    """Return a rule as the API and `segue user rules --json` show it."""
    return {
        "number": rule.number,
        "effect": rule.effect,
        "kind": rule.kind,
        "value": rule.value,
        "text": describe(library, rule),
        "created": rule.created,
    }


def hints_of(index: ExclusionIndex, rule: ListenerRule) -> list[str]:
    """Return sentences about names in a rule that no track has."""
    return index.hints(exclusions_of([rule]))


def _checked(library: Library, user: str, kind: RuleKind, value: str) -> str:
    """Return a value in the form that is stored."""
    if not value or len(value) > MAX_LENGTH:
        raise RuleError(
            f"The {kind} of a rule has {len(value):,} characters: give 1 to {MAX_LENGTH:,}."
        )
    if kind == "track":
        return _track(library, value)
    if kind == "playlist":
        return _playlist(library, user, value)
    if kind in ("artist", "source"):
        return _artist(library, value) if kind == "artist" else _source(value)
    try:
        if kind == "hours":
            return str(DailyInterval.parse(value))
        if kind == "session" and value == "now":
            return str(ListeningSession(time.time()))
        return str(ListeningSession.parse(value)) if kind == "session" else value
    except ValueError as error:
        raise RuleError(str(error)) from None


def _source(value: str) -> str:
    return value.casefold().removeprefix(IMPORTED)


def _track(library: Library, value: str) -> str:
    track_id = library.reader.track_id(value)
    if track_id is None:
        raise UnknownTrackError(f"The library holds no track {value!r}: search for its id.")
    return track_id


def _artist(library: Library, value: str) -> str:
    """Return the first artist of a text that shows one or several: see `display_artist`."""
    main = value.partition(" feat. ")[0]
    for shown in dict.fromkeys((value, main, main.partition(", ")[0])):
        track = library.reader.by_artist(shown)
        if track is not None:
            names = [credit.name for credit in credits_of(track.artist, track.artists)]
            return shown if shown in names else names[0]
    return value


def _playlist(library: Library, user: str, value: str) -> str:
    saved = library.playlists.of(user)
    for same in (
        [one for one in saved if one.id == value],
        [one for one in saved if one.name == value],
        [one for one in saved if one.name.casefold() == value.casefold()],
    ):
        if same:
            return same[0].id
    raise UnknownPlaylistError(f"{user} has no playlist {value!r}: check its name.")
