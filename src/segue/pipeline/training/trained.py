"""What became of a model that was to be trained, as every trainer tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What became of one model.

    `reason` says why a model was skipped, or what of one that was trained cannot be judged;
    `metrics` are those of the valid part, where there is one; `left_out` are the classes with too
    few tracks to be learned and judged.
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
        """Return one entry of the document that ``segue train --json`` prints."""
        return asdict(self)
