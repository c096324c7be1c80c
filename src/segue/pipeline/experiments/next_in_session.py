"""Evaluate next-item prediction in sessions, by the protocol of published session-based work.

The latest sessions are held out. Each of their plays but the first is predicted from the plays of
the session before it; `segue.evaluation.session_metrics` defines the metrics. Models are fitted on
the sessions before. As published, tracks that no earlier session has are removed from the held-out
sessions, and sessions of one play are left out; other than published, rare tracks stay.

Sessions are those that `session_id` names, for each listener. Listens that are completed and
learned from count (`segue.listens`, `segue.engine.learning_rules`). Sessions are in the order of
their last listen, if all have a time. If only positions are known, the latest sessions of each
listener are held out; where positions begin again in each session, sessions are in the order of the
table. A stated split is obeyed: a session belongs to the part of its last listen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segue.engine import LearningRules
from segue.engine.profile_accumulator import Durations
from segue.engine.profiles import completed_listens
from segue.errors import TooLittleDataError
from segue.evaluation import MIN_LISTENERS_FOR_CLAIMS
from segue.evaluation.listen_split import DEFAULT_HELD_OUT
from segue.evaluation.report import SessionReport
from segue.evaluation.session_metrics import DEFAULT_K, SessionResult, session_metrics
from segue.index import best
from segue.library import Catalogue
from segue.listening.sequences import NextItemModel, fit_sequences
from segue.listening.sequences.markov import Markov, MarkovSettings
from segue.listening.sequences.model import Plays
from segue.listening.sequences.popularity import Popularity
from segue.listening.sequences.session_knn import SessionKnn, SessionKnnSettings
from segue.listens import positions_across_sessions
from segue.types import SPLITS, Progress, Split, no_progress

if TYPE_CHECKING:
    import pandas as pd

MODEL = "sequence"
MAX_POINTS = 10_000
_BLOCK = 64

Items = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions as track positions, oldest play first, and the split of each.

    `parts` ``[n_sessions]`` are places in `SPLITS`, `rule` is a sentence on the split.
    """

    tracks: Sequence[Items]
    parts: Items
    rule: str

    def of(self, split: Split) -> tuple[list[Items], list[Items]]:
        """Return the sessions before a split, and those of it that can be evaluated."""
        number = SPLITS.index(split)
        known = [own for own, part in zip(self.tracks, self.parts, strict=True) if part < number]
        there = np.unique(np.concatenate([np.zeros(0, np.int64), *known]))
        held_out = [
            own[np.isin(own, there)]
            for own, part in zip(self.tracks, self.parts, strict=True)
            if part == number
        ]
        return known, [own for own in held_out if len(own) > 1]


def sessions_of(
    listens: "pd.DataFrame",
    positions: Mapping[str, int],
    *,
    durations: Durations = None,
    rules: Mapping[str, LearningRules] | None = None,
) -> Sessions:
    """Return the sessions of a table of listens.

    Parameters
    ----------
    listens
        The columns of `profiles_of`, of which `session_id` is needed, and `split`.
    positions, durations, rules
        As in `profiles_of`. Listens that are not completed, that rules ignore, or of other tracks
        do not count.

    Raises
    ------
    TooLittleDataError
        If no listens name a session, or these have no order.
    """
    import pandas as pd

    named = listens[listens["session_id"].notna()] if "session_id" in listens else listens[:0]
    named = named[completed_listens(named, positions, durations=durations, rules=rules)]
    if named.empty:
        raise TooLittleDataError(
            "Sessions cannot be evaluated, because no listens name a session: import a table with"
            " a column session_id."
        )
    timed = "timestamp" in named and bool(named["timestamp"].notna().all())
    column = "timestamp" if timed else "position"
    moments = named[column].to_numpy(np.float64) if column in named else np.full(len(named), np.nan)
    if np.isnan(moments).any():
        raise TooLittleDataError(
            "Sessions cannot be evaluated, because the order of their listens is unknown: import"
            " listens with a timestamp or a position."
        )
    users = pd.factorize(named["user_id"], sort=True)[0].astype(np.int64)
    own = pd.factorize(named["session_id"], sort=True)[0].astype(np.int64)
    session = np.unique(users * (own.max() + 1) + own, return_inverse=True)[1]
    order = np.lexsort((moments, session))
    ends = np.flatnonzero(np.r_[np.diff(session[order]) != 0, True])
    tracks = named["track_id"].map(positions).to_numpy(np.int64)[order]
    last = order[ends]
    groups = np.zeros(len(last), np.int64) if timed else users[last]
    if not timed:
        moments = positions_across_sessions(users, session, moments)
    stated = named["split"].to_numpy(object)[last] if "split" in named else None
    own_tracks: list[Items] = list(np.split(tracks.astype(np.int64), ends[:-1] + 1))
    if stated is not None and any(one in SPLITS for one in stated):
        parts = np.array([SPLITS.index(one) if one in SPLITS else 0 for one in stated], np.int64)
        return Sessions(own_tracks, parts, "The dataset defines the split of the sessions.")
    of_whom = "all sessions" if timed else "each listener's sessions"
    rule = f"The latest fifth of {of_whom} is held out."
    return Sessions(own_tracks, _parts(moments[last], groups), rule)


def _parts(moments: NDArray[np.float64], groups: Items) -> Items:
    """Return the part of each session: the latest of each group are held out."""
    order = np.lexsort((moments, groups))
    n = np.bincount(groups)[groups[order]]
    place = np.arange(len(order)) - np.searchsorted(groups[order], groups[order])
    valid, test = (np.rint(n * share) for share in DEFAULT_HELD_OUT)
    parts = np.zeros(len(order), np.int64)
    parts[order] = (place >= n - test - valid).astype(np.int64) + (place >= n - test)
    return parts


def models_of(
    known: Sequence[Items], catalogue: Catalogue, *, seed: int = 0
) -> dict[str, NextItemModel]:
    """Return the sequence model and the baselines, fitted on sessions."""
    n = len(catalogue)
    plays = Plays.of(known, n)
    whole = SessionKnnSettings(session_length=1_000, recent=20, lag_decay=0.8)
    baselines: dict[str, NextItemModel] = {
        "session-kNN": SessionKnn(whole),
        "Markov, last ten": Markov(MarkovSettings(order=10, reach=10)),
        "Markov, first order": Markov(MarkovSettings(order=1, reach=1)),
        "most played by all": Popularity(),
    }
    ids = catalogue.ids
    sequence = fit_sequences(known, n, ids.artist, ids.album, seed=seed, attentive=False)
    return {MODEL: sequence, **{name: one.fit(plays, n) for name, one in baselines.items()}}


def evaluate_sessions(
    sessions: Sessions,
    catalogue: Catalogue,
    split: Split = "test",
    *,
    seed: int = 0,
    progress: Progress = no_progress,
) -> SessionReport:
    """Evaluate the sequence model and baselines on the sessions of a split.

    If the split has no test part, valid is held out. At most 10,000 plays are predicted, of
    sessions drawn with the seed.

    Raises
    ------
    TooLittleDataError
        If there are no sessions before the split, or none in it to evaluate.
    """
    if split == "test" and not (sessions.parts == SPLITS.index("test")).any():
        split = "valid"
    known, held_out = sessions.of(split)
    if not known or not held_out:
        raise TooLittleDataError(
            "Sessions cannot be evaluated, because no later session has two tracks of earlier ones:"
            " import more sessions."
        )
    drawn = np.random.default_rng(seed).permutation(len(held_out))
    enough = np.cumsum([len(held_out[place]) - 1 for place in drawn]) <= MAX_POINTS
    chosen = [held_out[place] for place in np.sort(drawn[enough | (np.arange(len(drawn)) == 0)])]
    with progress("Training on earlier sessions", 1) as advance:
        models = models_of(known, catalogue, seed=seed)
        advance(1)
    results = {}
    with progress("Evaluating sessions", len(models)) as advance:
        for name, model in models.items():
            results[name] = evaluate_model(model, chosen)
            advance(1)
    claims = len(chosen) >= MIN_LISTENERS_FOR_CLAIMS
    ours = results[MODEL]
    return SessionReport(
        model=MODEL,
        split=split,
        n=int(ours.counts.sum()),
        n_sessions=len(chosen),
        n_known=len(known),
        n_tracks=len(catalogue),
        models={name: found.mean for name, found in results.items()},
        intervals={name: one.intervals(seed=seed) for name, one in results.items() if claims},
        differences={
            name: ours.minus(one, seed=seed)
            for name, one in results.items()
            if claims and name != MODEL
        },
    )


def evaluate_model(model: NextItemModel, sessions: Sequence[Items]) -> SessionResult:
    """Return the metrics of a model on sessions, revealed play by play."""
    points = [(number, t) for number, own in enumerate(sessions) for t in range(1, len(own))]
    lists = np.full((len(points), DEFAULT_K), -1, np.int64)
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        scores = model.score_many([sessions[number][:t] for number, t in block])
        found = best(scores, DEFAULT_K)[0]
        lists[start : start + len(block), : found.shape[1]] = found
    rests = [sessions[number][t:] for number, t in points]
    return session_metrics(lists, rests, [number for number, _ in points])
