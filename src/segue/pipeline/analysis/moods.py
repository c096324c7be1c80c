"""Moods of tracks: energy (calm to energetic) and valence (sad to happy), with confidences.

Both are estimated from the tags that pretrained encoders predict: the mean log-odds of the tags
that speak for it, minus that of the tags that speak against it (`_TAGS`), in standard deviations of
a reference collection (`_REFERENCE`), averaged over the encoders. A value is the share of the
reference collection that has less of it, so that values of different libraries compare.

A track without embeddings has weaker estimates from descriptors: energy from the level of all bands
and the density of the spectrum, valence from the changes of the spectrum.

The confidence of a value is the probability that the track is on that side of the middle (0.5): the
normal distribution function of the distance from the middle over the error (`_ERROR`) of such
estimates. docs/encoders.md has how these were checked.
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
_LISTENERS: Final = {
    ENERGY: (
        "metal,heavy metal,hard rock,punk,rock,alternative rock,party,dance,house,electro",
        "mellow,chillout,chill,ambient,easy listening,acoustic,beautiful,sad,folk",
    ),
    VALENCE: (
        "happy,party,dance,funk,catchy,pop,soul,60s,oldies,sexy,country",
        "sad,ambient,experimental,beautiful,instrumental,progressive rock,metal",
    ),
}
_TAGS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "musicnn": _LISTENERS,
    "vgg": _LISTENERS,
    "instruments": {
        ENERGY: (
            "loud,fast,beat,beats,drums,techno,dance,metal,rock",
            "slow,quiet,soft,ambient,new age,solo",
        ),
        VALENCE: (
            "dance,fast,pop,country,beat,beats",
            "slow,ambient,new age,quiet,weird,choir",
        ),
    },
}
"""Tags for and against each dimension, by encoder; chosen by their meaning, not fitted."""

_REFERENCE: Final[Mapping[str, Mapping[str, tuple[float, float]]]] = {
    "musicnn": {ENERGY: (-0.10, 1.53), VALENCE: (-0.16, 1.47)},
    "vgg": {ENERGY: (0.16, 0.92), VALENCE: (-1.13, 0.90)},
    "instruments": {ENERGY: (0.89, 2.44), VALENCE: (0.99, 1.93)},
}
"""Mean and standard deviation of the differences of log-odds in the reference collection."""

_DESCRIPTORS: Final[Mapping[str, Mapping[tuple[str, str], tuple[float, float]]]] = {
    ENERGY: {("log_mel", "mean"): (-12.7, 8.94), ("chroma", "mean"): (0.381, 0.0913)},
    VALENCE: {("log_mel", "change"): (2.72, 0.661), ("log_mel", "change_std"): (3.77, 0.914)},
}
"""Mean and standard deviation in the reference collection of statistics that stand for a dimension,
averaged over the bands of a descriptor."""

_ERROR: Final[Mapping[str, Mapping[str, float]]] = {
    "encoders": {ENERGY: 0.5, VALENCE: 0.7},
    "descriptors": {ENERGY: 0.7, VALENCE: 1.0},
}
"""Standard deviation of the errors of each kind of estimate, in those of the collection."""


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
    """Return the moods of all tracks, from the encoders' tags, else from descriptors."""
    by_tags = _from_tags(library, catalogue)
    by_descriptors = _from_descriptors(library, catalogue)
    found: dict[str, Values] = {}
    for name in DIMENSIONS:
        better, weaker = by_tags[name], by_descriptors[name]
        heard = ~np.isnan(better)
        scores = np.where(heard, better, weaker)
        errors = np.where(heard, _ERROR["encoders"][name], _ERROR["descriptors"][name])
        found[name] = _normal(scores)
        found[f"{name}_confidence"] = _normal(np.abs(scores) / errors)
    return TrackMoods(**found)


def _probability(value: float, confidence: float) -> float:
    """Return the probability of the upper side, 0.5 where a value is unknown."""
    if np.isnan(value):
        return 0.5
    return float(confidence if value >= 0.5 else 1 - confidence)


def _from_tags(library: Library, catalogue: Catalogue) -> dict[str, Values]:
    """Return the mean standardized score of all encoders for each dimension, NaN if unknown."""
    scores: dict[str, list[Values]] = {name: [] for name in DIMENSIONS}
    for encoder in encoders_with_embeddings(library):
        tags, probabilities = predicted_tags(library, catalogue, encoder)
        clipped = np.clip(probabilities.astype(float), _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
        odds = np.log(clipped) - np.log1p(-clipped)
        for name in DIMENSIONS:
            above, below = (_mean_of(odds, tags, part) for part in _TAGS[encoder][name])
            mean, spread = _REFERENCE[encoder][name]
            scores[name].append((above - below - mean) / spread)
    return {name: _mean_known(columns, len(catalogue)) for name, columns in scores.items()}


def _mean_of(odds: Values, tags: Sequence[str], names: str) -> Values:
    columns = [tags.index(name) for name in names.split(",")]
    return np.asarray(odds[:, columns].mean(axis=1))


def _from_descriptors(library: Library, catalogue: Catalogue) -> dict[str, Values]:
    """Return the mean standardized value of the descriptors of each dimension, NaN if unknown."""
    summary = open_store(library, AUDIO.summary).matrix("summary", catalogue.rows)
    names = summary_names(ANALYSIS)
    found = {}
    for dimension, statistics in _DESCRIPTORS.items():
        columns = []
        for (descriptor, statistic), (mean, spread) in statistics.items():
            places = [
                place
                for place, name in enumerate(names)
                if name.startswith(f"{descriptor}[") and name.endswith(f".{statistic}")
            ]
            if summary.shape[1]:
                columns.append((summary[:, places].mean(axis=1, dtype=float) - mean) / spread)
        found[dimension] = _mean_known(columns, len(catalogue))
    return found


def _mean_known(columns: Sequence[Values], n_tracks: int) -> Values:
    """Return the mean of columns without their NaN; NaN where all are."""
    if not columns:
        return np.full(n_tracks, np.nan)
    stacked = np.stack(columns)
    there = ~np.isnan(stacked)
    total = np.where(there, stacked, 0).sum(axis=0)
    return np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)


def _normal(scores: Values) -> Values:
    """Return the normal distribution function."""
    from scipy.special import ndtr

    return np.asarray(ndtr(scores), np.float64)
