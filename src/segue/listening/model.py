"""What every model of listening data is: fitted on who listened to what, it scores items.

Conventions
-----------
- `user_items` is ``[n_users, n_items]``, sparse. A value above zero says how much a listener likes
  an item, on any scale; below zero, how much they dislike it; what is not stored is unknown.
- Users and items are numbered from 0. Where an answer has fewer than `k` items, ids are -1 and
  scores -inf. One id gives one row, an array of ids gives one row each.
- A *history* is a row of the same kind. Whoever has one can be scored, whether or not the model was
  fitted on them: nothing is learned of a listener that does not follow from their history.
- Scores are comparable within one row only; higher is better. NaN is what a model cannot say: of an
  item that it knows nothing of, or for somebody whose history tells it nothing.
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
from segue.listening.saving import halved, read_model, write_model

_BATCH_NUMBERS = 16_000_000
"""Scores that are made at a time: bounds the memory of many listeners at once."""


class ListeningModel(ABC):
    """One contract for all models of listening data; a model supplies four hooks.

    `settings` is a frozen dataclass, kept with what was learned. What is learned ends in ``_``.
    """

    kind: ClassVar[str]
    settings_class: ClassVar[type[Any]]

    def __init__(self, settings: Any = None) -> None:
        self.settings = self.settings_class() if settings is None else settings
        self.user_items_: Matrix = None

    # the hooks -----------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, user_items: Matrix, item_features: Matrix | None) -> None:
        """Learn from the matrix, which is CSR float32 with sorted indices."""

    @abstractmethod
    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]`` scores for any histories ``[n, n_items]``."""

    @abstractmethod
    def item_scores(self, item_ids: Ids) -> Scores:
        """Return ``[n, n_items]``: how much each item goes with those of `item_ids` ``[n]``."""

    @abstractmethod
    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        """Return everything that was learned, by name."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `_arrays` gave."""

    # the contract --------------------------------------------------------------------------------

    def fit(self, user_items: Matrix, item_features: Matrix | None = None) -> Self:
        """Learn from who listened to what.

        Parameters
        ----------
        user_items
            ``[n_users, n_items]``, see the module's conventions.
        item_features
            ``[n_items, d]``, dense or sparse, for models that know what items are like; others pass
            over it.

        Raises
        ------
        ValueError
            If the matrix holds values that are no numbers, or the features are of other items.
        """
        return self._fit_on(as_matrix(user_items), item_features)

    def _fit_on(self, matrix: Matrix, item_features: Matrix | None) -> Self:
        """Fit on a matrix that `as_matrix` has checked, and that nobody will change."""
        if item_features is not None and item_features.shape[0] != matrix.shape[1]:
            raise ValueError(
                f"item_features has {item_features.shape[0]} rows and user_items"
                f" {matrix.shape[1]} columns: give one row an item."
            )
        self.user_items_ = matrix
        self._fit(matrix, item_features)
        return self

    @property
    def n_items(self) -> int:
        """How many items the model was fitted on."""
        return int(self._fitted().shape[1])

    def recommend(
        self, user_ids: ArrayLike, k: int = 10, exclude_seen: bool = True
    ) -> tuple[Ids, Scores]:
        """Return the best `k` items and their scores for listeners the model was fitted on.

        Parameters
        ----------
        user_ids
            One id, or ``[n]`` of them.
        exclude_seen
            Whether items in the listener's history are left out.

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
        """Return the `k` items that go best with each of `item_ids`, which is not among them.

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
        """Return the best `k` of each of `n` rows, which are scored some at a time."""
        found = np.full((n, k), -1, np.int64)
        values = np.full((n, k), -np.inf, np.float32)
        batch = max(_BATCH_NUMBERS // max(self.n_items, 1), 1)
        for start in range(0, n, batch):
            block = slice(start, start + batch)
            found[block], values[block] = best(scored(block), k)
        return found, values

    def save(self, directory: str | Path) -> None:
        """Write the model into `directory`, which is made where it is missing."""
        matrix = self._fitted()
        kept = {
            "user_items.data": matrix.data,
            "user_items.indices": matrix.indices,
            "user_items.indptr": matrix.indptr,
            "user_items.shape": np.array(matrix.shape, np.int64),
        }
        write_model(directory, self._about(), {**kept, **self._arrays()})

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what is needed to score, and no more: to be kept and opened again by `of_parts`.

        Whom the model was fitted on is left out, where scoring does not need it.
        """
        shape = np.array((0, self.n_items), np.int64)
        nobody: dict[str, NDArray[Any]] = {"data": np.zeros(0, np.float32)}
        nobody["indices"] = np.zeros(0, np.int32)
        nobody |= {"indptr": np.zeros(1, np.int32), "shape": shape}
        kept = {f"user_items.{part}": array for part, array in nobody.items()}
        if self._needs_listeners():
            matrix = self._fitted()
            kept |= {f"user_items.{one}": getattr(matrix, one) for one in ("data", "indices")}
            kept["user_items.indptr"] = matrix.indptr
            kept["user_items.shape"] = np.array(matrix.shape, np.int64)
        return self._about(), {
            name: halved(one) for name, one in {**kept, **self._arrays()}.items()
        }

    @classmethod
    def of_parts(cls, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model of which `parts` gave what it scores with; arrays are not copied."""
        return cls._built(about, dict(arrays))

    def _about(self) -> dict[str, Any]:
        return {"kind": self.kind, "settings": asdict(self.settings)}

    def _needs_listeners(self) -> bool:
        """Tell whether scoring needs the listeners that the model was fitted on."""
        return False

    @classmethod
    def load(cls, directory: str | Path) -> Self:
        """Return the model that `save` wrote.

        Raises
        ------
        ModelError
            If there is none, it is damaged, or it is of another kind.
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
        raise ValueError(f"A {what} is a whole number, and {asked.flat[0]!r} is none.")
    if asked.ndim > 1:
        raise ValueError(f"Give one {what}, or a list of them: this has {asked.ndim} dimensions.")
    wrong = asked[(asked < 0) | (asked >= n)]
    if wrong.size:
        raise ValueError(f"There is no {what} {int(wrong.flat[0])}: they go from 0 to {n - 1}.")
    return asked.astype(np.int64)


def _as_asked(asked: Ids, ids: Ids, scores: Scores) -> tuple[Ids, Scores]:
    return (ids[0], scores[0]) if asked.ndim == 0 else (ids, scores)
