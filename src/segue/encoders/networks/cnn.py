"""`cnn`: a short-chunk residual CNN over windows of a spectrogram.

Two-dimensional blocks come first, while the bands are many and what is next to what matters; then
the bands become channels, each with filters of its own, and what is left is a sequence in time.
Networks that pool the bands away instead forget where a sound lies (``docs/encoders.md``).

Source: Won et al., Evaluation of CNN-based automatic music tagging models, 2020 (short chunks,
residual blocks), made small.
"""

import keras
from keras import layers

from segue.encoders.networks.front import scaled, with_change
from segue.encoders.networks.head import network_of
from segue.encoders.networks.pooling import attention_and_maximum
from segue.encoders.objectives import Objective
from segue.encoders.recipe import BandScale
from segue.encoders.settings import CnnSettings


def build_cnn(
    window: int, n_outputs: int, scale: BandScale, settings: CnnSettings, objective: Objective
) -> keras.Model:
    """Build the CNN; see `segue.encoders.networks` for what goes in and comes out."""
    frames = keras.Input((window, len(scale.mean)), name="frames")
    x = with_change(scaled(frames, scale), scale)  # [batch, window, n_bands, 2]
    x = layers.Conv2D(settings.channels[0], 5, strides=(1, 2), padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(2, padding="same")(x)
    for channels in settings.channels[1:]:
        x = residual_block(x, channels)
        long = x.shape[1] > settings.most_steps_in_time
        x = layers.MaxPooling2D((2 if long else 1, 2), padding="same")(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)  # [batch, steps, bands * channels]
    x = layers.Dropout(settings.dropout)(x)
    x = layers.Conv1D(settings.width, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = residual_block(layers.Dropout(settings.dropout / 2)(x), settings.width)
    return network_of(
        "cnn", frames, attention_and_maximum(x), n_outputs, objective=objective, settings=settings
    )


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
