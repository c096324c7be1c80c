"""What pretrained ears say of tags, brought to one scale: how much more of a tag a track has."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.library import Catalogue, Library
from segue.pipeline.analysing.ears import heard_by, predicted_tags

Scores = NDArray[np.float32]

_LEAST_CHANCE: Final = 1e-6


def tag_levels(library: Library, catalogue: Catalogue) -> dict[str, Scores]:
    """Return for each predicted tag its standardised log-odds ``[n_tracks]``, NaN if unheard.

    Where several ears know a tag it is the mean of theirs.
    """
    by_tag: dict[str, list[Scores]] = {}
    for ear in heard_by(library):
        tags, chances = predicted_tags(library, catalogue, ear)
        heard = ~np.isnan(chances).any(axis=1)
        if not heard.any():
            continue
        clipped = np.clip(chances, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
        odds = np.log(clipped) - np.log1p(-clipped)
        spread = odds[heard].std(axis=0)
        spread[spread < 1e-6] = np.inf  # all tracks alike: nothing to tell
        odds = (odds - odds[heard].mean(axis=0)) / spread
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
