"""Metrics of tagging, for each tag separately: a track may have several tags or none.

Conventions
-----------
- `truth` ``[n_tracks, n_tags]`` marks the tags of each track; `scores` are higher for more likely
  tags. Only the order of a tag's scores counts; ties count half.
- A tag is evaluated if some track has it and another does not; NaN means undefined.

Metrics
-------
roc_auc            of a tag: the share of pairs, one track with it and one without, that are in
                   order: 0.5 for guessing
average_precision  of a tag: the mean precision at each track that has it, highest score first; for
                   guessing about the share of tracks that have the tag
..._macro          plain mean over the evaluated tags

These are scikit-learn's definitions; tests compare the two. Intervals resample whole groups
(artists), as in `segue.evaluation.intervals`; resamples in which a tag is undefined are left out of
its interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.evaluation.intervals import (
    DEFAULT_CONFIDENCE,
    DEFAULT_RESAMPLES,
    Interval,
    check_bootstrap,
    percentile_bounds,
)
from segue.evaluation.resamples import FloatArray, resampled_members

TAG_METRICS = ("roc_auc", "average_precision")
TAGGING_METRICS = tuple(f"{metric}_macro" for metric in TAG_METRICS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagScore:
    """The metrics of one tag, and its number of tracks (`support`)."""

    roc_auc: float
    average_precision: float
    support: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggingResult:
    """The metrics on `n` tracks; `per_tag` has every tag, NaN if it is not evaluated."""

    n: int
    per_tag: Mapping[str, TagScore]
    metrics: Mapping[str, float]

    @property
    def n_judged(self) -> int:
        """The number of evaluated tags."""
        return sum(0 < score.support < self.n for score in self.per_tag.values())


@dataclass(frozen=True, slots=True)
class Resampled:
    """Both metrics of each tag in each resample ``[2, n_resamples, n_tags]``."""

    scores: FloatArray

    @property
    def macro(self) -> FloatArray:
        """The macro metrics of each resample ``[n_resamples, 2]``."""
        defined = ~np.isnan(self.scores)
        counts = defined.sum(axis=2)
        sums = np.where(defined, self.scores, 0.0).sum(axis=2)
        return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).T)

    def intervals(self, confidence: float = DEFAULT_CONFIDENCE) -> dict[str, Interval]:
        """Return the intervals of the macro metrics by name."""
        return dict(zip(TAGGING_METRICS, percentile_bounds(self.macro, confidence), strict=True))

    def tag_intervals(self, confidence: float = DEFAULT_CONFIDENCE) -> list[dict[str, Interval]]:
        """Return the intervals of each tag's metrics by name, in the order of the tags."""
        bounds = [percentile_bounds(table, confidence) for table in self.scores]
        return [dict(zip(TAG_METRICS, pair, strict=True)) for pair in zip(*bounds, strict=True)]

    def minus(
        self, other: "Resampled", confidence: float = DEFAULT_CONFIDENCE
    ) -> dict[str, Interval]:
        """Return the intervals of the macro metrics' paired differences, this one minus `other`.

        Both must come from the same tracks, groups and seed.
        """
        bounds = percentile_bounds(self.macro - other.macro, confidence)
        return dict(zip(TAGGING_METRICS, bounds, strict=True))


def tagging_metrics(truth: ArrayLike, scores: ArrayLike, tag_names: Sequence[str]) -> TaggingResult:
    """Evaluate the scores of tags.

    Parameters
    ----------
    truth : bool ``[n_tracks, n_tags]``
    scores : float ``[n_tracks, n_tags]``
    tag_names : sequence of str ``[n_tags]``

    Raises
    ------
    ValueError
        If the shapes differ, there are no tracks, or a score is NaN.

    Examples
    --------
    >>> found = tagging_metrics([[1, 0], [0, 1], [1, 1]], [[9, 0], [2, 1], [1, 1]], ["a", "b"])
    >>> found.per_tag["a"].roc_auc, found.per_tag["b"].roc_auc, found.metrics["roc_auc_macro"]
    (0.5, 1.0, 0.75)
    """
    has, given = _checked(truth, scores, len(tag_names))
    found = _scores(has, given, np.ones((1, len(has))))[:, 0]
    macro = Resampled(found[:, None]).macro[0]
    return TaggingResult(
        n=len(has),
        per_tag={
            name: TagScore(
                roc_auc=float(found[0, tag]),
                average_precision=float(found[1, tag]),
                support=int(has[:, tag].sum()),
            )
            for tag, name in enumerate(tag_names)
        },
        metrics=dict(zip(TAGGING_METRICS, macro.tolist(), strict=True)),
    )


def resample_tagging(
    truth: ArrayLike,
    scores: ArrayLike,
    *,
    n_resamples: int = DEFAULT_RESAMPLES,
    groups: ArrayLike | None = None,
    seed: int,
) -> Resampled:
    """Evaluate the scores of tags on resampled tracks, in whole `groups` ``[n_tracks]``.

    Raises
    ------
    ValueError
        As `tagging_metrics`; if `groups` is not ``[n_tracks]`` or `n_resamples` is below 1.

    Examples
    --------
    >>> tags = [[True], [False]] * 20
    >>> resample_tagging(tags, [[0.8], [0.2]] * 20, seed=0).intervals()["roc_auc_macro"]
    (1.0, 1.0)
    """
    has, given = _checked(truth, scores, np.shape(truth)[-1])
    check_bootstrap(DEFAULT_CONFIDENCE, n_resamples)
    parts = resampled_members(len(has), n_resamples, groups, seed)
    return Resampled(np.concatenate([_scores(has, given, times) for times in parts], axis=1))


def _scores(has: NDArray[np.bool_], scores: FloatArray, times: FloatArray) -> FloatArray:
    """Return both metrics of each tag ``[2, r, n_tags]`` with tracks counting `times` ``[r, n]``.

    NaN if no counted track has the tag, or all have it.
    """
    found = np.full((2, len(times), has.shape[1]), np.nan)
    for tag in range(has.shape[1]):
        if not 0 < has[:, tag].sum() < len(has):
            continue
        order = np.argsort(-scores[:, tag], kind="stable")
        ordered = scores[order, tag]
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))  # of equal scores
        counted = times[:, order]
        with_it = np.add.reduceat(counted * has[order, tag], starts, axis=1)
        without = np.add.reduceat(counted, starts, axis=1) - with_it
        found[0, :, tag] = _roc_auc(with_it, without)
        found[1, :, tag] = _average_precision(with_it, without)
    return found


def _roc_auc(with_it: FloatArray, without: FloatArray) -> FloatArray:
    """Return the share of pairs in order, from counts by descending score ``[r, n_scores]``."""
    above = np.cumsum(with_it, axis=1) - with_it / 2  # ties count half
    pairs = with_it.sum(axis=1) * without.sum(axis=1)
    ordered = (above * without).sum(axis=1)
    return np.where(pairs > 0, ordered / np.maximum(pairs, 1), np.nan)


def _average_precision(with_it: FloatArray, without: FloatArray) -> FloatArray:
    right = np.cumsum(with_it, axis=1)
    precision = right / np.maximum(right + np.cumsum(without, axis=1), 1)
    total, others = with_it.sum(axis=1), without.sum(axis=1)
    judged = (total > 0) & (others > 0)
    return np.where(judged, (precision * with_it).sum(axis=1) / np.maximum(total, 1), np.nan)


def _checked(
    truth: ArrayLike, scores: ArrayLike, n_tags: int
) -> tuple[NDArray[np.bool_], FloatArray]:
    has, given = np.asarray(truth, dtype=np.bool_), np.asarray(scores, dtype=np.float64)
    if has.ndim != 2 or has.shape != given.shape or has.shape[1] != n_tags:
        raise ValueError(
            f"truth and scores have shapes {has.shape} and {given.shape} for {n_tags} tags: "
            "give [n_tracks, n_tags] of both."
        )
    if not len(has):
        raise ValueError("there are no tracks to evaluate: give at least one.")
    if np.isnan(given).any():
        raise ValueError("a score is NaN: leave out tracks that a model cannot score.")
    return has, given
