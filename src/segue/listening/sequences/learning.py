"""Learn the weights of the mixture by maximum likelihood of the next plays.

A *point* is a validation play: its history is known, its item is the truth. The likelihood is the
probability of the truth among all items. The sum over all items is estimated by importance
sampling: the highest-scored candidates enter as they are, and a few random ones represent the rest
(each counts ``rest / drawn`` times, which enters as its logarithm).

Scores are linear in the weights, so that the mean log likelihood is concave with one maximum, found
by L-BFGS. Columns are divided by their standard deviation first, so that the penalty is the same
for all. The penalty shrinks weights to a value a little above zero: situations that never occur in
the validation plays are still ordered by the components.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segue.listening.sequences.model import Items, SparseScores, Values

Floats = NDArray[np.float32]

_KEPT, _DRAWN = 120, 40
_ROUNDS = 100
_EXPECTED = 0.3
"""Prior weight of a component, for columns of standard deviation 1."""


@dataclass(frozen=True)
class Candidates:
    """Candidates of all points, concatenated; the truth is the first of each point.

    Rows: `features` ``[n_rows, n_components]``, `played` ``[n_rows]`` 1 if the listener has played
    the item, `log_counts` ``[n_rows]`` the log of the number of items a row represents. Points:
    `starts` (first row), `states` ``[n_points, n_states]``, `habits` ``[n_points, n_habits]`` and
    `owners` (listeners).
    """

    features: Floats
    played: Floats
    log_counts: Floats
    starts: Items
    states: Floats
    habits: Floats
    owners: Items

    def of_points(self, chosen: NDArray[np.bool_]) -> "Candidates":
        """Return only the `chosen` points ``[n_points]``."""
        lengths = np.diff(np.r_[self.starts, len(self.played)])
        rows = np.repeat(chosen, lengths)
        return Candidates(
            self.features[rows],
            self.played[rows],
            self.log_counts[rows],
            (np.cumsum(lengths[chosen]) - lengths[chosen]).astype(np.int64),
            self.states[chosen],
            self.habits[chosen],
            self.owners[chosen],
        )

    def without(self, component: int) -> "Candidates":
        """Return the candidates without one component."""
        return replace(self, features=np.delete(self.features, component, axis=1))


@dataclass(frozen=True)
class MixtureWeights:
    """Weights of components ``[n_states, 2, n_components]`` (new, played) and habit ``[n]``."""

    components: Values
    habits: Values


def candidates_of_point(
    found: Sequence[SparseScores],
    truth: int,
    n_items: int,
    rng: np.random.Generator,
) -> tuple[Items, Floats, Floats]:
    """Return the candidates of one point, their features and log counts, the truth first.

    `found` are the features of each component, each item at most once.
    """
    total = np.zeros(n_items)
    for one in found:
        total[one.items] += one.values
    top = np.flatnonzero(total > 0)
    if len(top) > _KEPT:
        top = top[np.argpartition(-total[top], _KEPT - 1)[:_KEPT]]
    top = top[top != truth]
    rest = np.unique(rng.integers(0, n_items, _DRAWN))
    rest = rest[(rest != truth) & ~np.isin(rest, top)]
    items = np.r_[truth, top, rest].astype(np.int64)
    counts = np.ones(len(items), np.float32)
    n_rest = n_items - 1 - len(top)
    counts[1 + len(top) :] = n_rest / max(len(rest), 1)
    features = np.zeros((len(items), len(found)), np.float32)
    dense = np.zeros(n_items, np.float32)
    for number, one in enumerate(found):
        dense[one.items] = one.values
        features[:, number] = dense[items]
        dense[one.items] = 0
    return items, features, np.log(counts)


def learn(candidates: Candidates, penalty: float) -> MixtureWeights:
    """Return the weights that maximize the likelihood of the truths."""
    from scipy.optimize import minimize  # slow to import, and recommending does not need it

    n_states, n_components = candidates.states.shape[1], candidates.features.shape[1]
    spread = candidates.features.std(axis=0)
    spread[spread < 0.01] = 1  # constant here
    problem = _Problem(candidates, candidates.features / spread)
    n = 2 * n_states * n_components

    def objective(flat: Values) -> tuple[float, Values]:
        weights = MixtureWeights(flat[:n].reshape(n_states, 2, n_components), flat[n:])
        loss, slope = problem.loss(weights)
        off = flat - expected
        return loss + penalty * float(off @ off), slope + 2 * penalty * off

    expected = np.zeros(n + candidates.habits.shape[1])
    expected[: 2 * n_components] = _EXPECTED  # in the base state
    found = minimize(
        objective, expected, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS}
    ).x
    return MixtureWeights(found[:n].reshape(n_states, 2, n_components) / spread, found[n:])


def loss_of(candidates: Candidates, weights: MixtureWeights) -> float:
    """Return the mean negative log probability of the truths, averaged by listener."""
    return _Problem(candidates, candidates.features).loss(weights)[0]


class _Problem:
    """The loss of weights and its gradient."""

    def __init__(self, candidates: Candidates, features: Floats) -> None:
        self.features, self.starts = features, candidates.starts
        self.log_counts = candidates.log_counts
        self.lengths = np.diff(np.r_[self.starts, len(features)])
        states = np.repeat(candidates.states, self.lengths, axis=0)
        played = candidates.played[:, None, None]
        sides = np.concatenate([1 - played, played], axis=2)  # (rows, 1, 2)
        self.sides = (states[:, :, None] * sides).reshape(len(features), -1)
        self.habits = np.repeat(candidates.habits, self.lengths, axis=0) * played[:, :, 0]
        per_listener = np.bincount(candidates.owners)
        shares = 1 / per_listener[candidates.owners]
        self.shares = (shares / shares.sum()).astype(np.float32)

    def loss(self, weights: MixtureWeights) -> tuple[float, Values]:
        """Return the loss and its gradient over all weights as one vector."""
        table = weights.components.reshape(-1, self.features.shape[1]).astype(np.float32)
        scores = ((self.features @ table.T) * self.sides).sum(axis=1)
        scores += self.habits @ weights.habits.astype(np.float32) + self.log_counts
        top = np.maximum.reduceat(scores, self.starts)
        chances = np.exp(scores - np.repeat(top, self.lengths))
        sums = np.add.reduceat(chances, self.starts)
        log_chances = scores[self.starts] - top - np.log(sums)
        pull = chances * np.repeat(self.shares / sums, self.lengths)
        pull[self.starts] -= self.shares
        slope = np.concatenate(
            [(self.sides * pull[:, None]).T @ self.features, (self.habits.T @ pull)[None]],
            axis=None,
        )
        return -float(log_chances @ self.shares), slope.astype(np.float64)
