"""Settings of the network that reads histories; every default stated once, here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySettings:
    """What the network of histories and its training need to know.

    Parameters
    ----------
    length : int > 1
        Plays that are read at most, the latest.
    width, heads, depth : int > 0
        Of the embeddings and blocks; `heads` divides `width`.
    dropout : float in [0, 1)
        Of embeddings and blocks.
    batch : int > 0
        Windows of `length` plays a step.
    negatives : int > 0
        Items that compete with the true next ones, drawn anew for each window by their number of
        plays to the power of `flattening`.
    steps : int > 0
        The budget of optimiser steps, never of seconds.
    epoch_steps : int > 0
        Steps after which valid is judged.
    patience : int > 0
        Epochs without a lower loss on valid after which training stops.
    judged : int > 0
        Plays of valid that are judged at most, evenly spread.
    learning_rate, weight_decay : float
        Of AdamW.
    """

    length: int = 50
    width: int = 64
    heads: int = 2
    depth: int = 2
    dropout: float = 0.3
    batch: int = 64
    negatives: int = 512
    flattening: float = 0.5
    steps: int = 1500
    epoch_steps: int = 100
    patience: int = 4
    judged: int = 2000
    learning_rate: float = 1e-3
    weight_decay: float = 0.5

    def __post_init__(self) -> None:
        """Refuse values that no training could use."""
        for name in ("width", "heads", "depth", "batch", "negatives", "steps", "epoch_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least 1.")
        if self.length < 2:
            raise ValueError(f"length is {self.length}: it must be at least 2.")
        if self.width % self.heads:
            raise ValueError(f"heads is {self.heads}: it must divide width, {self.width}.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}: it must be in [0, 1).")
