"""`cnn`: a short-chunk residual CNN. It reads time by one more convolutional block."""

import keras

from segue.encoders.networks.front import residual_block
from segue.encoders.settings import CnnSettings


def read_with_cnn(x: keras.KerasTensor, settings: CnnSettings) -> keras.KerasTensor:
    """Return ``[batch, steps, settings.width]``."""
    return residual_block(x, settings.width)
