"""`rnn`: a bidirectional GRU with attention pooling over sequences of descriptors or frames.

Wide inputs are projected and long ones pooled in time first: the GRU walks through time step by
step, so that its length, not its width, is what training costs.

Source: Cho et al. 2014 (GRU); attention pooling after Yang et al., Hierarchical attention
networks, 2016.
"""

import keras
from keras import layers

from segue.encoders.recipe import BandScale
from segue.encoders.settings import RnnSettings


def build_rnn(window: int, n_classes: int, scale: BandScale, settings: RnnSettings) -> keras.Model:
    """Build the RNN; see `segue.encoders.networks` for what goes in and comes out."""
    frames = keras.Input((window, len(scale.mean)), name="frames")
    x = layers.Rescaling(scale.factor, scale.offset, name="scale")(frames)
    x = layers.Conv1D(settings.projection, 5, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    while x.shape[1] > settings.most_steps_in_time:
        x = layers.MaxPooling1D(2, padding="same")(x)
    x = layers.Dropout(settings.dropout)(x)
    x = layers.Bidirectional(layers.GRU(settings.units, return_sequences=True))(x)
    x = layers.Concatenate()([attend(x), layers.GlobalMaxPooling1D()(x)])
    x = layers.Dropout(settings.dropout)(x)
    embedding = layers.Dense(settings.embedding, name="embedding")(x)
    x = layers.ReLU()(layers.BatchNormalization()(embedding))
    probabilities = layers.Dense(n_classes, activation="softmax", name="probabilities")(x)
    return keras.Model(frames, [embedding, probabilities], name="rnn")


def attend(x: keras.KerasTensor) -> keras.KerasTensor:
    """Average over time ``[batch, steps, width]`` with learned weights that sum to 1."""
    weights = layers.Softmax(axis=1)(layers.Dense(1)(layers.Dense(32, activation="tanh")(x)))
    mean = layers.Dot(axes=1)([weights, x])  # [batch, 1, width]
    return layers.Flatten()(mean)
