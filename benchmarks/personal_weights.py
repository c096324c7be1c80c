"""Measure where personal weights of signals help, on simulated listeners.

    python benchmarks/personal_weights.py [--listeners 100 --tracks 2000 --seed 0]

Five signals have normal scores, new ones for each listener. A listener's weights are those of
everyone times ``exp(s z)``, with `z` normal and `s` the spread: 0 is a library of listeners who
differ in nothing, 1 one in which a signal counts 2.7 times as much for one listener in six. Choices
are drawn from the conditional logit of these weights, half of them for the first and half for the
later turn of `segue.engine.learn`; further 50 choices of the same weights are held out. The table
has nDCG@20 of these with the learned personal weights minus with the learned global weights, with a
95 % bootstrap interval over listeners. "global" means that personal weights did not pass the test
on later choices, so that nobody has them.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.engine import Example, learn, shares
from segue.evaluation.intervals import bootstrap_interval
from segue.signals import Scores, UserProfile

NAMES = ("knn", "tags", "collaborative", "sequence", "recency")
EVERYONE = np.array([0.4, 0.4, 0.6, 0.2, 0.2])
STRENGTH = 2.0  # of all weights together: how predictable choices are
N_HELD_OUT = 50
N_CHOICES = (10, 50, 200, 500)
SPREADS = (0.0, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class SimulatedSignal:
    """A signal with normal scores of its own for each listener."""

    name: str
    number: int
    n_tracks: int

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n, n_tracks]``."""
        rows = [
            np.random.default_rng([self.number, int(profile.user or 0)]).normal(size=self.n_tracks)
            for profile in profiles
        ]
        return np.array(rows, np.float32)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--listeners", type=int, default=100)
    parser.add_argument("--tracks", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print("| spread | " + " | ".join(f"{n} choices" for n in N_CHOICES) + " |")
    print("| --- |" + " --- |" * len(N_CHOICES))
    for spread in SPREADS:
        cells = [cell(spread, n, given.listeners, given.tracks, given.seed) for n in N_CHOICES]
        print(f"| {spread} | " + " | ".join(cells) + " |", flush=True)


def cell(spread: float, n_choices: int, n_listeners: int, n_tracks: int, seed: int) -> str:
    """Return the mean gain of personal weights, with its interval."""
    rng = np.random.default_rng(seed)
    signals = [SimulatedSignal(name, i, n_tracks) for i, name in enumerate(NAMES)]
    turns: tuple[list[Example], list[Example]] = ([], [])
    held_out: list[tuple[str, NDArray[np.float32], NDArray[np.int64]]] = []
    nothing = np.zeros(0, np.int64)
    for user in map(str, range(n_listeners)):
        own = EVERYONE * np.exp(spread * rng.normal(size=len(NAMES)))
        own *= STRENGTH / own.sum()
        profile = UserProfile(nothing, np.zeros(0, np.float32), nothing, user=user)
        scores = np.stack([signal.for_listeners([profile])[0] for signal in signals])
        # the highest of utilities with Gumbel noise are choices of the conditional logit
        order = np.argsort(-(own @ scores + rng.gumbel(size=n_tracks)))
        order[: n_choices + N_HELD_OUT] = rng.permutation(order[: n_choices + N_HELD_OUT])
        half = n_choices // 2
        turns[0].append(Example(profile, order[:half]))
        turns[1].append(Example(profile.without(order[:half]), order[half:n_choices]))
        hidden = order[n_choices : n_choices + N_HELD_OUT]
        unmet = np.sort(order[n_choices:])
        held_out.append((user, scores[:, unmet], np.searchsorted(unmet, hidden)))
    weights = learn(signals, *turns, seed=seed)
    if not weights.personal:
        return "global"
    gains = np.array(
        [
            ndcg(weights.of(user) @ scores, hidden)
            - ndcg(shares(weights.everyone) @ scores, hidden)
            for user, scores, hidden in held_out
        ]
    )
    low, high = bootstrap_interval(gains, seed=0)
    return f"{gains.mean():+.4f} [{low:+.4f}, {high:+.4f}]"


def ndcg(scores: NDArray[np.float64], hidden: NDArray[np.int64], k: int = 20) -> float:
    """Return nDCG@k of a ranking, with the positions of the tracks that were held out."""
    top = np.argsort(-scores, kind="stable")[:k]
    discount = 1 / np.log2(np.arange(2, k + 2))
    return float((np.isin(top, hidden) * discount).sum() / discount[: len(hidden)].sum())


if __name__ == "__main__":
    main()
