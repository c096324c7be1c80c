"""Find files that replaced the file of a missing track: another encoding of the same recording.

A FLAC for an MP3, another rip, a transcode in another folder and a volume change have other bytes
and the same acoustic fingerprint. A missing track and a track with a file are one if they are one
recording and their tags or places agree: they are merged (`Library.merge_tracks`). Titles that name
different versions (live, instrumental) contradict. Tracks that were in the library together before
are merged only if nothing about their albums contradicts, and the missing one was deleted: its
folder is there (see `segue.pipeline.analysis.scanned_roots`).

Sounds without a fingerprint (shorter than 5 s, a drone) are compared by their windows, if they are
at the same place, have the same artist and title, and are equally long.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import closing
from enum import IntEnum
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import comparison_key
from segue.index import is_same_recording
from segue.library import FeatureStore, Library
from segue.library.entities import folder_of
from segue.pipeline.analysis.fingerprints import Fingerprints
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.analysis.scanned_roots import ScannedRoots
from segue.sources.cleaning.recordings import artist_keys, title_key
from segue.sources.cleaning.song_versions import are_versions
from segue.types import Track

_RECORDING_IDS = ("musicbrainz_recording_id", "isrc")
_NUMBER = re.compile(r"^[\d\s._-]+(?=\D)")
_MAX_SECONDS_APART = 0.3
_MIN_CORRELATION = 0.95
_MAX_SHIFT = 4  # frames of windows: an encoder may add some milliseconds at the beginning


class Agreement(IntEnum):
    """How well two tracks agree in tags and place."""

    NONE = 0
    TITLE = 1  # artist and title, and another album
    FOLDER = 2
    WHOLE = 3


def merge_replaced(library: Library, scanned: Collection[str]) -> int:
    """Merge missing tracks with those of the files that replaced theirs; return their number.

    Parameters
    ----------
    scanned
        Ids of the tracks of the folder that was scanned: only their files replace others.
    """
    n_merged = 0
    added = library.unmerged()
    while pairs := _pairs(library, set(scanned), added):
        library.merge_tracks(pairs)
        n_merged += len(pairs)
        # what remains agrees with a track that has its file already
        added = set()
    return n_merged


def _pairs(library: Library, scanned: set[str], new: set[int]) -> list[tuple[int, int]]:
    """Return pairs of a missing track and the one that has its recording now, by row."""
    catalogue = library.catalogue()
    tracks = dict(zip(catalogue.rows.tolist(), catalogue.tracks, strict=True))
    gone = {row for row, track in tracks.items() if is_replaceable(track)}
    if not gone:
        return []
    there = {
        row
        for row, track in tracks.items()
        if track.path is not None and not track.missing and track.track_id in scanned
    }
    roots = ScannedRoots(library.reader.roots())
    found = []
    for missing, present in _same_recordings(library, tracks, gone, there, new):
        agreement = agreement_of(tracks[missing], tracks[present])
        deleted = roots.show_deleted(tracks[missing].path or Path())
        if agreement and (present in new or (deleted and agreement > Agreement.TITLE)):
            found.append((not deleted, -agreement, missing, present))
    used: set[int] = set()
    pairs = []
    for *_, missing, present in sorted(found):
        if used.isdisjoint((missing, present)):
            used |= {missing, present}
            pairs.append((missing, present))
    return pairs


def is_replaceable(track: Track) -> bool:
    """Return whether another file may be that of a track: its own is gone."""
    return track.missing and not track.left_out and track.path is not None


def _same_recordings(
    library: Library,
    tracks: dict[int, Track],
    gone: set[int],
    there: set[int],
    new: set[int],
) -> Iterator[tuple[int, int]]:
    """Yield pairs of a missing track and one with a file that are the same recording."""
    paired: set[tuple[int, int]] = set()
    for pair in library.duplicate_pairs():
        for one, other in (pair, pair[::-1]):
            if one in gone and other in there:
                paired.add((one, other))
                yield one, other
    places = list(_at_one_place(tracks, gone, there, new))
    if not places:
        return
    with closing(Fingerprints(library)) as prints, open_store(library, AUDIO.windows) as windows:
        for missing, present in places:
            pair = (missing, present)
            if pair not in paired and _sound_alike(tracks, pair, prints, windows):
                yield pair


def _at_one_place(
    tracks: dict[int, Track], gone: set[int], there: set[int], new: set[int]
) -> Iterator[tuple[int, int]]:
    """Yield pairs at one path, or new ones in one folder with the same artist and title."""
    by_path: dict[PurePath, list[int]] = defaultdict(list)
    by_name: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row in gone:
        track = tracks[row]
        if track.path is not None:
            by_path[track.path].append(row)
            by_name[_names(track)].append(row)
    for row in there:
        track = tracks[row]
        if track.path is None:
            continue
        near = by_name[_names(track)] if row in new and track.artist else []
        for missing in dict.fromkeys((*by_path[track.path], *near)):
            yield missing, row


def _names(track: Track) -> tuple[str, str, str]:
    folder = folder_of(str(track.path))
    return folder, comparison_key(track.artist or ""), title_key(track.title or "")


def _sound_alike(
    tracks: dict[int, Track],
    pair: tuple[int, int],
    fingerprints: Fingerprints,
    windows: FeatureStore,
) -> bool:
    """Compare two tracks whatever their durations: a file that was cut short may be completed."""
    if not all(row in fingerprints for row in pair):
        return False
    prints = [fingerprints.read(row) for row in pair]
    if all(map(len, prints)):
        return is_same_recording(*prints)
    if any(map(len, prints)) or not tracks[pair[0]].artist:
        return False
    seconds = [tracks[row].duration or 0.0 for row in pair]
    if abs(seconds[0] - seconds[1]) > _MAX_SECONDS_APART:
        return False
    if not all(row in windows for row in pair):
        return False
    frames = [windows.read("log_mel", row).astype(np.float32) for row in pair]
    return correlation(*frames) >= _MIN_CORRELATION


def correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the correlation of two arrays ``[n_frames, n_bands]`` at the best small shift.

    The mean spectrum counts, too: two drones differ in nothing else.
    """
    n = min(len(one), len(other)) - _MAX_SHIFT
    if n < 1 or one.shape[1] != other.shape[1]:
        return 0.0
    best = 0.0
    for shift in range(-_MAX_SHIFT, _MAX_SHIFT + 1):
        a, b = one[max(shift, 0) :][:n], other[max(-shift, 0) :][:n]
        if a.std() > 0.0 and b.std() > 0.0:
            best = max(best, float(np.corrcoef(a.ravel(), b.ravel())[0, 1]))
    return best


def agreement_of(one: Track, other: Track) -> Agreement:
    """Return how well two tracks of one recording agree in tags and place."""
    if one.path is None or other.path is None:
        return Agreement.NONE
    if are_versions(one.title or "", other.title or ""):
        return Agreement.NONE
    in_folder = folder_of(str(one.path)) == folder_of(str(other.path))
    albums = {title_key(track.album) for track in (one, other) if track.album}
    named = _same_names(one, other)
    if named and len(albums) > 1 and not in_folder:
        return Agreement.TITLE
    if named or _stem(one.path) == _stem(other.path) or _same_id(one, other):
        return Agreement.WHOLE
    return Agreement.FOLDER if in_folder else Agreement.NONE


def _stem(path: PurePath) -> str:
    """Return the name of a file without suffix and number.

    >>> _stem(PurePath("First/01 - Sun.mp3")), _stem(PurePath("01.flac"))
    ('sun', '01')
    """
    return _NUMBER.sub("", path.stem).casefold()


def _same_id(one: Track, other: Track) -> bool:
    ids = [
        {
            (name, part)
            for name in _RECORDING_IDS
            for part in track.metadata.get(name, "").split("|")
            if part
        }
        for track in (one, other)
    ]
    return not ids[0].isdisjoint(ids[1])


def _same_names(one: Track, other: Track) -> bool:
    """Return whether titles are equal, and artists share a name, or neither has one."""
    if not one.title or not other.title or title_key(one.title) != title_key(other.title):
        return False
    if one.artist and other.artist:
        return not set(artist_keys(one.artist)).isdisjoint(artist_keys(other.artist))
    return one.artist is None and other.artist is None
