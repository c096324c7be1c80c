"""The definition of a listen: whether a track was completed, heard in part, or skipped.

Everything that reads listens uses `outcomes`: imports, live feedback, players, training, profiles
and evaluation. Arrays have one element per listen (or per total of many), NaN for unknown.

===========  =======================================================================================
completed    at least half of the track or four minutes were heard; or the source says that it ended
             by itself, or says no time, and no skip
skipped      the listener moved on: less than a quarter and less than 30 seconds were heard, or the
             source says so, and what was heard does not contradict it
partial      everything else: neutral
===========  =======================================================================================

`skipped` false is a statement, too: the source knows that the listener did not move on (an error, a
log-out, the end of a program), so a short listen is partial. Where the duration of a track is
unknown, 30 seconds are enough for a completed one (Spotify counts a stream from there on).

`positions_across_sessions` orders listens that have positions in sessions and no times.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]

COMPLETED_SHARE: Final = 0.5
COMPLETED_MS: Final = 240_000.0
SKIPPED_SHARE: Final = 0.25
SKIPPED_MS: Final = 30_000.0
MIN_HEARD_MS: Final = 5_000.0
"""A shorter partial listen does not make a track known: it was hardly heard."""


class Outcomes(NamedTuple):
    """The number of completed and of skipped listens in each row, and whether it is met.

    A row is `met` if its track counts as known to the listener.
    """

    completed: Values
    skipped: Values
    met: Mask


class ReportedListens(NamedTuple):
    """What sources say of listens, each field ``[n]``, NaN for unknown.

    `plays` is the number of listens that a row stands for (1 if unknown), `ms_played` the
    milliseconds heard, `seconds` the duration of the track. `skipped` and `completed` are 1 or 0:
    whether the source says that the listener moved on, or that the track ended by itself. Rows
    with an opinion are `rated`: they are no listens unless they say more.
    """

    plays: Values
    ms_played: Values
    seconds: Values
    skipped: Values
    completed: Values
    rated: Mask


def outcomes(listens: ReportedListens) -> Outcomes:
    """Return what each listen counts as.

    >>> one, none = np.ones(1), np.full(1, np.nan)
    >>> late = ReportedListens(none, one * 250e3, one * 260, one, none, one > 1)
    >>> outcomes(late)[:2]  # "next" near the end
    (array([1.]), array([0.]))
    >>> outcomes(late._replace(ms_played=one * 4e3))[:2]
    (array([0.]), array([1.]))
    """
    plays, ms_played, seconds, skipped, completed, rated = listens
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        share = ms_played / 1e3 / np.where(seconds > 0, seconds, np.nan)
        enough = (share >= COMPLETED_SHARE) | (ms_played >= COMPLETED_MS)
        unsized = np.isnan(share) & (ms_played >= SKIPPED_MS)
        short = (ms_played < SKIPPED_MS) & ~(share >= SKIPPED_SHARE)
    untimed = np.isnan(ms_played)
    says_skip, says_end = skipped == 1, completed == 1
    silent = np.isnan(skipped) & np.isnan(completed)
    done = enough | (~says_skip & (untimed | unsized)) | (says_end & ~short)
    gone = ~done & (says_skip | (silent & short & (ms_played > 0)))
    n = np.where(np.isnan(plays), np.where(rated & untimed & silent, 0.0, 1.0), plays)
    met = gone | rated | ((n > 0) & (done | untimed | (ms_played >= MIN_HEARD_MS)))
    return Outcomes(np.where(done, n, 0.0), np.where(gone, np.maximum(n, 1.0), 0.0), met)


def positions_across_sessions(users: Numbers, sessions: Numbers, positions: Values) -> Values:
    """Return positions that order all listens of a user, ``[n]``, NaN where they are unknown.

    Positions begin again in each session where two sessions of a user have the same one. The
    sessions of such a user are put one after another, in the order of their first rows. Positions
    of other users stay as they are.

    Parameters
    ----------
    users, sessions : int [n]
        Numbers of users and sessions. Listens with the session -1 count as one session.
    positions : float [n]
        NaN for unknown.

    Examples
    --------
    >>> users, sessions = np.zeros(4, np.int64), np.array([1, 1, 0, 0])
    >>> positions_across_sessions(users, sessions, np.array([0.0, 1, 0, 1])).tolist()
    [0.0, 1.0, 2.0, 3.0]
    >>> positions_across_sessions(users, sessions, np.array([7.0, 8, 2, 3])).tolist()
    [7.0, 8.0, 2.0, 3.0]
    """
    placed = np.flatnonzero(~np.isnan(positions))
    users, sessions, found = users[placed], sessions[placed], positions[placed]
    order = np.lexsort((sessions, found, users))
    one, other = order[:-1], order[1:]
    same = (users[one] == users[other]) & (found[one] == found[other])
    restarting = np.unique(users[one[same & (sessions[one] != sessions[other])]])
    rows = np.flatnonzero(np.isin(users, restarting))
    if not len(rows):
        return positions
    keys = users[rows] * (sessions.max() + 2) + sessions[rows] + 1
    _, first, session = np.unique(keys, return_index=True, return_inverse=True)
    order = np.lexsort((rows, found[rows], first[session]))
    result = positions.copy()
    result[placed[rows[order]]] = np.arange(len(rows))
    return result
