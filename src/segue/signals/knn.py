"""kNN: one vector of descriptors and metadata together, and its exact nearest neighbors.

The vector has blocks: summary statistics of each group of descriptors, genres, tags, tempo,
duration and year. Every column is standardized over the train tracks (clipped at five standard
deviations, so that an outlier does not stretch an axis), unknown values are the mean, and every
block is scaled to a mean squared length of one times its share. Within the descriptors that of a
group grows with the root of its columns: 900 columns count 30 times as much as one. They are
reduced to their first principal axes, which removes noise. The axes are whitened by half, so that
the few on which all tracks differ most do not decide alone; this also makes fewer hubs. With few
tracks the later axes are noise, and are magnified less.

All statistics are fitted on train tracks only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log, log1p
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segue.errors import TooLittleDataError
from segue.index import normalise
from segue.signals.definition import SignalColor, SignalDefinition, SignalInfo
from segue.signals.tags import tag_rarity
from segue.signals.vectors import VectorSignal
from segue.types import Track

NAME = "knn"
MODEL = "knn"

Matrix = NDArray[np.float32]

_CLIP = 5.0
_GROUP_POWER = 0.25  # columns of a group of descriptors are divided by their number to this power
_LEAST_SPREAD = 1e-6  # relative; axes on which nothing differs are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class KnnSettings:
    """Settings of the combined vector."""

    descriptor_axes: int = 96  # 160 are no better
    whitening: float = 0.5  # axes are divided by their deviation to this power
    max_genres: int = 64  # the most frequent; rarer ones hardly affect neighbors
    max_tags: int = 256
    descriptors: float = 1.0  # shares: the squared length of each block
    genre: float = 0.5
    tag: float = 0.5
    number: float = 0.1  # each of tempo, duration, year


@dataclass(frozen=True)
class KnnModel:
    """The fitted vectorizer. `arrays` are the learned arrays by name."""

    settings: KnnSettings
    arrays: Mapping[str, NDArray[Any]]

    @classmethod
    def fit(
        cls,
        tracks: Sequence[Track],
        summary: Matrix,
        groups: Sequence[str],
        train: NDArray[np.bool_],
        settings: KnnSettings | None = None,
    ) -> Self:
        """Learn scaling, vocabulary and axes from the train tracks.

        Parameters
        ----------
        tracks
            The catalogue, by position.
        summary
            ``[n_tracks, d]`` summary statistics of descriptors; rows of NaN where there are none;
            ``d`` may be zero.
        groups
            The descriptor each column of `summary` belongs to (``"mfcc"``, ...), ``[d]``.
        train
            Which tracks to learn from, ``[n_tracks]``.

        Raises
        ------
        TooLittleDataError
            If there are fewer than two train tracks.
        """
        settings = settings or KnnSettings()
        if train.sum() < 2:
            raise TooLittleDataError(
                f"The model 'knn' needs at least 2 train tracks and has {int(train.sum())}:"
                " add tracks, or check the column 'split'."
            )
        learned = [track for track, use in zip(tracks, train, strict=True) if use]
        arrays: dict[str, NDArray[Any]] = _fit_descriptors(
            summary[train], np.array(list(groups), str), settings
        )
        rarity = tag_rarity(learned)
        tags = _most_frequent([track.tags for track in learned], settings.max_tags)
        arrays["genre_names"] = _most_frequent(
            [dict.fromkeys(track.genres, 1.0) for track in learned], settings.max_genres
        )
        arrays["tag_names"] = tags
        arrays["tag_rarity"] = np.array([rarity(tag) for tag in tags], np.float32)
        numbers = _numbers(learned)
        arrays["number_mean"], arrays["number_std"] = _moments(numbers)
        return cls(settings, arrays)

    def transform(self, tracks: Sequence[Track], summary: Matrix, *, labels: bool = True) -> Matrix:
        """Return ``[n_tracks, d]`` vectors of length one.

        Parameters
        ----------
        summary
            As in `fit`; ignored if it has another number of columns.
        labels
            False leaves out genres and tags, so that the vectors can be used to predict them.
        """
        blocks = [self._descriptors(summary), *self._numbers(tracks)]
        if labels:
            blocks += [self._genres(tracks), self._tags(tracks)]
        return normalise(np.concatenate(blocks, axis=1).astype(np.float32))

    def settings_dict(self) -> dict[str, Any]:
        """Return the settings for the manifest."""
        return asdict(self.settings)

    def _descriptors(self, summary: Matrix) -> Matrix:
        if not len(self.arrays["axes"]):
            return np.zeros((len(summary), 0), np.float32)
        if summary.shape[1] != len(self.arrays["mean"]):
            return np.zeros((len(summary), len(self.arrays["axes"])), np.float32)
        columns = _standardise(summary, self.arrays["mean"], self.arrays["std"])
        axes: Matrix = (columns * self.arrays["scale"]) @ self.arrays["axes"].T
        return axes * np.float32(self.settings.descriptors**0.5)

    def _numbers(self, tracks: Sequence[Track]) -> list[Matrix]:
        numbers = _standardise(
            _numbers(tracks), self.arrays["number_mean"], self.arrays["number_std"]
        )
        return [numbers * np.float32(self.settings.number**0.5)]

    def _genres(self, tracks: Sequence[Track]) -> Matrix:
        names = [str(name) for name in self.arrays["genre_names"]]
        rows = [dict.fromkeys(track.genres, 1.0) for track in tracks]
        return normalise(_spread(rows, names)) * np.float32(self.settings.genre**0.5)

    def _tags(self, tracks: Sequence[Track]) -> Matrix:
        names = [str(name) for name in self.arrays["tag_names"]]
        rows = [{tag: log1p(max(n, 0)) for tag, n in track.tags.items()} for track in tracks]
        weighted = _spread(rows, names) * self.arrays["tag_rarity"]
        return normalise(weighted.astype(np.float32)) * np.float32(self.settings.tag**0.5)


def knn(
    embeddings: Matrix,
    train: NDArray[np.bool_] | None = None,  # noqa: ARG001  centred when they were made
) -> VectorSignal:
    """Return the signal of combined vectors ``[n_tracks, d]``, rows of NaN where there are none."""
    return VectorSignal(NAME, np.nan_to_num(embeddings, nan=0.0))


KNN = SignalDefinition(
    SignalInfo(
        NAME,
        title="Overall similarity",
        description="Similar in sound, genres, tags and metadata",
        color=SignalColor("#646ff7", "#95bdfd"),
    ),
    load=VectorSignal.load,
    from_embeddings=knn,
)


def _fit_descriptors(
    summary: Matrix, groups: NDArray[np.str_], settings: KnnSettings
) -> dict[str, NDArray[Any]]:
    """Learn mean, standard deviation, the scale of each column and the principal axes."""
    known = ~np.isnan(summary).all(axis=1) if summary.shape[1] else np.zeros(len(summary), bool)
    mean, std = _moments(summary[known])
    columns = _standardise(summary[known], mean, std)
    counts = {group: int((groups == group).sum()) for group in set(groups.tolist())}
    scale = np.array([counts[group] ** -_GROUP_POWER for group in groups], np.float32)
    scale /= max(float(np.linalg.norm(scale)), 1e-12)
    axes = np.zeros((0, summary.shape[1]), np.float32)
    if known.sum() >= 2:
        spread, rotation = np.linalg.svd(columns * scale, full_matrices=False)[1:]
        used = spread > _LEAST_SPREAD * spread[0]
        used[settings.descriptor_axes :] = False
        kept = spread[used].astype(np.float64)
        # an axis with less than an even share of the variance is noise: it is not magnified further
        whitened = (kept**2 + (kept**2).sum() / known.sum()) ** (-settings.whitening / 2)
        # the mean squared length stays
        whitened *= np.sqrt((kept**2).sum() / ((kept * whitened) ** 2).sum()) if used.any() else 1.0
        axes = (rotation[used] * whitened[:, None]).astype(np.float32)
    return {"mean": mean, "std": std, "scale": scale, "axes": axes}


def _moments(values: Matrix) -> tuple[Matrix, Matrix]:
    """Return mean and standard deviation of each column over known values, else 0 and 1."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0).sum(axis=0) / count
    variance = np.where(known, (values - mean) ** 2, 0).sum(axis=0) / count
    std = np.sqrt(variance)
    # a constant column must not magnify the first value that differs
    flat = std <= 1e-6 * np.maximum(np.abs(mean), 1)
    return mean.astype(np.float32), np.where(flat, 1, std).astype(np.float32)


def _standardise(values: Matrix, mean: Matrix, std: Matrix) -> Matrix:
    scaled = np.clip((values - mean) / std, -_CLIP, _CLIP)
    return np.where(np.isnan(scaled), 0, scaled).astype(np.float32)


def _numbers(tracks: Sequence[Track]) -> Matrix:
    """Return ``[n_tracks, 3]``: log tempo, log duration and year, NaN where unknown."""
    rows = [
        (
            log(track.tempo) if track.tempo else np.nan,
            log(track.duration) if track.duration else np.nan,
            track.year if track.year else np.nan,
        )
        for track in tracks
    ]
    return np.array(rows, np.float32).reshape(len(tracks), 3)


def _most_frequent(rows: Sequence[Mapping[str, float]], most: int) -> NDArray[np.str_]:
    counts: dict[str, int] = {}
    for row in rows:
        for name in row:
            counts[name] = counts.get(name, 0) + 1
    names = sorted(counts, key=lambda name: (-counts[name], name))[:most]
    return np.array(names, np.str_) if names else np.zeros(0, "U1")


def _spread(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> Matrix:
    columns = {name: column for column, name in enumerate(names)}
    out = np.zeros((len(rows), len(names)), np.float32)
    for position, row in enumerate(rows):
        for name, value in row.items():
            if name in columns:
                out[position, columns[name]] = value
    return out
