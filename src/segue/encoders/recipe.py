"""Training batches from crops: the augmentation of every encoder. Numpy only.

Conventions
-----------
- Batches are float32 ``[batch, window, n_bands]`` in raw values, targets float32
  ``[batch, n_classes]``: rows of several ones (multi-label) are allowed.
- Every epoch has its own generator, seeded by (seed, epoch): a resumed run draws the same as an
  uninterrupted one.

Sources: mixup, Zhang et al. 2018; SpecAugment, Park et al. 2019.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.encoders.crops import Frames, random_crop
from segue.encoders.objectives import Objective
from segue.encoders.settings import EncoderSettings

Float32 = NDArray[np.float32]

TONE_LEVELS = 6
TONE_BANDS = 4  # levels of a tone curve are evenly spaced below, logarithmically above


@dataclass(frozen=True, slots=True)
class BandScale:
    """Mean and variance of each band over the training tracks, ``[n_bands]`` each.

    `change` is the standard deviation, over all bands, of the change of a scaled value from one
    frame to the next.
    """

    mean: Float32
    variance: Float32
    change: float = 1.0

    @property
    def factor(self) -> list[float]:
        """Factor of each band: a value is scaled by ``value * factor + offset``."""
        return [float(value) for value in 1 / np.sqrt(self.variance)]

    @property
    def offset(self) -> list[float]:
        """Offset of each band, see `factor`."""
        return [float(value) for value in -self.mean / np.sqrt(self.variance)]

    @property
    def spread(self) -> float:
        """Typical standard deviation of a band: the unit of level jitter."""
        return float(np.sqrt(self.variance.mean()))


def fit_scale(frames: Sequence[Frames]) -> BandScale:
    """Fit mean, variance and change of each band over all frames.

    Constant bands get variance 1, so that they become 0 instead of amplified rounding errors.
    """
    n_bands = frames[0].shape[1]
    count, total, squares, changes = 0, np.zeros(n_bands), np.zeros(n_bands), np.zeros(n_bands)
    for track in frames:  # one at a time: they may be memory-mapped
        values = np.asarray(track, dtype=np.float64)
        changes += np.square(np.diff(values, axis=0)).sum(axis=0)
        count += len(values)
        total += values.sum(axis=0)
        squares += np.square(values).sum(axis=0)
    mean = total / count
    variance = squares / count - mean**2
    variance[variance <= 1e-10 * np.maximum(mean**2, 1e-10)] = 1.0
    change = float(np.sqrt((changes / variance).mean() / max(count - len(frames), 1)))
    return BandScale(mean.astype(np.float32), variance.astype(np.float32), change or 1.0)


def class_weights(targets: Float32) -> Float32:
    """Return the weight of each class in the loss: the root of its rarity, mean 1 over the tracks.

    The root keeps a class of two tracks from outweighing one of two hundred.

    Examples
    --------
    >>> class_weights(np.eye(2, dtype=np.float32)[[0, 0, 0, 0, 1]]).round(3)
    array([0.833, 1.667], dtype=float32)
    """
    counts = targets.sum(axis=0)
    weights = 1 / np.sqrt(np.maximum(counts, 1))
    return np.asarray(weights * len(targets) / (weights * counts).sum(), dtype=np.float32)


def epoch_batches(
    frames: Sequence[Frames],
    targets: Float32,
    window: int,
    scale: BandScale,
    settings: EncoderSettings,
    *,
    seed: tuple[int, ...],
    n_steps: int | None = None,
    objective: Objective = "classes",
    spectra: bool = True,
) -> Iterator[tuple[Float32, Float32]]:
    """Yield the augmented batches of one epoch: crops and their targets.

    By default there are as many as the settings say for these tracks.

    Level and tone are augmented for `spectra` only. For ``contrast`` every batch holds pairs: each
    drawn track comes with another one of its group, or with another crop of itself, and crops are
    not mixed.
    """
    rng = np.random.default_rng(seed)
    pairs = objective == "contrast"
    n_steps = n_steps or settings.epoch_steps(len(frames))
    for rows in _drawn(len(frames), n_steps, settings.batch // 2 if pairs else settings.batch, rng):
        if pairs:
            rows = np.concatenate((rows, partners(rows, targets[:, 0], rng)))  # noqa: PLW2901
        crops = np.stack([random_crop(frames[row], window, rng) for row in rows])
        if spectra:
            crops = jitter_level(crops, settings.level_jitter * scale.spread, rng)
            crops = jitter_tone(crops, settings.tone_jitter * scale.spread, rng)
        crops = mask(crops, scale.mean, settings, rng)
        yield mix(crops, targets[rows], 0 if pairs else settings.mixup, rng)


def _drawn(n_tracks: int, n_steps: int, batch: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the rows of each step ``[n_steps, batch]``: all tracks once, then all again."""
    n_passes = -(-n_steps * batch // n_tracks)
    order = np.concatenate([rng.permutation(n_tracks) for _ in range(n_passes)])
    return order[: n_steps * batch].reshape(n_steps, batch)


def partners(
    rows: NDArray[np.int64], groups: Float32, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw another row of the same group for each row; the row itself if it has no other.

    Examples
    --------
    >>> groups = np.array([5, 5, 9], np.float32)
    >>> partners(np.array([0, 1, 2]), groups, np.random.default_rng(0)).tolist()
    [1, 0, 2]
    """
    found = []
    for row in rows.tolist():
        others = np.flatnonzero(groups == groups[row])
        others = others[others != row]
        found.append(int(rng.choice(others)) if len(others) else row)
    return np.array(found, np.int64)


def jitter_level(crops: Float32, deviation: float, rng: np.random.Generator) -> Float32:
    """Add one normally distributed level to each crop: a gain, where values are logarithmic."""
    if deviation == 0:
        return crops
    return crops + rng.normal(0, deviation, (len(crops), 1, 1)).astype(np.float32)


def jitter_tone(crops: Float32, deviation: float, rng: np.random.Generator) -> Float32:
    """Add a smooth random curve over the bands to each crop: an equalization.

    The curve is linear between six levels, which are closer together at low bands.
    """
    if deviation == 0:
        return crops
    n_bands = crops.shape[2]
    levels = rng.normal(0, deviation, (len(crops), TONE_LEVELS)).astype(np.float32)
    places = np.log1p(np.arange(n_bands) / TONE_BANDS) / np.log1p((n_bands - 1) / TONE_BANDS or 1)
    places *= TONE_LEVELS - 1
    left = np.minimum(places.astype(np.int64), TONE_LEVELS - 2)
    share = (places - left).astype(np.float32)
    curves = levels[:, left] * (1 - share) + levels[:, left + 1] * share
    return np.asarray(crops + curves[:, None, :])


def mask(
    crops: Float32, fill: Float32, settings: EncoderSettings, rng: np.random.Generator
) -> Float32:
    """Overwrite random ranges of time and of bands with the mean of the band (SpecAugment)."""
    crops = crops.copy()
    _, window, n_bands = crops.shape
    for one in crops:
        for _ in range(settings.masks):
            width = int(rng.integers(int(settings.time_mask * window) + 1))
            start = int(rng.integers(window - width + 1))
            one[start : start + width] = fill
            width = int(rng.integers(int(settings.band_mask * n_bands) + 1))
            start = int(rng.integers(n_bands - width + 1))
            one[:, start : start + width] = fill[start : start + width]
    return crops


def mix(
    crops: Float32, targets: Float32, strength: float, rng: np.random.Generator
) -> tuple[Float32, Float32]:
    """Mix each crop and its target with another one of the batch in equal proportion (mixup)."""
    if strength == 0:
        return crops, targets
    share = rng.beta(strength, strength, len(crops)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    other = rng.permutation(len(crops))
    mixed = share[:, None, None] * crops + (1 - share[:, None, None]) * crops[other]
    return mixed, share[:, None] * targets + (1 - share[:, None]) * targets[other]
