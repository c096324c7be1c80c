"""Training examples for weights: profiles before a choice, and the tracks that were chosen next.

A choice is compared with the tracks that any signal ranks highest, since these could have been in
the list instead; only chosen tracks among them count. (In a conditional logit, weights may be
learned from any subset of alternatives: McFadden, 1978. With the whole catalogue, weights separate
choices from tracks that would never be recommended, which cost a twentieth of nDCG on Last.fm.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.engine.standardization import standardise
from segue.signals import Scores, Signal, UserProfile

_FOREMOST = 50
_MAX_CHOSEN = 50


@dataclass(frozen=True, slots=True)
class Example:
    """A listener's profile, and the positions of the tracks that they chose afterwards."""

    profile: UserProfile
    chosen: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choices:
    """One listener's choices as features: standardized scores by signal.

    `chosen` is ``[n_chosen, n_signals]``; `others` ``[n_others, n_signals]`` are the highest-ranked
    tracks, including the chosen ones. `user` is the listener.
    """

    chosen: NDArray[np.float32]
    others: NDArray[np.float32]
    user: str | None = None


def examples_from(
    profiles: Sequence[UserProfile], *, share: float = 0.2, seed: int = 0
) -> list[Example]:
    """Return examples that hide `share` of each profile's likes (at least one) as choices.

    For signals that do not learn from listens: others must be fitted without the chosen tracks.
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
    """Return the choices of every example that chose a highest-ranked track, in order."""
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
    foremost = np.zeros(len(candidates), bool)
    standard = standardise(rows, candidates)
    out = np.flatnonzero(~candidates)
    most = min(_FOREMOST, len(candidates) - 1)
    for row in standard:
        lowest_first = -row
        lowest_first[out] = np.inf
        foremost[np.argpartition(lowest_first, most)[:most]] = True
    foremost &= candidates
    chosen = example.chosen[foremost[example.chosen]][:_MAX_CHOSEN]
    return Choices(standard[:, chosen].T, standard[:, foremost].T, example.profile.user)
