"""Moods of tracks: energy (calm to energetic) and valence (sad to happy), with confidences.

Both are means of parts, each in standard deviations of a reference collection: the mean log-odds of
tags that pretrained encoders predict and that speak for a dimension, minus that of tags that speak
against it (`_TAGS`), and a descriptor (`_DESCRIPTORS`): the level of all bands, or the changes of
the spectrum. A value is the share of the reference collection that has less of it, so that values
of different libraries compare. Without encoders the descriptors alone are a weaker estimate.

The confidence of a value is the probability that the track is on that side of the middle (0.5): the
normal distribution function of the distance from the middle over the error (`_ERROR`) of such
estimates. docs/encoders.md has the reference collection, and how all this was checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio import summary_names
from segue.library import Catalogue, Library
from segue.pipeline.analysis.inputs import ANALYSIS, AUDIO, open_store
from segue.pipeline.analysis.pretrained_embeddings import encoders_with_embeddings, predicted_tags

Values = NDArray[np.float64]

ENERGY: Final = "energy"
VALENCE: Final = "valence"
DIMENSIONS: Final = (ENERGY, VALENCE)

MIN_CONFIDENCE: Final = 0.75
"""The confidence from which a track has a mood word."""

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

    A confidence is from 0.5 to 1. All are NaN where nothing of a track was analyzed.
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
    bands = _log_mel_summary(library, catalogue)
    found: dict[str, Values] = {}
    for name in DIMENSIONS:
        tags = _tag_scores(library, catalogue, name)
        heard = ~np.isnan(tags).all(axis=0)
        parts = [*tags, *(_standardized(bands, *one) for one in _DESCRIPTORS[name])]
        alone = [_standardized(bands, *one) for one in _DESCRIPTORS_ALONE[name]]
        spread, spread_alone = _SPREAD[name]
        error, error_alone = _ERROR[name]
        scores = np.where(heard, _mean_known(parts) / spread, _mean_known(alone) / spread_alone)
        errors = np.where(heard, error, error_alone)
        found[name] = _normal(scores)
        found[f"{name}_confidence"] = _normal(np.abs(scores) / errors)
    return TrackMoods(**found)


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


def _log_mel_summary(library: Library, catalogue: Catalogue) -> Mapping[str, Values]:
    """Return statistics of the log-mel spectrum, averaged over its bands, ``[n_tracks]``."""
    summary = open_store(library, AUDIO.summary).matrix("summary", catalogue.rows)
    names = summary_names(ANALYSIS)
    found = {}
    for statistic in {one[0] for one in (_LEVEL, _FLUX)}:
        places = [
            place
            for place, name in enumerate(names)
            if name.startswith("log_mel[") and name.endswith(f".{statistic}")
        ]
        known = summary.shape[1] > 0  # some track was analyzed
        columns = summary[:, places] if known else np.full((len(catalogue), 1), np.nan)
        found[statistic] = columns.mean(axis=1, dtype=float)
    return found


def _standardized(
    bands: Mapping[str, Values], statistic: str, mean: float, spread: float
) -> Values:
    return (bands[statistic] - mean) / spread


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
