"""Control experiment: signals with exchanged content must be no better than chance.

The rows of every content signal are exchanged between tracks at random, and each signal is
evaluated alone. If its lists were still better than random ones, the measurement would leak:
something other than content would explain the result. Numbers are means over several exchanges,
since all listeners share one, and a single exchange may by chance put a much-played track near
everyone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError, TooLittleDataError
from segue.evaluation import MIN_LISTENERS_FOR_CLAIMS, Control, RankingResult
from segue.pipeline.experiments.held_out import EvaluationContext
from segue.pipeline.experiments.ranked_lists import RANDOM, figures, ranked_lists
from segue.signals import Scores, SignalWrapper, UserProfile, VectorSignal
from segue.text import plural

METRICS = ("ndcg@10", "ndcg@20", "recall@20")
_MAIN = "ndcg@20"
_SHUFFLES = 5
_MAX_LISTENERS = 500


@dataclass(frozen=True)
class ShuffledSignal(SignalWrapper):
    """A signal in which track i has the content of track ``order[i]``."""

    order: NDArray[np.int64]

    def for_listeners(self, profiles: Sequence[UserProfile]) -> Scores:
        """Return ``[n_profiles, n_tracks]``."""
        moved = [replace(one, positions=self.order[one.positions]) for one in profiles]
        scores: Scores = self.signal.for_listeners(moved)[:, self.order]
        return scores

    def for_track(self, position: int) -> Scores:
        """Return ``[n_tracks]``."""
        row: Scores = self.signal.for_track(int(self.order[position]))[self.order]
        return row


def evaluate_control(context: EvaluationContext) -> Control:
    """Evaluate each content signal, original and with rows exchanged between tracks.

    Raises
    ------
    ModelError
        If there is no content signal.
    TooLittleDataError
        If there are too few listeners to tell a signal from chance.
    """
    n = len(context.known.users)
    if n < MIN_LISTENERS_FOR_CLAIMS:
        raise TooLittleDataError(
            f"The control with exchanged content cannot be judged by {plural(n, 'listener')}: it"
            f" needs at least {MIN_LISTENERS_FOR_CLAIMS}."
        )
    content = [one for one in context.material.content if isinstance(one, VectorSignal)]
    if not content:
        raise ModelError(
            "The control needs a content signal, and there is none: run segue train all first."
        )
    rng = np.random.default_rng(context.seed)
    orders = [rng.permutation(context.n_tracks) for _ in range(_SHUFFLES)]
    shuffled = [
        (f"{signal.name} {number}", ShuffledSignal(signal, order))
        for signal in content
        for number, order in enumerate(orders)
    ]
    places = context.listeners(_MAX_LISTENERS)
    lists = ranked_lists(
        context.fitted.engine,
        [context.known.profiles[place] for place in places],
        context.n_tracks,
        blends=(),
        alone=[*((signal.name, signal) for signal in content), *shuffled],
        seed=context.seed,
        progress=context.progress,
        description="Evaluating exchanged content",
    )
    results = context.evaluated.evaluate(lists, [context.known.held_out[place] for place in places])
    names = [signal.name for signal in content]
    means = {
        name: _mean([results[f"{name} {number}"] for number in range(_SHUFFLES)]) for name in names
    }
    real = {name: results[name] for name in names}
    exchanged = figures(means, METRICS, seed=context.seed)
    chance = figures({RANDOM: results[RANDOM]}, METRICS, seed=context.seed)
    highest = chance.intervals[RANDOM][_MAIN][1]
    return Control(
        real=figures(real, METRICS, seed=context.seed),
        shuffled=exchanged,
        chance=chance,
        shuffles=_SHUFFLES,
        fell={name: bool(exchanged.intervals[name][_MAIN][0] <= highest) for name in names},
    )


def _mean(results: Sequence[RankingResult]) -> RankingResult:
    """Return the mean of several results on the same listeners, by listener."""
    first = results[0]
    per_user: Mapping[str, NDArray[np.float64]] = {
        metric: np.mean([one.per_user[metric] for one in results], axis=0) for metric in METRICS
    }
    means = {metric: float(values.mean()) for metric, values in per_user.items()}
    return RankingResult(mean=means, per_user=per_user, users=first.users)
