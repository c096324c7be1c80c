"""From listens to what each listener likes and dislikes.

One listen counts for or against its track; what a listener's listens of a track add up to is their
opinion of it:

==========================  =====================================================================
a play, or `plays` = n      ``+ log(1 + n)`` over all plays of that track together: the tenth says
                            less than the first
`skipped`                   ``- 1`` instead of a play
`rating`                    ``2 (r - middle) / range`` on the scale that the ratings use (1-5,
                            0-10 or 0-100, told by the largest), between -1 and +1, beside plays
==========================  =====================================================================

Above zero the track is liked, below it is disliked, at zero it is known and nothing more.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segue.signals import Profile

if TYPE_CHECKING:
    import pandas as pd

_SCALES = (1.0, 5.0, 10.0, 100.0)
"""Tops of the scales that ratings come in."""


def profiles_of(listens: "pd.DataFrame", positions: Mapping[str, int]) -> dict[str, Profile]:
    """Return each listener's profile over the catalogue that `positions` numbers.

    Parameters
    ----------
    listens
        Columns `user_id`, `track_id` and any of `plays`, `skipped`, `rating`.
    positions
        Position of each track id; listens of other tracks are left out.
    """
    import pandas as pd

    if listens.empty:
        return {}
    table = pd.DataFrame({"user": listens["user_id"].to_numpy()})
    table["position"] = listens["track_id"].map(positions).to_numpy()
    skipped = _column(listens, "skipped").fillna(0).to_numpy() > 0
    rating = _column(listens, "rating")
    plays = _column(listens, "plays")
    # a row with nothing but a rating is an opinion, not a play
    unsaid = np.where(rating.notna(), 0.0, 1.0)
    table["plays"] = np.where(skipped, 0.0, plays.fillna(pd.Series(unsaid, plays.index)))
    table["skips"] = skipped.astype(float)
    table["rating"] = _on_unit_scale(np.asarray(rating, np.float64))
    table = table.dropna(subset=["position"])
    table["position"] = table["position"].astype(np.int64)
    summed = table.groupby(["user", "position"], sort=True)[["plays", "skips", "rating"]].sum()
    opinion = np.log1p(summed["plays"]) - summed["skips"] + summed["rating"].clip(-1, 1)
    flat = opinion.reset_index(name="opinion")
    return {
        str(user): _profile(
            part["position"].to_numpy(np.int64), part["opinion"].to_numpy(np.float32)
        )
        for user, part in flat.groupby("user", sort=False)
    }


def profile_from_seeds(liked: Iterable[int], disliked: Iterable[int] = ()) -> Profile:
    """Return the profile of somebody who named what they like and what not, by position."""
    opinions = dict.fromkeys(liked, 1.0) | dict.fromkeys(disliked, -1.0)
    positions = np.array(list(opinions), np.int64)
    return Profile(positions, np.array(list(opinions.values()), np.float32), positions)


def with_seeds(profile: Profile, liked: Iterable[int], disliked: Iterable[int]) -> Profile:
    """Return `profile` with tracks liked or disliked on top, each as strong as the strongest."""
    seeds = profile_from_seeds(liked, disliked)
    rest = profile.without(seeds.positions)
    strength = np.abs(profile.weights).max(initial=1.0)
    return Profile(
        np.concatenate([rest.positions, seeds.positions]),
        np.concatenate([rest.weights, seeds.weights * np.float32(strength)]),
        np.union1d(profile.known, seeds.positions),
    )


def _profile(positions: NDArray[np.int64], opinion: NDArray[np.float32]) -> Profile:
    says = opinion != 0
    return Profile(positions[says], opinion[says], positions)


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
