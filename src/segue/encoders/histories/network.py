"""Network of histories: causal self-attention over the last plays (SASRec).

An item is the sum of its own embedding and that of its artist, in input and output, so that a
rarely played item is close to other items of its artist. Windows are padded on the right; causal
attention never reads the padding.

Source: Kang and McAuley, Self-attentive sequential recommendation, 2018; the correction of sampled
softmax by log Q: Bengio and Senecal, Adaptive importance sampling, 2008.
"""

import keras
from keras import layers, ops

from segue.encoders.histories.settings import HistorySettings

Named = dict[str, keras.layers.Layer]


def build_networks(
    n_items: int, n_artists: int, settings: HistorySettings
) -> tuple[keras.Model, keras.Model, Named]:
    """Return the reader of histories, the learner, and their layers by name.

    The reader takes items and artists ``[batch, length]`` and returns ``[batch, length, width]``.
    The learner also takes items, artists and log Q of the true next items and of the negatives
    (``[batch, length]`` and ``[batch, negatives]``). It returns corrected logits ``[batch, length,
    1 + negatives]``, the true item first.
    """
    width, length = settings.width, settings.length
    small = keras.initializers.RandomNormal(stddev=0.05)
    named: Named = {
        "items": layers.Embedding(n_items, width, embeddings_initializer=small),
        "artists": layers.Embedding(n_artists, width, embeddings_initializer=small),
        "places": layers.Embedding(length, width, embeddings_initializer=small),
        "bias": layers.Embedding(n_items, 1, embeddings_initializer="zeros"),
    }

    def embed(items: keras.KerasTensor, artists: keras.KerasTensor) -> keras.KerasTensor:
        return layers.Add()([named["items"](items), named["artists"](artists)])

    def ids(n: int) -> keras.KerasTensor:
        return keras.Input((n,), dtype="int32")

    played = [ids(length), ids(length)]
    order = ops.cumsum(ops.ones_like(played[0]), axis=1) - 1  # (batch, length), 0 first
    x = layers.Add()([embed(*played), named["places"](order)])
    x = layers.Dropout(settings.dropout)(x)
    for number in range(settings.depth):
        x = _block(x, settings, named, f"block{number}.")
    named["last"] = layers.LayerNormalization(epsilon=1e-6)
    x = named["last"](x)  # (batch, length, width)
    reader = keras.Model(played, x)

    true, wrong = [ids(length), ids(length)], [ids(settings.negatives), ids(settings.negatives)]
    log_q = [keras.Input((length,)), keras.Input((settings.negatives,))]
    right = ops.sum(x * embed(*true), axis=-1) + named["bias"](true[0])[..., 0] - log_q[0]
    others = ops.matmul(x, ops.transpose(embed(*wrong), (0, 2, 1)))
    others = others + (named["bias"](wrong[0])[..., 0] - log_q[1])[:, None, :]
    same = ops.equal(
        true[0][:, :, None], wrong[0][:, None, :]
    )  # the true item, drawn as a negative
    others = others - 1e9 * ops.cast(same, "float32")
    logits = ops.concatenate([right[..., None], others], axis=-1)
    return reader, keras.Model([*played, *true, *wrong, *log_q], logits), named


def _block(
    x: keras.KerasTensor, settings: HistorySettings, named: Named, prefix: str
) -> keras.KerasTensor:
    """Apply causal attention, then two dense layers, each with a residual connection."""
    width = settings.width
    named |= {
        f"{prefix}before": layers.LayerNormalization(epsilon=1e-6),
        f"{prefix}attention": layers.MultiHeadAttention(settings.heads, width // settings.heads),
        f"{prefix}between": layers.LayerNormalization(epsilon=1e-6),
        f"{prefix}wide": layers.Dense(2 * width, activation="relu"),
        f"{prefix}narrow": layers.Dense(width),
    }
    y = named[f"{prefix}before"](x)
    y = named[f"{prefix}attention"](y, y, use_causal_mask=True)
    x = layers.Add()([x, layers.Dropout(settings.dropout)(y)])
    y = named[f"{prefix}wide"](named[f"{prefix}between"](x))
    y = named[f"{prefix}narrow"](layers.Dropout(settings.dropout)(y))
    return layers.Add()([x, layers.Dropout(settings.dropout)(y)])
