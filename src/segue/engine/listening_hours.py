"""Hours of the day in which a listener plays something, in local time.

An hour is 0 to 23; a span of hours ``(22, 6)`` is from 22:00 to 6:00.
"""

from datetime import datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

MIN_LISTENS = 10
"""Number of listens from which their hours say something."""
_MOST_OF = 0.7
_MAX_SPAN = 10

Span = tuple[int, int]


def hours_of(times: NDArray[np.float64], zone: tzinfo | None = None) -> NDArray[np.int64]:
    """Return the hour of each time in seconds since 1970, ``[n]``; -1 where a time is NaN.

    `zone` is the time zone, by default that of this machine.
    """
    return np.array(
        [-1 if np.isnan(at) else datetime.fromtimestamp(at, zone).hour for at in times.tolist()],
        np.int64,
    )


def usual_span(hours: NDArray[np.int64]) -> Span | None:
    """Return the shortest span that has most of some hours; None if they have no usual time.

    >>> usual_span(np.array([23, 23, 0, 0, 1, 1, 22, 23, 0, 1, 9]))
    (23, 2)
    >>> usual_span(np.arange(24)) is None
    True
    """
    counts = np.bincount(hours[hours >= 0], minlength=24)
    total = int(counts.sum())
    if total < MIN_LISTENS:
        return None
    around = np.concatenate([[0], np.cumsum(np.concatenate([counts, counts]))])
    for length in range(1, _MAX_SPAN + 1):
        sums = around[length : length + 24] - around[:24]
        start = int(sums.argmax())
        if sums[start] >= _MOST_OF * total:
            return start, (start + length) % 24
    return None
