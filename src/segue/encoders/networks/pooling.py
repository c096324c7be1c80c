"""How a sequence ``[batch, steps, width]`` becomes one vector a crop."""

import keras
from keras import layers


def attend(x: keras.KerasTensor) -> keras.KerasTensor:
    """Average over time with learned weights that sum to 1 ``[batch, width]``.

    Source: Yang et al., Hierarchical attention networks, 2016.
    """
    weights = layers.Softmax(axis=1)(layers.Dense(1)(layers.Dense(32, activation="tanh")(x)))
    mean = layers.Dot(axes=1)([weights, x])  # [batch, 1, width]
    return layers.Flatten()(mean)


def attention_and_maximum(x: keras.KerasTensor) -> keras.KerasTensor:
    """Put what is heard throughout beside what is heard once ``[batch, 2 * width]``."""
    return layers.Concatenate()([attend(x), layers.GlobalMaxPooling1D()(x)])
