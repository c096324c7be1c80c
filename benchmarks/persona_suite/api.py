"""What the suite asks of segue: the one place to change when segue's functions change."""

from dataclasses import replace
from typing import Literal

from segue.engine import Recommendation, Recommendations
from segue.library import Event, Library
from segue.pipeline.filters.rule_values import add_rule
from segue.pipeline.playlists.radio import RADIO_DIALS, RadioSession
from segue.pipeline.recommender.service import RecommenderService
from segue.signals import UserProfile

SHOWN = 0.005
"""Contributions below this are displayed as +0.00."""


def recommended(
    service: RecommenderService, user: str | None, k: int, like: tuple[str, ...] = ()
) -> Recommendations:
    """Return the default list of a listener, or the list from liked tracks."""
    state = service.state()
    return state.recommend(state.query(user, k, like=like))


def similar_ids(service: RecommenderService, track_id: str, k: int) -> list[str]:
    """Return the ids of "more like this"."""
    return [one.track_id for one in service.state().similar(track_id, k).tracks]


def radio(
    service: RecommenderService, user: str | None, k: int, day: int, like: tuple[str, ...] = ()
) -> list[Recommendation]:
    """Return the first tracks of a radio as the page starts it, on one of several days."""
    dials = replace(RADIO_DIALS, seed=day)
    session = RadioSession(service.state(), user, like=like, dials=dials)
    return [session.next() for _ in range(k)]


def profile(service: RecommenderService, user: str) -> UserProfile | None:
    """Return the profile of a listener, None if nothing is known of them."""
    found = service.state().profiles.resolve(user)
    return None if found is None else found[0]


def position(service: RecommenderService, track_id: str) -> int:
    """Return the position of a track in arrays of the profile."""
    return service.state().catalogue.position(track_id)


def say(
    service: RecommenderService,
    user: str,
    what: Literal["like", "dislike"],
    track_id: str,
    at: float,
) -> None:
    """Like or dislike a track as on the page."""
    key = f"{what} {track_id}"
    event = Event(user=user, track_id=track_id, kind=what, key=key, at=at)
    service.feedback([event])


def play(service: RecommenderService, user: str, track_id: str, at: float, seconds: float) -> None:
    """Play a track to its end, as a player reports it."""
    key = f"play {track_id} {at}"
    ms_played = seconds * 1_000
    event = Event(user=user, track_id=track_id, kind="play", key=key, at=at, ms_played=ms_played)
    service.feedback([event])


def n_unmatched(library: Library) -> int:
    """Return the number of imported listens of tracks that the library lacks."""
    return int(library.counts()["unmatched"])


def stop_learning_from_genre(library: Library, user: str, genre: str) -> bool:
    """Set "do not learn from" a genre for a listener; return whether segue can do that."""
    add_rule(library, user, "learn", "genre", genre)
    return True
