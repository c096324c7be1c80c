"""What every model of sequences is: fitted on what was played in which order, it says what is next.

Conventions
-----------
- A *sequence* is ``int64 [n]``: positions of items in the order in which one listener played them,
  oldest first, repeats kept. A *history* is a sequence whose next item is asked for.
- Items are numbered from 0. Positions outside ``0 ... n_items - 1`` are of items unknown to the
  model; they are passed over as if they had not been played.
- *Evidence* is what a model knows of the next item: distinct items and a value above zero for each.
  An item without evidence has the value 0. Values are comparable within one answer only.
- A *lag* is how many plays back something lies: 0 is the last play.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segue.errors import ModelError
from segue.listening.saving import halved, read_model, write_model

Items = NDArray[np.int64]
Scores = NDArray[np.float32]
Values = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]

LONGEST = 1000
"""Plays of a history that are looked at, the latest."""


@dataclass(frozen=True)
class Evidence:
    """Distinct `items` ``[n]`` and how much speaks for each ``[n]``, above zero."""

    items: Items
    values: Values


NOTHING = Evidence(np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class Plays:
    """All sequences, one after another: sequence i is ``items[starts[i] : starts[i + 1]]``."""

    items: Items
    starts: Items

    @classmethod
    def of(cls, sequences: Sequence[ArrayLike], n_items: int) -> "Plays":
        """Return sequences as one, without items that do not exist.

        Raises
        ------
        ValueError
            If a sequence is not a vector, or `n_items` is below 1.
        """
        if n_items < 1:
            raise ValueError(f"n_items is {n_items}: give at least one item.")
        parts = [_known(sequence, n_items) for sequence in sequences]
        lengths = np.array([0, *(len(part) for part in parts)], np.int64)
        return cls(np.concatenate([np.zeros(0, np.int64), *parts]), np.cumsum(lengths))

    @cached_property
    def owners(self) -> Items:
        """The number of the sequence of each play ``[n_plays]``."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def apart(self, distance: int) -> tuple[Items, Items]:
        """Return both items of all pairs of plays that lie `distance` apart in one sequence."""
        together = self.owners[distance:] == self.owners[:-distance]
        return self.items[:-distance][together], self.items[distance:][together]

    def until(self, cuts: Items) -> "Plays":
        """Return only the first `cuts` plays of each sequence ``[n_sequences]``."""
        places = np.arange(len(self.items)) - self.starts[self.owners]
        return Plays(self.items[places < cuts[self.owners]], np.r_[0, np.cumsum(cuts)])

    def listeners(self, n_items: int) -> Items:
        """Return how many sequences hold each item ``[n_items]``."""
        pairs = np.unique(self.owners * n_items + self.items)
        return np.bincount(pairs % n_items, minlength=n_items)


@dataclass(frozen=True)
class Past:
    """A history of known items, and what several models ask of it."""

    items: Items
    n_items: int

    @classmethod
    def of(cls, history: ArrayLike, n_items: int) -> "Past":
        """Return the latest plays of a history, without items that do not exist."""
        return cls(_known(history, n_items)[-LONGEST:], n_items)

    @cached_property
    def _grouped(self) -> tuple[Items, Items]:
        distinct, inverse = np.unique(self.items, return_inverse=True)
        return distinct, inverse

    @property
    def distinct(self) -> Items:
        """The items that were played, each once, in order of position."""
        return self._grouped[0]

    @cached_property
    def lags(self) -> Items:
        """How many plays back each play lies ``[n]``, 0 for the last."""
        return np.arange(len(self.items) - 1, -1, -1)

    @cached_property
    def played(self) -> NDArray[np.bool_]:
        """Which items were played ``[n_items]``."""
        flags = np.zeros(self.n_items, np.bool_)
        flags[self.items] = True
        return flags

    def summed(self, values: Values) -> Values:
        """Sum one value a play over the plays of each of `distinct`."""
        sums = np.bincount(self._grouped[1], values, minlength=len(self.distinct))
        return sums.astype(np.float64)

    @cached_property
    def last_lags(self) -> Items:
        """How many plays back the last play of each of `distinct` lies."""
        latest = np.zeros(len(self.distinct), np.int64)
        latest[self._grouped[1]] = np.arange(len(self.items))  # the last assignment stays
        return len(self.items) - 1 - latest

    @cached_property
    def was_repeat(self) -> NDArray[np.bool_]:
        """Which plays were of an item played before ``[n]``."""
        repeats = np.ones(len(self.items), np.bool_)
        repeats[np.unique(self.items, return_index=True)[1]] = False
        return repeats


class NextItemModel(ABC):
    """One contract for all models of sequences; a model supplies four hooks.

    `settings` is a frozen dataclass, kept with what was learned. What is learned ends in ``_``.
    """

    kind: ClassVar[str]
    settings_class: ClassVar[type[Any]]

    def __init__(self, settings: Any = None) -> None:
        self.settings = self.settings_class() if settings is None else settings
        self.n_items_ = 0

    # the hooks -----------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, plays: Plays, artists: Items | None, albums: Items | None) -> None:
        """Learn from all plays; `n_items_` is known."""

    @abstractmethod
    def evidence(self, past: Past) -> Evidence:
        """Return what speaks for which item after a history."""

    @abstractmethod
    def _arrays(self) -> Arrays:
        """Return everything that was learned, by name."""

    @abstractmethod
    def _restore(self, arrays: Arrays) -> None:
        """Take back what `_arrays` gave."""

    # the contract --------------------------------------------------------------------------------

    def fit(
        self,
        sequences: Sequence[ArrayLike] | Plays,
        n_items: int,
        artists: ArrayLike | None = None,
        albums: ArrayLike | None = None,
    ) -> Self:
        """Learn from what was played in which order.

        Parameters
        ----------
        sequences
            One vector of item positions a listener, oldest first.
        n_items
            How many items there are.
        artists, albums
            ``[n_items]``, a number for each item's artist and album, -1 where it is unknown, for
            models that know of them.

        Raises
        ------
        ValueError
            If a sequence is not a vector, or there is not one artist or album for each item.
        """
        groups = [
            _group_ids(ids, n_items, w) for ids, w in ((artists, "artist"), (albums, "album"))
        ]
        plays = sequences if isinstance(sequences, Plays) else Plays.of(sequences, n_items)
        self.n_items_ = n_items
        self._fit(plays, *groups)
        return self

    def score(self, history: ArrayLike) -> Scores:
        """Return a score for every item ``[n_items]``: higher is likelier to come next."""
        found = self.evidence(self.past(history))
        scores = np.zeros(self.n_items_, np.float32)
        scores[found.items] = found.values
        return scores

    def score_many(self, histories: Sequence[ArrayLike]) -> Scores:
        """Return ``[n_histories, n_items]`` scores, a row as `score` would give it."""
        scores = np.zeros((len(histories), self._fitted()), np.float32)
        for row, history in zip(scores, histories, strict=True):
            row[:] = self.score(history)
        return scores

    def past(self, history: ArrayLike) -> Past:
        """Return a history as `evidence` takes it."""
        return Past.of(history, self._fitted())

    def save(self, directory: str | Path) -> None:
        """Write the model into `directory`, which is made where it is missing."""
        write_model(directory, self._about(), self._arrays())

    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what is needed to score, to be kept and opened again by `of_parts`.

        Numbers are in half the room, and what `load` would have to work out again is among them.
        """
        return self._about(), {name: halved(one) for name, one in self._worked_out().items()}

    @classmethod
    def of_parts(cls, about: Mapping[str, Any], arrays: Arrays) -> Self:
        """Return the model of which `parts` gave what it scores with; arrays are not copied."""
        return cls._built(about, arrays)

    def _worked_out(self) -> Arrays:
        """Return `_arrays`, and what `_restore` can take instead of working it out."""
        return self._arrays()

    def _about(self) -> dict[str, Any]:
        return {"kind": self.kind, "n_items": self._fitted(), "settings": asdict(self.settings)}

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
    def _built(cls, about: Mapping[str, Any], arrays: Arrays) -> Self:
        model = cls(cls.settings_of(about["settings"]))
        model.n_items_ = int(about["n_items"])
        model._restore(arrays)
        return model

    @classmethod
    def settings_of(cls, kept: Mapping[str, Any]) -> Any:
        """Return the settings of plain values, as a saved model keeps them."""
        return cls.settings_class(**kept)

    def _fitted(self) -> int:
        if not self.n_items_:
            raise ModelError(f"The model '{self.kind}' is not fitted yet: call fit first.")
        return self.n_items_


def summed(items: Items, values: Values) -> Evidence:
    """Return evidence in which every item is named once, its values added."""
    if not len(items):
        return NOTHING
    if 8 * len(items) > items.max():  # then counting is faster than sorting
        sums = np.bincount(items, values)
        found = np.flatnonzero(sums)
        return Evidence(found, sums[found].astype(np.float64))
    order = np.argsort(items, kind="stable")
    ordered = items[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return Evidence(ordered[first], np.add.reduceat(values[order].astype(np.float64), first))


def ranges(starts: Items, stops: Items) -> Items:
    """Return all numbers of several ranges, one range after another.

    >>> ranges(np.array([0, 7]), np.array([2, 10])).tolist()
    [0, 1, 7, 8, 9]
    """
    lengths = stops - starts
    before = np.cumsum(lengths) - lengths
    numbers: Items = np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
    return numbers


def _known(sequence: ArrayLike, n_items: int) -> Items:
    items = np.asarray(sequence)
    if items.ndim != 1:
        raise ValueError(f"A sequence has shape {items.shape}: give a vector of item positions.")
    whole: Items = items.astype(np.int64, copy=False)
    return whole[(whole >= 0) & (whole < n_items)]


def _group_ids(ids: ArrayLike | None, n_items: int, what: str) -> Items | None:
    if ids is None:
        return None
    groups = np.asarray(ids, np.int64)
    if groups.shape != (n_items,):
        raise ValueError(
            f"{what}s have shape {groups.shape} for {n_items} items: give one {what} an item, -1"
            " where it is unknown."
        )
    return groups
