"""Apply rules of listeners to a catalogue: tracks by position, and listens that do not count.

Names of artists, albums, genres, tags and folders mean what they mean in exclusions, which do the
work (`segue.pipeline.filters.exclusion_index`).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from segue.engine import DailyInterval, Exclusions, LearningRules, ListeningSession
from segue.library import Catalogue, Library, ListenerRule
from segue.pipeline.filters.exclusion_index import ExclusionIndex

Mask = NDArray[np.bool_]
Period = TypeVar("Period", DailyInterval, ListeningSession)

EXCLUSIONS: Mapping[str, str] = {
    "artist": "artists",
    "album": "albums",
    "genre": "genres",
    "tag": "tags",
    "folder": "folders",
}
"""The field of `Exclusions` by the kind of a rule."""


@dataclass(frozen=True, slots=True)
class RuleFilters:
    """Rules over the tracks of one catalogue.

    Parameters
    ----------
    positions
        Position of each track id.
    """

    library: Library
    index: ExclusionIndex
    positions: Mapping[str, int] = field(repr=False)

    def tracks(self, rules: Sequence[ListenerRule]) -> Mask:
        """Return which tracks match a rule about tracks, ``[n_tracks]``."""
        found = self.index.mask(exclusions_of(rules))
        named = [self.positions.get(one.value) for one in rules if one.kind == "track"]
        found[[position for position in named if position is not None]] = True
        for rows in self.library.rules.playlist_members(rules).values():
            found |= np.isin(self.index.rows, rows)
        return found

    def learning(self, rules: Sequence[ListenerRule]) -> LearningRules:
        """Return what is not learned from by the rules of one listener.

        A rule that this computer cannot read is left out: its time zone may be unknown here.
        """
        values = defaultdict(list)
        for rule in rules:
            values[rule.kind].append(rule.value)
        tracks = self.tracks(rules)
        return LearningRules(
            tracks if tracks.any() else None,
            _readable(DailyInterval.parse, values["hours"]),
            _readable(ListeningSession.parse, values["session"]),
            frozenset(values["source"]),
        )


def _readable(parse: Callable[[str], Period], values: Sequence[str]) -> list[Period]:
    found = []
    for value in values:
        with suppress(ValueError):
            found.append(parse(value))
    return found


def exclusions_of(rules: Sequence[ListenerRule]) -> Exclusions:
    """Return the exclusions that some rules state; those of other kinds are left out.

    >>> rule = ListenerRule(number=1, user="u", effect="play", kind="tag", value="sad", created=0)
    >>> exclusions_of([rule]).tags
    ('sad',)
    """
    names: dict[str, tuple[str, ...]] = {
        field_name: tuple(one.value for one in rules if one.kind == kind)
        for kind, field_name in EXCLUSIONS.items()
    }
    return Exclusions(
        artists=names["artists"],
        albums=names["albums"],
        genres=names["genres"],
        tags=names["tags"],
        folders=names["folders"],
    )


def rules_by_listener(rules: Sequence[ListenerRule]) -> dict[str, list[ListenerRule]]:
    """Return the rules of each listener."""
    found: dict[str, list[ListenerRule]] = {}
    for rule in rules:
        found.setdefault(rule.user, []).append(rule)
    return found


def learning_rules(library: Library, catalogue: Catalogue) -> dict[str, LearningRules]:
    """Return what is not learned from, for each listener with such rules."""
    rules = rules_by_listener(library.rules.all("learn"))
    if not rules:
        return {}
    index = ExclusionIndex.of(library, catalogue)
    filters = RuleFilters(library, index, catalogue.positions)
    return {user: filters.learning(own) for user, own in rules.items()}
