"""The opinion function: what a listener thinks of a track, by their listens and ratings.

An opinion is a number in [-1, 1]; above zero the track is liked.

**Implicit** opinions come from the numbers of completed listens `C` and skips `S`. The *excess* is
``C + 1/2 - S / r`` (``-S / r`` if `C` is 0), where `r` are the odds of a skip from which on a track
counts as disliked: twice those that are normal for this listener, ``(S_all + 5) / (C_all + 15)``.
So the share of skips decides the sign, never their number, and a listener who skips half of
everything dislikes nothing by that. A single skip among no plays is a weak dislike. The size grows
with the logarithm of the excess: later plays add less than the first. It stays below
`MAX_IMPLICIT`, and above `-EXPLICIT_DISLIKE`.

**Explicit** opinions (likes, dislikes, ratings, in [-1, 1]) decide the sign, and the latest one
counts. The highest is +1 and the lowest -1, whatever was played; a lower like is raised to what the
plays say. A middle rating (0) says nothing.

More completed listens never lower an opinion, and more skips never raise it; both hold through the
listener's normal odds, too. The constants were chosen with `benchmarks/personas.py --opinions` and
`benchmarks/paired.py` (docs/listening.md, "From listens to opinions").
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.signals.signal import EXPLICIT_DISLIKE

Values = NDArray[np.float64]

MAX_IMPLICIT: Final = 0.75
_TOLERANCE: Final = 2.0
"""Odds of a skip that count as a dislike, relative to the listener's normal odds."""
_PRIOR_SKIPS, _PRIOR_PLAYS = 5.0, 15.0
"""The normal odds of a listener of whom nothing is known: a quarter of listens is skipped."""
_HEAD_START: Final = 0.5
_GROWTH: Final = 4.0
"""Growth slows down where the logarithm of the excess reaches this: at about 50 plays."""


def opinions(completed: Values, skipped: Values, explicit: Values) -> NDArray[np.float32]:
    """Return a listener's opinion of each of their tracks, 0 where nothing speaks for or against.

    Parameters
    ----------
    completed, skipped
        Numbers of completed listens and of skips, ``[n]``.
    explicit
        The latest explicit opinion in [-1, 1], ``[n]``; NaN without one.

    Examples
    --------
    >>> none = np.full(3, np.nan)
    >>> print(opinions(np.array([200.0, 2, 0]), np.array([8.0, 0, 3]), none).round(2))
    [ 0.64  0.23 -0.32]
    >>> opinions(np.array([50.0]), np.zeros(1), np.array([-1.0])).tolist()
    [-1.0]
    """
    odds = _TOLERANCE * (skipped.sum() + _PRIOR_SKIPS) / (completed.sum() + _PRIOR_PLAYS)
    excess = completed + _HEAD_START * (completed > 0) - skipped / odds
    size = np.tanh(np.log1p(np.abs(excess)) / _GROWTH)
    implicit = np.where(excess > 0, MAX_IMPLICIT, -EXPLICIT_DISLIKE) * size
    implicit[(completed == 0) & (skipped == 0)] = 0
    liked = np.maximum(implicit, explicit)
    disliked = -EXPLICIT_DISLIKE + (1 - EXPLICIT_DISLIKE) * explicit
    found = np.where(explicit > 0, liked, np.where(explicit < 0, disliked, implicit))
    return found.astype(np.float32)
