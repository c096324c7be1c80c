"""Definitions of signals: the texts users read, and how signals are built and loaded.

Each module of a signal has one `SignalDefinition`, which `segue.signals.registry` lists.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.catalogue_ids import CatalogueIds
from segue.listening import ListeningModel
from segue.listening.sequences import SequenceModel
from segue.signals.signal import Signal, UserProfile
from segue.signals.vectors import VectorSignal
from segue.types import Track


@dataclass(frozen=True, slots=True)
class SignalColor:
    """CSS colors of a signal in a light and a dark color scheme, ``#rrggbb``.

    Audio signals are blue, text signals yellow to brown, listening signals pink, violet and green.
    Any two differ by at least 0.1 in OKLab, also for protan and deutan vision (tritan: 0.08).
    """

    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class SignalInfo:
    """Texts about a signal for users: `title`, and a `description` of a few words, no full stop."""

    name: str
    title: str
    description: str
    color: SignalColor


@dataclass(frozen=True, slots=True)
class TrackInputs:
    """Inputs of signals that need only tracks.

    `ids` are the artists and albums of the tracks; `train` ``[n_tracks]`` are the tracks that
    statistics may be learned from, None for all.
    """

    tracks: Sequence[Track]
    ids: CatalogueIds
    train: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class ListeningInputs:
    """Inputs of signals that need listens.

    `artists` ``[n_tracks]`` is the main artist of each track, -1 where unknown. The models are None
    where they are not trained.
    """

    profiles: Sequence[UserProfile]
    artists: NDArray[np.int64]
    collaborative: ListeningModel | None = None
    sequence: SequenceModel | None = None

    @property
    def n_tracks(self) -> int:
        """The number of tracks of the catalogue."""
        return len(self.artists)


@dataclass(frozen=True, slots=True)
class SignalDefinition:
    """A kind of signal: its `info`, how it is loaded, and one of three ways to build it.

    Parameters
    ----------
    load
        Takes the settings and arrays of `Signal.save`; arrays may be memory-mapped and read-only.
    from_embeddings
        Builds it from embeddings ``[n_tracks, d]`` of a trained model (rows of NaN where a track
        has none) and the train tracks ``[n_tracks]``.
    from_tracks
        Builds it from the metadata of tracks.
    from_listens
        Builds it from listeners' profiles and models; None if there is nothing to score by.
    mixes_listeners
        Whether its scores show what other listeners played; see `segue.library.sharing`.
    compares_tracks
        Whether it scores tracks by a track (`Signal.for_track`), and not by listeners only. Others
        say nothing of the seeds of a request.
    """

    info: SignalInfo
    load: Callable[[Mapping[str, Any], Mapping[str, NDArray[Any]]], Signal]
    from_embeddings: (
        Callable[[NDArray[np.float32], NDArray[np.bool_] | None], VectorSignal] | None
    ) = None
    from_tracks: Callable[[TrackInputs], Signal] | None = None
    from_listens: Callable[[ListeningInputs], Signal | None] | None = None
    mixes_listeners: bool = False
    compares_tracks: bool = True

    @property
    def name(self) -> str:
        """The name of the signal."""
        return self.info.name
