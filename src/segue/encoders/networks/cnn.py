"""`cnn`: a short-chunk CNN with residual blocks over windows of a spectrogram.

Source: Won et al., Evaluation of CNN-based automatic music tagging models, 2020, made small: few
channels, a strided first layer, and mean and maximum over time in place of the maximum alone.
"""

import keras
from keras import layers

from segue.encoders.recipe import BandScale
from segue.encoders.settings import CnnSettings


def build_cnn(window: int, n_classes: int, scale: BandScale, settings: CnnSettings) -> keras.Model:
    """Build the CNN; see `segue.encoders.networks` for what goes in and comes out."""
    n_bands = len(scale.mean)
    frames = keras.Input((window, n_bands), name="frames")
    x = layers.Rescaling(scale.factor, scale.offset, name="scale")(frames)
    x = layers.Reshape((window, n_bands, 1))(x)
    x = layers.Conv2D(settings.channels[0], 5, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(2, padding="same")(x)  # most of the cost lies before the blocks
    for channels in settings.channels:  # each halves time and bands
        x = residual_block(x, channels)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)  # bands keep their places
    x = layers.Dropout(settings.dropout)(x)
    x = layers.Dense(128, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    x = layers.Dropout(settings.dropout)(x)
    embedding = layers.Dense(settings.embedding, name="embedding")(x)
    x = layers.ReLU()(layers.BatchNormalization()(embedding))
    probabilities = layers.Dense(n_classes, activation="softmax", name="probabilities")(x)
    return keras.Model(frames, [embedding, probabilities], name="cnn")


def residual_block(x: keras.KerasTensor, channels: int) -> keras.KerasTensor:
    """Two 3 x 3 convolutions beside a short cut, then maximum pooling by two in both directions."""
    short_cut = x
    if x.shape[-1] != channels:
        short_cut = layers.Conv2D(channels, 1, use_bias=False)(x)
        short_cut = layers.BatchNormalization()(short_cut)
    x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(channels, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.MaxPooling2D(2, padding="same")(layers.ReLU()(layers.Add()([x, short_cut])))
