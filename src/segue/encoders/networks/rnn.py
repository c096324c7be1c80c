"""`rnn`: a convolutional recurrent network. It reads time by a bidirectional GRU.

Source: Cho et al. 2014 (GRU); Choi et al., Convolutional recurrent neural networks for music
classification, 2017.
"""

import keras
from keras import layers

from segue.encoders.settings import RnnSettings


def read_with_rnn(x: keras.KerasTensor, settings: RnnSettings) -> keras.KerasTensor:
    """Return ``[batch, steps, 2 * settings.units]``."""
    return layers.Bidirectional(layers.GRU(settings.units, return_sequences=True))(x)
