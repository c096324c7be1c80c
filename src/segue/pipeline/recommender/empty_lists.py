"""Say why there is nothing to recommend: the cause, and what to do about it, as one sentence.

Causes are tried in the order in which they take tracks away: no signals at all, files that are
gone, exclusions, named tracks, known tracks, and at last tracks that no signal scores.
"""

import numpy as np
from numpy.typing import NDArray

from segue.engine import Dials, Engine
from segue.errors import UnmatchedListensError
from segue.library import Library
from segue.text import plural
from segue.types import TrackReference

_SHOW_UNMATCHED = "segue import --unmatched lists them, and segue preprocess adds music"


def no_signals(library: Library) -> str:
    """Return why a library has no signal that could score its tracks."""
    from segue.pipeline.analysis.inputs import choose_input  # opens the stores of features

    if choose_input(library) is not None:
        return "Nothing is trained yet: run segue train knn, or segue train all."
    return (
        "The tracks cannot be compared, because they have no audio, frames, metadata or"
        " listens: run segue preprocess on a dataset that has some of them."
    )


def untrained_hints(library: Library) -> list[str]:
    """Return a sentence if sounds are compared without a trained model, and what training adds."""
    from segue.pipeline.analysis.inputs import choose_input

    if library.models.trained() or choose_input(library) is None:
        return []
    untrained = (
        "Nothing is trained yet: tracks are compared by sound and metadata as they are. segue train"
        " all also learns from genres and listens."
    )
    return [untrained]


def unmatched_only(library: Library, user: str) -> str | None:
    """Return a sentence if all listens of a listener are of tracks that the library lacks."""
    n, example = library.unmatched_listens_of(user)
    if example is None:
        return None
    return (
        f"None of the {plural(n, 'listen')} of {user!r} is of a track in this library yet"
        f" ({_named(example)}): {_SHOW_UNMATCHED}."
    )


def check_matched(library: Library, user: str) -> None:
    """Raise `UnmatchedListensError` if all listens of a listener are of tracks that are lacking."""
    sentence = unmatched_only(library, user)
    if sentence is not None:
        raise UnmatchedListensError(sentence)


def empty_reason(
    engine: Engine,
    *,
    known: NDArray[np.int64],
    named: NDArray[np.int64],
    excluded: NDArray[np.bool_],
    dials: Dials,
    has_history: bool,
) -> str:
    """Return why a list is empty.

    Parameters
    ----------
    known
        Positions of the tracks that the listener has played or rated.
    named
        Positions of the tracks that the request names: they are not recommended.
    excluded
        Tracks that the exclusions exclude, ``[n_tracks]``.
    has_history
        Whether the library knows any listens or opinions of the listener.
    """
    nothing = np.zeros(len(excluded), bool)
    left = ~engine.all_excluded(nothing)
    if not left.any():
        return (
            "No track can be recommended, because all files of the library are missing or left out:"
            " run segue preprocess on the folder where they are now."
        )
    left &= ~excluded
    if not left.any():
        return "The exclusions leave no tracks to recommend: exclude less."
    left &= ~_marked(nothing, named)
    if not left.any():
        others = " that the exclusions leave" if excluded.any() else " of the library"
        return f"All tracks{others} are named in the request: name fewer."
    if dials.max_known_share < 1 and not (left & ~engine.files_of(_marked(nothing, known))).any():
        less = "exclude less, or " if excluded.any() else ""
        return (
            f"No new tracks left to recommend: {less}add --include-known to include tracks that you"
            " know."
        )
    if not has_history:
        return (
            "Nothing is known of this listener's taste that the tracks could be scored by: like or"
            " play some tracks, or name tracks with --like."
        )
    return (
        f"No signal can score any of the {plural(int(left.sum()), 'track')} left: run segue train"
        " all, or see segue library problems."
    )


def _marked(nothing: NDArray[np.bool_], positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    marked = nothing.copy()
    marked[positions] = True
    return marked


def _named(track: TrackReference) -> str:
    name = " - ".join(part for part in (track.artist, track.title) if part)
    return f"such as {name or track.track_id or track.recording or track.isrc or 'an unnamed one'}"
