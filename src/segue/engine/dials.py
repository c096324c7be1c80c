"""Dials: re-ranking controls, and the weights of signals set by hand.

Conventions
-----------
- A dial at its default changes nothing but the variety of artists: two of every ten tracks may be
  of one artist, as far as there are others (docs/recommending.md has what that costs).
- A strength runs from 0 to 1 and is an odds against relevance, ``strength / (1 - strength)``: 0 is
  none, 0.5 counts as much as relevance, 1 overrides it (0.99 is used, so that relevance still
  breaks ties). Relevance is the blended score, relative to its range or spread over the candidate
  pool: a dial has the same effect for every listener and library.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError, NoWeightError
from segue.signals.signal import SEED_SHARE

MOST = 0.99
"""The value that is used for a strength of 1."""

_STRENGTHS = ("diversity", "calibration", "randomness", "max_known_share", "seed_share")
_DIRECTIONS = ("popularity", "energy", "valence")
_CAPS = ("artist_cap", "album_cap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """The settings of a list.

    Parameters
    ----------
    artist_cap, album_cap
        Maximum number of tracks of one artist or album; 0 is no cap. Without an artist cap, two of
        every ten tracks may be of one artist, as far as there are others. A track whose artist or
        album is unknown is never capped.
    diversity
        Strength against tracks that are similar to tracks already in the list.
    calibration
        Strength towards the listener's own mix of genres.
    popularity
        From -1, lesser-known tracks, to 1, hits; 0 leaves popularity to its signal.
    energy
        From -1, calmer tracks, to 1, more energetic ones.
    valence
        From -1, sadder tracks, to 1, happier ones.
    max_known_share
        Largest share of tracks that the listener knows, in every first n tracks of the list: 0
        gives only new tracks, 1 sets no limit.
    seed_share
        Share of the tracks that a request names in its scores, from 0 (only the listener's history)
        to 1; it has no effect without them, or without a history.
    randomness
        Strength of random choice among similar scores; the same `seed` gives a listener the same
        list.
    interests
        Whether the list covers the listener's interests in proportion, as `segue.engine.interests`
        finds them; otherwise it suits all likes together.
    versions
        Whether several versions of one song (live, remaster, demo) may be in the list, and versions
        of songs that the listener knows.
    weights
        Weights by signal name that replace the learned ones; other signals keep theirs. All are
        scaled to sum to 1, which does not change the order.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> Dials(randomness=0.3, seed=7).chance
    {'seed': 7}
    >>> Dials(diversity=3)
    Traceback (most recent call last):
        ...
    ValueError: diversity is 3: give a number from 0 to 1.
    """

    artist_cap: int | None = None
    album_cap: int | None = None
    diversity: float = 0.0
    calibration: float = 0.0
    popularity: float = 0.0
    energy: float = 0.0
    valence: float = 0.0
    max_known_share: float = 0.0
    seed_share: float = SEED_SHARE
    randomness: float = 0.0
    seed: int = 0
    interests: bool = False
    versions: bool = False
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every setting."""
        for name in _STRENGTHS:
            _check(name, getattr(self, name), 0, 1)
        for name in _DIRECTIONS:
            _check(name, getattr(self, name), -1, 1)
        for name in _CAPS:
            cap = getattr(self, name)
            if cap is not None and cap < 0:
                raise ValueError(f"{name} is {cap}: give a number of tracks, or 0 for no cap.")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}: give a whole number, 0 or more.")
        for name, weight in self.weights.items():
            if not isfinite(weight) or weight < 0:
                raise ValueError(f"The weight of {name!r} is {weight}: give 0 or a larger number.")

    @property
    def chance(self) -> dict[str, int]:
        """The seed to report with a list; empty without randomness."""
        return {"seed": self.seed} if self.randomness else {}

    def weigh(self, names: Sequence[str], learned: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights ``[n_signals]`` to blend with: the learned ones unless some are set.

        Raises
        ------
        ModelError
            If a weight is set for a signal that this library does not have.
        NoWeightError
            If no weight is above 0.

        Examples
        --------
        >>> Dials(weights={"timbre": 0.5}).weigh(["timbre", "tags"], np.array([0.5, 0.5])).tolist()
        [0.5, 0.5]
        """
        if not self.weights:
            return learned
        unknown = [name for name in self.weights if name not in names]
        if unknown:
            raise ModelError(
                f"This library has no signal {unknown[0]!r}: choose from {', '.join(names)}."
            )
        chosen: NDArray[np.float64] = np.array(
            [self.weights.get(name, own) for name, own in zip(names, learned, strict=True)],
            np.float64,
        )
        if not chosen.sum() > 0:
            raise NoWeightError(
                "All signals have a weight of 0, so tracks cannot be ranked: give at least one"
                " signal a weight above 0."
            )
        chosen /= chosen.sum()
        return chosen


def drawn_seed() -> int:
    """Return a random seed, short enough to type."""
    return secrets.randbelow(1_000_000)


def odds(strength: float) -> float:
    """Return the odds of a strength against relevance.

    >>> odds(0), odds(0.5), round(odds(1), 6)
    (0.0, 1.0, 99.0)
    """
    bounded = min(strength, MOST)
    return bounded / (1 - bounded)


def _check(name: str, value: object, low: float, high: float) -> None:
    if not isinstance(value, Real) or not low <= float(value) <= high:  # NaN too
        raise ValueError(f"{name} is {value}: give a number from {low} to {high}.")
