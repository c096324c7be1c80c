"""Split listens into train, valid and test.

Conventions
-----------
- Each listener is split separately: the tracks that they played first most recently are held out,
  because a recommender predicts the next plays.
- Only *new* tracks are held out: a track played before the cut is known from training, and known
  tracks are not recommended. Plays of known tracks after the cut are held out too, so that training
  sees nothing of that time.
- The order is `timestamp` if any listen of a listener has one, and listens without a time come
  first; else it is `position`, if all have one, else an order drawn from the seed and the ids. It
  depends on the order of the rows only where positions begin again in each session: such sessions
  are in the order of their first rows.
"""

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from segue.listens import positions_across_sessions
from segue.types import SPLITS

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_HELD_OUT = (0.1, 0.2)
"""Shares of a listener's tracks for valid and test."""

_MINIMUM_FOR_VALID = 5


def split_listens(
    listens: "pd.DataFrame",
    *,
    held_out: tuple[float, float] = DEFAULT_HELD_OUT,
    seed: int,
) -> "pd.Series[str]":
    """Split listens by time within each listener, or at random without times.

    Of a listener's distinct tracks, in the order of their first listen, the last ``held_out[1]``
    (at least one of two) are test, and ``held_out[0]`` before them valid (from five tracks on). If
    there is only one track, it is train.

    If the column `split` has any value, it is used as it is and all other rows are train.

    Parameters
    ----------
    listens : DataFrame [n_listens]
        Columns `user_id`, `track_id`, and any of `timestamp`, `position`, `session_id`, `split`.
    held_out : two floats
        Shares of valid and test, from 0 to 1, together below 1. A share of 0 holds out nothing.
    seed : int
        Decides the order of listens at the same time, or without times.

    Returns
    -------
    Series of Split [n_listens]
        With the index of `listens`.

    Raises
    ------
    ValueError
        If the shares are invalid, or a split is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> listens = pd.DataFrame(
    ...     {"user_id": ["ann"] * 4, "track_id": ["a", "b", "a", "c"], "timestamp": [1, 2, 3, 4]}
    ... )
    >>> split_listens(listens, seed=0).tolist()
    ['train', 'train', 'train', 'test']
    """
    import pandas as pd

    valid_share, test_share = held_out
    if min(held_out) < 0 or sum(held_out) >= 1:
        raise ValueError(
            f"held_out {held_out} are no shares of valid and test: "
            "give two numbers from 0 to 1 that sum to less than 1."
        )
    if _is_stated(listens):
        return _stated(listens["split"])
    if listens.empty:
        return pd.Series([], index=listens.index, dtype=object, name="split")

    users = pd.factorize(listens["user_id"], sort=True)[0].astype(np.int64)
    tracks = pd.factorize(listens["track_id"], sort=True)[0].astype(np.int64)
    drawn = _drawn(listens, seed)
    order = np.lexsort((tracks, drawn, _moments(listens, users), users))
    users, tracks = users[order], tracks[order]

    # the number of distinct tracks that the listener knows before each listen, in order
    pairs = users * (tracks.max() + 1) + tracks
    first = np.zeros(len(order), dtype=bool)
    first[np.unique(pairs, return_index=True)[1]] = True
    met = np.cumsum(first)
    starts = np.searchsorted(users, np.arange(users[-1] + 1))
    n_tracks = np.add.reduceat(first.astype(np.int64), starts)
    number = met - met[starts][users]  # 0 for the first track of each listener

    n_test = np.where(n_tracks > 1, np.maximum(np.rint(n_tracks * test_share), 1), 0)
    n_valid = np.maximum(np.rint(n_tracks * valid_share), 1)
    n_valid = np.where(n_tracks >= _MINIMUM_FOR_VALID, n_valid, 0)
    n_test = n_test if test_share > 0 else np.zeros_like(n_test)
    n_valid = n_valid if valid_share > 0 else np.zeros_like(n_valid)

    split = np.full(len(order), "train", dtype=object)
    split[number >= (n_tracks - n_test - n_valid)[users]] = "valid"
    split[number >= (n_tracks - n_test)[users]] = "test"
    result = np.empty(len(order), dtype=object)
    result[order] = split
    return pd.Series(result.tolist(), index=listens.index, dtype=object, name="split")


def listen_split_rule(listens: "pd.DataFrame") -> str:
    """Describe how `split_listens` divides these listens.

    Examples
    --------
    >>> import pandas as pd
    >>> listens = pd.DataFrame({"user_id": ["ann"], "track_id": ["a"], "position": [1]})
    >>> listen_split_rule(listens)
    'For each listener, the fifth of the tracks that they discovered last is held out.'
    """
    if _is_stated(listens):
        return "The dataset defines the split of the listens."
    users = listens["user_id"]
    known = [
        getattr(listens[column].notna().groupby(users, observed=True), how)().to_numpy(dtype=bool)
        for column, how in (("timestamp", "any"), ("position", "all"))
        if column in listens
    ]
    dated = np.logical_or.reduce(known) if known else np.zeros(1, dtype=bool)
    last = "the fifth of the tracks that they discovered last"
    if dated.all():
        return f"For each listener, {last} is held out."
    drawn = "a fifth of the tracks, drawn with the seed"
    if not dated.any():
        return f"The listens have no order: for each listener, {drawn}, is held out."
    return f"For each listener, {last} is held out; if their order is unknown, {drawn}."


def _is_stated(listens: "pd.DataFrame") -> bool:
    return "split" in listens and bool(listens["split"].notna().any())


def _stated(column: "pd.Series[str]") -> "pd.Series[str]":
    """Use the given splits; everything else is train."""
    unknown = set(column.dropna().unique()) - set(SPLITS)
    if unknown:
        raise ValueError(
            f"split {sorted(map(str, unknown))[0]!r} is unknown: use train, valid or test."
        )
    return column.astype(object).where(column.notna(), "train")


def _moments(listens: "pd.DataFrame", users: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a number that orders the listens of a listener, 0 without any order."""
    import pandas as pd

    moments = np.zeros(len(listens))
    undated = np.ones(len(listens), dtype=bool)
    if "timestamp" in listens:
        values = listens["timestamp"].to_numpy(dtype=np.float64, na_value=np.nan)
        dated = np.zeros(users.max() + 1, dtype=bool)
        dated[users[np.isfinite(values)]] = True
        undated = ~dated[users]
        moments[~undated] = np.where(np.isfinite(values), values, -np.inf)[~undated]
    if "position" in listens:
        values = listens["position"].to_numpy(dtype=np.float64, na_value=np.nan)
        if "session_id" in listens:
            sessions = pd.factorize(listens["session_id"])[0].astype(np.int64)
            values = positions_across_sessions(users, sessions, values)
        incomplete = np.zeros(users.max() + 1, dtype=bool)
        incomplete[users[~np.isfinite(values)]] = True
        chosen = undated & ~incomplete[users]
        moments[chosen] = values[chosen]
    return moments


def _drawn(listens: "pd.DataFrame", seed: int) -> NDArray[np.uint64]:
    """Return a number for each (listener, track) that depends only on their ids and the seed."""
    from pandas.util import hash_array

    key = f"{seed % 10**16:016d}"

    def hashed(column: str) -> NDArray[np.uint64]:
        values = listens[column].astype(str).to_numpy(dtype=object)
        return cast("NDArray[np.uint64]", hash_array(values, hash_key=key))

    # listener and track enter differently; the product spreads values that their sum would keep
    # close
    return (hashed("user_id") * np.uint64(2) + np.uint64(1)) * hashed("track_id")
