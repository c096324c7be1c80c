"""Moods of tracks: energy (calm to energetic) and valence (sad to happy), with confidences.

Both are means of parts, each in standard deviations of a reference collection: the mean log-odds of
tags that pretrained encoders predict and that speak for a dimension, minus that of tags that speak
against it (`_TAGS`), and a descriptor (`_DESCRIPTORS`): the level of all bands, or the changes of
the spectrum. A value is the share of the reference collection that has less of it, so that values
of different libraries compare. Without encoders the descriptors alone are a weaker estimate.

The confidence of a value is the probability that the track is on that side of the middle (0.5): the
normal distribution function of the distance from the middle over the error (`_ERROR`) of such
estimates, at most `MAX_CONFIDENCE`. It is 0.5 where a descriptor alone decides and is farther from
the mean of the reference collection than music is (`_MAX_DEVIATIONS`): a tone, a hum. A silent
track has no moods. docs/encoders.md has the reference collection, and how all this was checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio import summary_names
from segue.library import Catalogue, Library
from segue.pipeline.analysis.inputs import ANALYSIS, AUDIO, open_store
from segue.pipeline.analysis.pretrained_embeddings import (
    encoders_with_embeddings,
    predicted_tags,
    pretrained_store,
)

Values = NDArray[np.float64]

ENERGY: Final = "energy"
VALENCE: Final = "valence"
DIMENSIONS: Final = (ENERGY, VALENCE)

MIN_CONFIDENCE: Final = 0.75
"""The confidence from which a track has a mood word."""

MAX_CONFIDENCE: Final = 0.99
_MAX_DEVIATIONS: Final = 3.5
"""Standard deviations from the reference collection up to which descriptors count."""
_MIN_PROBABILITY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class TagContrast:
    """Tags of an encoder for and against a dimension; chosen by their meaning, not fitted.

    `mean` and `spread` are those of the difference of their log-odds in the reference collection.
    """

    encoder: str
    above: str
    below: str
    mean: float
    spread: float


_TAGS: Final[Mapping[str, tuple[TagContrast, ...]]] = {
    ENERGY: (
        TagContrast(
            "musicnn",
            "party,dance,punk,rock,metal,catchy",
            "mellow,chillout,easy listening,acoustic,beautiful,sad,folk",
            -0.298,
            1.374,
        ),
        TagContrast(
            "instruments",
            "loud,fast,beat,beats,drums,techno,dance,metal,rock",
            "slow,quiet,soft,ambient,new age,solo",
            0.287,
            2.310,
        ),
    ),
    VALENCE: (
        TagContrast(
            "musicnn",
            "happy,party,dance,funk,catchy,pop,soul",
            "sad,ambient,experimental,beautiful,metal",
            -0.560,
            1.579,
        ),
        TagContrast(
            "instruments",
            "dance,fast,pop,country,beat,beats",
            "slow,ambient,new age,quiet,weird,choir",
            0.347,
            2.074,
        ),
    ),
}

_LEVEL: Final = ("mean", -14.376, 8.722)
_FLUX: Final = ("change", 2.682, 0.696)
_DESCRIPTORS: Final = {ENERGY: (_LEVEL,), VALENCE: (_FLUX,)}
"""The statistic of the log-mel spectrum that is part of each dimension, averaged over bands, and
its mean and standard deviation in the reference collection."""

_DESCRIPTORS_ALONE: Final = {ENERGY: (_LEVEL, _LEVEL, _FLUX), VALENCE: (_FLUX,)}
"""Those that are averaged where there are no embeddings."""

_SPREAD: Final[Mapping[str, tuple[float, float]]] = {ENERGY: (0.913, 0.802), VALENCE: (0.878, 1.0)}
"""Standard deviation of the mean of the parts in the reference collection: with and without
encoders."""

_ERROR: Final[Mapping[str, tuple[float, float]]] = {ENERGY: (0.5, 0.6), VALENCE: (0.6, 1.0)}
"""Standard deviation of the errors of the estimates, in those of the collection: with and without
encoders."""


@dataclass(frozen=True, slots=True)
class TrackMoods:
    """Energy and valence of the tracks of a catalogue, from 0 to 1, ``[n_tracks]`` each.

    A confidence is from 0.5 to 1. All are NaN where nothing of a track was analyzed, or it is
    silent.
    """

    energy: Values
    energy_confidence: Values
    valence: Values
    valence_confidence: Values

    def words(self, position: int) -> dict[str, float]:
        """Return the mood words of a track with their confidences, the surest first.

        Words are calm, energetic, sad and happy; aggressive is energetic and not happy, relaxed
        calm and not sad. Those below `MIN_CONFIDENCE` are left out.
        """
        energetic = _probability(self.energy[position], self.energy_confidence[position])
        happy = _probability(self.valence[position], self.valence_confidence[position])
        chances = {
            "energetic": energetic,
            "calm": 1 - energetic,
            "happy": happy,
            "sad": 1 - happy,
            "aggressive": energetic * (1 - happy),
            "relaxed": (1 - energetic) * happy,
        }
        ordered = sorted(chances.items(), key=lambda pair: -pair[1])
        return {word: round(chance, 3) for word, chance in ordered if chance >= MIN_CONFIDENCE}


def track_moods(library: Library, catalogue: Catalogue) -> TrackMoods:
    """Return the moods of all tracks, from the encoders' tags and descriptors, or these alone."""
    bands, silent = _log_mel_summary(library, catalogue)
    found: dict[str, Values] = {}
    for name in DIMENSIONS:
        tags = _tag_scores(library, catalogue, name)
        has_tags = ~np.isnan(tags).all(axis=0)
        alone = [_standardized(bands, *one) for one in _DESCRIPTORS_ALONE[name]]
        parts = [*tags, *(_clipped(_standardized(bands, *one)) for one in _DESCRIPTORS[name])]
        spread, spread_alone = _SPREAD[name]
        error, error_alone = _ERROR[name]
        scores_alone = _mean_known([_clipped(part) for part in alone]) / spread_alone
        scores = np.where(has_tags, _mean_known(parts) / spread, scores_alone)
        confidence = _normal(np.abs(scores) / np.where(has_tags, error, error_alone))
        unlike_music = ~has_tags & (np.abs(np.stack(alone)) > _MAX_DEVIATIONS).any(axis=0)
        confidence = np.where(unlike_music, 0.5, confidence.clip(max=MAX_CONFIDENCE))
        found[name] = np.where(silent, np.nan, _normal(scores))
        found[f"{name}_confidence"] = np.where(silent | np.isnan(scores), np.nan, confidence)
    return TrackMoods(**found)


def has_predicted_tags(library: Library, catalogue: Catalogue) -> NDArray[np.bool_]:
    """Return which tracks have moods by the tags of an encoder, ``[n_tracks]``."""
    encoders = {part.encoder for parts in _TAGS.values() for part in parts}
    rows = [pretrained_store(library, name).rows() for name in encoders]
    return np.isin(catalogue.rows, np.concatenate(rows))


def _probability(value: float, confidence: float) -> float:
    """Return the probability of the upper side, 0.5 where a value is unknown."""
    if np.isnan(value):
        return 0.5
    return float(confidence if value >= 0.5 else 1 - confidence)


def _tag_scores(library: Library, catalogue: Catalogue, dimension: str) -> Values:
    """Return the standardized difference of each encoder, ``[n_encoders, n_tracks]``."""
    there = encoders_with_embeddings(library)
    scores = np.full((len(_TAGS[dimension]), len(catalogue)), np.nan)
    for place, part in enumerate(_TAGS[dimension]):
        if part.encoder in there:
            tags, probabilities = predicted_tags(library, catalogue, part.encoder)
            clipped = np.clip(probabilities.astype(float), _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
            odds = np.log(clipped) - np.log1p(-clipped)
            above, below = (_mean_of(odds, tags, names) for names in (part.above, part.below))
            scores[place] = (above - below - part.mean) / part.spread
    return scores


def _mean_of(odds: Values, tags: Sequence[str], names: str) -> Values:
    columns = [tags.index(name) for name in names.split(",")]
    return np.asarray(odds[:, columns].mean(axis=1))


def _log_mel_summary(
    library: Library, catalogue: Catalogue
) -> tuple[Mapping[str, Values], NDArray[np.bool_]]:
    """Return statistics of the log-mel spectrum, averaged over its bands, and silent tracks.

    All are ``[n_tracks]``.
    """
    summary = open_store(library, AUDIO.summary).matrix("summary", catalogue.rows)
    names = summary_names(ANALYSIS)
    known = summary.shape[1] > 0  # some track was analyzed
    found = {}
    for statistic in {one[0] for one in (_LEVEL, _FLUX)}:
        places = [
            place
            for place, name in enumerate(names)
            if name.startswith("log_mel[") and name.endswith(f".{statistic}")
        ]
        columns = summary[:, places] if known else np.full((len(catalogue), 1), np.nan)
        found[statistic] = columns.mean(axis=1, dtype=float)
    if not known:
        return found, np.zeros(len(catalogue), bool)
    silent = np.isnan(summary[:, names.index("loudness")]) & ~np.isnan(found[_LEVEL[0]])
    return found, silent


def _standardized(
    bands: Mapping[str, Values], statistic: str, mean: float, spread: float
) -> Values:
    return (bands[statistic] - mean) / spread


def _clipped(part: Values) -> Values:
    return np.clip(part, -_MAX_DEVIATIONS, _MAX_DEVIATIONS)


def _mean_known(columns: Sequence[Values]) -> Values:
    """Return the mean of columns without their NaN; NaN where all are."""
    stacked = np.stack(columns)
    there = ~np.isnan(stacked)
    total = np.where(there, stacked, 0).sum(axis=0)
    return np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)


def _normal(scores: Values) -> Values:
    """Return the normal distribution function."""
    from scipy.special import ndtr

    return np.asarray(ndtr(scores), np.float64)
