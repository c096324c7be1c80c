"""The classes that models are trained on, and the split that all of them share.

The split of a target is drawn once and kept in the library, so that every model is judged on the
same tracks, and a track that was judged on never becomes one that was learned from. New tracks join
their artist's side, or train.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.errors import ModelError, TooLittleDataError
from segue.evaluation import split_tracks
from segue.library import Catalogue, Library
from segue.sources import comparison_key
from segue.types import SPLITS, Split, Track

LEAST_TRACKS = 2
"""A class of fewer tracks cannot be both learned and judged; its tracks count as unlabelled."""

SPLIT_SEED = 0
"""Of the split, apart from the seed of training: several seeds are judged on the same tracks."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Class and split of every track of a catalogue, by position.

    `labels` are positions in `class_names`, -1 where unknown; `left_out` are the classes with too
    few tracks.
    """

    target: str
    class_names: tuple[str, ...]
    labels: NDArray[np.int64]
    splits: tuple[Split, ...]
    left_out: tuple[str, ...]

    def mask(self, split: Split) -> NDArray[np.bool_]:
        """Return which tracks are in `split`, labelled or not, ``[n_tracks]``."""
        return np.array([part == split for part in self.splits], bool)

    def counts(self) -> dict[Split, int]:
        """Return how many labelled tracks each split has."""
        known = self.labels >= 0
        return {split: int((self.mask(split) & known).sum()) for split in SPLITS}


def labels_of(library: Library, catalogue: Catalogue, target: str = "genre") -> Labels:
    """Return the classes of `target` and the split for it, drawing what is not drawn yet.

    Parameters
    ----------
    target
        ``genre`` (the first, where a track has several), ``tag`` (the strongest of its tags that
        is among the library's twelve most common), ``artist``, ``album``, ``year``, or any metadata
        column that the dataset brought.

    Raises
    ------
    ModelError
        If no track has such a column.
    """
    values = target_values(catalogue.tracks, target)
    if target != "genre" and not any(values):
        raise ModelError(
            f"No track has a {target!r}: choose a --target from {_targets(catalogue)}."
        )
    counts = Counter(value for value in values if value is not None)
    class_names = tuple(sorted(name for name, n in counts.items() if n >= LEAST_TRACKS))
    positions = {name: position for position, name in enumerate(class_names)}
    labels = np.array([positions.get(value or "", -1) for value in values], np.int64)
    known = [value if value in positions else None for value in values]
    return Labels(
        target=target,
        class_names=class_names,
        labels=labels,
        splits=tuple(_splits(library, catalogue, target, known)),
        left_out=tuple(sorted(set(counts) - set(class_names))),
    )


def need_classes(labels: Labels, catalogue: Catalogue, model: str) -> None:
    """Make sure that there is something to tell apart.

    Raises
    ------
    TooLittleDataError
        If there are fewer than two classes of two tracks.
    """
    n_classes = len(labels.class_names)
    if n_classes >= 2:
        return
    found = f"one, {labels.class_names[0]!r}" if n_classes else "none"
    raise TooLittleDataError(
        f"The model '{model}' needs at least two classes of {LEAST_TRACKS} tracks in the column"
        f" {labels.target!r} and found {found}: add labels, or choose another --target from"
        f" {_targets(catalogue)}."
    )


def target_values(tracks: Sequence[Track], target: str) -> list[str | None]:
    """Return the class of each track as text, None where unknown."""
    if target == "genre":
        return [track.genres[0] if track.genres else None for track in tracks]
    if target == "tag":
        return _strongest_tags(tracks)
    if target in ("artist", "album", "year"):
        return [str(getattr(track, target) or "") or None for track in tracks]
    return [track.metadata.get(target) or None for track in tracks]


def _strongest_tags(tracks: Sequence[Track]) -> list[str | None]:
    counts = Counter(tag for track in tracks for tag in track.tags)
    common = {tag for tag, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:12]}
    return [
        max(
            (tag for tag in track.tags if tag in common),
            key=lambda tag: (track.tags[tag], tag),
            default=None,
        )
        for track in tracks
    ]


def artist_groups(tracks: Sequence[Track]) -> list[str]:
    """Return what must stay on one side of a split: the artist, else the album, else the folder.

    A folder only stands in where there are several: one folder for all says nothing, and each
    track then stands alone.
    """
    groups: list[str] = []
    folders = {str(track.path.parent) for track in tracks if track.path}
    for track in tracks:
        if track.artist:
            groups.append(f"artist {comparison_key(track.artist)}")
        elif track.album:
            groups.append(f"album {comparison_key(track.album)}")
        elif track.path and len(folders) > 1:
            groups.append(f"folder {track.path.parent}")
        else:
            groups.append(f"track {track.track_id}")
    return groups


def split_rule(catalogue: Catalogue) -> str:
    """Say in words how tracks are split."""
    if any(track.split for track in catalogue.tracks):
        return "Tracks are split as the dataset states."
    return (
        "Tracks are split so that no artist (or album or folder, where the artist is not"
        " known) is in two parts, stratified by class, 70 : 15 : 15, drawn once with a seed."
    )


def _splits(
    library: Library, catalogue: Catalogue, target: str, labels: Sequence[str | None]
) -> list[Split]:
    kept = library.splits(target)
    rows = catalogue.rows.tolist()
    given = [
        track.split or kept.get(row) for track, row in zip(catalogue.tracks, rows, strict=True)
    ]
    if all(given) and len(kept) == len(given):
        return [split for split in given if split]
    splits = split_tracks(artist_groups(catalogue.tracks), labels, given, seed=SPLIT_SEED)
    library.set_splits(target, dict(zip(rows, splits, strict=True)))
    return splits


def _targets(catalogue: Catalogue) -> str:
    columns = Counter(name for track in catalogue.tracks for name in track.metadata)
    return ", ".join(["genre", "tag", "artist", "album", "year", *sorted(columns)][:12])
