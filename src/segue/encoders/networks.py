"""The encoder networks in pure Keras 3, without operations of one backend. Imports Keras.

A network maps ``[batch, window, n_bands]`` float32 of raw values to two outputs: an embedding, and
the output of the objective. Every network has

1. the same front: bands are scaled, each value is paired with its change to the next frame (which
   shows percussion, tempo and articulation), and frames become a sequence of some dozens of steps.
   Spectra go through two-dimensional blocks until their bands are few; the remaining bands become
   channels of the sequence, so that each band keeps filters of its own. Networks that pool the
   bands away lose the position of a sound. Descriptors, whose columns have no order, are mixed by
   one convolution over time;
2. a body of its own that reads the sequence: ``cnn`` one more residual block, ``rnn`` a
   bidirectional GRU, ``transformer`` self-attention;
3. the same head: attention pooling and maximum over time, then the embedding and the output.

docs/encoders.md has the measured effect of these choices. Sources: Won et al., Evaluation of
CNN-based automatic music tagging models, 2020 (short chunks, residual blocks); Cho et al. 2014
(GRU); Choi et al., Convolutional recurrent neural networks for music classification, 2017; Vaswani
et al., Attention is all you need, 2017; Xiong et al., On layer normalization in the transformer
architecture, 2020; Yang et al., Hierarchical attention networks, 2016 (attention pooling).
"""

import keras
from keras import layers

from segue.encoders.objectives import Objective
from segue.encoders.recipe import BandScale
from segue.encoders.settings import (
    CnnSettings,
    EncoderSettings,
    RnnSettings,
    TransformerSettings,
)

PROJECTION = 64  # values of the vector that contrast compares


def build_network(
    window: int,
    n_outputs: int,
    scale: BandScale,
    settings: EncoderSettings,
    objective: Objective = "classes",
    *,
    spectra: bool = True,
) -> keras.Model:
    """Build the network of `settings` with new weights.

    Parameters
    ----------
    window : int
        Frames of a crop.
    n_outputs : int
        Number of classes or tags; 0 for ``contrast``.
    scale : BandScale
        Scaling of the bands.
    spectra : bool
        Whether frames are spectra, whose bands have an order, or other descriptors.
    """
    frames = keras.Input((window, len(scale.mean)), name="frames")
    steps = front(frames, scale, settings, spectra=spectra)
    match settings:
        case CnnSettings():
            read = residual_block(steps, settings.width)
        case RnnSettings():
            gru = layers.GRU(settings.units, return_sequences=True)
            read = layers.Bidirectional(gru)(steps)
        case TransformerSettings():
            read = self_attention(steps, settings)
        case _:
            raise ValueError(
                f"{type(settings).__name__} belongs to no network: use CnnSettings, RnnSettings "
                "or TransformerSettings."
            )
    return keras.Model(frames, head(read, n_outputs, objective, settings))


def front(
    frames: keras.KerasTensor, scale: BandScale, settings: EncoderSettings, *, spectra: bool
) -> keras.KerasTensor:
    """Map ``[batch, window, n_bands]`` of raw values to ``[batch, steps, settings.width]``.

    There are at most `settings.most_steps_in_time` steps.
    """
    window, n_bands = frames.shape[1:]
    x = layers.Rescaling(scale.factor, scale.offset, name="scale")(frames)
    x = with_change(x, scale)
    x = spectral_blocks(x, settings) if spectra else layers.Reshape((window, 2 * n_bands))(x)
    x = layers.Dropout(settings.dropout if spectra else 0.0)(x)
    x = layers.Conv1D(settings.width, 3 if spectra else 5, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    while x.shape[1] > settings.most_steps_in_time:
        x = layers.MaxPooling1D(2, padding="same")(x)
    return layers.Dropout(settings.dropout / 2)(x)


def with_change(x: keras.KerasTensor, scale: BandScale) -> keras.KerasTensor:
    """Pair each value with its change to the next frame ``[batch, window, n_bands, 2]``.

    The change of the last frame is 0.
    """
    window, n_bands = x.shape[1:]
    change = layers.Subtract()([layers.Cropping1D((1, 0))(x), layers.Cropping1D((0, 1))(x)])
    change = layers.Rescaling(1.0 / scale.change)(layers.ZeroPadding1D((0, 1))(change))
    pair = [layers.Reshape((window, n_bands, 1))(part) for part in (x, change)]
    return layers.Concatenate()(pair)


def spectral_blocks(x: keras.KerasTensor, settings: EncoderSettings) -> keras.KerasTensor:
    """Map ``[batch, window, n_bands, 2]`` to ``[batch, steps, bands * channels]``.

    Each block halves the bands, and the steps until `settings.most_steps_in_time` are left.
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
    """Apply two convolutions of width 3 and a shortcut, over time or over time and bands."""
    convolution = layers.Conv1D if len(x.shape) == 3 else layers.Conv2D
    shortcut = x
    if x.shape[-1] != channels:
        shortcut = layers.BatchNormalization()(convolution(channels, 1, use_bias=False)(x))
    x = convolution(channels, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = convolution(channels, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(layers.Add()([x, shortcut]))


def self_attention(x: keras.KerasTensor, settings: TransformerSettings) -> keras.KerasTensor:
    """Apply the blocks of the transformer ``[batch, steps, settings.width]``.

    The overlapping convolutions of the front encode the order of steps: position embeddings did not
    help. Normalization comes first in each block, so that training needs no long warm-up.
    """
    width, dropout = settings.width, settings.block_dropout
    for _ in range(settings.depth):
        y = layers.LayerNormalization()(x)
        n_heads = settings.heads
        y = layers.MultiHeadAttention(n_heads, width // n_heads, dropout=dropout)(y, y)
        x = layers.Add()([x, layers.Dropout(dropout)(y)])
        y = layers.LayerNormalization()(x)
        # not every runtime loads the ONNX operators of an exact GELU
        y = layers.Dense(2 * width, activation="relu")(y)
        y = layers.Dense(width)(layers.Dropout(dropout)(y))
        x = layers.Add()([x, layers.Dropout(dropout)(y)])
    return layers.LayerNormalization()(x)


def head(
    x: keras.KerasTensor, n_outputs: int, objective: Objective, settings: EncoderSettings
) -> list[keras.KerasTensor]:
    """Return the outputs of a network for ``[batch, steps, width]``.

    They are ``embedding`` ``[batch, settings.embedding]`` and, by the objective, ``probabilities``
    ``[batch, n_outputs]`` or ``projection`` ``[batch, 64]``.
    """
    # the weighted mean describes the whole crop, the maximum its single events
    x = layers.Concatenate()([attention_pooling(x), layers.GlobalMaxPooling1D()(x)])
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


def attention_pooling(x: keras.KerasTensor) -> keras.KerasTensor:
    """Average over time with learned weights that sum to 1 ``[batch, width]``."""
    weights = layers.Softmax(axis=1)(layers.Dense(1)(layers.Dense(32, activation="tanh")(x)))
    mean = layers.Dot(axes=1)([weights, x])  # [batch, 1, width]
    return layers.Flatten()(mean)
