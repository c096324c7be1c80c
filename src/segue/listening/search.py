"""Search for the best settings of the collaborative model.

A share of each user's likes is hidden (the latest ones, if the caller hides by time), models are
fitted on the rest and evaluated by nDCG@20 on the hidden ones. A pattern search (Hooke and Jeeves,
1961) starts from good defaults, moves to the best neighbor, and then refines its steps.

*The budget* is in estimated operations of the fits, not in seconds, so that a seed gives the same
result on a slow machine. Large data sets are sampled by user.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from segue.listening.als import Als, AlsSettings
from segue.listening.collaborative import Collaborative, CollaborativeSettings
from segue.listening.ease import Ease, EaseSettings
from segue.listening.matrices import Matrix, as_matrix, liked

BUDGET = 2.5e11
"""Default number of operations of a search: a minute or two on two cores of 2020."""

Settings = TypeVar("Settings", AlsSettings, EaseSettings)

_CUT = 20
_MAX_LISTENS = 1_500_000
_MAX_EVALUATED = 2_000
_BATCH = 256
_SEARCHED_DIMENSIONS = 64
_SHARES = (0.0, 0.15, 0.3, 0.5, 0.7, 1.0)
_ALS_STEPS = {"regularization": 3.2, "unobserved": 3.2}
_EASE_STEPS = {"regularization": 2.5}
_EASE_SCALES = ((0.0, 0.0), (0.25, 0.15), (0.35, 0.25), (0.5, 0.5))
_PRIORS = (0.3, 1.0, 3.0, 10.0)
_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Searched:
    """Result of a search: the best settings, and every trial with its nDCG@20, in order."""

    settings: CollaborativeSettings
    trials: Sequence[Mapping[str, Any]]


def hide(user_items: Matrix, share: float = 0.2, *, seed: int = 0) -> tuple[Matrix, Matrix]:
    """Split likes at random into those to learn from and those that are hidden.

    `share` of the likes of every user with at least two is hidden, at least one and never all.
    Dislikes are kept.

    Raises
    ------
    ValueError
        If `share` is not from 0 to below 1.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share is {share}: give a share from 0 to below 1.")
    rng = np.random.default_rng(seed)
    matrix = as_matrix(user_items)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    likes = matrix.data > 0
    drawn = np.where(likes, rng.random(matrix.nnz), 2.0)
    order = np.lexsort((drawn, rows))
    place = np.empty(matrix.nnz, np.int64)
    place[order] = np.arange(matrix.nnz) - matrix.indptr[rows[order]]
    n_likes = np.bincount(rows[likes], minlength=matrix.shape[0])
    some = np.clip(np.rint(n_likes * share), 1, np.maximum(n_likes - 1, 1))
    n_hidden = np.where(n_likes > 1, some, 0)
    hidden = likes & (place < n_hidden[rows])
    return _only(matrix, ~hidden), _only(matrix, hidden)


def search(
    known: Matrix,
    hidden: Matrix,
    item_features: Any = None,
    *,
    seed: int = 0,
    budget: float = BUDGET,
    start: CollaborativeSettings | None = None,
) -> Searched:
    """Return the settings that best predict the `hidden` likes from the `known` ones.

    Parameters
    ----------
    known, hidden
        ``[n_users, n_items]``, from `hide` or split by time. Hidden dislikes are ignored.
    """
    known, hidden = _sampled(as_matrix(known), liked(as_matrix(hidden)), seed)
    first = start or CollaborativeSettings()
    trials: list[Mapping[str, Any]] = []
    evaluation = _Evaluation(known, hidden, item_features, trials)
    als = _search_als(evaluation, replace(first.als, seed=seed), budget * 0.7)
    ease = _search_ease(evaluation, first.ease, budget * 0.3)
    share = _best_share(evaluation, ease, als)
    full = replace(als, dimensions=first.als.dimensions, iterations=first.als.iterations)
    return Searched(CollaborativeSettings(ease=ease, als=full, share=share), trials)


def ndcg(scores: NDArray[np.float32], known: Matrix, hidden: Matrix, k: int = _CUT) -> float:
    """Return the mean nDCG@k of the rows of `hidden` that are not empty; `scores` are changed."""
    return float(ndcg_of_each(scores, known, hidden, k).mean())


def ndcg_of_each(
    scores: NDArray[np.float32], known: Matrix, hidden: Matrix, k: int = _CUT
) -> NDArray[np.float64]:
    """Return nDCG@k of each row without known items; rows without hidden items give 0."""
    rows = np.repeat(np.arange(known.shape[0]), np.diff(known.indptr))
    np.nan_to_num(scores, copy=False, nan=-np.inf)
    scores[rows, known.indices] = -np.inf
    k = min(k, scores.shape[1])
    top = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
    top = np.take_along_axis(top, order, axis=1)
    wanted = np.zeros(scores.shape, bool)
    wanted[np.repeat(np.arange(hidden.shape[0]), np.diff(hidden.indptr)), hidden.indices] = True
    wanted &= scores > -np.inf  # items without a score are no hits
    discount = 1 / np.log2(np.arange(2, k + 2))
    gained = (np.take_along_axis(wanted, top, axis=1) * discount).sum(axis=1)
    n = np.minimum(np.diff(hidden.indptr), k)
    ideal = np.concatenate([[1.0], np.cumsum(discount)])[n]
    return np.asarray(gained / ideal, np.float64)


class _Evaluation:
    """Fits and evaluates models on one split, each settings once."""

    def __init__(
        self, known: Matrix, hidden: Matrix, features: Any, trials: list[Mapping[str, Any]]
    ) -> None:
        self.known, self.features, self.trials = known, features, trials
        evaluated = np.flatnonzero(np.diff(hidden.indptr))
        step = max(len(evaluated) // _MAX_EVALUATED, 1)
        self.rows = evaluated[::step][:_MAX_EVALUATED]
        self.histories, self.wanted = known[self.rows], hidden[self.rows]
        self.fitted: dict[Any, tuple[Any, float]] = {}

    def of(self, settings: AlsSettings | EaseSettings) -> float:
        """Return nDCG@20 of a model with these settings, which is fitted at most once."""
        if settings not in self.fitted:
            kind = Als if isinstance(settings, AlsSettings) else Ease
            model = kind(settings).fit(self.known, self.features)
            found = self.ndcg(model.score)
            self.fitted[settings] = (model, found)
            self.trials.append(
                {"model": model.kind, "settings": _tried(settings), "ndcg@20": found}
            )
        return self.fitted[settings][1]

    def ndcg(self, score: Callable[[Matrix], NDArray[np.float32]]) -> float:
        """Return the mean nDCG@20 of a scoring function."""
        found = []
        for at in range(0, len(self.rows), _BATCH):
            block = slice(at, at + _BATCH)
            histories = self.histories[block]
            found.append(ndcg_of_each(score(histories), histories, self.wanted[block]))
        return float(np.concatenate(found).mean()) if found else 0.0


def _search_als(evaluation: _Evaluation, start: AlsSettings, budget: float) -> AlsSettings:
    small = replace(start, dimensions=min(start.dimensions, _SEARCHED_DIMENSIONS), iterations=6)
    cost = _cost_of_als(evaluation.known, small)
    best = _pattern_search(evaluation, small, _ALS_STEPS, max(int(budget / cost), 1))
    if evaluation.features is not None:
        chosen = [replace(best, prior=prior) for prior in _PRIORS]
        best = max(chosen, key=evaluation.of)
    return best


def _search_ease(evaluation: _Evaluation, start: EaseSettings, budget: float) -> EaseSettings:
    n = max(int(budget / _cost_of_ease(evaluation.known, start)), 1)
    scales = [replace(start, balance=balance, lift=lift) for balance, lift in _EASE_SCALES]
    best = max(([start, *scales] if n > 1 else [start])[:n], key=evaluation.of)
    return _pattern_search(evaluation, best, _EASE_STEPS, max(n - len(scales), 1))


def _pattern_search(
    evaluation: _Evaluation, start: Settings, steps: Mapping[str, float], most: int
) -> Settings:
    """Move to a better neighbor while there is one; then again with the root of the steps."""
    best, before = start, len(evaluation.trials)
    for halving in range(_ROUNDS):
        improved = True
        while improved:
            improved = False
            for name, step in steps.items():
                for factor in (step ** (0.5**halving), step ** -(0.5**halving)):
                    if len(evaluation.trials) - before >= most:
                        return best
                    tried = replace(best, **{name: getattr(best, name) * factor})
                    if evaluation.of(tried) > evaluation.of(best):
                        best, improved = tried, True
                        break
    return best


def _best_share(evaluation: _Evaluation, ease: EaseSettings, als: AlsSettings) -> float:
    evaluation.of(ease), evaluation.of(als)
    one, other = evaluation.fitted[ease][0], evaluation.fitted[als][0]
    found = {share: evaluation.ndcg(Collaborative.of(one, other, share).score) for share in _SHARES}
    evaluation.trials.extend(
        {"model": "collaborative", "share": s, "ndcg@20": v} for s, v in found.items()
    )
    return max(found, key=lambda share: found[share])


def _cost_of_als(known: Matrix, settings: AlsSettings) -> float:
    """Estimate the operations of one fit: a small or a large system for each row."""
    d = settings.dimensions
    total = float(known.shape[0]) * d * d
    for counts in (np.diff(known.indptr), np.bincount(known.indices, minlength=known.shape[1])):
        small = np.minimum(counts, d).astype(np.float64)
        total += float((counts * small * d + small**3).sum())
    judging = 2.0 * _MAX_EVALUATED * known.shape[1] * d
    return float(6 * settings.iterations * total + judging)


def _cost_of_ease(known: Matrix, settings: EaseSettings) -> float:
    n_items = int((np.bincount(known.indices, minlength=known.shape[1]) > 0).sum())
    if known.shape[0] <= settings.most_users and known.shape[0] < n_items:
        return float(2.0 * known.shape[0] ** 3 + 4.0 * _MAX_EVALUATED * known.nnz)
    return float(2.0 * min(n_items, settings.most_items) ** 3)


def _sampled(known: Matrix, hidden: Matrix, seed: int) -> tuple[Matrix, Matrix]:
    if known.nnz <= _MAX_LISTENS:
        return known, hidden
    order = np.random.default_rng(seed).permutation(known.shape[0])
    most = np.searchsorted(np.cumsum(np.diff(known.indptr)[order]), _MAX_LISTENS)
    chosen = np.sort(order[: max(int(most), 1)])
    return known[chosen], hidden[chosen]


def _only(matrix: Matrix, mask: NDArray[np.bool_]) -> Matrix:
    kept = matrix.copy()
    kept.data = np.where(mask, kept.data, 0)
    kept.eliminate_zeros()
    return kept


def _tried(settings: AlsSettings | EaseSettings) -> dict[str, float]:
    names = ("regularization", "unobserved", "prior", "balance", "lift")
    return {name: getattr(settings, name) for name in names if hasattr(settings, name)}
