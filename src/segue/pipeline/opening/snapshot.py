"""A library made ready to be opened in an instant: whatever depends on all tracks or all listens.

It is worked out once, when something has been trained or brought in, and written as arrays under
``models/.snapshot``; opening it maps them. It is made anew where the library is another one since:
by `train`, and by whoever keeps a library open.

Conventions ----------- - The manifest says which `state` of the library it is of, and up to which
number of the feedback log
  its counts go. What came later is for whoever opens it to add.
- It is written under a temporary name and renamed. Who has the old one mapped goes on with it.
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
from scipy import sparse

from segue.catalogue_ids import CatalogueIds
from segue.engine import CatalogueArrays, Engine, Weights
from segue.engine.heard import Heard
from segue.engine.profiles import Scale, rating_scale
from segue.errors import ModelError
from segue.library import Library, NameIndex, StoredCatalogue, new_directory, told, write_json
from segue.pipeline.learning.weights import load_weights
from segue.pipeline.opening.arrays import (
    Arrays,
    Maps,
    map_arrays,
    named,
    save_arrays,
    texts_from,
    texts_parts,
    within,
)
from segue.pipeline.opening.columns import TrackColumns
from segue.pipeline.opening.levels import tag_levels
from segue.pipeline.opening.listens import read_listens
from segue.pipeline.opening.opened import catalogue_of, comparing_space
from segue.pipeline.opening.signals import engine_fingerprint, listeners_of, open_engine
from segue.pipeline.opening.words import WordIndex
from segue.signals import (
    Profile,
    Signal,
    VectorSignal,
    load_signal,
    matrix_from,
    matrix_parts,
    narrow,
    save_signal,
)

FORMAT: Final = 4
_NAMES: Final = "names.db"
_OFTEN: Final = (".vectors", ".full", ".item_factors")
"""Arrays that every list reads whole; of all others it reads some rows."""


@dataclass(frozen=True)
class Snapshot:
    """A library as it was prepared, opened. Arrays are mapped and by position.

    `engine` is the fingerprint of the weights, `latest` when the last play of anybody was (-inf:
    never). `words` are what is searched by;
    `number` is how far the feedback log is in the counts; `durations` are NaN where unknown;
    `scales` are those of ratings by source, `maps` what lists read in part.
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
    words: WordIndex
    scales: Mapping[str, Scale]
    maps: Maps


def snapshot_directory(library: Library) -> Path:
    """Return where the snapshot of a library lies."""
    return library.models.directory / ".snapshot"


def is_current(library: Library) -> bool:
    """Tell whether there is a snapshot of the library as it is now."""
    return _manifest(library).get("state") == state_of(library)


def state_of(library: Library) -> str:
    """Return what a snapshot of the library as it is now says it is of."""
    listened = library.any_listens()
    return f"{FORMAT} {library.state()} {'with' if listened else 'without'} listens"


def prepare(library: Library, *, past: int = -1, force: bool = False) -> bool:
    """Write the snapshot of a library, where there is none of it as it is; tell whether it was.

    Of several processes that want it, one makes it while the others wait.

    Parameters
    ----------
    past
        The number of the feedback log that its counts must go past.

    Raises
    ------
    LibraryError
        If it holds no tracks, or the disk refuses.
    ModelError
        If nothing is known of them that could be compared.
    """
    with _one_at_a_time(library):
        if not force and is_current(library) and _manifest(library)["number"] > past:
            return False
        number = library.feedback.last()
        catalogue = catalogue_of(library)
        profiles = listeners_of(library, catalogue)
        engine = open_engine(library, catalogue, profiles)
        state = state_of(library)  # opening may have learned weights, or decided something
        tracks = catalogue.tracks
        facts = CatalogueArrays.of(tracks, catalogue.ids, profiles.values())
        signals, arrays = [], _track_arrays(tracks, facts, engine, catalogue.rows)
        for signal in engine.signals:
            settings, own = save_signal(signal)
            signals.append(settings)
            arrays |= named(f"signal.{signal.name}", own)
        levels = tag_levels(library, catalogue)
        arrays |= texts_parts("levels.names", list(levels))
        arrays["levels"] = np.array(list(levels.values()), np.float32).reshape(-1, len(tracks))
        manifest = {
            "state": state,
            "number": number,
            "listens": library.counts()["listens"],
            "signals": signals,
            "engine": engine_fingerprint(library, catalogue, engine.signals),
            "scales": _scales(library),
            "latest": _latest(library, profiles, catalogue.rows),
        }
        place = snapshot_directory(library)
        with told(place), new_directory(place) as directory:
            save_arrays(directory, arrays)
            NameIndex.write(directory / _NAMES, tracks, facts.listeners)
            write_json(directory / "manifest.json", manifest)
    return True


def open_snapshot(library: Library) -> Snapshot | None:
    """Open the snapshot of a library, whatever state it is of; None where there is none to read."""
    directory = snapshot_directory(library)
    for _ in range(3):  # another may take its place just now
        manifest = _manifest(library)
        if not manifest:
            return None
        try:
            names = NameIndex(directory / _NAMES)
            maps = Maps()
            arrays = map_arrays(directory, maps, _OFTEN)
            if _manifest(library) == manifest:
                return _opened(library, manifest, arrays, names, maps)
        except (OSError, ValueError, KeyError, ModelError):
            continue
    return None


def _opened(
    library: Library, manifest: Mapping[str, Any], arrays: Arrays, names: NameIndex, maps: Maps
) -> Snapshot | None:
    signals = [
        load_signal(settings, within(arrays, f"signal.{settings['name']}"))
        for settings in manifest["signals"]
    ]
    weights = load_weights(library, manifest["engine"], [signal.name for signal in signals])
    if weights is None:
        return None
    space = comparing_space(Engine(signals, weights))
    ids = CatalogueIds(
        *(arrays[f"ids.{name}"] for name in ("artist", "album", "starts", "artists"))
    )
    facts = CatalogueArrays(
        ids,
        matrix_from(arrays, "facts.mixes"),
        texts_from(arrays, "facts.genres"),
        arrays["facts.listeners"],
        space if isinstance(space, VectorSignal) else None,
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
        weights=weights,
        recordings=[members[start:stop] for start, stop in pairwise(starts)],
        missing=arrays["missing"],
        facts=facts,
        columns=TrackColumns(arrays, library.reader, rows),
        durations=arrays["duration"],
        words=_word_index(arrays, names),
        scales={source: (low, high) for source, (low, high) in manifest["scales"].items()},
        maps=maps,
    )


def _word_index(arrays: Arrays, names: NameIndex) -> WordIndex:
    genres, tags = (
        (matrix_from(arrays, f"words.{kind}"), texts_from(arrays, f"words.{kind}.names"))
        for kind in ("genres", "tags")
    )
    heard = texts_from(arrays, "levels.names")
    return WordIndex(genres, tags, dict(zip(heard, arrays["levels"], strict=True)), names)


def _track_arrays(
    tracks: Any, facts: CatalogueArrays, engine: Engine, rows: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    groups = [list(group) for group in engine.recordings]
    members = [place for group in groups for place in group]
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
        **_words("genres", [dict.fromkeys(track.genres, 1.0) for track in tracks]),
        **_words("tags", [track.tags for track in tracks]),
    }


def _words(kind: str, of_tracks: list[Mapping[str, float]]) -> dict[str, NDArray[Any]]:
    """Return the words of tracks with their counts as a sparse matrix, in each track's order."""
    numbers: dict[str, int] = {}
    indices = [numbers.setdefault(word, len(numbers)) for words in of_tracks for word in words]
    counts = [count for words in of_tracks for count in words.values()]
    starts = np.cumsum([0, *map(len, of_tracks)], dtype=np.int64)
    matrix = sparse.csr_array(
        (np.array(counts, np.float32), narrow(np.array(indices, np.int64)), narrow(starts)),
        shape=(len(of_tracks), max(len(numbers), 1)),
    )
    name = f"words.{kind}"
    return {**matrix_parts(name, matrix), **texts_parts(f"{name}.names", list(numbers))}


def _latest(
    library: Library, profiles: Mapping[str, Profile], rows: NDArray[np.int64]
) -> float | None:
    """Return when the last play was by which the ages of all others are counted."""
    timed = [one for one in profiles.values() if len(one.ages) and one.user is not None]
    if not timed:
        return None
    last = min(timed, key=lambda one: one.ages[-1]).user
    row = library.reader.listener_row(str(last))
    listens = library.reader.listener(row or 0).listens
    return Heard.of(read_listens(listens, rows, {})).last


def _scales(library: Library) -> dict[str, Scale]:
    return {
        source: rating_scale(np.array(bounds, np.float64), source)
        for source, bounds in library.reader.rating_ranges().items()
    }


def _manifest(library: Library) -> dict[str, Any]:
    try:
        found = json.loads((snapshot_directory(library) / "manifest.json").read_text("utf-8"))
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
        fcntl.flock(file, fcntl.LOCK_EX)  # let go of when the file is closed
        yield
