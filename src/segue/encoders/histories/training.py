"""Train the network of histories, and return its arrays.

Every step reads a batch of windows, drawn by the number of plays, and learns to distinguish each
next play from random items. Every `epoch_steps` steps the validation plays are evaluated by the
cross-entropy over *all* items, and the best weights are kept. Without a validation part the whole
budget is trained. Repeatable: weights, dropout, windows and negatives follow from the seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.encoders.backend import load_keras
from segue.encoders.histories.settings import HistorySettings
from segue.errors import ModelError

Items = NDArray[np.int64]


@dataclass(frozen=True)
class TrainedHistories:
    """A trained network as arrays by name, and its course.

    `losses` are the validation losses after each epoch, `steps` the steps of the best of them.
    """

    arrays: Mapping[str, NDArray[np.float32]]
    losses: Sequence[float]
    steps: int


def train_history_network(
    sequences: Sequence[Items],
    n_items: int,
    artists: Items,
    settings: HistorySettings,
    *,
    seed: int,
    judged_from: Sequence[int] | None = None,
) -> TrainedHistories:
    """Train a network on sequences of item positions.

    Parameters
    ----------
    sequences
        Positions from 0 to ``n_items - 1``, oldest first; at least one of two plays.
    artists
        ``[n_items]``, numbers from 0.
    judged_from
        For each sequence, the index of the first play that is used for validation only.

    Raises
    ------
    MissingExtraError
        If Keras is not installed.
    ModelError
        If there is nothing to learn from, or the loss is not finite.
    """
    ends = [len(s) for s in sequences] if judged_from is None else list(judged_from)
    learned = [s[:end] for s, end in zip(sequences, ends, strict=True) if end > 1]
    if not learned:
        raise ModelError(
            "No listener has two plays in order, so there is nothing to learn: import more listens."
        )
    keras = load_keras()
    from segue.encoders.histories.network import build_networks

    keras.utils.set_random_seed(seed)
    reader, learner, named = build_networks(n_items, int(artists.max(initial=0)) + 1, settings)
    learner.compile(
        keras.optimizers.AdamW(settings.learning_rate, weight_decay=settings.weight_decay),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=keras.backend.backend() == "jax",
    )
    batches = _Batches(learned, n_items, artists, settings, seed)
    judge = _Validation(sequences, ends, artists, settings)
    losses: list[float] = []
    best, best_steps, step = None, settings.steps, 0
    while step < settings.steps:
        learner.reset_metrics()
        for _ in range(min(settings.epoch_steps, settings.steps - step)):
            inputs, targets, counted = batches.draw()
            loss = float(np.ravel(learner.train_on_batch(inputs, targets, counted))[0])
            step += 1
        if not np.isfinite(loss):
            raise ModelError(
                f"Training diverged by step {step} (its loss is {loss}): lower learning_rate,"
                f" which is {settings.learning_rate}."
            )
        if not judge.n:
            continue
        losses.append(judge.loss(reader, named))
        if losses[-1] <= min(losses):
            best, best_steps = _arrays(named), step
        elif len(losses) - 1 - int(np.argmin(losses)) >= settings.patience:
            break
    return TrainedHistories(best or _arrays(named), losses, best_steps)


class _Batches:
    """Random windows of sequences, and negative items."""

    def __init__(
        self,
        sequences: Sequence[Items],
        n_items: int,
        artists: Items,
        settings: HistorySettings,
        seed: int,
    ) -> None:
        self.settings, self.artists = settings, artists
        self.plays = np.concatenate(sequences)
        lengths = np.array([len(s) for s in sequences])
        self.stops = np.cumsum(lengths)
        self.starts = self.stops - lengths
        self.cumulative = np.cumsum(lengths - 1)
        counts = np.bincount(self.plays, minlength=n_items)
        flat = (counts + 1.0) ** settings.flattening
        self.log_q = np.log(settings.negatives * flat / flat.sum()).astype(np.float32)
        self.drawn_up_to = np.cumsum(flat / flat.sum())
        self.rng = np.random.default_rng(seed)

    def draw(self) -> tuple[list[NDArray[Any]], NDArray[Any], NDArray[Any]]:
        """Return the inputs, the targets and the weights of one batch."""
        length, batch = self.settings.length, self.settings.batch
        drawn = self.rng.integers(0, self.cumulative[-1], batch)
        owners = np.searchsorted(self.cumulative, drawn, side="right")
        # the window may end anywhere, so that first and last plays are drawn equally often
        room = self.stops[owners] - 1 - self.starts[owners]
        begin = self.rng.integers(1 - length // 2, np.maximum(room - length // 2, 1) + 1)
        begin = self.starts[owners] + np.maximum(begin, 0)
        places = begin[:, None] + np.arange(length + 1)
        inside = places < self.stops[owners][:, None]
        window = self.plays[np.where(inside, places, begin[:, None])]
        before, after = window[:, :-1], window[:, 1:]
        counted = (inside[:, 1:]).astype(np.float32)
        wrong = np.searchsorted(self.drawn_up_to, self.rng.random((batch, self.settings.negatives)))
        wrong = np.minimum(wrong, len(self.artists) - 1)
        inputs: list[NDArray[Any]] = [
            ids.astype(np.int32)
            for items in (before, after, wrong)
            for ids in (items, self.artists[items])
        ]
        inputs += [self.log_q[after], self.log_q[wrong]]
        return inputs, np.zeros(counted.shape, np.int32), counted


class _Validation:
    """Cross-entropy of validation plays over all items, predicted from all earlier plays."""

    def __init__(
        self,
        sequences: Sequence[Items],
        ends: Sequence[int],
        artists: Items,
        settings: HistorySettings,
    ) -> None:
        points = [
            (s, t)
            for s, end in zip(sequences, ends, strict=True)
            for t in range(max(end, 1), len(s))
        ]
        points = points[:: max(len(points) // settings.judged, 1)]
        self.n, self.artists, length = len(points), artists, settings.length
        self.windows = np.zeros((self.n, length), np.int32)
        self.last = np.zeros(self.n, np.int64)
        self.truths = np.array([s[t] for s, t in points], np.int64)
        for row, (s, t) in enumerate(points):
            window = s[max(t - length, 0) : t]
            self.windows[row, : len(window)] = window
            self.last[row] = len(window) - 1

    def loss(self, reader: Any, named: Mapping[str, Any]) -> float:
        """Return the mean cross-entropy in nats."""
        embedded = _weights_of(named, "items") + _weights_of(named, "artists")[self.artists]
        bias = _weights_of(named, "bias")[:, 0]
        total = 0.0
        for start in range(0, self.n, 256):
            part = slice(start, start + 256)
            items = self.windows[part]
            read = np.asarray(
                reader.predict_on_batch([items, self.artists[items].astype(np.int32)])
            )
            logits = read[np.arange(len(items)), self.last[part]] @ embedded.T + bias
            top = logits.max(axis=1, keepdims=True)
            spread = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
            total += float((spread - logits[np.arange(len(items)), self.truths[part]]).sum())
        return total / self.n


def _weights_of(named: Mapping[str, Any], name: str) -> NDArray[np.float32]:
    return np.array(named[name].get_weights()[0])


def _arrays(named: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Return all weights as ``<layer>.<number>``, in the order of Keras."""
    return {
        f"{name}.{number}": np.array(weights)
        for name, layer in named.items()
        for number, weights in enumerate(layer.get_weights())
    }
