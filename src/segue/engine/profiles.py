"""Compute listeners' profiles from a table of listens, or from seeds.

`segue.listens` defines what a listen counts as, `segue.engine.opinions` what follows from it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segue.engine.learning_rules import LearningRules
from segue.engine.profile_accumulator import Durations, Listens, accumulate, learned_outcomes
from segue.signals import UserProfile
from segue.signals.signal import SEED_SHARE

if TYPE_CHECKING:
    import pandas as pd

_FIELDS = ("plays", "ms_played", "skipped", "completed", "rating", "timestamp", "position")


def profiles_of(
    listens: "pd.DataFrame",
    positions: Mapping[str, int],
    *,
    durations: Durations = None,
    friends: Iterable[tuple[str, str]] = (),
    rules: Mapping[str, LearningRules] | None = None,
) -> dict[str, UserProfile]:
    """Return each listener's profile over a catalogue.

    Parameters
    ----------
    listens
        Columns `user_id`, `track_id` and any of `timestamp`, `position`, `plays`, `ms_played`,
        `skipped`, `completed`, `rating` (in [-1, 1]), `session_id` and `source`.
    positions
        Position of each track id; listens of other tracks are ignored.
    durations
        Seconds of each track, ``[n_tracks]``, None if unknown.
    friends
        Pairs of listeners; each is the other's friend.
    rules
        What is not learned from, by listener.
    """
    if listens.empty:
        return {}
    table, names = _table(listens, positions, rules or {})
    found = accumulate(table, durations)
    now = max((own.last for _, own in found), default=-np.inf)
    profiles = {names[user]: own.profile(names[user], now) for user, own in found}
    known = {name: own for name, own in profiles.items() if len(own.known)}
    return _with_friends(known, friends)


def completed_listens(
    listens: "pd.DataFrame",
    positions: Mapping[str, int],
    *,
    durations: Durations = None,
    rules: Mapping[str, LearningRules] | None = None,
) -> NDArray[np.bool_]:
    """Return which listens of tracks in the catalogue are completed and learned from, ``[n]``.

    Parameters are those of `profiles_of`.
    """
    if listens.empty:
        return np.zeros(0, bool)
    table, _ = _table(listens, positions, rules or {})
    return (learned_outcomes(table, durations).completed > 0) & (table.tracks >= 0)


def _table(
    listens: "pd.DataFrame", positions: Mapping[str, int], rules: Mapping[str, LearningRules]
) -> tuple[Listens, list[str]]:
    """Return listens by position and number of listener, and the names of listeners."""
    import pandas as pd

    codes, names = pd.factorize(listens["user_id"].astype(str), sort=True)
    tracks = listens["track_id"].map(positions).to_numpy(np.float64, na_value=-1)
    values: list[Any] = [_values(listens, name) for name in _FIELDS]
    table = Listens(codes.astype(np.int64), tracks.astype(np.int64), *values)
    if "session_id" in listens:
        sessions = pd.factorize(listens["session_id"])[0]  # -1: unknown
        table = replace(table, sessions=sessions.astype(np.int64))
    listeners = [str(name) for name in names]
    return replace(table, ignored=_ignored(table, listens, listeners, rules)), listeners


def profile_from_seeds(liked: Iterable[int], disliked: Iterable[int] = ()) -> UserProfile:
    """Return a profile with liked and disliked tracks only, by position."""
    opinions = dict.fromkeys(liked, 1.0) | dict.fromkeys(disliked, -1.0)
    positions = np.array(list(opinions), np.int64)
    return UserProfile(positions, np.array(list(opinions.values()), np.float32), positions)


def with_seeds(
    profile: UserProfile,
    liked: Iterable[int],
    disliked: Iterable[int] = (),
    share: float = SEED_SHARE,
) -> UserProfile:
    """Return `profile` with the tracks of a request: likes as seeds, dislikes as its opinions.

    Parameters
    ----------
    share
        Share of the seeds in the scores, from 0 to 1.
    """
    liked, disliked = list(liked), list(disliked)
    for position in disliked:
        profile = profile.with_opinion(position, -1.0)
    if not liked:
        return profile
    known = np.union1d(profile.known, np.array(liked, np.int64))
    seeds = profile_from_seeds(liked, disliked)
    return replace(profile, known=known, seeds=seeds, seed_share=share)


def _ignored(
    table: Listens,
    listens: "pd.DataFrame",
    names: Sequence[str],
    rules: Mapping[str, LearningRules],
) -> NDArray[np.bool_] | None:
    """Return which listens must not be learned from by the rules of their listeners."""
    found = np.zeros(len(table.tracks), bool)
    sources = listens["source"].to_numpy() if "source" in listens else None
    for number, name in enumerate(names):
        if name in rules:
            rows = np.flatnonzero(table.users == number)
            own = None if sources is None else sources[rows].tolist()
            found[rows] = rules[name].ignored(table.tracks[rows], table.timestamp[rows], own)
    return found if found.any() else None


def _with_friends(
    profiles: dict[str, UserProfile], pairs: Iterable[tuple[str, str]]
) -> dict[str, UserProfile]:
    known: dict[str, set[str]] = {}
    for one, other in pairs:
        if one in profiles and other in profiles and one != other:
            known.setdefault(one, set()).add(other)
            known.setdefault(other, set()).add(one)
    likes = {name: profiles[name].liked for name in known}
    return profiles | {
        name: replace(profiles[name], friends=tuple(likes[friend] for friend in sorted(friends)))
        for name, friends in known.items()
    }


def _values(listens: "pd.DataFrame", name: str) -> NDArray[np.float64]:
    import pandas as pd

    if name not in listens:
        return np.full(len(listens), np.nan)
    return np.asarray(pd.to_numeric(listens[name], errors="coerce"), np.float64)
