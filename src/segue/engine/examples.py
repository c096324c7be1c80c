"""What weights are learned from: listeners as they were, and what they turned to next.

The choice of a track among all that could have come is compared with the rest of the catalogue. The
rest is many: the tracks that any signal puts foremost enter as they are, and of all others some are
drawn, each of which stands for ``others / drawn``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.engine.standard import standardise
from segue.signals import Profile, Scores, Signal

_FOREMOST = 60
_DRAWN = 300
_MOST_CHOSEN = 50


@dataclass(frozen=True, slots=True)
class Example:
    """A listener's profile before, and the positions of the tracks that they chose after."""

    profile: Profile
    chosen: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choices:
    """One listener's choices as features: standardised scores by signal.

    `chosen` ``[n_chosen, n_signals]``, `others` ``[n_others, n_signals]`` with the logarithm of how
    many tracks each stands for, ``[n_others]``. The chosen are among the others, too.
    """

    chosen: NDArray[np.float32]
    others: NDArray[np.float32]
    log_counts: NDArray[np.float32]


def examples_from(
    profiles: Sequence[Profile], *, share: float = 0.2, seed: int = 0
) -> list[Example]:
    """Return each profile without `share` of its likes (at least one), which are the chosen.

    For signals that learn nothing from listens. Those that do must be fitted without the chosen.
    """
    rng = np.random.default_rng(seed)
    found = []
    for profile in profiles:
        liked = profile.liked
        if len(liked) < 2:
            continue
        chosen = rng.permutation(liked)[: max(round(len(liked) * share), 1)]
        before = profile.without(chosen)
        found.append(Example(before.unmet(chosen), chosen))
    return found


def choices_of(
    signals: Sequence[Signal], examples: Sequence[Example], *, seed: int = 0, batch: int = 64
) -> list[Choices]:
    """Return the choices of every example that has any, in order."""
    found = []
    for start in range(0, len(examples), batch):
        part = examples[start : start + batch]
        rows = np.stack([signal.for_listeners([one.profile for one in part]) for signal in signals])
        for number, example in enumerate(part):
            rng = np.random.default_rng([seed, start + number])
            found.append(_choices(rows[:, number], example, rng))
    return found


def _choices(rows: Scores, example: Example, rng: np.random.Generator) -> Choices:
    candidates = np.ones(rows.shape[1], bool)
    candidates[example.profile.known] = False
    candidates[example.chosen] = True
    features = standardise(rows, candidates).T
    chosen = example.chosen[:_MOST_CHOSEN]
    foremost = np.zeros(len(candidates), bool)
    foremost[example.chosen] = True
    scores = np.where(candidates[:, None], features, -np.inf)
    for column in scores.T:
        if len(column) > _FOREMOST:
            foremost[np.argpartition(-column, _FOREMOST)[:_FOREMOST]] = True
    foremost &= candidates
    rest = np.flatnonzero(candidates & ~foremost)
    drawn = rest if len(rest) <= _DRAWN else rng.choice(rest, _DRAWN, replace=False)
    others = np.concatenate([np.flatnonzero(foremost), drawn])
    counts = np.ones(len(others), np.float32)
    counts[len(others) - len(drawn) :] = len(rest) / max(len(drawn), 1)
    return Choices(features[chosen], features[others], np.log(counts))
