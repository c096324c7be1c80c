"""Hold out listens, and fit the engine on the earlier ones.

Everything is fitted on the listens before the held-out ones: models, popularity, global and
personal weights.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segue.engine import Engine
from segue.errors import ModelError
from segue.evaluation import split_listens
from segue.library import Library
from segue.listening import CollaborativeSettings
from segue.pipeline.analysis.duplicates import recordings
from segue.pipeline.experiments.ranked_lists import EvaluatedUsers
from segue.pipeline.training.engine_weights import in_order
from segue.pipeline.training.listening_models import (
    ListeningModels,
    TrainingData,
    find_settings,
    fit_models,
    learn_weights,
    listening_signals,
)
from segue.signals import UserProfile
from segue.types import SPLITS, Progress, Split, no_progress

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Listeners with their earlier profile and the tracks held out in `split`, by position.

    `before` are the earlier listens, which training may use; `after` are the held-out ones.
    """

    users: Sequence[str]
    profiles: Sequence[UserProfile]
    held_out: Sequence[NDArray[np.int64]]
    history: Mapping[str, UserProfile]
    split: Split
    counts: Mapping[str, Mapping[Split, int]]
    before: "pd.DataFrame"
    after: "pd.DataFrame"


@dataclass(frozen=True, slots=True)
class FittedEngine:
    """An engine fitted on earlier listens, its models, and their settings.

    `settings` are those of the collaborative model, found by search once; None without one.
    """

    engine: Engine
    models: ListeningModels
    settings: CollaborativeSettings | None

    @property
    def names(self) -> list[str]:
        """Names of the engine's signals, in the order of its weights."""
        return [signal.name for signal in self.engine.signals]

    def refitted(self, material: TrainingData, history: Mapping[str, UserProfile]) -> Engine:
        """Return an engine with the same settings and weights, fitted on other listens.

        `material` may have fewer models: the weights of missing signals go to the others.
        """
        models = fit_models(material, history, self.settings)
        signals = [*material.content, *listening_signals(material, history, models)]
        weights = in_order(self.engine.weights, self.names, [signal.name for signal in signals])
        return Engine(signals, weights, self.engine.recordings, self.engine.missing)


@dataclass(frozen=True)
class EvaluationContext:
    """The inputs of an experiment: data, held-out listens, engine and seed."""

    material: TrainingData
    known: HeldOut
    fitted: FittedEngine
    seed: int
    progress: Progress

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without the progress bar, which only this process can show."""
        return {**self.__dict__, "progress": no_progress}

    @property
    def n_tracks(self) -> int:
        """Number of tracks in the catalogue."""
        return len(self.material.catalogue)

    @cached_property
    def evaluated(self) -> EvaluatedUsers:
        """The listeners with their earlier histories."""
        return EvaluatedUsers.of(self.material.catalogue, self.known.history)

    def listeners(self, most: int) -> list[int]:
        """Return the indices of at most `most` listeners, drawn with the seed."""
        drawn = np.random.default_rng(self.seed).permutation(len(self.known.users))
        return sorted(drawn[:most].tolist())


def hold_out(
    listens: "pd.DataFrame", material: TrainingData, split: Split, *, seed: int = 0
) -> HeldOut:
    """Divide listens into known and held-out ones.

    With ``test`` held out, train and valid are known; with ``valid``, only train. If the split has
    no test part, valid is held out.

    Raises
    ------
    ModelError
        If no listener has a track held out.
    """
    parts = split_listens(listens, seed=seed)
    if split == "test" and not (parts == "test").any():
        split = "valid"
    before = parts.isin(["train", "valid"] if split == "test" else ["train"])
    history = material.profiles(listens[before])
    wanted = material.profiles(listens[parts == split])
    users, profiles, held_out = [], [], []
    for user, future in wanted.items():
        if user not in history:
            continue
        new = np.setdiff1d(future.liked, history[user].known)
        if len(new):
            users.append(user)
            profiles.append(history[user])
            held_out.append(new)
    if not users:
        raise ModelError(
            f"No listener has a held-out track in the {split} split: to evaluate recommendations,"
            " import listens of at least two tracks by one listener."
        )
    counts = {"listens": {part: int((parts == part).sum()) for part in SPLITS}}
    earlier = listens[before].assign(split=parts[before])
    later = listens[parts == split]
    return HeldOut(users, profiles, held_out, history, split, counts, earlier, later)


def fit_engine(library: Library, material: TrainingData, known: HeldOut) -> FittedEngine:
    """Fit the engine on the earlier listens only.

    Raises
    ------
    ModelError
        If there is no signal to recommend with.
    """
    inner = material.hidden(known.before)
    searched = find_settings(material, inner)
    settings = searched.settings if searched else None
    learned, weights = learn_weights(material, inner, settings)
    models = fit_models(material, known.history, settings)
    signals = [*material.content, *listening_signals(material, known.history, models)]
    if not signals:
        raise ModelError("There is no signal to recommend with: run segue train all first.")
    engine = Engine(
        signals,
        in_order(weights, learned, [signal.name for signal in signals]),
        recordings(library, material.catalogue),
        [place for place, track in enumerate(material.catalogue.tracks) if track.missing],
    )
    return FittedEngine(engine, models, settings)
