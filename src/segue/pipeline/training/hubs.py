"""Whether hubs are taken away from a model's neighbours: decided once a training, and kept.

Mutual proximity (see `segue.index.hubs`) is used where it helps on tracks that the model did not
learn from: the k-occurrence of all tracks is less skewed, and of the valid part's neighbours, with
the artist filter, no fewer are of the model's target. Where too few of those can be asked, all
tracks are asked for neighbours of their own artist (or what stands in for one). The figures of
both stay with the decision, under ``models/hubs``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from segue.errors import ModelError
from segue.evaluation import HUB_CUT, hubness
from segue.index import MutualProximity, Rescale, plain
from segue.library import Catalogue, Library
from segue.pipeline.analysing.duplicates import recordings
from segue.pipeline.analysing.embeddings import embedding_store
from segue.pipeline.training.labels import artist_groups, labels_of
from segue.pipeline.training.neighbours import (
    ARTIST,
    Codes,
    Field,
    chance,
    make_field,
    neighbour_lists,
    precisions,
)
from segue.pipeline.training.spaces import Space, model_space, trained_target
from segue.signals import VectorSignal

HUBS = "hubs"
COSINE, MUTUAL_PROXIMITY = "cosine", "mutual_proximity"
_VERSION = 1  # goes up when other decisions would be made
_LEAST_QUERIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HubDecision:
    """What is `used` for a model, and why: the figures of both, on `n` tracks of `split`.

    `judged_by` is what a right neighbour shares with the track that it is asked for. `figures` are
    by method and metric: ``precision@10``, ``hub_skewness@10``, ``largest_hub@10``,
    ``never_retrieved@10``.
    """

    used: str
    judged_by: str
    split: str
    n: int
    figures: Mapping[str, Mapping[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Return it as documents hold it."""
        return asdict(self)


def hub_decision(library: Library, catalogue: Catalogue, model: str) -> HubDecision:
    """Return the decision on the present training of `model`, made now if there is none yet."""
    # the store's name tells the model and the training of it
    fingerprint = f"{_VERSION} {embedding_store(library, model).directory.name}"
    if model not in library.models:
        # what was trained elsewhere is judged by what matters here
        fingerprint += f" {trained_target(library)}"
    kept = _kept(library)
    if kept.get(model, {}).get("fingerprint") == fingerprint:
        return HubDecision(**kept[model]["decision"])
    made = _decide(library, catalogue, model)
    if not made.n:
        # nothing to decide by yet: other tracks may come
        return made
    kept[model] = {"fingerprint": fingerprint, "decision": made.to_dict()}
    with library.models.saving(HUBS, {"decisions": kept}):
        pass
    return made


def without_hubs(
    library: Library, catalogue: Catalogue, model: str, signal: VectorSignal
) -> VectorSignal:
    """Return the signal of `model` with mutual proximity, if that was decided for it."""
    if hub_decision(library, catalogue, model).used != MUTUAL_PROXIMITY:
        return signal
    return replace(signal, hubs=MutualProximity.fit(signal.vectors))


def _kept(library: Library) -> dict[str, Any]:
    if HUBS not in library.models:
        return {}
    try:
        found: dict[str, Any] = library.models.manifest(HUBS).get("decisions", {})
    except ModelError:
        # what cannot be read is decided anew
        return {}
    return found


def _decide(library: Library, catalogue: Catalogue, model: str) -> HubDecision:
    space = model_space(library, catalogue, model)
    field, queries, judged_by, split = _asked(library, catalogue, space)
    vectors = space.vectors[field.places]
    if len(vectors) < 2:
        return HubDecision(used=COSINE, judged_by=judged_by, split=split, n=0, figures={})
    metric = f"precision{'_unfiltered' if judged_by == ARTIST else ''}@{HUB_CUT}"
    expected = chance(field, queries)
    methods: dict[str, Rescale] = {
        COSINE: plain,
        MUTUAL_PROXIMITY: MutualProximity.fit(vectors).between,
    }
    figures: dict[str, dict[str, float]] = {}
    n = 0
    for name, rescale in methods.items():
        lists = neighbour_lists(field, vectors, rescale)
        values = precisions(field, lists, queries, expected).get(metric, np.zeros(0))
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


def _asked(library: Library, catalogue: Catalogue, space: Space) -> tuple[Field, Codes, str, str]:
    """Return the tracks compared, those asked for neighbours, what is right, and their split."""
    groups = recordings(library, catalogue)
    target = space.target or trained_target(library)
    labels = labels_of(library, catalogue, target)
    if len(labels.class_names) >= 2:
        names = [labels.class_names[i] if i >= 0 else None for i in labels.labels.tolist()]
        field = make_field(catalogue, groups, space.has_vector, names)
        valid = np.flatnonzero(labels.mask("valid")[field.places])
        findable = np.isfinite(chance(field, valid)[f"precision@{HUB_CUT}"])
        if findable.sum() >= _LEAST_QUERIES:
            return field, valid[findable], target, "valid"
    field = make_field(catalogue, groups, space.has_vector, artist_groups(catalogue.tracks))
    if labels.objective == "contrast" and space.learned:
        # it has learned from the others which of them are of one artist
        return field, np.flatnonzero(labels.mask("valid")[field.places]), ARTIST, "valid"
    return field, np.arange(len(field.places)), ARTIST, "all"
