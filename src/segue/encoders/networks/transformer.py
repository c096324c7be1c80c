"""`transformer`: self-attention over patches in time of a spectrogram or sequence.

A strided convolution makes one token of every few frames; its overlap tells neighbours apart, and
learned vectors say where a token stands. Normalisation comes first in each block, so that training
needs no long warm-up.

Source: Vaswani et al., Attention is all you need, 2017; Xiong et al., On layer normalization in the
transformer architecture, 2020.
"""

import keras
from keras import layers

from segue.encoders.networks.front import scaled, with_change
from segue.encoders.networks.head import network_of
from segue.encoders.networks.pooling import attention_and_maximum
from segue.encoders.objectives import Objective
from segue.encoders.recipe import BandScale
from segue.encoders.settings import TransformerSettings


def build_transformer(
    window: int,
    n_outputs: int,
    scale: BandScale,
    settings: TransformerSettings,
    objective: Objective,
) -> keras.Model:
    """Build the transformer; see `segue.encoders.networks` for what goes in and comes out."""
    frames = keras.Input((window, len(scale.mean)), name="frames")
    x = with_change(scaled(frames, scale), scale)
    x = layers.Reshape((window, 2 * len(scale.mean)))(x)
    x = layers.Conv1D(
        settings.width, 2 * settings.patch, strides=settings.patch, padding="same", use_bias=False
    )(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))  # [batch, steps, width]
    x = layers.Dropout(settings.dropout)(Positions()(x))
    for _ in range(settings.depth):
        x = block(x, settings)
    x = layers.LayerNormalization()(x)
    pooled = attention_and_maximum(x)
    return network_of(
        "transformer", frames, pooled, n_outputs, objective=objective, settings=settings
    )


def block(x: keras.KerasTensor, settings: TransformerSettings) -> keras.KerasTensor:
    """Attention over all steps, then two dense layers, each added to what went in."""
    width, drop = settings.width, settings.block_dropout
    y = layers.LayerNormalization()(x)
    y = layers.MultiHeadAttention(settings.heads, width // settings.heads, dropout=drop)(y, y)
    x = layers.Add()([x, layers.Dropout(drop)(y)])
    y = layers.LayerNormalization()(x)
    # exact GELU is not in the ONNX operators that all runtimes load
    y = layers.Dense(2 * width, activation="relu")(y)
    y = layers.Dense(width)(layers.Dropout(drop)(y))
    return layers.Add()([x, layers.Dropout(drop)(y)])


@keras.saving.register_keras_serializable("segue")
class Positions(layers.Layer):  # type: ignore[misc]
    """Add a learned vector to each step."""

    def build(self, shape: tuple[int, int, int]) -> None:
        """Make the vectors ``[steps, width]``, small beside what they are added to."""
        small = keras.initializers.RandomNormal(stddev=0.02)
        self.vectors = self.add_weight(shape=shape[1:], initializer=small, name="vectors")

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return ``[batch, steps, width]``."""
        return x + self.vectors
