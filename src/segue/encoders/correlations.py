"""Statistics of a crop over time as layers of a network: moments, correlations, modulations.

Which bands move together describes instruments and production, and is independent of when something
happens. Logistic regression on such statistics was better on new artists than convolutions that had
to find them (docs/encoders.md). Imports Keras: only training imports this module.

Source of pooling by covariances: Lin et al., Bilinear CNN models, 2015.
"""

from itertools import pairwise

import keras
import numpy as np
from keras import layers, ops

N_MODULATIONS = 12

_MIN_VARIANCE = 1e-3  # of bands scaled to variance 1: constant bands correlate with nothing
_MIN_KURTOSIS = 1e-2
_MIN_POWER = 0.05
_MIN_SEGMENT_VARIANCE = 1e-2  # more: a logarithm would magnify the noise of short silences


def crop_statistics(
    values: keras.KerasTensor, changes: keras.KerasTensor, n_bands: int
) -> keras.KerasTensor:
    """Return statistics of each crop ``[batch, n]``.

    Parameters
    ----------
    values, changes : tensor ``[batch, window, bands]``
        Scaled values, and their scaled changes to the next frame.
    n_bands : int
        Bands that neighboring bands are averaged to; fewer if there are fewer.

    Returns
    -------
    tensor
        Of the averaged bands: means, skewness and kurtosis; of values and of changes, the logarithm
        of the standard deviation and the correlation of each pair; and the modulation spectrum.
    """
    bands = average_bands(values, n_bands)
    mean, spread, unit = _moments(bands)
    _, change_spread, change_unit = _moments(average_bands(changes, n_bands))
    cubes = unit * unit * unit
    parts = [
        layers.Flatten()(mean),
        ops.log(layers.Flatten()(spread)),
        ops.log(layers.Flatten()(change_spread)),
        *(_correlations(one) for one in (unit, change_unit) if one.shape[2] > 1),
        ops.mean(cubes, axis=1),
        ops.log(ops.mean(cubes * unit, axis=1) + _MIN_KURTOSIS),
        _modulations(bands - mean),
    ]
    return layers.BatchNormalization()(layers.Concatenate()(parts))


def _moments(
    x: keras.KerasTensor,
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """Return means and deviations ``[batch, 1, n]``, and the standardized bands."""
    mean = ops.mean(x, axis=1, keepdims=True)
    centered = x - mean
    deviation = ops.sqrt(ops.mean(centered * centered, axis=1, keepdims=True) + _MIN_VARIANCE)
    return mean, deviation, centered / deviation


def _correlations(unit: keras.KerasTensor) -> keras.KerasTensor:
    """Return the correlation of each pair of standardized bands ``[batch, pairs]``."""
    window, n_bands = unit.shape[1:]
    products = ops.matmul(ops.transpose(unit, (0, 2, 1)), unit) / float(window)
    first, second = np.triu_indices(n_bands, 1)
    flat = layers.Reshape((n_bands * n_bands,))(products)
    return ops.take(flat, (first * n_bands + second).astype(np.int32), axis=1)


def _modulations(centered: keras.KerasTensor) -> keras.KerasTensor:
    """Return the logarithmic power of each band at `N_MODULATIONS` periods a crop, at most.

    The bands of each pair are averaged ``[batch, n // 2 * frequencies]``; a single band is kept.
    """
    window, n_bands = centered.shape[1:]
    fastest = max(window // 4, 1)
    periods = np.unique(np.geomspace(1, fastest, N_MODULATIONS).round())
    angles = 2 * np.pi * np.arange(window)[:, None] * periods / window
    waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) * np.sqrt(2 / window)
    parts = ops.matmul(ops.transpose(centered, (0, 2, 1)), waves.astype(np.float32))
    even, odd = parts[:, :, : len(periods)], parts[:, :, len(periods) :]
    power = ops.log(even * even + odd * odd + _MIN_POWER)
    if n_bands < 2:
        return layers.Flatten()(power)
    paired = power[:, : n_bands // 2 * 2]
    paired = layers.Reshape((n_bands // 2, 2, len(periods)))(paired)
    return layers.Flatten()(ops.mean(paired, axis=2))


def texture_windows(
    values: keras.KerasTensor, changes: keras.KerasTensor, n_segments: int
) -> keras.KerasTensor:
    """Return mean and log deviation of each segment, and the log deviation of its changes.

    The shape is ``[batch, n_segments, 3 * bands]``.
    """
    mean, spread = _segments(values, n_segments)
    return layers.Concatenate()([mean, spread, _segments(changes, n_segments)[1]])


def _segments(x: keras.KerasTensor, n_segments: int) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    window, n_bands = x.shape[1:]
    x = layers.Reshape((n_segments, window // n_segments, n_bands))(x)
    mean = ops.mean(x, axis=2, keepdims=True)
    variance = ops.mean((x - mean) * (x - mean), axis=2)
    return ops.mean(x, axis=2), ops.log(ops.sqrt(variance + _MIN_SEGMENT_VARIANCE))


def average_bands(x: keras.KerasTensor, n_bands: int) -> keras.KerasTensor:
    """Average neighboring bands to at most `n_bands` ``[batch, window, n]``, by one matrix."""
    given = x.shape[2]
    if given <= n_bands:
        return x
    edges = np.linspace(0, given, n_bands + 1).round().astype(int)
    matrix = np.zeros((given, n_bands), np.float32)
    for band, (first, end) in enumerate(pairwise(edges.tolist())):
        matrix[first:end, band] = 1 / (end - first)
    return ops.matmul(x, matrix)
