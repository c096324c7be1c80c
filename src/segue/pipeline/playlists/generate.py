"""Make playlists: from likes and dislikes, as a path between two tracks, as a blend of listeners.

`segue.pipeline.playlists.radio` makes endless ones. All of them follow exclusions and dials;
`segue.engine.paths` and `segue.engine.group_recommendation` have the algorithms.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.engine import (
    CatalogueArrays,
    Dials,
    Engine,
    Exclusions,
    Playlist,
    Recommendations,
    Served,
    Step,
    blend_listeners,
)
from segue.engine import path as path_between
from segue.errors import LibraryError, ModelError
from segue.pipeline.recommender.empty_lists import empty_reason
from segue.pipeline.recommender.serving_state import ServingState
from segue.pipeline.recommender.track_spaces import by_preference
from segue.signals import VectorSignal
from segue.text import plural
from segue.types import Track

LIKE_DIALS = Dials(diversity=0.1)
"""A playlist is listened to in one go: not all of a kind."""


BLEND_DIALS = Dials(max_known_share=0.5, artist_cap=2)

NO_INTERESTS = (
    "a radio or a blend does not cover interests in proportion: use segue playlist mix for that."
)

_ALIKE = 0.9999
"""A cosine from which two tracks are in one place."""


def from_likes(
    state: ServingState,
    like: Sequence[str],
    dislike: Sequence[str] = (),
    k: int = 20,
    *,
    user: str | None = None,
    dials: Dials = LIKE_DIALS,
    exclusions: Exclusions | None = None,
    rules_of: str | None = None,
) -> Playlist:
    """Return `k` tracks like those that are liked and unlike those that are not.

    Parameters
    ----------
    like, dislike
        Track ids. They are not in the list themselves.
    user
        A listener whose history counts as well.
    rules_of
        The listener whose tracks that are never played are left out, by default `user`.

    Raises
    ------
    ValueError
        If `k` is below 1 or nothing is liked.
    UnknownListenerError, UnknownTrackError
        If the library does not know who or what is named.
    ContradictionError
        If a track is both liked and disliked.
    """
    check_count(k)
    if not like:
        raise ValueError("A playlist of similar tracks needs a liked track: name at least one.")
    found = state.recommend(
        state.query(
            user,
            k,
            like=like,
            dislike=dislike,
            dials=dials,
            exclusions=exclusions,
            rules_of=rules_of,
        )
    )
    about = {"user": user, "like": list(like), "dislike": list(dislike), **dials.chance}
    return _playlist("like", found, about)


def path(
    state: ServingState,
    start: str,
    end: str,
    k: int = 12,
    *,
    signal: str | None = None,
    exclusions: Exclusions | None = None,
    user: str | None = None,
) -> Playlist:
    """Return up to `k` tracks that lead from one to another in even steps, both included.

    Parameters
    ----------
    signal
        In whose space to go; by default the first of knn, timbre, temporal, tags and metadata that
        places both tracks, and apart.
    user
        A listener whose tracks that are never played are left out, except the two.

    Raises
    ------
    ValueError
        If `k` is below 2.
    UnknownTrackError
        If the library does not hold one of the tracks.
    ModelNotTrainedError, ModelError
        If the signal's model is not there, or no signal places both tracks.
    LibraryError
        If there is no way between them.
    """
    if k < 2:
        raise ValueError(f"k is {k}: a path has at least 2 tracks.")
    catalogue = state.catalogue
    ends = [catalogue.position(start), catalogue.position(end)]
    if ends[0] == ends[1]:
        raise LibraryError(f"The path starts and ends with {start!r}: name two different tracks.")
    space = _placing(state.engine, ends) if signal is None else state.space(signal)
    barred = state.unwanted(exclusions, user)
    for group in state.engine.recordings:
        barred[list(group[1:])] = True  # one file of each recording is enough
    barred |= _other_versions(state.facts)
    own = np.zeros(len(catalogue), bool)
    own[ends] = True
    excluded = state.engine.all_excluded(state.facts.with_versions(own))
    allowed = space.has_vector & ~barred & ~excluded
    try:
        found = path_between(space.vectors, ends[0], ends[1], k, allowed)
    except ValueError as error:
        raise LibraryError(f"There is no path by the signal {space.name!r}: {error}") from None
    degrees = [0.0, *np.degrees(found.steps).tolist()]
    tracks = [
        Step(place + 1, *_names(catalogue.tracks[position]), progress=at, step=step)
        for place, (position, at, step) in enumerate(
            zip(found.positions.tolist(), found.progress.tolist(), degrees, strict=True)
        )
    ]
    about = {"from": start, "to": end, "signal": space.name, "evenness": found.evenness}
    hints = state.hints(state.listener(None), Dials(), exclusions)
    if len(tracks) < k:
        hints.append(
            f"only {len(tracks)} of {plural(k, 'track')}: there are no more between the two."
        )
    return Playlist("path", tracks, about, hints)


def blend(
    state: ServingState,
    users: Sequence[str],
    k: int = 20,
    *,
    dials: Dials = BLEND_DIALS,
    exclusions: Exclusions | None = None,
) -> Playlist:
    """Return `k` tracks for several listeners together, fair to each.

    Raises
    ------
    ValueError
        If `k` is below 1, there are not at least two listeners, or one is named twice.
    UnknownListenerError
        If the library does not know one of them.
    """
    check_count(k)
    if len(users) < 2 or len(set(users)) < len(users):
        raise ValueError("A blend needs several listeners: name two or more listeners.")
    profiles = [state.listener(user) for user in users]
    found = blend_listeners(
        state.engine, profiles, k, dials, state.facts, excluded=state.excluded(exclusions, *users)
    )
    tracks = []
    for place, position in enumerate(found.ranked.positions.tolist()):
        parts, tastes = found.ranked.parts[place].tolist(), found.tastes[place].tolist()
        tracks.append(
            Served(
                place + 1,
                *_names(state.catalogue.tracks[position]),
                score=sum(parts),
                why=dict(zip((*users, *found.ranked.dials), parts, strict=True)),
                tastes=dict(zip(users, tastes, strict=True)),
                serves=users[int(np.argmax(tastes))],
            )
        )
    mean = found.tastes.mean(axis=0).tolist() if tracks else [None] * len(users)
    tastes = dict(zip(users, mean, strict=True))
    about = {"users": list(users), "mean_taste": tastes, **dials.chance}
    hints = state.hints(profiles[0], dials, exclusions)
    hints += [NO_INTERESTS] if dials.interests else []
    if not tracks:
        hints.append(
            empty_reason(
                state.engine,
                known=np.concatenate([profile.known for profile in profiles]),
                named=np.zeros(0, np.int64),
                excluded=state.excluded(exclusions, *users),
                dials=dials,
                has_history=any(len(profile.positions) for profile in profiles),
            )
        )
    return Playlist("blend", tracks, about, hints)


def _playlist(kind: str, found: Recommendations, about: Mapping[str, Any]) -> Playlist:
    return Playlist(kind, found.tracks, {**about, "weights": dict(found.weights)}, found.hints)


def _placing(engine: Engine, ends: Sequence[int]) -> VectorSignal:
    """Return the first signal whose space has both tracks, and tells them apart if any does."""
    spaces = {one.name: one for one in engine.signals if isinstance(one, VectorSignal)}
    placing = [
        spaces[name] for name in by_preference(spaces) if spaces[name].has_vector[list(ends)].all()
    ]
    if placing:
        apart = [one for one in placing if _cosine(one, ends) < _ALIKE]
        return (apart or placing)[0]
    raise ModelError(
        "No signal can compare the two tracks: see segue library problems for the reason."
    )


def _other_versions(facts: CatalogueArrays) -> NDArray[np.bool_]:
    """Return which tracks are not the first version of their song, ``[n_tracks]``."""
    others = np.zeros(len(facts), bool)
    if len(facts.versions):
        songs = np.flatnonzero(facts.versions >= 0)
        first = np.unique(facts.versions[songs], return_index=True)[1]
        others[np.delete(songs, first)] = True
    return others


def _cosine(signal: VectorSignal, ends: Sequence[int]) -> float:
    one, other = signal.vectors[[ends[0]]], signal.vectors[[ends[1]]]
    return float((one * other).sum())


def _names(track: Track) -> tuple[str, str | None, str | None]:
    return track.track_id, track.title, track.artist


def check_count(k: int) -> None:
    """Raise `ValueError` if a list is to have no track."""
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 track.")
