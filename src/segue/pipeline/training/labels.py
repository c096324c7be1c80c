"""Training labels and the split that all models share.

Labels are classes (genre or any column), tags (several per track) or, if there are too few of both,
the artist or album of a track for contrastive training.

The split of a target is drawn once and stored in the library: every model is evaluated on the same
tracks, and an evaluation track never becomes a training track. New tracks join the part of their
artist, or the training part.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import comparison_key, credits_of
from segue.encoders import Objective
from segue.errors import ModelError, TooLittleDataError
from segue.evaluation import DEFAULT_FRACTIONS, split_tracks, undividable_classes
from segue.library import Catalogue, Library
from segue.text import plural
from segue.types import SPLITS, Split, Track

MIN_TRACKS = 2
"""A class with fewer tracks cannot be split; its tracks count as unlabeled."""

MIN_TAGGED = 5
"""A tag with fewer tracks is ignored; the `MAX_TAGS` most common others are learned."""

MAX_TAGS = 50

MIN_SHARE = 0.1
"""The share of tracks that must have a class, unless the target is named explicitly."""

MIN_JUDGED = 10
"""Validation tracks that a network needs to be judged; fewer decide nothing."""

VALID_SHARE = DEFAULT_FRACTIONS[1]
"""The share of tracks that a split puts into the validation part."""

DEFAULT_TARGET, TAGS = "genre", "tags"
IDENTITIES = ("artist", "album", "track")
"""Targets of contrastive training: no class of them has tracks of several artists."""

SPLIT_SEED = 0
"""Seed of the split; independent of the training seed, so that seeds can be compared."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Class and split of every track of a catalogue, by position.

    `labels` are positions in `class_names`, -1 where unknown; `left_out` are the classes with too
    few tracks. For tags, `class_names` are the tag names, `tags` is a mask ``[n_tracks, n_tags]``,
    and the label of a track is its strongest tag. For contrast there are no classes, and `labels`
    are group numbers.
    """

    target: str
    class_names: tuple[str, ...]
    labels: NDArray[np.int64]
    splits: tuple[Split, ...]
    left_out: tuple[str, ...]
    objective: Objective = "classes"
    tags: NDArray[np.bool_] | None = None

    def taught(self, places: Sequence[int]) -> NDArray[Any]:
        """Return the training targets of the tracks at `places`."""
        return (self.labels if self.tags is None else self.tags)[np.asarray(places, np.int64)]

    def pairs(self) -> list[tuple[int, str]]:
        """Return pairs of track position and class name, or one pair per tag."""
        if self.objective == "contrast":
            return []
        if self.tags is not None:
            return [(int(n), self.class_names[tag]) for n, tag in np.argwhere(self.tags)]
        known = np.flatnonzero(self.labels >= 0).tolist()
        return [(n, self.class_names[self.labels[n]]) for n in known]

    def mask(self, split: Split) -> NDArray[np.bool_]:
        """Return a mask of the tracks in `split`, labeled or not, ``[n_tracks]``."""
        return np.array([part == split for part in self.splits], bool)

    def counts(self) -> dict[Split, int]:
        """Return the number of labeled tracks of each split."""
        known = self.labels >= 0
        return {split: int((self.mask(split) & known).sum()) for split in SPLITS}


def default_target(catalogue: Catalogue) -> str:
    """Return the default target: genre if there are enough, else a contrastive target.

    The contrastive target is the artist if two artists have two tracks, else the album, else each
    track on its own.
    """
    tracks = catalogue.tracks
    genres = [value for value in target_values(tracks, DEFAULT_TARGET) if value]
    enough = sum(n >= MIN_TRACKS for n in Counter(genres).values()) >= 2
    if enough and len(genres) >= MIN_SHARE * len(tracks):
        return DEFAULT_TARGET
    for target in IDENTITIES[:-1]:
        counts = Counter(value for value in target_values(tracks, target) if value)
        if sum(n >= MIN_TRACKS for n in counts.values()) >= 2:
            return target
    return IDENTITIES[-1]


def labels_of(library: Library, catalogue: Catalogue, target: str = DEFAULT_TARGET) -> Labels:
    """Return the labels of `target` with their split; draw the split of new tracks.

    Parameters
    ----------
    target
        ``genre`` (the first of a track), ``tags`` (all common tags), ``tag`` (the strongest tag of
        a track among the twelve most common of the library), ``artist``, ``album`` or ``track`` (by
        contrast), ``year``, or any metadata column of the dataset.

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
    class_names = tuple(sorted(name for name, n in counts.items() if n >= MIN_TRACKS))
    if tagged:
        class_names = learned_tags(catalogue.tracks)
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
    """Return contrastive labels: a group number per track; unknown ones are groups of one."""
    alone = -1 - np.arange(len(catalogue))
    ids = {"artist": catalogue.ids.artist, "album": catalogue.ids.album}.get(target, alone)
    keys: list[int] = np.where(ids >= 0, ids, alone).tolist()
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


def require_classes(labels: Labels, catalogue: Catalogue, model: str) -> None:
    """Check that there are at least two classes; contrastive labels need none.

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
        f"The model '{model}' needs at least two classes of {MIN_TRACKS} tracks in the column"
        f" {labels.target!r} and found {found}: add labels, or choose another --target from"
        f" {_targets(catalogue)}."
    )


def judged_tracks(labels: Labels) -> int:
    """Return the number of validation tracks that a network for these labels can be judged by.

    A class or tag of such a track has a training track; with contrastive labels, its group has
    another track.
    """
    valid, train = labels.mask("valid"), labels.mask("train")
    if labels.tags is not None:
        learned = labels.tags[train].any(axis=0)
        return int(labels.tags[valid][:, learned].any(axis=1).sum())
    if labels.objective == "contrast":
        return int((np.bincount(labels.labels)[labels.labels[valid]] > 1).sum())
    known = labels.labels >= 0
    return int(np.isin(labels.labels[valid & known], labels.labels[train & known]).sum())


def require_judged(labels: Labels) -> None:
    """Check that a network could be judged, before minutes are spent on its training.

    Raises
    ------
    TooLittleDataError
        If fewer than `MIN_JUDGED` validation tracks can judge it.
    """
    n_judged = judged_tracks(labels)
    if n_judged >= MIN_JUDGED:
        return
    raise TooLittleDataError(
        f"A network could not be judged: {_why_not_judged(labels, n_judged)}. About"
        f" {MIN_JUDGED / VALID_SHARE:.0f} tracks by several artists suffice. Add music or labels,"
        " or train it anyway with --force. Pretrained encoders need no labels: segue encoders add"
        " musicnn."
    )


def _why_not_judged(labels: Labels, n_judged: int) -> str:
    needed = f"{plural(n_judged, 'validation track')} of {MIN_JUDGED} that are needed"
    if labels.target == IDENTITIES[-1]:
        return "no genres are known, and no artist or album of several tracks"
    if labels.objective == "contrast":
        return f"it has {needed} of a known {labels.target} with other tracks"
    n_labeled = sum(labels.counts().values())
    of_all = f"{n_labeled:,} of {plural(len(labels.splits), 'track')} have a {labels.target}"
    return f"it has {needed} of a learned {labels.target}, since {of_all}"


def target_values(tracks: Sequence[Track], target: str) -> list[str | None]:
    """Return the class of each track as text, None where unknown."""
    if target == "genre":
        return [track.genres[0] if track.genres else None for track in tracks]
    if target == "tag":
        return _strongest_tags(tracks, _common_tags(tracks, most=12, least=1))
    if target == TAGS:
        return _strongest_tags(tracks, learned_tags(tracks))
    if target == "track":
        return [None] * len(tracks)
    if target in ("artist", "album", "year"):
        return [str(getattr(track, target) or "") or None for track in tracks]
    return [track.metadata.get(target) or None for track in tracks]


def learned_tags(tracks: Sequence[Track]) -> tuple[str, ...]:
    """Return the tags that can be learned: the `MAX_TAGS` most common ones of enough tracks."""
    return _common_tags(tracks, most=MAX_TAGS, least=MIN_TAGGED)


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


def artist_groups(catalogue: Catalogue) -> list[str]:
    """Return the group of each track that a split keeps together: the artist, album or folder.

    The artist is the main one: guests would join most of a library into one group. The album
    stands in for an unknown artist, the folder for an unknown album where there are several
    folders; otherwise a track is alone. Groups are named without ids: splits are drawn by names.
    """
    groups: list[str] = []
    ids, name_of = catalogue.ids, _GroupNames()
    folders = {str(track.path.parent) for track in catalogue.tracks if track.path}
    for track, artist, album in zip(
        catalogue.tracks, ids.artist.tolist(), ids.album.tolist(), strict=True
    ):
        if artist >= 0:
            named = credits_of(track.artist, track.artists)
            name = f"artist {comparison_key(named[0].name)}" if named else ""
            groups.append(name_of(artist, name or f"artist_id {track.metadata.get('artist_id')}"))
        elif album >= 0:
            name = comparison_key(track.album) if track.album else "of unknown title"
            groups.append(name_of(album, f"album {name}"))
        elif track.path and len(folders) > 1:
            groups.append(f"folder {track.path.parent}")
        else:
            groups.append(f"track {track.track_id}")
    return groups


class _GroupNames:
    """Names of groups: that of the first track, and a number where another group has it."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, int], str] = {}
        self._taken: set[str] = set()

    def __call__(self, number: int, name: str) -> str:
        """Return the name of the group with the id `number`, which is `name` if that is free."""
        kind = name.partition(" ")[0]
        if (kind, number) not in self._names:
            found, n = name, 2
            while found in self._taken:
                found, n = f"{name} ({n})", n + 1
            self._taken.add(found)
            self._names[kind, number] = found
        return self._names[kind, number]


def single_artist_classes(labels: Labels, groups: Sequence[str]) -> tuple[str, ...]:
    """Return the classes or tags whose tracks all belong to one group (artist)."""
    pairs = labels.pairs()
    return undividable_classes([groups[n] for n, _ in pairs], [name for _, name in pairs])


def why_unjudged(labels: Labels, catalogue: Catalogue) -> str | None:
    """Return a sentence about the classes with a single artist; None if there are none."""
    alone = single_artist_classes(labels, artist_groups(catalogue))
    if not alone:
        return None
    named = ", ".join(alone[:5]) + (f" and {len(alone) - 5} more" if len(alone) > 5 else "")
    return (
        f"Not evaluated by {labels.target!r}: {named}, because all tracks of each are by one"
        " artist (or album or folder), and no artist is in two parts of the split."
    )


def split_rule(catalogue: Catalogue) -> str:
    """Return a sentence that describes the split."""
    if any(track.split for track in catalogue.tracks):
        return "The dataset defines the split."
    return (
        "No artist (or album or folder, where the artist is unknown) is in two parts; the split is"
        " stratified by class, 70 : 15 : 15, and drawn once with a fixed seed."
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
    splits = split_tracks(artist_groups(catalogue), labels, given, seed=SPLIT_SEED)
    library.set_splits(target, dict(zip(rows, splits, strict=True)))
    return splits


def _targets(catalogue: Catalogue) -> str:
    columns = Counter(name for track in catalogue.tracks for name in track.metadata)
    known = ["genre", TAGS, "tag", "artist", "album", "year"]
    return ", ".join([*known, *sorted(columns)][:12])
