"""Posteriors of the weights of many listeners at once, by Newton's method with step halving.

Each listener's choices have the conditional logit likelihood of `segue.engine.weights`, and all
have the same normal prior. Listeners are padded to the same number of tracks and solved in blocks,
since one after another costs far more than the arithmetic; they do not influence each other.

Shapes: m listeners, t tracks (padded), s signals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.engine.examples import Choices

FloatArray = NDArray[np.float64]

_ROUNDS = 8
_MIN_STEP = 1e-3
_MIN_GAIN = 1e-4
_BLOCK = 128  # listeners at a time: some MB


def posterior_modes(
    choices: Sequence[Choices], mean: FloatArray, precision: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return each listener's likeliest weights ``[m, s]`` and precision there ``[m, s, s]``.

    Parameters
    ----------
    mean, precision
        Of the normal prior, ``[s]`` and ``[s, s]``.
    """
    means = np.zeros((len(choices), len(mean)))
    precisions = np.zeros((len(choices), *precision.shape))
    # listeners with similar numbers of tracks together need the least padding
    order = np.argsort([len(one.others) for one in choices], kind="stable")
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        part = _PaddedChoices.of([choices[place] for place in block.tolist()])
        means[block], precisions[block] = _newton(part, mean, precision)
    return means, precisions


@dataclass(frozen=True)
class _PaddedChoices:
    """Features of the tracks ``[m, t, s]``, 0 where `absent` ``[m, t]``; number and sum of choices.

    `n` is ``[m]``, `chosen` ``[m, s]``.
    """

    others: FloatArray
    absent: NDArray[np.bool_]
    n: FloatArray
    chosen: FloatArray

    @classmethod
    def of(cls, choices: Sequence[Choices]) -> "_PaddedChoices":
        lengths = np.array([len(one.others) for one in choices])
        others = np.zeros((len(choices), lengths.max(), choices[0].others.shape[1]))
        for row, one in zip(others, choices, strict=True):
            row[: len(one.others)] = one.others
        absent = np.arange(lengths.max()) >= lengths[:, None]
        n = np.array([len(one.chosen) for one in choices], np.float64)
        chosen = np.stack([one.chosen.sum(axis=0, dtype=np.float64) for one in choices])
        return cls(others, absent, n, chosen)

    def take(self, rows: NDArray[np.int64]) -> "_PaddedChoices":
        return _PaddedChoices(self.others[rows], self.absent[rows], self.n[rows], self.chosen[rows])

    def chances(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log of the sum of exponentials ``[m]``, and the chance of each track."""
        scores = (self.others @ weights[:, :, None])[:, :, 0]
        scores[self.absent] = -np.inf
        top = scores.max(axis=1)
        raised = np.exp(scores - top[:, None])
        total = raised.sum(axis=1)
        return np.log(total) + top, raised / total[:, None]

    def loss(self, weights: FloatArray) -> FloatArray:
        """Return the negative log likelihood of each listener's choices ``[m]``."""
        log_sum, _ = self.chances(weights)
        loss: FloatArray = self.n * log_sum - (self.chosen * weights).sum(axis=1)
        return loss

    def slope_and_curve(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient ``[m, s]`` and Hessian ``[m, s, s]`` of `loss`."""
        _, chances = self.chances(weights)
        mean = (chances[:, None] @ self.others)[:, 0]
        weighed = self.others * chances[:, :, None]
        curve = weighed.transpose(0, 2, 1) @ self.others - mean[:, :, None] * mean[:, None]
        return self.n[:, None] * mean - self.chosen, self.n[:, None, None] * curve


def _newton(
    choices: _PaddedChoices, prior: FloatArray, precision: FloatArray
) -> tuple[FloatArray, FloatArray]:
    def totals(part: _PaddedChoices, weights: FloatArray) -> FloatArray:
        off = weights - prior
        return np.asarray(part.loss(weights) + 0.5 * ((off @ precision) * off).sum(axis=1))

    found = np.tile(prior, (len(choices.n), 1))
    precisions = np.tile(precision, (len(choices.n), 1, 1))
    left = np.arange(len(choices.n))
    now = totals(choices, found)
    for _ in range(_ROUNDS):
        part, before = choices.take(left), now[left]
        slope, curve = part.slope_and_curve(found[left])
        precisions[left] = precision + curve
        pulled = slope + (found[left] - prior) @ precision
        step = np.linalg.solve(precisions[left], pulled[:, :, None])[:, :, 0]
        size = np.ones(len(left))
        after = totals(part, found[left] - step)
        while (worse := (after > before) & (size > _MIN_STEP)).any():
            size[worse] /= 2
            after = totals(part, found[left] - size[:, None] * step)
        moved = size > _MIN_STEP
        found[left[moved]] -= size[moved, None] * step[moved]
        now[left[moved]] = after[moved]
        left = left[moved & (before - after >= _MIN_GAIN)]
        if not len(left):
            break
    return found, precisions
