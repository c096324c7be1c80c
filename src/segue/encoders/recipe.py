"""How crops become training batches: the augmentation of every encoder, in one place. Numpy only.

Conventions
-----------
- Batches are float32 ``[batch, window, n_bands]`` in raw values, targets float32
  ``[batch, n_classes]``: rows of several ones (multi-label) pass through unchanged in kind.
- Every epoch draws from a generator of its own, seeded by (seed, epoch): a resumed run sees what
  an uninterrupted one would have seen.

Sources: mixup, Zhang et al. 2018; SpecAugment, Park et al. 2019.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.encoders.crops import Frames, random_crop
from segue.encoders.settings import EncoderSettings

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BandScale:
    """Mean and variance of each band over the training tracks, ``[n_bands]`` each."""

    mean: Float32
    variance: Float32

    @property
    def factor(self) -> list[float]:
        """What a band's values are multiplied with, before `offset` is added, to be scaled."""
        return [float(value) for value in 1 / np.sqrt(self.variance)]

    @property
    def offset(self) -> list[float]:
        """What is added to a band's values after `factor`."""
        return [float(value) for value in -self.mean / np.sqrt(self.variance)]

    @property
    def spread(self) -> float:
        """Typical standard deviation of a band: the unit of level jitter."""
        return float(np.sqrt(self.variance.mean()))


def fit_scale(frames: Sequence[Frames]) -> BandScale:
    """Fit mean and variance of each band, every frame counting alike.

    Constant bands get variance 1, so that they become 0 rather than rounding errors blown up.
    """
    n_bands = frames[0].shape[1]
    count, total, squares = 0, np.zeros(n_bands), np.zeros(n_bands)
    for track in frames:  # one at a time: they may be memory-mapped
        values = np.asarray(track, dtype=np.float64)
        count += len(values)
        total += values.sum(axis=0)
        squares += np.square(values).sum(axis=0)
    mean = total / count
    variance = squares / count - mean**2
    variance[variance <= 1e-10 * np.maximum(mean**2, 1e-10)] = 1.0
    return BandScale(mean.astype(np.float32), variance.astype(np.float32))


def class_weights(targets: Float32) -> Float32:
    """Weight of each class in the loss: the root of its rarity, with a mean of 1 over the tracks.

    The root keeps a class of two tracks from outweighing a class of two hundred.

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
) -> Iterator[tuple[Float32, Float32]]:
    """Yield the augmented batches of one epoch: crops and their targets."""
    rng = np.random.default_rng(seed)
    n_steps = settings.epoch_steps(len(frames))
    n_drawn = n_steps * settings.batch
    n_passes = -(-n_drawn // len(frames))
    order = np.concatenate([rng.permutation(len(frames)) for _ in range(n_passes)])[:n_drawn]
    for rows in order.reshape(n_steps, settings.batch):
        crops = np.stack([random_crop(frames[row], window, rng) for row in rows])
        crops = jitter_level(crops, settings.level_jitter * scale.spread, rng)
        crops = mask(crops, scale.mean, settings, rng)
        yield mix(crops, targets[rows], settings.mixup, rng)


def jitter_level(crops: Float32, deviation: float, rng: np.random.Generator) -> Float32:
    """Add one normally distributed level to each crop: a gain, where values are logarithmic."""
    if deviation == 0:
        return crops
    return crops + rng.normal(0, deviation, (len(crops), 1, 1)).astype(np.float32)


def mask(
    crops: Float32, fill: Float32, settings: EncoderSettings, rng: np.random.Generator
) -> Float32:
    """Overwrite random stretches of time and of bands with the band's mean (SpecAugment)."""
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
    """Mix each crop and its target with another of the batch in the same proportion (mixup)."""
    if strength == 0:
        return crops, targets
    share = rng.beta(strength, strength, len(crops)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    other = rng.permutation(len(crops))
    mixed = share[:, None, None] * crops + (1 - share[:, None, None]) * crops[other]
    return mixed, share[:, None] * targets + (1 - share[:, None]) * targets[other]
