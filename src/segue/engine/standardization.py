"""Standardize scores of signals: mean 0 and standard deviation 1 over the candidates."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.signals import Scores

Mask = NDArray[np.bool_]
Vector = NDArray[np.float64]

_FLAT, _SMALL = 1e-6, 1e-3  # deviations below these parts of the mean are rounding errors

_FEW = 8
"""Below one part in this many, excluded tracks are subtracted from sums over all tracks."""


def standardise(rows: Scores | Sequence[Scores], candidates: Mask) -> Scores:
    """Scale each row to mean 0 and standard deviation 1 over its candidates; NaN becomes 0.

    >>> rows = np.array([[1.0, 3.0, np.nan, 99.0]], np.float32)
    >>> standardise(rows, np.array([True, True, True, False]))[0, :3].tolist()
    [-1.0, 1.0, 0.0]
    """
    standard = np.empty((len(rows), len(candidates)), np.float32)
    for row, into in zip(rows, standard, strict=True):
        _standardise_row(row, candidates, into)
    return standard


@dataclass(frozen=True)
class SignalScores:
    """Scores of all signals for one listener, prepared for blending over any candidates.

    `centred` ``[n_signals, n_tracks]`` are the scores minus the `offset` ``[n_signals]`` of each
    signal, 0 for unscored tracks; `silent` marks these, or is None if a signal scores all tracks.
    `sums`, `squares` and `counts` ``[n_signals]`` over all tracks are computed once, since they
    depend neither on candidates nor on weights.
    """

    centred: Scores
    silent: tuple[Mask | None, ...]
    offset: Vector
    sums: Vector
    squares: Vector
    counts: Vector

    @classmethod
    def of(
        cls,
        scores: Scores,
        earlier: "SignalScores | None" = None,
        unchanged: Collection[int] = (),
    ) -> "SignalScores":
        """Prepare scores ``[n_signals, n_tracks]``, which are centred in place.

        The rows of signals that are `unchanged` are overwritten with those of `earlier`.
        """
        silent: list[Mask | None] = []
        numbers = np.zeros((4, len(scores)))
        for place, row in enumerate(scores):
            if earlier is not None and place in unchanged:
                row[:] = earlier.centred[place]
                silent.append(earlier.silent[place])
                kept = (earlier.offset, earlier.sums, earlier.squares, earlier.counts)
                numbers[:, place] = [one[place] for one in kept]
                continue
            total = float(row.sum())
            unsaid = np.isnan(row) if np.isnan(total) else None
            n_unsaid = 0 if unsaid is None else int(np.count_nonzero(unsaid))
            n = len(row) - n_unsaid
            silent.append(unsaid)
            if unsaid is not None:
                np.copyto(row, 0, where=unsaid)
                total = float(row.sum())
            offset = total / n if n else 0.0
            np.subtract(row, np.float32(offset), out=row)
            if unsaid is not None:
                np.copyto(row, 0, where=unsaid)
            # centred values may be summed in single precision
            numbers[:, place] = offset, row.sum(), np.dot(row, row), n
        return cls(scores, tuple(silent), *numbers)

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        return self.centred.nbytes + sum(one.nbytes for one in self.silent if one is not None)

    @property
    def n_tracks(self) -> int:
        """Number of tracks that are scored."""
        return int(self.centred.shape[1])

    def moments(self, exclude: Mask) -> tuple[Vector, Vector]:
        """Return mean and standard deviation of `centred` over the tracks that are not excluded.

        Each is ``[n_signals]``; the deviation of a signal with equal scores is infinite.
        """
        out = np.flatnonzero(exclude)
        if len(out) * _FEW < len(exclude):
            part, factor = self.centred[:, out].astype(np.float64), -1.0
            sums, squares, counts = self.sums, self.squares, self.counts
        else:
            out = np.flatnonzero(~exclude)
            part, factor = self.centred[:, out].astype(np.float64), 1.0
            sums = squares = counts = np.zeros(len(self.centred))
        unsaid = np.array(
            [0 if mask is None else np.count_nonzero(mask[out]) for mask in self.silent]
        )
        counts = np.maximum(counts + factor * (len(out) - unsaid), 1)
        mean = (sums + factor * part.sum(axis=1)) / counts
        square = (squares + factor * np.einsum("st,st->s", part, part)) / counts
        spread = np.sqrt(np.maximum(square - mean**2, 0))
        # a signal with equal scores must not count: its deviation is rounding error
        flat = spread <= 1e-6 * np.maximum(np.abs(mean + self.offset), 1e-3)
        return mean, np.where(flat, np.inf, spread)

    def weighed(self, weights: Vector, mean: Vector, spread: Vector) -> Scores:
        """Return the blended score of every track ``[n_tracks]``, given the result of `moments`."""
        slopes = weights / spread
        total = slopes.astype(np.float32) @ self.centred
        total -= np.float32(slopes @ mean)
        for slope, own, mask in zip(slopes, mean, self.silent, strict=True):
            if mask is not None and slope * own:
                total += np.float32(slope * own) * mask  # unscored tracks get the mean, 0
        blended: Scores = total
        return blended

    def blended(self, weights: Vector, exclude: Mask) -> tuple[Scores, Vector, Vector]:
        """Return blended scores ``[n_tracks]``, and the moments used.

        NaN for excluded tracks, and for tracks that no signal with a weight scores: there is no
        reason to recommend those.
        """
        mean, spread = self.moments(exclude)
        total = self.weighed(weights, mean, spread)
        total[exclude] = np.nan
        unsaid = self.unsaid(weights)
        if unsaid is not None:
            total[unsaid] = np.nan
        return total, mean, spread

    def features(self, places: NDArray[np.int64], mean: Vector, spread: Vector) -> Scores:
        """Return the standardized scores of the tracks at `places`, ``[n_signals, n_places]``."""
        found = (self.centred[:, places] - mean[:, None]) / spread[:, None]
        for row, mask in zip(found, self.silent, strict=True):
            if mask is not None:
                row[mask[places]] = 0
        return found.astype(np.float32)

    def speaks(self, candidates: Mask) -> NDArray[np.bool_]:
        """Return which signals score any of the candidates, ``[n_signals]``."""
        if not candidates.any():
            return np.zeros(len(self.centred), bool)
        return np.array([mask is None or not mask[candidates].all() for mask in self.silent], bool)

    def unsaid(self, weights: Vector) -> Mask | None:
        """Return the tracks that no signal with a weight scores, ``[n_tracks]``, or None."""
        found: Mask | None = None
        for weight, mask in zip(weights, self.silent, strict=True):
            if weight > 0:
                if mask is None:
                    return None
                found = mask if found is None else found & mask
        return np.ones(self.centred.shape[1], bool) if found is None else found


@dataclass(frozen=True)
class SeededScores:
    """Scores by the seeds of a request and by the listener's history, to be blended.

    `share` is that of the seeds, from 0 to 1.
    """

    history: SignalScores
    seeds: SignalScores
    share: float

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        return self.history.n_bytes + self.seeds.n_bytes

    @property
    def n_tracks(self) -> int:
        """Number of tracks that are scored."""
        return self.history.n_tracks

    def speaks(self, candidates: Mask) -> NDArray[np.bool_]:
        """Return which signals score any of the candidates, ``[n_signals]``."""
        return self.history.speaks(candidates) | self.seeds.speaks(candidates)


def moments(row: NDArray[np.float32], candidates: Mask) -> tuple[float, float]:
    """Return mean and standard deviation of the scored candidates; 0 for equal scores.

    A signal with equal scores must not count: its deviation is only rounding error.
    """
    counted = row[candidates].astype(np.float64)
    silent = np.isnan(counted)
    if silent.any():
        counted = counted[~silent]
    if not len(counted):
        return 0.0, 0.0
    mean = float(counted.mean())
    counted -= mean
    spread = float(np.sqrt(np.dot(counted, counted) / len(counted)))
    return mean, spread if spread > _FLAT * max(abs(mean), _SMALL) else 0.0


def is_flat(scores: NDArray[np.float32]) -> bool:
    """Return whether all scores are equal, NaN aside, but for rounding.

    >>> is_flat(np.array([0.1, np.nan, 0.1], np.float32)), is_flat(np.array([1, 2], np.float32))
    (True, False)
    """
    low = float(np.fmin.reduce(scores, initial=np.inf))
    high = float(np.fmax.reduce(scores, initial=-np.inf))
    # the deviation is at least that of the two furthest scores alone
    if (high - low) / np.sqrt(2 * len(scores)) > _FLAT * max(abs(low), abs(high), _SMALL):
        return False
    return moments(scores, np.ones(len(scores), bool))[1] == 0


def _standardise_row(
    row: NDArray[np.float32], candidates: NDArray[np.bool_], into: NDArray[np.float32]
) -> None:
    mean, spread = moments(row, candidates)
    if not spread:
        into[:] = 0
        return
    np.subtract(row, np.float32(mean), out=into)
    into *= np.float32(1 / spread)
    silent = np.isnan(row)
    if silent.any():
        into[silent] = 0
