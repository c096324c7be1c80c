"""`recommend` and `similar`: what comes next for a listener, and what is like a track."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from segue.engine import (
    Dials,
    Engine,
    Exclusions,
    Listed,
    Ranked,
    Recommendations,
    explain,
    keep_one_of_each,
    listed,
)
from segue.errors import LibraryError
from segue.index import best
from segue.library import Catalogue, Library
from segue.pipeline.analysing.duplicates import recordings
from segue.pipeline.opening.opened import Opened, catalogue_of
from segue.pipeline.opening.signals import listeners_of, open_engine
from segue.pipeline.training.content import vector_signal


def recommend(
    library: Library | Opened,
    user: str | None = None,
    k: int = 10,
    *,
    like: Sequence[str] = (),
    dislike: Sequence[str] = (),
    include_known: bool = False,
    dials: Dials | None = None,
    exclusions: Exclusions | None = None,
) -> Recommendations:
    """Recommend tracks to a listener, or to somebody who names tracks that they like.

    Parameters
    ----------
    library
        A library, or one that is open already.
    user
        A listener of the library. A new one is welcome with `like`.
    k
        How many tracks; fewer come where the library has fewer that the listener has not met, or
        where caps and exclusions leave fewer.
    like, dislike
        Track ids; they count as much as the listener's strongest opinion.
    include_known
        Also recommend what the listener has met already (never the tracks named here): the same as
        ``dials.max_known_share = 1``.
    dials
        What the list should be besides well-scored, and weights in the place of the learned ones.
    exclusions
        What may not come, whatever the dials.

    Raises
    ------
    ValueError
        If `k` is below 1, or neither a listener nor a liked track is given.
    UnknownListenerError, UnknownTrackError
        If the library does not know who or what is named.
    ContradictionError
        If a track is both liked and disliked.
    ModelError
        If nothing is known of the tracks that could be compared, or a weight is set for a signal
        that there is not.
    """
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 track.")
    if user is None and not like:
        raise ValueError("Nobody to recommend to: name a listener, or a track that is liked.")
    opened = Opened.of(library)
    dials = dials or Dials()
    if include_known:
        dials = replace(dials, max_known_share=1)
    profile = opened.listener(user, like, dislike)
    never = opened.excluded(exclusions)
    never[[opened.catalogue.position(track_id) for track_id in (*like, *dislike)]] = True
    found = listed(opened.engine, profile, k, dials, opened.facts, never=never)
    weights, picks = opened.explainer.picks(found, profile, dials)
    hints = opened.hints(profile, dials, exclusions)
    hints += _short(found, k, dials)
    return Recommendations(user, weights, picks, hints=hints, chance=dials.chance)


def _short(found: Listed, k: int, dials: Dials) -> list[str]:
    """Return a sentence where caps, and not the library, make a list shorter than asked for."""
    n_found, n_left = len(found.ranked.positions), len(found.pool.positions)
    if n_found >= min(k, n_left):
        return []
    caps = {"artist cap": dials.artist_cap, "album cap": dials.album_cap}
    named = [f"{name} of {cap}" for name, cap in caps.items() if cap is not None]
    if 0 < dials.max_known_share < 1:
        named.append(f"share of {dials.max_known_share:g} for known tracks")
    return [f"{n_found} of {k} tracks: the {' and the '.join(named)} leaves no more."]


def similar(
    library: Library | Opened, track: str, k: int = 10, *, signal: str | None = None
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
    catalogue = library.catalogue if isinstance(library, Opened) else catalogue_of(library)
    position = catalogue.position(track)
    if signal is None:
        engine = _engine_of(library, catalogue)
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


def _engine_of(library: Library | Opened, catalogue: Catalogue) -> Engine:
    if isinstance(library, Opened):
        return library.engine
    return open_engine(library, catalogue, listeners_of(library, catalogue))


def _by_one(
    library: Library | Opened, catalogue: Catalogue, position: int, k: int, name: str
) -> Ranked:
    if isinstance(library, Opened):
        space, groups = library.space(name), library.engine.recordings
        missing = list(library.engine.missing)
    else:
        space = vector_signal(library, catalogue, name)
        groups = recordings(library, catalogue)
        missing = [place for place, track in enumerate(catalogue.tracks) if track.missing]
    scores = space.for_track(position)
    scores[position] = np.nan
    keep_one_of_each(scores, groups)
    for group in groups:
        if position in group:
            scores[group] = np.nan
    scores[np.array(missing, np.int64)] = np.nan
    positions, values = best(scores[None, :], min(k, len(scores)))
    found = positions[0][positions[0] >= 0]
    top = values[0][: len(found)]
    return Ranked(found, top, top[:, None], np.ones(1))
