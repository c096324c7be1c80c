"""Compute maps: positions of all tracks in two dimensions, by one signal, and store them.

Conventions
-----------
- Positions are those of `segue.pipeline.track_map.places`. A track without a vector of the signal
  has no position.
- A map is stored under ``models/map-<signal>/``: a manifest, the positions, and a trace of each
  vector, which is its product with fixed random numbers. The map is up to date as long as the
  traces of the present vectors are the same, rounding aside.
"""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.errors import LibraryError, ModelError
from segue.library import MAP_PREFIX, Library
from segue.pipeline.recommender.open_signals import catalogue_of
from segue.pipeline.recommender.serving_state import ServingState
from segue.pipeline.recommender.track_spaces import by_preference
from segue.pipeline.track_map.fidelity import neighbours_kept
from segue.pipeline.track_map.layout import lay_out
from segue.pipeline.track_map.places import EDGE, UNPLACED, Places, TrackMap
from segue.pipeline.training.content import content_signals
from segue.pipeline.training.training_result import TrainingResult
from segue.signals import Signal, VectorSignal
from segue.types import Progress, no_progress

MODEL: Final = "map"
"""Name of all maps together in `train`."""

MAX_FOR_ALL: Final = 20_000
"""With more tracks `train all` makes no map: a job makes it when a listener first opens it."""

NOTHING_TO_MAP: Final = "No signal places tracks, so there is nothing to map: run segue train knn."

_VERSION = 1  # goes up when the same vectors would be laid out otherwise
_PLACES, _TRACES = "places.npy", "traces.npy"
_ROUNDING = 1e-4


def map_signals(state: ServingState) -> list[str]:
    """Return the names of the signals that can place tracks on a map, the default first."""
    return by_preference(_spaces(state.engine.signals))


def track_map(
    state: ServingState,
    signal: str | None = None,
    *,
    seed: int = 0,
    force: bool = False,
    progress: Progress = no_progress,
) -> TrackMap:
    """Return the map of a signal; compute it if it is missing or out of date: see `lay_out`.

    A map of 100,000 tracks takes 15 to 60 seconds and 300 MB; to check whether it is up to date
    takes some hundredths of a second.

    Parameters
    ----------
    signal
        ``timbre``, ``temporal``, ``knn``, ``tags``, ``metadata``, ``lyrics`` or an encoder; by
        default the first of `map_signals`.

    Raises
    ------
    ModelNotTrainedError, ModelError
        If the signal's model is not trained, there is no such signal, or it places no track.
    LibraryError
        If the library has no tracks, or the map cannot be stored.
    """
    space = _space(state, signal)
    there = None if force else _load(state.library, space, seed)
    return there or _make(state.library, space, seed, progress)


def kept_map(state: ServingState, signal: str, *, seed: int = 0) -> TrackMap | None:
    """Return the stored map of a signal if it is up to date, else None.

    Raises
    ------
    ModelNotTrainedError, ModelError
        If the signal's model is not trained, there is no such signal, or it places no track.
    """
    return _load(state.library, _space(state, signal), seed)


def train_maps(
    library: Library,
    *,
    first_only: bool = False,
    seed: int = 0,
    force: bool = False,
    progress: Progress = no_progress,
) -> TrainingResult:
    """Compute the missing and outdated maps of all signals, or of the first one.

    Raises
    ------
    ModelError
        If no signal can place tracks.
    """
    started = time.monotonic()
    spaces = _spaces(content_signals(library, catalogue_of(library)))
    names = by_preference(spaces)
    made = False
    metrics: dict[str, float] = {}
    placed: dict[str, int] = {}
    for name in names[:1] if first_only else names:
        if force or _load(library, spaces[name], seed) is None:
            _make(library, spaces[name], seed, progress)
            made = True
        manifest = library.models.manifest(MAP_PREFIX + name)
        placed[name] = int(spaces[name].has_vector.sum())
        metrics |= {f"{name} {key}": value for key, value in manifest["metrics"].items()}
    if not placed:
        raise ModelError(NOTHING_TO_MAP)
    return TrainingResult(
        model=MODEL,
        state="trained" if made else "up to date",
        tracks=placed,
        metrics=metrics,
        seconds=round(time.monotonic() - started, 1),
    )


def _spaces(signals: Sequence[Signal]) -> dict[str, VectorSignal]:
    return {
        one.name: one for one in signals if isinstance(one, VectorSignal) and one.has_vector.any()
    }


def _space(state: ServingState, name: str | None) -> VectorSignal:
    if name is None:
        names = map_signals(state)
        if not names:
            raise ModelError(NOTHING_TO_MAP)
        name = names[0]
    space = state.space(name)
    if not space.has_vector.any():
        raise ModelError(
            f"The signal {name!r} has no position for any track: choose another signal."
        )
    return space


def _traces(space: VectorSignal) -> NDArray[np.float32]:
    """Return a number for each vector that changes with it, ``[n_tracks]``; NaN without one."""
    numbers = np.random.default_rng(0).normal(size=space.vectors.shape[1]).astype(np.float32)
    traces = np.array(space.vectors @ numbers[:, None], np.float32).ravel()
    traces[~space.has_vector] = np.nan
    return traces


def _load(library: Library, space: VectorSignal, seed: int) -> TrackMap | None:
    """Return the stored map if it was computed from these vectors."""
    name = MAP_PREFIX + space.name
    try:
        if name not in library.models:
            return None
        manifest = library.models.manifest(name)
        if (manifest["version"], manifest["seed"]) != (_VERSION, seed):
            return None
        places = _array(library.models.path(name) / _PLACES)
        traces = _array(library.models.path(name) / _TRACES)
        fingerprint = str(manifest["fingerprint"])
    except (ModelError, OSError, ValueError, KeyError, EOFError):  # damaged: it is made again
        return None
    n = len(space.has_vector)
    if places.dtype != np.uint16 or places.shape != (n, 2) or traces.shape != (n,):
        return None
    same = np.allclose(traces, _traces(space), rtol=0.0, atol=_ROUNDING, equal_nan=True)
    return TrackMap(space.name, places, fingerprint) if same else None


def _array(path: Path) -> NDArray[Any]:
    with path.open("rb") as file:
        return np.asarray(np.load(file, allow_pickle=False))


def _make(library: Library, space: VectorSignal, seed: int, progress: Progress) -> TrackMap:
    started = time.monotonic()
    rows = np.flatnonzero(space.has_vector)
    vectors = space.vectors[rows]
    laid = lay_out(vectors, seed, progress=progress, called=f"Laying out the map by {space.name}")
    places = np.full((len(space.has_vector), 2), UNPLACED, np.uint16)
    places[rows] = _on_grid(laid)
    fingerprint = hashlib.blake2b(places.tobytes(), digest_size=16).hexdigest()
    manifest = {
        "signal": space.name,
        "version": _VERSION,
        "seed": seed,
        "fingerprint": fingerprint,
        "tracks": {"placed": len(rows), "all": len(places)},
        "metrics": neighbours_kept(vectors, laid),
        "seconds": round(time.monotonic() - started, 1),
    }
    try:
        with library.models.saving(MAP_PREFIX + space.name, manifest) as directory:
            np.save(directory / _PLACES, places)
            np.save(directory / _TRACES, _traces(space))
    except LibraryError:
        # another process may have put the same one there in the meantime
        if _load(library, space, seed) is None:
            raise
    return TrackMap(space.name, places, fingerprint)


def _on_grid(places: NDArray[np.float32]) -> Places:
    low, high = places.min(axis=0), places.max(axis=0)
    width = float((high - low).max())
    if width <= 0.0:
        return np.full(places.shape, EDGE // 2, np.uint16)
    middle = (low + high) / 2
    scaled = np.rint((places - middle) / width * EDGE + EDGE / 2)
    return np.asarray(np.clip(scaled, 0, EDGE), np.uint16)
