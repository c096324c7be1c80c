"""How every network begins: from frames to a sequence of at most some dozens of steps.

Values are scaled by band, and each comes with how it changes to the next frame, which is what
percussion, tempo and articulation show in. Then

- a spectrum goes through two-dimensional blocks while its bands are many and what is next to what
  matters; what they find becomes the channels of a sequence, so that each band keeps filters of its
  own. Networks that pool the bands away instead forget where a sound lies;
- descriptors, whose columns have no order, are mixed by one convolution over time.

What that is worth is in ``docs/encoders.md``. Source of the blocks: Won et al., Evaluation of
CNN-based automatic music tagging models, 2020 (short chunks, residual blocks), made small.
"""

import keras
from keras import layers

from segue.encoders.recipe import BandScale
from segue.encoders.settings import EncoderSettings


def steps_of(
    frames: keras.KerasTensor, scale: BandScale, settings: EncoderSettings, *, spectra: bool
) -> keras.KerasTensor:
    """Return ``[batch, steps, settings.width]`` of ``[batch, window, n_bands]``, raw values.

    There are at most `settings.most_steps_in_time` steps.
    """
    window, n_bands = frames.shape[1:]
    x = layers.Rescaling(scale.factor, scale.offset, name="scale")(frames)
    x = with_change(x, scale)
    x = patches(x, settings) if spectra else layers.Reshape((window, 2 * n_bands))(x)
    x = layers.Dropout(settings.dropout if spectra else 0.0)(x)
    x = layers.Conv1D(settings.width, 3 if spectra else 5, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    while x.shape[1] > settings.most_steps_in_time:
        x = layers.MaxPooling1D(2, padding="same")(x)
    return layers.Dropout(settings.dropout / 2)(x)


def with_change(x: keras.KerasTensor, scale: BandScale) -> keras.KerasTensor:
    """Put beside each value how it changes to the next frame ``[batch, window, n_bands, 2]``.

    The last frame does not change.
    """
    window, n_bands = x.shape[1:]
    change = layers.Subtract()([layers.Cropping1D((1, 0))(x), layers.Cropping1D((0, 1))(x)])
    change = layers.Rescaling(1.0 / scale.change)(layers.ZeroPadding1D((0, 1))(change))
    pair = [layers.Reshape((window, n_bands, 1))(part) for part in (x, change)]
    return layers.Concatenate()(pair)


def patches(x: keras.KerasTensor, settings: EncoderSettings) -> keras.KerasTensor:
    """Return ``[batch, steps, bands * channels]`` of ``[batch, window, n_bands, 2]``.

    Each block halves the bands, and time until `settings.most_steps_in_time` are left.
    """
    first, *blocks = settings.channels
    x = layers.Conv2D(first, 5, strides=(1, 2), padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(2, padding="same")(x)
    for channels in blocks:
        x = residual_block(x, channels)
        in_time = 2 if x.shape[1] > settings.most_steps_in_time else 1
        x = layers.MaxPooling2D((in_time, 2), padding="same")(x)
    return layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)


def residual_block(x: keras.KerasTensor, channels: int) -> keras.KerasTensor:
    """Two convolutions of width 3 beside a short cut, over time or over time and bands."""
    convolution = layers.Conv1D if len(x.shape) == 3 else layers.Conv2D
    short_cut = x
    if x.shape[-1] != channels:
        short_cut = layers.BatchNormalization()(convolution(channels, 1, use_bias=False)(x))
    x = convolution(channels, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = convolution(channels, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(layers.Add()([x, short_cut]))
