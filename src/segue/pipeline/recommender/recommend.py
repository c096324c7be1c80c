"""The public functions `recommend` and `similar`: each opens a library and answers one request."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from segue.engine import Dials, Exclusions, Recommendations
from segue.library import Library
from segue.pipeline.recommender.service import RecommenderService


def recommend(
    library: Library | Path | str,
    user: str | None = None,
    k: int = 10,
    *,
    like: Sequence[str] = (),
    dislike: Sequence[str] = (),
    include_known: bool = False,
    dials: Dials | None = None,
    exclusions: Exclusions | None = None,
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
        Track ids; they count as much as the listener's strongest opinion.
    include_known
        Also recommend what the listener has met already (never the tracks named here): the same as
        ``dials.max_known_share = 1``.
    dials
        What the list should be besides well-scored, and weights in the place of the learned ones.
    exclusions
        What must not be recommended, whatever the dials.

    Raises
    ------
    ValueError
        If `k` is below 1, or neither a listener nor a liked track is given.
    UnknownListenerError, UnknownTrackError
        If the library does not know the listener or a track.
    ContradictionError
        If a track is both liked and disliked.
    ModelError
        If nothing is known of the tracks that could be compared, or a weight is set for a signal
        that does not exist.
    """
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 track.")
    if user is None and not like:
        raise ValueError("Recommendations need a listener or a liked track: name one.")
    dials = dials or Dials()
    if include_known:
        dials = replace(dials, max_known_share=1)
    state = RecommenderService.open(library).state()
    return state.recommend(
        state.query(user, k, like=like, dislike=dislike, dials=dials, exclusions=exclusions)
    )


def similar(
    library: Library | Path | str, track: str, k: int = 10, *, signal: str | None = None
) -> Recommendations:
    """Return the tracks most similar to `track`, by all signals together or by one.

    With one `signal` the score is its cosine, in [-1, 1], or its mutual proximity in standard
    deviations where hubs are corrected; with all it is the blended score.

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
    return RecommenderService.open(library).state().similar(track, k, signal=signal)
