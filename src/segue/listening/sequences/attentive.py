"""Small self-attentive network over a play history (SASRec), evaluated in numpy.

`segue.encoders.histories` trains it with Keras (see its module `network` for the architecture).
Scoring needs only its arrays: one or two attention blocks over the last plays, then one
matrix-vector product, which gives the probability of every item.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.encoders.histories import HistorySettings, train_history_network
from segue.listening.sequences.model import (
    NO_SCORES,
    Arrays,
    Items,
    NextItemModel,
    PlayHistory,
    Plays,
    SparseScores,
)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentiveSettings:
    """Settings of the network and its training, and the seed."""

    network: HistorySettings = field(default_factory=HistorySettings)
    seed: int = 0

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "AttentiveSettings":
        """Return the settings from the plain values of a saved model."""
        return cls(network=HistorySettings(**kept["network"]), seed=kept["seed"])


class Attentive(NextItemModel):
    """Scores by a self-attentive network. Training needs the extra ``train``."""

    kind = "attentive"
    settings_class = AttentiveSettings

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:  # noqa: ARG002
        sequences = np.split(plays.items, plays.starts[1:-1])
        self._take(self._train(sequences, artists).arrays)

    def fit_steps(
        self, plays: Plays, n_items: int, artists: Items | None, judged_from: Items
    ) -> int:
        """Train on the plays before `judged_from` of each sequence, and validate on the rest.

        Returns the number of steps after which the network was best; that state is kept.
        """
        self.n_items_ = n_items
        sequences = np.split(plays.items, plays.starts[1:-1])
        trained = self._train(sequences, artists, judged_from.tolist())
        self._take(trained.arrays)
        return int(trained.steps)

    def _train(
        self, sequences: list[Items], artists: Items | None, judged_from: list[int] | None = None
    ) -> Any:
        groups = np.zeros(self.n_items_, np.int64) if artists is None else artists
        # all unknown artists share one number
        numbers = np.unique(groups, return_inverse=True)[1].astype(np.int64)
        self.artist_numbers_ = numbers
        return train_history_network(
            sequences,
            self.n_items_,
            numbers,
            self.settings.network,
            seed=self.settings.seed,
            judged_from=judged_from,
        )

    def _take(self, arrays: Arrays) -> None:
        """Keep the blocks, and one vector an item: its own plus its artist's."""
        items = arrays["items.0"] + arrays["artists.0"][self.artist_numbers_]
        blocks = {n: a for n, a in arrays.items() if not n.startswith(("items", "artists", "bias"))}
        self.arrays_ = {**blocks, "embedded": items, "offsets": arrays["bias.0"][:, 0]}

    def sparse_scores(self, history: PlayHistory) -> SparseScores:
        """Return the probability of every item."""
        if not len(history.items):
            return NO_SCORES
        kept = self.arrays_
        logits = kept["embedded"] @ self.read(history.items) + kept["offsets"]
        chances = np.exp(logits - logits.max())
        return SparseScores(np.arange(self.n_items_), chances / chances.sum())

    def read(self, items: Items) -> Floats:
        """Return the network's state ``[width]`` after the last of `items`."""
        kept, network = self.arrays_, self.settings.network
        recent = items[-network.length :]
        x = kept["embedded"][recent] + kept["places.0"][: len(recent)]
        for number in range(network.depth):
            x = self._block(x, f"block{number}.")
        last: Floats = _normalised(x[-1], kept["last.0"], kept["last.1"])
        return last

    def _block(self, x: Floats, prefix: str) -> Floats:
        def part(name: str) -> list[Any]:
            found = [n for n in self.arrays_ if n.startswith(f"{prefix}{name}.")]
            return [self.arrays_[n] for n in sorted(found, key=lambda n: int(n.split(".")[-1]))]

        query, query_bias, key, key_bias, value, value_bias, out, out_bias = part("attention")
        y = _normalised(x, *part("before"))
        queries = np.einsum("ld,dhk->hlk", y, query) + query_bias[:, None]
        keys = np.einsum("ld,dhk->hlk", y, key) + key_bias[:, None]
        values = np.einsum("ld,dhk->hlk", y, value) + value_bias[:, None]
        weights = queries @ keys.transpose(0, 2, 1) / query.shape[-1] ** 0.5  # (h, l, l)
        weights[:, np.triu(np.ones(weights.shape[1:], np.bool_), 1)] = -np.inf
        weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        x = x + np.einsum("hlk,hkd->ld", weights @ values, out) + out_bias
        wide, wide_bias = part("wide")
        narrow, narrow_bias = part("narrow")
        y = np.maximum(_normalised(x, *part("between")) @ wide + wide_bias, 0)
        result: Floats = x + y @ narrow + narrow_bias
        return result

    @classmethod
    def settings_of(cls, kept: Mapping[str, Any]) -> AttentiveSettings:
        """Return the settings from the plain values of a saved model."""
        return AttentiveSettings.of(kept)

    def _arrays(self) -> Arrays:
        return {**self.arrays_, "artist_numbers": self.artist_numbers_}

    def _restore(self, arrays: Arrays) -> None:
        self.arrays_ = dict(arrays)
        self.artist_numbers_ = self.arrays_.pop("artist_numbers")


def with_steps(settings: AttentiveSettings, steps: int) -> AttentiveSettings:
    """Return the settings with another number of steps."""
    return dataclasses.replace(settings, network=dataclasses.replace(settings.network, steps=steps))


def _normalised(x: Floats, scale: Floats, offset: Floats) -> Floats:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-6)
    result: Floats = centred / spread * scale + offset
    return result
