"""Evaluate similarity: precision of nearest neighbors, and hubness.

Every space (`training.spaces`) is queried with the same tracks among the same tracks, those that
have a vector in all spaces. An encoder that learned labels has seen those of its train tracks, so
with such an encoder only tracks of the evaluated part are queries; their neighbors may be of any
part, as in recommendations. An encoder that learned in folds is queried with a track by the network
that did not learn from it. Spaces that learned no labels are also evaluated on all tracks. Hubness
needs no labels and counts the lists of all tracks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError
from segue.evaluation import (
    HUB_CUT,
    HubReduction,
    Interval,
    NeighborScores,
    SimilarityReport,
    bootstrap_interval,
    hubness,
)
from segue.index import LocalScaling, MutualProximity, Rescale, plain
from segue.library import Catalogue, Library
from segue.pipeline.analysis.duplicates import recordings
from segue.pipeline.analysis.embeddings import KNN
from segue.pipeline.training.hubs import COSINE, MUTUAL_PROXIMITY, hub_decision
from segue.pipeline.training.labels import Labels, labels_of
from segue.pipeline.training.neighbours import (
    ALBUM,
    ARTIST,
    Codes,
    ComparedTracks,
    NeighborLists,
    Values,
    compared_tracks,
    comparison_notes,
    expected_precisions,
    neighbor_lists,
    precisions,
)
from segue.pipeline.training.spaces import (
    DESCRIPTORS,
    Space,
    held_out_lists,
    spaces,
    trained_target,
)
from segue.types import Progress, Split, no_progress

LOCAL_SCALING = "local_scaling"
RANDOM = "random"
_MAIN = f"precision@{HUB_CUT}"


@dataclass(frozen=True, slots=True)
class SimilarityEvaluation:
    """The report, the labels used (None without any), and notes on what could not be done."""

    report: SimilarityReport
    labels: Labels | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _QuerySet:
    """The compared tracks, the queries among them, their part, and the result of chance."""

    field: ComparedTracks
    queries: Codes
    split: str
    seed: int
    expected: Values


def evaluate_similarity(
    library: Library,
    catalogue: Catalogue,
    target: str | None = None,
    *,
    split: Split = "test",
    seed: int = 0,
    progress: Progress = no_progress,
) -> SimilarityEvaluation:
    """Evaluate the neighbors in every space by `target`, artist and album.

    Parameters
    ----------
    target
        A metadata column; by default the training target, else the genre.
    split
        The part of the queries if an encoder learned labels; valid if it is empty.

    Raises
    ------
    ModelError
        If no track has a vector in every space, `target` is given and cannot be evaluated, or there
        is nothing that neighbors could share.
    """
    found = spaces(library, catalogue)
    if not found:
        raise ModelError(
            "No track can be compared by its sound, since none has audio, frames or a trained"
            " model's vector: run segue preprocess on a dataset that has audio or frames."
        )
    labels, notes = _labels(
        library, catalogue, target or trained_target(library), needed=target is not None
    )
    usable = np.logical_and.reduce([space.has_vector for space in found])
    names = _names(labels) if labels else None
    field = compared_tracks(catalogue, recordings(library, catalogue), usable, names, seed=seed)
    if len(field.places) < 2:
        named = ", ".join(space.name for space in found)
        raise ModelError(
            f"Similarity needs at least 2 tracks with vectors in all of {named}, and there"
            f" are {len(field.places)}: run segue preprocess and segue train again."
        )
    notes += comparison_notes(field, int(usable.sum()), names)
    query_set = _held_out(library, catalogue, field, found, split=split, seed=seed)
    report = _judged(library, catalogue, found, query_set, labels=labels, progress=progress)
    return SimilarityEvaluation(report, labels, tuple(notes))


def _judged(
    library: Library,
    catalogue: Catalogue,
    found: Sequence[Space],
    query_set: _QuerySet,
    *,
    labels: Labels | None,
    progress: Progress,
) -> SimilarityReport:
    field = query_set.field
    every = _query_set(field, np.arange(len(field.places)), "all", query_set.seed)
    hubs, lists = {}, {}
    with progress("Evaluating similar tracks", len(found)) as advance:
        for space in found:
            listed = partial(_listed, field, space)
            by_method = held_out_lists(field, space, listed(space.vectors[field.places]), listed)
            used = hub_decision(library, catalogue, space.model).used if space.model else None
            lists[space.name] = by_method[used or COSINE]
            if len(by_method) > 1:
                fair = query_set if space.learned else every
                hubs[space.name] = _hubs_taken(fair, by_method, used)
            advance(1)
    first = next((name for name in (KNN, DESCRIPTORS) if name in lists), found[0].name)
    judged = _neighbours(query_set, lists, first)
    if not any(judged.n.values()):
        raise ModelError(
            f"No two tracks of the {query_set.split} part have a class, artist or album in common:"
            " add such columns to the metadata, or choose another --target."
        )
    unlearned = {space.name: lists[space.name] for space in found if not space.learned}
    everything = (
        _neighbours(every, unlearned, first) if query_set.split != "all" and unlearned else None
    )
    return SimilarityReport(
        model=first,
        target=labels.target if labels else None,
        n_tracks=len(field.places),
        judged=judged,
        everything=everything,
        hubs=hubs,
        learned=tuple(space.name for space in found if space.learned),
    )


def _labels(
    library: Library, catalogue: Catalogue, wanted: str, *, needed: bool
) -> tuple[Labels | None, list[str]]:
    """Return the labels to evaluate by, or None and the reason."""
    if wanted in (ARTIST, ALBUM):  # evaluated anyway
        return None, []
    labels = labels_of(library, catalogue, wanted)
    if len(labels.class_names) >= 2:
        return labels, []
    only = f"one, {labels.class_names[0]!r}" if labels.class_names else "none"
    reason = (
        f"Similar tracks cannot be evaluated by {wanted!r}, which needs two classes of 2 tracks"
        f" and has {only}: add labels, or choose another --target."
    )
    if needed:
        raise ModelError(reason)
    return None, [reason + " Only artists and albums are evaluated."]


def _names(labels: Labels) -> list[str | None]:
    return [labels.class_names[i] if i >= 0 else None for i in labels.labels.tolist()]


def _held_out(
    library: Library,
    catalogue: Catalogue,
    field: ComparedTracks,
    found: Sequence[Space],
    *,
    split: Split,
    seed: int,
) -> _QuerySet:
    """Return the tracks that may be queries: those of the evaluated part for learned spaces."""
    learned = {space.target for space in found if space.learned and space.target}
    if not learned:
        return _query_set(field, np.arange(len(field.places)), "all", seed)
    drawn = [labels_of(library, catalogue, target) for target in sorted(learned)]
    for part in dict.fromkeys((split, "valid")):
        mask = np.logical_and.reduce([labels.mask(part) for labels in drawn])
        queries = np.flatnonzero(mask[field.places])
        if len(queries):
            return _query_set(field, queries, part, seed)
    raise ModelError(
        f"No track of the {split} part can be compared: choose another --split, or train again on"
        " the library as it is now."
    )


def _query_set(field: ComparedTracks, queries: Codes, split: str, seed: int) -> _QuerySet:
    return _QuerySet(field, queries, split, seed, expected_precisions(field, queries))


def _listed(
    field: ComparedTracks, space: Space, vectors: NDArray[np.float32]
) -> dict[str, NeighborLists]:
    return {
        name: neighbor_lists(field, vectors, rescale)
        for name, rescale in _methods(space, vectors).items()
    }


def _methods(space: Space, vectors: NDArray[np.float32]) -> dict[str, Rescale]:
    """Return the methods to compare; single descriptors are only compared by cosine."""
    if space.model is None and space.name != DESCRIPTORS:
        return {COSINE: plain}
    return {
        COSINE: plain,
        MUTUAL_PROXIMITY: MutualProximity.fit(vectors).between,
        LOCAL_SCALING: LocalScaling.fit(vectors).between,
    }


def _hubs_taken(
    query_set: _QuerySet, by_method: Mapping[str, NeighborLists], used: str | None
) -> HubReduction:
    judged = _neighbours(query_set, by_method, MUTUAL_PROXIMITY, baseline=False)
    return HubReduction(
        used=used,
        split=judged.split,
        methods=judged.models,
        intervals=judged.intervals,
        difference=judged.differences.get(COSINE, {}).get(_MAIN),
    )


def _neighbours(
    query_set: _QuerySet, lists: Mapping[str, NeighborLists], first: str, *, baseline: bool = True
) -> NeighborScores:
    """Return means and intervals of all `lists`, and of `first` minus each, by artist."""
    values = {
        name: precisions(query_set.field, found, query_set.queries, query_set.expected)
        for name, found in lists.items()
    }
    n = {name: int(np.isfinite(values).sum()) for name, values in query_set.expected.items()}
    models, intervals = {}, {}
    for name, found in lists.items():
        means, bounds = _means(query_set, values[name], n)
        models[name] = means | hubness(found.near, len(query_set.field.places)).metrics()
        intervals[name] = bounds
    if baseline:
        models[RANDOM], intervals[RANDOM] = _means(query_set, query_set.expected, n)
    return NeighborScores(
        split=query_set.split,
        n=n,
        models=models,
        intervals=intervals,
        differences=_differences(query_set, values, first) if n.get(_MAIN) else {},
    )


def _differences(
    query_set: _QuerySet, values: Mapping[str, Values], first: str
) -> dict[str, dict[str, Interval]]:
    if first not in values:
        return {}
    pairs = {name: values[first][_MAIN] - each[_MAIN] for name, each in values.items()}
    groups = query_set.field.artists[query_set.queries]
    bounds = bootstrap_interval(pairs, groups=groups, seed=query_set.seed)
    return {name: {_MAIN: interval} for name, interval in bounds.items() if name != first}


def _means(
    query_set: _QuerySet, values: Values, n: Mapping[str, int]
) -> tuple[dict[str, float], dict[str, Interval]]:
    known = {name: column for name, column in values.items() if n[name]}
    groups = query_set.field.artists[query_set.queries]
    means = {name: float(np.nanmean(column)) for name, column in known.items()}
    return means, bootstrap_interval(known, groups=groups, seed=query_set.seed)
