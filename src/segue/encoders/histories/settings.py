"""Settings of the network of histories, with every default."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySettings:
    """Settings of the network of histories and of its training.

    Parameters
    ----------
    length : int > 1
        Maximum number of plays that are read, the latest ones.
    width, heads, depth : int > 0
        Size of embeddings and blocks; `heads` divides `width`.
    dropout : float in [0, 1)
        Dropout of embeddings and blocks.
    batch : int > 0
        Windows of `length` plays per step.
    negatives : int > 0
        Negative items drawn for each window, with probabilities by their number of plays to the
        power of `flattening`.
    steps : int > 0
        Budget of optimizer steps.
    epoch_steps : int > 0
        Steps between validations.
    patience : int > 0
        Epochs without a lower validation loss after which training stops.
    judged : int > 0
        Maximum number of validation plays, evenly spread.
    learning_rate, weight_decay : float
        Parameters of AdamW.
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
        """Refuse invalid values."""
        for name in ("width", "heads", "depth", "batch", "negatives", "steps", "epoch_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least 1.")
        if self.length < 2:
            raise ValueError(f"length is {self.length}: it must be at least 2.")
        if self.width % self.heads:
            raise ValueError(f"heads is {self.heads}: it must divide width, {self.width}.")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is {self.dropout}: it must be in [0, 1).")
