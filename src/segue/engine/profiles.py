"""Compute listeners' profiles from a table of listens, or from seeds.

`segue.listens` defines what a listen counts as, `segue.engine.opinions` what follows from it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segue.engine.learning_rules import LearningRules
from segue.engine.profile_accumulator import (
    Durations,
    Listens,
    ProfileAccumulator,
    accumulate,
    known_seconds,
    learned_outcomes,
)
from segue.signals import UserProfile
from segue.signals.signal import SEED_SHARE

if TYPE_CHECKING:
    import pandas as pd

_FIELDS = ("plays", "ms_played", "skipped", "completed", "rating", "timestamp", "position")
_BLOCK = 1_000_000
"""Listens that are converted at a time."""


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
    seconds = known_seconds(durations)
    found: dict[str, ProfileAccumulator] = {}
    for block in _listener_blocks(listens):
        table, names = _table(block, positions, rules or {})
        found |= {names[user]: own for user, own in accumulate(table, seconds)}
    now = max((own.last for own in found.values()), default=-np.inf)
    profiles = {}
    for name in list(found):  # one form of each listener in memory at a time
        own = found.pop(name).profile(name, now)
        if len(own.known):
            profiles[name] = own
    return _with_friends(profiles, friends)


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


def _listener_blocks(listens: "pd.DataFrame") -> Iterator["pd.DataFrame"]:
    """Yield the listens in blocks of about `_BLOCK`, each with all listens of its listeners."""
    if len(listens) <= _BLOCK:
        yield listens
        return
    users, _ = _listener_codes(listens)
    order = np.argsort(users, kind="stable")
    starts = np.flatnonzero(np.diff(users[order], prepend=-1))
    wanted = np.searchsorted(starts, np.arange(0, len(order), _BLOCK))
    bounds = np.unique([*starts[np.minimum(wanted, len(starts) - 1)], len(order)]).tolist()
    for start, stop in pairwise(bounds):
        yield listens.iloc[order[start:stop]]


def _listener_codes(listens: "pd.DataFrame") -> tuple[NDArray[np.int64], list[str]]:
    """Return the number of each listen's listener, and the names of listeners, sorted."""
    import pandas as pd

    users = listens["user_id"]
    if not isinstance(users.dtype, pd.CategoricalDtype):
        users = users.astype(str)
    codes, names = pd.factorize(users, sort=True)
    return codes.astype(np.int64), [str(name) for name in names]


def _table(
    listens: "pd.DataFrame", positions: Mapping[str, int], rules: Mapping[str, LearningRules]
) -> tuple[Listens, list[str]]:
    """Return listens by position and number of listener, and the names of listeners."""
    import pandas as pd

    codes, listeners = _listener_codes(listens)
    tracks = listens["track_id"].map(positions).to_numpy(np.float64, na_value=-1)
    values: list[Any] = [_values(listens, name) for name in _FIELDS]
    table = Listens(codes, tracks.astype(np.int64), *values)
    if "session_id" in listens:
        sessions = pd.factorize(listens["session_id"])[0]  # -1: unknown
        table = replace(table, sessions=sessions.astype(np.int64))
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
