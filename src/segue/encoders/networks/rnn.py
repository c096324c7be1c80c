"""`rnn`: a bidirectional GRU with attention pooling over sequences of descriptors or frames.

Wide inputs are projected and long ones pooled in time first: the GRU walks through time step by
step, so that its length, not its width, is what training costs.

Source: Cho et al. 2014 (GRU).
"""

import keras
from keras import layers

from segue.encoders.networks.front import scaled, with_change
from segue.encoders.networks.head import network_of
from segue.encoders.networks.pooling import attention_and_maximum
from segue.encoders.objectives import Objective
from segue.encoders.recipe import BandScale
from segue.encoders.settings import RnnSettings


def build_rnn(
    window: int, n_outputs: int, scale: BandScale, settings: RnnSettings, objective: Objective
) -> keras.Model:
    """Build the RNN; see `segue.encoders.networks` for what goes in and comes out."""
    frames = keras.Input((window, len(scale.mean)), name="frames")
    x = with_change(scaled(frames, scale), scale)
    x = layers.Reshape((window, 2 * len(scale.mean)))(x)
    x = layers.Conv1D(settings.projection, 5, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    while x.shape[1] > settings.most_steps_in_time:
        x = layers.MaxPooling1D(2, padding="same")(x)
    x = layers.Dropout(settings.dropout)(x)
    x = layers.Bidirectional(layers.GRU(settings.units, return_sequences=True))(x)
    return network_of(
        "rnn", frames, attention_and_maximum(x), n_outputs, objective=objective, settings=settings
    )
