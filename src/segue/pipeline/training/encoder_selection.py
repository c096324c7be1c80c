"""Encoder selection: choose the encoder of each signal by the neighbors that it gives tracks.

A signal uses one of several encoders. Each is compared with a reference, all descriptors together
(in a library without descriptors, the first encoder): how many more of a track's ten nearest
neighbors by other artists share a label with it, over all labels that the library has
(`segue.pipeline.training.shared_labels`). Pretrained encoders learned no labels of the
library and are judged by all tracks, networks by those that they did not learn from. Test tracks
are neighbors, but no queries: they judge what is chosen here.

The mean of these differences is shrunken towards `PRIOR`, which comes from other collections and
counts as much as `PRIOR_QUERIES` tracks, so that a few tracks of a small library do not decide. The
interval resamples artists, and draws the prior's tracks as well. The encoder with the largest mean
is used. A network that is worse than the descriptors on the tracks of the library is not used; a
pretrained encoder is left out only if it is clearly worse: if its whole interval is below 0. A
network of which no track can be judged is used. The decision and its figures are
stored until an encoder changes or the library doubles.
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
from segue.pipeline.training.labels import labels_of
from segue.pipeline.training.neighbours import compared_tracks
from segue.pipeline.training.out_of_fold import learned_tracks
from segue.pipeline.training.shared_labels import LabelQueries, label_queries
from segue.pipeline.training.spaces import (
    DESCRIPTORS,
    Space,
    descriptor_space,
    model_space,
    trained_targets,
)

Values = NDArray[np.float64]

CHOICE: Final = "choice"
CANDIDATES: Final[Mapping[str, Sequence[str]]] = {
    "timbre": (*COMBINATIONS, "musicnn", "instruments", "vgg", "cnn"),
    "temporal": ("rnn", "transformer"),
}
"""The encoders that each signal can use; the first of equals is used."""

PRIOR: Final[Mapping[str, float]] = {
    "musicnn-blocks": 0.13,
    "musicnn-vgg-blocks": 0.13,
    "musicnn-vgg-instruments-blocks": 0.13,
    "musicnn-instruments-blocks": 0.12,
    "musicnn": 0.10,
    "instruments": 0.05,
    "vgg": 0.05,
}
"""By how much more neighbors share a label than those of the descriptors, in other collections:
game music and clips of ten genres (docs/similarity.md). Networks trained on the library: 0."""

PRIOR_QUERIES: Final = 50
"""Tracks that the prior counts as."""

_QUERY_SPREAD: Final = 0.3  # standard deviation of the difference of one track
_N_RESAMPLES: Final = 1_000
_VERSION = 4  # raised when the rules of the decision change


@dataclass(frozen=True, slots=True, kw_only=True)
class Advantage:
    """How much more of the neighbors share a label than those of the reference.

    `measured` is the mean over `n` tracks of this library, `mean` that with the `prior`, which
    counts as `n_prior` tracks; `low` and `high` are the 95 % interval of `mean`.
    """

    mean: float
    low: float
    high: float
    n: int
    measured: float | None
    prior: float
    n_prior: int = PRIOR_QUERIES


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSelection:
    """The encoder of each signal (None: no encoder), with the figures of the decision.

    `precision` is the share of neighbors with a label of the track, for every candidate and for the
    descriptors; empty where no track could be used. `advantage` compares each candidate with
    `reference`. `labels` are the columns whose labels were compared, on `n` tracks.
    """

    used: Mapping[str, str | None]
    precision: Mapping[str, float]
    advantage: Mapping[str, Advantage]
    labels: Sequence[str]
    n: int
    reference: str = DESCRIPTORS

    def best(self, signal: str) -> str | None:
        """Return the encoder of a signal, the best if none is used; None if there is none."""
        if self.used[signal] is not None:
            return self.used[signal]
        there = [one for one in CANDIDATES[signal] if one in self.advantage]
        return max(there, key=lambda one: self.advantage[one].mean, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return the decision as a JSON-compatible dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> "EncoderSelection":
        """Return the decision that `to_dict` gave."""
        advantage = {name: Advantage(**each) for name, each in kept["advantage"].items()}
        return cls(**{**kept, "advantage": advantage})


def select_encoders(library: Library, catalogue: Catalogue) -> EncoderSelection:
    """Return the stored decision; make it again if the set of encoders has changed."""
    there = candidates(library)
    # the name of a store identifies the model and its training run
    names = [model_id(library, model) for model in there]
    # a library of twice the size is decided again
    fingerprint = " ".join((str(_VERSION), *names, str(len(catalogue).bit_length())))
    kept = _kept(library)
    if kept.get("fingerprint") == fingerprint:
        return EncoderSelection.from_dict(kept["choice"])
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
    queries = _queries(library, catalogue, spaces)
    values = _values(library, catalogue, spaces, queries) if queries else {}
    reference = DESCRIPTORS if described is not None else next(iter(there), DESCRIPTORS)
    artists = queries.field.artists if queries else np.zeros(0, np.int64)
    advantage = {name: _advantage(name, reference, values, artists) for name in there}
    used: dict[str, str | None] = {}
    for signal, few in CANDIDATES.items():
        good = [one for one in few if one in there and _is_useful(one, advantage[one])]
        used[signal] = max(good, key=lambda one: advantage[one].mean, default=None)
    asked = {name: each[np.isfinite(each)] for name, each in values.items()}
    return EncoderSelection(
        used=used,
        precision={name: round(float(x.mean()), 6) for name, x in asked.items() if len(x)},
        advantage=advantage,
        labels=list(queries.columns) if queries else [],
        n=int(queries.queries.sum()) if queries else 0,
        reference=reference,
    )


def _is_useful(name: str, found: Advantage) -> bool:
    """Tell whether an encoder may be used: see the header of this module."""
    return found.high >= 0 if name in PRIOR else found.mean >= 0


def _queries(
    library: Library, catalogue: Catalogue, spaces: Sequence[Space]
) -> LabelQueries | None:
    """Return the queries among the tracks that have a vector in every space that has any."""
    placed = [space.has_vector for space in spaces if space.has_vector.any()]
    if not placed:
        return None
    field = compared_tracks(
        catalogue, recordings(library, catalogue), np.logical_and.reduce(placed)
    )
    asked = ~_test_tracks(library, catalogue)
    return label_queries(catalogue, field, asked, trained_targets(library))


def _test_tracks(library: Library, catalogue: Catalogue) -> NDArray[np.bool_]:
    """Return a mask of the tracks that are in the test part of the dataset or of any model."""
    kept = [library.splits(target) for target in trained_targets(library)]
    return np.array(
        [
            track.split == "test" or any(part.get(row) == "test" for part in kept)
            for track, row in zip(catalogue.tracks, catalogue.rows.tolist(), strict=True)
        ],
        bool,
    )


def _values(
    library: Library, catalogue: Catalogue, spaces: Sequence[Space], queries: LabelQueries
) -> dict[str, Values]:
    """Return the value of each compared track by space; NaN where a network learned from it.

    Where it learned in folds, the value is that by the network without the fold of the track.
    """
    found = {}
    places = queries.field.places
    for space in (space for space in spaces if space.has_vector.any()):
        values = queries.found_shares(space.vectors[places])
        if not space.held_out and space.learned and space.target is not None:
            manifest = library.models.manifest(space.model or space.name)
            learned = learned_tracks(labels_of(library, catalogue, space.target), manifest)
            values = np.where(learned[places], np.nan, values)
        for mask, vectors in space.held_out:
            values = np.where(mask[places], queries.found_shares(vectors[places]), values)
        found[space.name] = values
    return found


def _advantage(
    name: str, reference: str, values: Mapping[str, Values], artists: NDArray[np.int64]
) -> Advantage:
    prior = PRIOR.get(name, 0.0) - PRIOR.get(reference, 0.0)
    draws = np.random.default_rng(0)
    believed = PRIOR_QUERIES * prior
    believed_draws = draws.normal(believed, _QUERY_SPREAD * PRIOR_QUERIES**0.5, _N_RESAMPLES)
    compared = name in values and reference in values
    gained = values[name] - values[reference] if compared else np.zeros(0)
    asked = np.isfinite(gained)
    n = int(asked.sum())
    codes = np.unique(artists[asked], return_inverse=True)[1] if n else np.zeros(0, np.int64)
    sums, sizes = np.bincount(codes, gained[asked]), np.bincount(codes)
    drawn = draws.integers(0, max(len(sums), 1), (_N_RESAMPLES, len(sums)))
    totals = sums[drawn].sum(axis=1) if n else np.zeros(_N_RESAMPLES)
    counts = sizes[drawn].sum(axis=1) if n else np.zeros(_N_RESAMPLES)
    low, high = np.percentile((totals + believed_draws) / (counts + PRIOR_QUERIES), [2.5, 97.5])
    return Advantage(
        mean=round(float((sums.sum() + believed) / (n + PRIOR_QUERIES)), 6),
        low=round(float(low), 6),
        high=round(float(high), 6),
        n=n,
        measured=round(float(sums.sum() / n), 6) if n else None,
        prior=prior,
    )
