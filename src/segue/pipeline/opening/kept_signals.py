"""Signals as arrays on the disk: what each is written as, and how it is opened again."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.index import MutualProximity
from segue.listening import Collaborative
from segue.listening.sequences import SequenceModel
from segue.pipeline.opening.arrays import Arrays, matrix_from, matrix_parts, named, within
from segue.signals import (
    CollaborativeSignal,
    FriendsSignal,
    PaddedSignal,
    PopularitySignal,
    RecencySignal,
    SequenceSignal,
    Signal,
    VectorSignal,
    as_hybrid,
)

About = Mapping[str, Any]


def signal_parts(signal: Signal) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return what a signal is, as JSON keeps it, and its arrays under its name."""
    arrays: dict[str, NDArray[Any]]
    if isinstance(signal, PaddedSignal):
        about, arrays = signal_parts(signal.signal)
        return {**about, "known": signal.n_known, "tracks": signal.n_tracks}, arrays
    name = signal.name
    about = {"name": name}
    if isinstance(signal, VectorSignal):
        kind, arrays = "vectors", matrix_parts("vectors", _as_kept(signal.vectors))
        arrays["placed"] = signal.has_vector
        arrays["centre"] = signal.centre()
        if signal.hubs is not None:
            arrays |= {"hubs.mean": signal.hubs.mean, "hubs.spread": signal.hubs.spread}
    elif isinstance(signal, CollaborativeSignal | SequenceSignal):
        kind = "collaborative" if isinstance(signal, CollaborativeSignal) else "sequence"
        model: Any = signal.model
        about["model"], arrays = model.parts()
    elif isinstance(signal, PopularitySignal):
        kind, arrays = "popularity", {"listeners": signal.listeners}
    elif isinstance(signal, RecencySignal):
        kind, arrays = "recency", {"artists": signal.artists}
    elif isinstance(signal, FriendsSignal):
        kind, arrays = "friends", {"n": np.array(signal.n_tracks)}
    else:
        raise TypeError(f"the signal {signal.name!r} has no form on the disk")
    return {**about, "kind": kind}, named(f"signal.{name}", arrays)


def signal_from(about: About, whole: Arrays) -> Signal:
    """Return the signal that `signal_parts` gave, over mapped arrays."""
    arrays = within(whole, f"signal.{about['name']}")
    signal = _built(about, arrays)
    if "known" in about:
        return PaddedSignal(signal, about["known"], about["tracks"])
    return signal


def _built(about: About, arrays: Arrays) -> Signal:
    kind, name = about["kind"], about["name"]
    if kind == "vectors":
        hubs = None
        if "hubs.mean" in arrays:
            hubs = MutualProximity(arrays["hubs.mean"], arrays["hubs.spread"])
        return VectorSignal(name, matrix_from(arrays, "vectors"), hubs, arrays["placed"])
    if kind == "collaborative":
        return CollaborativeSignal(Collaborative.of_parts(about["model"], arrays))
    if kind == "sequence":
        return SequenceSignal(SequenceModel.of_parts(about["model"], arrays))
    if kind == "popularity":
        return PopularitySignal(arrays["listeners"])
    if kind == "recency":
        return RecencySignal(arrays["artists"])
    return FriendsSignal(int(arrays["n"]))


def _as_kept(vectors: Any) -> Any:
    return as_hybrid(vectors) if isinstance(vectors, np.ndarray) else vectors


def centres(abouts: Sequence[About], whole: Arrays) -> dict[str, NDArray[np.float64]]:
    """Return the mean of the vectors of each signal that has vectors, by its name."""
    return {
        about["name"]: whole[f"signal.{about['name']}.centre"]
        for about in abouts
        if about["kind"] == "vectors"
    }
