"""The snapshot of a library: everything that depends on all tracks or all listens, as arrays.

It is built when models or tracks have changed, by `train` and by `RecommenderService`, and written
under ``models/.snapshot``; opening it maps its arrays into memory.

Conventions
-----------
- The manifest names the `state` of the library that it was built from, and the number of the last
  event of the feedback log in its counts. `ListenerProfiles` adds the later events.
- It is written under a temporary name and renamed. A process that has the old one mapped keeps it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.catalogue_ids import CatalogueIds
from segue.engine import CatalogueArrays, TrackWords, Weights, WordMatrix
from segue.errors import ModelError
from segue.library import Library, NameIndex, StoredCatalogue, damaged_files, settings_hash
from segue.library.shared_files import SNAPSHOT
from segue.pipeline.analysis.moods import TrackMoods
from segue.pipeline.arrays import Arrays, map_arrays, texts_from, within
from segue.pipeline.filters.exclusion_index import ExclusionIndex
from segue.pipeline.recommender.name_search import NameSearch
from segue.pipeline.recommender.track_spaces import comparing_space
from segue.pipeline.recommender.vocabulary import Vocabulary
from segue.pipeline.training.engine_weights import weights_from
from segue.signals import Signal, load_signal, matrix_from

FORMAT: Final = 10
NAMES_FILE: Final = "names.db"
"""Of the index of titles, artists and albums, in the directory of the snapshot."""


@dataclass(frozen=True)
class Snapshot:
    """An opened snapshot. Arrays are mapped, and by position.

    `engine` is the fingerprint of the weights, `number` that of the last event in the counts,
    `latest` the time of the last play of all listeners (-inf if there is none). `durations` are NaN
    where unknown.
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
    exclusion_index: ExclusionIndex
    durations: NDArray[np.float64]
    vocabulary: Vocabulary
    moods: TrackMoods
    search: NameSearch


def snapshot_directory(library: Library) -> Path:
    """Return the directory of the snapshot of a library, where its latest version is."""
    library.files.fetch(SNAPSHOT)
    return library.models.directory / ".snapshot"


def is_current(library: Library) -> bool:
    """Return whether the snapshot of a library was built from its present state."""
    return manifest_of(library).get("state") == state_of(library)


def state_of(library: Library) -> str:
    """Return the state of a library that a snapshot built now would name."""
    listened = library.any_listens()
    sharing = sharing_of(library.reader.sharing().withheld)
    rules = library.reader.rules_version("learn")
    words = f"{'listened to' if listened else 'new'}{f' by rules {rules}' if rules else ''}"
    return f"{FORMAT} {library.state()} {words},{sharing}"


def sharing_of(withheld: frozenset[str]) -> str:
    """Return the end of a state in which the listens of some listeners are withheld."""
    return f" without {settings_hash({'listeners': sorted(withheld)})}" if withheld else " with all"


def open_snapshot(library: Library, directory: Path | None = None) -> Snapshot | None:
    """Open the snapshot of a library, current or stale.

    Returns None if there is no snapshot, if it is damaged, or if another version of segue built it
    in another format.

    Parameters
    ----------
    directory
        Where it is, by default in the library.
    """
    directory = directory or snapshot_directory(library)
    for _ in range(3):  # another process may replace it at this moment
        manifest = _manifest_in(directory)
        if not str(manifest.get("state")).startswith(f"{FORMAT} "):
            return None
        if damaged_files(directory):
            continue
        try:
            names = NameIndex(directory / NAMES_FILE)
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
        arrays["facts.versions"],
        arrays["energy"],
        arrays["valence"],
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
        exclusion_index=ExclusionIndex(arrays, ids, library.reader, rows),
        durations=arrays["duration"],
        vocabulary=_vocabulary(arrays, names),
        moods=TrackMoods(**{one.name: arrays[one.name] for one in fields(TrackMoods)}),
        search=NameSearch.of(within(arrays, "search")),
    )


def _vocabulary(arrays: Arrays, names: NameIndex) -> Vocabulary:
    genres, tags = (
        WordMatrix(matrix_from(arrays, f"words.{kind}"), texts_from(arrays, f"words.{kind}.names"))
        for kind in ("genres", "tags")
    )
    predicted = texts_from(arrays, "tag_scores.names")
    scores = dict(zip(predicted, arrays["tag_scores"], strict=True))
    moods = {name: arrays[name] for name in ("energy", "valence", "tempo")}
    return Vocabulary(TrackWords(genres, tags), scores, names, moods)


def manifest_of(library: Library) -> dict[str, Any]:
    """Return the manifest of the snapshot of a library, empty if there is none."""
    return _manifest_in(snapshot_directory(library))


def _manifest_in(directory: Path) -> dict[str, Any]:
    try:
        found = json.loads((directory / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
