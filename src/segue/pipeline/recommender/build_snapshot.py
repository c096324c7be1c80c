"""Build the snapshot of a library: what `segue.pipeline.recommender.snapshot` reads."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.engine import CatalogueArrays, Engine, ProfileAccumulator, TrackWords, WordMatrix
from segue.library import (
    Catalogue,
    Library,
    NameIndex,
    make_directory,
    new_directory,
    open_private,
    remove_leftovers,
    translate_errors,
    write_json,
)
from segue.library.shared_files import SNAPSHOT
from segue.pipeline.arrays import named, save_arrays, texts_parts
from segue.pipeline.filters.exclusion_index import ExclusionIndex
from segue.pipeline.filters.rule_filters import learning_rules
from segue.pipeline.recommender.name_search import NameSearch
from segue.pipeline.recommender.open_signals import (
    catalogue_of,
    engine_fingerprint,
    listeners_of,
    open_engine,
)
from segue.pipeline.recommender.read_listens import read_listens
from segue.pipeline.recommender.snapshot import (
    NAMES_FILE,
    is_current,
    manifest_of,
    snapshot_directory,
    state_of,
)
from segue.pipeline.recommender.song_versions import song_versions
from segue.pipeline.recommender.tag_scores import tag_scores
from segue.pipeline.training.engine_weights import weight_arrays
from segue.signals import UserProfile, matrix_parts, save_signal


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
        if not force and is_current(library) and manifest_of(library)["number"] > past:
            return False
        write_snapshot(library, snapshot_directory(library))
        library.files.publish(SNAPSHOT)
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
    versions = song_versions(tracks, catalogue.ids)
    facts = CatalogueArrays.of(tracks, catalogue.ids, profiles.values(), versions=versions)
    signals, arrays = [], _track_arrays(tracks, facts, engine, catalogue.rows)
    arrays |= ExclusionIndex.parts(library, catalogue)
    for signal in engine.signals:
        settings, own = save_signal(signal)
        signals.append(settings)
        arrays |= named(f"signal.{signal.name}", own)
    browse = library.browse
    arrays |= named(
        "search",
        NameSearch.parts(tracks, catalogue.ids, facts.listeners, browse.artists(), browse.albums()),
    )
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
        "latest": _latest(library, profiles, catalogue),
    }
    # not durable: its checksums show whether it is complete, and it can be built again
    with translate_errors(place), new_directory(place, durable=False) as directory:
        save_arrays(directory, arrays)
        NameIndex.write(directory / NAMES_FILE, tracks, facts.listeners)
        write_json(directory / "manifest.json", manifest)


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
        "facts.versions": facts.versions,
        **matrix_parts("facts.mixes", facts.mixes),
        **texts_parts("facts.genres", facts.genres),
        **_word_parts("genres", words.genres),
        **_word_parts("tags", words.tags),
    }


def _word_parts(kind: str, words: WordMatrix) -> dict[str, NDArray[Any]]:
    name = f"words.{kind}"
    return {**matrix_parts(name, words.counts), **texts_parts(f"{name}.names", words.names)}


def _latest(
    library: Library, profiles: Mapping[str, UserProfile], catalogue: Catalogue
) -> float | None:
    """Return the time of the last play, from which the ages of all plays are counted."""
    timed = [one for one in profiles.values() if len(one.ages) and one.user is not None]
    if not timed:
        return None
    last = min(timed, key=lambda one: one.ages[-1]).user
    row = library.reader.listener_row(str(last))
    listens = library.reader.listener(row or 0).listens
    rules = learning_rules(library, catalogue).get(str(last))
    return ProfileAccumulator.of(read_listens(listens, catalogue.rows, rules)).last


@contextmanager
def _one_at_a_time(library: Library) -> Iterator[None]:
    place = library.models.directory
    with translate_errors(place):
        make_directory(place)
        file = open_private(place / ".snapshot.lock", "w")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed
        remove_leftovers(place)
        yield
