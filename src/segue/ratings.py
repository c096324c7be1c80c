"""Convert the ratings of one source to explicit opinions in [-1, 1].

The scale of a table is inferred from all of its ratings when it is read, never from those of
another table: 1 to 5 stars, 0 to 10, 0 to 100, stars times 20, 0 to 1 and -1 to 1 are recognized.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

LIKED, DISLIKED = 1.0, -1.0
_TOPS = (5.0, 10.0, 100.0)


class RatingScale(NamedTuple):
    """The lowest and highest possible rating; `zero_is_unrated` where 0 means "not rated"."""

    lowest: float = 1.0
    highest: float = 5.0
    zero_is_unrated: bool = False

    def opinions(self, ratings: Values) -> Values:
        """Return ratings ``[n]`` as opinions; NaN where there is none.

        >>> RatingScale(1, 5).opinions(np.array([1.0, 3.0, 5.0, np.nan])).tolist()
        [-1.0, 0.0, 1.0, nan]
        """
        unit = 2 * (ratings - self.lowest) / (self.highest - self.lowest) - 1
        if self.zero_is_unrated:
            unit = np.where(ratings == 0, np.nan, unit)
        return np.clip(unit, DISLIKED, LIKED)

    def opinion(self, rating: float | None) -> float | None:
        """Return one rating as an opinion, None where there is none.

        >>> STARS.opinion(4), STARS.opinion(0)
        (0.5, None)
        """
        if rating is None:
            return None
        found = float(self.opinions(np.array([rating], np.float64))[0])
        return None if np.isnan(found) else found


STARS = RatingScale(1.0, 5.0, zero_is_unrated=True)
"""Stars as players keep them: 1 to 5, 0 for none."""


def rating_scale(ratings: Iterable[float], *, totals: bool = False) -> RatingScale:
    """Return the scale that the different ratings of one table use.

    Parameters
    ----------
    totals
        The table also has numbers of plays, as players export them: there 0 means "not rated". In
        a table of ratings it is the lowest one.

    Examples
    --------
    >>> rating_scale([1, 4]), rating_scale([40, 100]), rating_scale([0, 0.5])[:2]
    (RatingScale(lowest=1.0, highest=5.0, zero_is_unrated=False), \
RatingScale(lowest=20.0, highest=100.0, zero_is_unrated=False), (0.0, 1.0))
    """
    values = {float(one) for one in ratings if one == one and (one or not totals)}  # noqa: PLR0124  # no NaN
    if not values:
        return RatingScale(zero_is_unrated=totals)
    least, most = min(values), max(values)
    if least < 0:
        return RatingScale(min(least, -1.0), max(most, 1.0), totals)
    if most <= 1 and (values >= {0.0, 1.0} or any(0 < one < 1 for one in values)):
        return RatingScale(0.0, 1.0, totals)
    top = next((one for one in _TOPS if most <= one), most)
    bottom = 1.0 if least >= 1 and top <= 10 else 0.0
    if top == 100 and least >= 20 and all(one % 20 == 0 for one in values):
        bottom = 20.0
    return RatingScale(bottom, top, totals)
