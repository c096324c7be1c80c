"""Tag scores of pretrained encoders on one scale: how much more of a tag a track has."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.library import Catalogue, Library
from segue.pipeline.analysing.pretrained_embeddings import encoders_with_embeddings, predicted_tags

Scores = NDArray[np.float32]

_LEAST_CHANCE: Final = 1e-6


def tag_levels(library: Library, catalogue: Catalogue) -> dict[str, Scores]:
    """Return for each predicted tag its standardised log-odds ``[n_tracks]``, NaN if unknown.

    It is the mean of all encoders that know the tag.
    """
    by_tag: dict[str, list[Scores]] = {}
    for encoder in encoders_with_embeddings(library):
        tags, chances = predicted_tags(library, catalogue, encoder)
        known = ~np.isnan(chances).any(axis=1)
        if not known.any():
            continue
        clipped = np.clip(chances, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
        odds = np.log(clipped) - np.log1p(-clipped)
        spread = odds[known].std(axis=0)
        spread[spread < 1e-6] = np.inf  # all tracks alike: nothing to tell
        odds = (odds - odds[known].mean(axis=0)) / spread
        for column, tag in enumerate(tags):
            by_tag.setdefault(tag, []).append(odds[:, column])
    return {tag: mean_level(columns) for tag, columns in by_tag.items()}


def mean_level(columns: Sequence[Scores]) -> Scores:
    """Average what there is; NaN where there is nothing."""
    stacked = np.stack(columns)
    there = ~np.isnan(stacked)
    total = np.where(there, stacked, 0).sum(axis=0)
    mean: Scores = np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)
    return mean
