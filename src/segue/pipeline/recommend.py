"""`recommend` and `similar`: what comes next for a listener, and what is like a track."""

from collections.abc import Sequence

import numpy as np

from segue.engine import (
    Ranked,
    Recommendations,
    explain,
    keep_one_of_each,
    profile_from_seeds,
    with_seeds,
)
from segue.errors import LibraryError, UnknownListenerError
from segue.index import best
from segue.library import Catalogue, Library
from segue.pipeline.duplicates import recordings
from segue.pipeline.signals import listeners_of, open_engine, vector_signal


def recommend(
    library: Library,
    user: str | None = None,
    k: int = 10,
    *,
    like: Sequence[str] = (),
    dislike: Sequence[str] = (),
    include_known: bool = False,
) -> Recommendations:
    """Recommend tracks to a listener, or to somebody who names tracks that they like.

    Parameters
    ----------
    user
        A listener of the library. A new one is welcome with `like`.
    k
        How many tracks; fewer come where the library has fewer that the listener has not met.
    like, dislike
        Track ids; they count as much as the listener's strongest opinion.
    include_known
        Also recommend what the listener has met already (never the tracks named here).

    Raises
    ------
    ValueError
        If `k` is below 1, or neither a listener nor a liked track is given.
    UnknownListenerError, UnknownTrackError
        If the library does not know who or what is named.
    ModelError
        If nothing is known of the tracks that could be compared.
    """
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 track.")
    if user is None and not like:
        raise ValueError("Nobody to recommend to: name a listener, or a track that is liked.")
    catalogue = _catalogue(library)
    liked = [catalogue.position(track_id) for track_id in like]
    disliked = [catalogue.position(track_id) for track_id in dislike]
    profiles = listeners_of(library, catalogue)
    profile = profile_from_seeds(liked, disliked)
    if user is not None:
        known = profiles.get(user)
        if known is None and not like:
            _check_listener(library, user)
        if known is not None:
            profile = with_seeds(known, liked, disliked)
    engine = open_engine(library, catalogue, profiles)
    exclude = np.zeros(len(catalogue), bool)
    exclude[[*liked, *disliked] if include_known else profile.known] = True
    ranked = engine.recommend(profile, k, exclude=exclude)
    names = [signal.name for signal in engine.signals]
    weights, picks = explain(ranked, names, catalogue.tracks)
    return Recommendations(user, weights, picks)


def similar(
    library: Library, track: str, k: int = 10, *, signal: str | None = None
) -> Recommendations:
    """Return the tracks most like `track`, by all signals together or by one.

    With one `signal` the score is its cosine, in [-1, 1], or its mutual proximity in standard
    deviations where hubs are taken away; with all it is the blended score.

    Raises
    ------
    ValueError
        If `k` is below 1.
    UnknownTrackError
        If the library does not hold the track.
    ModelNotTrainedError
        If the signal's model is not trained yet.
    LibraryError
        If nothing is known of the track that could be compared.
    """
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 track.")
    catalogue = _catalogue(library)
    position = catalogue.position(track)
    if signal is None:
        engine = open_engine(library, catalogue, listeners_of(library, catalogue))
        ranked, names = engine.similar(position, k), [one.name for one in engine.signals]
    else:
        ranked, names = _by_one(library, catalogue, position, k, signal), [signal]
    if not len(ranked.positions):
        by = f"the signal '{signal}'" if signal else "any signal"
        raise LibraryError(
            f"Nothing is known of the track {track!r} to compare it by {by}:"
            " segue library problems says why."
        )
    weights, picks = explain(ranked, names, catalogue.tracks)
    return Recommendations(None, weights, picks, seed=track)


def _by_one(library: Library, catalogue: Catalogue, position: int, k: int, name: str) -> Ranked:
    scores = vector_signal(library, catalogue, name).for_track(position)
    scores[position] = np.nan
    groups = recordings(library, catalogue)
    keep_one_of_each(scores, groups)
    for group in groups:
        if position in group:
            scores[group] = np.nan
    scores[[track.missing for track in catalogue.tracks]] = np.nan
    positions, values = best(scores[None, :], k)
    found = positions[0][positions[0] >= 0]
    top = values[0][: len(found)]
    return Ranked(found, top, top[:, None], np.ones(1))


def _catalogue(library: Library) -> Catalogue:
    catalogue = library.catalogue()
    if not len(catalogue):
        raise LibraryError("The library holds no tracks: run segue preprocess DATASET first.")
    return catalogue


def _check_listener(library: Library, user: str) -> None:
    listeners = library.listeners()
    if user in listeners:
        return
    if not listeners:
        raise UnknownListenerError(
            f"The library knows no listeners, so not {user!r} either:"
            " name tracks with --like, or add a listens.csv to the dataset."
        )
    near = [name for name in listeners if user.casefold() in name.casefold()][:3] or listeners[:3]
    raise UnknownListenerError(
        f"The library knows no listener {user!r}: it knows {len(listeners)}, for example"
        f" {', '.join(map(repr, near))}."
    )
