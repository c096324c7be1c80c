"""Search for the best settings of the collaborative model.

A share of each user's likes is hidden (the latest ones, if the caller hides by time), models are
fitted on the rest and evaluated by nDCG@20 on the hidden ones.

*Wide, then narrow.* Settings spread over all ranges (a Latin hypercube around the start) are
evaluated on some hundred users. The best of them go through a pattern search (Hooke and Jeeves,
1961) on all evaluated users: it moves to the best neighbor, and then refines its steps. Settings
that need no fit (EASE's lift, iALS's prior) are tried on each fitted model.

*The budget* is in evaluations, and in estimated operations of the fits where these are large. It is
not in seconds, so that a seed gives the same result on a slow machine. Large data sets are sampled
by user. A search that starts from settings found before spreads less.

*The share* of EASE is the one with the best result. With content both models have a share, because
together they rank items without listeners better (docs/decisions/collaborative-models.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from segue.listening.als import Als
from segue.listening.als_solver import AlsSettings
from segue.listening.collaborative import CollaborativeSettings, blended, history_shares
from segue.listening.ease import Ease, EaseSettings
from segue.listening.hidden_likes import Evaluation, mean
from segue.listening.matrices import Matrix, Scores, as_matrix, liked
from segue.task_runner import IN_PROCESS, TaskRunner

BUDGET = 2.5e11
"""Default number of operations of a search: a minute or two on two cores of 2020."""
EVALUATIONS = 16
"""Default number of fits of EASE; iALS, the smaller part of most blends, gets half of them."""

Settings = TypeVar("Settings", AlsSettings, EaseSettings)

_MAX_LISTENS = 1_500_000
N_SCORED_USERS = 2_000
"""Users whose scores count in the estimated cost of an evaluation."""
_SEARCHED_DIMENSIONS, _SEARCHED_ITERATIONS = 64, 6
_SHARES = (0.0, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95)
WIDE_SHARE = 0.4
"""Share of the fits that are spread over all ranges; half of it with settings found before."""
_FINALISTS = 2
_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Range:
    """A searched setting: its range, the step of the pattern search, whether it is a factor."""

    name: str
    low: float
    high: float
    step: float
    factor: bool = False

    def at(self, place: float) -> float:
        """Return the value at a place from 0 to 1."""
        if self.factor:
            return float(self.low * (self.high / self.low) ** place)
        return float(self.low + (self.high - self.low) * place)

    def moved(self, value: float, steps: float) -> float:
        """Return a value some steps away, within the range."""
        there = value * self.step**steps if self.factor else value + self.step * steps
        # a start outside of the range may approach it
        return float(np.clip(there, min(self.low, value), max(self.high, value)))


_ALS = (
    Range("regularization", 0.001, 0.1, 3.2, factor=True),
    Range("unobserved", 0.01, 0.5, 3.2, factor=True),
    Range("strength", 0.0, 1.0, 0.5),
)
_EASE = (
    Range("regularization", 4.0, 250.0, 2.5, factor=True),
    Range("balance", 0.0, 0.5, 0.15),
    Range("strength", 0.0, 3.0, 1.0),
)
_LABELS = Range("label_weight", 0.3, 4.0, 2.0, factor=True)
_LIFTS = Range("lift", 0.0, 0.5, 0.1)
_PRIORS = Range("prior", 0.3, 10.0, 3.2, factor=True)


@dataclass(frozen=True, slots=True)
class Searched:
    """Result of a search: the best settings, and every trial with its nDCG@20, in order."""

    settings: CollaborativeSettings
    trials: Sequence[Mapping[str, Any]]


def search(
    known: Matrix,
    hidden: Matrix,
    item_features: Any = None,
    item_labels: Any = None,
    *,
    seed: int = 0,
    budget: float = BUDGET,
    evaluations: int = EVALUATIONS,
    start: CollaborativeSettings | None = None,
    runner: TaskRunner = IN_PROCESS,
) -> Searched:
    """Return the settings that best predict the `hidden` likes from the `known` ones.

    Parameters
    ----------
    known, hidden
        ``[n_users, n_items]``, from `hide` or split by time. Hidden dislikes are ignored.
    budget, evaluations
        Maximum number of estimated operations in all, and of fits of EASE; iALS gets half of them.
    start
        Settings found before, to start from.
    runner
        Where the settings of the two models are searched, each in a task.
    """
    known, hidden = _sampled(as_matrix(known), liked(as_matrix(hidden)), seed)
    first = start or CollaborativeSettings()
    wide = WIDE_SHARE if start is None else WIDE_SHARE / 2

    def n_fits(cost: float, most: int) -> int:
        return int(np.clip(budget / 2 / max(cost, 1.0), 1, max(most, 1)))

    small = replace(
        first.als,
        seed=seed,
        dimensions=min(first.als.dimensions, _SEARCHED_DIMENSIONS),
        iterations=min(first.als.iterations, _SEARCHED_ITERATIONS),
    )
    prior = None if item_features is None else _PRIORS
    ranges = _EASE if item_labels is None else (*_EASE, _LABELS)
    n_als = n_fits(_cost_of_als(known, small), evaluations // 2)
    n_ease = n_fits(_cost_of_ease(known, first.ease, item_labels), evaluations)
    wanted = [
        _Wanted(small, _ALS, prior, n_als, wide, seed),
        _Wanted(first.ease, ranges, _LIFTS, n_ease, wide, seed),
    ]
    data = known, hidden, item_features, item_labels
    als, ease = runner.map(_searched, [(one,) for one in wanted], data, threads=True)
    evaluation = Evaluation(*data)
    evaluation.trials.extend([*als.trials, *ease.trials])
    share = _best_share(evaluation, ease.model, als.model)
    full = replace(als.best, dimensions=first.als.dimensions, iterations=first.als.iterations)
    settings = CollaborativeSettings(ease=ease.best, als=full, share=share)
    return Searched(settings, evaluation.trials)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A search of the settings of one model with `n` fits; see `_Plan.best`."""

    start: Any
    ranges: Sequence[Range]
    free: Range | None
    n: int
    wide: float
    seed: int


@dataclass(frozen=True, slots=True)
class _Found:
    """The best settings of one model, the model fitted with them, and the trials."""

    best: Any
    model: Als | Ease
    trials: Sequence[Mapping[str, Any]]


def _searched(wanted: _Wanted, known: Matrix, hidden: Matrix, features: Any, labels: Any) -> _Found:
    """Search the settings of one model."""
    evaluation = Evaluation(known, hidden, features, labels)
    plan = _Plan(evaluation, wanted.seed, wanted.wide)
    best = plan.best(wanted.start, wanted.ranges, wanted.free, wanted.n)
    return _Found(best, evaluation.model(best), evaluation.trials)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The order in which settings are tried: some spread `wide`, then a pattern search."""

    evaluation: Evaluation
    seed: int
    wide: float

    def best(
        self, start: Settings, ranges: Sequence[Range], free: Range | None, n: int
    ) -> Settings:
        """Return the best settings found with `n` fits; the setting `free` needs none.

        Finalists are fitted again if they were ranked on some users only.
        """
        limit = self.evaluation.n_fits + n
        refits = _FINALISTS + 1 if self.evaluation.ranks_on_few else 0
        n_wide = min(round(n * self.wide), n - 1 - refits)
        spread: list[Settings] = [start]
        if n > 2 and n_wide > 0:
            spread += _spread(start, ranges, n_wide, self.seed)
            spread.sort(key=lambda one: self.evaluation.of(one, few=True), reverse=True)
        finalists = spread[:_FINALISTS]
        finalists += [start] if start not in finalists else []
        best = max(finalists, key=self.evaluation.of)
        return self._narrow(best, ranges, free, limit)

    def _narrow(
        self, best: Settings, ranges: Sequence[Range], free: Range | None, limit: int
    ) -> Settings:
        """Move to a better neighbor while there is one; then again with half the steps.

        It ends where more than `limit` fits in all would be needed.
        """
        of = self.evaluation.of
        for halving in range(_ROUNDS):
            improved = True
            while improved:
                improved = False
                for one in ranges if free is None else (free, *ranges):
                    for steps in (0.5**halving, -(0.5**halving)):
                        tried = _with(best, {one.name: one.moved(getattr(best, one.name), steps)})
                        if self.evaluation.n_fits >= limit and self.evaluation.needs_fit(tried):
                            return best
                        if of(tried) > of(best):
                            best, improved = tried, True
                            break
        return best


def _spread(start: Settings, ranges: Sequence[Range], n: int, seed: int) -> list[Settings]:
    """Return `n` settings that cover each range evenly (a Latin hypercube)."""
    rng = np.random.default_rng(seed)
    places = np.stack([(rng.permutation(n) + rng.random(n)) / max(n, 1) for _ in ranges])
    names = [one.name for one in ranges]
    return [
        _with(start, dict(zip(names, map(Range.at, ranges, row), strict=True)))
        for row in places.T.tolist()
    ]


def _with(settings: Settings, values: Mapping[str, Any]) -> Settings:
    return replace(settings, **values)


def _best_share(evaluation: Evaluation, ease: Als | Ease, als: Als | Ease) -> float:
    """Return the best share of EASE."""
    if not evaluation.n_users:
        return CollaborativeSettings().share
    models = (ease, als)
    latest: list[tuple[Matrix, list[Scores]]] = []

    def scores(histories: Matrix) -> list[Scores]:
        if not latest or latest[0][0] is not histories:
            latest[:] = [(histories, [model.score(histories) for model in models])]
        return latest[0][1]

    def blend(share: float, histories: Matrix) -> Scores:
        one, other = scores(histories)
        return blended(one.copy(), other.copy(), history_shares(histories, share))

    described = evaluation.features is not None
    shares = [share for share in _SHARES if share] if described else _SHARES
    each = evaluation.each({share: partial(blend, share) for share in shares})
    evaluation.trials.extend(
        {"model": "collaborative", "share": share, "ndcg@20": mean(each[share])} for share in shares
    )
    return max(shares, key=lambda share: mean(each[share]))


def _cost_of_als(known: Matrix, settings: AlsSettings) -> float:
    """Estimate the operations of one fit: a small or a large system for each row."""
    d = settings.dimensions
    total = float(known.shape[0]) * d * d
    for counts in (np.diff(known.indptr), np.bincount(known.indices, minlength=known.shape[1])):
        small = np.minimum(counts, d).astype(np.float64)
        total += float((counts * small * d + small**3).sum())
    judging = 2.0 * N_SCORED_USERS * known.shape[1] * d
    return float(6 * settings.iterations * total + judging)


def _cost_of_ease(known: Matrix, settings: EaseSettings, labels: Any) -> float:
    n_items = int((np.bincount(known.indices, minlength=known.shape[1]) > 0).sum())
    n_labels = 0 if labels is None else min(labels.shape[1], settings.max_labels(known.shape[0]))
    n_rows = known.shape[0] + n_labels
    if known.shape[0] <= settings.most_users and n_rows < n_items:
        nnz = known.nnz + (0 if labels is None else labels.nnz)
        return float(n_rows**3 + 4.0 * N_SCORED_USERS * nnz)
    n_inputs = min(n_items, settings.most_items)
    return float(n_inputs**3 + 2 * n_inputs**2 * (n_items - n_inputs))


def _sampled(known: Matrix, hidden: Matrix, seed: int) -> tuple[Matrix, Matrix]:
    if known.nnz <= _MAX_LISTENS:
        return known, hidden
    order = np.random.default_rng(seed).permutation(known.shape[0])
    most = np.searchsorted(np.cumsum(np.diff(known.indptr)[order]), _MAX_LISTENS)
    chosen = np.sort(order[: max(int(most), 1)])
    return known[chosen], hidden[chosen]
