"""Evaluate models of listening on events in Parquet that need not fit into memory, or a library.

The protocol is ``global-temporal`` of `segue.pipeline.experiments.protocols`. DuckDB counts the
pairs of users and tracks (`segue.sources.public_data.event_counts`); memory holds one opinion for
each pair, some 8 bytes, and what the models need. Up to `MAX_EVALUATED` users are evaluated, drawn
with the seed. With more than `MAX_EASE_TRACKS` tracks, iALS is evaluated alone, with its default
settings: EASE compares tracks with tracks.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from segue.engine.opinions import opinions
from segue.errors import ModelError
from segue.evaluation import (
    DAY_SECONDS,
    GAP_SECONDS,
    Measurement,
    RecommendationReport,
    Report,
    ranking_metrics,
)
from segue.library.models import installed_versions
from segue.listening import Als, Collaborative, CollaborativeSettings, search
from segue.listening.hidden_likes import hide
from segue.pipeline.experiments.protocol_names import GLOBAL_TEMPORAL
from segue.pipeline.experiments.protocols import (
    global_temporal_rule,
    protocol_named,
    protocol_report,
)
from segue.sources.public_data.event_counts import (
    MEMORY_LIMIT,
    Counts,
    EventCounter,
    open_events,
)
from segue.task_runner import IN_PROCESS, TaskRunner
from segue.text import plural
from segue.types import Progress, Split, no_progress

_PROTOCOL: Final = protocol_named(GLOBAL_TEMPORAL)
MAX_EVALUATED: Final = 10_000
MAX_EASE_TRACKS: Final = 100_000

Places = NDArray[np.int64]


class LargeHistory(NamedTuple):
    """Opinions ``[n_users, n_tracks]``, and the tracks that some users completed later.

    `users` are rows of the opinions; `held_out` has numbers from `n_tracks` on for tracks
    without earlier plays. `counts` are numbers of events.
    """

    opinions: Any
    users: Places
    held_out: list[Places]
    n_new_tracks: int
    counts: dict[Split, int]
    n_left_out: int


def evaluate_events(
    path: Path,
    *,
    organic_only: bool = False,
    memory_limit: str = MEMORY_LIMIT,
    seed: int = 0,
    runner: TaskRunner = IN_PROCESS,
    progress: Progress = no_progress,
) -> Report:
    """Evaluate models of listening on the last day of a history in Yambda's layout.

    Raises
    ------
    DatasetError
        If there are no events, or they cannot be read within the memory limit.
    ModelError
        If nothing can be held out.
    MissingExtraError
        If DuckDB is not installed.
    """
    with (
        progress("Counting events", 1) as advance,
        open_events(path, memory_limit) as counter,
    ):
        history = read_history(counter, organic_only=organic_only, seed=seed)
        advance(1)
    with progress("Training on earlier listens", 1) as advance:
        models = _fitted(history.opinions, seed, runner)
        advance(1)
    report = _recommendations(history, models, seed)
    notes = []
    if history.n_left_out:
        notes.append(f"{plural(history.n_left_out, 'row')} could not be used.")
    if len(models) == 1:
        notes.append(
            f"With more than {MAX_EASE_TRACKS:,} tracks iALS is evaluated alone, with its default"
            " settings."
        )
    return Report(
        measurement=Measurement(
            dataset=path.name,
            seed=seed,
            created=datetime.now(UTC),
            split_method=global_temporal_rule(organic_only=organic_only),
            artist_disjoint=None,
            counts={"listens": history.counts},
            undividable=(),
            versions=installed_versions(),
        ),
        subject="recommendations",
        recommendations=(report,),
        notes=tuple(notes),
    )


def read_history(
    counter: EventCounter, *, organic_only: bool = False, seed: int = 0
) -> LargeHistory:
    """Return the opinions before the last day, and the tracks completed on it.

    Raises
    ------
    ModelError
        If no user has both.
    """
    if not np.isfinite(counter.latest):
        raise ModelError("No event has a time: the protocol global-temporal needs times.")
    start = counter.latest - DAY_SECONDS
    counter.count(start - GAP_SECONDS)
    wanted_users, wanted_tracks = counter.completed_since(start, organic_only=organic_only)
    known = np.isin(wanted_users, counter.user_ids)
    wanted_users, wanted_tracks = wanted_users[known], wanted_tracks[known]
    users, starts = np.unique(wanted_users, return_index=True)
    if not len(users):
        raise ModelError(
            "No user has both events a day and half an hour before the last one and completed"
            " listens on the last day: the protocol global-temporal needs a longer history."
        )
    n_tracks = len(counter.track_ids)
    new = np.setdiff1d(wanted_tracks, counter.track_ids)
    is_new = np.isin(wanted_tracks, new)
    tracks = np.where(
        is_new,
        n_tracks + np.searchsorted(new, wanted_tracks),
        np.searchsorted(counter.track_ids, wanted_tracks),
    )
    held_out = np.split(tracks, starts[1:])
    drawn = np.random.default_rng(seed).permutation(len(users))[:MAX_EVALUATED]
    chosen = np.sort(drawn)
    matrix = opinion_matrix(counter.pairs(), len(counter.user_ids), n_tracks)
    n_after = counter.n_since(start)
    n_before = counter.n_used - counter.n_since(start - GAP_SECONDS)
    return LargeHistory(
        matrix,
        np.searchsorted(counter.user_ids, users[chosen]).astype(np.int64),
        [held_out[place] for place in chosen.tolist()],
        len(new),
        {"train": n_before, "valid": 0, "test": n_after},
        counter.n_rows - counter.n_used,
    )


def opinion_matrix(batches: Iterator[Counts], n_users: int, n_tracks: int) -> Any:
    """Return the opinions ``[n_users, n_tracks]`` of counted pairs, CSR, without zeros."""
    lengths = np.zeros(n_users, np.int64)
    columns: list[NDArray[np.int32]] = []
    values: list[NDArray[np.float32]] = []

    def add(part: Counts) -> None:
        """Add the pairs of whole users."""
        bounds = [*np.flatnonzero(np.diff(part.users, prepend=-1)).tolist(), len(part.users)]
        for first, last in pairwise(bounds):
            own = slice(first, last)
            found = opinions(part.completed[own], part.skipped[own], part.explicit[own])
            says = found != 0
            lengths[part.users[first]] = says.sum()
            columns.append(part.tracks[own][says].astype(np.int32))
            values.append(found[says])

    rest: Counts | None = None
    for batch in batches:
        whole = batch if rest is None else rest.joined(batch)
        last = int(np.searchsorted(whole.users, whole.users[-1]))
        add(whole.taken(slice(last)))
        rest = whole.taken(slice(last, None))
    if rest is not None:
        add(rest)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    data = np.concatenate(values) if values else np.zeros(0, np.float32)
    indices = np.concatenate(columns) if columns else np.zeros(0, np.int32)
    return sparse.csr_array((data, indices, starts), shape=(n_users, n_tracks))


def _fitted(matrix: Any, seed: int, runner: TaskRunner) -> dict[str, Any]:
    """Return the models by name; the first one is that which the report is about."""
    if matrix.shape[1] > MAX_EASE_TRACKS:
        settings = CollaborativeSettings().als
        return {"als": Als(settings).fit(matrix, runner=runner)}
    searched = search(*hide(matrix, seed=seed), seed=seed, runner=runner)
    model = Collaborative(searched.settings).fit(matrix, runner=runner)
    return {"collaborative": model, "ease": model.ease, "als": model.als}


def _recommendations(
    history: LargeHistory, models: dict[str, Any], seed: int
) -> RecommendationReport:
    n_tracks, k = history.opinions.shape[1], max(_PROTOCOL.ks)
    likes = sparse.csc_array(history.opinions > 0)
    popularity = np.diff(likes.indptr)
    n = len(history.users)
    lists = {
        name: model.recommend_for(history.opinions[history.users], k, exclude_seen=False)[0]
        for name, model in models.items()
    }
    rng = np.random.default_rng(seed)
    popular = np.argsort(-popularity, kind="stable")[:k]
    lists["popularity"] = np.tile(popular, (n, 1))
    lists["random"] = np.stack([rng.permutation(n_tracks)[:k] for _ in range(n)])
    results = {
        name: ranking_metrics(
            found,
            history.held_out,
            ks=_PROTOCOL.ks,
            n_items=n_tracks + history.n_new_tracks,
            n_candidates=n_tracks,
            popularity=np.concatenate([popularity, np.zeros(history.n_new_tracks)]),
            n_listeners=history.opinions.shape[0],
        )
        for name, found in lists.items()
    }
    return protocol_report(
        results,
        _PROTOCOL,
        engine=next(iter(models)),
        n_tracks=n_tracks,
        baselines=("popularity", "random"),
        seed=seed,
    )
