"""The two networks of musicnn in Keras, which the ONNX graphs are compared with.

Both map ``[batch, 187, 96]`` (see `segue.audio.patches`) to ``embedding`` and ``probabilities``
(sigmoid: tags are independent). The embeddings are the layers that the published extractor calls
`penultimate` (200 units after their normalization) and `pool5` (2 x 1 x 128, flattened).

Variables are named as in the checkpoint: layers of a kind are numbered in order of creation.
Convolutions are padded "same"; dense layers and normalizations are those of Keras. Where the
published graph transposes to convolve over all features, a convolution over time is equivalent.

Source: Pons et al., End-to-end learning for music audio tagging at scale, 2018 (the front end);
Pons and Serra, musicnn, 2019 (the rest, and the vgg).
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

Variables = Mapping[str, NDArray[np.float32]]

PATCH_SHAPE = (187, 96)
TIMBRE_WIDTHS = (38, 67)  # bands a timbral filter sees: 0.4 and 0.7 of all
TIMBRE_FRAMES = 7
TEMPO_FRAMES = (128, 64, 32)  # frames a temporal filter sees: 2.0, 1.0 and 0.5 s


class Builder:
    """Create layers with the next variables of their kind, numbered as TensorFlow 1 did."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._numbers = {kind: count() for kind in ("conv2d", "dense", "batch_normalization")}

    def normalised(self, x: Any) -> Any:
        """Normalize with the learned statistics."""
        name = self._next("batch_normalization")
        layer = layers.BatchNormalization(epsilon=1e-3)
        y = layer(x)
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        layer.set_weights([self._variables[f"{name}/{part}"] for part in parts])
        return y

    def convolved(self, x: Any, padding: str = "same", name: str | None = None) -> Any:
        """Convolve over time and bands, then rectify."""
        kernel, bias = self._pair(name or self._next("conv2d"))
        layer = layers.Conv2D(
            kernel.shape[-1], kernel.shape[:2], padding=padding, activation="relu"
        )
        return self._with(layer, x, kernel, bias)

    def convolved_over_time(self, x: Any) -> Any:
        """Convolve all features ``[batch, time, features]`` over time, then rectify."""
        kernel, bias = self._pair(self._next("conv2d"))
        layer = layers.Conv1D(kernel.shape[-1], len(kernel), padding="same", activation="relu")
        return self._with(layer, x, kernel[:, :, 0], bias)

    def dense(self, x: Any, activation: str, name: str | None = None) -> Any:
        """Apply a dense layer."""
        kernel, bias = self._pair(self._next("dense"))
        layer = layers.Dense(kernel.shape[-1], activation=activation, name=name)
        return self._with(layer, x, kernel, bias)

    def _next(self, kind: str) -> str:
        number = next(self._numbers[kind])
        return f"{kind}_{number}" if number else kind

    def _pair(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self._variables[f"{name}/kernel"], self._variables[f"{name}/bias"]

    def _with(self, layer: Any, x: Any, *weights: NDArray[np.float32]) -> Any:
        y = layer(x)
        layer.set_weights(list(weights))
        return y


def build_musicnn(variables: Variables) -> keras.Model:
    """Build the network with timbral and temporal filters."""
    build = Builder(variables)
    frames = keras.Input(PATCH_SHAPE, name="frames")
    x = build.normalised(layers.Reshape((*PATCH_SHAPE, 1))(frames))
    around = layers.ZeroPadding2D((TIMBRE_FRAMES // 2, 0))(x)
    timbral = [_loudest_band(build, around, "valid") for _ in TIMBRE_WIDTHS]
    temporal = [_loudest_band(build, x, "same") for _ in TEMPO_FRAMES]
    front = layers.Concatenate()([*timbral, *temporal])  # [batch, 187, 561]
    first = build.normalised(build.convolved_over_time(front))
    second = layers.Add()([build.normalised(build.convolved_over_time(first)), first])
    third = layers.Add()([build.normalised(build.convolved_over_time(second)), second])
    features = layers.Concatenate()([front, first, second, third])  # [batch, 187, 753]
    # maximum and mean of each feature are interleaved
    pools = [
        layers.Reshape((features.shape[-1], 1))(pool(features))
        for pool in (layers.GlobalMaxPooling1D(), layers.GlobalAveragePooling1D())
    ]
    pooled = build.normalised(layers.Flatten()(layers.Concatenate()(pools)))
    embedding = build.normalised(build.dense(pooled, "relu"))
    embedding = layers.Identity(name="embedding")(embedding)
    probabilities = build.dense(embedding, "sigmoid", "probabilities")
    outputs = [embedding, probabilities, *(layers.Flatten()(pool) for pool in pools)]
    return keras.Model(frames, outputs, name="musicnn")


def _loudest_band(build: Builder, x: Any, padding: str) -> Any:
    """Convolve, then take the maximum of each filter over the bands: ``[batch, 187, n]``."""
    y = build.normalised(build.convolved(x, padding))
    y = layers.MaxPooling2D((1, y.shape[2]))(y)
    return layers.Reshape((y.shape[1], y.shape[3]))(y)


def build_vgg(variables: Variables) -> keras.Model:
    """Build the network of five plain convolutions."""
    build = Builder(variables)
    frames = keras.Input(PATCH_SHAPE, name="frames")
    x = build.normalised(layers.Reshape((*PATCH_SHAPE, 1))(frames))
    for number, (size, strides) in enumerate(
        (((4, 1), 2), ((2, 2), 2), ((2, 2), 2), ((2, 2), 2), ((4, 4), 4)), start=1
    ):
        y = build.normalised(build.convolved(x, name=f"{number}CNN"))
        x = layers.MaxPooling2D(size, strides=strides)(y)
    embedding = layers.Flatten(name="embedding")(x)  # [batch, 2 * 1 * 128]
    probabilities = build.dense(embedding, "sigmoid", "probabilities")
    pools = [layers.GlobalMaxPooling2D()(y), layers.GlobalAveragePooling2D()(y)]
    return keras.Model(frames, [embedding, probabilities, *pools], name="vgg")
