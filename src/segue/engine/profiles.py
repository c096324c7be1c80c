"""From listens to what each listener likes and dislikes, and in what order they played it.

One listen counts for or against its track; what a listener's listens of a track add up to is their
opinion of it:

==========================  =====================================================================
a play, or `plays` = n      ``+ log(1 + n)`` over all plays of that track together: the tenth says
                            less than the first
`ms_played`                 a play counts for the share of the track that was heard, where its
                            duration is known; less than a quarter of it is a skip
`skipped`                   ``- 1`` instead of a play; said to be false, it is a play after all
`rating`                    ``2 (r - middle) / range`` on the scale that the ratings use (1-5,
                            0-10 or 0-100, told by the largest), between -1 and +1, beside plays
==========================  =====================================================================

Above zero the track is liked, below it is disliked, at zero it is known and nothing more. Live
likes and dislikes come as ratings of the highest and lowest mark.

Listens that have an order (a time, or a position) also make the history: the latest thousand tracks
that were played and not skipped, oldest first, with the days that have passed since, up to the last
listen of anybody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segue.signals import Profile

if TYPE_CHECKING:
    import pandas as pd

_SCALES = (1.0, 5.0, 10.0, 100.0)
"""Tops of the scales that ratings come in."""
_SKIP_SHARE = 0.25
_MOST_HISTORY = 1_000
_SECONDS_A_DAY = 86_400.0


def profiles_of(
    listens: "pd.DataFrame",
    positions: Mapping[str, int],
    *,
    durations: Sequence[float | None] | None = None,
    friends: Iterable[tuple[str, str]] = (),
) -> dict[str, Profile]:
    """Return each listener's profile over the catalogue that `positions` numbers.

    Parameters
    ----------
    listens
        Columns `user_id`, `track_id` and any of `timestamp`, `position`, `plays`, `ms_played`,
        `skipped`, `rating`.
    positions
        Position of each track id; listens of other tracks are left out.
    durations
        Seconds of each track, ``[n_tracks]``, None where unknown.
    friends
        Pairs of listeners; each is the other's friend.
    """
    if listens.empty:
        return {}
    table = _heard(listens, positions, durations)
    summed = table.groupby(["user", "track"], sort=True)[["plays", "skips", "rating"]].sum()
    opinion = np.log1p(summed["plays"]) - summed["skips"] + summed["rating"].clip(-1, 1)
    flat = opinion.reset_index(name="opinion")
    users, starts = np.unique(flat["user"].to_numpy(), return_index=True)
    names = listens["user_id"].astype(str).to_numpy()[_first_rows(table)]
    bounds = [*starts.tolist(), len(flat)]
    tracks, values = flat["track"].to_numpy(np.int64), flat["opinion"].to_numpy(np.float32)
    histories = _histories(table)
    empty = (np.zeros(0, np.int64), np.zeros(0, np.float32))
    found = {}
    for number, user in enumerate(users.tolist()):
        part = slice(bounds[number], bounds[number + 1])
        says = values[part] != 0
        known = tracks[part]
        found[str(names[number])] = Profile(
            known[says],
            values[part][says],
            known,
            *histories.get(user, empty),
            user=str(names[number]),
        )
    return _with_friends(found, friends)


def profile_from_seeds(liked: Iterable[int], disliked: Iterable[int] = ()) -> Profile:
    """Return the profile of somebody who named what they like and what not, by position."""
    opinions = dict.fromkeys(liked, 1.0) | dict.fromkeys(disliked, -1.0)
    positions = np.array(list(opinions), np.int64)
    return Profile(positions, np.array(list(opinions.values()), np.float32), positions)


def with_seeds(profile: Profile, liked: Iterable[int], disliked: Iterable[int]) -> Profile:
    """Return `profile` with tracks liked or disliked on top, each as strong as the strongest.

    What they thought of these tracks is replaced; that they played them is not.
    """
    seeds = profile_from_seeds(liked, disliked)
    rest = profile.without(seeds.positions)
    strength = np.abs(profile.weights).max(initial=1.0)
    return replace(
        rest,
        positions=np.concatenate([rest.positions, seeds.positions]),
        weights=np.concatenate([rest.weights, seeds.weights * np.float32(strength)]),
        known=np.union1d(profile.known, seeds.positions),
        history=profile.history,
        ages=profile.ages,
    )


def _heard(
    listens: "pd.DataFrame", positions: Mapping[str, int], durations: Sequence[float | None] | None
) -> "pd.DataFrame":
    """Return a row a listen of a known track: what it says, and when it was."""
    import pandas as pd

    codes, _ = pd.factorize(listens["user_id"], sort=True)
    table = pd.DataFrame({"user": codes.astype(np.int64), "row": np.arange(len(listens))})
    table["track"] = listens["track_id"].map(positions).to_numpy()
    said = _column(listens, "skipped").to_numpy()
    share = _share_heard(listens, table["track"].to_numpy(), durations)
    skipped = (said > 0) | (np.isnan(said) & (share < _SKIP_SHARE))
    rating = _column(listens, "rating")
    plays = _column(listens, "plays")
    # a row with nothing but a rating is an opinion, not a play
    unsaid = pd.Series(np.where(rating.notna(), 0.0, 1.0), plays.index)
    worth = plays.fillna(unsaid).to_numpy() * np.where(np.isnan(share), 1.0, share)
    table["plays"] = np.where(skipped, 0.0, worth)
    # a row that counts skips, as a player's totals do, has as many
    table["skips"] = np.where(skipped, plays.fillna(1.0).clip(lower=1.0), 0.0)
    table["rating"] = _on_unit_scale(np.asarray(rating, np.float64))
    table["timestamp"] = _column(listens, "timestamp").to_numpy()
    table["order"] = _column(listens, "position").to_numpy()
    table = table.dropna(subset=["track"])
    table["track"] = table["track"].astype(np.int64)
    return table


def _share_heard(
    listens: "pd.DataFrame", tracks: NDArray[np.float64], durations: Sequence[float | None] | None
) -> NDArray[np.float64]:
    """Return the share of each track that was heard, at most 1; NaN where that is not known."""
    if durations is None or "ms_played" not in listens:
        return np.full(len(listens), np.nan)
    seconds = np.array([np.nan, *(d or np.nan for d in durations)], np.float64)
    of_track = seconds[np.where(np.isnan(tracks), -1, tracks).astype(np.int64) + 1]
    heard = _column(listens, "ms_played").to_numpy() / 1000
    return np.minimum(heard / of_track, 1.0)


def _first_rows(table: "pd.DataFrame") -> NDArray[np.int64]:
    """Return a row of each listener in the table, in the order of their numbers."""
    places = np.unique(table["user"].to_numpy(), return_index=True)[1]
    return table["row"].to_numpy(np.int64)[places]


def _histories(
    table: "pd.DataFrame",
) -> dict[int, tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Return of each listener whose plays all have an order: the latest, and days since."""
    played = table[table["plays"] > 0]
    timed = played.groupby("user")["timestamp"].transform("count") == played.groupby("user")[
        "timestamp"
    ].transform("size")
    counted = played.groupby("user")["order"].transform("count") == played.groupby("user")[
        "order"
    ].transform("size")
    moment = np.where(timed, played["timestamp"], np.where(counted, played["order"], np.nan))
    users, tracks = played["user"].to_numpy(), played["track"].to_numpy(np.int64)
    row = played["row"].to_numpy()
    now = float(np.nanmax(np.where(timed, moment, np.nan), initial=-np.inf))
    order = np.lexsort((row, moment, users))
    order = order[~np.isnan(moment[order])]
    found = {}
    names, starts = np.unique(users[order], return_index=True)
    stops = [*starts[1:].tolist(), len(order)]
    for name, start, stop in zip(names.tolist(), starts.tolist(), stops, strict=False):
        latest = order[start:stop][-_MOST_HISTORY:]
        days = np.zeros(0, np.float32)
        if len(latest) and bool(timed.to_numpy()[latest[0]]):
            days = ((now - moment[latest]) / _SECONDS_A_DAY).astype(np.float32)
        found[int(name)] = (tracks[latest], days)
    return found


def _with_friends(
    profiles: dict[str, Profile], pairs: Iterable[tuple[str, str]]
) -> dict[str, Profile]:
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


def _column(listens: "pd.DataFrame", name: str) -> "pd.Series[float]":
    import pandas as pd

    if name not in listens:
        return pd.Series(np.nan, index=listens.index, dtype=float)
    return pd.to_numeric(listens[name], errors="coerce").astype(float)


def _on_unit_scale(rating: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring ratings to [-1, 1]; 0 where there is none.

    >>> _on_unit_scale(np.array([1.0, 3.0, 5.0, np.nan])).tolist()
    [-1.0, 0.0, 1.0, 0.0]
    """
    known = rating[~np.isnan(rating)]
    if not known.size:
        return np.zeros_like(rating)
    top = next((scale for scale in _SCALES if known.max() <= scale), known.max())
    # five stars begin at one, everything else at zero
    bottom = 1.0 if top == 5.0 and known.min() >= 1.0 else min(0.0, known.min())
    unit = 2 * (rating - (top + bottom) / 2) / (top - bottom)
    return np.where(np.isnan(unit), 0.0, np.clip(unit, -1, 1))
