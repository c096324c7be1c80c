"""Half steps of iALS: the best factors of all rows of a matrix, for given factors of its columns.

Each half step solves one least-squares problem a row, exactly. The part that all rows share,
``unobserved Y'Y``, is diagonal after the factors are rotated into its eigenvectors. The rest has
the rank of a row's listens, so that a row of n listens costs ``n^2 dimensions`` and not
``dimensions^3`` (Woodbury).

Rows of similar length are solved in blocks, by threads or by the nodes of a cluster. The blocks are
the same in both cases, and so is the result of each, to the bit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segue.index import for_each
from segue.listening.matrices import Matrix
from segue.task_runner import TaskRunner

Factors = NDArray[np.float32]

_BLOCK_NUMBERS = 500_000
"""Maximum number of floats a block of rows gathers: fits a core's cache, bounds memory."""
_FEW = 64
"""Up to this many rows are solved without threads."""
_PARTS_PER_PROCESSOR = 3
"""Parts of a half step for each processor of a cluster: fast nodes solve more of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsSettings:
    """Settings of the factorization."""

    dimensions: int = 128
    regularization: float = 0.01
    frequency: float = 1.0  # 0: the same for all users, 1: in proportion to their listens
    unobserved: float = 0.05  # weight of pairs without a listen
    strength: float = 0.0  # dependence of the weight of a listen on its relative strength
    iterations: int = 12
    prior: float = 3.0  # listeners that count as much as the features
    seed: int = 0

    def __post_init__(self) -> None:
        """Check ranges."""
        for name in ("dimensions", "iterations"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least 1.")
        for name in ("regularization", "unobserved"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be above 0.")
        if not self.prior >= 0:
            raise ValueError(f"prior is {self.prior}: it must be at least 0.")
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength is {self.strength}: it must be from 0 to 1.")


def half_step(rows: Matrix, factors: Factors, settings: AlsSettings) -> Factors:
    """Return the optimal factors ``[n, d]`` of `rows` ``[n, m]``, given those of the columns.

    Values of `rows` are relative strengths. A row without a listen gets zeros.
    """
    rotated, shared, rotation = diagonalized(factors, settings.unobserved)
    return solve_rows(rows, rotated, shared, settings) @ rotation.T


def solve_rows(rows: Matrix, factors: Factors, shared: Factors, settings: AlsSettings) -> Factors:
    """Return the best factors ``[n, d]`` of rows; `factors` are as `diagonalized` returns them."""
    return _solve_part(_Part.whole(rows, factors.shape[1]), factors, shared, settings)


def diagonalized(factors: Factors, unobserved: float) -> tuple[Factors, Factors, Factors]:
    """Return factors ``[m, d]`` in a basis where ``unobserved Y'Y`` is diagonal.

    Also that diagonal ``[d]``, and the rotation ``[d, d]``: ``factors @ rotation``.
    """
    gram = unobserved * (factors.T @ factors).astype(np.float64)
    diagonal, rotation = np.linalg.eigh(gram)
    rotation = rotation.astype(np.float32)
    return factors @ rotation, np.maximum(diagonal, 0).astype(np.float32), rotation


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of a matrix ``[n, m]``, and the blocks of them that are solved together."""

    rows: Matrix
    blocks: Sequence[NDArray[np.int64]]
    threads: bool

    @classmethod
    def whole(cls, rows: Matrix, d: int) -> Self:
        """Return all rows; many of them are solved in threads."""
        return cls(rows, list(_blocks(np.diff(rows.indptr), d)), rows.shape[0] > _FEW)

    def taken(self, blocks: Sequence[NDArray[np.int64]]) -> Self:
        """Return only the rows of some blocks, in their order."""
        ends = np.cumsum([len(block) for block in blocks])
        renumbered = np.split(np.arange(ends[-1]), ends[:-1])
        return type(self)(self.rows[np.concatenate(blocks)], renumbered, threads=False)

    def divided(self, n: int) -> list[Sequence[NDArray[np.int64]]]:
        """Return the blocks in `n` runs or fewer of about the same cost, the longest rows first."""
        counts = np.diff(self.rows.indptr)
        # a block costs about as much as its numbers, and a bit more
        costs = np.cumsum([counts[block].sum() + len(block) for block in self.blocks])
        ends = np.searchsorted(costs, costs[-1] * np.arange(1, n) / n)
        bounds = np.unique([0, *ends.tolist(), len(self.blocks)]).tolist()
        return [self.blocks[i:j] for i, j in pairwise(bounds)]


class HalfStep:
    """Solves all rows ``[n, m]`` of a matrix for factors of its columns, in parts.

    The parts stay on the nodes that solve them; a step sends only the factors.
    """

    def __init__(self, rows: Matrix, d: int, settings: AlsSettings, runner: TaskRunner) -> None:
        self._settings, self._runner, self._d = settings, runner, d
        self._whole = _Part.whole(rows, d)
        self._places: list[NDArray[np.int64]] = []
        self._parts: list[Any] = []
        # one block alone is solved with all threads
        if runner.n_parallel > 1 and self._whole.threads and len(self._whole.blocks) > 1:
            for blocks in self._whole.divided(runner.n_parallel * _PARTS_PER_PROCESSOR):
                self._places.append(np.concatenate(blocks))
                self._parts.append(runner.share(self._whole.taken(blocks)))

    def __call__(self, factors: Factors) -> Factors:
        """Return the best factors ``[n, d]`` of all rows, given those of the columns ``[m, d]``."""
        rotated, shared, _ = diagonalized(factors, self._settings.unobserved)
        if not self._parts:
            return _solve_part(self._whole, rotated, shared, self._settings)
        solved = np.zeros((self._whole.rows.shape[0], self._d), np.float32)
        tasks = [(part,) for part in self._parts]
        found = self._runner.map(_solve_part, tasks, (rotated, shared, self._settings))
        for places, part in zip(self._places, found, strict=True):
            solved[places] = part
        return solved


def _solve_part(part: _Part, factors: Factors, shared: Factors, settings: AlsSettings) -> Factors:
    """Return the best factors ``[n, d]`` of rows; `factors` are as `diagonalized` returns them."""
    rows, d = part.rows, factors.shape[1]
    counts = np.diff(rows.indptr)
    solved = np.zeros((rows.shape[0], d), np.float32)
    least = settings.unobserved * rows.shape[1]

    def solve(block: NDArray[np.int64]) -> None:
        ridge = settings.regularization * (counts[block] + least) ** settings.frequency
        diagonal = shared + ridge.astype(np.float32)[:, None]
        small = counts[block[-1]] < d
        listens = _listens(rows, block, d, settings.strength)
        solved[block] = (_solve_few if small else _solve_many)(factors, listens, diagonal)

    if part.threads:
        for_each(solve, part.blocks)
    else:
        for block in part.blocks:
            solve(block)
    return solved


@dataclass(frozen=True, slots=True)
class _Listens:
    """Listens of a block of rows, each ``[b, n]``; short rows are padded with weight 0."""

    columns: NDArray[np.int64]
    root: Factors  # of the weight of each listen
    wanted: Factors  # the root for likes, 0 for dislikes


def _listens(rows: Matrix, block: NDArray[np.int64], d: int, strength: float) -> Iterator[_Listens]:
    """Yield the listens of a block's rows, in parts that fit `_BLOCK_NUMBERS`."""
    starts, counts = rows.indptr[block], rows.indptr[block + 1] - rows.indptr[block]
    most = int(counts[-1])  # a block is sorted by counts
    step = max(_BLOCK_NUMBERS // (len(block) * d), d)
    for first in range(0, most, step):
        offsets = np.arange(first, min(first + step, most))
        places = starts[:, None] + offsets
        if counts[0] < most:
            there = offsets < counts[:, None]
            places = np.where(there, places, starts[:, None])
            values = np.where(there, rows.data[places], 0)
        else:
            there = np.True_
            values = rows.data[places]
        root = np.where(there, np.sqrt(_confidence(values, strength)), 0)
        yield _Listens(rows.indices[places], root, root * (values > 0))


def _solve_few(factors: Factors, listens: Iterator[_Listens], diagonal: Factors) -> Factors:
    """Solve rows with fewer listens than dimensions by Woodbury: a system the size of the listens.

    With ``V = sqrt(C) G / sqrt(D)``: ``(G'CG + D)^-1 = (I - V'(I + VV')^-1 V)`` between two
    ``1 / sqrt(D)``, so the result is ``V'(I + VV')^-1 wanted / sqrt(D)``.
    """
    own = next(listens)
    scale = 1 / np.sqrt(diagonal)  # [b, d]
    scaled = factors.take(own.columns, axis=0)  # [b, n, d]
    scaled *= own.root[:, :, None]
    scaled *= scale[:, None, :]
    inner = scaled @ scaled.transpose(0, 2, 1)
    n = inner.shape[1]
    inner[:, np.arange(n), np.arange(n)] += 1
    solution = np.linalg.solve(inner, own.wanted[:, :, None])
    return np.asarray((solution.transpose(0, 2, 1) @ scaled)[:, 0] * scale, np.float32)


def _solve_many(factors: Factors, listens: Iterator[_Listens], diagonal: Factors) -> Factors:
    """Solve ``(G'CG + D) x = G'C wanted`` for each row, ``[b, d]``."""
    b, d = diagonal.shape
    system = np.zeros((b, d, d), np.float32)
    right = np.zeros((b, d, 1), np.float32)
    for part in listens:
        weighted = factors.take(part.columns, axis=0)
        weighted *= part.root[:, :, None]
        across = weighted.transpose(0, 2, 1)
        system += across @ weighted
        right += across @ part.wanted[:, :, None]
    system[:, np.arange(d), np.arange(d)] += diagonal
    return np.asarray(np.linalg.solve(system, right)[:, :, 0], np.float32)


def _blocks(counts: NDArray[Any], d: int) -> Iterator[NDArray[np.int64]]:
    """Yield the rows that have listens in blocks of similar length, sorted by length.

    The longest rows come first, so that no thread works alone on them at the end. Lengths in a
    block differ by up to an eighth.
    """
    order = np.argsort(counts, kind="stable")
    lengths = counts[order]
    stop = len(order)
    while stop and lengths[stop - 1] > 0:
        most = int(lengths[stop - 1])
        size = max(_BLOCK_NUMBERS // (most * d + min(most, d) ** 2), 1)
        least = d if most >= d else 1  # both ways to solve have their own blocks
        similar = int(np.searchsorted(lengths, max(least, most - most // 8)))
        start = max(stop - size, similar)
        yield order[start:stop]
        stop = start


def _confidence(values: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """Return the weight of each listen: 1, or more if it is stronger than the mean like."""
    if not strength:
        return np.ones_like(values)
    return np.asarray((1 - strength) + strength * np.abs(values), np.float32)
