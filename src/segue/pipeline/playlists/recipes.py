"""Recipes of playlists: JSON objects that say how a list is made, so that it can be made again.

==========  =======================================================================================
like        ``like`` (track ids, at least one), ``dislike``, ``history``, ``k``, dials, exclusions
radio       the same; ``like`` may be empty; ``window``
path        ``start``, ``end`` (track ids), ``k``, ``signal``, exclusions
blend       ``users``, ``k``, dials, exclusions
mix         ``interest`` (number or name; all interests without it), ``daypart``, ``k``, dials,
            exclusions
rules       ``rules`` (at least one), ``match`` (all or any of them), ``order``, ``k``
==========  =======================================================================================

``history`` (true by default) is whether the owner's own listens count. No recipe reaches those of
others, except a blend with listeners who share their taste. ``dials`` and ``exclusions`` are
objects with the names of `segue.engine.Dials` and `segue.engine.Exclusions`; dials that are not
named are those of `segue.pipeline.playlists.generate`, `radio` and `mixes`; `smart` has the rules.
A mix that is made again on another day has other tracks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any, Final

from segue.engine import Dials, Exclusions, Playlist
from segue.errors import AmbiguousTrackError, PlaylistError, UnknownTrackError
from segue.library import unknown_tracks
from segue.pipeline.accounts.login import sharing
from segue.pipeline.playlists.generate import BLEND_DIALS, LIKE_DIALS, blend, from_likes, path
from segue.pipeline.playlists.mixes import MIX_DIALS, daily_mix, daypart_dials
from segue.pipeline.playlists.radio import RADIO_DIALS, RadioSession
from segue.pipeline.playlists.smart import ORDERS, PlaylistRule, read_rules, smart_playlist
from segue.pipeline.recommender.serving_state import ServingState

MAX_MADE: Final = 500
"""Tracks that a recipe may ask for."""

_MAX_NAMED = 1_000
_SEEDS = {"like", "dislike", "history", "k", "dials", "exclusions"}
_MAY_HOLD = {
    "like": _SEEDS,
    "radio": _SEEDS | {"window"},
    "path": {"start", "end", "k", "signal", "exclusions"},
    "blend": {"users", "k", "dials", "exclusions"},
    "mix": {"interest", "daypart", "k", "dials", "exclusions"},
    "rules": {"rules", "match", "order", "k"},
}
_DIALS = {
    "like": LIKE_DIALS,
    "radio": RADIO_DIALS,
    "blend": BLEND_DIALS,
    "path": Dials(),
    "mix": MIX_DIALS,
    "rules": Dials(),
}
_LENGTHS = {"path": 12, "mix": 25, "rules": 100}
_WHOLE = {"artist_cap", "album_cap", "seed", "from_year", "to_year"}
_SWITCHES = {"interests", "versions"}
_NAMES = {"artists", "genres", "albums", "tags", "folders"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A recipe that was read: see the head of this module."""

    kind: str
    like: Sequence[str] = ()
    dislike: Sequence[str] = ()
    history: bool = True
    users: Sequence[str] = ()
    start: str = ""
    end: str = ""
    signal: str | None = None
    interest: str | None = None
    daypart: str | None = None
    rules: Sequence[PlaylistRule] = ()
    match_any: bool = False
    order: str = "added"
    k: int = 20
    window: int | None = None
    dials: Dials = LIKE_DIALS
    exclusions: Exclusions = field(default_factory=Exclusions)

    @classmethod
    def of(cls, kind: str, recipe: Mapping[str, Any]) -> "Recipe":
        """Read a recipe.

        Raises
        ------
        PlaylistError
            If it holds what its kind does not know, lacks what it needs, or a value is of another
            type or out of its range.

        Examples
        --------
        >>> Recipe.of("path", {"start": "a", "end": "b"}).k
        12
        >>> Recipe.of("path", {"start": "a", "end": 7})
        Traceback (most recent call last):
            ...
        segue.errors.PlaylistError: The recipe's end is 7: give a text.
        """
        if kind not in _MAY_HOLD:
            raise PlaylistError(
                f"There is no recipe of the kind {kind!r}: choose from {_all(_MAY_HOLD)}."
            )
        unknown = sorted(recipe.keys() - _MAY_HOLD[kind])
        if unknown:
            may = _all(_MAY_HOLD[kind])
            raise PlaylistError(
                f"A recipe of the kind {kind!r} has no field {unknown[0]!r}: choose from {may}."
            )
        read = cls(
            kind=kind,
            like=_names(recipe, "like"),
            dislike=_names(recipe, "dislike"),
            history=_yes(recipe, "history"),
            users=_names(recipe, "users"),
            start=_text(recipe, "start") or "",
            end=_text(recipe, "end") or "",
            signal=_text(recipe, "signal"),
            interest=_text(recipe, "interest"),
            daypart=_text(recipe, "daypart"),
            rules=read_rules(recipe.get("rules")) if kind == "rules" else (),
            match_any=_choice(recipe, "match", ("all", "any")) == "any",
            order=_choice(recipe, "order", ORDERS),
            k=_count(recipe, "k", _LENGTHS.get(kind, 20), MAX_MADE),
            window=(None if recipe.get("window") is None else _count(recipe, "window", 0, 100_000)),
            dials=_settings(_DIALS[kind], recipe.get("dials"), "dials"),
            exclusions=_settings(Exclusions(), recipe.get("exclusions"), "exclusions"),
        )
        for name in {"like": ["like"], "path": ["start", "end"], "blend": ["users"]}.get(kind, []):
            if not getattr(read, name):
                raise PlaylistError(f"A recipe of the kind {kind!r} needs {name!r}: add it.")
        try:
            daypart_dials(read.daypart, read.dials)
        except ValueError as error:
            raise PlaylistError(str(error)) from None
        return read

    def check_tracks(self, state: ServingState) -> None:
        """Raise `UnknownTrackError`, which tells all tracks here that the library does not hold."""
        named = [*self.like, *self.dislike, *filter(None, (self.start, self.end))]
        unknown: dict[str, UnknownTrackError] = {}
        for one in dict.fromkeys(named):
            try:
                state.catalogue.position(one)
            except AmbiguousTrackError:
                raise
            except UnknownTrackError as error:
                unknown[one] = error
        if len(unknown) == 1:
            raise next(iter(unknown.values()))  # it says what comes near
        if unknown:
            raise unknown_tracks(list(unknown))

    def make(self, state: ServingState, owner: str) -> Playlist:
        """Return the list that this makes for its owner.

        Raises
        ------
        PlaylistError
            If it cannot be used, or a listener does not share their taste.
        UnknownTrackError, UnknownListenerError, UnknownInterestError, ModelError, LibraryError
            As the playlist of its kind raises them: see the head of this module.
        """
        self.check_tracks(state)
        try:
            return self._make(state, owner)
        except ValueError as error:
            raise PlaylistError(str(error)) from None

    def _make(self, state: ServingState, owner: str) -> Playlist:
        user = owner if self.history else None
        if self.kind == "like":
            return from_likes(
                state,
                self.like,
                self.dislike,
                self.k,
                user=user,
                dials=self.dials,
                exclusions=self.exclusions,
                rules_of=owner,
            )
        if self.kind == "radio":
            radio = RadioSession(
                state,
                user,
                like=self.like,
                dislike=self.dislike,
                dials=self.dials,
                exclusions=self.exclusions,
                window=self.window,
                rules_of=owner,
            )
            return radio.take(self.k)
        if self.kind == "path":
            return path(
                state,
                self.start,
                self.end,
                self.k,
                signal=self.signal,
                exclusions=self.exclusions,
                user=owner,
            )
        if self.kind == "mix":
            return daily_mix(
                state,
                owner,
                self.k,
                interest=self.interest,
                daypart=self.daypart,
                dials=self.dials,
                exclusions=self.exclusions,
            )
        if self.kind == "rules":
            return smart_playlist(
                state, owner, self.rules, self.k, match_any=self.match_any, order=self.order
            )
        may = set(sharing(state.library, owner))
        for other in self.users:
            if other not in may:
                raise PlaylistError(
                    f"No listener {other!r} shares their taste: choose other listeners."
                )
        return blend(state, self.users, self.k, dials=self.dials, exclusions=self.exclusions)


def _settings(default: Any, given: Any, name: str) -> Any:
    """Return dials or exclusions with what a JSON object sets of them."""
    if given is None:
        return default
    if not isinstance(given, Mapping):
        raise _wrong(name, given, "an object")
    known = {one.name for one in fields(default)}
    unknown = sorted(given.keys() - known)
    if unknown:
        raise PlaylistError(f"There is no {unknown[0]!r} in {name}: choose from {_all(known)}.")
    values = {key: _value(given, key) for key in given}
    try:
        return replace(default, **values)
    except ValueError as error:
        raise PlaylistError(str(error)) from None


def _value(given: Mapping[str, Any], key: str) -> Any:
    value = given[key]
    if key in _NAMES:
        return _names(given, key)
    if key in _SWITCHES:
        return _yes(given, key)
    if key == "weights":
        if not isinstance(value, Mapping) or not all(map(_is_number, value.values())):
            raise _wrong(key, value, "an object of numbers by signal")
        return dict(value)
    if value is None and (key in _WHOLE - {"seed"} or key.endswith("_duration")):
        return None
    if key in _WHOLE and (not isinstance(value, int) or isinstance(value, bool)):
        raise _wrong(key, value, "a whole number")
    if not _is_number(value):
        raise _wrong(key, value, "a number")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _names(given: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = given.get(key) or ()
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise _wrong(key, value, "a list of texts")
    if len(value) > _MAX_NAMED:
        raise PlaylistError(
            f"The recipe has {len(value):,} names in {key}: give up to {_MAX_NAMED:,}."
        )
    return tuple(value)


def _text(given: Mapping[str, Any], key: str) -> str | None:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        raise _wrong(key, value, "a text")
    return value


def _choice(given: Mapping[str, Any], key: str, choices: Sequence[str]) -> str:
    """Return one of some texts, by default the first."""
    value = given.get(key) or choices[0]
    if value not in choices:
        raise _wrong(key, value, f"one of {', '.join(choices)}")
    return str(value)


def _yes(given: Mapping[str, Any], key: str) -> bool:
    value = given.get(key, True)
    if not isinstance(value, bool):
        raise _wrong(key, value, "true or false")
    return value


def _count(given: Mapping[str, Any], key: str, default: int, most: int) -> int:
    value = given.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise _wrong(key, value, f"a whole number up to {most:,}")
    return value


def _wrong(key: str, value: Any, kind: str) -> PlaylistError:
    shown = repr(value)
    if len(shown) > 60:
        shown = f"{shown[:57]}..."
    return PlaylistError(f"The recipe's {key} is {shown}: give {kind}.")


def _all(names: Any) -> str:
    return ", ".join(sorted(names))
