"""Result of training one model."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from segue.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """State, training data and metrics of one model.

    `reason` says why a model was skipped, or which classes of it cannot be evaluated; `metrics` are
    validation metrics, if there is a validation part; `left_out` are the classes with too few
    tracks.
    """

    model: str
    state: Literal["trained", "up to date", "skipped"]
    reason: str | None = None
    target: str | None = None
    classes: int = 0
    left_out: Sequence[str] = ()
    tracks: Mapping[str, int] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return one entry of the document of ``segue train --json``."""
        return asdict(self)


def training_counts(library: Library) -> dict[str, int]:
    """Return the numbers of analyzed tracks and of listens, by which training may be useful."""
    return {"analyzed": library.analyzed()["analyzed"], "listens": library.counts()["listens"]}
