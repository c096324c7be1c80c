"""What models are trained on, and the split that all of them share.

Classes (a genre, any column), tags (several a track), or, where there are too few of those, which
tracks are of one artist or album: that is learned by contrast.

The split of a target is drawn once and kept in the library, so that every model is judged on the
same tracks, and a track that was judged on never becomes one that was learned from. New tracks join
their artist's side, or train.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import comparison_key
from segue.encoders import Objective
from segue.engine import artist_keys
from segue.errors import ModelError, TooLittleDataError
from segue.evaluation import split_tracks, undividable_classes
from segue.library import Catalogue, Library
from segue.types import SPLITS, Split, Track

LEAST_TRACKS = 2
"""A class of fewer tracks cannot be both learned and judged; its tracks count as unlabelled."""

LEAST_TAGGED = 5
"""A tag of fewer tracks counts as none; of the others the `MOST_TAGS` most common are learned."""

MOST_TAGS = 50

LEAST_SHARE = 0.1
"""Of the tracks that must have a class, unless a target is asked for by name."""

DEFAULT_TARGET, TAGS = "genre", "tags"
IDENTITIES = ("artist", "album", "track")
"""Targets that are learned by contrast: their classes could not be judged on other artists."""

SPLIT_SEED = 0
"""Of the split, apart from the seed of training: several seeds are judged on the same tracks."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Class and split of every track of a catalogue, by position.

    `labels` are positions in `class_names`, -1 where unknown; `left_out` are the classes with too
    few tracks. For tags `class_names` are theirs, `tags` says which a track has ``[n_tracks,
    n_tags]``, and its label is the strongest of them. For contrast there are no classes, and
    `labels` number the groups.
    """

    target: str
    class_names: tuple[str, ...]
    labels: NDArray[np.int64]
    splits: tuple[Split, ...]
    left_out: tuple[str, ...]
    objective: Objective = "classes"
    tags: NDArray[np.bool_] | None = None

    def taught(self, places: Sequence[int]) -> NDArray[Any]:
        """Return what an encoder is taught of the tracks at `places`."""
        return (self.labels if self.tags is None else self.tags)[np.asarray(places, np.int64)]

    def pairs(self) -> list[tuple[int, str]]:
        """Return each track, by position, with its class, or with each of its tags."""
        if self.objective == "contrast":
            return []
        if self.tags is not None:
            return [(int(n), self.class_names[tag]) for n, tag in np.argwhere(self.tags)]
        known = np.flatnonzero(self.labels >= 0).tolist()
        return [(n, self.class_names[self.labels[n]]) for n in known]

    def mask(self, split: Split) -> NDArray[np.bool_]:
        """Return which tracks are in `split`, labelled or not, ``[n_tracks]``."""
        return np.array([part == split for part in self.splits], bool)

    def counts(self) -> dict[Split, int]:
        """Return how many labelled tracks each split has."""
        known = self.labels >= 0
        return {split: int((self.mask(split) & known).sum()) for split in SPLITS}


def default_target(catalogue: Catalogue) -> str:
    """Return what to learn where nobody says: genres, or what belongs together.

    The artist if two artists have two tracks, else the album, else each track on its own.
    """
    tracks = catalogue.tracks
    genres = [value for value in target_values(tracks, DEFAULT_TARGET) if value]
    enough = sum(n >= LEAST_TRACKS for n in Counter(genres).values()) >= 2
    if enough and len(genres) >= LEAST_SHARE * len(tracks):
        return DEFAULT_TARGET
    for target in IDENTITIES[:-1]:
        counts = Counter(value for value in target_values(tracks, target) if value)
        if sum(n >= LEAST_TRACKS for n in counts.values()) >= 2:
            return target
    return IDENTITIES[-1]


def labels_of(library: Library, catalogue: Catalogue, target: str = DEFAULT_TARGET) -> Labels:
    """Return the classes of `target` and the split for it, drawing what is not drawn yet.

    Parameters
    ----------
    target
        ``genre`` (the first, where a track has several), ``tags`` (all that are common), ``tag``
        (the strongest of its tags that is among the library's twelve most common), ``artist``,
        ``album`` or ``track`` (by contrast), ``year``, or any metadata column that the dataset
        brought.

    Raises
    ------
    ModelError
        If no track has such a column.
    """
    if target in IDENTITIES:
        return _groups(library, catalogue, target)
    values = target_values(catalogue.tracks, target)
    if target != DEFAULT_TARGET and not any(values):
        raise ModelError(
            f"No track has a {target!r}: choose a --target from {_targets(catalogue)}."
        )
    counts = Counter(value for value in values if value is not None)
    tagged = target == TAGS
    class_names = tuple(sorted(name for name, n in counts.items() if n >= LEAST_TRACKS))
    if tagged:
        class_names = _learned_tags(catalogue.tracks)
    positions = {name: position for position, name in enumerate(class_names)}
    labels = np.array([positions.get(value or "", -1) for value in values], np.int64)
    known = [value if value in positions else None for value in values]
    return Labels(
        target=target,
        class_names=class_names,
        labels=labels,
        splits=tuple(_splits(library, catalogue, target, known)),
        left_out=() if tagged else tuple(sorted(set(counts) - set(class_names))),
        objective="tags" if tagged else "classes",
        tags=_tag_matrix(catalogue.tracks, class_names) if tagged else None,
    )


def _groups(library: Library, catalogue: Catalogue, target: str) -> Labels:
    """Return which tracks belong together, each group of one on its own."""
    values = target_values(catalogue.tracks, target)
    keys = [
        f"track {track.track_id}" if value is None else f"{target} {comparison_key(value)}"
        for track, value in zip(catalogue.tracks, values, strict=True)
    ]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return Labels(
        target=target,
        class_names=(),
        labels=np.array([numbers[key] for key in keys], np.int64),
        splits=tuple(_splits(library, catalogue, target, [None] * len(keys))),
        left_out=(),
        objective="contrast",
    )


def _tag_matrix(tracks: Sequence[Track], names: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([[name in track.tags for name in names] for track in tracks], bool).reshape(
        len(tracks), len(names)
    )


def need_classes(labels: Labels, catalogue: Catalogue, model: str) -> None:
    """Make sure that there is something to tell apart; what contrasts needs no classes.

    Raises
    ------
    TooLittleDataError
        If there are fewer than two classes of two tracks.
    """
    n_classes = len(labels.class_names)
    if n_classes >= 2 or labels.objective == "contrast":
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
        return _strongest_tags(tracks, _common_tags(tracks, most=12, least=1))
    if target == TAGS:
        return _strongest_tags(tracks, _learned_tags(tracks))
    if target == "track":
        return [None] * len(tracks)
    if target in ("artist", "album", "year"):
        return [str(getattr(track, target) or "") or None for track in tracks]
    return [track.metadata.get(target) or None for track in tracks]


def _learned_tags(tracks: Sequence[Track]) -> tuple[str, ...]:
    return _common_tags(tracks, most=MOST_TAGS, least=LEAST_TAGGED)


def _common_tags(tracks: Sequence[Track], *, most: int, least: int) -> tuple[str, ...]:
    counts = Counter(tag for track in tracks for tag in track.tags)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    return tuple(sorted(tag for tag, n in ordered if n >= least))


def _strongest_tags(tracks: Sequence[Track], common: Collection[str]) -> list[str | None]:
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
    for track, artist in zip(tracks, artist_keys(tracks, comparison_key), strict=True):
        if artist:
            kind, key = artist
            groups.append(f"artist {key}" if kind == "name" else f"artist_id {key}")
        elif track.album:
            groups.append(f"album {comparison_key(track.album)}")
        elif track.path and len(folders) > 1:
            groups.append(f"folder {track.path.parent}")
        else:
            groups.append(f"track {track.track_id}")
    return groups


def undividable(labels: Labels, groups: Sequence[str]) -> tuple[str, ...]:
    """Return the classes, or tags, all of whose tracks belong to one of `groups` (an artist)."""
    pairs = labels.pairs()
    return undividable_classes([groups[n] for n, _ in pairs], [name for _, name in pairs])


def why_unjudged(labels: Labels, tracks: Sequence[Track]) -> str | None:
    """Say which classes cannot be judged for want of a second artist; None if there are none."""
    alone = undividable(labels, artist_groups(tracks))
    if not alone:
        return None
    named = ", ".join(alone[:5]) + (f" and {len(alone) - 5} more" if len(alone) > 5 else "")
    return (
        f"Not to be judged by {labels.target!r}: {named}, since all tracks of each are by one"
        " artist (or album or folder), who may not be both learned from and judged."
    )


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
    known = ["genre", TAGS, "tag", "artist", "album", "year"]
    return ", ".join([*known, *sorted(columns)][:12])
