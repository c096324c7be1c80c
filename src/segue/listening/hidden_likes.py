"""Evaluate settings of collaborative models by the likes that were hidden from them.

`hide` splits likes at random into known and hidden ones; `ndcg` is the metric; `Evaluation` fits
models on the known likes and evaluates them on the hidden ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.listening.als import Als
from segue.listening.als_solver import AlsSettings
from segue.listening.ease import Ease, EaseSettings
from segue.listening.matrices import Matrix, as_matrix

Settings = AlsSettings | EaseSettings

_CUT = 20
_MAX_EVALUATED = 2_000
_FEW_EVALUATED = 400
_BATCH = 256
_SEARCHED = (
    "regularization",
    "unobserved",
    "prior",
    "balance",
    "lift",
    "strength",
    "label_weight",
)


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


class Evaluation:
    """Fits and evaluates models on one split, each settings once.

    Up to 2,000 users are evaluated, or some 400 of them where `few` is true. `trials` lists what
    was evaluated, in order; `n_fits` counts the models that were fitted.
    """

    def __init__(self, known: Matrix, hidden: Matrix, features: Any, labels: Any) -> None:
        self.known, self.features, self.labels = known, features, labels
        evaluated = np.flatnonzero(np.diff(hidden.indptr))
        step = max(len(evaluated) // _MAX_EVALUATED, 1)
        rows = evaluated[::step][:_MAX_EVALUATED]
        self.histories, self.wanted = known[rows], hidden[rows]
        self.trials: list[Mapping[str, Any]] = []
        self.n_fits = 0
        self._found: dict[tuple[Settings, bool], float] = {}
        self._fitted: dict[Settings, Als | Ease] = {}

    @property
    def n_users(self) -> int:
        """The number of evaluated users."""
        return int(self.histories.shape[0])

    @property
    def ranks_on_few(self) -> bool:
        """Whether `few` evaluates fewer users than there are."""
        return self._step > 1

    def needs_fit(self, settings: Settings) -> bool:
        """Return whether evaluating these settings on all users needs a fit."""
        return (settings, False) not in self._found and _of_fit(settings) not in self._fitted

    def of(self, settings: Settings, *, few: bool = False) -> float:
        """Return nDCG@20 of a model with these settings."""
        few = few and self._step > 1
        if (settings, few) not in self._found:
            model = self.model(settings)
            found = mean(self.each({0: model.score}, few=few)[0])
            self._found[settings, few] = found
            trial = {"model": model.kind, "settings": _tried(settings), "ndcg@20": found}
            n_few = len(range(0, self.n_users, self._step))
            self.trials.append({**trial, "users": n_few} if few else trial)
        return self._found[settings, few]

    def model(self, settings: Settings) -> Als | Ease:
        """Return a model with these settings; the two that were fitted last are kept."""
        fit = _of_fit(settings)
        model = self._fitted.pop(fit, None)
        if model is None:
            model = Als(settings) if isinstance(settings, AlsSettings) else Ease(settings)
            model.fit(self.known, self.features, self.labels)
            self.n_fits += 1
        self._fitted[fit] = model
        while len(self._fitted) > 2:
            del self._fitted[next(iter(self._fitted))]
        return (
            model.with_prior(settings.prior)
            if isinstance(model, Als) and isinstance(settings, AlsSettings)
            else model.with_lift(settings.lift)
            if isinstance(model, Ease) and isinstance(settings, EaseSettings)
            else model
        )

    def each(
        self, scored: Mapping[Any, Callable[[Matrix], NDArray[np.float32]]], *, few: bool = False
    ) -> dict[Any, NDArray[np.float64]]:
        """Return nDCG@20 of each user, by scoring function."""
        step = self._step if few else 1
        histories, wanted = self.histories[::step], self.wanted[::step]
        found: dict[Any, list[NDArray[np.float64]]] = {name: [] for name in scored}
        for start in range(0, histories.shape[0], _BATCH):
            block = histories[start : start + _BATCH]
            for name, score in scored.items():
                own = ndcg_of_each(score(block), block, wanted[start : start + _BATCH])
                found[name].append(own)
        return {name: np.concatenate([np.zeros(0), *parts]) for name, parts in found.items()}

    @property
    def _step(self) -> int:
        return max(self.n_users // _FEW_EVALUATED, 1)


def mean(values: NDArray[np.float64]) -> float:
    """Return the mean, 0 if there are no values."""
    return float(values.mean()) if len(values) else 0.0


def _of_fit(settings: Settings) -> Settings:
    """Return settings without what needs no fit."""
    if isinstance(settings, AlsSettings):
        return replace(settings, prior=0.0)
    return replace(settings, lift=0.0)


def _tried(settings: Settings) -> dict[str, float]:
    return {name: getattr(settings, name) for name in _SEARCHED if hasattr(settings, name)}


def _only(matrix: Matrix, mask: NDArray[np.bool_]) -> Matrix:
    kept = matrix.copy()
    kept.data = np.where(mask, kept.data, 0)
    kept.eliminate_zeros()
    return kept
