"""What weights are learned from: listeners as they were, and what they turned to next.

A choice is compared with the tracks that any signal puts foremost, since they are the ones that a
list could have had in its place; of what was chosen, only those among them count. (In a conditional
logit weights may be learned from any subset of alternatives: McFadden, 1978. Over the whole
catalogue they would be those that tell a choice from what nobody would have recommended, which on
listens of Last.fm cost a twentieth of nDCG.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.engine.standardization import standardise
from segue.signals import Profile, Scores, Signal

_FOREMOST = 50
_MOST_CHOSEN = 50


@dataclass(frozen=True, slots=True)
class Example:
    """A listener's profile before, and the positions of the tracks that they chose after."""

    profile: Profile
    chosen: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choices:
    """One listener's choices as features: standardised scores by signal.

    `chosen` ``[n_chosen, n_signals]`` and `others` ``[n_others, n_signals]``, the foremost tracks,
    the chosen among them. `user` is who chose.
    """

    chosen: NDArray[np.float32]
    others: NDArray[np.float32]
    user: str | None = None


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
    signals: Sequence[Signal], examples: Sequence[Example], *, batch: int = 64
) -> list[Choices]:
    """Return the choices of every example that chose one of the foremost tracks, in order."""
    found = []
    for start in range(0, len(examples), batch):
        part = examples[start : start + batch]
        rows = np.stack([signal.for_listeners([one.profile for one in part]) for signal in signals])
        for number, example in enumerate(part):
            choices = _choices(rows[:, number], example)
            if len(choices.chosen):
                found.append(choices)
    return found


def _choices(rows: Scores, example: Example) -> Choices:
    candidates = np.ones(rows.shape[1], bool)
    candidates[example.profile.known] = False
    candidates[example.chosen] = True
    features = standardise(rows, candidates).T
    foremost = np.zeros(len(candidates), bool)
    scores = np.where(candidates[:, None], features, -np.inf)
    for column in scores.T:
        most = min(_FOREMOST, len(column) - 1)
        foremost[np.argpartition(-column, most)[:most]] = True
    foremost &= candidates
    chosen = example.chosen[foremost[example.chosen]][:_MOST_CHOSEN]
    return Choices(features[chosen], features[foremost], example.profile.user)
