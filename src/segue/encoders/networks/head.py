"""How every network ends: an embedding, and from it what the objective asks for."""

import keras
from keras import layers

from segue.encoders.objectives import Objective
from segue.encoders.settings import EncoderSettings

PROJECTION = 64  # values of the vector that contrast compares


def network_of(
    name: str,
    frames: keras.KerasTensor,
    pooled: keras.KerasTensor,
    n_outputs: int,
    *,
    objective: Objective,
    settings: EncoderSettings,
) -> keras.Model:
    """Close a network whose body gives one vector a crop ``[batch, width]``.

    Its outputs are ``embedding`` ``[batch, settings.embedding]`` and, by the objective,
    ``probabilities`` ``[batch, n_outputs]`` or ``projection`` ``[batch, 64]``.
    """
    x = layers.Dropout(settings.dropout)(pooled)
    embedding = layers.Dense(settings.embedding, name="embedding")(x)
    x = layers.ReLU()(layers.BatchNormalization()(embedding))
    match objective:
        case "classes":
            output = layers.Dense(n_outputs, activation="softmax", name="probabilities")(x)
        case "tags":
            output = layers.Dense(n_outputs, activation="sigmoid", name="probabilities")(x)
        case "contrast":
            x = layers.Dense(PROJECTION)(x)
            output = layers.UnitNormalization(name="projection")(x)
    return keras.Model(frames, [embedding, output], name=name)
