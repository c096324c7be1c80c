"""Base class of collaborative models, which learn from a user-item matrix and score items.

Conventions
-----------
- `user_items` is ``[n_users, n_items]``, sparse. Values above zero are the strength of a like, on
  any scale, values below zero that of a dislike; entries that are not stored are unknown.
- Users and items are numbered from 0. If a result has fewer than `k` items, ids are -1 and scores
  -inf. One id gives one row, an array of ids gives one row each.
- A *history* is such a row. Any history can be scored, also of users that the model was not fitted
  on: no model has parameters of single users.
- Scores are comparable within one row only; higher is better. NaN means that the model cannot score
  an item, or that nothing in a history is known to it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from segue.errors import ModelError
from segue.index import best
from segue.listening.matrices import Ids, Matrix, Scores, as_matrix
from segue.listening.saving import compact, read_model, write_model
from segue.task_runner import IN_PROCESS, TaskRunner

_BATCH_NUMBERS = 16_000_000
"""Maximum number of scores computed at a time, to bound memory."""


class ListeningModel(ABC):
    """Base of all collaborative models; a model implements five hooks.

    `settings` is a frozen dataclass that is saved with the model. Learned attributes end in ``_``.
    """

    kind: ClassVar[str]
    settings_class: ClassVar[type[Any]]
    runner: TaskRunner = IN_PROCESS
    """Where the tasks of a fit run, while it lasts."""

    def __init__(self, settings: Any = None) -> None:
        self.settings = self.settings_class() if settings is None else settings
        self.user_items_: Matrix = None

    # the hooks -----------------------------------------------------------------------------------

    @abstractmethod
    def _fit(
        self, user_items: Matrix, item_features: Matrix | None, item_labels: Matrix | None
    ) -> None:
        """Learn from the matrix, CSR float32 with sorted indices."""

    @abstractmethod
    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]`` scores for any histories ``[n, n_items]``."""

    @abstractmethod
    def item_scores(self, item_ids: Ids) -> Scores:
        """Return ``[n, n_items]``: similarity of each item to those of `item_ids` ``[n]``."""

    @abstractmethod
    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return the learned arrays by name."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Restore the learned attributes from `_arrays`."""

    # the contract --------------------------------------------------------------------------------

    def fit(
        self,
        user_items: Matrix,
        item_features: Matrix | None = None,
        item_labels: Matrix | None = None,
        *,
        runner: TaskRunner = IN_PROCESS,
    ) -> Self:
        """Learn from a user-item matrix.

        Parameters
        ----------
        user_items
            ``[n_users, n_items]``, see the conventions of this module.
        item_features
            ``[n_items, d]``, dense or sparse, for models that use content; others ignore it.
        item_labels
            ``[n_items, n_labels]``, sparse: weights of tags, artists, albums and genres, for models
            that use them; others ignore it.
        runner
            Where models that learn by blocks of users and items do so.

        Raises
        ------
        ValueError
            If the matrix holds NaN or infinity, or features or labels have another number of rows.
        """
        return self._fit_on(as_matrix(user_items), item_features, item_labels, runner)

    def _fit_on(
        self,
        matrix: Matrix,
        item_features: Matrix | None,
        item_labels: Matrix | None,
        runner: TaskRunner = IN_PROCESS,
    ) -> Self:
        """Fit on a matrix that `as_matrix` returned and that is not changed later."""
        for name, rows in (("item_features", item_features), ("item_labels", item_labels)):
            if rows is not None and rows.shape[0] != matrix.shape[1]:
                raise ValueError(
                    f"{name} has {rows.shape[0]} rows and user_items"
                    f" {matrix.shape[1]} columns: give one row an item."
                )
        self.user_items_ = matrix
        self.runner = runner
        try:
            self._fit(matrix, item_features, item_labels)
        finally:
            del self.runner
        return self

    @property
    def n_items(self) -> int:
        """The number of items that the model was fitted on."""
        return int(self._fitted().shape[1])

    def recommend(
        self, user_ids: ArrayLike, k: int = 10, exclude_seen: bool = True
    ) -> tuple[Ids, Scores]:
        """Return the best `k` items and their scores for users that the model was fitted on.

        Parameters
        ----------
        user_ids
            One id, or ``[n]`` of them.
        exclude_seen
            Whether to leave out items of the user's history.

        Returns
        -------
        ids, scores
            ``[k]`` or ``[n, k]``, int64 and float32.

        Raises
        ------
        ValueError
            If `k` is below 1 or a user is unknown.
        """
        matrix = self._fitted()
        users = _checked(user_ids, matrix.shape[0], k, "user")
        answer = self.recommend_for(matrix[users.ravel()], k, exclude_seen=exclude_seen)
        return _as_asked(users, *answer)

    def recommend_for(
        self, histories: Matrix, k: int = 10, *, exclude_seen: bool = True
    ) -> tuple[Ids, Scores]:
        """Return the best `k` items ``[n, k]`` for any histories ``[n, n_items]``."""
        _check_k(k)
        histories = as_matrix(histories)
        if histories.shape[1] != self.n_items:
            raise ValueError(
                f"The histories are over {histories.shape[1]} items and the model over"
                f" {self.n_items}: give one column an item."
            )

        def scored(block: slice) -> Scores:
            part = histories[block]
            scores = self.score(part)
            if exclude_seen:
                rows = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
                scores[rows, part.indices] = np.nan
            return scores

        return self._best(scored, histories.shape[0], k)

    def similar_items(self, item_ids: ArrayLike, k: int = 10) -> tuple[Ids, Scores]:
        """Return the `k` items most similar to each of `item_ids`, without itself.

        Raises
        ------
        ValueError
            If `k` is below 1 or an item is unknown.
        """
        items = _checked(item_ids, self.n_items, k, "item")
        flat = items.ravel()

        def scored(block: slice) -> Scores:
            scores = self.item_scores(flat[block])
            scores[np.arange(len(scores)), flat[block]] = np.nan
            return scores

        return _as_asked(items, *self._best(scored, len(flat), k))

    def _best(self, scored: Callable[[slice], Scores], n: int, k: int) -> tuple[Ids, Scores]:
        """Return the best `k` of each of `n` rows, scored in batches."""
        found = np.full((n, k), -1, np.int64)
        values = np.full((n, k), -np.inf, np.float32)
        batch = max(_BATCH_NUMBERS // max(self.n_items, 1), 1)
        for start in range(0, n, batch):
            block = slice(start, start + batch)
            found[block], values[block] = best(scored(block), k)
        return found, values

    def save(self, directory: str | Path) -> None:
        """Write the model into `directory`, which is created if missing."""
        matrix = self._fitted()
        kept = {
            "user_items.data": matrix.data,
            "user_items.indices": matrix.indices,
            "user_items.indptr": matrix.indptr,
            "user_items.shape": np.array(matrix.shape, np.int64),
        }
        write_model(directory, self._about(), {**kept, **self._arrays()})

    def scoring_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the settings and arrays for `from_scoring_state`, prepared to be memory-mapped.

        The user-item matrix is left out: scoring does not need it.
        """
        shape = np.array((0, self.n_items), np.int64)
        empty: dict[str, NDArray[Any]] = {"data": np.zeros(0, np.float32)}
        empty["indices"] = np.zeros(0, np.int32)
        empty |= {"indptr": np.zeros(1, np.int32), "shape": shape}
        kept = {f"user_items.{part}": array for part, array in empty.items()}
        return self._about(), {
            name: compact(one) for name, one in {**kept, **self._arrays()}.items()
        }

    @classmethod
    def from_scoring_state(
        cls, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        """Return the model that `scoring_state` described; arrays are not copied."""
        return cls._built(about, dict(arrays))

    def _about(self) -> dict[str, Any]:
        return {"kind": self.kind, "settings": asdict(self.settings)}

    @classmethod
    def load(cls, directory: str | Path) -> Self:
        """Return the model that `save` wrote.

        Raises
        ------
        ModelError
            If there is none, or it is damaged or of another kind.
        """
        return read_model(directory, cls.kind, cls._built)

    @classmethod
    def _built(cls, about: Mapping[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        model = cls(cls._settings_from(about["settings"]))
        model.user_items_ = sparse.csr_array(
            tuple(arrays.pop(f"user_items.{part}") for part in ("data", "indices", "indptr")),
            shape=tuple(arrays.pop("user_items.shape").tolist()),
        )
        model._restore(arrays)
        return model

    @classmethod
    def _settings_from(cls, kept: Mapping[str, Any]) -> Any:
        return cls.settings_class(**kept)

    def _fitted(self) -> Matrix:
        if self.user_items_ is None:
            raise ModelError(f"The model '{self.kind}' is not fitted yet: call fit first.")
        return self.user_items_


def _check_k(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 item.")


def _checked(ids: ArrayLike, n: int, k: int, what: str) -> Ids:
    _check_k(k)
    asked = np.asarray(ids)
    if asked.size and asked.dtype.kind not in "iu":
        raise ValueError(f"A {what} id must be an integer, not {asked.flat[0]!r}.")
    if asked.ndim > 1:
        raise ValueError(f"Give one {what} id or a list, not an array of {asked.ndim} dimensions.")
    wrong = asked[(asked < 0) | (asked >= n)]
    if wrong.size:
        raise ValueError(f"There is no {what} {int(wrong.flat[0])}: ids are from 0 to {n - 1}.")
    return asked.astype(np.int64)


def _as_asked(asked: Ids, ids: Ids, scores: Scores) -> tuple[Ids, Scores]:
    return (ids[0], scores[0]) if asked.ndim == 0 else (ids, scores)
