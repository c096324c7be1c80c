"""Duplicates: recordings in several files, found for new tracks and stored in the library."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from segue.audio import ANALYSIS_VERSION
from segue.index import N_DIMENSIONS, find_duplicate_pairs, group_pairs, shift_invariant_vector
from segue.library import Catalogue, FeatureStore, Library
from segue.pipeline.analysis.fingerprints import Fingerprints
from segue.sources.cleaning.song_versions import differ_in_voice
from segue.types import Progress, Track, no_progress

_SETTINGS: Final = {
    "embedding of": "fingerprint",
    "analysis": ANALYSIS_VERSION,
    "version": 2,  # raise it when the comparison finds other pairs
}


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Recordings of a library that exist in several files."""

    recordings: Sequence[Sequence[Track]]

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue library duplicates --json`` prints."""
        return {
            "recordings": [
                [
                    {
                        "track_id": track.track_id,
                        "title": track.title,
                        "artist": track.artist,
                        "duration": track.duration,
                        "path": None if track.path is None else str(track.path),
                    }
                    for track in tracks
                ]
                for tracks in self.recordings
            ]
        }


def duplicates(library: Library) -> Duplicates:
    """Return the recordings that `preprocess` found in several files."""
    pairs = library.duplicate_pairs()
    # reads only these tracks: a library may have a hundred thousand
    tracks = library.reader.tracks(sorted({row for pair in pairs for row in pair}))
    rows = [row for row in sorted(tracks) if not tracks[row].missing]
    places = {row: place for place, row in enumerate(rows)}
    both = [(places[one], places[other]) for one, other in pairs if {one, other} <= places.keys()]
    groups = group_pairs(both, len(rows))
    return Duplicates([[tracks[rows[place]] for place in group] for group in groups])


def recordings(library: Library, catalogue: Catalogue) -> list[list[int]]:
    """Return the positions of the tracks of each recording with several files."""
    place_of = {
        row: place
        for place, (row, track) in enumerate(
            zip(catalogue.rows.tolist(), catalogue.tracks, strict=True)
        )
        if not track.missing
    }
    pairs = [
        (place_of[one], place_of[other])
        for one, other in library.duplicate_pairs()
        if one in place_of and other in place_of
    ]
    return group_pairs(pairs, len(catalogue))


def find_duplicates(
    library: Library, catalogue: Catalogue, *, progress: Progress = no_progress
) -> None:
    """Compare tracks that were not compared yet with all tracks, also missing ones."""
    with (
        closing(Fingerprints(library)) as fingerprints,
        _vectors(library) as vectors,
    ):
        rows = [row for row in catalogue.rows.tolist() if row in fingerprints]
        new = [place for place, row in enumerate(rows) if row not in vectors]
        if not new:
            return
        prints = [fingerprints.read(row) for row in rows]
        with progress("Comparing recordings", len(new)) as advance:
            made = np.stack([shift_invariant_vector(prints[place]) for place in new])
            all_vectors = vectors.matrix("vector", rows)
            if not all_vectors.size:
                all_vectors = np.zeros((len(rows), N_DIMENSIONS), np.float32)
            all_vectors[new] = made
            files = library.audio_files()
            known = [files[row].duration if row in files else None for row in rows]
            pairs = find_duplicate_pairs(
                prints,
                np.array([np.nan if one is None else one for one in known]),
                vectors=all_vectors,
                new=np.array(new),
                advance=advance,
            )
            new_rows = [rows[place] for place in new]
            titles = _titles(catalogue)
            pairs = [
                pair
                for pair in pairs
                if not differ_in_voice(titles[rows[pair.one]], titles[rows[pair.other]])
            ]
            # pairs before vectors: tracks with a vector are not compared again
            library.set_duplicate_pairs(
                [(rows[pair.one], rows[pair.other], pair.value) for pair in pairs], among=new_rows
            )
            vectors.add_many(new_rows, {"vector": made})
            advance(sum(not len(prints[place]) for place in new))  # those without a fingerprint
    library.drop_features(_is_outdated)


def _titles(catalogue: Catalogue) -> dict[int, str]:
    pairs = zip(catalogue.rows.tolist(), catalogue.tracks, strict=True)
    return {row: track.title or "" for row, track in pairs}


def _vectors(library: Library) -> FeatureStore:
    return library.features(_SETTINGS, {"vector": "float32"})


def _is_outdated(settings: Mapping[str, Any]) -> bool:
    return settings.get("embedding of") == "fingerprint" and settings != _SETTINGS
