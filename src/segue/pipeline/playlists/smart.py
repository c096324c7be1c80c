"""Smart playlists: the tracks that satisfy rules, made again whenever they are opened.

A rule is a JSON object with the name of a `field` and what the field must be:

==================================  ============================================================
field                               the rule holds for tracks
==================================  ============================================================
genre, tag, artist, album           that have the name `value`, in any spelling
year, tempo, duration, plays        whose number is from `low` to `high`, both included and optional
added                               whose file is at most `days` days old
played                              that the listener played within the last `days` days
liked                               that the listener likes
==================================  ============================================================

`negate` inverts a rule: "not played within 180 days" holds for tracks that were never played, too.
`plays` counts plays that were no skips. A number that is unknown lies in no range. Tracks that the
listener never wants to hear, dislikes, or whose files are missing are left out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.engine import ListedTrack, Playlist
from segue.engine.profile_accumulator import SECONDS_A_DAY
from segue.engine.randomness import gumbel
from segue.errors import PlaylistError
from segue.pipeline.recommender.serving_state import ServingState

MAX_RULES: Final = 50
NAMES: Final = ("genre", "tag", "artist", "album")
NUMBERS: Final = ("year", "tempo", "duration", "plays")
TIMES: Final = ("added", "played")
FIELDS: Final = (*NAMES, *NUMBERS, *TIMES, "liked")
ORDERS: Final = ("added", "played", "plays", "year", "title", "artist", "random")
_MEMBERS = (
    {name: {"value"} for name in NAMES}
    | {name: {"low", "high"} for name in NUMBERS}
    | {name: {"days"} for name in TIMES}
    | {"liked": set[str]()}
)

_LIMITS = ("low", "high", "days")

_Mask = NDArray[np.bool_]
_Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistRule:
    """One rule: see the head of this module."""

    field: str
    value: str = ""
    low: float | None = None
    high: float | None = None
    days: float = 0.0
    negate: bool = False

    @classmethod
    def of(cls, rule: Any) -> "PlaylistRule":
        """Read a rule.

        Raises
        ------
        PlaylistError
            If it is no rule of a known field, or lacks what its field needs.

        Examples
        --------
        >>> PlaylistRule.of({"field": "year", "low": 1990}).low
        1990
        >>> PlaylistRule.of({"field": "genre"})
        Traceback (most recent call last):
            ...
        segue.errors.PlaylistError: A rule about genre needs a name: add it as value.
        """
        if not isinstance(rule, Mapping) or rule.get("field") not in FIELDS:
            raise PlaylistError(f"A rule needs a field: choose from {', '.join(FIELDS)}.")
        field = str(rule["field"])
        given = {key: value for key, value in rule.items() if value is not None}
        unknown = sorted(given.keys() - _MEMBERS[field] - {"field", "negate"})
        if unknown:
            raise PlaylistError(f"A rule about {field} has no {unknown[0]!r}: leave it out.")
        is_text = isinstance(given.get("value", ""), str)
        if not is_text or not isinstance(given.get("negate", False), bool):
            raise PlaylistError(
                f"The value of a rule about {field} is a text, negate is a boolean."
            )
        if not all(_is_number(given.get(name, 0)) for name in _LIMITS):
            raise PlaylistError(f"The limits of a rule about {field} are numbers.")
        read = cls(**given)
        if field in NAMES and not read.value.strip():
            raise PlaylistError(f"A rule about {field} needs a name: add it as value.")
        if field in NUMBERS and read.low is None and read.high is None:
            raise PlaylistError(f"A rule about {field} needs a limit: add low, high or both.")
        if read.low is not None and read.high is not None and read.low > read.high:
            raise PlaylistError(f"The limits of {field} are {read.low} and {read.high}: swap them.")
        if field in TIMES and read.days <= 0:
            raise PlaylistError(f"A rule about {field} needs a time: add the number of days.")
        return read


def read_rules(rules: Any) -> tuple[PlaylistRule, ...]:
    """Read the rules of a recipe; raises `PlaylistError` as `PlaylistRule.of` does."""
    if not isinstance(rules, list | tuple) or not rules:
        raise PlaylistError("A playlist by rules needs a rule: add one.")
    if len(rules) > MAX_RULES:
        raise PlaylistError(f"The playlist has {len(rules)} rules: use up to {MAX_RULES}.")
    return tuple(map(PlaylistRule.of, rules))


def smart_playlist(
    state: ServingState,
    user: str,
    rules: Sequence[PlaylistRule],
    k: int = 100,
    *,
    match_any: bool = False,
    order: str = "added",
    now: datetime | None = None,
) -> Playlist:
    """Return up to `k` tracks that satisfy all rules, or any of them.

    Parameters
    ----------
    order
        One of `ORDERS`: title and artist ascend; newest, latest and most come first; random is
        another order every day.
    now
        The present time, by default that of the clock.

    Raises
    ------
    ValueError
        If there is no such order.
    """
    if order not in ORDERS:
        raise ValueError(f"There is no order {order!r}: choose from {', '.join(ORDERS)}.")
    facts = _Facts(state, user, now or datetime.now(UTC))
    masks = [facts.mask(rule) for rule in rules]
    found = np.logical_or.reduce(masks) if match_any else np.logical_and.reduce(masks)
    found &= ~state.unwanted(None, user)
    found[np.asarray(state.engine.missing, np.int64)] = False
    chosen = facts.ordered(np.flatnonzero(found), order)[:k]
    tracks = [state.catalogue.tracks[position] for position in chosen.tolist()]
    entries = [
        ListedTrack(place + 1, track.track_id, track.title, track.artist)
        for place, track in enumerate(tracks)
    ]
    hints = [] if entries else ["no track satisfies the rules: loosen one of them."]
    return Playlist("rules", entries, {"user": user, "n_found": int(found.sum())}, hints)


class _Facts:
    """What rules and orders ask of tracks and of one listener; each is read when it is needed."""

    def __init__(self, state: ServingState, user: str, now: datetime) -> None:
        self._state, self._user, self._now = state, user, now
        self._index = state.snapshot.exclusion_index
        self._read: dict[str, _Numbers] = {}

    def mask(self, rule: PlaylistRule) -> _Mask:
        """Return which tracks a rule holds for, ``[n_tracks]``."""
        found = self._holds(rule)
        return ~found if rule.negate else found

    def _holds(self, rule: PlaylistRule) -> _Mask:
        if rule.field in NAMES:
            return self._index.having(rule.field, [rule.value])
        if rule.field == "liked":
            return self._liked()
        values = self._values(rule.field)
        if rule.field in TIMES:
            return values >= self._now.timestamp() - rule.days * SECONDS_A_DAY
        low = -np.inf if rule.low is None else rule.low
        high = np.inf if rule.high is None else rule.high
        return (values >= low) & (values <= high)

    def ordered(self, positions: NDArray[np.int64], order: str) -> NDArray[np.int64]:
        """Return positions in an order; unknown values come last, equal ones by position."""
        if order in ("title", "artist"):
            tracks = self._state.catalogue.tracks
            names = {one: getattr(tracks[one], order) for one in positions.tolist()}
            by_name: Callable[[int], tuple[bool, str]] = lambda one: (  # noqa: E731
                not names[one],
                (names[one] or "").casefold(),
            )
            return np.array(sorted(positions.tolist(), key=by_name), np.int64)
        if order == "random":
            values = gumbel(self._now.toordinal(), positions, self._user)
        else:
            values = self._values(order)[positions]
        return positions[np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")]

    def _values(self, name: str) -> _Numbers:
        if name not in self._read:
            if name in ("plays", "played"):
                self._read |= self._plays()
            elif name == "added":
                self._read["added"] = self._added()
            else:
                self._read[name] = self._index.arrays[name]
        return self._read[name]

    def _plays(self) -> dict[str, _Numbers]:
        """Return numbers of plays, and times of the last play (NaN: never or unknown)."""
        rows = np.asarray(self._state.catalogue.rows)
        counts, last = np.zeros(len(rows)), np.full(len(rows), np.nan)
        plays = self._state.library.browse.plays(self._user)
        places = np.searchsorted(rows, plays.rows)
        known = places < len(rows)
        known[known] = rows[places[known]] == plays.rows[known]
        counts[places[known]], last[places[known]] = plays.counts[known], plays.last[known]
        return {"plays": counts, "played": last}

    def _added(self) -> _Numbers:
        rows = self._state.catalogue.rows
        since = {one.row: one.since for one in self._state.library.browse.each_track()}
        return np.array([since.get(row) or np.nan for row in rows.tolist()], np.float64)

    def _liked(self) -> _Mask:
        positions = self._state.catalogue.positions
        found = np.zeros(len(self._state.facts), bool)
        for opinion in self._state.library.histories.liked(self._user):
            position = positions.get(opinion.track_id)
            if position is not None:
                found[position] = True
        return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
