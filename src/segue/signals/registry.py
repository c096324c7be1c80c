"""The registry of all signals: a new signal is listed here with one line.

Their order is the one in which the engine blends them and the page shows them.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from segue.signals.collaborative import COLLABORATIVE
from segue.signals.definition import SignalDefinition
from segue.signals.friends import FRIENDS
from segue.signals.knn import KNN
from segue.signals.lyrics import LYRICS
from segue.signals.metadata import METADATA
from segue.signals.padded import PaddedSignal
from segue.signals.popularity import POPULARITY
from segue.signals.recency import RECENCY
from segue.signals.sequence import SEQUENCE
from segue.signals.signal import Signal
from segue.signals.tags import TAGS
from segue.signals.temporal import TEMPORAL
from segue.signals.timbre import TIMBRE

SIGNALS: dict[str, SignalDefinition] = {
    one.name: one
    for one in (
        TIMBRE,
        TEMPORAL,
        KNN,
        METADATA,
        TAGS,
        LYRICS,
        COLLABORATIVE,
        SEQUENCE,
        POPULARITY,
        RECENCY,
        FRIENDS,
    )
}
"""All definitions by name."""


def save_signal(signal: Signal) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return settings (JSON values) and arrays from which `load_signal` makes the same signal.

    Raises
    ------
    ValueError
        If no definition of that name is registered, so that it could not be loaded.
    """
    if signal.name not in SIGNALS:
        raise ValueError(
            f"The signal {signal.name!r} has no definition: add it to segue.signals.registry."
        )
    settings, arrays = signal.save()
    return {**settings, "name": signal.name}, arrays


def load_signal(settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Signal:
    """Return the signal that `save_signal` saved; arrays may be memory-mapped.

    Raises
    ------
    KeyError
        If no definition of that name is registered, or parts are missing.
    """
    signal = SIGNALS[settings["name"]].load(settings, arrays)
    return PaddedSignal.around(signal, settings)
