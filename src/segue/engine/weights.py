"""Weights of signals: global ones, and each listener's own.

**Model.** A listener who can choose among the tracks that any signal ranks highest (see
`segue.engine.examples`) chooses `t` with probability ``exp(w . f(t)) / sum of exp(w . f)``
(conditional logit: McFadden, 1974; in ranking, ListNet's top-one probability: Cao et al., 2007).
``f`` are the signals' scores, standardized for this listener; `w` are the weights. The negative log
likelihood of the choices is convex in `w`.

**Global weights** maximize the likelihood of the choices of many listeners, each with the same
weight, and are never negative: a signal may be useless, but not be inverted. A prior from many
libraries (`segue.engine.weight_prior`) decides where there are few listeners: it counts as much as
some tens of listeners do, so that two people cannot switch off a signal that helps a third.

**Personal weights** have a normal prior around the global ones; its spread in each signal is
estimated from how much listeners differ (empirical Bayes, by expectation maximization with
Laplace's approximation). A listener's weights maximize the posterior: with few choices they are
close to the global ones. How far to trust the spread is decided on choices that came later, since
the taste of one week is not always that of the next: where personal weights do not predict those
better than global ones, the spread is 0, and everyone gets the global weights.

**Live updates.** A posterior is a mean and a precision. One more choice moves it by one Newton step
(Laplace again), at a cost that does not depend on the history. A skipped or disliked track is a
choice against: by the logistic loss, it should score no better than the mean of the tracks that it
was offered with.

Only the direction of `w` matters for a ranking: weights are shown as shares that sum to 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from segue.engine.examples import Choices, DrawnChoices, Example
from segue.engine.listener_posteriors import posterior_modes
from segue.engine.weight_prior import PRIOR_PRECISION, prior_weights
from segue.signals import Signal

Vector = NDArray[np.float64]

_MIN_LISTENERS = 5
"""With fewer listeners of two choices, differences between them may be chance."""
_MAX_LISTENERS = 600
_MAX_BELIEFS = 5_000
_EM_ROUNDS = 6
_TRUSTS = (0.0, 0.25, 0.5, 1.0)
MIN_SPREAD = 1e-3


@dataclass(frozen=True, slots=True)
class WeightPosterior:
    """The posterior of one listener's weights: `mean` ``[n]`` and `precision` ``[n, n]``."""

    mean: Vector
    precision: NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """Global weights ``[n]``, the spread of listeners ``[n]``, and posteriors by listener.

    `spread` is a standard deviation; 0 where personal weights were found to be useless.
    """

    everyone: Vector
    spread: Vector
    listeners: Mapping[str, WeightPosterior] = field(default_factory=dict)

    @classmethod
    def fixed(cls, values: Sequence[float]) -> "Weights":
        """Return weights that are the same for every listener."""
        given = np.asarray(values, np.float64)
        return cls(given, np.zeros_like(given))

    @classmethod
    def prior(cls, names: Sequence[str]) -> "Weights":
        """Return the weights of signals before anything is learned."""
        return cls.fixed(prior_weights(names).tolist())

    @property
    def personal(self) -> bool:
        """Whether listeners may have different weights."""
        return bool((self.spread > 0).any())

    def posterior(self, user: str | None) -> WeightPosterior:
        """Return the posterior of a listener; the prior for unknown ones."""
        known = self.listeners.get(user) if user is not None else None
        if known is not None:
            return known
        return WeightPosterior(self.everyone, np.diag(1 / np.maximum(self.spread, MIN_SPREAD) ** 2))

    def of(self, user: str | None) -> Vector:
        """Return a listener's weights, as shares that sum to 1."""
        return shares(self.posterior(user).mean)

    def with_belief(self, user: str, posterior: WeightPosterior) -> "Weights":
        """Return these weights with a new posterior of a listener."""
        return replace(self, listeners={**self.listeners, user: posterior})


def shares(weights: Vector) -> Vector:
    """Return weights as shares that sum to 1, without negative ones; equal if none is positive.

    >>> shares(np.array([0.6, 0.2, -0.1])).round(2).tolist()
    [0.75, 0.25, 0.0]
    """
    positive = np.maximum(weights, 0)
    total = positive.sum()
    return positive / total if total > 0 else np.full(len(weights), 1 / max(len(weights), 1))


def learn(
    signals: Sequence[Signal],
    examples: Sequence[Example],
    later: Sequence[Example] = (),
    *,
    seed: int = 0,
) -> Weights:
    """Return global weights and a posterior of each listener with choices.

    Global weights come from up to 600 listeners, drawn with `seed`; posteriors are kept of up to
    5,000, whose choices are scored only if personal weights are of use. Signals that learn from
    listens must not have seen the chosen tracks.

    Parameters
    ----------
    examples, later
        The choices of listeners, and later choices of the same listeners. Without later ones,
        everyone gets the global weights: nothing shows that personal ones last.
    """
    first, then = _drawn(signals, examples, seed), _drawn(signals, later, seed)
    sampled = first.first(_MAX_LISTENERS)
    sample = [*sampled, *then.first(_MAX_LISTENERS)]
    expected = prior_weights([signal.name for signal in signals])
    if not sample:
        return Weights.fixed(expected.tolist())
    everyone = likeliest(sample, expected)
    users = {one.user for one in sampled if one.user is not None}
    trust = _trust(sampled, then.of_users(users), expected)
    if not trust:
        return Weights(everyone, np.zeros_like(everyone))
    spread = spread_of(sample, everyone) * trust
    anybody = Weights(everyone, spread).posterior(None)
    beliefs: dict[str, WeightPosterior] = {}
    for one in (*first.all(), *then.all()):
        if one.user is not None:
            beliefs[one.user] = _posterior(one, beliefs.get(one.user, anybody))
    return Weights(everyone, spread, beliefs)


def _drawn(signals: Sequence[Signal], examples: Sequence[Example], seed: int) -> DrawnChoices:
    """Return the choices of up to 5,000 of the examples."""
    usable = [one for one in examples if len(one.chosen)] if signals else []
    order = np.random.default_rng(seed).permutation(len(usable))[:_MAX_BELIEFS]
    return DrawnChoices(signals, [usable[place] for place in order])


def likeliest(
    choices: Sequence[Choices], expected: Vector, pull: float = PRIOR_PRECISION
) -> Vector:
    """Return the non-negative weights that are likeliest, ``[n_signals]``.

    Parameters
    ----------
    expected, pull
        Mean ``[n_signals]`` and precision of the normal prior; the precision in listeners.
    """
    from scipy.optimize import minimize  # slow to import, and recommending does not need it

    stacked = _Stacked(choices)
    n = stacked.others.shape[1]

    def objective(weights: Vector) -> tuple[float, Vector]:
        loss, slope = stacked.loss(weights)
        off = weights - expected
        share = pull / len(choices)
        return loss + share * float(off @ off), slope + 2 * share * off

    found = minimize(objective, expected, jac=True, method="L-BFGS-B", bounds=[(0, None)] * n)
    return np.asarray(found.x, np.float64)


def spread_of(choices: Sequence[Choices], everyone: Vector) -> Vector:
    """Return the standard deviation of listeners' weights around the global, ``[n_signals]``."""
    spread = np.full(len(everyone), 0.3)
    for _ in range(_EM_ROUNDS):
        prior = Weights(everyone, spread).posterior(None)
        means, precisions = posterior_modes(choices, prior.mean, prior.precision)
        off = means - everyone
        left = np.diagonal(np.linalg.inv(precisions), axis1=1, axis2=2)
        spread = np.sqrt(np.mean(off**2 + left, axis=0))
    return np.asarray(np.maximum(spread, MIN_SPREAD), np.float64)


def updated(
    posterior: WeightPosterior, track: Vector, others: NDArray[np.float32], *, liked: bool
) -> WeightPosterior:
    """Return a posterior after one more choice.

    Parameters
    ----------
    track
        Standardized scores of the liked or skipped track, ``[n_signals]``.
    others
        Scores of the tracks that it was offered with, ``[n_others, n_signals]``.
    """
    if liked:
        slope, curve = _slope_and_curve(posterior.mean, track[None], others)
    else:
        over = track - others.mean(axis=0)
        chance = 1 / (1 + np.exp(-float(posterior.mean @ over)))
        slope, curve = chance * over, chance * (1 - chance) * np.outer(over, over)
    precision = posterior.precision + curve
    return WeightPosterior(posterior.mean - np.linalg.solve(precision, slope), precision)


def _trust(first: Sequence[Choices], then: Sequence[Choices], expected: Vector) -> float:
    """Return the best factor for the spread: learned from `first`, evaluated on `then`.

    Choices of the same time cannot be used for both: consecutive choices are of the same album or
    evening, so that weights seem to last although they do not.
    """
    later = {one.user: one for one in then if one.user is not None}
    pairs = [(one, later[one.user]) for one in first if one.user in later]
    if len(pairs) < _MIN_LISTENERS:
        return 0.0
    everyone = likeliest(first, expected)
    spread = spread_of(first, everyone)
    earlier = [one for one, _ in pairs]
    losses = []
    for trust in _TRUSTS:
        prior = Weights(everyone, spread * trust).posterior(None)
        own = np.tile(everyone, (len(pairs), 1))
        if trust:
            own, _ = posterior_modes(earlier, prior.mean, prior.precision)
        # negative weights are not used in blending, so they are not evaluated either
        losses.append(
            [
                _loss(np.maximum(weights, 0), one)
                for weights, (_, one) in zip(own, pairs, strict=True)
            ]
        )
    found = np.array(losses)  # [n_trusts, n_listeners]
    gains = found[0] - found
    best = int(np.argmax(gains.mean(axis=1)))
    # the gain must exceed chance: two standard errors of the paired difference
    error = gains[best].std(ddof=1) / np.sqrt(len(pairs))
    return _TRUSTS[best] if gains[best].mean() > 2 * error else 0.0


def _posterior(choices: Choices, prior: WeightPosterior) -> WeightPosterior:
    """Return the posterior of one listener."""
    means, precisions = posterior_modes([choices], prior.mean, prior.precision)
    return WeightPosterior(means[0], precisions[0])


def _slope_and_curve(
    weights: Vector, chosen: NDArray[np.float32] | Vector, others: NDArray[np.float32]
) -> tuple[Vector, NDArray[np.float64]]:
    """Return gradient and Hessian of the negative log likelihood, summed over the choices."""
    chance = _chances(others @ weights)
    mean = chance @ others
    curve = (others * chance[:, None]).T @ others - np.outer(mean, mean)
    n = len(chosen)
    return n * mean - chosen.sum(axis=0), n * curve


def _loss(weights: Vector, choices: Choices) -> float:
    """Return the mean negative log likelihood of one listener's choices."""
    scores = choices.others @ weights
    top = scores.max()
    return float(np.log(np.exp(scores - top).sum()) + top - (choices.chosen @ weights).mean())


def _chances(scores: Vector) -> Vector:
    shifted = np.exp(scores - scores.max())
    return np.asarray(shifted / shifted.sum(), np.float64)


class _Stacked:
    """The concatenated choices of many listeners, for the loss of shared weights."""

    def __init__(self, choices: Sequence[Choices]) -> None:
        self.others = np.concatenate([one.others for one in choices]).astype(np.float64)
        self.starts = np.cumsum([0, *(len(one.others) for one in choices)])[:-1]
        self.lengths = np.array([len(one.others) for one in choices])
        self.chosen = np.stack([one.chosen.mean(axis=0) for one in choices]).astype(np.float64)

    def loss(self, weights: Vector) -> tuple[float, Vector]:
        """Return the mean negative log likelihood over listeners, and its gradient."""
        scores = self.others @ weights
        top = np.maximum.reduceat(scores, self.starts)
        raised = np.exp(scores - np.repeat(top, self.lengths))
        total = np.add.reduceat(raised, self.starts)
        n = len(self.starts)
        loss = float((np.log(total) + top - self.chosen @ weights).mean())
        shares_of_each = raised / np.repeat(total, self.lengths) / n
        return loss, self.others.T @ shares_of_each - self.chosen.mean(axis=0)
