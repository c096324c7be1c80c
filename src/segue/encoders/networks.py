"""The encoder networks in pure Keras 3, without operations of one backend. Imports Keras.

A network maps ``[batch, window, n_bands]`` float32 of raw values to two outputs: an embedding, and
the output of the objective. Every network has

1. the same front: bands are scaled, and each value is paired with its change to the next frame
   (which shows percussion, tempo and articulation). A crop is cut into `N_SEGMENTS` segments, each
   described by mean and deviation of its bands and of their changes; one convolution over time
   mixes them. Single frames of so few tracks are memorized;
2. a branch of its own that reads these segments: ``cnn`` a residual block, ``rnn`` a bidirectional
   GRU, ``transformer`` self-attention; then attention pooling and maximum over time;
3. a second branch of statistics of the whole crop: `segue.encoders.correlations`;
4. a small embedding and an output of each branch. The embeddings are joined side by side and the
   outputs before softmax or sigmoid are averaged, but each branch is trained on its own loss: a
   joint loss lets the first branch, which overfits sooner, stop the second from learning.

docs/encoders.md has the measured effect of these choices. Sources: Won et al., Evaluation of
CNN-based automatic music tagging models, 2020 (short chunks, residual blocks); Cho et al. 2014
(GRU); Vaswani et al., Attention is all you need, 2017; Xiong et al., On layer normalization in the
transformer architecture, 2020; Yang et al., Hierarchical attention networks, 2016 (attention
pooling); Tzanetakis and Cook, Musical genre classification of audio signals, 2002 (texture
windows).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import keras
from keras import layers, ops

from segue.encoders.correlations import average_bands, crop_statistics, texture_windows
from segue.encoders.objectives import Objective
from segue.encoders.recipe import BandScale
from segue.encoders.settings import (
    CnnSettings,
    EncoderSettings,
    RnnSettings,
    TransformerSettings,
)

PROJECTION = 64  # values of the vector that contrast compares

N_BRANCHES = 2

N_SEGMENTS = 16
"""Segments of a crop, whose length is a multiple of that."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network, and the same network with the output of each branch, which is what it learns.

    The outputs of `encoder` are ``embedding`` ``[batch, settings.embedding]`` and, by the
    objective, ``probabilities`` ``[batch, n_outputs]`` or ``projection`` ``[batch, 64]``. The
    outputs of `learner` are ``[batch, N_BRANCHES, n_outputs]``, `outputs` the last layers of the
    branches.
    """

    encoder: keras.Model
    learner: keras.Model
    outputs: tuple[layers.Layer, ...]


def build_network(
    window: int,
    n_outputs: int,
    scale: BandScale,
    settings: EncoderSettings,
    objective: Objective = "classes",
    *,
    spectra: bool = True,
    name: str = "network",
) -> Network:
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
    name : str
        Name of the network.
    """
    frames = keras.Input((window, len(scale.mean)), name="frames")
    values = layers.Rescaling(scale.factor, scale.offset, name="scale")(frames)
    changes = changes_of(values, scale)
    steps = front(values, changes, settings, spectra=spectra)
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
    # the weighted mean describes the whole crop, the maximum its single events
    pooled = layers.Concatenate()([attention_pooling(read), layers.GlobalMaxPooling1D()(read)])
    statistics = crop_statistics(values, changes, settings.statistic_bands)
    branches = [
        layers.Dropout(settings.dropout)(pooled),
        layers.Dropout(settings.statistic_dropout)(statistics),
    ]
    embedding, outputs, last = heads(branches, n_outputs, objective, settings)
    joined = activation(objective, layers.Average()(outputs), named=True)
    learned = ops.stack([activation(objective, output) for output in outputs], axis=1)
    return Network(
        keras.Model(frames, [embedding, joined], name=name), keras.Model(frames, learned), last
    )


def heads(
    branches: Sequence[keras.KerasTensor],
    n_outputs: int,
    objective: Objective,
    settings: EncoderSettings,
) -> tuple[keras.KerasTensor, list[keras.KerasTensor], tuple[layers.Layer, ...]]:
    """Return the joined embedding, an output of each branch, and their last layers.

    The embedding is ``[batch, settings.embedding]``. Outputs are ``[batch, n_outputs]``, or
    ``[batch, 64]`` for ``contrast``, before `activation`.
    """
    embeddings, outputs, last = [], [], []
    for branch in branches:
        embeddings.append(layers.Dense(settings.embedding // N_BRANCHES)(branch))
        x = layers.ReLU()(layers.BatchNormalization()(embeddings[-1]))
        last.append(layers.Dense(PROJECTION if objective == "contrast" else n_outputs))
        outputs.append(last[-1](x))
    return layers.Concatenate(name="embedding")(embeddings), outputs, tuple(last)


def activation(
    objective: Objective, x: keras.KerasTensor, *, named: bool = False
) -> keras.KerasTensor:
    """Return probabilities of classes or tags, or the unit vectors of ``contrast``."""
    name = "projection" if objective == "contrast" else "probabilities"
    layer = {
        "classes": partial(layers.Activation, "softmax"),
        "tags": partial(layers.Activation, "sigmoid"),
        "contrast": layers.UnitNormalization,
    }[objective]
    return layer(name=name if named else None)(x)


def join_networks(networks: Sequence[keras.Model], objective: Objective) -> keras.Model:
    """Join networks of equal shapes: embeddings side by side, and the mean of their outputs.

    Cosines of joined embeddings are means of the cosines of each, weighted by their lengths.
    """
    if len(networks) == 1:
        return networks[0]
    frames = keras.Input(networks[0].input_shape[1:], name="frames")
    pairs = [network(frames) for network in networks]
    embedding = layers.Concatenate(name="embedding")([pair[0] for pair in pairs])
    name = "projection" if objective == "contrast" else "probabilities"
    return keras.Model(frames, [embedding, layers.Average(name=name)([pair[1] for pair in pairs])])


def front(
    values: keras.KerasTensor,
    changes: keras.KerasTensor,
    settings: EncoderSettings,
    *,
    spectra: bool,
) -> keras.KerasTensor:
    """Map values and changes ``[batch, window, n_bands]`` to ``[batch, N_SEGMENTS, width]``."""
    parts = [average_bands(x, settings.bands) if spectra else x for x in (values, changes)]
    x = layers.BatchNormalization()(texture_windows(parts[0], parts[1], N_SEGMENTS))
    x = layers.Dropout(settings.dropout)(x)
    x = layers.Conv1D(settings.width, 3, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    return layers.Dropout(settings.dropout / 2)(x)


def changes_of(values: keras.KerasTensor, scale: BandScale) -> keras.KerasTensor:
    """Return the scaled change of each value to the next frame; that of the last frame is 0."""
    later, earlier = layers.Cropping1D((1, 0))(values), layers.Cropping1D((0, 1))(values)
    change = layers.Subtract()([later, earlier])
    return layers.Rescaling(1.0 / scale.change)(layers.ZeroPadding1D((0, 1))(change))


def residual_block(x: keras.KerasTensor, channels: int) -> keras.KerasTensor:
    """Apply two convolutions of width 3 over time, and a shortcut."""
    y = layers.Conv1D(channels, 3, padding="same", use_bias=False)(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.Conv1D(channels, 3, padding="same", use_bias=False)(y)
    return layers.ReLU()(layers.Add()([layers.BatchNormalization()(y), x]))


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


def attention_pooling(x: keras.KerasTensor) -> keras.KerasTensor:
    """Average over time with learned weights that sum to 1 ``[batch, width]``."""
    weights = layers.Softmax(axis=1)(layers.Dense(1)(layers.Dense(32, activation="tanh")(x)))
    mean = layers.Dot(axes=1)([weights, x])  # [batch, 1, width]
    return layers.Flatten()(mean)
