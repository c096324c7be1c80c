"""Rules of listeners: what segue must not learn from, and what it must never play.

Nothing is deleted by a rule: rules are applied when profiles and lists are computed, and removing
one restores what was before. Every query names the listener.

==========  ============================================================
kind        value
==========  ============================================================
artist      a name
album       a title, alone or as ``ARTIST - ALBUM``
track       a track id
genre, tag  a name
folder      see `segue.engine.exclusions`
playlist    the id of a playlist of the listener; its members may change
hours       see `segue.engine.DailyInterval`
session     see `segue.engine.ListeningSession`
source      a dataset of listens, like ``live`` or ``spotify``
==========  ============================================================
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from sqlalchemy import delete, func, insert, select, update

from segue.errors import RuleError, UnknownListenerError, UnknownRuleError
from segue.library import schema
from segue.library.database import Database
from segue.library.serving_schema import playlist_tracks, playlists

RuleEffect = Literal["learn", "play"]
RULE_EFFECTS: tuple[RuleEffect, ...] = get_args(RuleEffect)

TrackRuleKind = Literal["artist", "album", "track", "genre", "tag", "folder"]
ListenRuleKind = Literal["playlist", "hours", "session", "source"]
RuleKind = TrackRuleKind | ListenRuleKind
TRACK_KINDS: tuple[TrackRuleKind, ...] = get_args(TrackRuleKind)
"""Kinds of rules of both effects."""
LISTEN_KINDS: tuple[ListenRuleKind, ...] = get_args(ListenRuleKind)
"""Kinds of rules that are only about what is learned from."""
MAX_RULES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerRule:
    """A rule of a listener.

    `effect` is "learn" (do not learn from listens that match) or "play" (never play tracks that
    match); `created` is a time in seconds since 1970.
    """

    number: int
    user: str
    effect: RuleEffect
    kind: RuleKind
    value: str
    created: float


class ListenerRuleStore:
    """The rules of the listeners of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, user: str, effect: RuleEffect, kind: RuleKind, value: str) -> ListenerRule:
        """Add a rule, or return the one that is there already.

        Raises
        ------
        UnknownListenerError
            If the library has no such listener.
        RuleError
            If the listener has `MAX_RULES` already.
        """
        table = schema.listener_rules
        with self._database.begin() as connection:
            row = connection.scalar(
                select(schema.users.c.row).where(schema.users.c.user_id == user)
            )
            if row is None:
                raise UnknownListenerError(f"The library has no listener {user!r}: check the name.")
            same = (table.c.user == row) & (table.c.effect == effect)
            own = select(table).where(same, table.c.kind == kind, table.c.value == value)
            found = connection.execute(own).mappings().first()
            if found is None:
                counted = select(func.count()).select_from(table).where(table.c.user == row)
                if (connection.scalar(counted) or 0) >= MAX_RULES:
                    raise RuleError(
                        f"{user} has {MAX_RULES:,} rules, which is the limit: remove some first."
                    )
                last = connection.scalar(select(func.max(table.c.created))) or 0.0
                values = {
                    "user": row,
                    "effect": effect,
                    "kind": kind,
                    "value": value,
                    "created": max(time.time(), last + 1e-3),  # see `rules_version`
                }
                connection.execute(insert(table).values(values))
                found = connection.execute(own).mappings().one()
            return _rule(user, found)

    def of(self, user: str, effect: RuleEffect | None = None) -> list[ListenerRule]:
        """Return the rules of a listener, the oldest first."""
        return self.all(effect, user=user)

    def all(
        self, effect: RuleEffect | None = None, *, user: str | None = None
    ) -> list[ListenerRule]:
        """Return the rules of all listeners, or of one; the oldest first."""
        table, users = schema.listener_rules, schema.users
        query = select(table, users.c.user_id).join_from(table, users).order_by(table.c.row)
        if effect is not None:
            query = query.where(table.c.effect == effect)
        if user is not None:
            query = query.where(users.c.user_id == user)
        with self._database.connect() as connection:
            return [_rule(one["user_id"], one) for one in connection.execute(query).mappings()]

    def remove(self, user: str, number: int) -> ListenerRule:
        """Remove a rule of a listener and return it.

        Raises
        ------
        UnknownRuleError
            If the listener has no such rule.
        """
        table = schema.listener_rules
        found = self.get(user, number)
        with self._database.begin() as connection:
            connection.execute(delete(table).where(table.c.row == number))
        return found

    def set_value(self, user: str, number: int, value: str) -> ListenerRule:
        """Change the value of a rule, as when a session ends.

        Raises
        ------
        UnknownRuleError
            If the listener has no such rule.
        """
        table = schema.listener_rules
        self.get(user, number)
        with self._database.begin() as connection:
            last = connection.scalar(select(func.max(table.c.created))) or 0.0
            later = max(time.time(), last + 1e-3)
            changed = update(table).where(table.c.row == number)
            connection.execute(changed.values(value=value, created=later))
        return self.get(user, number)

    def playlist_members(self, rules: Sequence[ListenerRule]) -> dict[str, list[int]]:
        """Return the rows of the tracks of the playlists that rules name, by playlist."""
        found: dict[str, list[int]] = {}
        with self._database.connect() as connection:
            for rule in rules:
                if rule.kind == "playlist":
                    own = (playlists.c.id == rule.value) & (playlists.c.owner == rule.user)
                    members = select(playlist_tracks.c.track).join(playlists).where(own)
                    found[rule.value] = list(connection.scalars(members))
        return found

    def get(self, user: str, number: int) -> ListenerRule:
        """Return a rule of a listener.

        Raises
        ------
        UnknownRuleError
            If the listener has no such rule.
        """
        for rule in self.of(user):
            if rule.number == number:
                return rule
        raise UnknownRuleError(
            f"{user} has no rule number {number}: segue user rules {user} lists them."
        )


def _rule(user: str, row: Any) -> ListenerRule:
    return ListenerRule(
        number=row["row"],
        user=user,
        effect=row["effect"],
        kind=row["kind"],
        value=row["value"],
        created=row["created"],
    )
