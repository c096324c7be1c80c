"""What a training looked like."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class History:
    """What a training looked like, one number an epoch.

    `loss` and `accuracy` are of the augmented, mixed training crops, and so look worse than they
    are; `val_loss` and `val_accuracy` of the valid tracks (crops averaged), empty without a valid
    part. `best_epoch` (counted from 1) is the one whose weights are kept, and `note` says in a
    sentence why training ended and how that epoch was chosen.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    best_epoch: int = 0
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the history as plain values."""
        return dataclasses.asdict(self)
