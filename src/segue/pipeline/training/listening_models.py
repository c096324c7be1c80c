"""Models of listening data and signal weights, fitted on listens.

The last listens of every listener are held out first. Settings are searched and weights are learned
on the held-out part; then the models are fitted again on all listens. `evaluate` does the same on
the listens before its own test part, so that no evaluated figure has seen test data.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segue.engine import Example, LearningRules, Weights, learn, profiles_of
from segue.evaluation import split_listens
from segue.library import Catalogue, Library
from segue.listening import Collaborative, CollaborativeSettings, Searched, search
from segue.listening.sequences import SequenceModel, fit_sequences
from segue.pipeline.filters.rule_filters import learning_rules
from segue.pipeline.training.item_features import item_features, item_labels
from segue.signals import SIGNALS, ListeningInputs, Signal, UserProfile, opinions_of
from segue.task_runner import IN_PROCESS, TaskRunner

if TYPE_CHECKING:
    import pandas as pd

COLLABORATIVE, SEQUENCE = "collaborative", "sequence"
LISTENING_MODELS = (COLLABORATIVE, SEQUENCE)
MIN_LISTENERS = 5
"""Minimum number of listeners with two liked tracks for a collaborative model."""
HIDDEN = (0.0, 0.2)

Profiles = Mapping[str, UserProfile]


@dataclass(frozen=True, slots=True)
class ListeningModels:
    """Models fitted on one set of listens; None if there is no such model."""

    collaborative: Collaborative | None = None
    sequence: SequenceModel | None = None


@dataclass(frozen=True, slots=True)
class InnerSplit:
    """Listens with the last part held out: profiles `before`, and profiles of the held-out part.

    The held-out part has two halves: `between` are the profiles after the first half.
    """

    before: Profiles
    between: Profiles
    after: Profiles

    def examples(self) -> list[Example]:
        """Return the new tracks that each listener liked in the held-out part."""
        return _chosen(self.before, self.after)

    def turns(self) -> tuple[list[Example], list[Example]]:
        """Return the examples of the first and of the second half of the held-out part."""
        return _chosen(self.before, self.between), _chosen(self.between, self.after)


@dataclass(frozen=True)
class TrainingData:
    """Training data: the catalogue, the content signals, and the conversion of listens.

    `wanted` are the names of the models of listening data to fit, `rules` what is not learned from,
    by listener. `runner` says where models are fitted.
    """

    catalogue: Catalogue
    content: Sequence[Signal]
    friends: Sequence[tuple[str, str]]
    wanted: Sequence[str] = LISTENING_MODELS
    seed: int = 0
    rules: Mapping[str, LearningRules] = field(default_factory=dict)
    runner: TaskRunner = IN_PROCESS
    _features: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        library: Library,
        catalogue: Catalogue,
        content: Sequence[Signal],
        *,
        wanted: Sequence[str] = LISTENING_MODELS,
        seed: int = 0,
        runner: TaskRunner = IN_PROCESS,
    ) -> "TrainingData":
        """Return the training data of a library."""
        rules = learning_rules(library, catalogue)
        return cls(catalogue, content, library.shared_friends(), wanted, seed, rules, runner)

    def profiles(self, listens: "pd.DataFrame") -> dict[str, UserProfile]:
        """Return the profile of each listener from a table of listens."""
        tracks = self.catalogue.tracks
        durations = [track.duration for track in tracks]
        positions = self.catalogue.positions
        return profiles_of(
            listens, positions, durations=durations, friends=self.friends, rules=self.rules
        )

    def features(self) -> NDArray[np.float32] | None:
        """Return the item features, computed once."""
        if "items" not in self._features:
            self._features["items"] = item_features(self.catalogue.tracks, self.content)
        found: NDArray[np.float32] | None = self._features["items"]
        return found

    def labels(self) -> Any:
        """Return the item labels, a sparse matrix or None, computed once."""
        if "labels" not in self._features:
            self._features["labels"] = item_labels(self.catalogue.tracks, self.catalogue.ids)
        return self._features["labels"]

    def hidden(self, listens: "pd.DataFrame") -> InnerSplit:
        """Hold out the stated validation part, or the last fifth of every listener's tracks."""
        if "split" in listens and (listens["split"] == "valid").any():
            parts = listens["split"].where(listens["split"] == "valid", "train")
        else:
            unsplit = listens.drop(columns="split", errors="ignore")
            parts = split_listens(unsplit, held_out=HIDDEN, seed=self.seed)
        hidden = listens[parts != "train"].drop(columns="split", errors="ignore")
        second = split_listens(hidden, held_out=(0.0, 0.5), seed=self.seed) == "test"
        between = listens.drop(index=hidden.index[second])
        return InnerSplit(
            self.profiles(listens[parts == "train"]),
            self.profiles(between),
            self.profiles(hidden),
        )


def find_settings(
    material: TrainingData, inner: InnerSplit, start: CollaborativeSettings | None = None
) -> Searched | None:
    """Search the settings of the collaborative model; None if there are too few listeners.

    `start` are settings that were found before.
    """
    users = [one.profile.user for one in inner.examples() if one.profile.user]
    if COLLABORATIVE not in material.wanted or len(users) < MIN_LISTENERS:
        return None
    n = len(material.catalogue)
    names = list(inner.before)
    known = opinions_of([inner.before[name] for name in names], n)
    unmet = [_new(inner, name) for name in names]
    hidden = opinions_of(unmet, n)
    features, labels = material.features(), material.labels()
    return search(
        known,
        hidden,
        features,
        labels,
        seed=material.seed,
        start=start,
        runner=material.runner,
    )


def fit_models(
    material: TrainingData,
    profiles: Profiles,
    settings: CollaborativeSettings | None,
    *,
    attentive: bool = False,
) -> ListeningModels:
    """Fit the wanted models for which there are listens."""
    # started first: elsewhere it is fitted while the other model is fitted here
    sequence = _fit_sequence(material, profiles, attentive)
    collaborative = None
    if settings is not None:
        matrix = opinions_of(list(profiles.values()), len(material.catalogue))
        collaborative = Collaborative(settings).fit(
            matrix, material.features(), material.labels(), runner=material.runner
        )
    return ListeningModels(collaborative, next(sequence, None))


def listening_signals(
    material: TrainingData, profiles: Profiles, models: ListeningModels
) -> list[Signal]:
    """Return the signals that are built from listens, those that have something to score by."""
    given = ListeningInputs(
        list(profiles.values()),
        material.catalogue.ids.artist,
        models.collaborative,
        models.sequence,
    )
    built = (one.from_listens(given) for one in SIGNALS.values() if one.from_listens)
    return [signal for signal in built if signal is not None]


def learn_weights(
    material: TrainingData, inner: InnerSplit, settings: CollaborativeSettings | None
) -> tuple[list[str], Weights]:
    """Learn the signal weights, with models that have not seen the held-out part.

    Returns
    -------
    names, weights
        Names of the signals, in the order of the weights.
    """
    models = fit_models(material, inner.before, settings)
    signals = [*material.content, *listening_signals(material, inner.before, models)]
    weights = learn(signals, *inner.turns(), seed=material.seed)
    return [signal.name for signal in signals], weights


def _chosen(before: Profiles, after: Profiles) -> list[Example]:
    """Return what listeners like of what came after and they had not met."""
    found = []
    for user, then in after.items():
        if user in before:
            chosen = np.setdiff1d(then.liked, before[user].known)
            if len(chosen):
                found.append(Example(before[user], chosen))
    return found


def _new(inner: InnerSplit, name: str) -> UserProfile:
    """Return the held-out profile of a listener without tracks known before."""
    nothing = np.zeros(0, np.int64)
    then = inner.after.get(name, UserProfile(nothing, np.zeros(0, np.float32), nothing))
    return then.without(inner.before[name].known)


def _fit_sequence(
    material: TrainingData, profiles: Profiles, attentive: bool
) -> Iterator[SequenceModel]:
    """Start to fit the sequence model; yields it, or nothing where it is not wanted."""
    played = [one for one in profiles.values() if len(one.history) >= 2]
    if SEQUENCE not in material.wanted or not played:
        return iter(())
    ids = material.catalogue.ids
    fit = partial(
        fit_sequences,
        n_items=len(ids),
        artists=ids.artist,
        albums=ids.album,
        sessions=[one.sessions for one in played]
        if any(len(one.sessions) for one in played)
        else None,
        seed=material.seed,
        attentive=attentive,
    )
    return material.runner.map(fit, [([one.history for one in played],)], threads=True)
