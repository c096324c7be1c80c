"""Folds of the labeled tracks: an estimate on new artists that uses every track once.

A fold is held out while a model learns from the others. No artist is in two folds, classes are
spread evenly over them (scikit-learn's `StratifiedGroupKFold`), and test tracks are in none. The
folds depend on the groups, the labels and the seed, never on the order of the tracks.
"""

import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.library import Catalogue
from segue.pipeline.training.labels import Labels, artist_groups
from segue.types import Split

N_FOLDS: Final = 5
"""The folds of a library with enough labeled tracks."""

MIN_PER_FOLD: Final = 60
"""Labeled tracks per fold on average; a smaller library has fewer folds."""

MIN_FOLDS: Final = 3
"""Fewer folds would leave a third of the tracks or more out of every training."""

FOLD_SEED: Final = 0
"""Seed of the folds; independent of the training seed, so that seeds can be compared."""

LEARNED: Final[tuple[Split, ...]] = ("train", "valid")
"""The parts of the split that models may learn from."""

NO_FOLD: Final = -1


def draw_folds(
    labels: Labels,
    groups: Sequence[str],
    n_folds: int = N_FOLDS,
    *,
    seed: int = FOLD_SEED,
    parts: Sequence[Split] = LEARNED,
) -> NDArray[np.int64]:
    """Return the fold of each track ``[n_tracks]``, 0 to `n_folds` - 1.

    Tracks that have no label or are in none of `parts` are in no fold (-1).

    Parameters
    ----------
    labels : Labels
        Tags are spread by the strongest one of a track; contrastive groups are not spread.
    groups : sequence of str ``[n_tracks]``
        The artist of each track, as `segue.pipeline.training.labels.artist_groups` returns them.
    n_folds : int > 1
        No more than there are groups: see `fold_count`.
    parts : sequence of Split
        The parts of the split that are divided into folds.
    """
    places = _divided(labels, parts)
    classes = labels.labels[places]
    if labels.objective == "contrast":
        classes = np.zeros_like(classes)
    # the order of equal groups would follow the order of the tracks
    named = np.asarray(groups, dtype=object)[places]
    codes = np.unique(named.astype(str), return_inverse=True)[1]
    order = np.lexsort((classes, codes))
    folds = np.full(len(labels.splits), NO_FOLD, np.int64)
    ordered = (column[order].astype(np.int64).tobytes() for column in (classes, codes))
    folds[places[order]] = _drawn(*ordered, n_folds, seed)
    return folds


# all models of a target share their folds; of 20,000 artists, a drawing takes five seconds
@lru_cache(maxsize=8)
def _drawn(classes: bytes, codes: bytes, n_folds: int, seed: int) -> NDArray[np.int64]:
    """Return the fold of each track ``[n]`` by int64 classes and groups, as bytes."""
    from sklearn.model_selection import StratifiedGroupKFold

    y, groups = np.frombuffer(classes, np.int64), np.frombuffer(codes, np.int64)
    folds = np.empty(len(y), np.int64)
    drawn = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # a class of fewer tracks than folds is missing in some of them
        warnings.simplefilter("ignore", UserWarning)
        for fold, (_, held_out) in enumerate(drawn.split(np.zeros(len(y)), y, groups)):
            folds[held_out] = fold
    folds.flags.writeable = False
    return folds


def folds_of(
    labels: Labels,
    catalogue: Catalogue,
    wanted: int = N_FOLDS,
    *,
    parts: Sequence[Split] = LEARNED,
) -> NDArray[np.int64] | None:
    """Return the folds that all models of these labels share.

    None if there are too few tracks, or if a class or its artists are so large that a model could
    not learn two classes without each fold.
    """
    groups = artist_groups(catalogue)
    for n_folds in range(fold_count(labels, groups, wanted, parts=parts), 1, -1):
        folds = draw_folds(labels, groups, n_folds, parts=parts)
        if _can_be_learned(labels, folds, n_folds):
            return folds
    return None


def usable_folds(
    labels: Labels, folds: NDArray[np.int64] | None, usable: NDArray[np.bool_]
) -> NDArray[np.int64] | None:
    """Return the folds of the tracks that a model has an input for, -1 for all others.

    None if these tracks are fewer than the smallest number of folds needs, if a fold has none of
    them, or if a model could not learn two classes without each fold.
    """
    if folds is None:
        return None
    own = np.where(usable, folds, NO_FOLD)
    n_folds = int(folds.max()) + 1
    if (own >= 0).sum() < MIN_PER_FOLD * min(MIN_FOLDS, n_folds):
        return None
    return own if _can_be_learned(labels, own, n_folds) else None


def _can_be_learned(labels: Labels, folds: NDArray[np.int64], n_folds: int) -> bool:
    """Return whether every fold has tracks, and the others have two classes, tags or groups."""
    for fold in range(n_folds):
        others = (folds >= 0) & (folds != fold)
        if labels.tags is not None:
            n_classes = int(labels.tags[others].any(axis=0).sum())
        else:
            n_classes = len(np.unique(labels.labels[others]))
        if n_classes < 2 or not (folds == fold).any():
            return False
    return True


def fold_count(
    labels: Labels,
    groups: Sequence[str],
    wanted: int = N_FOLDS,
    *,
    parts: Sequence[Split] = LEARNED,
) -> int:
    """Return the number of folds that these labels allow, at most `wanted`; 1 if they allow none.

    There are `MIN_FOLDS` or more, or as many as wanted if that is fewer. Every fold needs
    `MIN_PER_FOLD` labeled tracks on average, and classes need several artists: of the tracks, half
    or more must be of a class that has an artist for each fold.
    """
    places = _divided(labels, parts)
    n_folds = min(wanted, len(places) // MIN_PER_FOLD)
    min_folds = max(min(MIN_FOLDS, wanted), 2)
    named = np.asarray(groups, dtype=object)[places].astype(str)
    if labels.objective == "contrast":
        n_folds = min(n_folds, len(np.unique(named)))
        return n_folds if n_folds >= min_folds else 1
    classes = labels.labels[places]
    artists = {one: len(np.unique(named[classes == one])) for one in np.unique(classes).tolist()}
    n_artists = np.array([artists[one] for one in classes.tolist()])
    while n_folds >= min_folds and (n_artists >= n_folds).mean() < 0.5:
        n_folds -= 1
    return n_folds if n_folds >= min_folds else 1


def _divided(labels: Labels, parts: Sequence[Split]) -> NDArray[np.int64]:
    """Return the labeled tracks of the parts."""
    inside = np.array([split in parts for split in labels.splits], bool)
    return np.flatnonzero(inside & (labels.labels >= 0))
