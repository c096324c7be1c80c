"""The vector signals that tracks are compared by, in order of preference."""

from collections.abc import Iterable, Sequence
from typing import Final

from segue.signals import Signal, VectorSignal

PREFERENCE: Final = ("knn", "timbre", "temporal", "tags", "metadata")

_MIN_PLACED: Final = 0.5


def by_preference(names: Iterable[str]) -> list[str]:
    """Sort names of signals by `PREFERENCE`; others keep their order and come last."""
    return sorted(
        names, key=lambda name: PREFERENCE.index(name) if name in PREFERENCE else len(PREFERENCE)
    )


def comparing_space(signals: Sequence[Signal]) -> VectorSignal | None:
    """Return the signal that says how similar tracks of a list are; None if there is none.

    It is the first by `PREFERENCE` that has a vector for at least half of the tracks, else the
    first that has any.
    """
    found = {one.name: one for one in signals if isinstance(one, VectorSignal)}
    named = [found[name] for name in PREFERENCE if name in found]
    most = [signal for signal in named if signal.has_vector.mean() >= _MIN_PLACED]
    return next(iter([*most, *named, *found.values()]), None)
