"""Split listens as published protocols do: by one time for all, or by seed tracks of playlists.

`hide_playlist_tracks` follows the RecSys Challenge 2018 (arXiv 1810.01520), `split_at_last_day` the
global temporal split of Yambda (arXiv 2505.22238).
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Mask = NDArray[np.bool_]

DAY_SECONDS: Final = 86_400.0
GAP_SECONDS: Final = 1_800.0
SEED_SCENARIOS: Final = (
    (1, "first"),
    (5, "first"),
    (10, "first"),
    (25, "first"),
    (25, "random"),
    (100, "first"),
    (100, "random"),
)
"""Numbers of seed tracks of the challenge's playlists, and which ones these are.

The challenge has scenarios with 5 and 10 seeds twice, with and without titles, and one with a title
alone: segue does not read titles.
"""
MAX_PLAYLISTS: Final = 10_000


def split_at_last_day(timestamps: NDArray[np.float64]) -> tuple[Mask, Mask]:
    """Return the listens to train on, and those of the last day to evaluate on, both ``[n]``.

    The last day begins 24 hours before the latest listen. Listens of the half hour before it are in
    neither part: models take time to train. Listens without a time are in neither part, too.

    Parameters
    ----------
    timestamps : float [n]
        Seconds, NaN for unknown.

    Examples
    --------
    >>> times = np.array([0.0, 198_199, 198_200, 199_999, 200_000, 286_400, np.nan])
    >>> before, after = split_at_last_day(times)
    >>> before.tolist()
    [True, True, False, False, False, False, False]
    >>> after.tolist()
    [False, False, False, False, True, True, False]
    """
    if not np.isfinite(timestamps).any():
        none = np.zeros(len(timestamps), np.bool_)
        return none, none.copy()
    start = np.nanmax(timestamps) - DAY_SECONDS
    with np.errstate(invalid="ignore"):
        return timestamps < start - GAP_SECONDS, timestamps >= start


def hide_playlist_tracks(
    listens: "pd.DataFrame", *, seed: int, most: int = MAX_PLAYLISTS, share: float = 0.01
) -> "tuple[Mask, dict[str, str]]":
    """Return which entries of playlists are held out, ``[n]``, and the scenario of each playlist.

    Playlists are drawn with the seed: `share` of them, at least one of each scenario where there
    are enough, at most `most`. A playlist of n seeds has more than n different tracks; the other
    tracks are held out, with all their entries. The scenarios get equally many playlists as far as
    there are playlists that are long enough.

    Parameters
    ----------
    listens : DataFrame [n]
        `user_id` (the playlist), `track_id`, and `position` where known.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    codes, names = pd.factorize(listens["user_id"], sort=True)
    tracks = pd.factorize(listens["track_id"], sort=True)[0]
    position = np.full(len(listens), np.nan)
    if "position" in listens:
        position = listens["position"].to_numpy(np.float64, na_value=np.nan)
    order = np.lexsort((tracks, position, codes))
    pairs = codes[order].astype(np.int64) * (int(tracks.max(initial=0)) + 1) + tracks[order]
    firsts = order[np.sort(np.unique(pairs, return_index=True)[1])]  # of each track, in order
    lengths = np.bincount(codes[firsts], minlength=len(names))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    wanted = min(most, max(int(len(names) * share), len(SEED_SCENARIOS)))
    hidden_pairs: list[NDArray[np.int64]] = []
    scenarios: dict[str, str] = {}
    free = rng.permutation(len(names))
    # longest scenarios first: few playlists are long enough for them
    for rest, (n_seeds, which) in zip(
        range(len(SEED_SCENARIOS), 0, -1), SEED_SCENARIOS[::-1], strict=True
    ):
        n_now = -(-(wanted - len(scenarios)) // rest)
        chosen = free[lengths[free] > n_seeds][:n_now]
        free = free[~np.isin(free, chosen)]
        for playlist in chosen.tolist():
            own = firsts[starts[playlist] : starts[playlist + 1]]
            if which == "random":
                own = own[rng.permutation(len(own))]
            hidden_pairs.append(own[n_seeds:])
            scenarios[str(names[playlist])] = f"{n_seeds} {which}"
    held = np.zeros(len(listens), np.bool_)
    if hidden_pairs:
        width = int(tracks.max()) + 1
        keys = codes.astype(np.int64) * width + tracks
        held = np.isin(keys, keys[np.concatenate(hidden_pairs)])
    return held, scenarios
