"""Log-linear mixture of all components, whose few weights are learned on validation plays.

The score of an item is the sum over components of ``weight * log(1 + value / scale)``: a component
that does not score an item adds nothing. There is one set of weights for items the listener has
played and one for new items; both depend on the listening state: whether the last play was a
repeat, and for how many plays the listener has stayed with one artist. Played items also get a term
for repeats in general: the listener's share of repeats, overall and over the last ten plays.

``exp(score)`` is proportional to the probability that an item comes next. Its share on played items
is the probability of a repeat; leaving them out recommends new items.

`segue.listening.sequences.learning` learns the weights. Then all components are fitted again on all
plays.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.errors import MissingExtraError, ModelError
from segue.index import best
from segue.listening.sequences.attentive import Attentive, with_steps
from segue.listening.sequences.components import COMPONENTS, SequenceSettings
from segue.listening.sequences.learning import (
    Candidates,
    MixtureWeights,
    candidates_of_point,
    learn,
    loss_of,
)
from segue.listening.sequences.model import (
    Arrays,
    Items,
    NextItemModel,
    PlayHistory,
    Plays,
    Scores,
    SparseScores,
    Values,
)
from segue.listening.sequences.repeats import habit, share_of_repeats

STATES = ("always", "after a repeat", "per log of the artist's run")
_LONGEST_RUN = 15
_RECENT, _RECENT_PRIOR = 10, 3.0
_MIN_PROBABILITY = 0.02
Point = tuple[int, int]
"""A sequence, and the index in it of the play to predict."""


class SequenceModel(NextItemModel):
    """The mixture. Its scores are log probabilities up to a constant of the history.

    After fitting, `components_` has the components by name, `weights_` their weights, and
    `attentive_gain_` the gain of the attentive component in nats a play on validation plays that
    the weights were not learned from (NaN: not tried). It is used only if that is above zero.
    """

    kind = "sequence"
    settings_class = SequenceSettings

    # learning ------------------------------------------------------------------------------------

    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:
        self.artists_ = np.full(self.n_items_, -1) if artists is None else artists
        self.everyone_ = share_of_repeats(plays)
        cuts = _cuts(plays, self.settings.valid)
        before = plays.until(cuts)
        groups = (self.n_items_, artists, albums)
        self.components_ = {
            name: model(getattr(self.settings, name)).fit(before, *groups)
            for name, model in COMPONENTS.items()
            if name != "attentive"
        }
        steps = self._try_attentive(plays, cuts, artists)
        self._learn_weights(plays, cuts)
        for name, component in self.components_.items():
            if name == "attentive":
                component.settings = with_steps(component.settings, steps)
            component.fit(plays, *groups)
        self._prepare()

    def _try_attentive(self, plays: Plays, cuts: Items, artists: Items | None) -> int:
        """Train the attentive component if possible; return its best number of steps."""
        self.attentive_gain_ = float("nan")
        if self.settings.attentive is None:
            return 0
        component = Attentive(self.settings.attentive)
        try:
            steps = component.fit_steps(plays, self.n_items_, artists, cuts)
        except (MissingExtraError, ModelError):
            return 0  # attentive_gain_ stays NaN
        self.components_["attentive"] = component
        return steps

    def _learn_weights(self, plays: Plays, cuts: Items) -> None:
        points = _points(plays, cuts, self.settings.most_points, self.settings.seed)
        if not points:
            self.components_.pop("attentive", None)
            n = len(self.components_)
            self.scales_ = np.ones(n)
            self.weights_ = MixtureWeights(np.zeros((len(STATES), 2, n)), np.zeros(5))
            self.weights_.components[0] = 1
            return
        candidates = self._candidates(plays, points)
        if "attentive" in self.components_:
            last = len(self.components_) - 1
            self.attentive_gain_ = _gain(candidates, last, self.settings.penalty)
            if self.attentive_gain_ <= 0:
                del self.components_["attentive"]
                self.scales_ = self.scales_[:last]
                candidates = candidates.without(last)
        self.weights_ = learn(candidates, self.settings.penalty)

    def _candidates(self, plays: Plays, points: Sequence[Point]) -> Candidates:
        """Return the candidates of all points, and set the components' scales."""
        histories = [
            PlayHistory.of(
                plays.items[plays.starts[owner] : plays.starts[owner] + place], self.n_items_
            )
            for owner, place in points
        ]
        self.scales_ = self._median_values(histories[:: max(len(histories) // 500, 1)])
        rng = np.random.default_rng(self.settings.seed)
        rows = []
        for history, (owner, place) in zip(histories, points, strict=True):
            features = [found for _, found in self._features(history)]
            truth = int(plays.items[plays.starts[owner] + place])
            items, values, log_counts = candidates_of_point(features, truth, self.n_items_, rng)
            rows.append((values, history.played[items].astype(np.float32), log_counts))
        states = [self._state(history) for history in histories]
        lengths = np.array([len(values) for values, _, _ in rows])
        all_features, played, log_counts = (
            np.concatenate(part) for part in zip(*rows, strict=True)
        )
        return Candidates(
            features=all_features,
            played=played,
            log_counts=log_counts,
            starts=np.cumsum(lengths) - lengths,
            states=np.array([state for state, _ in states], np.float32),
            habits=np.array([habits for _, habits in states], np.float32),
            owners=np.array([owner for owner, _ in points]),
        )

    def _median_values(self, histories: Sequence[PlayHistory]) -> Values:
        """Return the median of each component's values."""
        found = [
            np.concatenate([component.sparse_scores(history).values for history in histories])
            for component in self.components_.values()
        ]
        return np.array([np.median(values) if len(values) else 1.0 for values in found])

    # scoring -------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Precompute the features that are the same for every history."""
        popularity = self.components_["popularity"].sparse_scores(PlayHistory.of([], self.n_items_))
        self._popular = np.zeros(self.n_items_)
        self._popular[popularity.items] = np.log1p(popularity.values / self.scales_[0])

    def _features(self, history: PlayHistory) -> list[tuple[str, SparseScores]]:
        """Return ``log(1 + value / scale)`` of each component's scores."""
        features = []
        for scale, (name, component) in zip(self.scales_, self.components_.items(), strict=True):
            found = component.sparse_scores(history)
            features.append((name, SparseScores(found.items, np.log1p(found.values / scale))))
        return features

    def _state(self, history: PlayHistory) -> tuple[Values, Values]:
        """Return the listening state, and the features of a repeat."""
        if not len(history.items):
            return np.array([1.0, 0, 0]), np.zeros(5)
        repeats = history.was_repeat[-_RECENT:]
        prior = _RECENT_PRIOR * self.everyone_
        lately = (repeats.sum() + prior) / (len(repeats) + _RECENT_PRIOR)
        artists = self.artists_[history.items[-_LONGEST_RUN:]][::-1]
        staying = (artists == artists[0]) & (artists >= 0)
        run = max(int(np.argmin(np.r_[staying, False])), 1)
        state = np.array([1.0, history.was_repeat[-1], np.log(run)])
        return state, np.array(
            [1.0, _log_odds(habit(history, self.everyone_)), _log_odds(lately), *state[1:]]
        )

    def score(self, history: ArrayLike) -> Scores:
        """Return log probabilities ``[n_items]`` up to a constant."""
        return self._scores(self.play_history(history)).astype(np.float32)

    def sparse_scores(self, history: PlayHistory) -> SparseScores:
        """Return the probability of every item."""
        probabilities = np.exp(self._scores(history))
        return SparseScores(np.arange(self.n_items_), probabilities / probabilities.sum())

    def _scores(self, history: PlayHistory) -> Values:
        state, habits = self._state(history)
        new, played = np.tensordot(state, self.weights_.components, 1)  # (n_components,) each
        scores: Values = self._popular * new[0]
        scores[history.distinct] = self._popular[history.distinct] * played[0]
        scores[history.distinct] += self.weights_.habits @ habits
        parts = list(zip(self.scales_, self.components_.values(), new, played, strict=True))
        for scale, component, of_new, of_played in parts[1:]:
            found = component.sparse_scores(history)
            feature = np.log1p(found.values / scale)
            known = history.played[found.items]
            scores[found.items] += feature * np.where(known, of_played, of_new)
        return scores

    def repeat_probability(self, history: ArrayLike) -> float:
        """Return the probability that the next play is of an item in the history."""
        plays = self.play_history(history)
        found = self.sparse_scores(plays)
        return float(found.values[plays.distinct].sum())

    def recommend(
        self, history: ArrayLike, k: int = 10, *, new_only: bool = False
    ) -> tuple[Items, Scores]:
        """Return the `k` most probable next items and their scores, best first.

        Parameters
        ----------
        new_only
            Whether to leave out items in the history.

        Raises
        ------
        ValueError
            If `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}: ask for at least 1 item.")
        scores = self.score(history)
        if new_only:
            scores[self.play_history(history).distinct] = np.nan
        ids, values = best(scores[None], k)
        return ids[0], values[0]

    def weights(self) -> dict[str, dict[str, float]]:
        """Return the weights of each component for new and played items in the base state."""
        table = self.weights_.components[0]
        return {
            name: {"new": float(table[0, i]), "played": float(table[1, i])}
            for i, name in enumerate(self.components_)
        }

    # saving --------------------------------------------------------------------------------------

    @classmethod
    def settings_of(cls, kept: Mapping[str, Any]) -> SequenceSettings:
        """Return the settings from the plain values of a saved model."""
        return SequenceSettings.of(kept)

    def _arrays(self) -> Arrays:
        parts = {name: one._arrays() for name, one in self.components_.items()}
        return self._named(parts)

    def _scoring_arrays(self) -> Arrays:
        parts = {name: one._scoring_arrays() for name, one in self.components_.items()}
        return self._named(parts)

    def _named(self, parts: Mapping[str, Arrays]) -> Arrays:
        own: dict[str, NDArray[Any]] = {
            "mixture.weights": self.weights_.components,
            "mixture.habits": self.weights_.habits,
            "mixture.scales": self.scales_,
            "mixture.artists": self.artists_,
            "mixture.numbers": np.array([self.everyone_, self.attentive_gain_]),
        }
        for name, arrays in parts.items():
            own |= {f"{name}.{part}": array for part, array in arrays.items()}
        return own

    def _restore(self, arrays: Arrays) -> None:
        self.weights_ = MixtureWeights(arrays["mixture.weights"], arrays["mixture.habits"])
        self.scales_, self.artists_ = arrays["mixture.scales"], arrays["mixture.artists"]
        self.everyone_, self.attentive_gain_ = arrays["mixture.numbers"].tolist()
        self.components_ = {}
        for name, model in list(COMPONENTS.items())[: len(self.scales_)]:
            component = model(getattr(self.settings, name))
            component.n_items_ = self.n_items_
            component._restore(_named(arrays, name))
            self.components_[name] = component
        self._prepare()


def _cuts(plays: Plays, share: float) -> Items:
    """Return the number of plays before the validation part of each sequence, at least one."""
    lengths = np.diff(plays.starts)
    valid = np.where(lengths > 1, np.maximum(np.rint(lengths * share), 1), 0)
    return (lengths - valid).astype(np.int64)


def _points(plays: Plays, cuts: Items, most: int, seed: int) -> list[Point]:
    """Return validation plays, a random sample of `most` if there are more."""
    lengths = np.diff(plays.starts)
    owners = np.repeat(np.arange(len(lengths)), lengths - cuts)
    places = np.arange(len(plays.items)) - plays.starts[plays.owners]
    places = places[places >= cuts[plays.owners]]
    if len(owners) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(owners), most, replace=False))
        owners, places = owners[chosen], places[chosen]
    return list(zip(owners.tolist(), places.tolist(), strict=True))


def _gain(candidates: Candidates, component: int, penalty: float) -> float:
    """Return by how many nats a component lowers the loss of listeners not learned from."""
    even = candidates.owners % 2 == 0
    if even.all() or not even.any():
        return 0.0
    halves = candidates.of_points(even), candidates.of_points(~even)
    gains = []
    for learned, judged in (halves, halves[::-1]):
        full = loss_of(judged, learn(learned, penalty))
        less = learn(learned.without(component), penalty)
        gains.append(loss_of(judged.without(component), less) - full)
    return float(np.mean(gains))


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, _MIN_PROBABILITY), 1 - _MIN_PROBABILITY)
    return float(np.log(bounded / (1 - bounded)))


def _named(arrays: Mapping[str, NDArray[Any]], name: str) -> Arrays:
    start = f"{name}."
    return {n.removeprefix(start): array for n, array in arrays.items() if n.startswith(start)}
