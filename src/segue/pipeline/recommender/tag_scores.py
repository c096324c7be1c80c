"""Scores of the tags that pretrained encoders predict, standardized over the tracks."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.library import Catalogue, Library
from segue.pipeline.analysis.pretrained_embeddings import encoders_with_embeddings, predicted_tags

Scores = NDArray[np.float32]

_MIN_PROBABILITY: Final = 1e-6


def tag_scores(library: Library, catalogue: Catalogue) -> dict[str, Scores]:
    """Return the standardized log-odds of each predicted tag, ``[n_tracks]``, by its name.

    They are NaN for tracks that were not analyzed, and the mean of all encoders that know the tag.
    """
    by_tag: dict[str, list[Scores]] = {}
    for encoder in encoders_with_embeddings(library):
        tags, probabilities = predicted_tags(library, catalogue, encoder)
        known = ~np.isnan(probabilities).any(axis=1)
        if not known.any():
            continue
        clipped = np.clip(probabilities, _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
        odds = np.log(clipped) - np.log1p(-clipped)
        spread = odds[known].std(axis=0)
        spread[spread < 1e-6] = np.inf  # all tracks alike: the tag says nothing
        odds = (odds - odds[known].mean(axis=0)) / spread
        for column, tag in enumerate(tags):
            by_tag.setdefault(tag, []).append(odds[:, column])
    return {tag: mean_score(columns) for tag, columns in by_tag.items()}


def mean_score(columns: Sequence[Scores]) -> Scores:
    """Return the mean of columns without their NaN; NaN where all are."""
    stacked = np.stack(columns)
    there = ~np.isnan(stacked)
    total = np.where(there, stacked, 0).sum(axis=0)
    mean: Scores = np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)
    return mean
