"""How every network begins: values scaled by band, and how they change from frame to frame.

The change is what percussion, tempo and articulation show in; networks trained on a few hundred
tracks learn it poorly from the values alone (``docs/encoders.md`` has the figures).
"""

import keras
from keras import layers

from segue.encoders.recipe import BandScale


def scaled(frames: keras.KerasTensor, scale: BandScale) -> keras.KerasTensor:
    """Return ``[batch, window, n_bands]`` with a mean of 0 and a variance of 1 over train."""
    return layers.Rescaling(scale.factor, scale.offset, name="scale")(frames)


def with_change(x: keras.KerasTensor, scale: BandScale) -> keras.KerasTensor:
    """Put beside each value how it changes to the next frame ``[batch, window, n_bands, 2]``.

    The last frame does not change.
    """
    window, n_bands = x.shape[1:]
    change = layers.Subtract()([layers.Cropping1D((1, 0))(x), layers.Cropping1D((0, 1))(x)])
    change = layers.Rescaling(1.0 / scale.change)(layers.ZeroPadding1D((0, 1))(change))
    pair = [layers.Reshape((window, n_bands, 1))(part) for part in (x, change)]
    return layers.Concatenate()(pair)
