"""Read a Million Song Dataset folder: HDF5 files, one song a file, at any depth.

Conventions
-----------
- `track_id` is the TR id. `features` is the file itself (see `frames`).
- 0 is unknown for year, tempo, `danceability` and `energy` (the last two are 0 in the whole
  dataset and are then left out); NaN and empty text are unknown everywhere.
- Artist terms are tags with their weights (0..1). The files' `genre` is usually empty;
  ``metadata["top_term"]`` is the artist's strongest term, to be used where a class is needed.

Source: http://millionsongdataset.com/faq, field list; Bertin-Mahieux et al., ISMIR 2011.
"""

import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from segue.sources.cleaning.tags import weigh_tags
from segue.sources.datasets.tracks import build_track
from segue.sources.datasets.walk import relative_id
from segue.text import clean_id, clean_text
from segue.types import Problem, Progress, Track, no_progress

MSD_SUFFIXES = frozenset({".h5", ".hdf5"})
_METADATA_FIELDS = (
    *("song_id", "artist_id", "artist_mbid", "artist_location", "artist_latitude"),
    *("artist_longitude", "artist_familiarity", "artist_hotttnesss", "song_hotttnesss"),
)
_ANALYSIS_FIELDS = (
    *("loudness", "key", "key_confidence", "mode", "mode_confidence", "time_signature"),
    *("time_signature_confidence", "danceability", "energy"),
)
_ZERO_IS_UNKNOWN = frozenset({"danceability", "energy"})


def is_msd(path: Path) -> bool:
    """Return whether a file is HDF5 with the tables of the Million Song Dataset."""
    try:
        with h5py.File(path, "r") as file:
            return "metadata/songs" in file and "analysis/songs" in file
    except OSError:
        return False


def read_msd(
    directory: Path, files: list[Path], *, progress: Progress = no_progress
) -> tuple[list[Track], list[Problem]]:
    """Read the tracks of MSD files; a file that cannot be read is a problem."""
    tracks: list[Track] = []
    problems: list[Problem] = []
    with progress("Reading songs", len(files)) as advance:
        for path in files:
            source = relative_id(path, directory)
            try:
                track, reasons = read_song(path)
            except (OSError, KeyError, ValueError, IndexError, TypeError) as error:
                text = clean_text(str(error))
                reasons = [f"not a song of the Million Song Dataset ({text}): remove the file"]
                problems.append(Problem(source=source, reason=reasons[0]))
            else:
                tracks.append(track)
                problems += [
                    Problem(source=source, reason=reason, subject=track.track_id)
                    for reason in reasons
                ]
            advance(1)
    return tracks, problems


def read_song(path: Path) -> tuple[Track, list[str]]:
    """Read one MSD file.

    Raises
    ------
    OSError, KeyError, ValueError, IndexError, TypeError
        The file is not HDF5, lacks a table, or is a summary of many songs.
    """
    with h5py.File(path, "r") as file:
        if len(file["metadata/songs"]) != 1:
            raise ValueError(f"a summary of {len(file['metadata/songs'])} songs")
        song, analysis = file["metadata/songs"][0], file["analysis/songs"][0]
        year = file["musicbrainz/songs"][0]["year"] if "musicbrainz/songs" in file else 0
        terms = _terms(file["metadata"])
        crowd = file.get("musicbrainz/artist_mbtags")
        crowd_tags = "|".join(map(_text, crowd[:])) if crowd is not None else ""
    raw = {
        "title": _text(song["title"]),
        "artist": _text(song["artist_name"]),
        "album": _text(song["release"]),
        "genre": _text(song["genre"]),
        "year": str(int(year)),
        "tempo": _text(analysis["tempo"]),
        "duration": _text(analysis["duration"]),
    }
    extra = {name: _text(song[name]) for name in _METADATA_FIELDS if name in song.dtype.names}
    extra |= {
        name: _text(analysis[name]) for name in _ANALYSIS_FIELDS if name in analysis.dtype.names
    }
    extra = {n: t for n, t in extra.items() if not (n in _ZERO_IS_UNKNOWN and float(t or 0) == 0)}
    tags = weigh_tags(terms)
    extra |= {"mbtags": crowd_tags, "top_term": max(tags, key=tags.__getitem__, default="")}
    track_id = clean_id(_text(analysis["track_id"])) or path.stem
    return build_track(track_id, raw, features=path.absolute(), tags=tags, extra=extra)


def _terms(group: Any) -> list[tuple[str, float]]:  # h5py has no types
    """Return the terms of the artist with their weights; none if the file has none."""
    if "artist_terms" not in group or "artist_terms_weight" not in group:
        return []
    weights = group["artist_terms_weight"][:]
    return [(_text(t), float(w)) for t, w in zip(group["artist_terms"][:], weights, strict=False)]


def _text(value: Any) -> str:  # bytes, text or a NumPy number
    """Return a field as text; empty for NaN."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, str):
        return value
    number = float(np.asarray(value))
    return "" if math.isnan(number) else f"{number:.10g}"
