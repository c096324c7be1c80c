"""Encoder selection: choose the encoder of each signal by its neighbors on the validation part.

A signal uses one of several encoders. The quality of an encoder is the precision of the ten nearest
neighbors of every validation track, without tracks of the same artist: the share with the class of
the track (with its artist and no filter, where the encoders were trained by contrast). All
descriptors together are measured the same way. The first candidate is used that is not worse than
the best by more than a standard error: few tracks do not overrule an order that other collections
gave (docs/similarity.md). An encoder below the descriptors is used only if it is requested by name.
The decision and its figures are stored until an encoder changes or the library doubles.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError
from segue.library import Catalogue, Library
from segue.pipeline.analysis.duplicates import recordings
from segue.pipeline.analysis.pretrained_embeddings import encoders_with_embeddings
from segue.pipeline.training.combinations import COMBINATIONS, is_complete, model_id
from segue.pipeline.training.labels import MIN_JUDGED, artist_groups, labels_of
from segue.pipeline.training.neighbours import (
    ARTIST,
    Codes,
    ComparedTracks,
    compared_tracks,
    expected_precisions,
    neighbor_lists,
    precisions,
)
from segue.pipeline.training.spaces import (
    DESCRIPTORS,
    Space,
    descriptor_space,
    model_space,
    trained_target,
)

Precisions = NDArray[np.float64]

CHOICE: Final = "choice"
CANDIDATES: Final[Mapping[str, Sequence[str]]] = {
    "timbre": (*COMBINATIONS, "musicnn", "instruments", "vgg", "cnn"),
    "temporal": ("rnn", "transformer"),
}
"""The encoders that each signal can use; the first of equals is used."""

MIN_QUERIES: Final = MIN_JUDGED
"""With fewer validation tracks the first available encoder is used."""

_VERSION = 2  # raised when the rules of the decision change


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSelection:
    """The encoder of each signal (None: no encoder), with the figures of the decision.

    `precision` is the precision@10 on `n` validation tracks, for every candidate and for the
    descriptors; empty where too few tracks could be used. `judged_by` is the property that a
    relevant neighbor shares with the query.
    """

    used: Mapping[str, str | None]
    precision: Mapping[str, float]
    judged_by: str
    n: int

    def best(self, signal: str) -> str | None:
        """Return the encoder of a signal, the best if none is used; None if there is none."""
        if self.used[signal] is not None:
            return self.used[signal]
        there = [one for one in CANDIDATES[signal] if one in self.precision]
        if there:
            return max(there, key=lambda one: self.precision[one])
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return the decision as a JSON-compatible dictionary."""
        return asdict(self)


def select_encoders(library: Library, catalogue: Catalogue) -> EncoderSelection:
    """Return the stored decision; make it again if the set of encoders has changed."""
    there = candidates(library)
    # the name of a store identifies the model and its training run
    names = [model_id(library, model) for model in there]
    # a library of twice the size is decided again
    fingerprint = " ".join((str(_VERSION), *names, str(len(catalogue).bit_length())))
    kept = _kept(library)
    if kept.get("fingerprint") == fingerprint:
        return EncoderSelection(**kept["choice"])
    made = _made(library, catalogue, there)
    if there:
        with library.models.saving(CHOICE, {"fingerprint": fingerprint, "choice": made.to_dict()}):
            pass
    return made


def candidates(library: Library) -> list[str]:
    """Return the encoders of all signals that are trained here or have embedded the library."""
    pretrained = encoders_with_embeddings(library)
    return [
        name
        for names in CANDIDATES.values()
        for name in names
        if name in library.models
        or name in pretrained
        or (name in COMBINATIONS and is_complete(library, name))
    ]


def _kept(library: Library) -> dict[str, Any]:
    if CHOICE not in library.models:
        return {}
    try:
        return library.models.manifest(CHOICE)
    except ModelError:
        # unreadable: decide again
        return {}


def _made(library: Library, catalogue: Catalogue, there: Sequence[str]) -> EncoderSelection:
    spaces = [model_space(library, catalogue, model) for model in there]
    described = descriptor_space(library, catalogue)
    if described is not None:
        spaces.append(described)
    values, judged_by, n = _precisions(library, catalogue, spaces)
    precision = {name: round(float(np.nanmean(each)), 6) for name, each in values.items()}
    least = precision.get(DESCRIPTORS, 0.0)
    used: dict[str, str | None] = {}
    for signal, few in CANDIDATES.items():
        good = [one for one in few if one in there and precision.get(one, least) >= least]
        used[signal] = _first_of_the_best(good, values)
    return EncoderSelection(used=used, precision=precision, judged_by=judged_by, n=n)


def _first_of_the_best(found: Sequence[str], values: Mapping[str, Precisions]) -> str | None:
    """Return the first encoder that is not surely worse than the best; None if there is none.

    One is worse if its mean precision is lower by more than a standard error of the differences.
    """
    if not found or found[0] not in values:
        return next(iter(found), None)
    best = max(found, key=lambda one: float(np.nanmean(values[one])))
    for one in found:
        lost = values[best] - values[one]
        if np.nanmean(lost) <= np.nanstd(lost) / np.sqrt(np.isfinite(lost).sum()):
            return one
    return best


def _precisions(
    library: Library, catalogue: Catalogue, spaces: Sequence[Space]
) -> tuple[dict[str, Precisions], str, int]:
    """Return the precisions of each space for the same queries; empty if there are too few."""
    placed = [space.has_vector for space in spaces if space.has_vector.any()]
    if not placed:
        return {}, "", 0
    field, queries, judged_by, metric = _asked(library, catalogue, np.logical_and.reduce(placed))
    expected = expected_precisions(field, queries)
    findable = np.isfinite(expected[metric])
    if findable.sum() < MIN_QUERIES:
        return {}, judged_by, int(findable.sum())
    queries, expected = queries[findable], {name: v[findable] for name, v in expected.items()}
    found = {}
    for space in spaces:
        lists = neighbor_lists(field, space.vectors[field.places])
        found[space.name] = precisions(field, lists, queries, expected)[metric]
    return found, judged_by, len(queries)


def _asked(
    library: Library, catalogue: Catalogue, usable: NDArray[np.bool_]
) -> tuple[ComparedTracks, Codes, str, str]:
    """Return the compared tracks, the validation queries, the shared property and the metric."""
    groups = recordings(library, catalogue)
    labels = labels_of(library, catalogue, trained_target(library))
    if labels.class_names:
        names = [labels.class_names[i] if i >= 0 else None for i in labels.labels.tolist()]
        field = compared_tracks(catalogue, groups, usable, names)
        judged_by, metric = labels.target, "precision@10"
    else:
        field = compared_tracks(catalogue, groups, usable, artist_groups(catalogue))
        judged_by, metric = ARTIST, "artist_precision@10"
    return field, np.flatnonzero(labels.mask("valid")[field.places]), judged_by, metric
