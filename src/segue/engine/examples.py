"""Training examples for weights: profiles before a choice, and the tracks that were chosen next.

A choice is compared with the tracks that any signal ranks highest, since these could have been in
the list instead; only chosen tracks among them count. (In a conditional logit, weights may be
learned from any subset of alternatives: McFadden, 1978. With the whole catalogue, weights separate
choices from tracks that would never be recommended, which cost a twentieth of nDCG on Last.fm.)
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.engine.standardization import standardise
from segue.index import contenders
from segue.signals import Scores, Signal, UserProfile

_FOREMOST = 50
_MAX_CHOSEN = 50
_BATCH = 64
"""Listeners that are scored together."""


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
    signals: Sequence[Signal], examples: Sequence[Example], *, batch: int = _BATCH
) -> list[Choices]:
    """Return the choices of every example that chose a highest-ranked track, in order."""
    found = (
        _choices_of(signals, examples[start : start + batch])
        for start in range(0, len(examples), batch)
    )
    return [one for part in found for one in part if one is not None]


class DrawnChoices:
    """The choices of examples, computed when they are read: scoring all tracks costs the most.

    `examples` are in the order in which they were drawn.
    """

    def __init__(self, signals: Sequence[Signal], examples: Sequence[Example]) -> None:
        self._signals, self._examples = signals, examples
        self._known: dict[int, Choices | None] = {}

    def first(self, n: int) -> list[Choices]:
        """Return the first `n` choices, or all if there are fewer."""
        found: list[Choices] = []
        for start in range(0, len(self._examples), _BATCH):
            if len(found) >= n:
                break
            found += self._read(range(start, min(start + _BATCH, len(self._examples))))
        return found[:n]

    def all(self) -> list[Choices]:
        """Return the choices of all examples."""
        return self.first(len(self._examples))

    def of_users(self, users: Collection[str]) -> list[Choices]:
        """Return the choices of these listeners, in order."""
        named = (one.profile.user for one in self._examples)
        places = [place for place, user in enumerate(named) if user in users]
        return self._read(places)

    def _read(self, places: Sequence[int]) -> list[Choices]:
        unread = [place for place in places if place not in self._known]
        for start in range(0, len(unread), _BATCH):
            part = unread[start : start + _BATCH]
            examples = [self._examples[place] for place in part]
            self._known.update(zip(part, _choices_of(self._signals, examples), strict=True))
        found = (self._known[place] for place in places)
        return [one for one in found if one is not None]


def _choices_of(signals: Sequence[Signal], examples: Sequence[Example]) -> Iterator[Choices | None]:
    """Yield the choices of each example; None for one that chose no highest-ranked track."""
    scores = [signal.for_listeners([one.profile for one in examples]) for signal in signals]
    for number, example in enumerate(examples):
        choices = _choices([rows[number] for rows in scores], example)
        yield choices if len(choices.chosen) else None


def _choices(rows: Sequence[Scores], example: Example) -> Choices:
    candidates = np.ones(len(rows[0]), bool)
    candidates[example.profile.known] = False
    candidates[example.chosen] = True
    foremost = np.zeros(len(candidates), bool)
    standard = standardise(rows, candidates)
    out = np.flatnonzero(~candidates)
    most = min(_FOREMOST, len(candidates) - 1)
    for row in standard if most else ():
        ranked = row.copy()
        ranked[out] = -np.inf
        near = contenders(ranked, most)
        foremost[near[np.argpartition(-ranked[near], most - 1)[:most]]] = True
    foremost &= candidates
    chosen = example.chosen[foremost[example.chosen]][:_MAX_CHOSEN]
    return Choices(standard[:, chosen].T, standard[:, foremost].T, example.profile.user)
