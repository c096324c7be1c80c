"""Hub reduction: decide once per training whether a model uses mutual proximity.

Mutual proximity (see `segue.index.hubs`) is used if it helps on tracks that the model was not
trained on: the k-occurrence of all tracks is less skewed, and the precision of the neighbors of
validation tracks (with the artist filter) does not fall. With too few such tracks, all tracks are
queried for neighbors of their own artist group. The decision and the figures of both methods are
stored under ``models/hubs``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from segue.errors import ModelError
from segue.evaluation import HUB_CUT, hubness
from segue.index import MutualProximity, Rescale, plain
from segue.library import Catalogue, Library
from segue.pipeline.analysis.duplicates import recordings
from segue.pipeline.training.combinations import model_id
from segue.pipeline.training.labels import artist_groups, labels_of
from segue.pipeline.training.neighbours import (
    ARTIST,
    Codes,
    ComparedTracks,
    NeighborLists,
    compared_tracks,
    expected_precisions,
    neighbor_lists,
    precisions,
)
from segue.pipeline.training.spaces import (
    Matrix,
    Space,
    held_out_lists,
    model_space,
    trained_target,
)
from segue.signals import VectorSignal

HUBS = "hubs"
COSINE, MUTUAL_PROXIMITY = "cosine", "mutual_proximity"
_VERSION = 2  # raised when the rules of the decision change
_MIN_QUERIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HubDecision:
    """The method `used` for a model, and the figures of both methods on `n` tracks of `split`.

    `judged_by` is the property that a relevant neighbor shares with the query. `figures` are by
    method and metric: ``precision@10``, ``hub_skewness@10``, ``largest_hub@10``,
    ``never_retrieved@10``.
    """

    used: str
    judged_by: str
    split: str
    n: int
    figures: Mapping[str, Mapping[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Return the decision as a JSON-compatible dictionary."""
        return asdict(self)


def hub_decision(library: Library, catalogue: Catalogue, model: str) -> HubDecision:
    """Return the decision for the current training of `model`; make it if there is none."""
    # the name of the store identifies the model and its training run
    fingerprint = f"{_VERSION} {model_id(library, model)}"
    if model not in library.models:
        # a pretrained encoder is evaluated on the main target of this library
        fingerprint += f" {trained_target(library)}"
    kept = _kept(library)
    if kept.get(model, {}).get("fingerprint") == fingerprint:
        return HubDecision(**kept[model]["decision"])
    made = _decide(library, catalogue, model)
    if not made.n:
        # no data for a decision yet
        return made
    kept[model] = {"fingerprint": fingerprint, "decision": made.to_dict()}
    with library.models.saving(HUBS, {"decisions": kept}):
        pass
    return made


def without_hubs(
    library: Library, catalogue: Catalogue, model: str, signal: VectorSignal
) -> VectorSignal:
    """Return the signal of `model`, with mutual proximity if that was decided."""
    if hub_decision(library, catalogue, model).used != MUTUAL_PROXIMITY:
        return signal
    return replace(signal, hubs=MutualProximity.fit(signal.vectors))


def _kept(library: Library) -> dict[str, Any]:
    if HUBS not in library.models:
        return {}
    try:
        found: dict[str, Any] = library.models.manifest(HUBS).get("decisions", {})
    except ModelError:
        # unreadable: decide again
        return {}
    return found


def _decide(library: Library, catalogue: Catalogue, model: str) -> HubDecision:
    space = model_space(library, catalogue, model)
    field, queries, judged_by, split = _asked(library, catalogue, space)
    vectors = space.vectors[field.places]
    if len(vectors) < 2:
        return HubDecision(used=COSINE, judged_by=judged_by, split=split, n=0, figures={})
    metric = f"precision{'_unfiltered' if judged_by == ARTIST else ''}@{HUB_CUT}"
    expected = expected_precisions(field, queries)

    def lists_by_method(vectors: Matrix) -> dict[str, NeighborLists]:
        methods: dict[str, Rescale] = {
            COSINE: plain,
            MUTUAL_PROXIMITY: MutualProximity.fit(vectors).between,
        }
        return {name: neighbor_lists(field, vectors, rescale) for name, rescale in methods.items()}

    served = lists_by_method(vectors)
    # precision is that of networks which did not learn from the query
    held_out = held_out_lists(field, space, served, lists_by_method)
    figures: dict[str, dict[str, float]] = {}
    n = 0
    for name, lists in served.items():
        values = precisions(field, held_out[name], queries, expected).get(metric, np.zeros(0))
        n = int(np.isfinite(values).sum())
        figures[name] = {
            f"precision@{HUB_CUT}": float(np.nanmean(values)) if n else 0.0,
            **hubness(lists.near, len(field.places)).metrics(),
        }
    before, after = figures[COSINE], figures[MUTUAL_PROXIMITY]
    right, skewed = f"precision@{HUB_CUT}", f"hub_skewness@{HUB_CUT}"
    helps = n > 0 and after[right] >= before[right] and after[skewed] < before[skewed]
    used = MUTUAL_PROXIMITY if helps else COSINE
    return HubDecision(used=used, judged_by=judged_by, split=split, n=n, figures=figures)


def _asked(
    library: Library, catalogue: Catalogue, space: Space
) -> tuple[ComparedTracks, Codes, str, str]:
    """Return the compared tracks, the queries, the shared property, and the split."""
    groups = recordings(library, catalogue)
    target = space.target or trained_target(library)
    labels = labels_of(library, catalogue, target)
    if len(labels.class_names) >= 2:
        names = [labels.class_names[i] if i >= 0 else None for i in labels.labels.tolist()]
        field = compared_tracks(catalogue, groups, space.has_vector, names)
        valid = np.flatnonzero(labels.mask("valid")[field.places])
        findable = np.isfinite(expected_precisions(field, valid)[f"precision@{HUB_CUT}"])
        if findable.sum() >= _MIN_QUERIES:
            return field, valid[findable], target, "valid"
    field = compared_tracks(catalogue, groups, space.has_vector, artist_groups(catalogue))
    if labels.objective == "contrast" and space.learned:
        # the other tracks taught it which of them share an artist
        return field, np.flatnonzero(labels.mask("valid")[field.places]), ARTIST, "valid"
    return field, np.arange(len(field.places)), ARTIST, "all"
