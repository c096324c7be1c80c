"""What every model of listening data is: fitted on who listened to what, it scores items.

Conventions
-----------
- `user_items` is ``[n_users, n_items]``, sparse. A value above zero says how much a listener likes
  an item, on any scale; below zero, how much they dislike it; what is not stored is unknown.
- Users and items are numbered from 0. Where an answer has fewer than `k` items, ids are -1 and
  scores -inf. One id gives one row, an array of ids gives one row each.
- A *history* is a row of the same kind. Whoever has one can be scored, whether or not the model was
  fitted on them: nothing is learned of a listener that does not follow from their history.
- Scores are comparable within one row only; higher is better.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from segue.errors import ModelError
from segue.index import best

Matrix = Any
"""A `scipy.sparse` matrix or array in CSR format."""
Scores = NDArray[np.float32]
Ids = NDArray[np.int64]

_BATCH = 256
_ARRAYS, _ABOUT = "arrays.npz", "model.json"


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
        matrix = as_matrix(user_items)
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
        histories = as_matrix(histories)
        found = np.full((histories.shape[0], k), -1, np.int64)
        values = np.full((histories.shape[0], k), -np.inf, np.float32)
        for start in range(0, histories.shape[0], _BATCH):
            part = histories[start : start + _BATCH]
            scores = self.score(part)
            if exclude_seen:
                rows = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
                scores[rows, part.indices] = np.nan
            block = slice(start, start + _BATCH)
            found[block], values[block] = best(scores, k)
        return found, values

    def similar_items(self, item_ids: ArrayLike, k: int = 10) -> tuple[Ids, Scores]:
        """Return the `k` items that go best with each of `item_ids`, which is not among them.

        Raises
        ------
        ValueError
            If `k` is below 1 or an item is unknown.
        """
        items = _checked(item_ids, self._fitted().shape[1], k, "item")
        flat = items.ravel()
        found = np.full((len(flat), k), -1, np.int64)
        values = np.full((len(flat), k), -np.inf, np.float32)
        for start in range(0, len(flat), _BATCH):
            block = slice(start, start + _BATCH)
            scores = self.item_scores(flat[block])
            scores[np.arange(len(scores)), flat[block]] = np.nan
            found[block], values[block] = best(scores, k)
        return _as_asked(items, found, values)

    def save(self, directory: str | Path) -> None:
        """Write the model into `directory`, which is made where it is missing."""
        matrix = self._fitted()
        target = Path(directory)
        target.mkdir(parents=True, exist_ok=True)
        kept = {
            "user_items.data": matrix.data,
            "user_items.indices": matrix.indices,
            "user_items.indptr": matrix.indptr,
            "user_items.shape": np.array(matrix.shape, np.int64),
        }
        np.savez(target / _ARRAYS, allow_pickle=False, **kept, **self._arrays())
        about = {"kind": self.kind, "settings": asdict(self.settings)}
        (target / _ABOUT).write_text(json.dumps(about, indent=2), "utf-8")

    @classmethod
    def load(cls, directory: str | Path) -> Self:
        """Return the model that `save` wrote.

        Raises
        ------
        ModelError
            If there is none, it is damaged, or it is of another kind.
        """
        source = Path(directory)
        try:
            about = json.loads((source / _ABOUT).read_text("utf-8"))
            with np.load(source / _ARRAYS, allow_pickle=False) as kept:
                arrays = dict(kept)
        except (OSError, ValueError, EOFError) as error:
            raise ModelError(
                f"The model in {source.name} cannot be read ({error}): train it again."
            ) from error
        if about.get("kind") != cls.kind:
            raise ModelError(
                f"The model in {source.name} is of the kind {about.get('kind')!r}, not"
                f" {cls.kind!r}: load it with the class that saved it."
            )
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


def as_matrix(user_items: Matrix) -> Matrix:
    """Return a matrix as CSR float32: duplicates summed, zeros left out, indices sorted.

    Raises
    ------
    ValueError
        If it holds NaN or infinity.
    """
    matrix = sparse.csr_array(user_items, dtype=np.float32)
    if matrix is user_items or matrix.data is getattr(user_items, "data", None):
        matrix = matrix.copy()  # what follows works in place
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if not np.isfinite(matrix.data).all():
        raise ValueError("user_items holds NaN or infinity: give finite numbers only.")
    return matrix


def liked(user_items: Matrix) -> Matrix:
    """Return only what is above zero of a CSR matrix."""
    positive = user_items.copy()
    positive.data = np.maximum(positive.data, 0)
    positive.eliminate_zeros()
    return positive


def _checked(ids: ArrayLike, n: int, k: int, what: str) -> Ids:
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 item.")
    asked = np.asarray(ids, np.int64)
    wrong = asked[(asked < 0) | (asked >= n)]
    if wrong.size:
        raise ValueError(f"There is no {what} {int(wrong.flat[0])}: they go from 0 to {n - 1}.")
    return asked


def _as_asked(asked: Ids, ids: Ids, scores: Scores) -> tuple[Ids, Scores]:
    return (ids[0], scores[0]) if asked.ndim == 0 else (ids, scores)
