"""Settings of the encoders: one frozen dataclass a kind, with every default.

Conventions
-----------
- Lengths of time are in frames of the input, whatever its rate: log-mel has 43 a second, descriptor
  sequences 10.8, precomputed frames their own rate.
- A *pass* sees every training track once, with one random crop. An *epoch* is the unit after which
  the network is validated and a checkpoint written: one pass, or `least_epoch_steps` where a pass
  is shorter (each track of a small library then appears several times an epoch, with other
  crops).

The budget
----------
The number of steps depends on the number of training tracks, never on time, so that a seed gives
the same network on a slow machine: ``passes`` passes over the tracks, but no fewer
than `least_steps` and no more than `most_steps`, rounded up to whole epochs.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

EncoderKind = Literal["cnn", "rnn", "transformer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSettings:
    """Settings that all encoder networks and their training share.

    Parameters
    ----------
    window : int > 0
        Maximum frames of a crop; see `window_for`.
    bands : int > 0
        Bands that neighboring bands of spectra are averaged to in the segments.
    width : int > 0
        Width of the sequence of segments.
    statistic_bands : int > 1
        Bands of which statistics and correlations are computed.
    embedding : int > 1
        Size of the embedding of one network, half of it for each branch.
    crops : int > 0
        Evenly spread crops that are averaged in prediction.
    passes, least_steps, most_steps, least_epoch_steps : int > 0
        The budget: see the module header.
    batch : int > 1
        Crops per step.
    learning_rate, weight_decay : float
        Parameters of AdamW; the rate rises over the first `warm_up` share of the steps, then falls
        to zero along a cosine.
    dropout, statistic_dropout, label_smoothing : float in [0, 1)
        Regularization: dropout of the branch that reads the sequence, and of the statistics.
    mixup : float >= 0
        Both parameters of the beta distribution that mixes pairs of crops; 0 disables mixing.
    time_mask, band_mask : float in [0, 1)
        SpecAugment: maximum width of a mask as a share of the window and of the bands.
    masks : int >= 0
        Number of masks of each kind per crop.
    level_jitter, tone_jitter : float >= 0
        Standard deviation of a level added to a whole crop, and of each of the six levels of a
        smooth curve over the bands, in standard deviations of the input. Applied to spectra only,
        whose values are logarithmic: they simulate gain and equalization.
    balanced : bool
        Whether rare classes weigh more in the loss.
    averaging : float in [0, 1)
        Decay of the moving average of the weights, which is saved; 0 disables it.
    """

    window: int = 256
    bands: int = 64
    width: int = 64
    statistic_bands: int = 32
    embedding: int = 64
    crops: int = 8
    passes: int = 40
    least_steps: int = 300
    most_steps: int = 20_000
    least_epoch_steps: int = 20
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.3
    warm_up: float = 0.1
    dropout: float = 0.4
    statistic_dropout: float = 0.6
    label_smoothing: float = 0.1
    mixup: float = 0.0
    time_mask: float = 0.15
    band_mask: float = 0.1
    masks: int = 0
    level_jitter: float = 0.1
    tone_jitter: float = 0.1
    balanced: bool = True
    averaging: float = 0.0

    def __post_init__(self) -> None:
        """Refuse invalid values."""
        for name in ("window", "bands", "width", "crops", "passes", "least_steps", "most_steps"):
            _require(self, name, getattr(self, name) >= 1, "at least 1")
        for name in ("embedding", "statistic_bands"):
            _require(self, name, getattr(self, name) >= 2, "at least 2")
        _require(self, "least_epoch_steps", self.least_epoch_steps >= 1, "at least 1")
        _require(self, "batch", self.batch >= 2, "at least 2, since batches are normalised")
        _require(self, "learning_rate", self.learning_rate > 0, "above 0")
        for name in ("weight_decay", "mixup", "masks", "level_jitter", "tone_jitter"):
            _require(self, name, getattr(self, name) >= 0, "at least 0")
        for name in (
            "warm_up",
            "dropout",
            "statistic_dropout",
            "label_smoothing",
            "time_mask",
            "band_mask",
            "averaging",
        ):
            _require(self, name, 0 <= getattr(self, name) < 1, "in [0, 1)")

    def window_for(self, length: float) -> int:
        """Return the frames of a crop for the median length of the training tracks.

        At most that length, and a multiple of 16, so that pooling divides it.

        Examples
        --------
        >>> CnnSettings().window_for(861), CnnSettings().window_for(250)
        (256, 240)
        """
        return max(16, min(self.window, int(length)) // 16 * 16)

    def epoch_steps(self, n_tracks: int) -> int:
        """Return the optimizer steps of one epoch over `n_tracks` training tracks."""
        return max(math.ceil(n_tracks / self.batch), self.least_epoch_steps)

    def epochs(self, n_tracks: int) -> int:
        """Return the number of epochs of the budget for `n_tracks` training tracks.

        Examples
        --------
        >>> settings = CnnSettings(passes=60, batch=32, least_steps=300, least_epoch_steps=20)
        >>> settings.epochs(442), settings.epochs(140)  # 840 steps, and 300
        (42, 15)
        """
        steps = self.passes * math.ceil(n_tracks / self.batch)
        steps = min(max(steps, self.least_steps), self.most_steps)
        return math.ceil(steps / self.epoch_steps(n_tracks))

    def to_dict(self) -> dict[str, Any]:
        """Return all settings as plain values for a manifest."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CnnSettings(EncoderSettings):
    """Settings of the convolutional network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RnnSettings(EncoderSettings):
    """Settings of the recurrent network: `units` of the GRU in each direction."""

    units: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerSettings(EncoderSettings):
    """Settings of the transformer.

    `heads` is the number of attention heads, `depth` the number of blocks, `block_dropout` the
    dropout inside them.
    """

    learning_rate: float = 1.5e-3
    heads: int = 4
    depth: int = 1
    block_dropout: float = 0.2


SETTINGS: Mapping[
    EncoderKind, type[CnnSettings] | type[RnnSettings] | type[TransformerSettings]
] = {
    "cnn": CnnSettings,
    "rnn": RnnSettings,
    "transformer": TransformerSettings,
}
"""The settings class of each kind of encoder."""


def _require(settings: EncoderSettings, name: str, holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(f"{name} is {getattr(settings, name)}: it must be {rule}.")
