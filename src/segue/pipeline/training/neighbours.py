"""Neighbor lists for evaluation: candidates, lists, relevance and precision.

A list holds the nearest of the compared tracks, as in ``segue similar``: without the query, other
files of its recording, and tracks whose file is missing. A library with more than `MAX_TRACKS`
tracks is evaluated on a seeded sample of that size, since the cost is quadratic.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.evaluation import HUB_CUT, PRECISION_CUTS, expected_precision, precision_per_query
from segue.index import Rescale, best, plain
from segue.library import Catalogue
from segue.pipeline.training.labels import artist_groups

MAX_TRACKS = 5_000
_LONGEST = max(*PRECISION_CUTS, HUB_CUT)
_BLOCK = 512
_MAX_LISTED = 6

Codes = NDArray[np.int64]
Values = dict[str, NDArray[np.float64]]
"""One value per query by metric; NaN if the query has no relevant track."""

TARGET, ARTIST, ALBUM = "target", "artist", "album"
METRICS = (
    ("precision", TARGET, True),
    ("precision_unfiltered", TARGET, False),
    ("artist_precision", ARTIST, False),
    ("album_precision", ALBUM, False),
    ("album_precision_filtered", ALBUM, True),
)
"""Metric name, the property that makes a neighbor relevant, and whether the artist filter is on."""


@dataclass(frozen=True, slots=True)
class ComparedTracks:
    """The compared tracks: their `places` in the catalogue and integer codes, ``[n]`` each.

    `artists` are the groups of the artist filter, `recordings` the recording of each file, `kinds`
    the classes by property, -1 where unknown.
    """

    places: Codes
    artists: Codes
    recordings: Codes
    kinds: Mapping[str, Codes]

    def allowed(self, queries: Codes, *, filtered: bool) -> NDArray[np.bool_]:
        """Return a mask of the candidates of each query, ``[n_queries, n]``."""
        other = self.recordings[queries, None] != self.recordings
        if filtered:
            other &= self.artists[queries, None] != self.artists
        return np.asarray(other)


@dataclass(frozen=True, slots=True)
class NeighborLists:
    """Neighbors of every compared track ``[n, 10]``: unfiltered, and with the artist filter."""

    near: Codes
    filtered: Codes


def compared_tracks(
    catalogue: Catalogue,
    recordings: Sequence[Sequence[int]],
    usable: NDArray[np.bool_],
    target: Sequence[str | None] | None = None,
    *,
    seed: int = 0,
) -> ComparedTracks:
    """Return the compared tracks: those that are `usable` and not missing, or a sample.

    Parameters
    ----------
    target
        The class of each track of the catalogue, None where unknown.
    """
    there = np.array([not track.missing for track in catalogue.tracks], bool)
    places = np.flatnonzero(usable & there)
    if len(places) > MAX_TRACKS:
        places = np.sort(np.random.default_rng(seed).permutation(places)[:MAX_TRACKS])
    recording = np.arange(len(catalogue))
    for group in recordings:
        recording[list(group)] = min(group)
    kinds = {ARTIST: catalogue.ids.artist[places], ALBUM: catalogue.ids.album[places]}
    if target is not None:
        kinds[TARGET] = _codes([target[place] for place in places.tolist()])
    groups = artist_groups(catalogue)
    artists = _codes([groups[place] for place in places.tolist()])
    return ComparedTracks(places, artists, recording[places], kinds)


def neighbor_lists(
    field: ComparedTracks, vectors: NDArray[np.float32], rescale: Rescale = plain
) -> NeighborLists:
    """Return the neighbor lists of every compared track by unit vectors ``[n, d]``."""
    n = len(field.places)
    near = np.empty((n, _LONGEST), np.int64)
    filtered = np.empty((n, _LONGEST), np.int64)
    for start in range(0, n, _BLOCK):
        queries = np.arange(start, min(start + _BLOCK, n))
        likeness = rescale(vectors[queries] @ vectors.T, queries)
        for lists, artist_filter in ((near, False), (filtered, True)):
            allowed = field.allowed(queries, filtered=artist_filter)
            lists[queries] = best(np.where(allowed, likeness, np.float32(np.nan)), _LONGEST)[0]
    return NeighborLists(near, filtered)


def precisions(
    field: ComparedTracks, lists: NeighborLists, queries: Codes, expected: Values
) -> Values:
    """Return all precisions of the `queries`, given those of random lists in `expected`."""
    found: Values = {}
    for name, kind, filtered in METRICS:
        chosen = (lists.filtered if filtered else lists.near)[queries]
        for k in PRECISION_CUTS if kind in field.kinds else ():
            metric = f"{name}@{k}"
            values = precision_per_query(chosen, queries, field.kinds[kind], k)
            found[metric] = np.where(np.isfinite(expected[metric]), values, np.nan)
    return found


def expected_precisions(field: ComparedTracks, queries: Codes) -> Values:
    """Return the expected precisions of random lists, by `METRICS`."""
    found: Values = {}
    for name, kind, filtered in METRICS:
        if kind in field.kinds:
            relevant, candidates = _counts(field, kind, queries, filtered=filtered)
            for k in PRECISION_CUTS:
                values = expected_precision(relevant, candidates, k)
                found[f"{name}@{k}"] = np.where(relevant > 0, values, np.nan)
    return found


def comparison_notes(
    field: ComparedTracks, n_usable: int, target: Sequence[str | None] | None
) -> list[str]:
    """Return sentences about sampling and about classes that the artist filter excludes."""
    notes = []
    if n_usable > MAX_TRACKS:
        notes.append(
            f"Neighbors are evaluated on a sample of {MAX_TRACKS:,} of {n_usable:,} tracks;"
            " precision grows with the number of tracks."
        )
    artists: dict[str, set[int]] = {}
    for place, artist in zip(field.places.tolist(), field.artists.tolist(), strict=True):
        name = target[place] if target is not None else None
        if name is not None:
            artists.setdefault(name, set()).add(artist)
    alone = sorted(name for name, found in artists.items() if len(found) == 1)
    if alone:
        listed = ", ".join(alone[:_MAX_LISTED])
        more = f" and {len(alone) - _MAX_LISTED} more" if len(alone) > _MAX_LISTED else ""
        notes.append(
            "Not evaluated with the artist filter, because all their tracks are by one artist (or"
            f" in one album or folder, where the artist is unknown): {listed}{more}."
        )
    return notes


def _counts(
    field: ComparedTracks, kind: str, queries: Codes, *, filtered: bool
) -> tuple[Codes, Codes]:
    """Return the number of relevant candidates and of all candidates of each query."""
    classes = field.kinds[kind]
    relevant, candidates = np.zeros(len(queries), np.int64), np.zeros(len(queries), np.int64)
    for start in range(0, len(queries), _BLOCK):
        block = slice(start, start + _BLOCK)
        allowed = field.allowed(queries[block], filtered=filtered)
        own = classes[queries[block], None]
        relevant[block] = (allowed & (own == classes) & (own >= 0)).sum(axis=1)
        candidates[block] = allowed.sum(axis=1)
    return relevant, candidates


def _codes(values: Sequence[str | None]) -> Codes:
    """Return an integer code for each value, in sorted order; -1 for None."""
    names = {name: code for code, name in enumerate(sorted({v for v in values if v is not None}))}
    return np.array([-1 if value is None else names[value] for value in values], np.int64)
