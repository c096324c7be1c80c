"""The snapshot of a library: everything that depends on all tracks or all listens, as arrays.

It is built when models or tracks have changed, by `train` and by `RecommenderService`, and written
under ``models/.snapshot``; opening it maps its arrays into memory.

Conventions
-----------
- The manifest names the `state` of the library that it was built from, and the number of the last
  event of the feedback log in its counts. `ListenerProfiles` adds the later events.
- It is written under a temporary name and renamed. A process that has the old one mapped keeps it.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.catalogue_ids import CatalogueIds
from segue.engine import CatalogueArrays, Engine, TrackWords, Weights, WordMatrix
from segue.engine.profile_accumulator import ProfileAccumulator
from segue.engine.profiles import Scale, rating_scale
from segue.errors import ModelError
from segue.library import Library, NameIndex, StoredCatalogue, new_directory, told, write_json
from segue.pipeline.learning.weights import weight_arrays, weights_from
from segue.pipeline.recommender.arrays import (
    Arrays,
    map_arrays,
    named,
    save_arrays,
    texts_from,
    texts_parts,
    within,
)
from segue.pipeline.recommender.columns import TrackColumns
from segue.pipeline.recommender.open_signals import (
    catalogue_of,
    engine_fingerprint,
    listeners_of,
    open_engine,
)
from segue.pipeline.recommender.read_listens import read_listens
from segue.pipeline.recommender.tag_scores import tag_scores
from segue.pipeline.recommender.track_spaces import comparing_space
from segue.pipeline.recommender.vocabulary import Vocabulary
from segue.signals import (
    Profile,
    Signal,
    load_signal,
    matrix_from,
    matrix_parts,
    save_signal,
)

FORMAT: Final = 5
_NAMES: Final = "names.db"


@dataclass(frozen=True)
class Snapshot:
    """An opened snapshot. Arrays are mapped, and by position.

    `engine` is the fingerprint of the weights, `number` that of the last event in the counts,
    `latest` the time of the last play of all listeners (-inf if there is none). `durations` are NaN
    where unknown, `scales` those of ratings by source.
    """

    state: str
    engine: str
    number: int
    n_listens: int
    latest: float
    catalogue: StoredCatalogue
    signals: list[Signal]
    weights: Weights
    recordings: list[list[int]]
    missing: NDArray[np.int64]
    facts: CatalogueArrays
    columns: TrackColumns
    durations: NDArray[np.float64]
    vocabulary: Vocabulary
    scales: Mapping[str, Scale]


def snapshot_directory(library: Library) -> Path:
    """Return the directory of the snapshot of a library."""
    return library.models.directory / ".snapshot"


def is_current(library: Library) -> bool:
    """Return whether the snapshot of a library was built from its present state."""
    return _manifest(library).get("state") == state_of(library)


def state_of(library: Library) -> str:
    """Return the state of a library that a snapshot built now would name."""
    listened = library.any_listens()
    return f"{FORMAT} {library.state()} {'with' if listened else 'without'} listens"


def build(library: Library, *, past: int = -1, force: bool = False) -> bool:
    """Build the snapshot of a library where it is stale; return whether it was.

    Of several processes that want it, one builds it while the others wait.

    Parameters
    ----------
    past
        The number of the feedback log that its counts must go past.

    Raises
    ------
    LibraryError
        If the library holds no tracks, or the disk refuses to store the snapshot.
    """
    with _one_at_a_time(library):
        if not force and is_current(library) and _manifest(library)["number"] > past:
            return False
        write_snapshot(library, snapshot_directory(library))
    return True


def write_snapshot(library: Library, place: Path, *, save_weights: bool = True) -> None:
    """Write a snapshot of a library into the directory `place`, which it replaces.

    Parameters
    ----------
    save_weights
        Whether weights that are learned now are saved in the library.

    Raises
    ------
    LibraryError
        If the library holds no tracks, or the disk refuses to store the snapshot.
    """
    number = library.feedback.last()
    catalogue = catalogue_of(library)
    profiles = listeners_of(library, catalogue)
    engine = open_engine(library, catalogue, profiles, save=save_weights)
    state = state_of(library)  # weights may have been learned and saved
    tracks = catalogue.tracks
    facts = CatalogueArrays.of(tracks, catalogue.ids, profiles.values())
    signals, arrays = [], _track_arrays(tracks, facts, engine, catalogue.rows)
    for signal in engine.signals:
        settings, own = save_signal(signal)
        signals.append(settings)
        arrays |= named(f"signal.{signal.name}", own)
    scores = tag_scores(library, catalogue)
    arrays |= texts_parts("tag_scores.names", list(scores))
    arrays["tag_scores"] = np.array(list(scores.values()), np.float32).reshape(-1, len(tracks))
    arrays |= named("weights", weight_arrays(engine.weights))
    manifest = {
        "state": state,
        "number": number,
        "listens": library.counts()["listens"],
        "signals": signals,
        "engine": engine_fingerprint(library, catalogue, engine.signals),
        "scales": _scales(library),
        "latest": _latest(library, profiles, catalogue.rows),
    }
    with told(place), new_directory(place) as directory:
        save_arrays(directory, arrays)
        NameIndex.write(directory / _NAMES, tracks, facts.listeners)
        write_json(directory / "manifest.json", manifest)


def open_snapshot(library: Library, directory: Path | None = None) -> Snapshot | None:
    """Open the snapshot of a library, of whatever state; None if there is none or it is damaged.

    Parameters
    ----------
    directory
        Where it is, by default in the library.
    """
    directory = directory or snapshot_directory(library)
    for _ in range(3):  # another process may replace it at this moment
        manifest = _manifest_in(directory)
        if not manifest:
            return None
        try:
            names = NameIndex(directory / _NAMES)
            arrays = map_arrays(directory)
            if _manifest_in(directory) == manifest:
                return _opened(library, manifest, arrays, names)
        except (OSError, ValueError, KeyError, ModelError):
            continue
    return None


def _opened(
    library: Library, manifest: Mapping[str, Any], arrays: Arrays, names: NameIndex
) -> Snapshot:
    signals = [
        load_signal(settings, within(arrays, f"signal.{settings['name']}"))
        for settings in manifest["signals"]
    ]
    space = comparing_space(signals)
    ids = CatalogueIds(
        *(arrays[f"ids.{name}"] for name in ("artist", "album", "starts", "artists"))
    )
    facts = CatalogueArrays(
        ids,
        matrix_from(arrays, "facts.mixes"),
        texts_from(arrays, "facts.genres"),
        arrays["facts.listeners"],
        space,
    )
    starts = arrays["recordings.starts"].tolist()
    members = arrays["recordings.members"].tolist()
    rows = arrays["rows"]
    return Snapshot(
        state=manifest["state"],
        engine=manifest["engine"],
        number=manifest["number"],
        n_listens=manifest["listens"],
        latest=-np.inf if manifest["latest"] is None else manifest["latest"],
        catalogue=StoredCatalogue(library.reader, rows, ids),
        signals=signals,
        weights=weights_from(within(arrays, "weights")),
        recordings=[members[start:stop] for start, stop in pairwise(starts)],
        missing=arrays["missing"],
        facts=facts,
        columns=TrackColumns(arrays, library.reader, rows),
        durations=arrays["duration"],
        vocabulary=_vocabulary(arrays, names),
        scales={source: (low, high) for source, (low, high) in manifest["scales"].items()},
    )


def _vocabulary(arrays: Arrays, names: NameIndex) -> Vocabulary:
    genres, tags = (
        WordMatrix(matrix_from(arrays, f"words.{kind}"), texts_from(arrays, f"words.{kind}.names"))
        for kind in ("genres", "tags")
    )
    predicted = texts_from(arrays, "tag_scores.names")
    scores = dict(zip(predicted, arrays["tag_scores"], strict=True))
    return Vocabulary(TrackWords(genres, tags), scores, names)


def _track_arrays(
    tracks: Any, facts: CatalogueArrays, engine: Engine, rows: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    groups = [list(group) for group in engine.recordings]
    members = [place for group in groups for place in group]
    words = TrackWords.of(tracks)
    return {
        "rows": rows,
        "missing": np.array(list(engine.missing), np.int64),
        "recordings.members": np.array(members, np.int64),
        "recordings.starts": np.cumsum([0, *map(len, groups)], dtype=np.int64),
        "ids.artist": facts.ids.artist,
        "ids.album": facts.ids.album,
        "ids.starts": facts.ids.starts,
        "ids.artists": facts.ids.artists,
        "facts.listeners": facts.listeners,
        **matrix_parts("facts.mixes", facts.mixes),
        **texts_parts("facts.genres", facts.genres),
        **TrackColumns.parts(tracks),
        **_word_parts("genres", words.genres),
        **_word_parts("tags", words.tags),
    }


def _word_parts(kind: str, words: WordMatrix) -> dict[str, NDArray[Any]]:
    name = f"words.{kind}"
    return {**matrix_parts(name, words.counts), **texts_parts(f"{name}.names", words.names)}


def _latest(
    library: Library, profiles: Mapping[str, Profile], rows: NDArray[np.int64]
) -> float | None:
    """Return the time of the last play, from which the ages of all plays are counted."""
    timed = [one for one in profiles.values() if len(one.ages) and one.user is not None]
    if not timed:
        return None
    last = min(timed, key=lambda one: one.ages[-1]).user
    row = library.reader.listener_row(str(last))
    listens = library.reader.listener(row or 0).listens
    return ProfileAccumulator.of(read_listens(listens, rows, {})).last


def _scales(library: Library) -> dict[str, Scale]:
    return {
        source: rating_scale(np.array(bounds, np.float64), source)
        for source, bounds in library.reader.rating_ranges().items()
    }


def _manifest(library: Library) -> dict[str, Any]:
    return _manifest_in(snapshot_directory(library))


def _manifest_in(directory: Path) -> dict[str, Any]:
    try:
        found = json.loads((directory / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextmanager
def _one_at_a_time(library: Library) -> Iterator[None]:
    place = library.models.directory
    with told(place):
        place.mkdir(parents=True, exist_ok=True)
        file = (place / ".snapshot.lock").open("w", encoding="utf-8")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed
        yield
