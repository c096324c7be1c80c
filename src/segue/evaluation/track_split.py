"""Split tracks into train, valid and test without splitting artists.

Conventions
-----------
- Tracks are parallel sequences: `groups` (artist, or a substitute), `labels` (the class, None if
  unknown), `given` (the split given by the dataset, None without one).
- A group is never in several parts. Random splits that put one artist into several parts measure
  how well an artist is recognized, not a class.
- The result depends on the groups, labels and the seed, never on the order of the rows.

Source: iterative stratification (Sechidis, Tsoumakas and Vlahavas, "On the stratification of
multi-label data", 2011), with whole groups instead of single examples.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from itertools import compress

from segue.types import SPLITS, Split

DEFAULT_FRACTIONS = (0.7, 0.15, 0.15)
"""Shares of the tracks of each class for train, valid and test."""

# a class is needed first for training, then for the test, and last for early stopping
_PRIORITY: tuple[Split, ...] = ("train", "test", "valid")


def split_tracks(
    groups: Sequence[str],
    labels: Sequence[str | None],
    given: Sequence[Split | None],
    *,
    fractions: tuple[float, float, float] = DEFAULT_FRACTIONS,
    seed: int,
) -> list[Split]:
    """Split tracks without splitting groups, every class in the proportions of `fractions`.

    A class of one group stays in train (see `undividable_classes`); one of two groups is in train
    and test; one of three or more is in all three.

    If `given` has any split, nothing is drawn: it is used as it is, even if it splits groups. A
    track without a given split joins the part of its group if that is unique, else train. So a
    dataset with train and valid gets no test.

    Parameters
    ----------
    groups : sequence of str [n_tracks]
        The group of each track: the artist, or the album or folder if the artist is unknown.
    labels : sequence of str or None [n_tracks]
        The class of each track.
    given : sequence of Split or None [n_tracks]
        The split given by the dataset.
    fractions : three floats
        Shares of train, valid and test; they sum to 1. A split with share 0 stays empty.
    seed : int
        The same seed gives the same split.

    Returns
    -------
    list of Split [n_tracks]

    Raises
    ------
    ValueError
        If the sequences differ in length, the fractions are invalid, or a split is unknown.

    Examples
    --------
    >>> split_tracks(["a", "a", "b", "c"], ["x", "x", "x", "x"], [None] * 4, seed=0)[:2]
    ['train', 'train']
    >>> split_tracks(["a", "b", "a"], ["x", "y", "x"], ["valid", "train", None], seed=0)
    ['valid', 'train', 'valid']
    """
    if not len(groups) == len(labels) == len(given):
        raise ValueError(
            f"groups, labels and given have {len(groups)}, {len(labels)} and {len(given)} "
            "entries: give one of each for every track."
        )
    if min(fractions) < 0 or fractions[0] <= 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(
            f"fractions {fractions} are no shares of train, valid and test: "
            "give three numbers from 0 to 1 that sum to 1, the first above 0."
        )
    unknown = set(given) - {None, *SPLITS}
    if unknown:
        raise ValueError(
            f"split {sorted(map(str, unknown))[0]!r} is unknown: use train, valid or test."
        )
    if any(given):
        return _complete(groups, given)
    assigned = _draw(groups, labels, dict(zip(SPLITS, fractions, strict=True)), seed)
    return [assigned[group] for group in groups]


def undividable_classes(groups: Sequence[str], labels: Sequence[str | None]) -> tuple[str, ...]:
    """Return the classes whose tracks all belong to one group, sorted by name.

    They cannot be in train and test without the same artist in both.

    Examples
    --------
    >>> undividable_classes(["Bach", "Bach", "Haydn"], ["chorale", "chorale", "quartet"])
    ('chorale', 'quartet')
    """
    members: defaultdict[str, set[str]] = defaultdict(set)
    for group, label in zip(groups, labels, strict=True):
        if label is not None:
            members[label].add(group)
    return tuple(sorted(label for label, found in members.items() if len(found) == 1))


def absent_classes(
    labels: Sequence[str | None], splits: Sequence[Split], split: Split
) -> tuple[str, ...]:
    """Return the classes without a single track in `split`, sorted by name.

    Examples
    --------
    >>> absent_classes(["folk", "jazz", "folk"], ["train", "train", "test"], "test")
    ('jazz',)
    """
    chosen = [found == split for found in splits]
    present = set(compress(labels, chosen))
    return tuple(sorted({label for label in labels if label is not None} - present))


def straddling_groups(groups: Sequence[str], splits: Sequence[Split]) -> tuple[str, ...]:
    """Return the groups with tracks in more than one split, sorted by name.

    Empty for every split drawn by segue; a split given by a dataset may have some.

    Examples
    --------
    >>> straddling_groups(["a", "a", "b"], ["train", "test", "test"])
    ('a',)
    """
    found: defaultdict[str, set[Split]] = defaultdict(set)
    for group, split in zip(groups, splits, strict=True):
        found[group].add(split)
    return tuple(sorted(group for group, members in found.items() if len(members) > 1))


def _complete(groups: Sequence[str], given: Sequence[Split | None]) -> list[Split]:
    """Keep given splits; put other tracks with their group, or in train."""
    stated: defaultdict[str, set[Split]] = defaultdict(set)
    for group, split in zip(groups, given, strict=True):
        if split is not None:
            stated[group].add(split)
    agreed: dict[str, Split] = {
        group: next(iter(splits)) for group, splits in stated.items() if len(splits) == 1
    }
    return [
        agreed.get(group, "train") if split is None else split
        for group, split in zip(groups, given, strict=True)
    ]


def _draw(
    groups: Sequence[str],
    labels: Sequence[str | None],
    shares: dict[Split, float],
    seed: int,
) -> dict[str, Split]:
    """Assign every group to a split, class by class, classes with the fewest groups first."""
    # empty is the unknown class; the prefix distinguishes it from a class with an empty name
    keys = ["" if label is None else f"={label}" for label in labels]
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    members: defaultdict[str, set[str]] = defaultdict(set)
    for group, key in zip(groups, keys, strict=True):
        counts[group][key] += 1
        members[key].add(group)
    used = tuple(split for split in _PRIORITY if shares[split] > 0)
    wanted = {
        split: {key: shares[split] * total for key, total in Counter(keys).items()}
        for split in used
    }
    assigned: dict[str, Split] = {}
    for key in sorted(members, key=lambda key: (len(members[key]), key)):
        open_groups = [group for group in members[key] if group not in assigned]
        empty = [
            split
            for split in used
            if not any(assigned.get(group) == split for group in members[key])
        ]
        for remaining, group in _in_turn(open_groups, counts, key, wanted, seed):
            # the last groups of a class fill the splits that would otherwise have none of it
            choice = (
                empty[0] if empty and remaining <= len(empty) else _neediest(wanted, counts, group)
            )
            if choice in empty:
                empty.remove(choice)
            assigned[group] = choice
            for label, count in counts[group].items():
                wanted[choice][label] -= count
    return assigned


def _in_turn(
    open_groups: list[str],
    counts: dict[str, Counter[str]],
    key: str,
    wanted: dict[Split, dict[str, float]],
    seed: int,
) -> list[tuple[int, str]]:
    """Order groups for assignment, each with the number that remain, itself included.

    Groups larger than a held-out part are first, while train has room for them; the order of the
    others depends on the seed and their names.
    """
    limit = min((wanted[split][key] for split in wanted if split != "train"), default=0.0)

    def rank(group: str) -> tuple[int, bytes]:
        size = counts[group][key]
        drawn = blake2b(f"{seed}\0{group}".encode("utf-8", "surrogatepass"), digest_size=16)
        return (-size if size > limit else 0, drawn.digest())

    ordered = sorted(open_groups, key=rank)
    return list(zip(range(len(ordered), 0, -1), ordered, strict=True))


def _neediest(
    wanted: dict[Split, dict[str, float]], counts: dict[str, Counter[str]], group: str
) -> Split:
    """Return the split that needs the tracks of a group most."""
    return max(
        wanted,
        key=lambda split: sum(wanted[split][key] * count for key, count in counts[group].items()),
    )
