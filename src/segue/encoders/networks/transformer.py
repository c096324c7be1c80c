"""`transformer`: self-attention over the steps, each a patch of a few frames.

The order of steps enters by what the overlapping convolutions in front have seen: positions of
their own were not needed. Normalisation comes first in each block, so that training needs no long
warm-up.

Source: Vaswani et al., Attention is all you need, 2017; Xiong et al., On layer normalization in the
transformer architecture, 2020.
"""

import keras
from keras import layers

from segue.encoders.settings import TransformerSettings


def read_with_transformer(x: keras.KerasTensor, settings: TransformerSettings) -> keras.KerasTensor:
    """Return ``[batch, steps, settings.width]``."""
    for _ in range(settings.depth):
        x = block(x, settings)
    return layers.LayerNormalization()(x)


def block(x: keras.KerasTensor, settings: TransformerSettings) -> keras.KerasTensor:
    """Attention over all steps, then two dense layers, each added to what went in."""
    width, drop = settings.width, settings.block_dropout
    y = layers.LayerNormalization()(x)
    y = layers.MultiHeadAttention(settings.heads, width // settings.heads, dropout=drop)(y, y)
    x = layers.Add()([x, layers.Dropout(drop)(y)])
    y = layers.LayerNormalization()(x)
    # exact GELU is not among the ONNX operators that every runtime loads
    y = layers.Dense(2 * width, activation="relu")(y)
    y = layers.Dense(width)(layers.Dropout(drop)(y))
    return layers.Add()([x, layers.Dropout(drop)(y)])
