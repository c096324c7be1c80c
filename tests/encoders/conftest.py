"""Small tracks of separable classes, which every encoder must learn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from segue.encoders import SETTINGS, EncoderKind, EncoderSettings, TrainedEncoder, train_encoder
from segue.types import Split

KINDS: list[EncoderKind] = ["cnn", "rnn", "transformer"]


@dataclass(frozen=True)
class Tracks:
    """Three classes, each louder in its own third of 18 bands; lengths differ."""

    frames: list[np.ndarray]
    labels: np.ndarray
    splits: list[Split]
    class_names: tuple[str, ...] = ("low", "middle", "high")


@pytest.fixture(scope="session")
def tracks() -> Tracks:
    rng = np.random.default_rng(5)
    labels = np.arange(45) % 3
    frames = []
    for label in labels:
        track = rng.normal(100, 20, (int(rng.integers(40, 90)), 18))
        track[:, 6 * label : 6 * label + 6] += 40
        frames.append(track.clip(0, 255).astype(np.uint8))
    splits: list[Split] = [("train", "train", "valid")[row // 3 % 3] for row in range(45)]
    return Tracks(frames, labels, splits)


@pytest.fixture(scope="session")
def small() -> Callable[..., EncoderSettings]:
    """Settings that train in a second or two, those given changed."""

    def make(kind: EncoderKind, **changes: Any) -> EncoderSettings:
        tiny: dict[str, Any] = {
            "window": 32,
            "passes": 1,
            "least_steps": 24,
            "least_epoch_steps": 8,
            "batch": 8,
            "embedding": 12,
            "crops": 3,
            "dropout": 0.1,
        }
        tiny |= {"bands": 18, "width": 12, "statistic_bands": 6, "statistic_dropout": 0.1}
        tiny |= {
            "cnn": {},
            "rnn": {"units": 12},
            "transformer": {"heads": 2, "depth": 1, "block_dropout": 0.0, "learning_rate": 3e-3},
        }[kind]
        return SETTINGS[kind](**tiny | changes)

    return make


@pytest.fixture(scope="session", params=KINDS)
def trained(request, tracks: Tracks, small: Callable[..., EncoderSettings]) -> TrainedEncoder:
    """One trained encoder of each kind, shared: nothing may change it."""
    settings = small(request.param, least_steps=112)
    return train_encoder(
        request.param, tracks.frames, tracks.labels, tracks.splits, tracks.class_names,
        settings=settings, seed=3,
    )  # fmt: skip
