"""The public functions `recommend` and `similar`: each opens a library and answers one request."""

from dataclasses import replace

from segue.engine import Recommendations
from segue.pipeline.arguments import (
    DialsArgument,
    ExclusionsArgument,
    Id,
    Ids,
    LibraryArgument,
    as_dials,
    as_exclusions,
    as_id,
    as_ids,
    as_library,
)
from segue.pipeline.recommender.service import RecommenderService


def recommend(
    library: LibraryArgument,
    user: Id | None = None,
    k: int = 10,
    *,
    like: Ids = (),
    dislike: Ids = (),
    include_known: bool = False,
    dials: DialsArgument | None = None,
    exclusions: ExclusionsArgument | None = None,
    interest: str | int | None = None,
) -> Recommendations:
    """Recommend tracks to a listener, or from liked tracks.

    The snapshot of the library is built first where it is stale; afterwards a call takes some
    hundredths of a second. For many requests keep a `RecommenderService` open instead.

    Parameters
    ----------
    library
        A library, or its directory.
    user
        A listener of the library; a new one needs `like`.
    k
        How many tracks; fewer come where the library has fewer that the listener has not met, or
        where caps and exclusions leave fewer.
    like, dislike
        Track ids, one or several; they count as much as the listener's strongest opinion.
    include_known
        Also recommend what the listener has met already (never the tracks named here): the same as
        ``dials.max_known_share = 1``.
    dials
        What the list should be besides well-scored, and weights in the place of the learned ones:
        `segue.Dials`, or a mapping from the names of dials to values.
    exclusions
        What must not be recommended, whatever the dials: `segue.Exclusions`, or a mapping.
    interest
        Number or name of one interest of the listener, to recommend for it alone: see
        `segue.pipeline.recommender.interests`.

    Raises
    ------
    ValueError
        If `k` is below 1, neither a listener nor a liked track is given, or there is no such dial.
    UnknownListenerError, UnknownTrackError
        If the library does not know the listener or a track.
    UnmatchedListensError
        If all listens of the listener are of tracks that the library lacks.
    ContradictionError
        If a track is both liked and disliked, or an interest is given with liked tracks.
    UnknownInterestError
        If the listener has no such interest.
    ModelError
        If nothing is known of the tracks that could be compared, or a weight is set for a signal
        that does not exist.
    """
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 track.")
    liked, disliked = as_ids(like, "like"), as_ids(dislike, "dislike")
    if user is None and not liked:
        raise ValueError("Recommendations need a listener or a liked track: name one.")
    chosen = as_dials(dials)
    if include_known:
        chosen = replace(chosen, max_known_share=1)
    opened = as_library(library)
    state = RecommenderService.open(opened).state()
    query = state.query(
        None if user is None else as_id(user, "user"),
        k,
        like=liked,
        dislike=disliked,
        dials=chosen,
        exclusions=None if exclusions is None else as_exclusions(exclusions),
        interest=None if interest is None else str(interest),
    )
    state.check_matched(query)
    return state.recommend(query)


def similar(
    library: LibraryArgument,
    track: Id,
    k: int = 10,
    *,
    signal: str | None = None,
    versions: bool = False,
) -> Recommendations:
    """Return the tracks most similar to `track`, by all signals together or by one.

    With one `signal` the score is its cosine, in [-1, 1], or its mutual proximity in standard
    deviations where hubs are corrected; with all it is the blended score. Only with `versions` are
    there several versions of a song, and others of the track's own song.

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
    opened = as_library(library)
    state = RecommenderService.open(opened).state()
    return state.similar(as_id(track, "track"), k, signal=signal, versions=versions)
