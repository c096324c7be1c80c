"""How every network ends: one vector a crop, an embedding, and what the objective asks for."""

import keras
from keras import layers

from segue.encoders.objectives import Objective
from segue.encoders.settings import EncoderSettings

PROJECTION = 64  # values of the vector that contrast compares


def outputs_of(
    x: keras.KerasTensor, n_outputs: int, objective: Objective, settings: EncoderSettings
) -> list[keras.KerasTensor]:
    """Return the outputs of a network that has read the steps ``[batch, steps, width]``.

    They are ``embedding`` ``[batch, settings.embedding]`` and, by the objective, ``probabilities``
    ``[batch, n_outputs]`` or ``projection`` ``[batch, 64]``.
    """
    # what is heard throughout, and what is heard once
    x = layers.Concatenate()([attend(x), layers.GlobalMaxPooling1D()(x)])
    x = layers.Dropout(settings.dropout)(x)
    embedding = layers.Dense(settings.embedding, name="embedding")(x)
    x = layers.ReLU()(layers.BatchNormalization()(embedding))
    match objective:
        case "classes":
            output = layers.Dense(n_outputs, activation="softmax", name="probabilities")(x)
        case "tags":
            output = layers.Dense(n_outputs, activation="sigmoid", name="probabilities")(x)
        case "contrast":
            output = layers.UnitNormalization(name="projection")(layers.Dense(PROJECTION)(x))
    return [embedding, output]


def attend(x: keras.KerasTensor) -> keras.KerasTensor:
    """Average over time with learned weights that sum to 1 ``[batch, width]``.

    Source: Yang et al., Hierarchical attention networks, 2016.
    """
    weights = layers.Softmax(axis=1)(layers.Dense(1)(layers.Dense(32, activation="tanh")(x)))
    mean = layers.Dot(axes=1)([weights, x])  # [batch, 1, width]
    return layers.Flatten()(mean)
